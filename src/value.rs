//! Values on their way to and from a database: the stored form, its text and its JSON.

use crate::{Column, Error, ErrorKind, Kind, Result};
use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use sea_orm::{JsonValue, Value};
#[cfg(feature = "postgrest")]
use std::cmp::Ordering;

/// The present time, cut to whole microseconds as both databases store it.
#[must_use]
pub fn now() -> DateTime<Utc> {
    to_microseconds(Utc::now())
}

/// The time without its nanoseconds. A leap second becomes the second after it.
fn to_microseconds(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}

pub(crate) fn is_null(value: &Value) -> bool {
    match value {
        Value::Bool(value) => value.is_none(),
        Value::TinyInt(value) => value.is_none(),
        Value::SmallInt(value) => value.is_none(),
        Value::Int(value) => value.is_none(),
        Value::BigInt(value) => value.is_none(),
        Value::TinyUnsigned(value) => value.is_none(),
        Value::SmallUnsigned(value) => value.is_none(),
        Value::Unsigned(value) => value.is_none(),
        Value::Double(value) => value.is_none(),
        Value::String(value) => value.is_none(),
        Value::Bytes(value) => value.is_none(),
        Value::Json(value) => value.as_deref().is_none_or(JsonValue::is_null),
        Value::ChronoDate(value) => value.is_none(),
        Value::ChronoDateTime(value) => value.is_none(),
        Value::ChronoDateTimeUtc(value) => value.is_none(),
        Value::Uuid(value) => value.is_none(),
        _ => false,
    }
}

pub(crate) fn unsupported(column: &Column) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!(
            "the type of column `{}` is not one that SQLite and Postgres hold alike",
            column.name
        ),
    )
}

/// Brings a value to the form in which it is stored, so that what `insert` returns is what a later
/// read returns: whole microseconds, JSON `null` as NULL.
///
/// # Errors
/// `InvalidInput` for what one of the databases cannot hold, `Unsupported` for a type that no
/// [`Kind`] names. All else in this file relies on it: every value from a caller comes through here.
pub(crate) fn normalize(value: &mut Value) -> Result<()> {
    let year = match value {
        Value::String(Some(text)) => return check_text(text),
        Value::Json(json) => match json.as_deref() {
            Some(JsonValue::Null) => {
                *json = None;
                return Ok(());
            }
            Some(document) => return check_json(document),
            None => return Ok(()),
        },
        Value::Double(Some(number)) if !number.is_finite() => {
            return Err(Error::invalid(format!("{number} is not a finite number")));
        }
        Value::ChronoDateTimeUtc(Some(time)) => {
            *time = to_microseconds(*time);
            time.year()
        }
        Value::ChronoDateTime(Some(time)) => {
            *time = to_microseconds(time.and_utc()).naive_utc();
            time.year()
        }
        Value::ChronoDate(Some(date)) => date.year(),
        Value::Bool(_)
        | Value::TinyInt(_)
        | Value::SmallInt(_)
        | Value::Int(_)
        | Value::BigInt(_)
        | Value::TinyUnsigned(_)
        | Value::SmallUnsigned(_)
        | Value::Unsigned(_)
        | Value::Double(_)
        | Value::String(_)
        | Value::Bytes(_)
        | Value::ChronoDate(_)
        | Value::ChronoDateTime(_)
        | Value::ChronoDateTimeUtc(_)
        | Value::Uuid(_) => return Ok(()),
        _ => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the type is not one that SQLite and Postgres hold alike: give a number, a text, a \
                 time in UTC, bytes, JSON or a UUID",
            ));
        }
    };
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
        Value::Float(number) => Value::Double(number.map(f64::from)),
        Value::Char(character) => Value::String(character.map(String::from)),
        Value::ChronoDateTimeWithTimeZone(time) => {
            Value::ChronoDateTimeUtc(time.map(|time| time.to_utc()))
        }
        Value::ChronoDateTimeLocal(time) => {
            Value::ChronoDateTimeUtc(time.map(|time| time.to_utc()))
        }
        value => crate::scalar::text_of_enum(value),
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

