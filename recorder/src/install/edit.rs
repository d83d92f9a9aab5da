//! Changes of a JSON text at one place: something is put behind the last member of an object or the
//! last element of an array, or one of them is taken out. All other bytes stay.

use super::json::{Kind, Node, skip_blanks};
use std::ops::Range;

/// A value to be written, its members in this order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    True,
    Number(u64),
    Text(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Json {
    pub(crate) fn object<const N: usize>(members: [(&str, Self); N]) -> Self {
        Self::Object(members.map(|(name, value)| (name.to_owned(), value)).into())
    }

    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// The text: on one line without a layout.
    fn write(&self, layout: Option<&Layout>, depth: usize, out: &mut String) {
        match self {
            Self::True => out.push_str("true"),
            Self::Number(number) => out.push_str(&number.to_string()),
            Self::Text(text) => out.push_str(&quoted(text)),
            Self::Array(items) => {
                let items = items.iter().map(|item| (None, item));
                write_all(['[', ']'], items, layout, depth, out);
            }
            Self::Object(members) => {
                let items = members.iter().map(|(name, value)| (Some(name.as_str()), value));
                write_all(['{', '}'], items, layout, depth, out);
            }
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn write_all<'a>(
    [open, close]: [char; 2],
    items: impl ExactSizeIterator<Item = (Option<&'a str>, &'a Json)>,
    layout: Option<&Layout>,
    depth: usize,
    out: &mut String,
) {
    out.push(open);
    let is_empty = items.len() == 0;
    for (at, (name, item)) in items.enumerate() {
        if at > 0 {
            out.push(',');
        }
        match layout {
            Some(layout) => layout.new_line(depth + 1, out),
            None if at > 0 => out.push(' '),
            None => {}
        }
        if let Some(name) = name {
            out.push_str(&quoted(name));
            out.push_str(": ");
        }
        item.write(layout, depth + 1, out);
    }
    if let Some(layout) = layout.filter(|_| !is_empty) {
        layout.new_line(depth, out);
    }
    out.push(close);
}

/// How the text breaks its lines and indents them.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    line: &'static str,
    indent: String,
}

impl Layout {
    /// That of a text: as its first line end is, and its outermost object's first member.
    pub(crate) fn of(text: &str, root: Option<&Node>) -> Self {
        let line = match text.find('\n') {
            Some(at) if text.get(..at).is_some_and(|before| before.ends_with('\r')) => "\r\n",
            _ => "\n",
        };
        let indent = root.and_then(|root| root.members().first()).and_then(|first| {
            let before = text.get(..first.start)?;
            let indent = before.get(before.rfind('\n')? + 1..)?;
            (!indent.is_empty() && indent.trim().is_empty()).then(|| indent.to_owned())
        });
        Self { line, indent: indent.unwrap_or_else(|| "  ".to_owned()) }
    }

    fn new_line(&self, depth: usize, out: &mut String) {
        out.push_str(self.line);
        for _ in 0..depth {
            out.push_str(&self.indent);
        }
    }

    /// A whole document.
    pub(crate) fn document(&self, value: &Json) -> String {
        let mut out = String::new();
        value.write(Some(self), 0, &mut out);
        out.push_str(self.line);
        out
    }
}

/// Puts a value behind the last one of an object (then with its name) or of an array at this depth.
pub(crate) fn append(
    text: &str,
    layout: &Layout,
    (container, depth): (&Node, usize),
    name: Option<&str>,
    value: &Json,
) -> String {
    let last = last_end(container);
    let close = container.span.end - 1;
    let is_on_one_line =
        last.is_some() && !text.get(container.span.clone()).unwrap_or_default().contains('\n');
    let layout = (!is_on_one_line).then_some(layout);
    let mut written = String::new();
    match layout {
        Some(layout) => layout.new_line(depth + 1, &mut written),
        None => written.push(' '),
    }
    if let Some(name) = name {
        written.push_str(&quoted(name));
        written.push_str(": ");
    }
    value.write(layout, depth + 1, &mut written);
    let Some(last) = last else {
        // An empty one is opened up.
        let open = container.span.start + 1;
        if let Some(layout) = layout {
            layout.new_line(depth, &mut written);
        }
        let inner = text.get(open..close).unwrap_or_default();
        // Comments in it stay, before what is put in.
        let kept = inner.trim_end();
        return replaced(text, open + kept.len()..close, &written);
    };
    let comma = skip_blanks(text, last);
    let has_comma = text.as_bytes().get(comma) == Some(&b',');
    let from = if has_comma { comma + 1 } else { last };
    let between = text.get(from..close).unwrap_or_default();
    let place = from + between.trim_end().len();
    if has_comma {
        written.push(',');
        return replaced(text, place..place, &written);
    }
    let with_value = replaced(text, place..place, &written);
    replaced(&with_value, last..last, ",")
}

/// Takes a member or an element out, with the comma and the blanks that came with it.
pub(crate) fn remove(text: &str, container: &Node, at: usize) -> String {
    let spans = spans(container);
    let Some(own) = spans.get(at) else { return text.to_owned() };
    let (open, close) = (container.span.start + 1, container.span.end - 1);
    let after = skip_blanks(text, own.end);
    let has_comma = after < close && text.as_bytes().get(after) == Some(&b',');
    let end = if has_comma { after + 1 } else { own.end };
    let previous = at.checked_sub(1).and_then(|at| spans.get(at));
    let comma_before = previous.map(|previous| skip_blanks(text, previous.end));
    let begin = comma_before.map_or(open, |comma| comma + 1);
    // Comments between stay; the blanks before the value go.
    let before = text.get(begin..own.start).unwrap_or_default();
    let start = begin + before.trim_end().len();
    if spans.len() == 1 {
        let rest = text.get(end..close).unwrap_or_default();
        let end = if rest.trim().is_empty() && start == open { close } else { end };
        return replaced(text, start..end, "");
    }
    let without = replaced(text, start..end, "");
    match comma_before {
        // It was the last one, and no comma ended the list.
        Some(comma) if !has_comma => replaced(&without, comma..comma + 1, ""),
        _ => without,
    }
}

/// The text with something else in place of a part.
pub(crate) fn replaced(text: &str, part: Range<usize>, by: &str) -> String {
    let (before, after) = (text.get(..part.start), text.get(part.end..));
    [before.unwrap_or_default(), by, after.unwrap_or_default()].concat()
}

fn spans(container: &Node) -> Vec<Range<usize>> {
    match &container.kind {
        Kind::Object(members) => {
            members.iter().map(|member| member.start..member.value.span.end).collect()
        }
        Kind::Array(elements) => elements.iter().map(|element| element.span.clone()).collect(),
        Kind::Scalar(_) => Vec::new(),
    }
}

fn last_end(container: &Node) -> Option<usize> {
    spans(container).last().map(|span| span.end)
}
