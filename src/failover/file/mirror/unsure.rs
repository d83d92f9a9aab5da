//! Unsure rows: the file does not know what the remote has of them until they are fetched.

use crate::failover::environment::Moment;
use crate::failover::file::local_key;
use crate::failover::file::relations::Relations;
use crate::failover::file::transaction::Transaction;
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::failover::seam::{self, Met};
use crate::key::Key;
use crate::operation::{Target, Write, WriteKind};
use crate::{Result, Table};
use rusqlite::types::Value as Stored;

/// A row that has to be fetched.
#[derive(Clone, Debug)]
pub(crate) struct Unsure {
    pub(crate) row: RowName,
    pub(crate) local_key: Stored,
}

impl Transaction<'_> {
    /// A row is not known until it was fetched.
    pub(in crate::failover::file) fn doubt(
        &mut self,
        row: &RowName,
        local_key: Option<Stored>,
    ) -> Result<()> {
        let is_new = !self.is_unsure(row)?;
        self.counts.write += 1;
        let sql = "insert into chronicle_unsure (table_name, row_key, local_key, number) \
            values (?1, ?2, ?3, ?4) on conflict (table_name, row_key) do update set number = ?4, \
            local_key = coalesce(?3, local_key)";
        let number = self.counts.write;
        self.execute(sql, (row.table.as_str(), row.key.as_str(), local_key, number))?;
        self.counts.unsure += i64::from(is_new);
        Ok(())
    }

    pub(super) fn doubt_key(
        &mut self,
        table: &'static Table,
        row: &RowName,
        key: &Key,
    ) -> Result<()> {
        debug_assert!(*row == RowName::of(table, key));
        self.doubt(row, Some(local_key::of_key(table, key)))
    }

    /// A row that the file cannot hold, whoever reads it how often, is not known. `true` when it was until
    /// now: noted again each time, it would be a change of the file each time.
    pub(super) fn stays_unsure(
        &mut self,
        table: &'static Table,
        row: &RowName,
        key: &Key,
    ) -> Result<bool> {
        let is_new = !self.is_unsure(row)?;
        if is_new {
            self.doubt_key(table, row, key)?;
        }
        Ok(is_new)
    }

    /// Rows are not known until they were fetched, but for those that an entry has changed.
    pub(crate) fn doubt_keys(&mut self, table: &'static Table, keys: &[Key]) -> Result<()> {
        for key in keys {
            let row = RowName::of(table, key);
            if !self.has_entry(&row)? {
                self.doubt_key(table, &row, key)?;
            }
        }
        Ok(())
    }

    /// What the remote has of the rows of a write is not known.
    pub(crate) fn doubt_write(&mut self, relations: &Relations, write: &Write) -> Result<()> {
        let table = write.table;
        let keys: Vec<Key> = match &write.kind {
            WriteKind::Insert { rows, .. } => {
                let rows = rows.iter().filter(|row| row.has_key(table));
                rows.map(|row| table.key_of(row)).collect()
            }
            WriteKind::Update { target, .. } | WriteKind::Delete { target } => match target {
                Target::Key(key) => vec![key.clone()],
                target => self.keys(table, target)?,
            },
        };
        for key in &keys {
            self.doubt_key(table, &RowName::of(table, key), key)?;
            if matches!(write.kind, WriteKind::Delete { .. }) {
                for below in self.below(relations, table, key, usize::MAX)? {
                    self.doubt(&below.row, Some(below.local_key().clone()))?;
                }
            }
        }
        Ok(())
    }

    /// Whether the file does not know what the remote has of the row.
    pub(crate) fn is_unsure(&self, row: &RowName) -> Result<bool> {
        if self.counts.unsure == 0 {
            return Ok(false);
        }
        let sql = "select 1 from chronicle_unsure where table_name = ?1 and row_key = ?2";
        self.exists(sql, (row.table.as_str(), row.key.as_str()))
    }

    /// Whether the file does not know what the remote has of a row of a table; of one that an entry or a
    /// letter is about it has that.
    pub(crate) fn has_unsure(&self, table: &TableName) -> Result<bool> {
        if self.counts.unsure == 0 {
            return Ok(false);
        }
        let sql = "select 1 from chronicle_unsure u where table_name = ?1 \
            and not exists (select 1 from chronicle_outbox o \
              where o.table_name = u.table_name and o.row_key = u.row_key) \
            and not exists (select 1 from chronicle_tombstones t \
              where t.table_name = u.table_name and t.row_key = u.row_key) limit 1";
        self.exists(sql, [table.as_str()])
    }

    /// Rows that have to be fetched now, of one table: not those about which an entry waits, or that a waiting
    /// delete takes along.
    pub(crate) fn unsure(
        &self,
        table: &TableName,
        most: usize,
        now: Moment,
    ) -> Result<Vec<Unsure>> {
        // What a request without answer may still change is fetched after that.
        let ghosts: Vec<&Option<RowKey>> = self
            .state
            .live_ghosts(now)
            .filter(|ghost| ghost.table == *table)
            .map(|ghost| &ghost.key)
            .collect();
        if ghosts.contains(&&None) {
            return Ok(Vec::new());
        }
        let sql = "select row_key, local_key from chronicle_unsure where table_name = ?1 \
            and not exists (select 1 from chronicle_outbox o \
              where o.table_name = chronicle_unsure.table_name and o.row_key = chronicle_unsure.row_key) \
            and not exists (select 1 from chronicle_tombstones t \
              where t.table_name = chronicle_unsure.table_name and t.row_key = chronicle_unsure.row_key) \
            order by number limit ?2";
        let mut unsure = self.list(sql, (table.as_str(), (most + ghosts.len()) as i64), |row| {
            let row_key = RowKey::stored(row.get(0)?);
            Ok(Unsure { row: RowName::new(table.clone(), row_key), local_key: row.get(1)? })
        })?;
        unsure.retain(|unsure| !ghosts.contains(&&Some(unsure.row.key.clone())));
        unsure.truncate(most);
        Ok(unsure)
    }

    /// The tables with rows that have to be fetched.
    pub(crate) fn unsure_tables(&self) -> Result<Vec<TableName>> {
        if self.counts.unsure == 0 {
            return Ok(Vec::new());
        }
        self.list("select distinct table_name from chronicle_unsure", [], |row| {
            Ok(TableName::stored(row.get(0)?))
        })
    }

    /// What the remote has of a row is known now, unless it was written since, or a request without
    /// answer may still change it.
    pub(crate) fn is_sure(&mut self, row: &RowName, since: i64) -> Result<()> {
        if self.counts.unsure == 0 {
            return Ok(());
        }
        if self.state.ghosts.iter().any(|ghost| ghost.names(row)) {
            seam::met(Met::GhostStaysUnsure);
            return Ok(());
        }
        let sql =
            "delete from chronicle_unsure where table_name = ?1 and row_key = ?2 and number <= ?3";
        let gone = self.execute(sql, (row.table.as_str(), row.key.as_str(), since))?;
        self.counts.unsure -= gone as i64;
        Ok(())
    }

    /// The keys of rows as values; `None` of one that is none of this entity's.
    pub(crate) fn keys_of(
        &self,
        table: &'static Table,
        rows: &[Unsure],
    ) -> Result<Vec<Option<Key>>> {
        let key = |unsure: &Unsure| match local_key::to_key(table, &unsure.local_key) {
            None => local_key::of_texts(table, &unsure.row.key.texts()),
            key => Ok(key),
        };
        rows.iter().map(key).collect()
    }
}
