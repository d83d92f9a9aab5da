//! The form in which values are stored, and what no database can hold.

use super::kind::{Content, has_kind};
use crate::{Error, ErrorKind, Result};
use chrono::{DateTime, Datelike, NaiveTime, Timelike, Utc};
use sea_orm::sea_query::OptionEnum;
use sea_orm::{JsonValue, Value};

/// How deep arrays and objects of a document may be nested. What reads them back stops at 127, two of
/// which are the list of rows and the row around the document.
const DEEPEST_JSON: usize = 125;

/// Longest key, in bytes of a URL. Postgres holds little more in the index of a key, and it leaves
/// room for the other conditions of a request.
const LONGEST_KEY: usize = 2_500;

/// The key of the one member of a document that stands for a value which cannot be stored. No document
/// has it: text with a NUL character is refused.
const REFUSED: &str = "\0";

/// A value that [`normalize`] refuses with this message, where nothing can fail yet.
pub(crate) fn refused(error: &Error) -> Value {
    JsonValue::from_iter([(REFUSED, error.message())]).into()
}

/// The time without its nanoseconds. A leap second becomes the second after it.
pub(super) fn to_microseconds(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}

/// A leap second has no place behind midnight: it is the last microsecond before.
fn to_whole_microseconds(time: NaiveTime) -> NaiveTime {
    const LAST: u32 = 999_999_000;
    let nanoseconds = time.nanosecond();
    let whole = if nanoseconds > LAST { LAST } else { nanoseconds / 1_000 * 1_000 };
    time.with_nanosecond(whole).unwrap_or(time)
}

/// Brings a value to the form in which it is stored, so that what `insert` returns is what a later
/// read returns: whole microseconds, JSON `null` as NULL.
///
/// # Errors
/// `InvalidInput` for what one of the databases cannot hold, `Unsupported` for a type that no
/// [`Kind`](crate::Kind) names. All else about values relies on it: every value from a caller comes through here.
pub(crate) fn normalize(value: &mut Value) -> Result<()> {
    if !has_kind(value) {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the type is not one that SQLite and Postgres hold alike: give a number, a text, a \
             time in UTC, bytes, JSON or a UUID",
        ));
    }
    match value {
        Value::Json(json) if json.as_deref().is_some_and(JsonValue::is_null) => *json = None,
        Value::ChronoDateTimeUtc(Some(time)) => *time = to_microseconds(*time),
        Value::ChronoDateTime(Some(time)) => *time = to_microseconds(time.and_utc()).naive_utc(),
        Value::ChronoTime(Some(time)) => *time = to_whole_microseconds(*time),
        #[cfg(feature = "decimal")]
        Value::Decimal(Some(number)) => *number = number.normalize(),
        _ => {}
    }
    Content::of(value).map_or(Ok(()), check)
}

/// Whether both databases can hold it.
fn check(content: Content<'_>) -> Result<()> {
    match content {
        Content::Text(text) => check_text(text),
        Content::Json(document) => check_json(document, DEEPEST_JSON),
        Content::F64(number) if !number.is_finite() => {
            Err(Error::invalid(format!("{number} is not a finite number")))
        }
        Content::F32(number) if !number.is_finite() => {
            Err(Error::invalid(format!("{number} is not a finite number")))
        }
        Content::Date(date) => check_year(date.year()),
        Content::DateTime(time) => check_year(time.year()),
        Content::Timestamp(time) => check_year(time.year()),
        Content::Bool(_)
        | Content::I8(_)
        | Content::I16(_)
        | Content::I32(_)
        | Content::I64(_)
        | Content::U8(_)
        | Content::U16(_)
        | Content::U32(_)
        | Content::F32(_)
        | Content::F64(_)
        | Content::Time(_)
        | Content::Bytes(_)
        | Content::Uuid(_) => Ok(()),
        #[cfg(feature = "decimal")]
        Content::Decimal(_) => Ok(()),
    }
}

fn check_year(year: i32) -> Result<()> {
    if (1..=9999).contains(&year) {
        Ok(())
    } else {
        Err(Error::invalid(format!("the year {year} is not between 1 and 9999")))
    }
}

