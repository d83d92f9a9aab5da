//! A database's name as words of Rust.

use heck::ToSnakeCase;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The name in snake case, of letters and digits of ASCII: accents are left out, and letters of other scripts are written
/// by their number. What would begin with a digit, or be nothing, gets `prefix` before it.
pub(super) fn words(name: &str, prefix: &str) -> String {
    let mut ascii = String::new();
    for letter in name.nfkd().filter(|letter| !is_combining_mark(*letter)) {
        if letter == '\'' {
            // "it's" is one word.
        } else if letter.is_ascii() {
            ascii.push(letter);
        } else if letter.is_alphanumeric() {
            ascii += format!("_u{:x}_", u32::from(letter)).as_str();
        } else {
            ascii.push('_');
        }
    }
    let words = ascii.to_snake_case();
    if words.is_empty() {
        prefix.to_owned()
    } else if words.starts_with(|letter: char| letter.is_ascii_digit()) {
        format!("{prefix}_{words}")
    } else {
        words
    }
}
