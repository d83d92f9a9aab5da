//! Values from the JSON that PostgREST sends.

use crate::{Column, Error, ErrorKind, Kind, Result};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use sea_orm::{JsonValue, Value};
use std::str::FromStr;

/// The value of a column from the JSON that PostgREST sent for it.
///
/// # Errors
/// `SchemaMismatch` when the JSON is of another type.
pub(crate) fn from_json(column: &Column, json: JsonValue) -> Result<Value> {
    parse(column.kind, json).map_err(|error| {
        Error::new(error.kind(), format!("column `{}`: {}", column.name, error.message()))
            .with_hint("give the field a type that holds every value of the column, or the column another type")
    })
}

/// The value of a kind from JSON.
///
/// # Errors
/// As [`from_json`], without the column.
pub(crate) fn parse(kind: Kind, json: JsonValue) -> Result<Value> {
    if json.is_null() {
        return Ok(kind.null());
    }
    let found = found(&json);
    let value = match kind {
        Kind::Bool => json.as_bool().map(Value::from),
        Kind::I8 => integer(&json).map(|value: i8| value.into()),
        Kind::I16 => integer(&json).map(|value: i16| value.into()),
        Kind::I32 => integer(&json).map(|value: i32| value.into()),
        Kind::I64 => integer(&json).map(|value: i64| value.into()),
        Kind::U8 => integer(&json).map(|value: u8| value.into()),
        Kind::U16 => integer(&json).map(|value: u16| value.into()),
        Kind::U32 => integer(&json).map(|value: u32| value.into()),
        Kind::F32 => single(&json).map(Value::from),
        Kind::F64 => json.as_f64().map(Value::from),
        #[cfg(feature = "decimal")]
        Kind::Decimal => decimal(&json).map(Value::from),
        Kind::Text => text(json).map(Value::from),
        Kind::Bytes => json.as_str().and_then(bytes).map(Value::from),
        Kind::Json => Some(Value::Json(Some(Box::new(json)))),
        Kind::Date => parsed(&json).map(|date| Value::ChronoDate(Some(date))),
        Kind::Time => parsed(&json).map(|time| Value::ChronoTime(Some(time))),
        Kind::DateTime => parsed(&json).map(|time| Value::ChronoDateTime(Some(time))),
        Kind::Timestamp => json.as_str().and_then(timestamp).map(Value::from),
        Kind::Uuid => parsed(&json).map(|uuid| Value::Uuid(Some(uuid))),
        // Some types of the server have JSON of their own: shapes, arrays of composite types.
        Kind::Opaque => Some(text(json.clone()).unwrap_or_else(|| json.to_string()).into()),
        Kind::Array(kind) => match json {
            JsonValue::Array(elements) => {
                let elements = elements.into_iter().map(|element| {
                    parse(*kind, element).map(|element| super::to_json(&element)).map_err(|error| {
                        Error::new(error.kind(), format!("an element: {}", error.message()))
                    })
                });
                Some(JsonValue::Array(elements.collect::<Result<_>>()?).into())
            }
            _ => None,
        },
    };
    value.ok_or_else(|| {
        Error::new(ErrorKind::SchemaMismatch, format!("{} expected, {found} found", expected(kind)))
    })
}

/// What the JSON is, without the value itself.
fn found(json: &JsonValue) -> &'static str {
    match json {
        JsonValue::Null => "null",
        JsonValue::Bool(_) => "a boolean",
        JsonValue::Number(number) if number.is_f64() => "a number with a fraction",
        JsonValue::Number(_) => "a number",
        JsonValue::String(_) => "text",
        JsonValue::Array(_) => "an array",
        JsonValue::Object(_) => "an object",
    }
}

/// What JSON a value of this kind is read from, for messages.
const fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "a boolean",
        Kind::I8 => "a whole number that fits `i8`",
        Kind::I16 => "a whole number that fits `i16`",
        Kind::I32 => "a whole number that fits `i32`",
        Kind::I64 => "a whole number that fits `i64`",
        Kind::U8 => "a whole number that fits `u8`",
        Kind::U16 => "a whole number that fits `u16`",
        Kind::U32 => "a whole number that fits `u32`",
        Kind::F32 => "a number that fits `f32`",
        Kind::F64 => "a number",
        #[cfg(feature = "decimal")]
        Kind::Decimal => "a number of at most 28 digits",
        Kind::Text => "text",
        Kind::Bytes => "bytes as text (`\\x…`)",
        Kind::Json => "JSON",
        Kind::Date => "a date (`2026-01-31`)",
        Kind::DateTime => "a time without offset (`2026-01-31T12:00:00`)",
        Kind::Timestamp => "a time with offset (`2026-01-31T12:00:00+00:00`)",
        Kind::Uuid => "a UUID",
        Kind::Time => "a time of day (`12:00:00`)",
        Kind::Opaque => "text",
        Kind::Array(_) => "an array",
    }
}

fn integer<T: TryFrom<i64>>(json: &JsonValue) -> Option<T> {
    json.as_i64().and_then(|number| T::try_from(number).ok())
}

/// The nearest one: Postgres writes the shortest number that is nearest to what it holds.
fn single(json: &JsonValue) -> Option<f32> {
    json.as_number()?.to_string().parse().ok().filter(|number: &f32| number.is_finite())
}

