//! Refused entries whose rows a later delete removes anyway: they leave no letter, which would hold
//! that delete.

use crate::Result;
use crate::failover::file::transaction::Transaction;
use crate::failover::rules::batches::Item;
use crate::failover::rules::name::RowName;
use crate::failover::seam::{self, Met};

/// An entry that the remote refuses since its row, or the one above it, is not there.
pub(crate) struct Missed {
    sequence: i64,
    row: RowName,
    /// Its own row is not at the remote.
    is_absent: bool,
}

impl Missed {
    pub(crate) fn new(item: &Item, is_absent: bool) -> Self {
        Self { sequence: item.entry.sequence, row: item.entry.row.clone(), is_absent }
    }
}

impl Transaction<'_> {
    /// Whether deletes that wait, and are none of these, remove the row of each of them later on.
    pub(crate) fn are_superseded(&self, missed: &[Missed]) -> Result<bool> {
        let Some(last) = missed.iter().map(|one| one.sequence).max() else { return Ok(false) };
        for one in missed {
            if !self.is_deleted_later(one, last)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A row that is at the remote is not deleted there with one that it only refers to here.
    fn is_deleted_later(&self, missed: &Missed, last: i64) -> Result<bool> {
        let sql = "select 1 from chronicle_outbox where table_name = ?1 and row_key = ?2 \
              and sequence > ?3 and kind = 'delete' and reason is null \
            union all select 1 from chronicle_tombstones t join chronicle_outbox o using (sequence) \
              where t.table_name = ?1 and t.row_key = ?2 and sequence > ?3 and ?4 and o.reason is null";
        let row = &missed.row;
        self.exists(sql, (row.table.as_str(), row.key.as_str(), last, missed.is_absent))
    }

    /// Those leave the outbox as if they had been made and their rows deleted since.
    pub(crate) fn forget_superseded(&mut self, missed: &[Missed]) -> Result<()> {
        seam::met(Met::Superseded);
        let mut sequences: Vec<i64> = missed.iter().map(|one| one.sequence).collect();
        sequences.sort_unstable_by(|one, other| other.cmp(one));
        for sequence in &sequences {
            self.bequeath(*sequence)?;
        }
        self.remove(&sequences).map(drop)
    }
}
