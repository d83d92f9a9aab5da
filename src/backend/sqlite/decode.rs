//! From SQLite's rows to values.

use crate::{Column, Error, ErrorKind, Kind, Result};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use sea_orm::sqlx::sqlite::{Sqlite, SqliteRow};
use sea_orm::sqlx::{Decode, Row, Type};
use sea_orm::{JsonValue, Value};
use uuid::Uuid;

/// The values of a row that was selected by these columns.
pub(super) fn row(columns: &[Column], row: &SqliteRow) -> Result<Vec<Value>> {
    columns.iter().enumerate().map(|(at, column)| cell(column, row, at)).collect()
}

fn cell(column: &Column, row: &SqliteRow, at: usize) -> Result<Value> {
    Ok(match column.kind() {
        Kind::Bool => Value::Bool(get(column, row, at)?),
        Kind::I8 => Value::TinyInt(integer(column, row, at)?),
        Kind::I16 => Value::SmallInt(integer(column, row, at)?),
        Kind::I32 => Value::Int(integer(column, row, at)?),
        Kind::I64 => Value::BigInt(integer(column, row, at)?),
        Kind::U8 => Value::TinyUnsigned(integer(column, row, at)?),
        Kind::U16 => Value::SmallUnsigned(integer(column, row, at)?),
        Kind::U32 => Value::Unsigned(integer(column, row, at)?),
        Kind::F64 => Value::Double(get(column, row, at)?),
        Kind::Text => Value::String(get(column, row, at)?),
        Kind::Bytes => Value::Bytes(get(column, row, at)?),
        Kind::Json => {
            let text: Option<&str> = get(column, row, at)?;
            let document = text
                .map(serde_json::from_str::<JsonValue>)
                .transpose()
                .map_err(|_| mismatch(column, "the text is not JSON"))?;
            Value::Json(document.map(Box::new))
        }
        Kind::Date => Value::ChronoDate(get::<NaiveDate>(column, row, at)?),
        Kind::DateTime => Value::ChronoDateTime(get::<NaiveDateTime>(column, row, at)?),
        Kind::Timestamp => Value::ChronoDateTimeUtc(get::<DateTime<Utc>>(column, row, at)?),
        Kind::Uuid => Value::Uuid(get::<Uuid>(column, row, at)?),
        Kind::Unsupported => return Err(crate::value::unsupported(column)),
    })
}

/// The declared type of a column says little on SQLite: what is stored decides.
fn get<'r, T>(column: &Column, row: &'r SqliteRow, at: usize) -> Result<Option<T>>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
{
    row.try_get_unchecked::<Option<T>, usize>(at)
        .map_err(|error| mismatch(column, &error.to_string()))
}

fn integer<T: TryFrom<i64>>(column: &Column, row: &SqliteRow, at: usize) -> Result<Option<T>> {
    get::<i64>(column, row, at)?
        .map(|number| {
            T::try_from(number)
                .map_err(|_| mismatch(column, &format!("{number} is beyond the field's type")))
        })
        .transpose()
}

fn mismatch(column: &Column, why: &str) -> Error {
    Error::new(ErrorKind::SchemaMismatch, format!("column `{}`: {why}", column.name))
}
