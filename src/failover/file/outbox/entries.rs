//! Entries come into the outbox, and leave it.

use super::entry::{NewEntry, Shape, named, names, version_of};
use crate::Result;
use crate::failover::environment::Moment;
use crate::failover::file::local_key;
use crate::failover::file::transaction::{Transaction, internal};
use crate::failover::rules::edges::Wait;
use crate::failover::rules::entry::EntryKind;
use crate::failover::rules::name::{RowKey, RowName, TableName, key_columns};
use crate::failover::seam::{self, Met};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The columns that the database makes values of, and those that are added to, which come back when the
/// entry is accepted.
fn made(shape: &Shape<'_>, kind: EntryKind, added: &[&str]) -> Result<String> {
    let own = shape.table.columns.iter().filter(|column| column.is_made());
    let mut names: BTreeSet<&str> = own.map(|column| column.name).collect();
    names.extend(shape.relations.made(&TableName::of(shape.table)).iter().map(String::as_str));
    names.extend(added);
    if kind == EntryKind::Delete {
        names.clear();
    }
    serde_json::to_string(&names).map_err(internal)
}

/// An entry that has left the outbox.
pub(crate) struct Removed {
    pub(crate) row: RowName,
    /// The key of its row as the file holds it.
    pub(crate) local_key: rusqlite::types::Value,
    /// The rows that it referred to, as the outbox has them.
    pub(crate) refs: String,
}

