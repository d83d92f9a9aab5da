//! What the clients of the simulated processes do.

use super::entities::{self, CHILDREN};
use super::snapshot::{Body, Row};
use crate::Table;
use crate::failover::entry::{EntryKind, RowName};
use crate::filter::{Comparison, Node};
use crate::operation::{Duplicates, OrderTerm, Read, Selection, Target, Write, WriteKind};
use sea_orm::Value;

/// Why the remote will not take a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    /// Its values break a check.
    Poison,
    /// The server never answers it.
    Unanswerable,
}

#[derive(Clone, Debug)]
pub(super) struct WriteCall {
    pub(super) kind: EntryKind,
    /// The rows that it names; of a write by a filter those that its filter is about.
    pub(super) rows: Vec<RowName>,
    /// For a write by a filter: the parent whose children it is for.
    pub(super) children_of: Option<RowName>,
    /// The columns that an update sets.
    pub(super) columns: Vec<&'static str>,
    pub(super) flaw: Flaw,
}

#[derive(Clone, Debug)]
pub(super) enum Operation {
    /// A write, and after which time its caller gives up waiting.
    Write(WriteCall, Option<i64>),
    Get(RowName),
    List(&'static Table),
    Count(&'static Table),
    /// Replays by hand for so many milliseconds, and then drops what is under way.
    Flush(i64),
}

impl WriteCall {
    pub(super) fn value(&self, id: u64) -> i64 {
        if self.flaw == Flaw::Poison { -(id as i64) } else { id as i64 }
    }

    /// Whether it sets the column, where it touches the row.
    pub(super) fn sets(&self, column: &str) -> bool {
        match self.kind {
            EntryKind::Update => self.columns.contains(&column),
            EntryKind::Delete => true,
            _ => true,
        }
    }

    pub(super) fn table(&self) -> &'static Table {
        self.rows.first().map_or(CHILDREN, |row| entities::table(&row.0))
    }

    /// Whether an entry or a request with this body is this call's.
    pub(super) fn wrote(&self, id: u64, kind: EntryKind, body: &Body) -> bool {
        let value = self.value(id);
        kind == self.kind
            && entities::COLUMNS.iter().all(|column| {
                let found = body.get(*column).and_then(serde_json::Value::as_i64);
                let expected = match kind {
                    EntryKind::Delete => None,
                    EntryKind::Update => self.columns.contains(column).then_some(value),
                    _ => Some(value),
                };
                found == expected
            })
    }

    pub(super) fn to_write(&self, id: u64) -> Write {
        let table = self.table();
        let value = self.value(id);
        let target = || match &self.children_of {
            Some(parent) => {
                let column = table.columns.iter().find(|column| column.name == "parent_id");
                Target::Filter(Node::compare(
                    column.expect("children have a parent"),
                    Comparison::Equal,
                    parent.1.clone().into(),
                ))
            }
            None => Target::Key(self.rows[0].1.clone().into()),
        };
        let insert = |duplicates| WriteKind::Insert {
            rows: self
                .rows
                .iter()
                .map(|name| {
                    let parent = entities::parent_of(name).map(|parent| parent.1);
                    super::remote::values(name, &Row { parent, made: value, a: value, b: value })
                })
                .collect(),
            duplicates,
        };
        let kind = match self.kind {
            EntryKind::Insert => insert(Duplicates::Refuse),
            EntryKind::InsertIfAbsent => insert(Duplicates::Ignore),
            EntryKind::Upsert => insert(Duplicates::Replace),
            EntryKind::Update => WriteKind::Update {
                target: target(),
                assignments: table
                    .columns
                    .iter()
                    .enumerate()
                    .filter(|(_, column)| self.columns.contains(&column.name))
                    .map(|(at, _)| (at, Value::from(value)))
                    .collect(),
            },
            EntryKind::Delete => WriteKind::Delete { target: target() },
        };
        Write { table, kind }
    }
}

/// The question that `Repository::get` asks.
pub(super) fn get(row: &RowName) -> Read {
    let table = entities::table(&row.0);
    let filter = Node::compare(table.key_column(), Comparison::Equal, row.1.clone().into());
    Read { limit: Some(1), filter, ..list(table) }
}

pub(super) fn list(table: &'static Table) -> Read {
    Read {
        table,
        selection: Selection::Rows,
        filter: Node::Constant(true),
        order: vec![OrderTerm { column: table.key_column(), descending: false }],
        limit: None,
        offset: 0,
    }
}
