//! Refused entries: they stay in their place, and hold what waits for them.

mod drop;
mod mend;
mod moot;
mod parentless;
mod retry;

use super::choose::LONGEST_REST;
use super::transaction::Transaction;
use crate::failover::RowState;
use crate::failover::environment::Moment;
use crate::failover::letter::{DeadLetter, DeadLetterReason, LetterFilter};
use crate::failover::rules::batches::Item;
use crate::failover::rules::entry::{Entry, EntryKind};
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::failover::seam::{self, Met, Mutation};
use crate::{Error, ErrorKind, Result};
use std::time::Duration;

/// How often refused rows that hold something are asked for, and those without a parent tried again.
pub(super) const CHECK_EVERY: Moment = 60_000;

/// The times at which a letter is due: those that are over, and those further ahead than it was ever
/// left alone, which are of another clock. As ranges, since the index is not used for an `or`.
pub(super) const fn due(now: Moment) -> [(Moment, Moment); 2] {
    [(Moment::MIN, now), (now + CHECK_EVERY + 1, Moment::MAX)]
}

/// Why the remote refuses an entry.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) reason: DeadLetterReason,
    pub(crate) code: Option<String>,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(reason: DeadLetterReason, error: &Error) -> Self {
        Self { reason, code: error.code().map(str::to_owned), message: error.message().to_owned() }
    }
}

/// A refused entry, as far as replay has to know it.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) sequence: i64,
    pub(crate) row: RowName,
    pub(crate) key_columns: Vec<String>,
}

/// A refused entry that is let go or dropped by hand.
struct Refused {
    row: RowName,
    kind: EntryKind,
    /// It holds nothing: what came after it has gone on.
    is_released: bool,
    /// A request with it may have left.
    is_sent: bool,
}

const LETTERS: &str = "select sequence, table_name, row_key, kind, body, reason, code, message, request, \
      added, together, \
      (with recursive held(sequence) as (\
          select f.sequence from chronicle_outbox f where f.waits_for = l.sequence and f.held = 1 \
          union select f.sequence from held join chronicle_outbox f on f.waits_for = held.sequence \
            and f.held = 1) select count(*) from held) \
    from chronicle_outbox l";

/// A row of [`LETTERS`].
fn letter(row: &rusqlite::Row<'_>) -> rusqlite::Result<DeadLetter> {
    let body: String = row.get(4)?;
    let reason: String = row.get(5)?;
    Ok(DeadLetter {
        id: row.get(0)?,
        table: row.get(1)?,
        key: RowKey::stored(row.get(2)?).text(),
        operation: row.get(3)?,
        values: serde_json::from_str(&body).unwrap_or_default(),
        added: serde_json::from_str(row.get_ref(9)?.as_str()?).unwrap_or_default(),
        together: row.get(10)?,
        reason: DeadLetterReason::named(&reason).unwrap_or(DeadLetterReason::Refused),
        code: row.get(6)?,
        message: row.get::<_, Option<String>>(7)?.unwrap_or_default(),
        may_be_applied: row.get::<_, Option<i64>>(8)?.is_some(),
        holds: u64::try_from(row.get::<_, i64>(11)?).unwrap_or(0),
    })
}

fn no_letter(sequence: i64) -> Error {
    Error::new(ErrorKind::NotFound, format!("no dead letter {sequence}"))
}

