//! Decimals as text that sorts as they do.
//!
//! SQLite has no exact numbers with a fraction. As text with this prefix they are equal, and in
//! order, where the numbers are, also in an index and for whoever else opens the file.

use rust_decimal::Decimal;

/// Marks the end of a negative number: it sorts behind the point and all digits.
const END: char = '~';

/// The number as text: a letter for how many digits stand before the point, and the number itself
/// (`B9.9`, `D123.45`, `A0.05`). Of a negative one the letter and the digits are turned around, so
/// that the larger amount comes first (`-^0.0~` is -9.9).
pub(super) fn to_text(number: &Decimal) -> String {
    let text = number.normalize().to_string();
    match text.strip_prefix('-') {
        None => format!("{}{text}", letter(&text)),
        Some(amount) => {
            let digits = amount.chars().map(turned);
            std::iter::once('-')
                .chain(std::iter::once(turned(letter(amount))))
                .chain(digits)
                .chain(std::iter::once(END))
                .collect()
        }
    }
}

/// The number of a text in this form. Of one in another form no comparison would be right.
pub(super) fn of_text(text: &str) -> Option<Decimal> {
    let number = match text.strip_prefix('-') {
        Some(turned_around) if text.ends_with(END) => {
            let amount: String =
                turned_around.strip_suffix(END)?.chars().skip(1).map(turned).collect();
            Decimal::from_str_exact(&format!("-{amount}"))
        }
        _ => Decimal::from_str_exact(text.trim_start_matches(|first| ('A'..='_').contains(&first))),
    };
    number.ok().map(|number| number.normalize()).filter(|number| to_text(number) == text)
}

/// `A` for a number below one, `B` for one digit before the point; there are 29 at most.
fn letter(amount: &str) -> char {
    let whole = amount.split('.').next().unwrap_or_default();
    let digits = if whole == "0" { 0 } else { whole.len() };
    // 29 letters from 'A' on end at ']'.
    char::from(b'A' + u8::try_from(digits).unwrap_or(u8::MAX - b'A'))
}

/// A letter or a digit, counted from the other end.
fn turned(character: char) -> char {
    match character {
        '0'..='9' => char::from(b'9' - (character as u8 - b'0')),
        'A'..='_' => char::from(b'_' - (character as u8 - b'A')),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{of_text, to_text};
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    fn decimal() -> impl Strategy<Value = Decimal> {
        let any = (any::<i128>(), 0_u32..=28)
            .prop_map(|(digits, scale)| Decimal::from_i128_with_scale(digits % (1 << 95), scale));
        let near =
            (-2_000_i64..2_000, 0_u32..5).prop_map(|(digits, scale)| Decimal::new(digits, scale));
        prop_oneof![any, near]
    }

    proptest! {
        #[test]
        fn texts_sort_as_numbers_do(left in decimal(), right in decimal()) {
            prop_assert_eq!(to_text(&left).cmp(&to_text(&right)), left.cmp(&right), "{} {}", left, right);
            prop_assert_eq!(of_text(&to_text(&left)), Some(left));
        }
    }

    #[test]
    fn the_ends_and_no_other_form() {
        for (number, text) in [
            (Decimal::ZERO, "A0"),
            (Decimal::new(-0, 3), "A0"),
            (Decimal::new(990, 2), "B9.9"),
            (Decimal::new(-99, 1), "-^0.0~"),
            (Decimal::new(5, 28), "A0.0000000000000000000000000005"),
        ] {
            assert_eq!(to_text(&number), text);
        }
        for end in [Decimal::MAX, Decimal::MIN] {
            assert_eq!(of_text(&to_text(&end)), Some(end));
        }
        assert!(to_text(&Decimal::MIN) < to_text(&Decimal::NEGATIVE_ONE));
        assert!(to_text(&Decimal::MAX) > to_text(&Decimal::ONE_THOUSAND));
        for other in ["12.50", "-12.50", "B9.90", "C9.9", "B9", "-^0.0", "many", ""] {
            let is_own = other == "B9";
            assert_eq!(of_text(other).is_some(), is_own, "{other}");
        }
    }
}
