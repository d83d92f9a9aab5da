//! What a table and a row are called in the file: [`TableName`] and [`RowName`].

use crate::key::Key;
use crate::{Table, value};
use sea_orm::Value;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A table by its schema and name, as one text: `orders`, or `shop.orders` where the entity names a
/// schema. A part with a dot or a quote in it stands in double quotes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct TableName(String);

impl TableName {
    pub(crate) fn new(schema: Option<&str>, name: &str) -> Self {
        match schema {
            None => Self(part(name)),
            Some(schema) => Self(format!("{}.{}", part(schema), part(name))),
        }
    }

    pub(crate) fn of(table: &Table) -> Self {
        Self::new(table.schema, table.name)
    }

    /// A name that was read from the file.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The schema, where there is one, and the name.
    pub(crate) fn parts(&self) -> (Option<String>, String) {
        let mut parts = Vec::new();
        let mut rest = self.0.as_str();
        loop {
            let (part, left) = first_part(rest);
            parts.push(part);
            match left {
                Some(left) => rest = left,
                None => break,
            }
        }
        let name = parts.pop().unwrap_or_default();
        (parts.pop(), name)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn part(name: &str) -> String {
    if name.contains(['.', '"']) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}

fn first_part(text: &str) -> (String, Option<&str>) {
    let Some(quoted) = text.strip_prefix('"') else {
        return match text.split_once('.') {
            Some((part, rest)) => (part.to_owned(), Some(rest)),
            None => (text.to_owned(), None),
        };
    };
    let mut part = String::new();
    let mut characters = quoted.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if character != '"' {
            part.push(character);
        } else if matches!(characters.peek(), Some((_, '"'))) {
            part.push('"');
            characters.next();
        } else {
            let rest = quoted.get(at + 1..).unwrap_or_default();
            return (part, rest.strip_prefix('.'));
        }
    }
    (part, None)
}

/// A row by its table and its key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct RowName {
    pub(crate) table: TableName,
    pub(crate) key: RowKey,
}

/// The columns of a row's key as text, as a JSON list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct RowKey(String);

impl RowKey {
    pub(crate) fn of(table: &Table, key: &Key) -> Self {
        Self::of_values(sorted(table, key))
    }

    /// The key of a row of this table.
    pub(crate) fn of_row(table: &Table, row: &[Value]) -> Self {
        match table.key {
            [at] => Self::of_values([&row[*at]]),
            _ => Self::of(table, &table.key_of(row)),
        }
    }

    /// The key with these values, in the order of the names of their columns.
    pub(crate) fn of_values<'v>(values: impl IntoIterator<Item = &'v Value>) -> Self {
        let texts: Vec<String> = values.into_iter().map(value::to_text).collect();
        Self(serde_json::Value::from(texts).to_string())
    }

    /// A key that was read from the file.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The texts of its values, in the order of the names of their columns.
    pub(crate) fn texts(&self) -> Vec<String> {
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    /// Its text: that of the one value, or the list of several.
    pub(crate) fn text(&self) -> String {
        let mut texts = self.texts();
        if texts.len() == 1 { texts.remove(0) } else { self.0.clone() }
    }
}

impl RowName {
    pub(crate) fn new(table: TableName, key: RowKey) -> Self {
        Self { table, key }
    }

    /// The row of `table` with this key.
    pub(crate) fn of(table: &Table, key: &Key) -> Self {
        Self::new(TableName::of(table), RowKey::of(table, key))
    }

    /// The row of `table` with these values.
    pub(crate) fn of_values(table: &Table, values: &[Value]) -> Self {
        Self::new(TableName::of(table), RowKey::of_row(table, values))
    }
}

/// The values of a key, in the order of the names of their columns.
pub(crate) fn sorted<'k>(table: &Table, key: &'k Key) -> Vec<&'k Value> {
    match key.values() {
        [value] => vec![value],
        values => key_order(table).into_iter().filter_map(|place| values.get(place)).collect(),
    }
}

/// The places of a table's key columns among them, by the names of the columns.
pub(crate) fn key_order(table: &Table) -> Vec<usize> {
    let mut places: Vec<usize> = (0..table.key.len()).collect();
    places.sort_unstable_by_key(|place| table.columns[table.key[*place]].name);
    places
}

/// The names of a table's key columns, sorted.
pub(crate) fn key_columns(table: &Table) -> Vec<String> {
    let mut names: Vec<String> = table.key_columns().map(|column| column.name.to_owned()).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_its_schema_and_its_name() {
        for (schema, name) in [
            (None, "orders"),
            (Some("shop"), "orders"),
            (Some("a.b"), "c"),
            (None, "a.b"),
            (Some("q\"q"), ".\"."),
            (None, "\""),
        ] {
            let table = TableName::new(schema, name);
            assert_eq!(table.parts(), (schema.map(str::to_owned), name.to_owned()), "{table}");
        }
        assert_ne!(TableName::new(None, "a.b"), TableName::new(Some("a"), "b"));
    }

    #[test]
    fn a_key_is_a_json_list() {
        let key = RowKey::of_values([&"a\"b".into()]);
        assert_eq!(key.as_str(), r#"["a\"b"]"#);
        assert_eq!(key.text(), "a\"b");
    }
}
