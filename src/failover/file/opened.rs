//! Entries that have gone, and had many parked at them: those that waited for nothing else are ready
//! as they are. To free each of 100,000 children before it is sent would cost as much as to send it.

use super::transaction::Transaction;
use crate::Result;
use crate::failover::rules::entry::EntryKind;
use crate::failover::rules::name::TableName;
use crate::failover::seam::{self, MANY_FOLLOWERS, MOST_OPENED, Met};
use std::collections::BTreeSet;

/// Those that are parked at a gone entry `?1` and wait for nothing else.
pub(super) const ALONE: &str = "waits_for = ?1 and held = 0 and alone = 1";

/// Those that are ready as they are, of a table `?1` and a kind `?2`. In the order of the gone entries:
/// so few rows are looked at for the first ones.
pub(super) const READY: &str = "chronicle_opened g cross join chronicle_outbox o \
    on o.waits_for = g.sequence and o.held = 0 and o.alone = 1 and o.table_name = ?1 and o.kind = ?2";

impl Transaction<'_> {
    /// Lets those that waited for this gone entry alone be ready as they are, if they are many.
    pub(super) fn open(&self, gone: i64) -> Result<bool> {
        let sql = format!(
            "select count(*) from (select 1 from chronicle_outbox where {ALONE} limit {MANY_FOLLOWERS})"
        );
        let followers = self.first(&sql, [gone], |row| row.get::<_, i64>(0))?.unwrap_or(0);
        // Each may be looked at when the next ones are chosen.
        let opened = "select count(*) from chronicle_opened";
        let opened = self.first(opened, [], |row| row.get::<_, i64>(0))?.unwrap_or(0);
        if followers < MANY_FOLLOWERS || opened >= MOST_OPENED {
            return Ok(false);
        }
        seam::met(Met::Opened);
        self.execute("insert or ignore into chronicle_opened (sequence) values (?1)", [gone])?;
        Ok(true)
    }

    fn is_any_opened(&self) -> Result<bool> {
        self.exists("select 1 from chronicle_opened limit 1", [])
    }

    /// The tables and kinds of those that are ready as they are, each with the first one's sequence.
    pub(super) fn opened_groups(&self) -> Result<Vec<(String, String, i64)>> {
        let mut groups = Vec::new();
        if !self.is_any_opened()? {
            return Ok(groups);
        }
        let first = format!("select o.sequence from {READY} order by g.sequence limit 1");
        let mut last = (String::new(), String::new());
        while let Some((table, kind, _)) =
            self.next_group("waits_for is not null and held = 0", &last)?
        {
            last = (table, kind);
            if let Some(sequence) = self.first(&first, (&last.0, &last.1), |row| row.get(0))? {
                groups.push((last.0.clone(), last.1.clone(), sequence));
            }
        }
        Ok(groups)
    }

    /// Those of a table and kind that are ready as they are, after one of them: the gone entry that
    /// it was parked at, and its sequence.
    pub(super) fn list_opened<T>(
        &self,
        columns: &str,
        (table, kind): (&TableName, EntryKind),
        after: (i64, i64),
        most: usize,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        if most == 0 || !self.is_any_opened()? {
            return Ok(Vec::new());
        }
        let sql = format!(
            "select {columns} from {READY} \
             where g.sequence >= ?3 and (g.sequence > ?3 or o.sequence > ?4) \
             order by g.sequence, o.sequence limit ?5"
        );
        let values = (table.as_str(), kind.name(), after.0, after.1, most as i64);
        let found = self.list(&sql, values, read)?;
        if !found.is_empty() {
            seam::met(Met::SentFromOpened);
        }
        Ok(found)
    }

    /// Whether any is ready as it is.
    pub(super) fn has_opened(&self) -> Result<bool> {
        self.exists(
            "select 1 from chronicle_opened g cross join chronicle_outbox o \
             on o.waits_for = g.sequence and o.held = 0 and o.alone = 1 limit 1",
            [],
        )
    }

    /// Forgets those of these gone entries of which no follower is left.
    pub(super) fn close_opened(&self, gone: &BTreeSet<i64>) -> Result<()> {
        let sql = format!(
            "delete from chronicle_opened where sequence = ?1 \
             and not exists (select 1 from chronicle_outbox where {ALONE})"
        );
        for gone in gone {
            self.execute(&sql, [gone])?;
        }
        Ok(())
    }
}
