//! NUL characters, which Postgres cannot hold: replaced, and marked so that none is lost.

use sea_orm::JsonValue;
use serde_json::{Map, json};

/// The member under which a payload's NUL characters are noted: an object of JSON pointers
/// (RFC 6901) to the texts that had some, each with the places of these, counted in characters.
pub const NUL_MARK: &str = "chronicle:nul";

/// What stands for a NUL character: U+2400, its picture.
const PICTURE: char = '\u{2400}';

/// Replaces every NUL character in the document, and notes where they were in the member
/// [`NUL_MARK`] of the outermost object. A document without one is left as it is.
pub(super) fn replace(document: &mut JsonValue) {
    let mut places = Map::new();
    replace_below(document, "", &mut places);
    if let (JsonValue::Object(members), false) = (document, places.is_empty()) {
        members.insert(NUL_MARK.to_owned(), places.into());
    }
}

fn replace_below(document: &mut JsonValue, pointer: &str, places: &mut Map<String, JsonValue>) {
    match document {
        JsonValue::String(text) if text.contains('\0') => {
            let at: Vec<usize> = text
                .chars()
                .enumerate()
                .filter_map(|(at, character)| (character == '\0').then_some(at))
                .collect();
            places.insert(pointer.to_owned(), json!(at));
            *text = picture(text);
        }
        JsonValue::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                replace_below(item, &format!("{pointer}/{at}"), places);
            }
        }
        JsonValue::Object(members) => {
            // A name with a NUL is kept with its picture; its value is noted as usual.
            if members.keys().any(|name| name.contains('\0')) {
                *members = std::mem::take(members)
                    .into_iter()
                    .map(|(name, item)| (picture(&name), item))
                    .collect();
            }
            for (name, item) in members.iter_mut() {
                let name = name.replace('~', "~0").replace('/', "~1");
                replace_below(item, &format!("{pointer}/{name}"), places);
            }
        }
        _ => {}
    }
}

fn picture(text: &str) -> String {
    text.replace('\0', PICTURE.encode_utf8(&mut [0; 4]))
}

/// Puts the NUL characters of a stored payload back, and takes the note away.
///
/// ```
/// use chronicle_entity::hook::{Payload, restore_nul};
/// let sent = r#"{"session_id": "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11", "hook_event_name": "Stop", "text": "a\u0000b"}"#;
/// let mut stored = sent.parse::<Payload>().unwrap().to_json();
/// assert_eq!(stored["text"], "a\u{2400}b");
/// restore_nul(&mut stored);
/// assert_eq!(stored, serde_json::from_str::<serde_json::Value>(sent).unwrap());
/// ```
pub fn restore_nul(document: &mut JsonValue) {
    let Some(members) = document.as_object_mut() else { return };
    let Some(JsonValue::Object(places)) = members.remove(NUL_MARK) else { return };
    for (pointer, at) in places {
        let Some(JsonValue::String(text)) = document.pointer_mut(&pointer) else { continue };
        let at: Vec<u64> =
            at.as_array().into_iter().flatten().filter_map(JsonValue::as_u64).collect();
        *text = text
            .chars()
            .zip(0..)
            .map(|(character, place)| if at.contains(&place) { '\0' } else { character })
            .collect();
    }
}
