//! Rows of the remote below a delete that waits: they are as they will be once it is made.

use crate::failover::file::relations::Relations;
use crate::failover::file::transaction::Transaction;
use crate::failover::rules::name::RowName;
use crate::{Result, Table};
use sea_orm::Value;
use std::borrow::Cow;

impl Transaction<'_> {
    /// The waiting delete that takes along a row with these values at the remote, whether or not what
    /// it refers to is to come back after it.
    pub(super) fn delete_above<'v>(
        &self,
        relations: &Relations,
        table: &'static Table,
        values: impl Iterator<Item = (usize, &'v Value)>,
    ) -> Result<Option<i64>> {
        if self.counts.rows == 0 {
            return Ok(None);
        }
        for parent in self.cascading_refs(relations, table, values)? {
            if let Some(delete) = self.waiting_delete(&parent)? {
                return Ok(Some(delete));
            }
        }
        Ok(None)
    }

    /// The columns of a row with these values that refer to one whose delete waits, and that the delete sets
    /// to NULL at the remote. That they do in the file is noted with the delete.
    pub(super) fn unlinked<'v>(
        &self,
        relations: &Relations,
        table: &'static Table,
        row: &RowName,
        values: impl Iterator<Item = (usize, &'v Value)>,
    ) -> Result<Vec<usize>> {
        let mut unlinked = Vec::new();
        if self.counts.rows == 0 {
            return Ok(unlinked);
        }
        for (at, parent) in self.unlinking_refs(relations, table, values)? {
            if let Some(delete) = self.waiting_delete(&parent)? {
                self.note_unlinked(row, delete)?;
                unlinked.push(at);
            }
        }
        Ok(unlinked)
    }

    /// A row as it is once the deletes that wait are made.
    pub(super) fn without_links<'r>(
        &self,
        relations: &Relations,
        table: &'static Table,
        row: &'r [Value],
    ) -> Result<Cow<'r, [Value]>> {
        let named = RowName::of_values(table, row);
        let mut row = Cow::Borrowed(row);
        for at in self.unlinked(relations, table, &named, row.iter().enumerate())? {
            row.to_mut()[at] = table.columns[at].kind.null();
        }
        Ok(row)
    }

    /// A waiting delete of a row, or one that takes it along.
    fn waiting_delete(&self, row: &RowName) -> Result<Option<i64>> {
        let sql = "select max(sequence) from chronicle_outbox \
            where table_name = ?1 and row_key = ?2 and kind = 'delete'";
        let values = (row.table.as_str(), row.key.as_str());
        let delete: Option<i64> = self.first(sql, values, |row| row.get(0))?.flatten();
        match delete {
            None => Ok(self.deletes_that_took(row)?.pop()),
            delete => Ok(delete),
        }
    }
}
