//! Sessions as a table for spreadsheets (RFC 4180): one row for each thing that happened.

use crate::story::{Item, Story, What};
use chrono::SecondsFormat;
use std::io::{Result, Write};

pub(super) fn begin(out: &mut impl Write) -> Result<()> {
    row(
        [
            "session",
            "agent",
            "host",
            "project",
            "time",
            "subagent",
            "kind",
            "name",
            "status",
            "milliseconds",
            "text",
        ]
        .map(str::to_owned),
        out,
    )
}

pub(super) fn write(story: &Story, out: &mut impl Write) -> Result<()> {
    story.items.iter().try_for_each(|item| write_item(story, item, "", out))
}

fn write_item(story: &Story, item: &Item, subagent: &str, out: &mut impl Write) -> Result<()> {
    let session = &story.session;
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    let none = String::new;
    let (kind, name, status, milliseconds, text) = match &item.what {
        What::Prompt(text) => ("prompt", none(), none(), none(), text.clone()),
        What::Answer(text) => ("answer", none(), none(), none(), text.clone()),
        What::Call(call) => (
            "call",
            call.tool.clone(),
            call.status.to_string(),
            call.milliseconds.map(|time| time.to_string()).unwrap_or_default(),
            call.summary(),
        ),
        What::Subagent { id, kind } => ("subagent", kind.clone(), none(), none(), id.clone()),
        What::Other { hook, text } => ("event", hook.clone(), none(), none(), text.clone()),
    };
    let cells = [
        session.id.to_string(),
        some(&session.agent),
        some(&session.host),
        some(&session.project_path),
        item.time.to_rfc3339_opts(SecondsFormat::Millis, true),
        subagent.to_owned(),
        kind.to_owned(),
        name,
        status,
        milliseconds,
        text,
    ];
    row(cells, out)?;
    let inner = match &item.what {
        What::Subagent { id, .. } => id,
        _ => subagent,
    };
    item.items.iter().try_for_each(|item| write_item(story, item, inner, out))
}

fn row(cells: [String; 11], out: &mut impl Write) -> Result<()> {
    out.write_all((cells.map(|cell| quoted(&cell)).join(",") + "\r\n").as_bytes())
}

fn quoted(text: &str) -> String {
    // A spreadsheet would take these for formulas, and run them.
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_or_ends_early() {
        assert_eq!(quoted("=cmd()"), "'=cmd()");
        assert_eq!(quoted("a,\"b\"\nc"), "\"a,\"\"b\"\"\nc\"");
        assert_eq!(quoted("plain"), "plain");
    }
}
