//! What the remote has taken leaves the outbox, and what depends on it hears of it.

use super::relations::Relations;
use super::transaction::{Transaction, internal};
use crate::failover::environment::Moment;
use crate::failover::remote::Applied;
use crate::failover::rules::batches::{Batch, Item};
use crate::failover::rules::entry::{Base, EntryKind, Version};
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::{RawRow, Result, Table, value};
use rusqlite::types::Value as Stored;
use sea_orm::Value;
use serde_json::Value as Json;
use std::collections::{BTreeSet, HashSet};

impl Transaction<'_> {
    /// Takes the entries with these sequences, of a batch that the remote has made, out of the
    /// outbox. `is_ignored`: the remote had some of the rows already, which have to be fetched.
    pub(crate) fn acknowledge(
        &mut self,
        relations: &Relations,
        batch: &Batch,
        sequences: &[i64],
        is_ignored: bool,
    ) -> Result<()> {
        let accepted: HashSet<i64> = sequences.iter().copied().collect();
        let accepted = || batch.items.iter().filter(|item| accepted.contains(&item.entry.sequence));
        for item in accepted().filter(|item| item.entry.kind == EntryKind::Delete) {
            self.forget_moot(item.entry.sequence, &item.entry.row)?;
        }
        let mut removed = self.remove(sequences)?;
        let accepted_refs: BTreeSet<&str> = accepted()
            .filter(|item| item.entry.kind.creates())
            .filter_map(|item| removed.get(&item.entry.sequence))
            .map(|removed| removed.refs.as_str())
            .filter(|refs| *refs != "[]")
            .collect();
        for refs in accepted_refs {
            self.parents_are_there(refs)?;
        }
        let late = self.late_columns(&batch.table)?;
        for item in accepted() {
            let removed = removed.remove(&item.entry.sequence);
            let local_key = removed.map(|removed| removed.local_key);
            let row = &item.entry.row;
            self.remember(row)?;
            if is_ignored || self.lacks_columns(relations, item, late)? {
                self.doubt(row, local_key.clone())?;
            }
            match (item.entry.kind, local_key) {
                (EntryKind::Delete, Some(local_key)) => {
                    self.cascade_again(relations, row, local_key)?;
                }
                (kind, _) if kind.creates() => {
                    self.parent_came(row)?;
                }
                _ => {}
            }
        }
        if late.is_some() {
            self.columns_have_come(&batch.table)?;
        }
        Ok(())
    }

    /// Whether an entry brought a row without columns that another entity has, or changed one that the
    /// file had before it: what the remote has in them is not known.
    fn lacks_columns(&self, relations: &Relations, item: &Item, late: Option<i64>) -> Result<bool> {
        if !item.entry.kind.creates() {
            let is_update = item.entry.kind != EntryKind::Delete;
            return Ok(is_update && late.is_some_and(|late| item.entry.sequence <= late));
        }
        let given: Vec<String> = serde_json::from_str(&item.entry.columns).map_err(internal)?;
        let known =
            given.len() + item.entry.made.iter().filter(|made| !given.contains(made)).count();
        Ok(self.columns_in_use(relations, &item.entry.row.table)? > known)
    }

    /// A delete takes children along at the remote that came to the file after it.
    fn cascade_again(
        &mut self,
        relations: &Relations,
        row: &RowName,
        local_key: Stored,
    ) -> Result<()> {
        if self.has_entry(row)? {
            // The row is back by a later entry, and its children with it.
            return Ok(());
        }
        let all = self.below_row(relations, row, local_key, usize::MAX)?;
        let elsewhere = self.below_entries(relations, &all, usize::MAX)?;
        for below in all {
            if self.has_entry(&below.row)? {
                continue;
            }
            if elsewhere.contains(&below.row) {
                self.doubt(&below.row, Some(below.local_key().clone()))?;
            } else {
                self.remove_below(relations, &below)?;
                self.remember(&below.row)?;
            }
        }
        Ok(())
    }

    fn base_after(&self, row: &RowName, last: i64) -> Result<Option<(i64, Base)>> {
        let sql = "select sequence, base from chronicle_outbox \
            where table_name = ?1 and row_key = ?2 and sequence > ?3 order by sequence limit 1";
        let next = self.first(sql, (row.table.as_str(), row.key.as_str(), last), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?))
        })?;
        let Some((sequence, Some(base))) = next else { return Ok(None) };
        Ok(Some((sequence, serde_json::from_str(&base).map_err(internal)?)))
    }

    /// What the next entry of each row is based on is known now: what the remote has stored. Where
    /// there is none, the file's row gets it, unless another answer about it has come since the request left,
    /// when the file's last write had the number `since`: which of both the remote has made last, nobody knows.
    pub(crate) fn pass_versions_on(
        &mut self,
        relations: &Relations,
        batch: &Batch,
        (applied, since): (&Applied, i64),
        known: Option<&'static Table>,
    ) -> Result<()> {
        if batch.kind == EntryKind::Delete {
            return batch.items.iter().try_for_each(|item| {
                self.pass_on(&item.entry.row, last_of(item), Version::Absent)
            });
        }
        let columns = batch.columns_to_read();
        if columns.is_empty() {
            return Ok(());
        }
        for (at, item) in batch.items.iter().enumerate() {
            let key = item.entry.row.key.texts();
            let is_of_it = |row: &&RawRow| is_of_key(row, &item.entry.key_columns, &key);
            // Rows come in the order in which they were sent, mostly.
            let stored = applied.rows.get(at).filter(is_of_it);
            let stored = stored.or_else(|| applied.rows.iter().find(is_of_it));
            if let Some(column) = batch.version_column() {
                let version = Version::Stored(stored.and_then(|row| text_of(row, column)));
                self.rebase_letters(&item.entry.row, &version)?;
                self.pass_on(&item.entry.row, last_of(item), version)?;
            }
            if self.is_newer(&item.entry.row, since)? {
                let local_key = self.local_key_of(item)?;
                self.doubt(&item.entry.row, local_key)?;
            } else if self.has_entry_after(item)? {
                if !item.entry.made.is_empty() {
                    self.store_made(relations, item, &item.entry.made, stored, known)?;
                }
            } else {
                self.store_made(relations, item, &columns, stored, known)?;
            }
        }
        Ok(())
    }

    fn has_entry_after(&self, item: &Item) -> Result<bool> {
        let sql = "select 1 from chronicle_outbox \
            where table_name = ?1 and row_key = ?2 and sequence > ?3 limit 1";
        let row = &item.entry.row;
        self.exists(sql, (row.table.as_str(), row.key.as_str(), last_of(item)))
    }

    fn local_key_of(&self, item: &Item) -> Result<Option<Stored>> {
        let sql = "select local_key from chronicle_outbox where sequence = ?1";
        self.first(sql, [item.entry.sequence], |row| row.get(0))
    }

    /// Gives the file's row what the remote has stored in these columns, but for what a later entry
    /// sets; it is fetched where that is not known.
    fn store_made(
        &mut self,
        relations: &Relations,
        item: &Item,
        columns: &[String],
        stored: Option<&RawRow>,
        known: Option<&'static Table>,
    ) -> Result<()> {
        let local_key = self.local_key_of(item)?;
        let key = match (known, &local_key) {
            (Some(table), Some(key)) => super::local_key::to_key(table, key),
            _ => None,
        };
        let (Some(table), Some(stored), Some(key)) = (known, stored, key) else {
            return self.doubt(&item.entry.row, local_key);
        };
        let mut assignments = Vec::with_capacity(columns.len());
        for name in columns {
            let at = table.columns.iter().position(|column| column.name == name);
            let (Some(at), Some(json)) = (at, stored.get(name)) else {
                return self.doubt(&item.entry.row, local_key);
            };
            let column = &table.columns[at];
            match value::from_json(column, json.clone()) {
                Ok(value) if !column.is_formed() || value::is_null(&value) => {
                    assignments.push((at, value));
                }
                _ => return self.doubt(&item.entry.row, local_key),
            }
        }
        let later = self.set_after(&item.entry.row, last_of(item))?;
        self.mirror_columns(relations, table, &key, assignments, &later).map(drop)
    }

    /// The columns that the entries of a row after this one set.
    fn set_after(&self, row: &RowName, sequence: i64) -> Result<Vec<String>> {
        let sql = "select column_names from chronicle_outbox \
            where table_name = ?1 and row_key = ?2 and sequence > ?3";
        let lists = self.list(sql, (row.table.as_str(), row.key.as_str(), sequence), |row| {
            row.get::<_, String>(0)
        })?;
        let mut columns = Vec::new();
        for list in lists {
            columns.extend(serde_json::from_str::<Vec<String>>(&list).map_err(internal)?);
        }
        Ok(columns)
    }

    /// The next entry of a row is based on what a refused one was based on, which it does not wait for.
    pub(crate) fn pass_base_on(&mut self, sequence: i64) -> Result<()> {
        let sql =
            "select table_name, row_key, kind, base from chronicle_outbox where sequence = ?1";
        let refused = self.first(sql, [sequence], |row| {
            let name = RowName::new(TableName::stored(row.get(0)?), RowKey::stored(row.get(1)?));
            Ok((name, row.get::<_, String>(2)?, row.get::<_, Option<String>>(3)?))
        })?;
        let Some((row, kind, base)) = refused else { return Ok(()) };
        let base: Option<Base> =
            base.map(|base| serde_json::from_str(&base)).transpose().map_err(internal)?;
        let version = match base {
            Some(base) => base.version,
            None if EntryKind::named(&kind).is_some_and(EntryKind::creates) => Version::Absent,
            None => return Ok(()),
        };
        self.pass_on(&row, sequence, version)
    }

    /// A row that the remote has changed for this file: refused changes of it that hold nobody are of that
    /// one now.
    pub(super) fn rebase_letters(&self, row: &RowName, version: &Version) -> Result<()> {
        if self.counts.refused == 0 {
            return Ok(());
        }
        let sql = "update chronicle_outbox set base = json_set(base, '$.version', json(?3), '$.is_seen', 1) \
            where table_name = ?1 and row_key = ?2 and reason is not null and released = 1 \
            and base is not null";
        let version = serde_json::to_string(version).map_err(internal)?;
        self.execute(sql, (row.table.as_str(), row.key.as_str(), version)).map(drop)
    }

    /// The rows of a table with refused changes that hold nobody; some of them, where they are many.
    pub(crate) fn released_letters(&self, table: &'static Table) -> Result<HashSet<RowName>> {
        if self.counts.refused == 0 {
            return Ok(HashSet::new());
        }
        let name = TableName::of(table);
        let sql = "select row_key from chronicle_outbox \
            where table_name = ?1 and reason is not null and released = 1 limit 500";
        let keys = self.list(sql, [name.as_str()], |row| row.get(0))?;
        Ok(keys.into_iter().map(|key| RowName::new(name.clone(), RowKey::stored(key))).collect())
    }

    /// Rows as the remote has given them to somebody who asked: refused changes of them that hold nobody are
    /// of these versions now.
    pub(crate) fn note_seen(
        &self,
        table: &'static Table,
        rows: &[Vec<Value>],
        since: i64,
    ) -> Result<()> {
        let Some(at) = table.updated_at else { return Ok(()) };
        for row in rows {
            let named = RowName::of_values(table, row);
            if !self.is_newer(&named, since)? {
                let version = (!value::is_null(&row[at])).then(|| value::to_text(&row[at]));
                self.rebase_letters(&named, &Version::Stored(version))?;
            }
        }
        Ok(())
    }

    fn pass_on(&mut self, row: &RowName, last: i64, version: Version) -> Result<()> {
        let Some((sequence, mut base)) = self.base_after(row, last)? else { return Ok(()) };
        if base.version != Version::OfEntryBefore {
            return Ok(());
        }
        base.version = version;
        let base = serde_json::to_string(&base).map_err(internal)?;
        self.execute("update chronicle_outbox set base = ?2 where sequence = ?1", (sequence, base))
            .map(drop)
    }

    /// Whether something is to be looked at, tried or asked for, besides what is sent.
    pub(crate) fn is_upkeep_due(&self, now: Moment) -> Result<bool> {
        if self.is_rework_due()? {
            return Ok(true);
        }
        if self.counts.refused == 0 {
            return Ok(false);
        }
        let sql = "select 1 from chronicle_outbox indexed by chronicle_outbox_checked \
            where reason is not null and released = 0 and try_at between ?1 and ?2 limit 1";
        for due in super::letters::due(now) {
            if self.exists(sql, due)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The last entry of a row that goes with an item.
fn last_of(item: &Item) -> i64 {
    item.sequences().last().unwrap_or(item.entry.sequence)
}

/// Whether a row of the remote's answer is the one with this key, whose texts are in the order of the
/// columns. Times are written in several ways.
pub(crate) fn is_of_key(row: &RawRow, columns: &[String], key: &[String]) -> bool {
    let time = |text: &str| chrono::DateTime::parse_from_rfc3339(text).ok();
    let local = |text: &str| text.parse::<chrono::NaiveDateTime>().ok();
    columns.len() == key.len()
        && columns.iter().zip(key).all(|(column, key)| {
            text_of(row, column).is_some_and(|text| {
                text == *key
                    || (time(&text).is_some() && time(&text) == time(key))
                    || (local(&text).is_some() && local(&text) == local(key))
            })
        })
}

/// A value of the remote's answer as text, as a key or a version is compared; nothing for NULL.
pub(crate) fn text_of(row: &RawRow, column: &str) -> Option<String> {
    match row.get(column)? {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
