//! NUL characters, which Postgres cannot hold: replaced, and noted so that none is lost.

use sea_orm::JsonValue;
use serde_json::{Map, json};

/// The member of a stored payload that notes its NUL characters: an object of JSON pointers
/// (RFC 6901) into the stored payload.
///
/// - A pointer to a text that had some has their places, counted in characters.
/// - A pointer to an object has its members that are stored under another name, each with the name
///   that was sent, as its pieces between NUL characters. A member of the outermost object that was
///   sent with this very name is one of them.
pub const NUL_MARK: &str = "chronicle:nul";

/// What stands for a NUL character: U+2400, its picture.
const PICTURE: char = '\u{2400}';

/// Replaces every NUL character in a payload, and notes it in the member [`NUL_MARK`]. A payload
/// that has neither is left as it is.
pub(super) fn replace(payload: &mut Map<String, JsonValue>) {
    let mut notes = Map::new();
    replace_in_object(payload, "", &mut notes);
    if !notes.is_empty() {
        payload.insert(NUL_MARK.to_owned(), notes.into());
    }
}

fn replace_in(value: &mut JsonValue, pointer: &str, notes: &mut Map<String, JsonValue>) {
    match value {
        JsonValue::String(text) if text.contains('\0') => {
            let nul_places = text.chars().zip(0_u64..).filter(|(character, _)| *character == '\0');
            let nul_places: Vec<u64> = nul_places.map(|(_, place)| place).collect();
            notes.insert(pointer.to_owned(), json!(nul_places));
            *text = picture(text);
        }
        JsonValue::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                replace_in(item, &format!("{pointer}/{at}"), notes);
            }
        }
        JsonValue::Object(members) => replace_in_object(members, pointer, notes),
        _ => {}
    }
}

fn replace_in_object(
    members: &mut Map<String, JsonValue>,
    pointer: &str,
    notes: &mut Map<String, JsonValue>,
) {
    let renamed =
        rename(members, |name| name.contains('\0') || (pointer.is_empty() && name == NUL_MARK));
    if !renamed.is_empty() {
        notes.insert(pointer.to_owned(), renamed.into());
    }
    for (name, item) in members {
        replace_in(item, &below(pointer, name), notes);
    }
}

/// Gives the members that `must` have one a new name, which no other member has. Answers the pieces
/// of the old names by the new ones.
fn rename(
    members: &mut Map<String, JsonValue>,
    must: impl Fn(&str) -> bool,
) -> Map<String, JsonValue> {
    let mut renamed = Map::new();
    let names: Vec<String> = members.keys().filter(|name| must(name)).cloned().collect();
    for name in names {
        let mut new_name = picture(&name);
        while members.contains_key(&new_name) {
            new_name.push(PICTURE);
        }
        let pieces: Vec<&str> = name.split('\0').collect();
        renamed.insert(new_name.clone(), json!(pieces));
        if let Some(item) = members.remove(&name) {
            members.insert(new_name, item);
        }
    }
    renamed
}

fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn picture(text: &str) -> String {
    text.replace('\0', PICTURE.encode_utf8(&mut [0; 4]))
}

/// Puts the NUL characters of a stored payload back, and takes the note away: the payload is what
/// was sent. A payload without a note is left as it is.
///
/// ```
/// use chronicle_entity::hook::{Payload, restore_nul};
/// let sent = r#"{"session_id": "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11", "hook_event_name": "Stop", "text": "a\u0000b"}"#;
/// let mut stored = sent.parse::<Payload>().unwrap().to_json();
/// assert_eq!(stored["text"], "a\u{2400}b");
/// restore_nul(&mut stored);
/// assert_eq!(stored, serde_json::from_str::<serde_json::Value>(sent).unwrap());
/// ```
pub fn restore_nul(payload: &mut JsonValue) {
    let Some(members) = payload.as_object_mut() else { return };
    match members.remove(NUL_MARK) {
        Some(JsonValue::Object(notes)) => restore_in(payload, "", &notes),
        Some(other) => _ = members.insert(NUL_MARK.to_owned(), other),
        None => {}
    }
}

fn restore_in(value: &mut JsonValue, pointer: &str, notes: &Map<String, JsonValue>) {
    let note = notes.get(pointer);
    match value {
        JsonValue::String(text) => {
            if let Some(JsonValue::Array(places)) = note {
                put_back(text, places);
            }
        }
        JsonValue::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                restore_in(item, &format!("{pointer}/{at}"), notes);
            }
        }
        JsonValue::Object(members) => {
            for (name, item) in members.iter_mut() {
                restore_in(item, &below(pointer, name), notes);
            }
            for (name, pieces) in note.and_then(JsonValue::as_object).into_iter().flatten() {
                if let (Some(item), Some(pieces)) = (members.remove(name), pieces.as_array()) {
                    let pieces: Vec<&str> = pieces.iter().filter_map(JsonValue::as_str).collect();
                    members.insert(pieces.join("\0"), item);
                }
            }
        }
        _ => {}
    }
}

/// The places are in ascending order.
fn put_back(text: &mut String, places: &[JsonValue]) {
    let mut places = places.iter().filter_map(JsonValue::as_u64).peekable();
    *text = text
        .chars()
        .zip(0..)
        .map(|(character, place)| places.next_if_eq(&place).map_or(character, |_| '\0'))
        .collect();
}
