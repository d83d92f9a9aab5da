//! Payloads in a file: JSON lines, or one JSON array.

use super::{Payload, PayloadError};
use std::collections::HashMap;

/// A payload in a file, or why it is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The number of the line, or of the array's element, from 1.
    pub number: usize,
    /// Which of the equal payloads in the file it is, from 0.
    pub nth: u64,
    /// The payload.
    pub payload: Result<Payload, PayloadError>,
}

/// The payloads of a text that holds one in each line, or one JSON array of them. Empty lines are
/// passed over; a bad line is an item of its own, and the rest goes on.
#[must_use]
pub fn lines(text: &str) -> Vec<Line> {
    let text = text.trim_start_matches('\u{feff}');
    let payloads: Vec<_> = match serde_json::from_str::<Vec<serde_json::Value>>(text) {
        Ok(elements) => (1..).zip(elements.into_iter().map(Payload::from_json)).collect(),
        Err(_) => (1..)
            .zip(text.lines())
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(number, line)| (number, line.parse()))
            .collect(),
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
