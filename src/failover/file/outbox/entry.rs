//! [`NewEntry`]: an entry before it is in the outbox, and what the columns of its table mean to it.

use crate::failover::file::relations::Relations;
use crate::failover::file::transaction::internal;
use crate::failover::rules::entry::{Base, EntryKind};
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::failover::seam::{self, Mutation};
use crate::{Column, Conflict, Parent, Result, Table, value};
use sea_orm::Value;
use uuid::Uuid;

/// A unique value that a row holds; `None` for any, of a row that the file does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::failover::file) struct Unique {
    pub(in crate::failover::file) column: &'static str,
    pub(in crate::failover::file) value: Option<String>,
}

/// An entry before it is in the outbox.
pub(in crate::failover::file) struct NewEntry {
    pub(in crate::failover::file) row: RowName,
    pub(in crate::failover::file) local_key: Value,
    pub(in crate::failover::file) kind: EntryKind,
    /// Whether the file had no such row before.
    pub(in crate::failover::file) brings_row: bool,
    pub(in crate::failover::file) columns: String,
    pub(in crate::failover::file) body: String,
    pub(in crate::failover::file) refs: Vec<RowName>,
    /// The unique values that it gives its row, and waits for.
    pub(in crate::failover::file) takes: Vec<Unique>,
    /// Those that its row holds before and after it: who takes one of them later waits for it.
    pub(in crate::failover::file) uniques: Vec<Unique>,
    pub(in crate::failover::file) base: Option<Base>,
}

impl NewEntry {
    pub(super) fn bytes(&self) -> i64 {
        let text = self.body.len() + self.columns.len();
        (text + self.row.table.as_str().len() + self.row.key.as_str().len()) as i64
    }
}

/// A row of the file as far as the outbox has to know it.
pub(super) struct Present {
    pub(super) key: Value,
    pub(super) refs: Vec<RowName>,
    pub(super) uniques: Vec<Unique>,
    pub(super) version: Option<String>,
}

/// What tells an entity from its earlier and later versions: a short form of its columns' names.
pub(crate) fn version_of(table: &'static Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    Uuid::new_v5(&Uuid::NAMESPACE_OID, names.join(",").as_bytes()).simple().to_string()
}

/// What the columns of a table mean to the outbox.
pub(super) struct Shape<'r> {
    pub(super) table: &'static Table,
    pub(super) name: TableName,
    pub(super) parents: Vec<Parent>,
    pub(super) uniques: Vec<usize>,
    pub(super) version_column: Option<&'static Column>,
    pub(super) relations: &'r Relations,
}

impl<'r> Shape<'r> {
    pub(super) fn of(table: &'static Table, relations: &'r Relations) -> Self {
        let version_column = table
            .updated_at
            .filter(|_| table.conflict == Conflict::RemoteWins && !seam::breaks(Mutation::NoBase))
            .map(|at| &table.columns[at]);
        Self {
            table,
            name: TableName::of(table),
            parents: relations.of(table),
            uniques: unique_columns(table),
            version_column,
            relations,
        }
    }

    pub(super) fn refs<'v>(
        &self,
        values: impl Iterator<Item = (usize, &'v Value)>,
    ) -> Vec<RowName> {
        Relations::refs(&self.parents, self.table, values)
    }

    pub(super) fn uniques<'v>(
        &self,
        values: impl Iterator<Item = (usize, &'v Value)>,
    ) -> Vec<Unique> {
        uniques_of(self.table, &self.uniques, values)
    }
}

/// The positions of the unique columns besides the key.
pub(in crate::failover::file) fn unique_columns(table: &'static Table) -> Vec<usize> {
    (0..table.columns.len()).filter(|at| *at != table.key && table.columns[*at].unique).collect()
}

pub(in crate::failover::file) fn uniques_of<'v>(
    table: &'static Table,
    columns: &[usize],
    values: impl Iterator<Item = (usize, &'v Value)>,
) -> Vec<Unique> {
    values
        .filter(|(at, value)| columns.contains(at) && !value::is_null(value))
        .map(|(at, value)| Unique {
            column: table.columns[at].name,
            value: Some(value::to_text(value)),
        })
        .collect()
}

pub(super) fn any_unique(table: &'static Table, columns: &[usize]) -> Vec<Unique> {
    columns.iter().map(|at| Unique { column: table.columns[*at].name, value: None }).collect()
}

pub(super) fn extend<T: PartialEq>(list: &mut Vec<T>, more: Vec<T>) {
    for item in more {
        if !list.contains(&item) {
            list.push(item);
        }
    }
}

pub(in crate::failover::file) fn names(rows: &[RowName]) -> Result<String> {
    let names: Vec<(&str, &str)> =
        rows.iter().map(|row| (row.table.as_str(), row.key.as_str())).collect();
    serde_json::to_string(&names).map_err(internal)
}

/// The rows that `names` wrote.
pub(in crate::failover::file) fn named(names: &str) -> Result<Vec<RowName>> {
    let names: Vec<(String, String)> = serde_json::from_str(names).map_err(internal)?;
    let name = |(table, key)| RowName::new(TableName::stored(table), RowKey::stored(key));
    Ok(names.into_iter().map(name).collect())
}

pub(super) fn new_entry<'v>(
    shape: &Shape<'_>,
    kind: EntryKind,
    key: Value,
    values: impl Iterator<Item = (usize, &'v Value)> + Clone,
) -> Result<NewEntry> {
    let columns: Vec<&str> = values.clone().map(|(at, _)| shape.table.columns[at].name).collect();
    let body = crate::change::object(shape.table, values.clone());
    let takes = shape.uniques(values.clone());
    Ok(NewEntry {
        row: RowName::new(shape.name.clone(), RowKey::of(&key)),
        local_key: key,
        kind,
        brings_row: kind.creates(),
        columns: serde_json::to_string(&columns).map_err(internal)?,
        body: String::from_utf8(body).map_err(internal)?,
        refs: shape.refs(values),
        uniques: takes.clone(),
        takes,
        base: None,
    })
}
