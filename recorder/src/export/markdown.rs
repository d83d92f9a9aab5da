//! Sessions as Markdown.

use crate::moment;
use crate::output;
use crate::show::ending;
use crate::story::{Call, Item, Story, What, text_of};
use crate::table::on_one_line;
use sea_orm::JsonValue;
use std::io::{Result, Write};

/// How long a text may be that a tool was given or gave back.
const LONGEST: usize = 4_000;

pub(super) fn write(story: &Story, out: &mut impl Write) -> Result<()> {
    let session = &story.session;
    let started = session.start_time.unwrap_or(session.created_at);
    writeln!(out, "# {}\n", super::html::title(session))?;
    writeln!(out, "- session: `{}`", session.id)?;
    for (name, value) in [
        ("agent", &session.agent),
        ("host", &session.host),
        ("project", &session.project_path),
        ("branch", &session.git_branch),
    ] {
        if let Some(value) = value {
            writeln!(out, "- {name}: {}", code(value))?;
        }
    }
    writeln!(out, "- started: {}", moment::local(started))?;
    if let Some(end) = session.end_time {
        writeln!(out, "- ended: {}", moment::local(end))?;
    }
    writeln!(out)?;
    story.items.iter().try_for_each(|item| write_item(item, 0, out))
}

fn write_item(item: &Item, depth: usize, out: &mut impl Write) -> Result<()> {
    let quote = "> ".repeat(depth);
    let mut block = String::new();
    let time = moment::clock(item.time);
    match &item.what {
        What::Prompt(text) => {
            output::add(&mut block, format_args!("## {time} Prompt\n\n{}\n", fenced(text)));
        }
        What::Answer(text) => {
            output::add(&mut block, format_args!("**{time} Answer**\n\n{}\n", fenced(text)));
        }
        What::Call(call) => block += &of_call(call, &time),
        What::Subagent { id, kind } => {
            let kind = if kind.is_empty() { "subagent" } else { kind.as_str() };
            output::add(
                &mut block,
                format_args!("**{time} Subagent** {} {}\n", code(kind), code(id)),
            );
        }
        What::Other { hook, text } => {
            output::add(&mut block, format_args!("*{time} {}* {}\n", code(hook), code(text)));
        }
    }
    for line in block.lines() {
        writeln!(out, "{}", format!("{quote}{line}").trim_end())?;
    }
    writeln!(out, "{}", quote.trim_end())?;
    let depth = depth + usize::from(matches!(item.what, What::Subagent { .. }));
    item.items.iter().try_for_each(|item| write_item(item, depth, out))
}

fn of_call(call: &Call, time: &str) -> String {
    let mut block = format!("**{time} {}** ({})\n\n", code(&call.tool), ending(call));
    for (name, value) in [("called with", &call.parameters), ("answered", &call.result)] {
        if let Some(value) = value.as_ref().filter(|value| !value.is_null()) {
            output::add(&mut block, format_args!("{name}\n\n{}\n", fenced(&pretty(value))));
        }
    }
    block
}

pub(super) fn pretty(value: &JsonValue) -> String {
    let text = match value {
        JsonValue::String(_) => text_of(value),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => {
            let left_out = text.len() - end;
            format!("{}\n… {left_out} bytes more", text.get(..end).unwrap_or_default())
        }
        None => text,
    }
}

/// A block that no text can end.
fn fenced(text: &str) -> String {
    let longest = text.split(|sign| sign != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{}\n{fence}\n", text.trim_end())
}

/// A word or a line as it is.
fn code(text: &str) -> String {
    let text = on_one_line(text);
    if text.is_empty() {
        return text;
    }
    let longest = text.split(|sign| sign != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}
