//! `chronicle tail`: events as they come, whoever records them.

use crate::cli::{Globals, TailArgs};
use crate::config::Config;
use crate::error::Result;
use crate::output::{self, Paint, Screen};
use crate::story::{self, Call};
use crate::table::{cut, on_one_line};
use crate::{database, document, find_session, moment, sessions};
use chronicle::Store;
use chronicle::futures::StreamExt;
use chronicle_entity::{EventId, Events, ToolStatus, event};
use sea_orm::JsonValue;
use std::collections::HashSet;
use unicode_width::UnicodeWidthStr;

/// How many events that were there before are shown.
const BEFORE: usize = 10;

/// How many events one change may bring: more than that are shown by `show`.
const AT_ONCE: u64 = 500;

pub(crate) async fn run(globals: &Globals, args: TailArgs) -> Result<()> {
    let store = Store::from(database::look(&Config::load(globals)?).await?);
    let mut query = Events::new(&store).find().order_by(Events::CREATED_AT.desc());
    if let Some(meant) = &args.session {
        let session = find_session::find(&store, meant).await?;
        query = query.filter(Events::SESSION_ID.eq(session.id));
    }
    let screen = Screen::of(globals);
    let mut lists = query.order_by(Events::ID.desc()).limit(AT_ONCE).watch();
    let mut shown: HashSet<EventId> = HashSet::new();
    let mut is_first = true;
    while let Some(rows) = lists.next().await {
        let rows = rows?;
        let skipped = if is_first { rows.len().saturating_sub(BEFORE) } else { 0 };
        for event in rows.iter().rev().skip(skipped).filter(|event| !shown.contains(&event.id)) {
            if globals.json {
                output::json_line(&document::event(event))?;
            } else {
                output::text(&line(event, screen))?;
            }
        }
        shown = rows.iter().map(|event| event.id).collect();
        is_first = false;
    }
    Ok(())
}

fn line(event: &event::Model, screen: Screen) -> String {
    let hook = event.hook_name.as_deref().unwrap_or(event.event_type.as_str());
    let start =
        format!("{}  {}  ", moment::clock(event.timestamp), sessions::short(event.session_id));
    let inside = event.agent_id.as_ref().map(|agent| format!("[{agent}] ")).unwrap_or_default();
    let text = on_one_line(&format!("{inside}{}", text(event)));
    let room = screen.width.map(|width| width.saturating_sub(start.width() + hook.width() + 1));
    let text = room.map_or_else(|| text.clone(), |room| cut(&text, room.max(8)));
    let paint = match hook {
        "UserPromptSubmit" => Paint::Bold,
        "PostToolUseFailure" | "StopFailure" | "PermissionDenied" => Paint::Red,
        "PreToolUse" | "PostToolUse" => Paint::Green,
        _ => Paint::Blue,
    };
    let line =
        format!("{}{} {text}", screen.paint(Paint::Faint, &start), screen.paint(paint, hook));
    format!("{}\n", line.trim_end())
}

fn text(event: &event::Model) -> String {
    let data = event.data.as_ref();
    let member = |name: &str| data.and_then(|data| data.get(name));
    let Some(tool) = member("tool_name").and_then(JsonValue::as_str) else {
        return story::words(event);
    };
    let call = Call {
        tool: tool.to_owned(),
        status: ToolStatus::Running,
        milliseconds: member("duration_ms").and_then(JsonValue::as_f64),
        parameters: member("tool_input").cloned(),
        result: None,
    };
    let took =
        call.milliseconds.map(|time| format!("  {}", moment::took(time))).unwrap_or_default();
    let error = member("error").map(|error| format!("  {}", story::text_of(error)));
    format!("{tool} {}{took}{}", call.summary(), error.unwrap_or_default())
}