fn check_json(document: &JsonValue) -> Result<()> {
    match document {
        JsonValue::String(text) => check_text(text),
        JsonValue::Array(items) => items.iter().try_for_each(check_json),
        JsonValue::Object(members) => members.iter().try_for_each(|(key, item)| {
            check_text(key)?;
            check_json(item)
        }),
        JsonValue::Null | JsonValue::Bool(_) | JsonValue::Number(_) => Ok(()),
    }
}

/// The value as plain text: what stands in a PostgREST filter, and in SQLite where it is text.
/// Bytes are in Postgres's `\x` form. NULL is the empty text.
pub(crate) fn to_text(value: &Value) -> String {
    match value {
        Value::Bool(Some(value)) => value.to_string(),
        Value::TinyInt(Some(value)) => value.to_string(),
        Value::SmallInt(Some(value)) => value.to_string(),
        Value::Int(Some(value)) => value.to_string(),
        Value::BigInt(Some(value)) => value.to_string(),
        Value::TinyUnsigned(Some(value)) => value.to_string(),
        Value::SmallUnsigned(Some(value)) => value.to_string(),
        Value::Unsigned(Some(value)) => value.to_string(),
        Value::Double(Some(value)) => value.to_string(),
        Value::String(Some(value)) => value.clone(),
        Value::Bytes(Some(value)) => {
            use std::fmt::Write;
            value.iter().fold("\\x".to_owned(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            })
        }
        Value::Json(Some(value)) => value.to_string(),
        Value::ChronoDate(Some(value)) => value.to_string(),
        Value::ChronoDateTime(Some(value)) => value.format("%Y-%m-%dT%H:%M:%S%.f").to_string(),
        Value::ChronoDateTimeUtc(Some(value)) => {
            value.to_rfc3339_opts(SecondsFormat::AutoSi, false)
        }
        Value::Uuid(Some(value)) => value.to_string(),
        _ => String::new(),
    }
}

/// Appends the value as JSON, in the form that Postgres casts to the column's type.
#[cfg(feature = "postgrest")]
pub(crate) fn write_json(value: &Value, body: &mut Vec<u8>) {
    match value {
        _ if is_null(value) => body.extend_from_slice(b"null"),
        Value::Bool(_)
        | Value::TinyInt(_)
        | Value::SmallInt(_)
        | Value::Int(_)
        | Value::BigInt(_)
        | Value::TinyUnsigned(_)
        | Value::SmallUnsigned(_)
        | Value::Unsigned(_)
        | Value::Double(_) => body.extend_from_slice(to_text(value).as_bytes()),
        // Writing to memory cannot fail, and neither type has a map with keys that are not text.
        Value::Json(Some(document)) => {
            let _ = serde_json::to_writer(body, document);
        }
        Value::String(Some(text)) => {
            let _ = serde_json::to_writer(body, text);
        }
        _ => {
            let _ = serde_json::to_writer(body, &to_text(value));
        }
    }
}

/// The value as JSON, as [`write_json`] writes it.
pub(crate) fn to_json(value: &Value) -> JsonValue {
    match value {
        _ if is_null(value) => JsonValue::Null,
        Value::Bool(Some(value)) => (*value).into(),
        Value::TinyInt(Some(value)) => (*value).into(),
        Value::SmallInt(Some(value)) => (*value).into(),
        Value::Int(Some(value)) => (*value).into(),
        Value::BigInt(Some(value)) => (*value).into(),
        Value::TinyUnsigned(Some(value)) => (*value).into(),
        Value::SmallUnsigned(Some(value)) => (*value).into(),
        Value::Unsigned(Some(value)) => (*value).into(),
        Value::Double(Some(value)) => (*value).into(),
        Value::Json(Some(document)) => (**document).clone(),
        value => to_text(value).into(),
    }
}

