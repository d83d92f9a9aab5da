//! [`NewEntry`]: what a write to the file puts into the outbox for one row.

use super::{TouchedRow, internal};
use crate::failover::entry::{Base, EntryKind, RowName};
use crate::{Result, Table, value};
use sea_orm::Value;

/// An entry before it is in the outbox.
pub(super) struct NewEntry {
    pub(super) row: RowName,
    pub(super) local_key: Value,
    pub(super) kind: EntryKind,
    /// Whether the file had no such row before.
    pub(super) brings_row: bool,
    pub(super) columns: String,
    pub(super) body: String,
    pub(super) parents: Vec<RowName>,
    pub(super) base: Option<Base>,
}

impl NewEntry {
    pub(super) fn bytes(&self) -> u64 {
        (self.body.len() + self.columns.len() + self.row.0.len() + self.row.1.len()) as u64
    }
}

pub(super) fn inserted(table: &'static Table, kind: EntryKind, row: &[Value]) -> Result<NewEntry> {
    new_entry(table, kind, row[table.key].clone(), row.iter().enumerate())
}

pub(super) fn updated(
    table: &'static Table,
    row: TouchedRow,
    assignments: &[(usize, Value)],
) -> Result<NewEntry> {
    let values = assignments.iter().map(|(at, value)| (*at, value));
    let mut entry = new_entry(table, EntryKind::Update, row.key, values)?;
    // Those that it refers to from now on, and those that it referred to.
    for parent in row.parents {
        if !entry.parents.contains(&parent) {
            entry.parents.push(parent);
        }
    }
    Ok(NewEntry { base: row.base, ..entry })
}

/// What tells an entity from its earlier and later versions: the names of its columns.
pub(in crate::failover) fn schema_version(table: &'static Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    names.join(",")
}

pub(super) fn deleted(table: &'static Table, row: TouchedRow) -> NewEntry {
    NewEntry {
        row: RowName(table.name.to_owned(), value::to_text(&row.key)),
        local_key: row.key,
        kind: EntryKind::Delete,
        brings_row: false,
        columns: "[]".to_owned(),
        body: String::new(),
        parents: row.parents,
        base: None,
    }
}

fn new_entry<'a>(
    table: &'static Table,
    kind: EntryKind,
    key: Value,
    values: impl Iterator<Item = (usize, &'a Value)> + Clone,
) -> Result<NewEntry> {
    let columns: Vec<&str> = values.clone().map(|(at, _)| table.columns[at].name).collect();
    let body = crate::change::object(table, values.clone());
    let foreign = (table.parents)();
    let parents = values
        .filter(|(_, value)| !value::is_null(value))
        .flat_map(|(at, value)| {
            foreign
                .iter()
                .filter(move |parent| parent.column == table.columns[at].name)
                .map(move |parent| RowName(parent.table.clone(), value::to_text(value)))
        })
        .collect();
    Ok(NewEntry {
        row: RowName(table.name.to_owned(), value::to_text(&key)),
        local_key: key,
        kind,
        brings_row: kind.creates(),
        columns: serde_json::to_string(&columns).map_err(internal)?,
        body: String::from_utf8(body).map_err(internal)?,
        parents,
        base: None,
    })
}
