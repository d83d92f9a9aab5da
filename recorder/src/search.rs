//! `chronicle search`: a text in all that was recorded.
//!
//! The file is scanned, the newest events first, and the scan ends with the last result that was
//! asked for. An index for full text would be kept by triggers in each hook's own transaction, which
//! has a few milliseconds, and would hold once more nearly all that the file holds.

use crate::cli::{Globals, SearchArgs};
use crate::config::Config;
use crate::error::Result;
use crate::output::{self, Paint, Progress, Screen, grouped};
use crate::table::{cut, on_one_line};
use crate::{database, moment, sessions};
use chronicle::{RawRow, Store};
use chronicle_entity::SessionId;
use chrono::{DateTime, Utc};
use sea_orm::JsonValue;
use serde_json::json;
use std::collections::HashSet;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many events are read at once.
const PAGE: i64 = 200;

/// How many characters before what was found are shown.
const BEFORE: usize = 30;

/// How many columns what was found wants at least beside where it was found.
const ROOM: usize = 40;

/// How many columns of the text behind are shown at most.
const LONGEST: usize = 60;

/// One event in which the text was found.
struct Hit {
    session: String,
    hook: String,
    time: Option<DateTime<Utc>>,
    /// Where in the payload.
    place: String,
    /// The text around it, and where in it the text is.
    before: String,
    found: String,
    after: String,
}

pub(crate) async fn run(globals: &Globals, args: SearchArgs) -> Result<()> {
    let store = Store::from(database::look(&Config::load(globals)?).await?);
    let progress = Progress::new(globals);
    let hits = scan(&store, &args, &progress).await?;
    drop(progress);
    if globals.json {
        let hits: Vec<JsonValue> = hits.iter().map(to_json).collect();
        return output::json(&json!({ "by": "scan", "hits": hits }));
    }
    let screen = Screen::of(globals);
    let mut out = String::new();
    for hit in &hits {
        out += &line(hit, screen);
    }
    let count = grouped(hits.len() as u64);
    let more = if hits.len() as u64 == args.limit { ", and perhaps more: see --limit" } else { "" };
    out += &screen.paint(Paint::Faint, &format!("{count} found by a scan of the file{more}"));
    output::text(&format!("{out}\n"))
}

async fn scan(store: &Store, args: &SearchArgs, progress: &Progress) -> Result<Vec<Hit>> {
    let needle: Vec<char> = args.text.chars().flat_map(char::to_lowercase).collect();
    let mut hits = Vec::new();
    let mut calls: HashSet<(String, String)> = HashSet::new();
    let mut last: Option<(String, String)> = None;
    let mut read: u64 = 0;
    let like = like(&args.text);
    if needle.is_empty() {
        return Ok(hits);
    }
    loop {
        let (time, id) = last.clone().unwrap_or_else(|| ("~".to_owned(), String::new()));
        // Those that cannot have it are passed over in SQLite; `like` knows no case of ASCII.
        let sql = "select id, session_id, hook_name, timestamp, created_at, data from events \
                   where (created_at, id) < ($1, $2) and data like $3 escape '\\' \
                   order by created_at desc, id desc limit $4";
        let parameters = [time.into(), id.into(), like.clone().into(), PAGE.into()];
        let rows = store.query_raw(sql, parameters).await?;
        read += rows.len() as u64;
        progress.tell(&format!("{} events looked at, {} found", grouped(read), hits.len()));
        for row in &rows {
            let Some(hit) = hit(row, &needle) else { continue };
            // Both hooks of a call tell what it was called with.
            if let Some(call) = document(row).and_then(|data| text_at(&data, "tool_use_id"))
                && !calls.insert((hit.session.clone(), call))
            {
                continue;
            }
            hits.push(hit);
            if hits.len() as u64 >= args.limit {
                return Ok(hits);
            }
        }
        let Some(end) = rows.last().filter(|_| rows.len() as i64 == PAGE) else { return Ok(hits) };
        last = Some((text(end, "created_at"), text(end, "id")));
    }
}

/// A pattern that fits each document with the text: its longest part that JSON writes as it is, and
/// in which upper and lower case are only those of ASCII.
fn like(text: &str) -> String {
    let is_plain =
        |sign: char| sign.is_ascii() && !sign.is_ascii_control() && !"\"\\/".contains(sign);
    let parts = text.split(|sign| !is_plain(sign));
    let longest = parts.max_by_key(|part| part.len()).unwrap_or_default();
    // The Kelvin sign and the long s are `k` and `s` in another case.
    let longest = longest.split(['k', 'K', 's', 'S']).max_by_key(|part| part.len());
    let mut pattern = "%".to_owned();
    for sign in longest.unwrap_or_default().chars() {
        if "%_".contains(sign) {
            pattern.push('\\');
        }
        pattern.push(sign);
    }
    pattern.push('%');
    pattern
}

fn text(row: &RawRow, name: &str) -> String {
    row.get(name).and_then(JsonValue::as_str).unwrap_or_default().to_owned()
}

fn text_at(data: &JsonValue, name: &str) -> Option<String> {
    data.get(name)?.as_str().map(str::to_owned)
}

fn document(row: &RawRow) -> Option<JsonValue> {
    match row.get("data")? {
        JsonValue::String(text) => serde_json::from_str(text).ok(),
        other => Some(other.clone()),
    }
}