impl Transaction<'_> {
    /// Puts an entry into the outbox, with what it waits for; its sequence.
    pub(super) fn append(
        &mut self,
        shape: &Shape<'_>,
        entry: &NewEntry,
        request: Option<i64>,
        date: Moment,
    ) -> Result<i64> {
        seam::met(if request.is_some() { Met::QueuedSent } else { Met::QueuedNotSent });
        let table = shape.table;
        self.counts.sequence += 1;
        let sequence = self.counts.sequence;
        let mut waits = self.edges(&entry.row, &entry.refs, &entry.takes, sequence)?;
        if entry.kind != EntryKind::Delete {
            let columns: Vec<String> = serde_json::from_str(&entry.columns).map_err(internal)?;
            if shape.relations.is_referred_by(table, |name| columns.iter().any(|one| one == name)) {
                waits.push(Wait::OF_CHILDREN);
            }
        }
        let place = self.place(&entry.row, entry.kind, sequence, &waits, &[])?;
        if place.held {
            seam::met(Met::HeldAtAppend);
        }
        let bytes = entry.bytes();
        let base = entry.base.as_ref().map(serde_json::to_string).transpose().map_err(internal)?;
        let uniques: Vec<(&str, &Option<String>)> =
            entry.uniques.iter().map(|unique| (unique.columns.as_str(), &unique.value)).collect();
        let sql = "insert into chronicle_outbox (sequence, table_name, row_key, local_key, key_columns, kind, \
            column_names, body, made, refs, uniques, base, version, brings_row, bytes, queued_at, waits, waits_for, \
            waits_as, held, alone, request, added, id) \
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)";
        self.execute(
            sql,
            rusqlite::params![
                sequence,
                entry.row.table.as_str(),
                entry.row.key.as_str(),
                local_key::of_key(table, &entry.key),
                serde_json::to_string(&key_columns(table)).map_err(internal)?,
                entry.kind.name(),
                entry.columns,
                entry.body,
                made(shape, entry.kind, &entry.added)?,
                names(&entry.refs)?,
                serde_json::to_string(&uniques).map_err(internal)?,
                base,
                version_of(table),
                entry.brings_row,
                bytes,
                date,
                serde_json::to_string(&waits).map_err(internal)?,
                place.wait.map(|wait| wait.before),
                place.wait.map(|wait| wait.cause.name()),
                place.held,
                place.alone,
                request,
                serde_json::to_string(&entry.added).map_err(internal)?,
                Uuid::now_v7().to_string(),
            ],
        )?;
        let uniques = uniques.into_iter().map(|(columns, value)| (columns, value.as_deref()));
        self.index(sequence, &entry.row.table, &entry.refs, uniques)?;
        self.counts.rows += 1;
        self.counts.bytes += bytes;
        Ok(sequence)
    }

    /// Lets what comes later find an entry by the rows that it refers to and by its unique values.
    pub(in crate::failover::file) fn index<'v>(
        &self,
        sequence: i64,
        table: &TableName,
        refs: &[RowName],
        uniques: impl Iterator<Item = (&'v str, Option<&'v str>)>,
    ) -> Result<()> {
        for parent in refs {
            self.execute(
                "insert or ignore into chronicle_refs (table_name, row_key, sequence) values (?1, ?2, ?3)",
                (parent.table.as_str(), parent.key.as_str(), sequence),
            )?;
        }
        for (columns, value) in uniques {
            self.execute(
                "insert into chronicle_uniques (table_name, column_names, value, sequence) \
                 values (?1, ?2, ?3, ?4)",
                (table.as_str(), columns, value, sequence),
            )?;
        }
        Ok(())
    }

    /// Takes entries out of the outbox; what waits for them is to be looked at.
    pub(crate) fn remove(&mut self, sequences: &[i64]) -> Result<BTreeMap<i64, Removed>> {
        let list = serde_json::to_string(sequences).map_err(internal)?;
        let sql = "delete from chronicle_outbox where sequence in (select value from json_each(?1)) \
            returning sequence, refs, bytes, reason, kind, uniques <> '[]', local_key, table_name, row_key, waits_for";
        let removed = self.list(sql, [&list], |row| {
            Ok((
                (row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?),
                (
                    row.get::<_, Option<String>>(3)?,
                    row.get::<_, String>(4)?,
                    row.get::<_, bool>(5)?,
                ),
                row.get(6)?,
                RowName::new(TableName::stored(row.get(7)?), RowKey::stored(row.get(8)?)),
                row.get::<_, Option<i64>>(9)?,
            ))
        })?;
        let mut gone = BTreeMap::new();
        let mut opened_by = BTreeSet::new();
        for (numbers, (reason, kind, has_uniques), local_key, row, waits_for) in removed {
            let (sequence, refs, bytes) = numbers;
            opened_by.extend(waits_for);
            for parent in named(&refs)? {
                let sql = "delete from chronicle_refs where table_name = ?1 and row_key = ?2 and sequence = ?3";
                self.execute(sql, (parent.table.as_str(), parent.key.as_str(), sequence))?;
            }
            gone.insert(sequence, Removed { row, local_key, refs });
            if has_uniques {
                self.execute("delete from chronicle_uniques where sequence = ?1", [sequence])?;
            }
            if kind == EntryKind::Delete.name() {
                self.execute("delete from chronicle_unlinked where sequence = ?1", [sequence])?;
                if self.counts.tombstones > 0 {
                    let sql = "delete from chronicle_tombstones where sequence = ?1";
                    self.counts.tombstones -= self.execute(sql, [sequence])? as i64;
                }
            }
            self.counts.rows -= 1;
            self.counts.bytes -= bytes;
            if let Some(reason) = reason {
                self.counts.refused -= 1;
                self.counts.parentless -= i64::from(reason == "parent_missing");
            }
        }
        self.close_opened(&opened_by)?;
        self.followers_of_all(&list)?;
        Ok(gone)
    }

    /// When the first entry that no letter holds was queued, by the clock on the wall.
    pub(crate) fn oldest(&self) -> Result<Option<Moment>> {
        if self.counts.rows == self.counts.refused {
            return Ok(None);
        }
        // The first that waits for nothing: whatever waits is parked at an earlier one.
        let first = self.groups()?.into_iter().map(|(_, _, sequence)| sequence).min();
        let Some(first) = first else { return Ok(None) };
        let sql = "select queued_at from chronicle_outbox where sequence = ?1";
        self.first(sql, [first], |row| row.get(0))
    }

    /// How many entries letters hold.
    pub(crate) fn held(&self) -> Result<u64> {
        let sql = "select count(*) from chronicle_outbox where waits_for is not null and held = 1";
        let held = self.first(sql, [], |row| row.get::<_, i64>(0))?.unwrap_or(0);
        Ok(u64::try_from(held).unwrap_or(0))
    }

    /// Whether an entry of the row is in the outbox, refused ones included.
    pub(crate) fn has_entry(&self, row: &RowName) -> Result<bool> {
        if self.counts.rows == 0 {
            return Ok(false);
        }
        let sql = "select 1 from chronicle_outbox where table_name = ?1 and row_key = ?2 limit 1";
        self.exists(sql, (row.table.as_str(), row.key.as_str()))
    }
}
