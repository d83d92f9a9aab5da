//! [`NewEntry`]: an entry before it is in the outbox, and what the columns of its table mean to it.

use crate::failover::file::relations::Relations;
use crate::failover::file::transaction::{Transaction, internal};
use crate::failover::rules::entry::{Base, EntryKind};
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::failover::seam::{self, Mutation};
use crate::key::Key;
use crate::{Column, Conflict, Parent, Result, Table, value};
use sea_orm::Value;
use uuid::Uuid;

/// A unique value that a row holds; `None` for any, of a row that the file does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::failover::file) struct Unique {
    /// The name of its column, or the sorted list of several.
    pub(in crate::failover::file) columns: String,
    pub(in crate::failover::file) value: Option<String>,
}

/// An entry before it is in the outbox.
pub(in crate::failover::file) struct NewEntry {
    pub(in crate::failover::file) row: RowName,
    pub(in crate::failover::file) key: Key,
    pub(in crate::failover::file) kind: EntryKind,
    /// Whether the file had no such row before.
    pub(in crate::failover::file) brings_row: bool,
    pub(in crate::failover::file) columns: String,
    pub(in crate::failover::file) body: String,
    /// Those of the columns that it adds to.
    pub(in crate::failover::file) added: Vec<&'static str>,
    pub(in crate::failover::file) refs: Vec<RowName>,
    /// The unique values that it gives its row, and waits for.
    pub(in crate::failover::file) takes: Vec<Unique>,
    /// Those that its row holds before and after it: who takes one of them later waits for it.
    pub(in crate::failover::file) uniques: Vec<Unique>,
    pub(in crate::failover::file) base: Option<Base>,
}

impl NewEntry {
    pub(super) fn bytes(&self) -> i64 {
        size(&self.row, &self.columns, &self.body)
    }
}

/// What an entry counts for in the bound of the outbox, in bytes.
pub(in crate::failover::file) fn size(row: &RowName, columns: &str, body: &str) -> i64 {
    (row.table.as_str().len() + row.key.as_str().len() + columns.len() + body.len()) as i64
}

/// A row of the file as far as the outbox has to know it.
pub(super) struct Present {
    pub(super) key: Key,
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
    /// The positions of unique columns: one alone, or several together.
    pub(super) uniques: Vec<Vec<usize>>,
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
            uniques: relations.unique(table),
            version_column,
            relations,
        }
    }

    pub(super) fn uniques<'v>(
        &self,
        values: impl Iterator<Item = (usize, &'v Value)>,
    ) -> Vec<Unique> {
        uniques_of(self.table, &self.uniques, values)
    }
}

/// The unique values among these: of several columns together where all of them are there, and none
/// is NULL.
pub(in crate::failover::file) fn uniques_of<'v>(
    table: &'static Table,
    unique: &[Vec<usize>],
    values: impl Iterator<Item = (usize, &'v Value)>,
) -> Vec<Unique> {
    let values: Vec<(usize, &Value)> = values.filter(|(_, value)| !value::is_null(value)).collect();
    let held = |set: &Vec<usize>| {
        let given = |at: &usize| values.iter().find(|(one, _)| one == at).map(|(_, value)| *value);
        let named = sorted_by_name(table, set);
        let texts = named.iter().map(|at| given(at).map(value::to_text));
        let texts = texts.collect::<Option<Vec<String>>>()?;
        Some(Unique { columns: names_of(table, &named), value: Some(listed(texts)) })
    };
    unique.iter().filter_map(held).collect()
}

pub(super) fn any_unique(table: &'static Table, unique: &[Vec<usize>]) -> Vec<Unique> {
    let any = |set: &Vec<usize>| Unique {
        columns: names_of(table, &sorted_by_name(table, set)),
        value: None,
    };
    unique.iter().map(any).collect()
}

fn sorted_by_name(table: &Table, set: &[usize]) -> Vec<usize> {
    let mut set = set.to_vec();
    set.sort_unstable_by_key(|at| table.columns[*at].name);
    set
}

fn names_of(table: &Table, set: &[usize]) -> String {
    listed(set.iter().map(|at| table.columns[*at].name.to_owned()).collect())
}

/// One text is itself, several are a JSON list.
pub(in crate::failover::file) fn listed(mut texts: Vec<String>) -> String {
    if texts.len() == 1 { texts.remove(0) } else { serde_json::Value::from(texts).to_string() }
}

pub(in crate::failover::file) fn extend<T: PartialEq>(list: &mut Vec<T>, more: Vec<T>) {
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

impl Transaction<'_> {
    /// An entry that sets `values`. With `complete` come the columns that are unique, or a foreign key,
    /// together with one of those.
    pub(super) fn new_entry<'v, 'c>(
        &self,
        shape: &Shape<'_>,
        kind: EntryKind,
        key: &Key,
        values: impl Iterator<Item = (usize, &'v Value)> + Clone,
        complete: impl Iterator<Item = (usize, &'c Value)> + Clone,
    ) -> Result<NewEntry> {
        let columns: Vec<&str> =
            values.clone().map(|(at, _)| shape.table.columns[at].name).collect();
        let body = crate::change::object(shape.table, values);
        let takes = shape.uniques(complete.clone());
        Ok(NewEntry {
            row: RowName::new(shape.name.clone(), RowKey::of(shape.table, key)),
            key: key.clone(),
            kind,
            brings_row: kind.creates(),
            columns: serde_json::to_string(&columns).map_err(internal)?,
            body: String::from_utf8(body).map_err(internal)?,
            added: Vec::new(),
            refs: self.refs(shape.relations, &shape.parents, shape.table, complete)?,
            uniques: takes.clone(),
            takes,
            base: None,
        })
    }
}