/// From text, or from a number whose digits are all there.
#[cfg(feature = "decimal")]
fn decimal(json: &JsonValue) -> Option<rust_decimal::Decimal> {
    match json {
        JsonValue::String(text) => decimal_of_digits(text),
        JsonValue::Number(number) if !number.is_f64() => decimal_of_digits(&number.to_string()),
        _ => None,
    }
}

/// The number that has these digits: none but zeros at their end is dropped.
#[cfg(feature = "decimal")]
pub(crate) fn decimal_of_digits(digits: &str) -> Option<rust_decimal::Decimal> {
    let digits = match digits.split_once('.') {
        Some(_) => digits.trim_end_matches('0').trim_end_matches('.'),
        None => digits,
    };
    rust_decimal::Decimal::from_str_exact(digits).ok().map(|number| number.normalize())
}

fn text(json: JsonValue) -> Option<String> {
    if let JsonValue::String(text) = json { Some(text) } else { None }
}

fn parsed<T: FromStr>(json: &JsonValue) -> Option<T> {
    json.as_str().and_then(|text| text.parse().ok())
}

/// Bytes in one of the two forms of Postgres (`bytea_output`): `\x` and digits, or text with `\\` and
/// `\ooo` in it.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let Some(digits) = text.strip_prefix("\\x") else { return bytes_of_escapes(text) };
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            (pair.len() == 2).then(|| u8::from_str_radix(pair, 16).ok()).flatten()
        })
        .collect()
}

fn bytes_of_escapes(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => return Some(bytes),
            [b'\\', b'\\', rest @ ..] => {
                bytes.push(b'\\');
                rest
            }
            [b'\\', octal @ ..] => {
                let (digits, rest) = octal.split_at_checked(3)?;
                let digits = std::str::from_utf8(digits).ok()?;
                bytes.push(u8::from_str_radix(digits, 8).ok()?);
                rest
            }
            [byte, rest @ ..] => {
                bytes.push(*byte);
                rest
            }
        };
    }
}

/// A time as Postgres writes it in the time zone of the session: `9999-12-31T23:00:00Z` is
/// `10000-01-01T01:00:00+02:00` there, offsets before the time of railways have seconds, and the
/// first hours of year 1 may be in the year before it (`0001-12-31T19:03:58-04:56:02 BC`).
fn timestamp(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let (text, is_before_christ) = match text.strip_suffix(" BC") {
        Some(text) => (text, true),
        None => (text, false),
    };
    let (date, rest) = text.split_once('T')?;
    let sign = rest.find(['+', '-'])?;
    let (time, offset) = rest.split_at(sign);

    let mut parts = date.splitn(3, '-');
    let mut part = || parts.next()?.parse::<u32>().ok();
    let (year, month, day) = (part()?, part()?, part()?);
    let year = i32::try_from(year).ok()?;
    let year = if is_before_christ { 1 - year } else { year };
    let date = NaiveDate::from_ymd_opt(year, month, day)?;
    let time: NaiveTime = time.parse().ok()?;

    let mut parts = offset.get(1..)?.splitn(3, ':');
    let mut part = || parts.next().map_or(Some(0), |text| text.parse::<i64>().ok());
    let seconds = part()? * 3_600 + part()? * 60 + part()?;
    let seconds = if offset.starts_with('-') { -seconds } else { seconds };
    date.and_time(time).and_utc().checked_sub_signed(TimeDelta::try_seconds(seconds)?)
}

#[cfg(test)]
mod tests {
    use super::{bytes, timestamp};

    #[test]
    fn times_in_the_form_of_any_session() {
        for (text, utc) in [
            ("2026-07-01T02:00:00.1+02:00", "2026-07-01T00:00:00.100+00:00"),
            ("0001-01-01T00:19:32+00:19:32", "0001-01-01T00:00:00+00:00"),
            ("0001-12-31T19:03:58-04:56:02 BC", "0001-01-01T00:00:00+00:00"),
            ("10000-01-01T13:59:59.999999+14:00", "9999-12-31T23:59:59.999999+00:00"),
            ("2026-07-01T02:00:00+02", "2026-07-01T00:00:00+00:00"),
        ] {
            assert_eq!(
                timestamp(text).map(|time| time.to_rfc3339()).as_deref(),
                Some(utc),
                "{text}"
            );
        }
        for text in
            ["infinity", "-infinity", "", "2026-07-01", "2026-07-01T02:00:00", "T+", "1-1-1T1+x"]
        {
            assert_eq!(timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn bytes_in_both_forms() {
        for (text, expected) in [
            (r"\x", Some(vec![])),
            (r"\x00fF", Some(vec![0, 255])),
            ("", Some(vec![])),
            (r"a\\x41\000\377", Some(b"a\\x41\x00\xff".to_vec())),
            (r"\x0", None),
            (r"\xgg", None),
            (r"\9", None),
            (r"\400", None),
            (r"a\", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }

    #[cfg(feature = "decimal")]
    #[test]
    fn digits_that_no_decimal_has_are_none() {
        assert_eq!(
            super::decimal_of_digits("1.50000000000000000000000000000000000000"),
            Some(rust_decimal::Decimal::new(15, 1))
        );
        assert_eq!(super::decimal_of_digits("100"), Some(rust_decimal::Decimal::ONE_HUNDRED));
        assert_eq!(super::decimal_of_digits("158456325028528675187087900670"), None);
        assert_eq!(super::decimal_of_digits("79228162514264337593543950335.1"), None);
        assert_eq!(super::decimal_of_digits("NaN"), None);
    }
}
