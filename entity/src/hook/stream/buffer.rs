//! [`Buffer`]: the part of a file that is looked at, and where objects are in it.

use serde::de::IgnoredAny;
use std::io::{self, Read};

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// An object that is longer would fill the memory: it is taken for no payload, and looked into.
const LONGEST: usize = 16 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Buffer<R> {
    file: R,
    bytes: Vec<u8>,
    /// What stands before it has been passed.
    at: usize,
    /// The place of `at` in the file.
    byte: u64,
    line: u64,
    is_at_end: bool,
}

/// Something that begins like an object.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) line: u64,
    pub(super) byte: u64,
    /// What stands before it on its line.
    pub(super) prefix: Vec<u8>,
    /// How many bytes it has.
    pub(super) size: Result<usize, Broken>,
}

#[derive(Debug)]
pub(super) struct Broken {
    pub(super) reason: String,
    /// Where it was seen to be none.
    pub(super) until: u64,
}

impl<R: Read> Buffer<R> {
    pub(super) const fn new(file: R) -> Self {
        Self { file, bytes: Vec::new(), at: 0, byte: 0, line: 1, is_at_end: false }
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.byte
    }

    /// Passes everything up to the next object, and looks how far that goes.
    pub(super) fn next_object(&mut self, longest_prefix: usize) -> io::Result<Option<Object>> {
        let mut prefix = Vec::new();
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let next = memchr::memchr(b'{', rest);
            let passed = rest.get(..next.unwrap_or(rest.len())).unwrap_or_default();
            keep_prefix(&mut prefix, passed, longest_prefix);
            self.pass(next.unwrap_or(rest.len()));
            if next.is_none() {
                if !self.fill()? {
                    return Ok(None);
                }
                continue;
            }
            if self.begins_like_an_object()? {
                break;
            }
            prefix.push(b'{');
            self.pass(1);
        }
        let size = self.measure()?;
        Ok(Some(Object { line: self.line, byte: self.byte, prefix, size }))
    }

    /// The object that was measured.
    pub(super) fn object(&self, size: usize) -> &[u8] {
        self.bytes.get(self.at..self.at + size).unwrap_or_default()
    }

    pub(super) fn pass(&mut self, count: usize) {
        let end = (self.at + count).min(self.bytes.len());
        let passed = self.bytes.get(self.at..end).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.byte += passed.len() as u64;
        self.at = end;
    }

    /// In JSON a brace is followed by a name, or by the other brace.
    fn begins_like_an_object(&mut self) -> io::Result<bool> {
        loop {
            let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
            if let Some(byte) = rest.iter().find(|byte| !byte.is_ascii_whitespace()) {
                return Ok(matches!(byte, b'"' | b'}'));
            }
            if rest.len() > LONGEST || !self.fill()? {
                return Ok(false);
            }
        }
    }

    /// How many bytes the object has that begins here. What it holds is not looked at.
    fn measure(&mut self) -> io::Result<Result<usize, Broken>> {
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<IgnoredAny>();
            let error = match values.next() {
                Some(Ok(_)) => return Ok(Ok(values.byte_offset())),
                Some(Err(error)) if !error.is_eof() => error,
                Some(Err(error)) => {
                    if rest.len() > LONGEST {
                        let reason = format!("no end within {LONGEST} bytes");
                        let until = self.byte + rest.len() as u64;
                        return Ok(Err(Broken { reason, until }));
                    }
                    // As much again: what is looked at twice is bounded by that.
                    let wanted = rest.len().max(CHUNK);
                    if self.fill_by(wanted)? {
                        continue;
                    }
                    error
                }
                None => return Ok(Ok(1)),
            };
            let until = self.byte + place_of(rest_of(&self.bytes, self.at), &error) as u64;
            return Ok(Err(Broken { reason: error.to_string(), until }));
        }
    }

    fn fill(&mut self) -> io::Result<bool> {
        self.fill_by(CHUNK)
    }

    /// Reads on; `false` at the end of the file.
    fn fill_by(&mut self, count: usize) -> io::Result<bool> {
        if self.is_at_end {
            return Ok(false);
        }
        if self.at > 0 {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        // One long object must not hold its memory for all that follow.
        if self.bytes.capacity() > 4 * (self.bytes.len() + count) {
            self.bytes.shrink_to(self.bytes.len() + count);
        }
        let read = self.file.by_ref().take(count as u64).read_to_end(&mut self.bytes)?;
        self.is_at_end = read < count;
        Ok(read > 0)
    }
}

fn rest_of(bytes: &[u8], at: usize) -> &[u8] {
    bytes.get(at..).unwrap_or_default()
}

/// Where the parser stood, by the line and the column that it says.
fn place_of(text: &[u8], error: &serde_json::Error) -> usize {
    let lines_before = error.line().saturating_sub(1);
    let start = match lines_before {
        0 => 0,
        count => memchr::memchr_iter(b'\n', text).nth(count - 1).map_or(text.len(), |at| at + 1),
    };
    (start + error.column()).min(text.len())
}

/// Keeps the end of the line that is passed.
fn keep_prefix(prefix: &mut Vec<u8>, passed: &[u8], longest: usize) {
    match memchr::memrchr(b'\n', passed) {
        Some(end) => {
            prefix.clear();
            prefix.extend_from_slice(passed.get(end + 1..).unwrap_or_default());
        }
        None => prefix.extend_from_slice(passed),
    }
    if prefix.len() > longest {
        prefix.drain(..prefix.len() - longest);
    }
}
