//! [`Relations`]: which tables of the file refer to which, by the entities and by the file's own
//! foreign keys.

use super::transaction::Transaction;
use crate::backend::sqlite::{Bound, from_rusqlite, quoted};
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::{Parent, Result, Table, value};
use rusqlite::Connection;
use rusqlite::types::Value as Stored;
use sea_orm::Value;
use std::collections::HashSet;

/// Most rows that are looked through to see whether something waits below one that is to go.
pub(super) const MOST_BELOW: usize = 1_000;

/// A foreign key of one column in the file, to the key of another table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Foreign {
    child: String,
    column: String,
    parent: String,
    on_delete: OnDelete,
}

/// What becomes of rows when the one that they refer to is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnDelete {
    /// They go with it.
    Cascade,
    /// They refer to none then.
    SetNull,
    /// They are in its way.
    Nothing,
}

/// The foreign keys of the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Relations {
    foreign: Vec<Foreign>,
    /// Of each table that is referred to: the name of its key column.
    keys: Vec<(String, String)>,
    /// `pragma schema_version` of the file that they were read from.
    version: i64,
}

/// What keeps a row in the file that the remote does not have, the stronger one last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// It never was at the remote, or refers to such a row.
    Local,
    /// An entry is about it, or refers to it.
    Waits,
}

/// A row that goes with the one that it refers to: its table, its key as the file holds it.
pub(crate) struct Below {
    pub(crate) row: RowName,
    table: String,
    local_key: Stored,
}

impl Below {
    pub(super) const fn local_key(&self) -> &Stored {
        &self.local_key
    }
}

impl Relations {
    pub(crate) fn read(connection: &Connection) -> Result<Self> {
        let version = connection
            .query_row("pragma schema_version", [], |row| row.get(0))
            .map_err(from_rusqlite)?;
        let mut statement = connection
            .prepare_cached(
                "select m.name, f.\"from\", f.\"table\", f.on_delete, f.\"to\", p.name \
                 from sqlite_schema m, pragma_foreign_key_list(m.name) f \
                 left join pragma_table_info(f.\"table\") p on p.pk = 1 \
                 where m.type = 'table' and not exists (\
                   select 1 from pragma_foreign_key_list(m.name) other \
                   where other.id = f.id and other.seq <> f.seq)",
            )
            .map_err(from_rusqlite)?;
        let rows = statement
            .query_map([], |row| {
                let foreign = Foreign {
                    child: row.get(0)?,
                    column: row.get(1)?,
                    parent: row.get(2)?,
                    on_delete: match row.get_ref(3)?.as_str()? {
                        "CASCADE" => OnDelete::Cascade,
                        "SET NULL" => OnDelete::SetNull,
                        _ => OnDelete::Nothing,
                    },
                };
                Ok((foreign, row.get::<_, Option<String>>(4)?, row.get::<_, Option<String>>(5)?))
            })
            .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
            .map_err(from_rusqlite)?;
        let mut relations = Self { version, ..Self::default() };
        for (foreign, to, key) in rows {
            // One that refers to another unique column does not name a row by its key.
            let Some(key) = key.filter(|key| to.as_ref().is_none_or(|to| to == key)) else {
                continue;
            };
            if relations.keys.iter().all(|(table, _)| *table != foreign.parent) {
                relations.keys.push((foreign.parent.clone(), key));
            }
            relations.foreign.push(foreign);
        }
        Ok(relations)
    }

    /// Whether the file's tables are still those that these were read from.
    pub(crate) fn are_of(&self, connection: &Connection) -> Result<bool> {
        let mut statement =
            connection.prepare_cached("pragma schema_version").map_err(from_rusqlite)?;
        let version: i64 = statement.query_row([], |row| row.get(0)).map_err(from_rusqlite)?;
        Ok(version == self.version)
    }

