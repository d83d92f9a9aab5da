//! Rows from JSON, straight into values in the order of the columns.

use crate::{Column, Error, ErrorKind, value};
use sea_orm::{JsonValue, Value};
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::fmt;

/// Why an answer could not be decoded.
#[derive(Debug)]
pub(super) enum Undecodable {
    /// It ends before its end.
    CutOff,
    /// It is no JSON array of objects.
    Foreign,
    /// A row does not have the columns or types that the entity has, or has what no value holds.
    Mismatch(Error),
}

impl Undecodable {
    pub(super) fn of(error: &serde_json::Error, mismatch: Option<Error>) -> Self {
        match mismatch {
            _ if error.is_eof() => Self::CutOff,
            Some(mismatch) => Self::Mismatch(mismatch),
            None => Self::Foreign,
        }
    }
}

/// The rows of an answer, each with the values of `columns`. Further members are passed over. `key`
/// is the column that names a row in an error.
pub(super) fn decode(
    columns: &[&Column],
    key: Option<&'static Column>,
    body: &[u8],
) -> Result<Vec<Vec<Value>>, Undecodable> {
    let mismatch = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let rows = Rows(Row { columns, key, mismatch: &mismatch })
        .deserialize(&mut deserializer)
        .and_then(|rows| deserializer.end().map(|()| rows));
    rows.map_err(|error| Undecodable::of(&error, mismatch.take()))
}

struct Rows<'a>(Row<'a>);

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = Vec<Vec<Value>>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = Vec<Vec<Value>>;
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of rows")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = sequence.next_element_seed(self.0)? {
            rows.push(row);
        }
        Ok(rows)
    }
}

#[derive(Clone, Copy)]
struct Row<'a> {
    columns: &'a [&'a Column],
    key: Option<&'static Column>,
    mismatch: &'a RefCell<Option<Error>>,
}

impl Row<'_> {
    /// Which row it is that has these values, where its key is one of them.
    fn name(&self, values: &[Option<Value>]) -> String {
        let key = self.key.and_then(|key| {
            let at = self.columns.iter().position(|column| *column == key)?;
            Some((key.name, value::to_text(values.get(at)?.as_ref()?)))
        });
        key.map(|(name, key)| format!(" (row `{name}` = {key})")).unwrap_or_default()
    }
}

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = Vec<Value>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = Vec<Value>;
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a row")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let note = |error: Error, values: &[Option<Value>]| {
            *self.mismatch.borrow_mut() = Some(error.with_message_end(&self.name(values)));
        };
        let fail = |error: Error, values: &[Option<Value>]| {
            note(error, values);
            A::Error::custom("mismatch")
        };
        let mut values: Vec<Option<Value>> = vec![None; self.columns.len()];
        let mut next = 0;
        while let Some(at) = map.next_key_seed(Name { columns: self.columns, next })? {
            let Some(at) = at else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let column = self.columns[at];
            let json: Result<JsonValue, A::Error> = match column.kind {
                #[cfg(feature = "decimal")]
                crate::Kind::Decimal | crate::Kind::Array(crate::Kind::Decimal) => {
                    map.next_value::<Box<RawValue>>().map(|json| digits(&json))
                }
                // As it is written, to the order of its members.
                crate::Kind::Opaque => map.next_value::<Box<RawValue>>().map(|json| {
                    match json.get().as_bytes().first() {
                        Some(b'[' | b'{') => json.get().into(),
                        _ => serde_json::from_str(json.get()).unwrap_or_default(),
                    }
                }),
                _ => map.next_value(),
            };
            let json = json.inspect_err(|error| note(unreadable(column, error), &values))?;
            let value = value::from_json(column, json).map_err(|error| fail(error, &values))?;
            values[at] = Some(value);
            next = at + 1;
        }
        if let Some(at) = values.iter().position(Option::is_none) {
            let message = format!("the server sent no column `{}`", self.columns[at].name);
            let error = Error::new(ErrorKind::SchemaMismatch, message)
                .with_hint("run the migrations, or update the entity");
            return Err(fail(error, &values));
        }
        Ok(values.into_iter().flatten().collect())
    }
}

/// The JSON with its numbers as texts, so that none of their digits is lost.
#[cfg(feature = "decimal")]
fn digits(json: &RawValue) -> JsonValue {
    let text = json.get();
    match text.as_bytes().first() {
        Some(b'-' | b'0'..=b'9') => text.into(),
        Some(b'[') => match serde_json::from_str::<Vec<Box<RawValue>>>(text) {
            Ok(elements) => elements.iter().map(|element| digits(element)).collect(),
            Err(_) => JsonValue::Null,
        },
        _ => serde_json::from_str(text).unwrap_or_default(),
    }
}

/// The error of a value that is JSON, and more than a document can hold.
fn unreadable(column: &Column, error: &impl fmt::Display) -> Error {
    Error::new(ErrorKind::SchemaMismatch, format!("column `{}` cannot be read: {error}", column.name))
        .with_hint("correct the row: no number may be beyond `f64`, and nothing nested deeper than 125 arrays and objects")
}

/// The position of the column that a member is for. Members come in the order of the columns, so
/// the one behind the last is tried first.
struct Name<'a> {
    columns: &'a [&'a Column],
    next: usize,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<usize>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<usize>;
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a column name")
    }
    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        if self.columns.get(self.next).is_some_and(|column| column.name == name) {
            return Ok(Some(self.next));
        }
        Ok(self.columns.iter().position(|column| column.name == name))
    }
}
