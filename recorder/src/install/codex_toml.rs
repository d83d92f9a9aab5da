//! The hooks in Codex's `config.toml`: put behind what is there, found, taken out. The text is
//! changed where they stand, and nowhere else.

use super::command::is_ours;
use super::edit::replaced;
use super::hooks::{CODEX, MARK};
use super::settings::Found;
use std::ops::Range;
use toml_edit::{Document, Item, Table, Value};

type Words = String;

/// Stands before each entry, for whoever reads the file.
const NOTE: &str = "# written by `chronicle install`";

struct Entry {
    found: Found,
    /// From its header to the end of its last line.
    span: Range<usize>,
}

/// The text with the hooks in it. A text that has them all is given back as it is.
pub(crate) fn put(text: &str, command: &str) -> Result<String, Words> {
    let entries = entries(text)?;
    let is_there = |event: &&&str| entries.iter().any(|entry| entry.found.event == **event);
    let are_right =
        entries.iter().all(|entry| !entry.found.is_ours || entry.found.command == command);
    if are_right && CODEX.events.iter().all(|event| is_there(&event)) {
        return Ok(text.to_owned());
    }
    let mut text = take(text)?.0;
    let line = if text.contains("\r\n") { "\r\n" } else { "\n" };
    for event in CODEX.events {
        let by_hand = |entry: &Entry| entry.found.event == *event && !entry.found.is_ours;
        if entries.iter().any(by_hand) {
            continue;
        }
        if !text.is_empty() && !text.ends_with('\n') {
            text.push_str(line);
        }
        let lines = [
            String::new(),
            NOTE.to_owned(),
            format!("[[hooks.{event}]]"),
            format!("[[hooks.{event}.hooks]]"),
            "type = \"command\"".to_owned(),
            format!("command = {}", Value::from(command)),
            "timeout = 10".to_owned(),
            format!("{MARK} = true"),
            String::new(),
        ];
        let skipped = usize::from(text.is_empty());
        text.push_str(&lines.get(skipped..).unwrap_or_default().join(line));
    }
    parse(&text).map_err(|_| {
        "its `hooks` are written on one line, where no more can be put behind them: write them as \
         `[[hooks.PreToolUse]]` tables, and run this again"
            .to_owned()
    })?;
    Ok(text)
}

/// The hooks of this program in a file, by whomever they were written.
pub(crate) fn find(text: &str) -> Result<Vec<Found>, Words> {
    Ok(entries(text)?.into_iter().map(|entry| entry.found).collect())
}

/// The text without the hooks that `install` wrote, and how many those were.
pub(crate) fn take(text: &str) -> Result<(String, usize), Words> {
    let mut found = entries(text)?;
    found.retain(|entry| entry.found.is_ours && !entry.span.is_empty());
    found.sort_by_key(|entry| entry.span.start);
    let mut text = text.to_owned();
    for entry in found.iter().rev() {
        let span = with_note(&text, entry.span.clone());
        text = replaced(&text, span, "");
    }
    Ok((text, found.len()))
}

fn parse(text: &str) -> Result<Document<&str>, Words> {
    Document::parse(text).map_err(|error| {
        // Its first line says where; the rest shows the place, which may hold a secret.
        let place = error.to_string();
        format!("it is no TOML: {}", place.lines().next().unwrap_or("it cannot be read"))
    })
}

fn entries(text: &str) -> Result<Vec<Entry>, Words> {
    let document = parse(text)?;
    let Some(hooks) = document.get("hooks") else { return Ok(Vec::new()) };
    let Some(hooks) = hooks.as_table_like() else {
        return Err("its `hooks` is no table".to_owned());
    };
    let mut found = Vec::new();
    for (event, list) in hooks.iter() {
        match list {
            Item::ArrayOfTables(groups) => {
                for group in groups {
                    found.extend(of_group(text, event, group));
                }
            }
            other => found.extend(inline(other).into_iter().map(|command| Entry {
                // Written by hand on one line: `install` writes tables.
                found: Found { event: event.to_owned(), command, is_ours: false },
                span: 0..0,
            })),
        }
    }
    Ok(found)
}

fn of_group(text: &str, event: &str, group: &Table) -> Vec<Entry> {
    let Some(handlers) = group.get("hooks").and_then(Item::as_array_of_tables) else {
        let inline = group.get("hooks").map(inline).unwrap_or_default();
        let by_hand = |command| Entry {
            found: Found { event: event.to_owned(), command, is_ours: false },
            span: 0..0,
        };
        return inline.into_iter().map(by_hand).collect();
    };
    let is_alone = handlers.len() == 1;
    let ours = handlers.iter().filter_map(|handler| {
        let command = handler.get("command").and_then(Item::as_str)?;
        let is_marked = handler.get(MARK).and_then(Item::as_bool) == Some(true);
        let is_ours = is_ours(command).map(|known| known || is_marked);
        let is_ours = is_ours.or_else(|| is_marked.then_some(true))?;
        let end = line_end(text, end_of(handler)?);
        let start = if is_alone { group.span()?.start } else { handler.span()?.start };
        let found = Found { event: event.to_owned(), command: command.to_owned(), is_ours };
        Some(Entry { found, span: start..end })
    });
    ours.collect()
}

/// The commands of ours in a list that is written on one line.
fn inline(list: &Item) -> Vec<String> {
    let mut commands = Vec::new();
    let mut values: Vec<&Value> = list.as_value().into_iter().collect();
    while let Some(value) = values.pop() {
        match value {
            Value::Array(items) => values.extend(items),
            Value::InlineTable(members) => values.extend(members.iter().map(|(_, value)| value)),
            Value::String(text) if is_ours(text.value()).is_some() => {
                commands.push(text.value().clone());
            }
            _ => {}
        }
    }
    commands
}

/// Where the last value of a table ends.
fn end_of(table: &Table) -> Option<usize> {
    let values = table.iter().filter_map(|(_, item)| item.span()).map(|span| span.end);
    table.span().map(|span| span.end).into_iter().chain(values).max()
}

fn line_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.find('\n').map_or(text.len(), |end| at + end + 1)
}

/// With the note above it, and the empty line above that.
fn with_note(text: &str, span: Range<usize>) -> Range<usize> {
    let mut start = span.start;
    let line_before = |start: usize| {
        let before = text.get(..start)?.strip_suffix('\n')?;
        let begin = before.rfind('\n').map_or(0, |at| at + 1);
        Some((begin, before.get(begin..)?.trim()))
    };
    if let Some((begin, NOTE)) = line_before(start) {
        start = begin;
        if let Some((begin, "")) = line_before(start) {
            start = begin;
        }
    }
    start..span.end
}
