//! [`Sum`]: sums of which no digit is lost.

#[cfg(feature = "decimal")]
use super::decimal::Decimals;
use crate::{Error, Result};
use sea_orm::Value;

/// The sum of the values of one column; nothing before there is one.
#[derive(Clone, Debug)]
pub(super) enum Sum {
    Nothing,
    Whole(i128),
    /// Numbers with a binary fraction, added as they come.
    Real(f64),
    #[cfg(feature = "decimal")]
    Decimal(Box<Decimals>),
}

impl Sum {
    /// Adds a value of the column; NULL adds nothing.
    pub(super) fn add(&mut self, value: &Value) -> Result<()> {
        match value {
            Value::TinyInt(Some(number)) => self.add_whole((*number).into()),
            Value::SmallInt(Some(number)) => self.add_whole((*number).into()),
            Value::Int(Some(number)) => self.add_whole((*number).into()),
            Value::BigInt(Some(number)) => self.add_whole((*number).into()),
            Value::TinyUnsigned(Some(number)) => self.add_whole((*number).into()),
            Value::SmallUnsigned(Some(number)) => self.add_whole((*number).into()),
            Value::Unsigned(Some(number)) => self.add_whole((*number).into()),
            Value::Float(Some(number)) => self.add_real((*number).into()),
            Value::Double(Some(number)) => self.add_real(*number),
            #[cfg(feature = "decimal")]
            Value::Decimal(Some(number)) => self.add_decimal(*number),
            _ => Ok(()),
        }
    }

    /// Adds the sum of other values of the column, by its digits.
    pub(super) fn add_part(&mut self, kind: crate::Kind, digits: &str) -> Result<()> {
        let unreadable = || Error::invalid(format!("`{digits}` is no sum, or beyond its type"));
        match kind {
            crate::Kind::F32 | crate::Kind::F64 => {
                self.add_real(digits.parse().map_err(|_| unreadable())?)
            }
            #[cfg(feature = "decimal")]
            crate::Kind::Decimal => {
                self.add_decimal(crate::value::decimal_of_digits(digits).ok_or_else(unreadable)?)
            }
            _ => self.add_whole(digits.parse().map_err(|_| unreadable())?),
        }
    }

    fn add_whole(&mut self, number: i128) -> Result<()> {
        let sum = if let Self::Whole(sum) = self { *sum } else { 0 };
        *self = Self::Whole(sum.checked_add(number).ok_or_else(too_large)?);
        Ok(())
    }

    fn add_real(&mut self, number: f64) -> Result<()> {
        let sum = if let Self::Real(sum) = self { *sum + number } else { number };
        if !sum.is_finite() {
            return Err(too_large());
        }
        *self = Self::Real(sum);
        Ok(())
    }

    #[cfg(feature = "decimal")]
    fn add_decimal(&mut self, number: rust_decimal::Decimal) -> Result<()> {
        if let Self::Decimal(sum) = self {
            return sum.add(number).ok_or_else(too_large);
        }
        let mut sum = Box::<Decimals>::default();
        sum.add(number).ok_or_else(too_large)?;
        *self = Self::Decimal(sum);
        Ok(())
    }

    /// Its digits.
    pub(super) fn finish(self) -> Result<Value> {
        Ok(Value::String(match self {
            Self::Nothing => None,
            Self::Whole(sum) => Some(sum.to_string()),
            Self::Real(sum) => Some(sum.to_string()),
            #[cfg(feature = "decimal")]
            Self::Decimal(sum) => Some(sum.digits().ok_or_else(too_large)?),
        }))
    }
}

fn too_large() -> Error {
    Error::invalid("the sum is beyond the largest number of its type")
}