/// A value for SQL of the caller's own, which may be of more types than a column: as one of those
/// that both databases hold.
///
/// # Errors
/// As [`normalize`], and `InvalidInput` for a `u64` beyond the range of `i64`.
pub(crate) fn parameter(value: Value) -> Result<Value> {
    let mut value = match value {
        Value::BigUnsigned(number) => {
            let number = number.map(i64::try_from).transpose();
            Value::BigInt(number.map_err(|_| {
                Error::invalid("the number is beyond 2^63-1, the largest that databases hold")
            })?)
        }
        Value::Char(character) => Value::String(character.map(String::from)),
        Value::ChronoDateTimeWithTimeZone(time) => {
            Value::ChronoDateTimeUtc(time.map(|time| time.to_utc()))
        }
        Value::ChronoDateTimeLocal(time) => {
            Value::ChronoDateTimeUtc(time.map(|time| time.to_utc()))
        }
        value => text_of_enum(value),
    };
    normalize(&mut value)?;
    Ok(value)
}

/// Refuses U+0000, which Postgres cannot hold in text or JSON.
pub(crate) fn check_text(text: &str) -> Result<()> {
    if text.as_bytes().contains(&0) {
        return Err(Error::invalid(
            "the text has a NUL character (U+0000), which Postgres cannot store: replace it",
        ));
    }
    Ok(())
}

/// Refuses what could not be read back from the JSON of a row, whatever the backend.
fn check_json(document: &JsonValue, levels: usize) -> Result<()> {
    if let Some(message) = document.get(REFUSED).and_then(JsonValue::as_str) {
        return Err(Error::invalid(message));
    }
    let below = || {
        levels.checked_sub(1).ok_or_else(|| {
            Error::invalid(format!(
                "the JSON is nested deeper than {DEEPEST_JSON} arrays and objects, which could not \
                 be read back: keep the inner ones as text, or in rows of their own"
            ))
        })
    };
    match document {
        JsonValue::String(text) => check_text(text),
        JsonValue::Array(items) => {
            let below = below()?;
            items.iter().try_for_each(|item| check_json(item, below))
        }
        JsonValue::Object(members) => {
            let below = below()?;
            members.iter().try_for_each(|(key, item)| {
                check_text(key)?;
                check_json(item, below)
            })
        }
        // With the feature `arbitrary_precision` of serde_json a number may be any.
        JsonValue::Number(number) if !number.as_f64().is_some_and(f64::is_finite) => {
            Err(Error::invalid("the JSON has a number beyond the range of `f64`"))
        }
        JsonValue::Null | JsonValue::Bool(_) | JsonValue::Number(_) => Ok(()),
    }
}

/// Refuses a key that no URL has room for: its row could be stored, and never be asked for, changed
/// or deleted over PostgREST.
pub(crate) fn check_key<'v>(values: impl Iterator<Item = &'v Value>) -> Result<()> {
    let texts = values.filter_map(|value| match value {
        Value::String(Some(text)) => Some(url_length(text)),
        _ => None,
    });
    let length: usize = texts.sum();
    if length <= LONGEST_KEY {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "the key takes {length} bytes in a URL, {LONGEST_KEY} are possible (most signs but letters \
         and digits take three for each of their bytes): take a shorter one, such as a hash of it"
    )))
}

/// How many bytes a text takes in the query of a URL, where it may have to stand in quotation marks.
pub(crate) fn url_length(text: &str) -> usize {
    let length = |byte: u8| match byte {
        b'"' | b'\\' => 6,
        b'-' | b'.' | b'_' | b'~' | b',' | b'(' | b')' | b':' | b'*' => 1,
        byte if byte.is_ascii_alphanumeric() => 1,
        _ => 3,
    };
    text.bytes().map(length).sum()
}

/// A native database enum travels as its text.
pub(crate) fn text_of_enum(value: Value) -> Value {
    match value {
        Value::Enum(value) => Value::String(match value {
            OptionEnum::Some(value) => Some(value.value.into_owned()),
            OptionEnum::None(_) => None,
        }),
        value => value,
    }
}
