//! Adding to what a column holds.

use super::type_name;
#[cfg(feature = "decimal")]
use crate::aggregation::Decimals;
use crate::{Error, ErrorKind, Result};
use sea_orm::Value;

/// The sum of what a column holds and a difference, as both databases have it; NULL stays NULL.
///
/// # Errors
/// `InvalidInput` where the column's type cannot hold the sum.
pub(crate) fn add(held: &Value, difference: &Value) -> Result<Value> {
    let sum = match (held, difference) {
        (held, difference) if super::is_null(held) || super::is_null(difference) => {
            return Ok(held.clone());
        }
        (Value::SmallInt(Some(held)), Value::SmallInt(Some(more))) => {
            held.checked_add(*more).map(Value::from)
        }
        (Value::Int(Some(held)), Value::Int(Some(more))) => {
            held.checked_add(*more).map(Value::from)
        }
        (Value::BigInt(Some(held)), Value::BigInt(Some(more))) => {
            held.checked_add(*more).map(Value::from)
        }
        (Value::Float(Some(held)), Value::Float(Some(more))) => {
            Some(held + more).filter(|sum| sum.is_finite()).map(Value::from)
        }
        (Value::Double(Some(held)), Value::Double(Some(more))) => {
            Some(held + more).filter(|sum| sum.is_finite()).map(Value::from)
        }
        #[cfg(feature = "decimal")]
        (Value::Decimal(Some(held)), Value::Decimal(Some(more))) => {
            decimal(*held, *more).map(Value::from)
        }
        (held, _) => {
            let message = format!("nothing can be added to {}", type_name(held));
            return Err(Error::new(ErrorKind::Internal, message));
        }
    };
    sum.ok_or_else(|| Error::invalid("the sum is out of the range of the column's type"))
}

/// `Decimal` itself would round a sum of more digits than it holds.
#[cfg(feature = "decimal")]
fn decimal(
    held: rust_decimal::Decimal,
    more: rust_decimal::Decimal,
) -> Option<rust_decimal::Decimal> {
    let mut sum = Decimals::default();
    sum.add(held)?;
    sum.add(more)?;
    super::decimal_of_digits(&sum.digits()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact_or_refused() {
        assert_eq!(add(&7_i32.into(), &(-3_i32).into()).expect("a sum"), 4_i32.into());
        assert_eq!(add(&i64::MAX.into(), &i64::MIN.into()).expect("a sum"), (-1_i64).into());
        assert_eq!(add(&Value::Int(None), &1_i32.into()).expect("NULL"), Value::Int(None));
        for (held, more) in [
            (Value::from(i16::MAX), Value::from(1_i16)),
            (i32::MIN.into(), (-1_i32).into()),
            (i64::MAX.into(), 1_i64.into()),
            (f64::MAX.into(), f64::MAX.into()),
            (f32::MAX.into(), f32::MAX.into()),
        ] {
            let error = add(&held, &more).expect_err("out of range");
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
    }

    #[cfg(feature = "decimal")]
    #[test]
    fn no_digit_of_a_decimal_is_rounded_away() {
        let decimal = |digits| Value::from(super::super::decimal_of_digits(digits).expect(digits));
        let sum = |held, more| add(&decimal(held), &decimal(more));
        assert_eq!(sum("1.50", "0.25").expect("a sum"), decimal("1.75"));
        assert_eq!(sum("0.1", "-0.10").expect("a sum"), decimal("0"));
        let max = rust_decimal::Decimal::MAX.to_string();
        for more in ["1", "0.0000000000000000000000000001"] {
            let error = sum(&max, more).expect_err("more digits than a `Decimal` holds");
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
    }
}
