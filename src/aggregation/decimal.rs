//! [`Decimals`]: the exact sum of decimals.
#![cfg(feature = "decimal")]

use rust_decimal::Decimal;

/// Most digits behind the point of a [`Decimal`].
const SCALE: usize = 28;

/// The sum of decimals. `Decimal` itself would round a sum that has more digits than it holds, also
/// one that later terms bring back: here the numbers of each scale are added by themselves.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Decimals([i128; SCALE + 1]);

impl Decimals {
    /// Nothing where the sum is too large.
    pub(crate) fn add(&mut self, number: Decimal) -> Option<()> {
        let sum = self.0.get_mut(usize::try_from(number.scale()).ok()?)?;
        *sum = sum.checked_add(number.mantissa())?;
        Some(())
    }

    /// The sum in digits: all of them.
    pub(crate) fn digits(&self) -> Option<String> {
        let (whole, fraction) = self.parts()?;
        if whole >= 0 {
            return Some(written(whole, &fraction));
        }
        let mut negated = Self::default();
        for (to, from) in negated.0.iter_mut().zip(&self.0) {
            *to = from.checked_neg()?;
        }
        let (whole, fraction) = negated.parts()?;
        Some(format!("-{}", written(whole, &fraction)))
    }

    /// The largest whole number that is not above the sum, and the digits of what is above that.
    fn parts(&self) -> Option<(i128, String)> {
        let mut carry = 0_i128;
        let mut fraction = Vec::with_capacity(SCALE);
        for sum in self.0.iter().skip(1).rev() {
            let tenths = sum.checked_add(carry)?;
            fraction.push(char::from(b'0' + u8::try_from(tenths.rem_euclid(10)).ok()?));
            carry = tenths.div_euclid(10);
        }
        Some((self.0[0].checked_add(carry)?, fraction.into_iter().rev().collect()))
    }
}

fn written(whole: i128, fraction: &str) -> String {
    match fraction.trim_end_matches('0') {
        "" => whole.to_string(),
        fraction => format!("{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::Decimals;
    use crate::value::decimal_of_digits as of_digits;
    use rust_decimal::Decimal;

    fn sum(numbers: &[&str]) -> String {
        let mut sum = Decimals::default();
        for number in numbers {
            sum.add(of_digits(number).unwrap()).unwrap();
        }
        sum.digits().unwrap()
    }

    #[test]
    fn no_digit_is_lost() {
        let max = Decimal::MAX.to_string();
        let least = "0.0000000000000000000000000001";
        for (numbers, expected) in [
            (&[][..], "0"),
            (&["1.5", "-1.50"], "0"),
            (&["0.1", "0.2", "10", "-10.3"], "0"),
            (&["-0.75", "0.5"], "-0.25"),
            (&["-3", "0.999"], "-2.001"),
            (&[&max, "0.5", &format!("-{max}")], "0.5"),
            (&[&max, &max], "158456325028528675187087900670"),
            (&[&max, least], "79228162514264337593543950335.0000000000000000000000000001"),
            (
                &[&format!("-{max}"), least],
                "-79228162514264337593543950334.9999999999999999999999999999",
            ),
        ] {
            assert_eq!(sum(numbers), expected, "{numbers:?}");
        }
    }
}
