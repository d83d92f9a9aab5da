//! The last writes through this file, so that an answer that was asked for before one does not undo
//! it.

use crate::Result;
use crate::failover::file::transaction::Transaction;
use crate::failover::rules::name::{RowName, TableName};

/// How many writes are remembered, so that a slow answer does not undo one. What is too old to be
/// known counts as newer than any answer.
const REMEMBERED: i64 = 100_000;
/// How often old ones are forgotten, in writes.
const FORGET_EVERY: i64 = 256;
/// The key under which a write of a whole table is remembered.
const WHOLE_TABLE: &str = "";

impl Transaction<'_> {
    /// Remembers that a row was written now.
    pub(crate) fn remember(&mut self, row: &RowName) -> Result<()> {
        self.end_local(row)?;
        self.remember_key(&row.table, row.key.as_str())
    }

    /// Remembers that any row of a table may have been written now.
    pub(crate) fn remember_table(&mut self, table: &TableName) -> Result<()> {
        self.remember_key(table, WHOLE_TABLE)
    }

    fn remember_key(&mut self, table: &TableName, key: &str) -> Result<()> {
        self.counts.write += 1;
        let number = self.counts.write;
        let sql = "insert into chronicle_written (table_name, row_key, number) values (?1, ?2, ?3) \
            on conflict (table_name, row_key) do update set number = ?3";
        self.execute(sql, (table.as_str(), key, number))?;
        if number % FORGET_EVERY == 0 {
            let sql = "delete from chronicle_written where number <= ?1";
            self.execute(sql, [number - REMEMBERED])?;
        }
        Ok(())
    }

    /// Whether the row was written through this file after the write with this number.
    pub(super) fn is_newer(&self, row: &RowName, since: i64) -> Result<bool> {
        self.is_newer_but(row, since, None)
    }

    pub(super) fn is_newer_but(&self, row: &RowName, since: i64, own: Option<i64>) -> Result<bool> {
        if since >= self.counts.write {
            return Ok(false);
        }
        if since < self.counts.write - REMEMBERED {
            return Ok(true);
        }
        let sql = "select 1 from chronicle_written \
            where table_name = ?1 and row_key in (?2, '') and number > ?3 and number is not ?4 limit 1";
        self.exists(sql, (row.table.as_str(), row.key.as_str(), since, own))
    }

    pub(super) fn any_is_newer(&self, rows: &[RowName], since: i64) -> Result<bool> {
        for row in rows {
            if self.is_newer(row, since)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
