//! [`Stream`]: the payloads in a file of any layout.

mod buffer;

use super::{Payload, PayloadError, Sender};
use buffer::{Buffer, Object};
use sea_orm::prelude::DateTimeUtc;
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::io::{self, Read};

/// How much of what stands before a payload on its line is looked at.
const PREFIX: usize = 80;

/// How many different payloads are remembered.
const REMEMBERED: usize = 900_000;

/// The payloads in a file that holds JSON somehow: a document in each line, with or without something
/// before it, documents over several lines, arrays of them, payloads inside other objects, and texts
/// between all this. It is read from its beginning to its end, and holds one document at a time.
///
/// ```
/// use chronicle_entity::hook::{Sender, Stream};
///
/// # fn main() -> std::io::Result<()> {
/// let file = br#"started
/// 12:01:07 Pre-tool use: {"hook_event_name": "Stop", "session_id": "a"}
/// [{
///     "input": {"hook_event_name": "Stop", "session_id": "b"}
/// }, {"no": "hook"}]"#;
/// let found: Vec<_> = Stream::new(file.as_slice(), Sender::new()).collect::<Result<_, _>>()?;
/// assert_eq!((found[0].line, found[1].line), (2, 3));
/// assert_eq!(found[2].payload.as_ref().unwrap_err().to_string(), "no `hook_event_name`, or not a text");
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Stream<R> {
    buffer: Buffer<R>,
    sender: Sender,
    /// What is told later, if nothing is found inside it.
    outer: Option<Outer>,
}

/// A payload in a file, or why something there is none.
///
/// ```
/// # use chronicle_entity::hook::{Sender, Stream};
/// let mut stream = Stream::new(b"\n{cut off\n{\"cut\": ".as_slice(), Sender::new());
/// let found = stream.next().unwrap().unwrap();
/// assert_eq!((found.line, found.byte), (3, 10));
/// assert!(found.payload.is_err());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The number of the line in which it begins, from 1.
    pub line: u64,
    /// How many bytes stand before it.
    pub byte: u64,
    /// The time that stands before it on its line.
    pub time: Option<DateTimeUtc>,
    /// The payload.
    pub payload: Result<Payload, PayloadError>,
}

/// An object that is no payload, and may have some inside.
#[derive(Debug)]
struct Outer {
    found: Found,
    /// Where it ends.
    end: u64,
    /// It is no JSON, and told in any case.
    is_broken: bool,
    has_payloads: bool,
}

impl<R: Read> Stream<R> {
    /// The payloads of this sender in a file.
    ///
    /// ```
    /// # use chronicle_entity::hook::{Sender, Stream};
    /// let mut stream = Stream::new(std::io::empty(), Sender::new());
    /// assert!(stream.next().is_none());
    /// ```
    pub fn new(file: R, sender: Sender) -> Self {
        Self { buffer: Buffer::new(file), sender, outer: None }
    }

    /// How many bytes have been read.
    ///
    /// ```
    /// # use chronicle_entity::hook::{Sender, Stream};
    /// let mut stream = Stream::new(b"nothing in it".as_slice(), Sender::new());
    /// assert!(stream.next().is_none());
    /// assert_eq!(stream.bytes(), 13);
    /// ```
    pub const fn bytes(&self) -> u64 {
        self.buffer.bytes()
    }

    fn next_found(&mut self) -> io::Result<Option<Found>> {
        loop {
            let object = self.buffer.next_object(PREFIX)?;
            let at = object.as_ref().map(|object| object.byte);
            if let Some(outer) = self.outer.take_if(|outer| at.is_none_or(|at| at >= outer.end))
                && (outer.is_broken || !outer.has_payloads)
            {
                // The object that was just seen is seen again.
                return Ok(Some(outer.found));
            }
            let Some(object) = object else { return Ok(None) };
            if let Some(found) = self.take(object) {
                return Ok(Some(found));
            }
        }
    }

    /// Goes past the object, if it is a payload, or into it.
    fn take(&mut self, object: Object) -> Option<Found> {
        let Object { line, byte, ref prefix, size } = object;
        let time = time_before(prefix);
        let (payload, end) = match &size {
            Ok(size) => (self.sender.read(self.buffer.object(*size)), byte + *size as u64),
            Err(broken) => {
                let error = PayloadError::NotJson(broken.reason.clone());
                (Err(error), broken.until)
            }
        };
        let found = Found { line, byte, time, payload };
        if found.payload.is_ok() {
            self.buffer.pass(size.unwrap_or(1));
            if let Some(outer) = &mut self.outer {
                outer.has_payloads = true;
            }
            return Some(found);
        }
        let is_broken = size.is_err();
        self.buffer.pass(1);
        if self.outer.is_none() {
            self.outer = Some(Outer { found, end, is_broken, has_payloads: false });
        }
        None
    }
}

impl<R: Read> Iterator for Stream<R> {
    type Item = io::Result<Found>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_found().transpose()
    }
}

/// A time of RFC 3339 in what stands before a payload.
fn time_before(prefix: &[u8]) -> Option<DateTimeUtc> {
    let text = String::from_utf8_lossy(prefix);
    text.split(|sign: char| sign.is_whitespace() || "[]()|,".contains(sign))
        .filter(|word| word.len() >= 20)
        .find_map(|word| chrono::DateTime::parse_from_rfc3339(word).ok())
        .map(DateTimeUtc::from)
}

/// Tells equal payloads of one file apart, by the place among them.
///
/// ```
/// use chronicle_entity::hook::{Occurrences, Payload};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let stop: Payload = r#"{"hook_event_name": "Stop", "session_id": "a"}"#.parse()?;
/// let mut seen = Occurrences::default();
/// assert_eq!((seen.nth(&stop, 0), seen.nth(&stop, 47)), (0, 1));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Occurrences(HashMap<u64, u32>);

impl Occurrences {
    /// Which of the equal payloads it is, from 0; it stands at this byte of the file. Of a payload that is
    /// told by its `tool_use_id` that is of no use, and 0. In a file of very many payloads those at the
    /// end are told by their place alone, so that the memory has a bound.
    pub fn nth(&mut self, payload: &Payload, byte: u64) -> u64 {
        if payload.has_call_id() {
            return 0;
        }
        let mut hasher = DefaultHasher::new();
        hasher.write(payload.session_id().as_uuid().as_bytes());
        hasher.write(payload.hook_name().as_bytes());
        hasher.write(payload.to_json().to_string().as_bytes());
        let is_full = self.0.len() >= REMEMBERED;
        match self.0.get_mut(&hasher.finish()) {
            Some(count) => {
                *count += 1;
                u64::from(*count)
            }
            None if is_full => byte,
            None => {
                self.0.insert(hasher.finish(), 0);
                0
            }
        }
    }
}
