//! What a table and a row are called in the file: [`TableName`] and [`RowName`].

use crate::{Parent, Table, value};
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
    pub(crate) fn of(key: &Value) -> Self {
        Self(serde_json::Value::from(vec![value::to_text(key)]).to_string())
    }

    /// A key that was read from the file.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The first column's text: as long as keys have one column, all of it.
    pub(crate) fn text(&self) -> String {
        serde_json::from_str::<Vec<String>>(&self.0)
            .ok()
            .and_then(|columns| columns.into_iter().next())
            .unwrap_or_default()
    }
}

impl RowName {
    pub(crate) fn new(table: TableName, key: RowKey) -> Self {
        Self { table, key }
    }

    /// The row of `table` with this key.
    pub(crate) fn of(table: &Table, key: &Value) -> Self {
        Self::new(TableName::of(table), RowKey::of(key))
    }

    /// The row of `table` with these values.
    pub(crate) fn of_values(table: &Table, values: &[Value]) -> Self {
        Self::of(table, &values[table.key])
    }

    /// The row that a foreign key refers to.
    pub(crate) fn parent(parent: &Parent, key: &Value) -> Self {
        Self::new(TableName::new(parent.schema.as_deref(), &parent.table), RowKey::of(key))
    }
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
        let key = RowKey::of(&"a\"b".into());
        assert_eq!(key.as_str(), r#"["a\"b"]"#);
        assert_eq!(key.text(), "a\"b");
    }
}
