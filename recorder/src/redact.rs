//! Secrets are replaced before anything is stored: `[redacted: kind]`.

mod kinds;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use chronicle_entity::hook::Payload;
use kinds::{KINDS, Kind, names_a_secret};
use regex::{Captures, Regex};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::OnceLock;

/// The member of a stored payload in which the recorder notes what it changed.
pub(crate) const NOTE: &str = "_chronicle";

/// Replaces the secrets in a payload, and notes how many.
pub(crate) fn payload(payload: &mut Payload) {
    let mut count = 0;
    for value in payload.members_mut().values_mut() {
        in_value(value, &mut count);
    }
    if count > 0 {
        note(payload, "redacted", count.into());
    }
}

/// Replaces the secrets in what is no payload.
pub(crate) fn bytes(bytes: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let mut text = text.to_owned();
            let mut count = 0;
            in_text(&mut text, &mut count);
            text.into_bytes()
        }
        Err(_) => {
            // The parts that are text, each by itself.
            let mut clean = Vec::with_capacity(bytes.len());
            for chunk in bytes.utf8_chunks() {
                let (mut text, mut count) = (chunk.valid().to_owned(), 0);
                in_text(&mut text, &mut count);
                clean.extend_from_slice(text.as_bytes());
                clean.extend_from_slice(chunk.invalid());
            }
            clean
        }
    }
}

/// Adds to what the recorder notes in a payload.
pub(crate) fn note(payload: &mut Payload, name: &str, value: Value) {
    let members = payload.members_mut();
    let mut notes = match members.remove(NOTE) {
        Some(Value::Object(notes)) => notes,
        // A member of that name that the agent itself sent.
        Some(sent) => [("sent".to_owned(), sent)].into_iter().collect(),
        None => serde_json::Map::new(),
    };
    notes.insert(name.to_owned(), value);
    members.insert(NOTE.to_owned(), notes.into());
}

fn in_value(value: &mut Value, count: &mut u64) {
    match value {
        Value::String(text) => in_text(text, count),
        Value::Array(items) => items.iter_mut().for_each(|item| in_value(item, count)),
        Value::Object(members) => {
            for (name, item) in members {
                match item {
                    Value::String(text) if names_a_secret(name) => all_of(text, count),
                    item => in_value(item, count),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Of a member that is a secret by its name; what is no more than a word of its own is left.
fn all_of(text: &mut String, count: &mut u64) {
    in_text(text, count);
    if text.len() >= 4 && !text.contains("[redacted: ") {
        *count += 1;
        "[redacted: named secret]".clone_into(text);
    }
}

fn in_text(text: &mut String, count: &mut u64) {
    let Some(markers) = markers() else { return };
    let mut found = [false; KINDS.len()];
    for place in markers.searcher.find_overlapping_iter(text.as_bytes()) {
        found[markers.kinds[place.pattern().as_usize()]] = true;
    }
    // In the order of the table: what is more special comes first.
    for (at, kind) in KINDS.iter().enumerate().filter(|(at, _)| found[*at]) {
        let Some(pattern) = pattern(at) else { continue };
        let replaced =
            pattern.replace_all(text, |captures: &Captures<'_>| replacement(kind, captures, count));
        if let Cow::Owned(replaced) = replaced {
            *text = replaced;
        }
    }
}

/// The whole match is the secret, or the group of that name in it.
fn replacement(kind: &Kind, captures: &Captures<'_>, count: &mut u64) -> String {
    let whole = captures.get(0).map_or("", |whole| whole.as_str());
    let (before, secret, after) = match (captures.get(0), captures.name("secret")) {
        (Some(outer), Some(inner)) => {
            let (start, end) = (inner.start() - outer.start(), inner.end() - outer.start());
            let part = |range| whole.get(range).unwrap_or_default();
            (part(0..start), inner.as_str(), part(end..whole.len()))
        }
        _ => ("", whole, ""),
    };
    if secret.starts_with("[redacted") || !(kind.is_secret)(secret) {
        return whole.to_owned();
    }
    *count += 1;
    format!("{before}[redacted: {}]{after}", kind.name)
}

/// Finds what a secret of some kind has in it. Patterns are slow to be made: only those of the kinds that
/// are found are made at all.
struct Markers {
    searcher: AhoCorasick,
    /// The kind of each marker.
    kinds: Vec<usize>,
}

fn markers() -> Option<&'static Markers> {
    static MARKERS: OnceLock<Option<Markers>> = OnceLock::new();
    MARKERS
        .get_or_init(|| {
            let all = || {
                KINDS
                    .iter()
                    .enumerate()
                    .flat_map(|(at, kind)| kind.markers.iter().map(move |marker| (*marker, at)))
            };
            // The one that is made the soonest: most payloads are short.
            let mut builder = AhoCorasick::builder();
            builder.kind(Some(AhoCorasickKind::NoncontiguousNFA)).prefilter(false);
            let searcher = builder.build(all().map(|(marker, _)| marker)).ok()?;
            Some(Markers { searcher, kinds: all().map(|(_, at)| at).collect() })
        })
        .as_ref()
}

fn pattern(at: usize) -> Option<&'static Regex> {
    static PATTERNS: [OnceLock<Option<Regex>>; KINDS.len()] =
        [const { OnceLock::new() }; KINDS.len()];
    PATTERNS[at].get_or_init(|| Regex::new(KINDS[at].pattern).ok()).as_ref()
}
