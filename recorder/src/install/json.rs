//! JSON with the place of everything in it, so that a text can be changed at one place and stay the
//! same at all others. Comments and trailing commas, which people write all the same, are read over.

use serde_json::Value;
use std::fmt;
use std::ops::Range;

/// How deep a document may be nested.
const DEEPEST: usize = 200;

/// A value, and where it stands in the text.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Object(Vec<Member>),
    Array(Vec<Node>),
    Scalar(Value),
}

/// A member of an object.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// Where its name begins.
    pub(crate) start: usize,
    pub(crate) value: Node,
}

impl Node {
    /// The members; none of what is no object.
    pub(crate) fn members(&self) -> &[Member] {
        match &self.kind {
            Kind::Object(members) => members,
            Kind::Array(_) | Kind::Scalar(_) => &[],
        }
    }

    /// The elements; none of what is no array.
    pub(crate) fn elements(&self) -> &[Self] {
        match &self.kind {
            Kind::Array(elements) => elements,
            Kind::Object(_) | Kind::Scalar(_) => &[],
        }
    }

    pub(crate) fn is_object(&self) -> bool {
        matches!(self.kind, Kind::Object(_))
    }

    pub(crate) fn is_array(&self) -> bool {
        matches!(self.kind, Kind::Array(_))
    }

    /// A member's value. Of several with one name the last one counts, as for whoever reads the file.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().rev().find(|member| member.name == name).map(|member| &member.value)
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(value) => value.as_str(),
            Kind::Object(_) | Kind::Array(_) => None,
        }
    }

    pub(crate) fn is_true(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(Value::Bool(true)))
    }
}

/// Why a text is no JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    what: &'static str,
    line: usize,
    column: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at line {}, column {}", self.what, self.line, self.column)
    }
}

/// Reads a text. A byte order mark before it is read over.
pub(crate) fn parse(text: &str) -> Result<Node, Malformed> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut reader = Reader { text, at: start };
    let found = reader.document();
    found.map_err(|what| {
        let before = text.get(..reader.at).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Malformed { what, line, column }
    })
}

/// Where the blanks and comments that begin at a place end.
pub(crate) fn skip_blanks(text: &str, at: usize) -> usize {
    let mut reader = Reader { text, at };
    // A comment without end is told by whoever reads on from its beginning.
    _ = reader.blanks();
    reader.at
}

struct Reader<'text> {
    text: &'text str,
    at: usize,
}

type Read<T> = Result<T, &'static str>;

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn takes(&mut self, byte: u8) -> bool {
        let is_there = self.next() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn blanks(&mut self) -> Read<()> {
        loop {
            let rest = self.rest();
            if rest.starts_with(|sign: char| sign.is_ascii_whitespace()) {
                self.at += 1;
            } else if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.at += rest.find("*/").ok_or("a comment without end")? + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn document(&mut self) -> Read<Node> {
        self.blanks()?;
        let node = self.value(0)?;
        self.blanks()?;
        if self.rest().is_empty() { Ok(node) } else { Err("something after the end") }
    }

    fn value(&mut self, depth: usize) -> Read<Node> {
        if depth > DEEPEST {
            return Err("nested too deep");
        }
        let start = self.at;
        let kind = match self.next() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Kind::Scalar(Value::String(self.string()?)),
            Some(_) => self.word()?,
            None => return Err("the text ends too early"),
        };
        Ok(Node { span: start..self.at, kind })
    }

    fn object(&mut self, depth: usize) -> Read<Kind> {
        self.at += 1;
        let mut members = Vec::new();
        loop {
            self.blanks()?;
            if self.takes(b'}') {
                return Ok(Kind::Object(members));
            }
            let start = self.at;
            if self.next() != Some(b'"') {
                return Err("no name in quotes");
            }
            let name = self.string()?;
            self.blanks()?;
            if !self.takes(b':') {
                return Err("no colon");
            }
            self.blanks()?;
            members.push(Member { name, start, value: self.value(depth + 1)? });
            self.blanks()?;
            if !self.takes(b',') && self.next() != Some(b'}') {
                return Err("neither a comma nor the object's end");
            }
        }
    }

    fn array(&mut self, depth: usize) -> Read<Kind> {
        self.at += 1;
        let mut elements = Vec::new();
        loop {
            self.blanks()?;
            if self.takes(b']') {
                return Ok(Kind::Array(elements));
            }
            elements.push(self.value(depth + 1)?);
            self.blanks()?;
            if !self.takes(b',') && self.next() != Some(b']') {
                return Err("neither a comma nor the array's end");
            }
        }
    }

    fn string(&mut self) -> Read<String> {
        let bytes = self.text.as_bytes();
        let mut end = self.at + 1;
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'"' => {
                    let quoted = self.text.get(self.at..=end).unwrap_or_default();
                    let text = serde_json::from_str(quoted).map_err(|_| "a bad text")?;
                    self.at = end + 1;
                    return Ok(text);
                }
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        Err("a text without end")
    }

    fn word(&mut self) -> Read<Kind> {
        let rest = self.rest();
        let is_part = |sign: char| sign.is_ascii_alphanumeric() || "+-.".contains(sign);
        let end = rest.find(|sign| !is_part(sign)).unwrap_or(rest.len());
        let value = serde_json::from_str(rest.get(..end).unwrap_or_default());
        let value = value.map_err(|_| "no value")?;
        self.at += end;
        Ok(Kind::Scalar(value))
    }
}
