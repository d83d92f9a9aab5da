//! Payloads over a limit are cut at their longest texts.

use crate::redact::note;
use chronicle_entity::hook::Payload;
use serde_json::{Map, Value, json};

/// What is left of a text at least, so that it can be told what it was.
const LEAST: usize = 1_024;
const CUT: &str = "… [cut]";

/// Cuts the payload so that it has about so many bytes, and notes what was cut: the length of each text
/// before, by its JSON pointer.
pub(crate) fn payload(payload: &mut Payload, limit: usize) {
    let mut texts = Vec::new();
    let members = payload.members_mut();
    let size = measure(members, &mut texts);
    if size <= limit {
        return;
    }
    let most = longest_allowed(&texts, size - limit);
    let mut cut = Map::new();
    for (name, value) in members.iter_mut() {
        cut_in(value, &below("", name), most, &mut cut);
    }
    if !cut.is_empty() {
        note(payload, "cut", json!(cut));
    }
}

/// About how many bytes it has as JSON; and how long its texts are.
fn measure(members: &Map<String, Value>, texts: &mut Vec<usize>) -> usize {
    members.iter().map(|(name, value)| name.len() + 4 + measure_value(value, texts)).sum()
}

fn measure_value(value: &Value, texts: &mut Vec<usize>) -> usize {
    match value {
        Value::String(text) => {
            texts.push(text.len());
            text.len() + 2
        }
        Value::Array(items) => {
            items.iter().map(|item| 1 + measure_value(item, texts)).sum::<usize>() + 2
        }
        Value::Object(members) => measure(members, texts) + 2,
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}

/// The length to which the longest texts are to be cut, so that so much is saved.
fn longest_allowed(texts: &[usize], excess: usize) -> usize {
    let mut lengths = texts.to_vec();
    lengths.sort_unstable_by(|one, other| other.cmp(one));
    let mut sum = 0;
    for (at, length) in lengths.iter().enumerate() {
        sum += length;
        let next = lengths.get(at + 1).copied().unwrap_or(0).max(LEAST);
        let saved = sum.saturating_sub(next * (at + 1));
        if saved >= excess {
            return (sum - excess) / (at + 1);
        }
    }
    LEAST
}

fn cut_in(value: &mut Value, pointer: &str, most: usize, cut: &mut Map<String, Value>) {
    match value {
        Value::String(text) if text.len() > most.max(LEAST) => {
            cut.insert(pointer.to_owned(), text.len().into());
            let end = text.floor_char_boundary(most.max(LEAST).saturating_sub(CUT.len()));
            text.truncate(end);
            text.push_str(CUT);
        }
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                cut_in(item, &format!("{pointer}/{at}"), most, cut);
            }
        }
        Value::Object(members) => {
            for (name, item) in members.iter_mut() {
                cut_in(item, &below(pointer, name), most, cut);
            }
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}