fn hit(row: &RawRow, needle: &[char]) -> Option<Hit> {
    let data = document(row)?;
    let (place, [before, found, after]) = find(&data, needle, "")?;
    Some(Hit {
        session: text(row, "session_id"),
        hook: text(row, "hook_name"),
        time: text(row, "timestamp").parse().ok(),
        place,
        before,
        found,
        after,
    })
}

/// Names that say nothing to a reader.
const PASSED_OVER: [&str; 6] =
    ["session_id", "transcript_path", "cwd", "hook_event_name", "tool_use_id", "prompt_id"];

/// The first text of a document that has the other text in it, and where.
fn find(value: &JsonValue, needle: &[char], place: &str) -> Option<(String, [String; 3])> {
    match value {
        JsonValue::String(text) => Some((place.to_owned(), parts(text, needle)?)),
        JsonValue::Array(items) => items.iter().find_map(|item| find(item, needle, place)),
        JsonValue::Object(members) => members.iter().find_map(|(name, value)| {
            if place.is_empty() && PASSED_OVER.contains(&name.as_str()) {
                return None;
            }
            let inner = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
            find(value, needle, &inner)
        }),
        JsonValue::Null | JsonValue::Bool(_) | JsonValue::Number(_) => None,
    }
}

/// The text before, what was found, and the text behind it.
fn parts(text: &str, needle: &[char]) -> Option<[String; 3]> {
    let signs: Vec<char> = text.chars().collect();
    for at in 0..signs.len() {
        let rest = signs.get(at..).unwrap_or_default();
        if let Some(length) = prefix(rest, needle) {
            let start = at.saturating_sub(BEFORE);
            let before: String = signs.get(start..at).unwrap_or_default().iter().collect();
            let mark = if start > 0 { "…" } else { "" };
            let found = rest.get(..length).unwrap_or_default().iter().collect();
            let after = rest.get(length..).unwrap_or_default().iter().take(300).collect();
            return Some([format!("{mark}{before}"), found, after]);
        }
    }
    None
}

/// How many of the characters are the other ones, without regard to case.
fn prefix(signs: &[char], needle: &[char]) -> Option<usize> {
    let mut wanted = needle.iter();
    for (at, sign) in signs.iter().enumerate() {
        for lower in sign.to_lowercase() {
            match wanted.next() {
                Some(next) if *next == lower => {}
                Some(_) => return None,
                None => return Some(at + 1),
            }
        }
        if wanted.len() == 0 {
            return Some(at + 1);
        }
    }
    None
}

fn line(hit: &Hit, screen: Screen) -> String {
    let session = hit.session.parse::<SessionId>().map(sessions::short).unwrap_or_default();
    let time = hit.time.map(moment::local).unwrap_or_default();
    let start = format!("{time}  {session}  {}  {}: ", hit.hook, hit.place);
    let inner = |text: &str| {
        // Blanks at the ends part it from what was found.
        let blank = |has: bool| if has { " " } else { "" };
        let (first, last) =
            (text.starts_with(char::is_whitespace), text.ends_with(char::is_whitespace));
        format!("{}{}{}", blank(first), on_one_line(text), blank(last && !text.trim().is_empty()))
    };
    let (before, found) = (inner(&hit.before), on_one_line(&hit.found));
    let own = screen.width.unwrap_or(usize::MAX);
    // In a narrow terminal the text has a line of its own.
    let is_narrow = own < start.width() + ROOM;
    let (start, between) =
        if is_narrow { (cut(start.trim_end(), own), "\n  ") } else { (start, "") };
    let room = if is_narrow { own.saturating_sub(2) } else { own.saturating_sub(start.width()) };
    let before = end_of(&before, room / 3);
    let found = cut(&found, room.saturating_sub(before.width()).max(1));
    let room = room.saturating_sub(before.width() + found.width()).min(LONGEST);
    let after = if room == 0 { String::new() } else { cut(&inner(&hit.after), room) };
    format!(
        "{}{between}{before}{}{}\n",
        screen.paint(Paint::Faint, &start),
        screen.paint(Paint::Yellow, &found),
        after.trim_end()
    )
}

/// The end of a text in this many columns.
fn end_of(text: &str, width: usize) -> String {
    let mut used = 1;
    let mut kept: Vec<char> = Vec::new();
    if text.width() <= width {
        return text.to_owned();
    }
    for sign in text.chars().rev() {
        used += sign.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(sign);
    }
    kept.push('…');
    kept.into_iter().rev().collect()
}

fn to_json(hit: &Hit) -> JsonValue {
    json!({
        "session_id": hit.session,
        "hook_name": hit.hook,
        "timestamp": hit.time,
        "place": hit.place,
        "text": format!("{}{}{}", hit.before, hit.found, hit.after),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_in_whichever_case() {
        let needle = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<Vec<_>>();
        let found =
            |text: &str, wanted: &str| parts(text, &needle(wanted)).map(|[_, found, _]| found);
        assert_eq!(found("Où est l'ÉCOLE ?", "école"), Some("ÉCOLE".to_owned()));
        assert_eq!(found("cargo TEST", "test"), Some("TEST".to_owned()));
        assert_eq!(found("cargo tes", "test"), None);
        assert_eq!(found("aab", "ab"), Some("ab".to_owned()));
    }

    #[test]
    fn what_sqlite_passes_over_cannot_have_it() {
        assert_eq!(like("100%_\"a\\bcd"), r"%100\%\_%");
        assert_eq!(like("école"), "%cole%");
        assert_eq!(like("tests"), "%te%");
        assert_eq!(like("\n"), "%%");
    }
}