    /// The foreign keys of an entity's table: those of its relations, and those of the file.
    pub(crate) fn of(&self, table: &'static Table) -> Vec<Parent> {
        let mut parents = (table.parents)().to_vec();
        for foreign in self.foreign.iter().filter(|foreign| foreign.child == table.name) {
            let is_known = parents
                .iter()
                .any(|known| (&known.column, &known.table) == (&foreign.column, &foreign.parent));
            if !is_known {
                parents.push(Parent {
                    column: foreign.column.clone(),
                    schema: table.schema.map(str::to_owned),
                    table: foreign.parent.clone(),
                });
            }
        }
        parents
    }

    /// The tables above an entity's, through all levels.
    pub(crate) fn above(&self, table: &'static Table) -> Vec<TableName> {
        let mut found: Vec<(Option<String>, String)> =
            self.of(table).into_iter().map(|parent| (parent.schema, parent.table)).collect();
        let mut at = 0;
        while let Some((schema, name)) = found.get(at).cloned() {
            let above = self.foreign.iter().filter(|foreign| foreign.child == name);
            for parent in above.map(|foreign| (schema.clone(), foreign.parent.clone())) {
                if !found.contains(&parent) {
                    found.push(parent);
                }
            }
            at += 1;
        }
        let names = found.iter().map(|(schema, name)| TableName::new(schema.as_deref(), name));
        names.filter(|name| *name != TableName::of(table)).collect()
    }

    /// A table, and all whose rows refer to it, through all levels.
    pub(crate) fn with_below(&self, table: &'static Table) -> Vec<TableName> {
        let mut found = vec![table.name.to_owned()];
        let mut at = 0;
        while let Some(name) = found.get(at).cloned() {
            for foreign in self.foreign.iter().filter(|foreign| foreign.parent == name) {
                if !found.contains(&foreign.child) {
                    found.push(foreign.child.clone());
                }
            }
            at += 1;
        }
        found.iter().map(|name| TableName::new(table.schema, name)).collect()
    }

    /// The rows that a row's values refer to.
    pub(crate) fn refs<'v>(
        parents: &[Parent],
        table: &'static Table,
        values: impl Iterator<Item = (usize, &'v Value)>,
    ) -> Vec<RowName> {
        let mut refs = Vec::new();
        for (at, value) in values.filter(|(_, value)| !value::is_null(value)) {
            let column = table.columns[at].name;
            for parent in parents.iter().filter(|parent| parent.column == column) {
                let row = RowName::parent(parent, value);
                if !refs.contains(&row) {
                    refs.push(row);
                }
            }
        }
        refs
    }

    /// Of the foreign keys of an entity's table, those by which a delete does this in the file.
    fn that(&self, table: &'static Table, on_delete: OnDelete) -> Vec<Parent> {
        let mut parents = self.of(table);
        parents.retain(|parent| {
            self.foreign.iter().any(|foreign| {
                (foreign.child.as_str(), &foreign.column, &foreign.parent, foreign.on_delete)
                    == (table.name, &parent.column, &parent.table, on_delete)
            })
        });
        parents
    }

    /// The rows whose delete takes along who has these values.
    pub(super) fn cascading_refs<'v>(
        &self,
        table: &'static Table,
        values: impl Iterator<Item = (usize, &'v Value)>,
    ) -> Vec<RowName> {
        Self::refs(&self.that(table, OnDelete::Cascade), table, values)
    }

    /// The rows whose delete leaves who has these values without a reference, each with the column.
    pub(super) fn unlinking_refs<'v>(
        &self,
        table: &'static Table,
        values: impl Iterator<Item = (usize, &'v Value)>,
    ) -> Vec<(usize, RowName)> {
        let parents = self.that(table, OnDelete::SetNull);
        let mut refs = Vec::new();
        for (at, value) in values {
            let row = Self::refs(&parents, table, std::iter::once((at, value)));
            refs.extend(row.into_iter().map(|row| (at, row)));
        }
        refs
    }

