//! Letters that lack a parent, and whose rows a waiting delete removes: they do not hold that delete,
//! do not go again before it, and go with it.

use crate::Result;
use crate::failover::file::transaction::Transaction;
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::failover::seam::{self, Met};

/// What a letter `o` that lacks a parent is not: one whose row a delete removes that is not held.
pub(super) const IS_NOT_MOOT: &str = "not exists (select 1 from chronicle_outbox d \
      where d.table_name = o.table_name and d.row_key = o.row_key and d.sequence > o.sequence \
        and d.kind = 'delete' and d.reason is null and d.held = 0 and d.together is null) \
    and not exists (select 1 from chronicle_tombstones t join chronicle_outbox d using (sequence) \
      where t.table_name = o.table_name and t.row_key = o.row_key and t.sequence > o.sequence \
        and d.reason is null and d.held = 0 and d.together is null)";

impl Transaction<'_> {
    /// Whether an entry does not hold a delete of this row: it lacks a parent, or waits for nothing but what
    /// does, and the delete removes the rows of all these.
    pub(in crate::failover::file) fn is_moot(
        &self,
        entry: i64,
        delete: i64,
        row: &RowName,
    ) -> Result<bool> {
        if self.counts.parentless == 0 {
            return Ok(false);
        }
        let sql = "select table_name, row_key, reason, held, waits_for, together is not null, \
              waits_as = 'row' or (kind = 'insert' and brings_row = 1) \
            from chronicle_outbox where sequence = ?1";
        let mut next = entry;
        loop {
            let found = self.first(sql, [next], |row| {
                let name =
                    RowName::new(TableName::stored(row.get(0)?), RowKey::stored(row.get(1)?));
                let reason = row.get::<_, Option<String>>(2)?;
                let wait = row.get::<_, Option<i64>>(4)?.filter(|_| row.get(3) == Ok(true));
                let is_new = row.get::<_, Option<bool>>(6)?.unwrap_or(false);
                Ok((name, reason, wait, row.get::<_, bool>(5)?, is_new))
            })?;
            let Some((of, reason, wait, is_together, is_new)) = found else { return Ok(false) };
            if is_together || next >= delete {
                return Ok(false);
            }
            // A row that is at the remote may be below another one there, and then is not taken along: it
            // is not there if it is that of the letter, or is yet to be brought.
            let is_absent = reason.is_some() || is_new;
            if of != *row && !(is_absent && self.is_taken_by(delete, &of)?) {
                return Ok(false);
            }
            match (reason, wait) {
                // Another delete between them frees what is behind it.
                (Some(reason), _) => {
                    return Ok(reason == "parent_missing" && !self.is_removed(&of, next, entry)?);
                }
                (None, Some(before)) => next = before,
                (None, None) => return Ok(false),
            }
        }
    }

    /// Whether a delete between these entries removes a row.
    fn is_removed(&self, row: &RowName, after: i64, before: i64) -> Result<bool> {
        let sql = "select 1 from chronicle_outbox where table_name = ?1 and row_key = ?2 \
              and kind = 'delete' and sequence > ?3 and sequence < ?4 \
            union all select 1 from chronicle_tombstones where table_name = ?1 and row_key = ?2 \
              and sequence > ?3 and sequence < ?4";
        self.exists(sql, (row.table.as_str(), row.key.as_str(), after, before))
    }

    fn is_taken_by(&self, delete: i64, row: &RowName) -> Result<bool> {
        let sql = "select 1 from chronicle_tombstones \
            where table_name = ?1 and row_key = ?2 and sequence = ?3";
        self.exists(sql, (row.table.as_str(), row.key.as_str(), delete))
    }

    /// The remote has made a delete: what it has removed before is not brought any more.
    pub(in crate::failover::file) fn forget_moot(
        &mut self,
        delete: i64,
        row: &RowName,
    ) -> Result<()> {
        if self.counts.parentless == 0 {
            return Ok(());
        }
        let is_group =
            "select 1 from chronicle_outbox where sequence = ?1 and together is not null";
        if self.exists(is_group, [delete])? {
            return Ok(());
        }
        let sql = "select sequence from chronicle_outbox \
              where table_name = ?1 and row_key = ?2 and sequence < ?3 \
                and (reason = 'parent_missing' or held = 1) \
            union select o.sequence from chronicle_tombstones t join chronicle_outbox o \
                on o.table_name = t.table_name and o.row_key = t.row_key \
              where t.sequence = ?3 and o.sequence < ?3 \
                and (o.reason = 'parent_missing' or o.held = 1)";
        let values = (row.table.as_str(), row.key.as_str(), delete);
        let mut moot = Vec::new();
        for sequence in self.list(sql, values, |row| row.get::<_, i64>(0))? {
            if self.is_moot(sequence, delete, row)? {
                moot.push(sequence);
            }
        }
        if !moot.is_empty() {
            seam::met(Met::ForgottenWithDelete);
            self.remove(&moot)?;
        }
        Ok(())
    }

    /// Whether a letter is to wait for a delete of its row, not to go before it.
    pub(super) fn is_behind_delete(&self, sequence: i64) -> Result<bool> {
        let sql = format!(
            "select 1 from chronicle_outbox o where sequence = ?1 and together is null \
               and reason = 'parent_missing' and not ({IS_NOT_MOOT})"
        );
        self.exists(&sql, [sequence])
    }
}
