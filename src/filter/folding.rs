//! The forms of a letter: what counts as equal where case does not matter.
//!
//! Both databases are given a class of characters for each letter. Their own ways to compare without
//! case differ: SQLite's knows ASCII, and Postgres' depends on the collation.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The characters of each class that has more than one, by their lower-case form.
static CLASSES: LazyLock<HashMap<char, Vec<char>>> = LazyLock::new(|| {
    let mut classes: HashMap<char, Vec<char>> = HashMap::new();
    for character in '\0'..=char::MAX {
        let folded = fold(character);
        if folded != character {
            classes.entry(folded).or_insert_with(|| vec![folded]).push(character);
        }
    }
    classes
});

/// The lower-case form, where that is one character; that of a final sigma is a sigma.
pub(crate) fn fold(character: char) -> char {
    let mut lower = character.to_lowercase();
    match (lower.next(), lower.next()) {
        _ if character == 'ς' => 'σ',
        (Some(lower), None) => lower,
        _ => character,
    }
}

/// All forms of a character; none of one that has no other.
fn forms(character: char) -> &'static [char] {
    CLASSES.get(&fold(character)).map_or(&[], Vec::as_slice)
}

/// The text as a pattern, in which each letter is a class of its forms. `literal` writes any other
/// character.
pub(crate) fn pattern(text: &str, mut literal: impl FnMut(char, &mut String)) -> String {
    let mut pattern = String::with_capacity(text.len() * 4);
    for character in text.chars() {
        match forms(character) {
            [] => literal(character, &mut pattern),
            forms => {
                pattern.push('[');
                pattern.extend(forms);
                pattern.push(']');
            }
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::{forms, pattern};

    #[test]
    fn letters_have_forms() {
        assert_eq!(forms('A'), ['a', 'A']);
        assert_eq!(forms('é'), ['é', 'É']);
        assert_eq!(forms('ß'), ['ß', 'ẞ']);
        assert_eq!(forms('Σ'), ['σ', 'Σ', 'ς']);
        assert_eq!(forms('k'), ['k', 'K', '\u{212a}']);
        for alone in ['1', '[', ']', '^', '-', '\\', ' ', '日', 'İ'] {
            assert!(forms(alone).is_empty(), "{alone}");
        }
        let literal = |character, pattern: &mut String| pattern.push(character);
        assert_eq!(pattern("a-Z", literal), "[aA]-[zZ]");
    }
}
