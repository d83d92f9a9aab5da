//! Lone surrogates: halves of characters beyond U+FFFF, which JSON can spell and no text can hold.

use std::ops::RangeInclusive;

const HIGH: RangeInclusive<u16> = 0xd800..=0xdbff;
const LOW: RangeInclusive<u16> = 0xdc00..=0xdfff;

/// The signs that nobody has a meaning for but the one who uses them.
const PRIVATE: RangeInclusive<char> = '\u{f0000}'..='\u{ffffd}';

/// The JSON text with a mark and four digits in place of each escape of a lone surrogate; and the
/// mark, which the text has nowhere else. `None` where there is no such escape.
pub(super) fn mark(json: &str) -> Option<(String, char)> {
    let lone = lone(json.as_bytes());
    if lone.is_empty() {
        return None;
    }
    // As an escape, it would be one of two surrogates: a text with such an escape is given up.
    let mark =
        PRIVATE.into_iter().find(|mark| !json.contains(*mark) && !has_escape(json, *mark))?;
    let mut marked = String::with_capacity(json.len());
    let mut done = 0;
    for at in lone {
        marked.push_str(json.get(done..at).unwrap_or_default());
        marked.push(mark);
        marked.push_str(&json.get(at + 2..at + 6).unwrap_or_default().to_ascii_lowercase());
        done = at + 6;
    }
    marked.push_str(json.get(done..).unwrap_or_default());
    Some((marked, mark))
}

/// Whether the text spells the character by two escapes.
fn has_escape(json: &str, character: char) -> bool {
    let spelled: String =
        character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect();
    json.to_ascii_lowercase().contains(&spelled)
}

/// Where the escapes of lone surrogates begin. In JSON a backslash stands in texts alone.
fn lone(json: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < json.len() {
        let Some(unit) = escape(&json[at..]) else {
            at += if json[at] == b'\\' { 2 } else { 1 };
            continue;
        };
        let is_pair =
            HIGH.contains(&unit) && escape(&json[at + 6..]).is_some_and(|next| LOW.contains(&next));
        if is_pair {
            at += 12;
            continue;
        }
        if HIGH.contains(&unit) || LOW.contains(&unit) {
            found.push(at);
        }
        at += 6;
    }
    found
}

/// The code unit that an escape at the start of the text stands for.
fn escape(json: &[u8]) -> Option<u16> {
    let digits = std::str::from_utf8(json.strip_prefix(b"\\u")?.get(..4)?).ok()?;
    // `from_str_radix` would take a sign.
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
    u16::from_str_radix(digits, 16).ok()
}