impl Transaction<'_> {
    /// Makes an entry a letter. `is_absent`: the row that it was to bring is not at the remote, so
    /// that what waits for it is held.
    pub(crate) fn refuse(
        &mut self,
        item: &Item,
        refusal: &Refusal,
        is_absent: bool,
        now: Moment,
    ) -> Result<()> {
        let entry = &item.entry;
        let releases = !is_absent && !seam::breaks(Mutation::RefusedUpdatesHold);
        let released = releases && entry.kind != EntryKind::Delete;
        let sql = "update chronicle_outbox set reason = ?2, code = ?3, message = ?4, released = ?5, \
            try_at = ?6, waits_for = null, waits_as = null, held = 0, alone = 0 \
            where sequence = ?1 and reason is null";
        let values = (
            entry.sequence,
            refusal.reason.name(),
            &refusal.code,
            &refusal.message,
            released,
            now + CHECK_EVERY,
        );
        if self.execute(sql, values)? == 0 {
            return Ok(());
        }
        self.close_opened(&entry.opened_by.into_iter().collect())?;
        if released {
            self.pass_base_on(entry.sequence)?;
        }
        seam::met(match refusal.reason {
            DeadLetterReason::Refused => Met::LetterRefused,
            DeadLetterReason::Conflict => Met::LetterConflict,
            DeadLetterReason::MissingRow => Met::LetterMissingRow,
            DeadLetterReason::ParentMissing => Met::LetterParentMissing,
            DeadLetterReason::Unanswerable => Met::LetterUnanswerable,
        });
        if released {
            seam::met(Met::LetterReleased);
        }
        self.counts.refused += 1;
        self.counts.parentless += i64::from(refusal.reason == DeadLetterReason::ParentMissing);
        metrics::counter!("chronicle_dead_letters_total", "reason" => refusal.reason.name())
            .increment(1);
        if refusal.reason == DeadLetterReason::MissingRow {
            // A row that is not there holds no value for those that come.
            let sql = "delete from chronicle_uniques where sequence = ?1";
            self.execute(sql, [entry.sequence])?;
        }
        self.followers_of(entry.sequence)
    }

    /// The newest entry below a sequence that may give a unique value of the table free, neither refused nor
    /// held: one of the table, or a delete that takes rows of it along.
    pub(crate) fn older_that_may_give_way(&self, entry: &Entry, below: i64) -> Result<Option<i64>> {
        // Kind by kind, since the indexes have it before the sequence.
        let sql = "select max(sequence) from (\
            select max(sequence) as sequence from chronicle_outbox where waits_for is null \
              and reason is null and table_name = ?1 and kind = ?2 and sequence < ?3 \
            union all select max(sequence) from chronicle_outbox where waits_for is not null \
              and held = 0 and table_name = ?1 and kind = ?2 and sequence < ?3)";
        let table = entry.row.table.as_str();
        let mut newest = None;
        for kind in EntryKind::ALL {
            let values = (table, kind.name(), below);
            newest = newest.max(self.first(sql, values, |row| row.get(0))?.flatten());
        }
        if self.counts.tombstones > 0 {
            let sql = "select max(o.sequence) from chronicle_tombstones t \
                join chronicle_outbox o using (sequence) \
                where t.table_name = ?1 and sequence < ?2 and o.held = 0 and o.reason is null";
            let values = (table, below);
            newest = newest.max(self.first(sql, values, |row| row.get(0))?.flatten());
        }
        Ok(newest)
    }

    /// Puts an entry behind another one.
    pub(crate) fn put_behind(&mut self, item: &Item, before: i64) -> Result<()> {
        seam::met(Met::BehindUniqueHolder);
        self.wait_after(item.entry.sequence, before)?;
        self.close_opened(&item.entry.opened_by.into_iter().collect())
    }

    /// Counts that an entry failed alone, if another one of its table was accepted since it did so
    /// before; how often by now. It is left alone for a while.
    pub(crate) fn count_failure(&mut self, item: &Item, now: Moment) -> Result<u32> {
        let accepted = self.state.learned(&item.entry.row.table).accepted;
        let sql = "update chronicle_outbox set \
            failures = failures + (accepted_before >= 0 and ?2 > accepted_before), \
            accepted_before = ?2, tries = tries + 1, waits_for = null, waits_as = null, alone = 0 \
            where sequence = ?1 returning failures, tries";
        let counted = self.first(sql, (item.entry.sequence, accepted), |row| {
            Ok((row.get::<_, u32>(0)?, row.get::<_, u32>(1)?))
        })?;
        let (failures, tries) = counted.unwrap_or_default();
        self.close_opened(&item.entry.opened_by.into_iter().collect())?;
        // 2, 4, 8, … seconds, whether or not it counts: what gets no answer holds all else up.
        let rest = LONGEST_REST.min(Duration::from_secs(1 << tries.min(6))).as_millis() as Moment;
        self.execute(
            "update chronicle_outbox set try_at = ?2 where sequence = ?1",
            (item.entry.sequence, now + rest),
        )?;
        Ok(failures)
    }

    /// Of the refused entries that were not looked at since a minute, those that were to bring a row
    /// and hold something: their rows are to be asked for.
    pub(crate) fn letters_to_check(&mut self, now: Moment) -> Result<Vec<Letter>> {
        if self.counts.refused == 0 {
            return Ok(Vec::new());
        }
        let sql = "select sequence, table_name, row_key, key_columns, \
              kind in ('insert', 'insert_if_absent', 'upsert') and together is null \
              and exists (select 1 from chronicle_outbox f where f.waits_for = l.sequence) \
            from chronicle_outbox l indexed by chronicle_outbox_checked \
            where reason is not null and reason <> 'parent_missing' and released = 0 \
            and try_at between ?1 and ?2 limit 200";
        let mut looked_at = Vec::new();
        for due in due(now) {
            looked_at.append(&mut self.list(sql, due, |row| {
                let letter = Letter {
                    sequence: row.get(0)?,
                    row: RowName::new(TableName::stored(row.get(1)?), RowKey::stored(row.get(2)?)),
                    key_columns: serde_json::from_str(row.get_ref(3)?.as_str()?)
                        .unwrap_or_default(),
                };
                Ok((letter, row.get::<_, bool>(4)?))
            })?);
        }
        for (letter, _) in &looked_at {
            self.execute(
                "update chronicle_outbox set try_at = ?2 where sequence = ?1",
                (letter.sequence, now + CHECK_EVERY),
            )?;
        }
        let holding = looked_at.into_iter().filter(|(_, holds)| *holds);
        Ok(holding.map(|(letter, _)| letter).collect())
    }

    /// The row of a letter is at the remote all the same: what waits for it may go on.
    pub(crate) fn release(&mut self, sequence: i64) -> Result<()> {
        let sql = "update chronicle_outbox set released = 1 where sequence = ?1 \
            and reason is not null and released = 0";
        if self.execute(sql, [sequence])? > 0 {
            seam::met(Met::LetterReleasedLater);
            self.pass_base_on(sequence)?;
            self.followers_of(sequence)?;
        }
        Ok(())
    }

    /// The first letters that the filter names, by sequence.
    pub(crate) fn letters(&self, filter: &LetterFilter, most: u32) -> Result<Vec<DeadLetter>> {
        let sql = format!(
            "{LETTERS} where sequence in (\
              select sequence from chronicle_outbox indexed by chronicle_outbox_letters \
              where reason is not null and (?1 is null or reason = ?1) \
                and (?2 is null or table_name = ?2) order by sequence limit ?3) \
            order by sequence"
        );
        let values = (filter.reason_name(), filter.table_name(), most);
        self.list(&sql, values, letter)
    }

    /// The letter with this sequence.
    pub(crate) fn letter(&self, sequence: i64) -> Result<Option<DeadLetter>> {
        let sql = format!("{LETTERS} where sequence = ?1 and reason is not null");
        self.first(&sql, [sequence], letter)
    }

    /// What has become of the writes of a row.
    pub(crate) fn state_of(&self, row: &RowName) -> Result<RowState> {
        if !self.has_entry(row)? {
            return Ok(RowState::Stored);
        }
        let sql = format!(
            "{LETTERS} where table_name = ?1 and row_key = ?2 and reason is not null \
            order by sequence limit 1"
        );
        let letter = self.first(&sql, (row.table.as_str(), row.key.as_str()), letter)?;
        Ok(letter.map_or(RowState::Waiting, |letter| RowState::Refused(Box::new(letter))))
    }

    /// The sequences of the first letters after `after` that the filter names.
    pub(crate) fn letters_after(
        &self,
        filter: &LetterFilter,
        after: i64,
        most: u32,
    ) -> Result<Vec<i64>> {
        let sql = "select sequence from chronicle_outbox indexed by chronicle_outbox_letters \
            where reason is not null \
              and (?1 is null or reason = ?1) and (?2 is null or table_name = ?2) and sequence > ?3 \
            order by sequence limit ?4";
        let values = (filter.reason_name(), filter.table_name(), after, most);
        self.list(sql, values, |row| row.get(0))
    }

    /// Whether an entry is there, and refused.
    pub(crate) fn is_letter(&self, sequence: i64) -> Result<bool> {
        self.exists(
            "select 1 from chronicle_outbox where sequence = ?1 and reason is not null",
            [sequence],
        )
    }

    /// A refused entry, as far as a hand that lets it go or drops it has to know it.
    fn refused(&self, sequence: i64) -> Result<Refused> {
        let sql = "select table_name, row_key, kind, released, request is not null \
            from chronicle_outbox where sequence = ?1 and reason is not null";
        let found = self.first(sql, [sequence], |row| {
            let name = RowName::new(TableName::stored(row.get(0)?), RowKey::stored(row.get(1)?));
            Ok((name, row.get::<_, String>(2)?, row.get(3)?, row.get(4)?))
        })?;
        let (row, kind, is_released, is_sent) = found.ok_or_else(|| no_letter(sequence))?;
        Ok(Refused { row, kind: EntryKind::stored(&kind)?, is_released, is_sent })
    }
}
