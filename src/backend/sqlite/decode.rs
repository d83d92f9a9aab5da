//! From what SQLite stores to values.

use crate::{Column, Error, ErrorKind, Kind, Result};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc};
use rusqlite::types::ValueRef;
use sea_orm::{JsonValue, Value};
use uuid::Uuid;

/// The value of a column, from what a cell holds.
#[cfg(feature = "postgrest")]
pub(crate) fn decode_value(column: &Column, stored: &rusqlite::types::Value) -> Result<Value> {
    cell(column, column.kind, stored.into())
}

/// The value of a column. Its declared type says little on SQLite: the class of what is stored
/// decides. SQLite itself would turn text into the number 0.
pub(super) fn cell(column: &Column, kind: Kind, stored: ValueRef<'_>) -> Result<Value> {
    Ok(match (kind, stored) {
        (kind, ValueRef::Null) => kind.null(),
        (Kind::Bool, ValueRef::Integer(number)) => (number != 0).into(),
        (Kind::I8, ValueRef::Integer(number)) => integer::<i8>(column, number)?.into(),
        (Kind::I16, ValueRef::Integer(number)) => integer::<i16>(column, number)?.into(),
        (Kind::I32, ValueRef::Integer(number)) => integer::<i32>(column, number)?.into(),
        (Kind::I64, ValueRef::Integer(number)) => number.into(),
        (Kind::U8, ValueRef::Integer(number)) => integer::<u8>(column, number)?.into(),
        (Kind::U16, ValueRef::Integer(number)) => integer::<u16>(column, number)?.into(),
        (Kind::U32, ValueRef::Integer(number)) => integer::<u32>(column, number)?.into(),
        #[allow(clippy::cast_possible_truncation, reason = "what was stored was one of these")]
        (Kind::F32, ValueRef::Real(number)) => (number as f32).into(),
        #[allow(clippy::cast_precision_loss, reason = "the nearest one, as SQLite itself gives")]
        (Kind::F32, ValueRef::Integer(number)) => (number as f32).into(),
        (Kind::F64, ValueRef::Real(number)) => number.into(),
        #[allow(clippy::cast_precision_loss, reason = "the nearest one, as SQLite itself gives")]
        (Kind::F64, ValueRef::Integer(number)) => (number as f64).into(),
        #[cfg(feature = "decimal")]
        (Kind::Decimal, ValueRef::Text(bytes)) => {
            let number = super::decimal::of_text(text(column, bytes)?);
            let wrong = "the text is no decimal in the form that is stored here (9.90 is `B9.9`): \
                         SQL's own arithmetic does not keep it";
            number.ok_or_else(|| mismatch(column, wrong))?.into()
        }
        (Kind::Text | Kind::Opaque, ValueRef::Text(bytes)) => {
            text(column, bytes)?.to_owned().into()
        }
        (Kind::Bytes, ValueRef::Blob(bytes)) => bytes.to_vec().into(),
        (Kind::Json | Kind::Array(_), ValueRef::Text(bytes)) => {
            let document = serde_json::from_slice::<JsonValue>(bytes);
            document.map_err(|_| mismatch(column, "the text is not JSON"))?.into()
        }
        // A column declared `json` has the affinity NUMERIC, and turns the document `1` into a number.
        (Kind::Json, ValueRef::Integer(number)) => JsonValue::from(number).into(),
        (Kind::Json, ValueRef::Real(number)) => JsonValue::from(number).into(),
        (Kind::Uuid, ValueRef::Blob(bytes)) => {
            Uuid::from_slice(bytes).map_err(|error| mismatch(column, &error.to_string()))?.into()
        }
        (Kind::Date, ValueRef::Text(bytes)) => {
            let date = NaiveDate::parse_from_str(text(column, bytes)?, "%F");
            date.map_err(|error| mismatch(column, &error.to_string()))?.into()
        }
        (Kind::Time, ValueRef::Text(bytes)) => {
            let time = text(column, bytes)?.parse::<NaiveTime>();
            time.map_err(|error| mismatch(column, &error.to_string()))?.into()
        }
        (Kind::DateTime, stored) => time(column, stored)?.naive_local().into(),
        (Kind::Timestamp, stored) => time(column, stored)?.to_utc().into(),
        (kind, stored) => return Err(other_class(column, kind, stored)),
    })
}

