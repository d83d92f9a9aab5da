//! Payloads in a file: JSON lines, or one JSON array.

mod array;

use super::{Payload, PayloadError};
use std::collections::HashMap;

/// A payload in a file, or why it is none.
///
/// ```
/// let line = &chronicle_entity::hook::lines(b"\n\n{\"session_id\": 1}")[0];
/// assert_eq!(line.number, 3);
/// assert_eq!(line.payload.as_ref().unwrap_err().to_string(), "no `hook_event_name`, or not a text");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The number of the line, or of the array's element, from 1.
    pub number: usize,
    /// Which of the equal payloads in the file it is, from 0.
    pub nth: u64,
    /// The payload.
    pub payload: Result<Payload, PayloadError>,
}

/// The payload that a line or an element is, with its number.
type Numbered = (usize, Result<Payload, PayloadError>);

/// The payloads of a file that holds one in each line, or one JSON array of them. Empty lines are
/// passed over; a bad line or element is an item of its own, and the rest goes on. Where an array is
/// cut off or is no JSON, its elements up to there count, and the one that cannot be read is the
/// last item.
///
/// A file that begins like an array and is none to its end is read as lines when that gives more
/// payloads.
///
/// ```
/// let stop = r#"{"session_id":"0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11","hook_event_name":"Stop"}"#;
/// let lines = chronicle_entity::hook::lines(format!("{stop}\nbroken\n{stop}\n").as_bytes());
/// assert_eq!((lines.len(), lines[2].nth), (3, 1));
/// assert!(lines[1].payload.is_err());
/// ```
#[must_use]
pub fn lines(file: &[u8]) -> Vec<Line> {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let payloads = match file.trim_ascii_start().strip_prefix(b"[") {
        None => each_line(file),
        Some(elements) => match array::elements(elements) {
            (read, true) => read,
            (read, false) => {
                let by_line = each_line(file);
                if count(&by_line) > count(&read) { by_line } else { read }
            }
        },
    };
    let mut seen: HashMap<String, u64> = HashMap::new();
    payloads
        .into_iter()
        .map(|(number, payload)| {
            let nth = payload.as_ref().map_or(0, |payload: &Payload| {
                let count = seen.entry(payload.to_json().to_string()).or_default();
                *count += 1;
                *count - 1
            });
            Line { number, nth, payload }
        })
        .collect()
}

fn each_line(file: &[u8]) -> Vec<Numbered> {
    (1..)
        .zip(file.split(|byte| *byte == b'\n'))
        .filter(|(_, line)| !line.trim_ascii().is_empty())
        .map(|(number, line)| (number, line.try_into()))
        .collect()
}

fn count(payloads: &[Numbered]) -> usize {
    payloads.iter().filter(|(_, payload)| payload.is_ok()).count()
}
