//! `chronicle show`: one session as a tree.

use crate::cli::{Globals, ShowArgs};
use crate::config::Config;
use crate::error::Result;
use crate::output::{self, Paint, Screen};
use crate::story::{Call, Item, Story, What};
use crate::table::{cut, on_one_line};
use crate::{database, document, find_session, moment};
use chronicle::Store;
use chronicle_entity::{ToolStatus, session};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

pub(crate) async fn run(globals: &Globals, args: ShowArgs) -> Result<()> {
    let store = Store::from(database::look(&Config::load(globals)?).await?);
    let session = find_session::find(&store, &args.session).await?;
    let story = Story::read(&store, session).await?;
    if globals.json {
        return output::json(&to_json(&story));
    }
    let screen = Screen::of(globals);
    let mut out = head(&story.session, screen);
    for (at, item) in story.items.iter().enumerate() {
        write(item, "", at + 1 == story.items.len(), screen, &mut out);
    }
    output::text(&out)
}

fn head(session: &session::Model, screen: Screen) -> String {
    let started = session.start_time.unwrap_or(session.created_at);
    let parts = [&session.agent, &session.host, &session.project_path, &session.git_branch];
    let parts: Vec<String> = parts.into_iter().flatten().map(|part| on_one_line(part)).collect();
    let parts = parts.join("  ");
    let mut out = screen.paint(Paint::Bold, &session.id.to_string());
    output::add(
        &mut out,
        format_args!("\n{}\n", screen.width.map_or(parts.clone(), |width| cut(&parts, width))),
    );
    let until = match session.end_time {
        Some(end) => format!("ended after {}", moment::long(end - started)),
        None => session.status.to_string(),
    };
    output::add(&mut out, format_args!("{}  {until}\n", moment::minute(started)));
    out
}

fn write(item: &Item, before: &str, is_last: bool, screen: Screen, out: &mut String) {
    let (branch, below) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
    let start = format!("{before}{branch}{} ", moment::clock(item.time));
    let (sign, text, end, paint) = parts(item);
    let end_width = if end.is_empty() { 0 } else { end.width() + 2 };
    let room = screen.width.map(|width| {
        width.saturating_sub(
            start.width() + sign.width() + usize::from(!text.is_empty()) + end_width,
        )
    });
    let text = on_one_line(&text);
    let text = room.map_or_else(|| text.clone(), |room| cut(&text, room.max(8)));
    out.push_str(&screen.paint(Paint::Faint, &start));
    out.push_str(&screen.paint(paint, &sign));
    if !text.is_empty() {
        out.push(' ');
        let is_faint = matches!(item.what, What::Other { .. });
        out.push_str(&if is_faint { screen.paint(Paint::Faint, &text) } else { text });
    }
    if !end.is_empty() {
        out.push_str("  ");
        out.push_str(&screen.paint(paint, &end));
    }
    out.push('\n');
    let before = format!("{before}{below}");
    if let What::Call(call) = &item.what
        && let Some(error) = call.error()
    {
        let error = on_one_line(&error);
        let bar = if item.items.is_empty() { "   " } else { "│  " };
        let start = format!("{before}{bar}");
        let room = screen.width.map_or(200, |width| width.saturating_sub(start.width()));
        out.push_str(&screen.paint(Paint::Faint, &start));
        out.push_str(&screen.paint(Paint::Red, &cut(&error, room.max(8))));
        out.push('\n');
    }
    for (at, inner) in item.items.iter().enumerate() {
        write(inner, &before, at + 1 == item.items.len(), screen, out);
    }
}

/// The line's first word, its text, its end, and the colour of the two.
fn parts(item: &Item) -> (String, String, String, Paint) {
    let none = String::new;
    match &item.what {
        What::Prompt(text) => (">".to_owned(), text.clone(), none(), Paint::Bold),
        What::Answer(text) => ("<".to_owned(), text.clone(), none(), Paint::Bold),
        What::Call(call) => (call.tool.clone(), call.summary(), ending(call), paint(&call.status)),
        What::Subagent { id, kind } => {
            let words = if kind.is_empty() { "subagent" } else { kind.as_str() };
            (words.to_owned(), id.clone(), none(), Paint::Blue)
        }
        What::Other { hook, text } => (hook.clone(), text.clone(), none(), Paint::Faint),
    }
}

/// How a call ended.
pub(crate) fn ending(call: &Call) -> String {
    let took = call.milliseconds.map(moment::took);
    match (&call.status, took) {
        (ToolStatus::Success, Some(took)) => took,
        (ToolStatus::Success, None) => "done".to_owned(),
        (status, Some(took)) => format!("{status}, {took}"),
        (status, None) => status.to_string(),
    }
}

pub(crate) const fn paint(status: &ToolStatus) -> Paint {
    match status {
        ToolStatus::Success => Paint::Green,
        ToolStatus::Error => Paint::Red,
        _ => Paint::Yellow,
    }
}

/// A session with all that is in it, nested.
pub(crate) fn to_json(story: &Story) -> Value {
    let mut document = document::session(&story.session);
    if let Value::Object(members) = &mut document {
        let items: Vec<Value> = story.items.iter().map(item_json).collect();
        members.insert("items".to_owned(), items.into());
    }
    document
}

fn item_json(item: &Item) -> Value {
    let mut document = match &item.what {
        What::Prompt(text) => json!({ "kind": "prompt", "text": text }),
        What::Answer(text) => json!({ "kind": "answer", "text": text }),
        What::Call(call) => json!({
            "kind": "call",
            "tool": call.tool,
            "status": call.status.as_str(),
            "milliseconds": call.milliseconds,
            "parameters": call.parameters,
            "result": call.result,
        }),
        What::Subagent { id, kind } => json!({ "kind": "subagent", "id": id, "type": kind }),
        What::Other { hook, text } => json!({ "kind": "event", "hook": hook, "text": text }),
    };
    if let Value::Object(members) = &mut document {
        members.insert("time".to_owned(), json!(item.time));
        if !item.items.is_empty() {
            let items: Vec<Value> = item.items.iter().map(item_json).collect();
            members.insert("items".to_owned(), items.into());
        }
    }
    document
}
