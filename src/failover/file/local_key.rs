//! A key as the file holds it: what its columns hold, in the order of their names. Of one column it
//! is that value; those of several are packed into one, as a JSON list.

use crate::backend::sqlite::{Bound, quoted};
use crate::failover::rules::name::{key_order, sorted};
use crate::key::Key;
use crate::{Result, Table, value};
use rusqlite::types::{ToSqlOutput, Value as Stored};
use sea_orm::Value;
use serde_json::{Value as Json, json};

/// The key of a row of this table.
pub(super) fn of_key(table: &Table, key: &Key) -> Stored {
    let values = sorted(table, key);
    pack(values.into_iter().map(stored).collect())
}

/// The key of a table as values; `None` of one that is none of this entity's.
pub(super) fn to_key(table: &'static Table, key: &Stored) -> Option<Key> {
    let mut values = unpack(key, table.key.len());
    if values.len() != table.key.len() {
        return None;
    }
    let mut decoded: Vec<Option<Value>> = vec![None; table.key.len()];
    for (place, stored) in key_order(table).into_iter().zip(values.drain(..)) {
        let column = &table.columns[table.key[place]];
        let value = crate::backend::sqlite::decode_value(column, &stored).ok()?;
        decoded[place] = Some(value).filter(|value| !value::is_null(value));
    }
    Some(Key::new(decoded.into_iter().collect::<Option<Vec<_>>>()?))
}

pub(super) fn stored(value: &Value) -> Stored {
    match rusqlite::ToSql::to_sql(&Bound(value)) {
        Ok(ToSqlOutput::Owned(stored)) => stored,
        Ok(ToSqlOutput::Borrowed(stored)) => stored.try_into().unwrap_or(Stored::Null),
        _ => Stored::Null,
    }
}

pub(super) fn pack(mut values: Vec<Stored>) -> Stored {
    if values.len() == 1 {
        return values.remove(0);
    }
    let parts: Vec<Json> = values
        .into_iter()
        .map(|value| match value {
            Stored::Null => Json::Null,
            Stored::Integer(number) => number.into(),
            Stored::Real(number) => json!({ "real": number.to_bits() }),
            Stored::Text(text) => text.into(),
            Stored::Blob(bytes) => json!({ "blob": bytes }),
        })
        .collect();
    Stored::Text(Json::from(parts).to_string())
}

/// The values of a key of so many columns; none of what is not such a key.
pub(super) fn unpack(key: &Stored, columns: usize) -> Vec<Stored> {
    match key {
        key if columns == 1 => vec![key.clone()],
        Stored::Text(text) => {
            let parts: Vec<Json> = serde_json::from_str(text).unwrap_or_default();
            parts.into_iter().map(part).collect()
        }
        _ => Vec::new(),
    }
}

fn part(part: Json) -> Stored {
    match part {
        Json::String(text) => Stored::Text(text),
        Json::Number(number) => number.as_i64().map_or(Stored::Null, Stored::Integer),
        Json::Object(typed) => match (typed.get("real"), typed.get("blob")) {
            (Some(bits), _) => {
                bits.as_u64().map_or(Stored::Null, |bits| Stored::Real(f64::from_bits(bits)))
            }
            (_, Some(Json::Array(bytes))) => {
                let byte = |byte: &Json| byte.as_u64().and_then(|byte| u8::try_from(byte).ok());
                Stored::Blob(bytes.iter().filter_map(byte).collect())
            }
            _ => Stored::Null,
        },
        Json::Null | Json::Bool(_) | Json::Array(_) => Stored::Null,
    }
}

/// The row that has a key, as a condition of SQL; its values stand for parameters from `first` on.
pub(super) fn condition<N: AsRef<str>>(columns: &[N], first: usize) -> String {
    let parts = columns.iter().enumerate();
    let parts: Vec<String> = parts
        .map(|(place, column)| format!("{} = ?{}", quoted(column.as_ref()), first + place))
        .collect();
    parts.join(" and ")
}

/// The names in quotes, as a list.
pub(super) fn list<N: AsRef<str>>(columns: &[N]) -> String {
    let names: Vec<String> = columns.iter().map(|column| quoted(column.as_ref())).collect();
    names.join(", ")
}

/// The key from the first columns of a row, which are a table's key columns in the order of their
/// names.
pub(super) fn of_row(row: &rusqlite::Row<'_>, columns: usize) -> rusqlite::Result<Stored> {
    Ok(pack((0..columns).map(|at| row.get(at)).collect::<rusqlite::Result<_>>()?))
}

/// What a JSON text of the remote's is, as the value that a key's column holds.
pub(super) fn of_texts(table: &'static Table, texts: &[String]) -> Result<Option<Key>> {
    if texts.len() != table.key.len() {
        return Ok(None);
    }
    let mut values: Vec<Value> = vec![Value::Bool(None); texts.len()];
    for (place, text) in key_order(table).into_iter().zip(texts) {
        let column = &table.columns[table.key[place]];
        let value = value::from_json(column, text.as_str().into()).or_else(|error| {
            match serde_json::from_str(text) {
                Ok(json) => value::from_json(column, json),
                Err(_) => Err(error),
            }
        });
        let Ok(value) = value else { return Ok(None) };
        values[place] = value;
    }
    Ok(Some(Key::new(values)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_several_columns_are_packed() {
        let values = vec![
            Stored::Integer(i64::MIN),
            Stored::Real(0.1),
            Stored::Text("[1]".to_owned()),
            Stored::Blob(vec![0, 255]),
        ];
        let packed = pack(values.clone());
        assert_eq!(unpack(&packed, values.len()), values);
        let alone = Stored::Text("[1]".to_owned());
        assert_eq!(unpack(&pack(vec![alone.clone()]), 1), [alone]);
    }
}
