//! The last writes through this file, so that an answer that was asked for before one does not undo
//! it.
//!
//! They are a log, in the order of their numbers: a row is appended for each, wherever its key would
//! stand in an index. Who asks reads what came after the number that it knows.

use crate::Result;
use crate::failover::file::transaction::Transaction;
use crate::failover::rules::name::{RowName, TableName};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// How many writes are remembered, so that a slow answer does not undo one. What is too old to be
/// known counts as newer than any answer.
const REMEMBERED: i64 = 50_000;
/// How often old ones are forgotten, in writes.
const FORGET_EVERY: i64 = 256;
/// The key under which a write of a whole table is remembered.
const WHOLE_TABLE: &str = "";

/// The end of the log, as a transaction has read it.
#[derive(Debug)]
pub(in crate::failover::file) struct Written {
    /// What came after this number is known here,
    since: i64,
    /// up to this one.
    until: i64,
    /// The last two numbers of each row, by its hash: where two rows share one, a row counts as
    /// written that was not, and is fetched.
    last: HashMap<u64, [i64; 2]>,
}

impl Written {
    fn is_newer(&self, row: u64, since: i64, own: Option<i64>) -> bool {
        let numbers = self.last.get(&row).copied().unwrap_or_default();
        numbers.into_iter().any(|number| number > since && Some(number) != own)
    }
}

fn hash_of(table: &str, key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (table, key).hash(&mut hasher);
    hasher.finish()
}

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
        let sql = "insert into chronicle_written (number, table_name, row_key) values (?1, ?2, ?3)";
        self.execute(sql, (number, table.as_str(), key))?;
        if number % FORGET_EVERY == 0 {
            let sql = "delete from chronicle_written where number <= ?1";
            self.execute(sql, [number - REMEMBERED])?;
        }
        Ok(())
    }

    /// Whether the row was written through this file after the write with this number.
    pub(in crate::failover::file) fn is_newer(&self, row: &RowName, since: i64) -> Result<bool> {
        self.is_newer_but(row, since, None)
    }

    pub(super) fn is_newer_but(&self, row: &RowName, since: i64, own: Option<i64>) -> Result<bool> {
        if since >= self.counts.write {
            return Ok(false);
        }
        if since < self.counts.write - REMEMBERED {
            return Ok(true);
        }
        let mut written = self.written.borrow_mut();
        let written = match written.take() {
            Some(known) if known.since <= since => written.insert(known),
            _ => written.insert(Written { since, until: since, last: HashMap::new() }),
        };
        self.read_on(written)?;
        let table = row.table.as_str();
        let is_newer = |key| written.is_newer(hash_of(table, key), since, own);
        Ok(is_newer(row.key.as_str()) || is_newer(WHOLE_TABLE))
    }

    /// Reads what has come to the log since it was read.
    fn read_on(&self, written: &mut Written) -> Result<()> {
        if written.until == self.counts.write {
            return Ok(());
        }
        let sql = "select number, table_name, row_key from chronicle_written where number > ?1";
        let rows = self.list(sql, [written.until], |row| {
            let text = |at| Ok::<_, rusqlite::Error>(row.get_ref(at)?.as_str()?);
            Ok((row.get::<_, i64>(0)?, hash_of(text(1)?, text(2)?)))
        })?;
        for (number, row) in rows {
            let last = written.last.entry(row).or_default();
            *last = [number, last[0]];
        }
        written.until = self.counts.write;
        Ok(())
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