    fn key_of<'a>(&'a self, table: &str) -> Option<&'a str> {
        self.keys.iter().find(|(name, _)| name == table).map(|(_, key)| key.as_str())
    }
}

impl Transaction<'_> {
    /// The rows of the file that its foreign keys take along when this row is deleted, through all
    /// levels; at most `most`.
    pub(super) fn below(
        &self,
        relations: &Relations,
        table: &'static Table,
        key: &Value,
        most: usize,
    ) -> Result<Vec<Below>> {
        let row = RowName::of(table, key);
        self.below_row(relations, &row, self.local(key)?, most)
    }

    /// As [`below`](Self::below), by the key as the file holds it.
    pub(super) fn below_row(
        &self,
        relations: &Relations,
        row: &RowName,
        local_key: Stored,
        most: usize,
    ) -> Result<Vec<Below>> {
        let (schema, table) = row.table.parts();
        let mut found: Vec<Below> = Vec::new();
        let mut known = HashSet::from([row.clone()]);
        let mut next: Vec<(String, Stored)> = vec![(table, local_key)];
        while let Some((parent, key)) = next.pop() {
            let children = relations.foreign.iter().filter(|foreign| foreign.parent == parent);
            for foreign in children.filter(|foreign| foreign.on_delete == OnDelete::Cascade) {
                for local_key in self.keys_of_children(relations, foreign, &key, most)? {
                    let row = RowName::new(
                        TableName::new(schema.as_deref(), &foreign.child),
                        RowKey::of(&text_of(&local_key)),
                    );
                    if known.insert(row.clone()) {
                        next.push((foreign.child.clone(), local_key.clone()));
                        found.push(Below { row, table: foreign.child.clone(), local_key });
                    }
                }
            }
            if found.len() >= most {
                break;
            }
        }
        Ok(found)
    }

    /// The keys of the rows that refer by a foreign key to a row, as the file holds them; at most
    /// `most`.
    fn keys_of_children(
        &self,
        relations: &Relations,
        foreign: &Foreign,
        key: &Stored,
        most: usize,
    ) -> Result<Vec<Stored>> {
        // A table without a key of one column cannot be named row by row.
        let Some(key_column) = self.key_column(relations, &foreign.child)? else {
            return Ok(Vec::new());
        };
        let sql = format!(
            "select {key} from {child} where {column} = ?1 limit ?2",
            key = quoted(&key_column),
            child = quoted(&foreign.child),
            column = quoted(&foreign.column),
        );
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.list(&sql, (key, most), |row| row.get(0))
    }

    fn key_column(&self, relations: &Relations, table: &str) -> Result<Option<String>> {
        if let Some(key) = relations.key_of(table) {
            return Ok(Some(key.to_owned()));
        }
        let sql = "select name from pragma_table_info(?1) where pk > 0";
        let mut keys: Vec<String> = self.list(sql, [table], |row| row.get(0))?;
        Ok(keys.pop().filter(|_| keys.is_empty()))
    }

    /// The key as the file holds it.
    pub(super) fn local(&self, key: &Value) -> Result<Stored> {
        let stored = self.first("select ?1", [Bound(key)], |row| row.get(0))?;
        Ok(stored.unwrap_or(Stored::Null))
    }

    /// What the row, or one that would go with it, is needed for.
    pub(crate) fn need_of(
        &self,
        relations: &Relations,
        table: &'static Table,
        key: &Value,
    ) -> Result<Option<Need>> {
        self.need_of_row(relations, &RowName::of(table, key), self.local(key)?)
    }

    /// The same of a row that would go with another one.
    pub(super) fn need_of_below(
        &self,
        relations: &Relations,
        below: &Below,
    ) -> Result<Option<Need>> {
        self.need_of_row(relations, &below.row, below.local_key.clone())
    }

    fn need_of_row(
        &self,
        relations: &Relations,
        row: &RowName,
        local_key: Stored,
    ) -> Result<Option<Need>> {
        let mut need = self.own_need(row)?;
        if need == Some(Need::Waits) {
            return Ok(need);
        }
        let below = self.below_row(relations, row, local_key, MOST_BELOW)?;
        if below.len() >= MOST_BELOW {
            return Ok(Some(Need::Waits));
        }
        for below in &below {
            if need == Some(Need::Waits) {
                break;
            }
            need = need.max(self.own_need(&below.row)?);
        }
        Ok(need)
    }

    pub(super) fn own_need(&self, row: &RowName) -> Result<Option<Need>> {
        let values = (row.table.as_str(), row.key.as_str());
        let waits = "select 1 from chronicle_outbox where table_name = ?1 and row_key = ?2 \
             union all select 1 from chronicle_refs where table_name = ?1 and row_key = ?2";
        if self.counts.rows > 0 && self.exists(waits, values)? {
            return Ok(Some(Need::Waits));
        }
        Ok(self.is_local(row)?.then_some(Need::Local))
    }

    /// The rows of the file that refer to none any more when this row is deleted, or one of those
    /// that go with it.
    pub(super) fn unlinked_by(
        &self,
        relations: &Relations,
        row: &RowName,
        local_key: Stored,
        below: &[Below],
    ) -> Result<Vec<RowName>> {
        let (schema, table) = row.table.parts();
        let below = below.iter().map(|below| (below.table.clone(), below.local_key.clone()));
        let mut unlinked = Vec::new();
        for (parent, key) in std::iter::once((table, local_key)).chain(below) {
            let children = relations.foreign.iter().filter(|foreign| foreign.parent == parent);
            for foreign in children.filter(|foreign| foreign.on_delete == OnDelete::SetNull) {
                let name = TableName::new(schema.as_deref(), &foreign.child);
                let keys = self.keys_of_children(relations, foreign, &key, usize::MAX)?;
                unlinked.extend(
                    keys.iter().map(|key| RowName::new(name.clone(), RowKey::of(&text_of(key)))),
                );
            }
        }
        Ok(unlinked)
    }

    /// Rows that stay when the one that they refer to goes refer to none, as at the remote.
    pub(super) fn unlink(
        &self,
        relations: &Relations,
        table: &str,
        local_key: &Stored,
    ) -> Result<()> {
        let children = relations.foreign.iter().filter(|foreign| foreign.parent == table);
        for foreign in children.filter(|foreign| foreign.on_delete == OnDelete::SetNull) {
            let sql = format!(
                "update {child} set {column} = null where {column} = ?1",
                child = quoted(&foreign.child),
                column = quoted(&foreign.column),
            );
            self.execute(&sql, [local_key])?;
        }
        Ok(())
    }

    /// Removes a row that went with another from the file.
    pub(super) fn remove_below(&self, relations: &Relations, below: &Below) -> Result<()> {
        self.unlink(relations, &below.table, &below.local_key)?;
        let Some(key) = self.key_column(relations, &below.table)? else { return Ok(()) };
        let sql = format!("delete from {} where {} = ?1", quoted(&below.table), quoted(&key));
        self.execute(&sql, [&below.local_key]).map(drop)
    }
}

/// A key of the file as the value whose text names the row: UUIDs are 16 bytes there.
fn text_of(key: &Stored) -> Value {
    match key {
        Stored::Null => Value::String(None),
        Stored::Integer(number) => Value::BigInt(Some(*number)),
        Stored::Real(number) => Value::Double(Some(*number)),
        Stored::Text(text) => Value::String(Some(text.clone())),
        Stored::Blob(bytes) => match sea_orm::prelude::Uuid::from_slice(bytes) {
            Ok(uuid) => Value::Uuid(Some(uuid)),
            Err(_) => Value::Bytes(Some(bytes.clone())),
        },
    }
}
