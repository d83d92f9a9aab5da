//! Unique values of the mirror: the remote may have given one to another row than the file has it.

use crate::backend::sqlite::{Bound, quoted};
use crate::failover::file::local_key;
use crate::failover::file::relations::Relations;
use crate::failover::file::transaction::Transaction;
use crate::failover::rules::name::RowName;
use crate::failover::rules::name::key_columns;
use crate::failover::seam::{self, Met};
use crate::key::Key;
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
        relations: &Relations,
        table: &'static Table,
        key: &Key,
        values: impl Iterator<Item = (usize, &'v Value)>,
    ) -> Result<bool> {
        let mut has_left = false;
        for holder in self.holders(relations, table, key, values)? {
            if self.has_entry(&holder.row)? {
                continue;
            }
            seam::met(Met::StaleHolderGone);
            self.remove_row(table.name, &key_columns(table), &holder.local_key)?;
            self.doubt(&holder.row, Some(holder.local_key))?;
            has_left = true;
        }
        Ok(has_left)
    }

    /// Whether a unique value of the row is held in the file by one with an entry, so that the file
    /// cannot hold them both.
    pub(super) fn is_value_held(
        &self,
        relations: &Relations,
        table: &'static Table,
        row: &[Value],
    ) -> Result<bool> {
        if self.counts.rows == 0 {
            return Ok(false);
        }
        for holder in self.holders(relations, table, &table.key_of(row), row.iter().enumerate())? {
            if self.has_entry(&holder.row)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The other rows that hold a unique one of these values.
    fn holders<'v>(
        &self,
        relations: &Relations,
        table: &'static Table,
        key: &Key,
        values: impl Iterator<Item = (usize, &'v Value)>,
    ) -> Result<Vec<Holder>> {
        let values: Vec<(usize, &Value)> =
            values.filter(|(_, value)| !value::is_null(value)).collect();
        let (own, keys) = (local_key::of_key(table, key), key_columns(table));
        let mut holders = Vec::new();
        for unique in relations.unique(table) {
            let given =
                |at: &usize| values.iter().find(|(one, _)| one == at).map(|(_, value)| *value);
            let Some(held) = unique.iter().map(given).collect::<Option<Vec<_>>>() else {
                continue;
            };
            let names: Vec<&str> = unique.iter().map(|at| table.columns[*at].name).collect();
            let sql = format!(
                "select {key} from {table} where {held}",
                key = local_key::list(&keys),
                table = quoted(table.name),
                held = local_key::condition(&names, 1),
            );
            let held = rusqlite::params_from_iter(held.into_iter().map(Bound));
            let found = self.list(&sql, held, |row| local_key::of_row(row, keys.len()))?;
            for local_key in found.into_iter().filter(|found| *found != own) {
                if let Some(key) = local_key::to_key(table, &local_key) {
                    holders.push(Holder { row: RowName::of(table, &key), local_key });
                }
            }
        }
        Ok(holders)
    }
}
