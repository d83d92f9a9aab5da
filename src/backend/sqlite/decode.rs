//! From SQLite's rows to values.

use crate::{Column, Error, ErrorKind, Kind, Result};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use sea_orm::sqlx::sqlite::{Sqlite, SqliteRow};
use sea_orm::sqlx::{Decode, Row, TypeInfo, ValueRef};
use sea_orm::{JsonValue, Value};
use uuid::Uuid;

/// Text as SeaORM writes it; other programs may have stored seconds or a Julian day.
const TIME: &[&str] = &["TEXT", "INTEGER", "REAL"];

/// The values of a row that was selected by these columns.
pub(crate) fn row<'a>(
    columns: impl IntoIterator<Item = &'a Column>,
    row: &SqliteRow,
) -> Result<Vec<Value>> {
    columns.into_iter().enumerate().map(|(at, column)| cell(column, row, at)).collect()
}

fn cell(column: &Column, row: &SqliteRow, at: usize) -> Result<Value> {
    Ok(match column.kind() {
        Kind::Bool => Value::Bool(get(column, row, at, &["INTEGER"])?),
        Kind::I8 => Value::TinyInt(integer(column, row, at)?),
        Kind::I16 => Value::SmallInt(integer(column, row, at)?),
        Kind::I32 => Value::Int(integer(column, row, at)?),
        Kind::I64 => Value::BigInt(integer(column, row, at)?),
        Kind::U8 => Value::TinyUnsigned(integer(column, row, at)?),
        Kind::U16 => Value::SmallUnsigned(integer(column, row, at)?),
        Kind::U32 => Value::Unsigned(integer(column, row, at)?),
        Kind::F64 => Value::Double(get(column, row, at, &["REAL", "INTEGER"])?),
        Kind::Text => Value::String(get(column, row, at, &["TEXT"])?),
        Kind::Bytes => Value::Bytes(get(column, row, at, &["BLOB"])?),
        Kind::Json => {
            // A column declared `json` has the affinity NUMERIC, and turns the document `1` into a number.
            let text: Option<&str> = get(column, row, at, &["TEXT", "INTEGER", "REAL"])?;
            let document = text
                .map(serde_json::from_str::<JsonValue>)
                .transpose()
                .map_err(|_| mismatch(column, "the text is not JSON"))?;
            Value::Json(document.map(Box::new))
        }
        Kind::Date => Value::ChronoDate(get::<NaiveDate>(column, row, at, TIME)?),
        Kind::DateTime => Value::ChronoDateTime(get::<NaiveDateTime>(column, row, at, TIME)?),
        Kind::Timestamp => Value::ChronoDateTimeUtc(get::<DateTime<Utc>>(column, row, at, TIME)?),
        Kind::Uuid => Value::Uuid(get::<Uuid>(column, row, at, &["BLOB"])?),
        Kind::Unsupported => return Err(crate::value::unsupported(column)),
    })
}

/// The declared type of a column says little on SQLite: the class of what is stored decides. SQLite
/// itself would turn text into the number 0.
fn get<'r, T: Decode<'r, Sqlite>>(
    column: &Column,
    row: &'r SqliteRow,
    at: usize,
    classes: &[&str],
) -> Result<Option<T>> {
    let value = row.try_get_raw(at).map_err(|error| mismatch(column, &error.to_string()))?;
    if value.is_null() {
        return Ok(None);
    }
    let class = value.type_info().into_owned();
    if !classes.contains(&class.name()) {
        let expected = classes.join(" or ");
        return Err(mismatch(column, &format!("{expected} expected, {class} found")));
    }
    T::decode(value).map(Some).map_err(|error| mismatch(column, &error.to_string()))
}

fn integer<T: TryFrom<i64>>(column: &Column, row: &SqliteRow, at: usize) -> Result<Option<T>> {
    get::<i64>(column, row, at, &["INTEGER"])?
        .map(|number| {
            T::try_from(number)
                .map_err(|_| mismatch(column, &format!("{number} is beyond the field's type")))
        })
        .transpose()
}

fn mismatch(column: &Column, why: &str) -> Error {
    Error::new(ErrorKind::SchemaMismatch, format!("column `{}`: {why}", column.name))
}