fn integer<T: TryFrom<i64>>(column: &Column, number: i64) -> Result<T> {
    T::try_from(number)
        .map_err(|_| mismatch(column, &format!("{number} is beyond the field's type")))
}

fn text<'a>(column: &Column, bytes: &'a [u8]) -> Result<&'a str> {
    std::str::from_utf8(bytes).map_err(|_| mismatch(column, "the text is not UTF-8"))
}

/// The form that SeaORM writes, and those that SQLite's own functions know: other programs may have
/// stored seconds or a Julian day.
fn time(column: &Column, stored: ValueRef<'_>) -> Result<DateTime<FixedOffset>> {
    let time = match stored {
        ValueRef::Text(bytes) => {
            let text = text(column, bytes)?;
            DateTime::parse_from_rfc3339(text).ok().or_else(|| time_of_others(text))
        }
        ValueRef::Integer(seconds) => Utc.fix().timestamp_opt(seconds, 0).single(),
        ValueRef::Real(days) => time_of_julian_day(days),
        stored => return Err(other_class(column, Kind::Timestamp, stored)),
    };
    time.ok_or_else(|| mismatch(column, "what is stored is no time"))
}

/// The forms of <https://sqlite.org/lang_datefunc.html#time_values>.
fn time_of_others(text: &str) -> Option<DateTime<FixedOffset>> {
    let (date, time) = text.split_at_checked(10)?;
    let time = time.strip_prefix([' ', 'T'])?;
    let utc = time.strip_suffix('Z').unwrap_or(time);
    ["%F %T%.f", "%F %R"].into_iter().find_map(|form| {
        let local = NaiveDateTime::parse_from_str(&format!("{date} {utc}"), form);
        local.map(|time| time.and_utc().fixed_offset()).ok().or_else(|| {
            DateTime::parse_from_str(&format!("{date} {time}"), &format!("{form}%:z")).ok()
        })
    })
}

fn time_of_julian_day(days: f64) -> Option<DateTime<FixedOffset>> {
    const EPOCH: f64 = 2_440_587.5;
    const SECONDS_OF_DAY: f64 = 86_400.0;
    let seconds = (days - EPOCH) * SECONDS_OF_DAY;
    if !seconds.is_finite() {
        return None;
    }
    #[allow(clippy::cast_possible_truncation, reason = "beyond the range there is no such time")]
    let microseconds = (seconds * 1e6).round() as i64;
    Utc.fix().timestamp_micros(microseconds).single()
}

fn other_class(column: &Column, kind: Kind, stored: ValueRef<'_>) -> Error {
    let expected = match kind {
        Kind::F32 | Kind::F64 => "REAL or INTEGER",
        #[cfg(feature = "decimal")]
        Kind::Decimal => "TEXT (decimals are stored as text, 9.90 as `B9.9`)",
        Kind::Text | Kind::Date | Kind::Time | Kind::Opaque | Kind::Array(_) => "TEXT",
        Kind::Bytes | Kind::Uuid => "BLOB",
        Kind::Json | Kind::DateTime | Kind::Timestamp => "TEXT or INTEGER or REAL",
        _ => "INTEGER",
    };
    let found = stored.data_type().to_string().to_uppercase();
    mismatch(column, &format!("{expected} expected, {found} found"))
}

pub(super) fn mismatch(column: &Column, why: &str) -> Error {
    Error::new(ErrorKind::SchemaMismatch, format!("column `{}`: {why}", column.name))
}
