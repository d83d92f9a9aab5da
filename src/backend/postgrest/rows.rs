//! Rows from JSON, straight into values in the order of the columns.

use crate::{Column, Error, ErrorKind, value};
use sea_orm::{JsonValue, Value};
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use std::cell::RefCell;
use std::fmt;

/// Why an answer could not be decoded.
pub(super) enum Undecodable {
    /// It is no JSON array of objects: PostgREST did not write it, or not to its end.
    Foreign,
    /// A row does not have the columns or types that the entity has.
    Mismatch(Error),
}

/// The rows of an answer, each with the values of `columns`. Further members are passed over.
pub(super) fn decode(
    columns: &[&'static Column],
    body: &[u8],
) -> Result<Vec<Vec<Value>>, Undecodable> {
    let mismatch = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let rows = Rows(Row { columns, mismatch: &mismatch })
        .deserialize(&mut deserializer)
        .and_then(|rows| deserializer.end().map(|()| rows));
    rows.map_err(|_| mismatch.take().map_or(Undecodable::Foreign, Undecodable::Mismatch))
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
    columns: &'a [&'static Column],
    mismatch: &'a RefCell<Option<Error>>,
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
        let fail = |error: Error| {
            *self.mismatch.borrow_mut() = Some(error);
            A::Error::custom("mismatch")
        };
        let mut values: Vec<Option<Value>> = vec![None; self.columns.len()];
        let mut next = 0;
        while let Some(at) = map.next_key_seed(Name { columns: self.columns, next })? {
            let Some(at) = at else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let json: JsonValue = map.next_value()?;
            values[at] = Some(value::from_json(self.columns[at], json).map_err(fail)?);
            next = at + 1;
        }
        values
            .into_iter()
            .zip(self.columns)
            .map(|(value, column)| {
                value.ok_or_else(|| {
                    fail(Error::new(
                        ErrorKind::SchemaMismatch,
                        format!("the server sent no column `{}`", column.name),
                    ))
                })
            })
            .collect()
    }
}

/// The position of the column that a member is for. Members come in the order of the columns, so
/// the one behind the last is tried first.
struct Name<'a> {
    columns: &'a [&'static Column],
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
