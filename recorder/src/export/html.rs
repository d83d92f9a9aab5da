//! Sessions as one page that loads nothing and runs nothing.

use super::markdown::pretty;
use crate::moment;
use crate::show::ending;
use crate::story::{Call, Item, Story, What};
use crate::table::{cut, on_one_line};
use chronicle_entity::{ToolStatus, session};
use sea_orm::JsonValue;
use std::io::{Result, Write};

/// How many columns of a text stand on a line that can be opened.
const LINE: usize = 160;

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Sessions</title>
<style>
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --faint: #666; --bad: #b11; --good: #164; }
@media (prefers-color-scheme: dark) { :root { --faint: #aaa; --bad: #f88; --good: #7d9; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .3rem; border-top: 1px solid var(--line); padding-top: 1rem; }
nav ol { padding-left: 1.5rem; } .meta, time, .hook { color: var(--faint); font-size: .85rem; }
.item { margin: .5rem 0; } .prompt { background: var(--soft); border-left: 4px solid #47c; padding: .5rem .75rem; white-space: pre-wrap; }
.answer { border-left: 4px solid var(--line); padding: .25rem .75rem; white-space: pre-wrap; }
details { border: 1px solid var(--line); border-radius: .4rem; } summary { cursor: pointer; padding: .35rem .6rem; }
details > div { padding: 0 .6rem .5rem; } pre { background: var(--soft); padding: .5rem; margin: .3rem 0; white-space: pre-wrap; font-size: .85rem; max-height: 30rem; overflow: auto; }
.name { color: var(--faint); font-size: .85rem; } code { font-size: .9rem; } .error { color: var(--bad); } .success { color: var(--good); } .inner { border-left: 2px dashed var(--line); margin: .4rem 0 .4rem .3rem; padding-left: .6rem; }
</style>
</head>
<body>
"#;

pub(super) fn begin(sessions: &[session::Model], out: &mut impl Write) -> Result<()> {
    out.write_all(HEAD.as_bytes())?;
    writeln!(out, "<h1>Sessions</h1>")?;
    if sessions.len() > 1 {
        writeln!(out, "<nav><ol>")?;
        for session in sessions {
            writeln!(
                out,
                "<li><a href=\"#s{}\">{}</a></li>",
                session.id,
                escaped(&title(session))
            )?;
        }
        writeln!(out, "</ol></nav>")?;
    }
    Ok(())
}

pub(super) fn end(out: &mut impl Write) -> Result<()> {
    out.write_all(b"</body>\n</html>\n")
}

/// What a session is called.
pub(super) fn title(session: &session::Model) -> String {
    let started = session.start_time.unwrap_or(session.created_at);
    let folder = session.project_path.as_deref().unwrap_or_default();
    let folder =
        folder.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default();
    let time = moment::local(started);
    if folder.is_empty() { time } else { format!("{} {time}", on_one_line(folder)) }
}

pub(super) fn write(story: &Story, out: &mut impl Write) -> Result<()> {
    let session = &story.session;
    writeln!(out, "<section>\n<h2 id=\"s{}\">{}</h2>", session.id, escaped(&title(session)))?;
    let parts = [&session.agent, &session.host, &session.project_path, &session.git_branch];
    let parts = parts.into_iter().flatten().map(|part| escaped(part));
    let mut parts: Vec<String> = parts.collect();
    parts.push(format!("<code>{}</code>", session.id));
    match session.end_time {
        Some(end) => parts.push(format!("ended {}", moment::local(end))),
        None => parts.push(escaped(session.status.as_str())),
    }
    writeln!(out, "<p class=\"meta\">{}</p>", parts.join(" · "))?;
    story.items.iter().try_for_each(|item| write_item(item, out))?;
    writeln!(out, "</section>")
}

fn write_item(item: &Item, out: &mut impl Write) -> Result<()> {
    let time = format!(
        "<time datetime=\"{}\">{}</time>",
        item.time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        moment::clock(item.time)
    );
    match &item.what {
        What::Prompt(text) => {
            writeln!(
                out,
                "<div class=\"item\">{time}<div class=\"prompt\">{}</div></div>",
                escaped(text)
            )
        }
        What::Answer(text) => {
            writeln!(
                out,
                "<div class=\"item\">{time}<div class=\"answer\">{}</div></div>",
                escaped(text)
            )
        }
        What::Call(call) => write_call(call, &time, item, out),
        What::Subagent { id, kind } => {
            let kind = if kind.is_empty() { "subagent" } else { kind };
            writeln!(
                out,
                "<details class=\"item\" open><summary>{time} <b>{}</b> <code>{}</code></summary><div class=\"inner\">",
                escaped(kind),
                escaped(id)
            )?;
            item.items.iter().try_for_each(|item| write_item(item, out))?;
            writeln!(out, "</div></details>")
        }
        What::Other { hook, text } => writeln!(
            out,
            "<div class=\"item hook\">{time} {} {}</div>",
            escaped(hook),
            escaped(&cut(&on_one_line(text), LINE * 3))
        ),
    }
}

fn write_call(call: &Call, time: &str, item: &Item, out: &mut impl Write) -> Result<()> {
    let class = match call.status {
        ToolStatus::Success => "success",
        _ => "error",
    };
    writeln!(
        out,
        "<details class=\"item\"><summary>{time} <b>{}</b> <code>{}</code> <span class=\"{class}\">{}</span></summary><div>",
        escaped(&call.tool),
        escaped(&cut(&on_one_line(&call.summary()), LINE)),
        escaped(&ending(call))
    )?;
    for value in
        [&call.parameters, &call.result].into_iter().flatten().filter(|value| !value.is_null())
    {
        write_value(value, out)?;
    }
    writeln!(out, "</div></details>")?;
    item.items.iter().try_for_each(|item| write_item(item, out))
}

/// Texts of several lines stand by themselves: inside JSON they would be one line.
fn write_value(value: &JsonValue, out: &mut impl Write) -> Result<()> {
    let lines = |value: &JsonValue| value.as_str().is_some_and(|text| text.contains('\n'));
    let JsonValue::Object(members) = value else {
        return writeln!(out, "<pre>{}</pre>", escaped(&pretty(value)));
    };
    let (texts, rest): (Vec<_>, Vec<_>) = members.iter().partition(|(_, value)| lines(value));
    if !rest.is_empty() || texts.is_empty() {
        let rest = rest.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        writeln!(out, "<pre>{}</pre>", escaped(&pretty(&JsonValue::Object(rest))))?;
    }
    texts.into_iter().try_for_each(|(name, text)| {
        let text = escaped(&pretty(text));
        writeln!(out, "<div class=\"name\">{}</div><pre>{text}</pre>", escaped(name))
    })
}

/// Text that is text everywhere in a page.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(sign),
            sign if sign.is_control() => out.push(char::REPLACEMENT_CHARACTER),
            sign => out.push(sign),
        }
    }
    out
}
