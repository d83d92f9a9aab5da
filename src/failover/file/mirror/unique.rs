//! Unique values of the mirror: the remote may have given one to another row than the file has it.

use crate::backend::sqlite::{Bound, decode, quoted};
use crate::failover::file::outbox::unique_columns;
use crate::failover::file::transaction::Transaction;
use crate::failover::rules::name::RowName;
use crate::failover::seam::{self, Met};
use crate::{Result, Table, value};
use rusqlite::types::Value as Stored;
use sea_orm::Value;

/// Another row that holds a unique value.
struct Holder {
    row: RowName,
    local_key: Stored,
}

impl Transaction<'_> {
    /// Makes room for these values of the row with a key. A row that still holds one of them, which
    /// the remote has given away, is out of date and leaves; one with an entry is not, and keeps it.
    /// `true` when a row left, which is to be fetched.
    pub(super) fn make_room<'v>(
        &mut self,
        table: &'static Table,
        key: &Value,
        values: impl Iterator<Item = (usize, &'v Value)>,
    ) -> Result<bool> {
        let mut has_left = false;
        for holder in self.holders(table, key, values)? {
            if self.has_entry(&holder.row)? {
                continue;
            }
            seam::met(Met::StaleHolderGone);
            self.remove_row(table.name, table.key_column().name, &holder.local_key)?;
            self.doubt(&holder.row, Some(holder.local_key))?;
            has_left = true;
        }
        Ok(has_left)
    }

    /// Whether a unique value of the row is held in the file by one with an entry, so that the file
    /// cannot hold them both.
    pub(super) fn is_value_held(&self, table: &'static Table, row: &[Value]) -> Result<bool> {
        if self.counts.rows == 0 {
            return Ok(false);
        }
        for holder in self.holders(table, &row[table.key], row.iter().enumerate())? {
            if self.has_entry(&holder.row)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The other rows that hold a unique one of these values.
    fn holders<'v>(
        &self,
        table: &'static Table,
        key: &Value,
        values: impl Iterator<Item = (usize, &'v Value)>,
    ) -> Result<Vec<Holder>> {
        let unique = unique_columns(table);
        let mut holders = Vec::new();
        for (at, value) in
            values.filter(|(at, value)| unique.contains(at) && !value::is_null(value))
        {
            let sql = format!(
                "select {key} from {table} where {column} = ?1 and {key} <> ?2",
                key = quoted(table.key_column().name),
                table = quoted(table.name),
                column = quoted(table.columns[at].name),
            );
            let found = self.list(&sql, [Bound(value), Bound(key)], |row| {
                Ok((row.get::<_, Stored>(0)?, decode(table.key_column(), row, 0)))
            })?;
            for (local_key, key) in found {
                holders.push(Holder { row: RowName::of(table, &key?), local_key });
            }
        }
        Ok(holders)
    }
}