/// The value of a column from the JSON that PostgREST sent for it.
///
/// # Errors
/// `SchemaMismatch` when the JSON is of another type.
pub(crate) fn from_json(column: &Column, json: JsonValue) -> Result<Value> {
    let kind = column.kind();
    if json.is_null() {
        return Ok(kind.null());
    }
    let found = match &json {
        JsonValue::Null => "null",
        JsonValue::Bool(_) => "a boolean",
        JsonValue::Number(_) => "a number",
        JsonValue::String(_) => "text",
        JsonValue::Array(_) => "an array",
        JsonValue::Object(_) => "an object",
    };
    let value = match (kind, json) {
        (Kind::Json, json) => Some(Value::Json(Some(Box::new(json)))),
        (Kind::Text, JsonValue::String(text)) => Some(text.into()),
        (Kind::Bool, JsonValue::Bool(value)) => Some(value.into()),
        (Kind::I8, json) => integer(&json).map(|value: i8| value.into()),
        (Kind::I16, json) => integer(&json).map(|value: i16| value.into()),
        (Kind::I32, json) => integer(&json).map(|value: i32| value.into()),
        (Kind::I64, json) => integer(&json).map(|value: i64| value.into()),
        (Kind::U8, json) => integer(&json).map(|value: u8| value.into()),
        (Kind::U16, json) => integer(&json).map(|value: u16| value.into()),
        (Kind::U32, json) => integer(&json).map(|value: u32| value.into()),
        (Kind::F64, json) => json.as_f64().map(Value::from),
        (Kind::Bytes, JsonValue::String(text)) => bytes_of_hex(&text).map(Value::from),
        (Kind::Date, JsonValue::String(text)) => {
            text.parse().ok().map(|date| Value::ChronoDate(Some(date)))
        }
        (Kind::DateTime, JsonValue::String(text)) => {
            text.parse().ok().map(|time| Value::ChronoDateTime(Some(time)))
        }
        (Kind::Timestamp, JsonValue::String(text)) => {
            DateTime::parse_from_rfc3339(&text).ok().map(|time| time.to_utc().into())
        }
        (Kind::Uuid, JsonValue::String(text)) => {
            text.parse().ok().map(|uuid| Value::Uuid(Some(uuid)))
        }
        _ => None,
    };
    value.ok_or_else(|| {
        Error::new(
            ErrorKind::SchemaMismatch,
            format!("column `{}`: {kind:?} expected, {found} found", column.name),
        )
    })
}

fn integer<T: TryFrom<i64>>(json: &JsonValue) -> Option<T> {
    json.as_i64().and_then(|number| T::try_from(number).ok())
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x")?.as_bytes();
    digits
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            (pair.len() == 2).then(|| u8::from_str_radix(pair, 16).ok()).flatten()
        })
        .collect()
}

/// The order of two values of one column, NULL smallest: the order in which both databases sort
/// the [`Ordered`](crate::Ordered) types. Other types compare by their text.
#[cfg(feature = "postgrest")]
pub(crate) fn compare(left: &Value, right: &Value) -> Ordering {
    match (is_null(left), is_null(right)) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Less,
        (false, true) => return Ordering::Greater,
        (false, false) => {}
    }
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::TinyInt(left), Value::TinyInt(right)) => left.cmp(right),
        (Value::SmallInt(left), Value::SmallInt(right)) => left.cmp(right),
        (Value::Int(left), Value::Int(right)) => left.cmp(right),
        (Value::BigInt(left), Value::BigInt(right)) => left.cmp(right),
        (Value::TinyUnsigned(left), Value::TinyUnsigned(right)) => left.cmp(right),
        (Value::SmallUnsigned(left), Value::SmallUnsigned(right)) => left.cmp(right),
        (Value::Unsigned(left), Value::Unsigned(right)) => left.cmp(right),
        (Value::Double(Some(left)), Value::Double(Some(right))) => left.total_cmp(right),
        (Value::ChronoDate(left), Value::ChronoDate(right)) => left.cmp(right),
        (Value::ChronoDateTime(left), Value::ChronoDateTime(right)) => left.cmp(right),
        (Value::ChronoDateTimeUtc(left), Value::ChronoDateTimeUtc(right)) => left.cmp(right),
        (Value::Uuid(left), Value::Uuid(right)) => left.cmp(right),
        _ => to_text(left).cmp(&to_text(right)),
    }
}
