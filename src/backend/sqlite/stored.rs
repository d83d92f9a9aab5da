//! [`Bound`]: a value in the form in which SeaORM stores it.

use crate::value;
use chrono::SecondsFormat;
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};
use sea_orm::Value;

/// A value as a parameter of a statement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound<'a>(pub(crate) &'a Value);

impl Bound<'_> {
    pub(super) fn stored(&self) -> ToSqlOutput<'_> {
        let number = |number: i64| ToSqlOutput::Borrowed(ValueRef::Integer(number));
        let text = |text: String| ToSqlOutput::from(text);
        match self.0 {
            value if value::is_null(value) => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Bool(Some(value)) => number((*value).into()),
            Value::TinyInt(Some(value)) => number((*value).into()),
            Value::SmallInt(Some(value)) => number((*value).into()),
            Value::Int(Some(value)) => number((*value).into()),
            Value::BigInt(Some(value)) => number(*value),
            Value::TinyUnsigned(Some(value)) => number((*value).into()),
            Value::SmallUnsigned(Some(value)) => number((*value).into()),
            Value::Unsigned(Some(value)) => number((*value).into()),
            Value::Float(Some(value)) => ToSqlOutput::Borrowed(ValueRef::Real((*value).into())),
            #[cfg(feature = "decimal")]
            Value::Decimal(Some(value)) => text(super::decimal::to_text(value)),
            Value::Double(Some(value)) => ToSqlOutput::Borrowed(ValueRef::Real(*value)),
            Value::String(Some(value)) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
            Value::Bytes(Some(value)) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
            Value::Uuid(Some(value)) => ToSqlOutput::Borrowed(ValueRef::Blob(value.as_bytes())),
            Value::ChronoDateTime(Some(value)) => text(value.format("%F %T%.f").to_string()),
            Value::ChronoDateTimeUtc(Some(value)) => {
                text(value.to_rfc3339_opts(SecondsFormat::AutoSi, false))
            }
            value => text(value::to_text(value)),
        }
    }
}

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.stored())
    }
}
