//! What a text in a database cannot hold: NUL characters, which Postgres refuses, and lone
//! surrogates, which are no characters. Both are replaced, and noted so that nothing is lost.

use sea_orm::JsonValue;
use serde_json::{Map, json};

/// The member of a stored payload that notes its NUL characters: an object of JSON pointers
/// (RFC 6901) into the stored payload.
///
/// - A pointer to a text that had some has their places, counted in characters.
/// - A pointer to an object has its members that are stored under another name, each with the name
///   that was sent, as its pieces between NUL characters. A member of the outermost object that was
///   sent with the name of a mark is one of them.
pub const NUL_MARK: &str = "chronicle:nul";

/// The member of a stored payload that notes its lone surrogates, in place of which U+FFFD is stored:
/// an object of JSON pointers (RFC 6901) into the stored payload.
///
/// - A pointer to a text that had some has their places, counted in characters, each with the four
///   digits of its escape.
/// - A pointer to an object has the same for the names of its members: first by the stored name.
///
/// Nothing puts them back, since no text can hold them.
///
/// ```
/// use chronicle_entity::hook::{Payload, SURROGATE_MARK};
/// let sent = r#"{"session_id": "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11", "hook_event_name": "Stop", "text": "cut \ud83d"}"#;
/// let stored = sent.parse::<Payload>().unwrap().to_json();
/// assert_eq!(stored["text"], "cut \u{fffd}");
/// assert_eq!(stored[SURROGATE_MARK], serde_json::json!({ "/text": { "4": "d83d" } }));
/// ```
pub const SURROGATE_MARK: &str = "chronicle:surrogate";

/// What stands for a NUL character: U+2400, its picture.
const PICTURE: char = '\u{2400}';

type Members = Map<String, JsonValue>;

/// Replaces what cannot be stored in a payload, and notes it in the members [`NUL_MARK`] and
/// [`SURROGATE_MARK`]. A payload that has nothing of that is left as it is. `surrogate` stands before
/// the digits of a lone surrogate.
pub(super) fn replace(payload: &mut Members, surrogate: Option<char>) {
    let mut notes = Notes { surrogate, nul: Map::new(), surrogates: Map::new() };
    notes.replace_in_object(payload, "");
    for (mark, notes) in [(NUL_MARK, notes.nul), (SURROGATE_MARK, notes.surrogates)] {
        if !notes.is_empty() {
            payload.insert(mark.to_owned(), notes.into());
        }
    }
}

struct Notes {
    surrogate: Option<char>,
    nul: Members,
    surrogates: Members,
}

impl Notes {
    fn replace_in(&mut self, value: &mut JsonValue, pointer: &str) {
        match value {
            JsonValue::String(text) => {
                let places = self.take_surrogates(text);
                if !places.is_empty() {
                    self.surrogates.insert(pointer.to_owned(), places.into());
                }
                if text.contains('\0') {
                    let places = text.chars().zip(0_u64..).filter(|(sign, _)| *sign == '\0');
                    let places: Vec<u64> = places.map(|(_, place)| place).collect();
                    self.nul.insert(pointer.to_owned(), json!(places));
                    *text = picture(text);
                }
            }
            JsonValue::Array(items) => {
                for (at, item) in items.iter_mut().enumerate() {
                    self.replace_in(item, &format!("{pointer}/{at}"));
                }
            }
            JsonValue::Object(members) => self.replace_in_object(members, pointer),
            JsonValue::Null | JsonValue::Bool(_) | JsonValue::Number(_) => {}
        }
    }

    fn replace_in_object(&mut self, members: &mut Members, pointer: &str) {
        let is_outermost = pointer.is_empty();
        let (mut nul, mut surrogates) = (Map::new(), Map::new());
        let names: Vec<String> =
            members.keys().filter(|name| self.must_change(name, is_outermost)).cloned().collect();
        for name in names {
            let mut sent = name.clone();
            let places = self.take_surrogates(&mut sent);
            let mut new_name = picture(&sent);
            while members.contains_key(&new_name) || is_mark(&new_name, is_outermost) {
                new_name.push(PICTURE);
            }
            if !places.is_empty() {
                surrogates.insert(new_name.clone(), places.into());
            }
            if sent.contains('\0') || is_mark(&sent, is_outermost) {
                let pieces: Vec<&str> = sent.split('\0').collect();
                nul.insert(new_name.clone(), json!(pieces));
            }
            if let Some(item) = members.remove(&name) {
                members.insert(new_name, item);
            }
        }
        for (notes, renamed) in [(&mut self.nul, nul), (&mut self.surrogates, surrogates)] {
            if !renamed.is_empty() {
                notes.insert(pointer.to_owned(), renamed.into());
            }
        }
        for (name, item) in members {
            self.replace_in(item, &below(pointer, name));
        }
    }

    fn must_change(&self, name: &str, is_outermost: bool) -> bool {
        name.contains('\0')
            || self.surrogate.is_some_and(|mark| name.contains(mark))
            || is_mark(name, is_outermost)
    }

    /// Puts U+FFFD in place of each mark and its digits; gives their places, with the digits.
    fn take_surrogates(&self, text: &mut String) -> Members {
        let mut places = Map::new();
        let Some(mark) = self.surrogate.filter(|mark| text.contains(*mark)) else { return places };
        let mut pieces = text.split(mark);
        let mut replaced = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (digits, rest) = piece.split_at_checked(4).unwrap_or((piece, ""));
            places.insert(replaced.chars().count().to_string(), digits.into());
            replaced.push(char::REPLACEMENT_CHARACTER);
            replaced.push_str(rest);
        }
        *text = replaced;
        places
    }
}

/// Whether the name is that of a mark, where marks are.
fn is_mark(name: &str, is_outermost: bool) -> bool {
    is_outermost && (name == NUL_MARK || name == SURROGATE_MARK)
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
