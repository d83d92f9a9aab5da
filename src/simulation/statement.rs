//! [`Statement`]: what a request asks of the server, as a copy of its own.

use super::tables;
use crate::change::{Change, ChangeKind};
use crate::failover::rules::name::{RowName, TableName};
use crate::filter::Node;
use crate::operation::{Duplicates, Read, Target, Write, WriteKind};
use crate::{Table, value};
use sea_orm::{JsonValue, Value};

/// A row or a part of one, as JSON.
pub(super) type Row = serde_json::Map<String, JsonValue>;

#[derive(Clone, Debug)]
pub(super) enum Statement {
    Insert {
        table: TableName,
        duplicates: Duplicates,
        /// What else the objects hold is left out by the server.
        columns: Vec<String>,
        rows: Vec<(RowName, Row)>,
    },
    Update {
        target: Rows,
        values: Row,
        /// What is added to columns.
        additions: Row,
        /// What a column must hold.
        condition: Option<(String, Option<String>)>,
    },
    Delete {
        target: Rows,
        condition: Option<(String, Option<String>)>,
    },
    Read(Read),
    Count(Read),
    Fetch(TableName, Vec<RowName>),
    Probe(Option<TableName>),
}

impl Statement {
    /// A short form for people.
    pub(super) fn told(&self) -> String {
        let rows = |rows: &Rows| match rows {
            Rows::Named(_, rows) => rows.iter().map(tables::short).collect::<Vec<_>>().join(" "),
            Rows::Matching(table, node) => format!("{} where {node:?}", table.name),
        };
        let short = |row: &Row| -> String {
            let text = serde_json::to_string(row).unwrap_or_default();
            text.replace("~~~~~~~~", "")
        };
        match self {
            Self::Insert { duplicates, rows, .. } => {
                let rows: Vec<String> = rows.iter().map(|(_, row)| short(row)).collect();
                format!("insert {duplicates:?} {}", rows.join(" "))
            }
            Self::Update { target, values, additions, condition } => {
                let (values, additions) = (short(values), short(additions));
                format!("update {} {values} + {additions} {condition:?}", rows(target))
            }
            Self::Delete { target, condition } => format!("delete {} {condition:?}", rows(target)),
            Self::Read(read) => format!("read {} {:?}", read.table.name, read.offset),
            Self::Count(read) => format!("count {}", read.table.name),
            Self::Fetch(table, rows) => {
                let rows: Vec<String> = rows.iter().map(tables::short).collect();
                format!("fetch {table} {}", rows.join(" "))
            }
            Self::Probe(table) => format!("probe {table:?}"),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Rows {
    Named(TableName, Vec<RowName>),
    Matching(&'static Table, Node),
}

impl Rows {
    pub(super) fn table(&self) -> TableName {
        match self {
            Self::Named(table, _) => table.clone(),
            Self::Matching(table, _) => TableName::of(table),
        }
    }
}

impl Statement {
    /// Whether it is an update, or a change by a condition.
    pub(super) const fn may_find_nothing(&self) -> bool {
        matches!(self, Self::Update { .. } | Self::Delete { condition: Some(_), .. })
    }

    /// The same without the rows at these places; nothing where none is left.
    pub(super) fn without(&self, is_known: &dyn Fn(usize) -> bool) -> Option<Self> {
        fn rest<T: Clone>(all: &[T], is_known: &dyn Fn(usize) -> bool) -> Vec<T> {
            let left = all.iter().enumerate().filter(|(at, _)| !is_known(*at));
            left.map(|(_, one)| one.clone()).collect()
        }
        let mut left = self.clone();
        let is_empty = match &mut left {
            Self::Insert { rows, .. } => {
                *rows = rest(rows, is_known);
                rows.is_empty()
            }
            Self::Update { target: Rows::Named(_, rows), .. }
            | Self::Delete { target: Rows::Named(_, rows), .. } => {
                *rows = rest(rows, is_known);
                rows.is_empty()
            }
            _ => false,
        };
        (!is_empty).then_some(left)
    }

    pub(super) const fn is_read(&self) -> bool {
        matches!(self, Self::Read(_) | Self::Count(_) | Self::Fetch(..) | Self::Probe(_))
    }

    pub(super) fn table(&self) -> Option<TableName> {
        match self {
            Self::Insert { table, .. } | Self::Fetch(table, _) => Some(table.clone()),
            Self::Update { target, .. } | Self::Delete { target, .. } => Some(target.table()),
            Self::Read(read) | Self::Count(read) => Some(TableName::of(read.table)),
            Self::Probe(table) => table.clone(),
        }
    }

    /// The rows that it changes by name, each with what it sets.
    pub(super) fn named(&self) -> Vec<(RowName, Row)> {
        match self {
            Self::Insert { rows, .. } => rows.clone(),
            Self::Update { target: Rows::Named(_, rows), values, .. } => {
                rows.iter().map(|row| (row.clone(), values.clone())).collect()
            }
            Self::Delete { target: Rows::Named(_, rows), .. } => {
                rows.iter().map(|row| (row.clone(), Row::new())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What it adds to columns.
    pub(super) fn additions(&self) -> Row {
        match self {
            Self::Update { additions, .. } => additions.clone(),
            _ => Row::new(),
        }
    }

    /// What the columns are that it sets or inserts.
    pub(super) fn columns(&self) -> Vec<String> {
        match self {
            Self::Insert { columns, .. } => columns.clone(),
            Self::Update { values, .. } => values.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn of_write(write: &Write) -> Self {
        let table = write.table;
        let rows = |target: &Target| match target {
            Target::Key(key) => Rows::Named(TableName::of(table), vec![RowName::of(table, key)]),
            Target::Filter(node) => Rows::Matching(table, node.clone()),
            Target::All => Rows::Matching(table, Node::Constant(true)),
        };
        match &write.kind {
            WriteKind::Insert { rows, duplicates } => Self::Insert {
                table: TableName::of(table),
                duplicates: *duplicates,
                columns: table.columns.iter().map(|column| column.name.to_owned()).collect(),
                rows: rows
                    .iter()
                    .map(|row| {
                        (RowName::of_values(table, row), object(table, row.iter().enumerate()))
                    })
                    .collect(),
            },
            WriteKind::Update { target, assignments, additions } => {
                let values = |all: &[(usize, Value)]| {
                    object(table, all.iter().map(|(at, value)| (*at, value)))
                };
                Self::Update {
                    target: rows(target),
                    values: values(assignments),
                    additions: values(additions),
                    condition: None,
                }
            }
            WriteKind::Delete { target } => Self::Delete { target: rows(target), condition: None },
        }
    }

    pub(super) fn of_change(change: &Change) -> Self {
        let table = TableName::new(change.schema.as_deref(), &change.table);
        let named = |key: &[String]| {
            let mut pairs: Vec<_> = change.key.iter().zip(key).collect();
            pairs.sort();
            let texts = pairs.into_iter().map(|(_, text)| text.clone());
            RowName::new(table.clone(), tables::key_of(texts))
        };
        let rows =
            || Rows::Named(table.clone(), change.keys.iter().map(|key| named(key)).collect());
        let body = change.body().unwrap_or_default();
        let condition = change
            .condition
            .as_ref()
            .map(|(column, value)| (column.clone().into_owned(), value.clone()));
        match change.kind {
            ChangeKind::Insert(duplicates) => {
                let objects: Vec<Row> = serde_json::from_slice(&body).expect("a list of objects");
                let name = |row: &Row| {
                    let texts = change.key.iter().map(|key| row.get(&**key)?.as_str());
                    let texts = texts.map(|text| text.map(str::to_owned));
                    texts.collect::<Option<Vec<_>>>().map(|key| named(&key))
                };
                Self::Insert {
                    duplicates,
                    columns: change.columns.iter().map(ToString::to_string).collect(),
                    rows: objects
                        .into_iter()
                        .map(|row| (name(&row).expect("a key"), row))
                        .collect(),
                    table,
                }
            }
            ChangeKind::Update => {
                let all: Row = serde_json::from_slice(&body).expect("an object");
                let is_added = |name: &String| change.added.iter().any(|added| added == name);
                let (additions, values) = all.into_iter().partition(|(name, _)| is_added(name));
                Self::Update { target: rows(), values, additions, condition }
            }
            ChangeKind::Delete => Self::Delete { target: rows(), condition },
        }
    }
}

fn object<'v>(table: &Table, values: impl Iterator<Item = (usize, &'v Value)>) -> Row {
    values.map(|(at, it)| (table.columns[at].name.to_owned(), value::to_json(it))).collect()
}
