//! Refused entries whose parent was missing: they go again when it is there.

use super::CHECK_EVERY;
use super::moot::IS_NOT_MOOT;
use crate::Result;
use crate::failover::environment::Moment;
use crate::failover::file::transaction::Transaction;
use crate::failover::rules::name::RowName;
use crate::failover::seam::{self, Met};

impl Transaction<'_> {
    /// The entries whose parent was missing that refer to this row.
    pub(in crate::failover::file) fn parentless_below(&self, row: &RowName) -> Result<Vec<i64>> {
        if self.counts.parentless == 0 {
            return Ok(Vec::new());
        }
        let sql = format!(
            "select r.sequence from chronicle_refs r join chronicle_outbox o using (sequence) \
             where r.table_name = ?1 and r.row_key = ?2 and o.reason = 'parent_missing' \
               and released = 0 and {IS_NOT_MOOT} limit 500"
        );
        self.list(&sql, (row.table.as_str(), row.key.as_str()), |row| row.get::<_, i64>(0))
    }

    /// Lets those go again.
    pub(crate) fn parent_came(&mut self, row: &RowName) -> Result<bool> {
        let children = self.parentless_below(row)?;
        for child in &children {
            seam::met(Met::ParentCame);
            self.let_go_again(*child)?;
        }
        Ok(!children.is_empty())
    }

    /// Lets those go again that refer to just what an accepted one refers to, written as in the
    /// outbox: their parents are there.
    pub(in crate::failover::file) fn parents_are_there(&mut self, refs: &str) -> Result<()> {
        if self.counts.parentless == 0 {
            return Ok(());
        }
        let sql = format!(
            "select sequence from chronicle_outbox o where reason = 'parent_missing' and refs = ?1 \
               and released = 0 and {IS_NOT_MOOT} order by sequence limit 500"
        );
        for sequence in self.list(&sql, [refs], |row| row.get::<_, i64>(0))? {
            seam::met(Met::ParentCame);
            self.let_go_again(sequence)?;
        }
        Ok(())
    }

    /// Of those whose parent was missing and that were last tried a minute ago, lets one of each
    /// that lack the same go again: it tells for the others.
    pub(crate) fn try_parentless(&mut self, now: Moment) -> Result<bool> {
        if self.counts.parentless == 0 {
            return Ok(false);
        }
        let sql = format!(
            "select min(sequence), refs from chronicle_outbox o where reason = 'parent_missing' \
             and released = 0 and (try_at <= ?1 or try_at > ?2) and {IS_NOT_MOOT} group by refs limit 100"
        );
        let due = self.list(&sql, (now, now + CHECK_EVERY), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        // Those that go with a delete are looked at again if that comes to nothing.
        let sql = format!(
            "update chronicle_outbox set try_at = ?2 where sequence in (\
               select sequence from chronicle_outbox o where reason = 'parent_missing' \
               and (try_at <= ?1 or try_at > ?2) and not ({IS_NOT_MOOT}) limit 200)"
        );
        self.execute(&sql, (now, now + CHECK_EVERY))?;
        for (sequence, refs) in &due {
            seam::met(Met::ParentlessTriedAgain);
            self.let_go_again(*sequence)?;
            let sql = "update chronicle_outbox set try_at = ?2 \
                where reason = 'parent_missing' and refs = ?1";
            self.execute(sql, (refs, now + CHECK_EVERY))?;
        }
        Ok(!due.is_empty())
    }
}
