//! Rows leave the mirror, unless something waits for them or below them.

use super::Answer;
use crate::backend::sqlite::{apply, from_rusqlite, quoted};
use crate::failover::file::local_key;
use crate::failover::file::relations::{MOST_BELOW, Need, Relations};
use crate::failover::file::transaction::Transaction;
use crate::failover::rules::name::RowName;
use crate::failover::seam::{self, Met, Mutation};
use crate::key::Key;
use crate::operation::{Target, Write, WriteKind};
use crate::{Result, Table};
use rusqlite::types::Value as Stored;

impl Transaction<'_> {
    pub(super) fn mirror_delete(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        key: &Key,
        answer: Answer,
    ) -> Result<bool> {
        let row = RowName::of(table, key);
        let below = self.below(relations, table, key, MOST_BELOW)?;
        let mut rows = vec![row.clone()];
        rows.extend(below.iter().map(|below| below.row.clone()));
        if !seam::breaks(Mutation::NoUnsureRows) && self.any_is_newer(&rows, answer.since)? {
            // One of them may have come back since the delete was answered.
            seam::met(Met::MirrorUnsure);
            self.doubt_key(table, &row, key)?;
            for below in &below {
                self.doubt(&below.row, Some(below.local_key().clone()))?;
            }
            self.remember(&row)?;
            return Ok(true);
        }
        let need = self.need_of(relations, table, key)?;
        let is_unsure = need.is_some() && !seam::breaks(Mutation::RemoveWhatWaits);
        if is_unsure {
            seam::met(Met::RemovalGuarded);
            self.remove_unneeded(relations, table, key, true)?;
            if !self.has_entry(&row)? {
                self.doubt_key(table, &row, key)?;
            }
        } else {
            self.remove_with_below(relations, table, key)?;
        }
        self.remember(&row)?;
        Ok(is_unsure)
    }

    /// A waiting delete takes a row of the remote along, and those below it: the file has none of
    /// them, as it is to be, unless something waits for one.
    pub(super) fn goes_along(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        key: &Key,
        delete: i64,
        since: i64,
    ) -> Result<()> {
        let row = RowName::of(table, key);
        self.bury_below(&row, delete)?;
        if self.need_of(relations, table, key)?.is_some() {
            return self.stays_unsure(table, &row, key).map(drop);
        }
        for below in self.below(relations, table, key, usize::MAX)? {
            self.bury_below(&below.row, delete)?;
        }
        self.is_sure(&row, since)?;
        self.remove_with_below(relations, table, key).map(drop)
    }

    /// Of the rows below one that has to stay, removes those that nothing waits for. One with an entry may
    /// stand elsewhere at the remote, and what is below it with it: that is fetched, once it is news that the
    /// remote has not the row above.
    fn remove_unneeded(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        key: &Key,
        is_news: bool,
    ) -> Result<()> {
        let all = self.below(relations, table, key, MOST_BELOW)?;
        let elsewhere = self.below_entries(relations, &all, MOST_BELOW)?;
        for below in all {
            if self.need_of_below(relations, &below)?.is_some() {
                continue;
            }
            if elsewhere.contains(&below.row) {
                if !is_news {
                    continue;
                }
                self.doubt(&below.row, Some(below.local_key().clone()))?;
            } else {
                self.remove_below(relations, &below)?;
                self.remember(&below.row)?;
            }
        }
        Ok(())
    }

    /// Removes a row and those that its foreign keys take along.
    fn remove_with_below(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        key: &Key,
    ) -> Result<bool> {
        for below in self.below(relations, table, key, usize::MAX)? {
            self.remove_below(relations, &below)?;
            self.remember(&below.row)?;
        }
        self.unlink(relations, table.name, &local_key::of_key(table, key))?;
        Ok(self.remove_row_by_key(table, key)? > 0)
    }

    pub(super) fn remove_row_by_key(&self, table: &'static Table, key: &Key) -> Result<u64> {
        let kind = WriteKind::Delete { target: Target::Key(key.clone()) };
        apply(self.connection, &Write::new(table, kind))
    }

    /// Removes a row that the remote does not have, unless something waits for it or below it, or it
    /// was written since. `true` when it was there and is gone.
    pub(crate) fn forget_row(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        key: &Key,
        since: i64,
    ) -> Result<bool> {
        let row = RowName::of(table, key);
        if self.is_newer(&row, since)? {
            return Ok(false);
        }
        let need = self.need_of(relations, table, key)?;
        if need.is_some() && !seam::breaks(Mutation::RemoveWhatWaits) {
            seam::met(Met::RemovalGuarded);
            let is_news = !self.is_unsure(&row)?;
            self.remove_unneeded(relations, table, key, is_news)?;
            if need == Some(Need::Local) {
                // That the remote has no such row is as it should be.
                self.is_sure(&row, since)?;
            }
            return Ok(false);
        }
        self.is_sure(&row, since)?;
        self.remove_with_below(relations, table, key)
    }

    /// Removes a row that the remote has, and it alone, unless something waits for it. `true` when it
    /// was there and is gone.
    pub(crate) fn prune_row(&mut self, table: &'static Table, key: &Key) -> Result<bool> {
        let row = RowName::of(table, key);
        if self.own_need(&row)?.is_some() {
            return Ok(false);
        }
        self.is_sure(&row, i64::MAX)?;
        Ok(self.remove_row_by_key(table, key)? > 0)
    }

    /// Removes the row of a key as the file holds it, which is not at the remote.
    pub(crate) fn remove_row<N: AsRef<str>>(
        &self,
        table: &str,
        key_columns: &[N],
        local_key: &Stored,
    ) -> Result<bool> {
        let values = local_key::unpack(local_key, key_columns.len());
        if key_columns.is_empty() || values.len() != key_columns.len() {
            return Ok(false);
        }
        let condition = local_key::condition(key_columns, 1);
        let sql = format!("delete from {} where {condition}", quoted(table));
        let mut statement = self.connection.prepare_cached(&sql).map_err(from_rusqlite)?;
        let values = rusqlite::params_from_iter(values);
        Ok(statement.execute(values).map_err(from_rusqlite)? > 0)
    }
}
