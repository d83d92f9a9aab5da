//! Refused entries: they stay in their place, and hold what waits for them.

use super::choose::LONGEST_REST;
use super::outbox::{Unique, named};
use super::transaction::{Transaction, internal};
use crate::backend::sqlite::{from_rusqlite, quoted};
use crate::failover::environment::Moment;
use crate::failover::letter::{DeadLetter, DeadLetterReason, LetterFilter};
use crate::failover::rules::batches::Item;
use crate::failover::rules::entry::EntryKind;
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::failover::seam::{self, Met, Mutation};
use crate::{Error, ErrorKind, Result};
use rusqlite::types::Value as Stored;
use std::collections::HashSet;
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
    pub(crate) key_column: String,
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
            try_at = ?6, waits_for = null, waits_as = null, held = 0 \
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
        self.followers_of(entry.sequence)
    }

    /// The newest older entry that may give a unique value of the table free, neither refused nor
    /// held: one of the table, or a delete that takes rows of it along.
    pub(crate) fn older_that_may_give_way(&self, item: &Item) -> Result<Option<i64>> {
        // Kind by kind, since the indexes have it before the sequence.
        let sql = "select max(sequence) from (\
            select max(sequence) as sequence from chronicle_outbox where waits_for is null \
              and reason is null and table_name = ?1 and kind = ?2 and sequence < ?3 \
            union all select max(sequence) from chronicle_outbox where waits_for is not null \
              and held = 0 and table_name = ?1 and kind = ?2 and sequence < ?3)";
        let table = item.entry.row.table.as_str();
        let mut newest = None;
        for kind in EntryKind::ALL {
            let values = (table, kind.name(), item.entry.sequence);
            newest = newest.max(self.first(sql, values, |row| row.get(0))?.flatten());
        }
        if self.counts.tombstones > 0 {
            let sql = "select max(o.sequence) from chronicle_tombstones t \
                join chronicle_outbox o using (sequence) \
                where t.table_name = ?1 and sequence < ?2 and o.held = 0 and o.reason is null";
            let values = (table, item.entry.sequence);
            newest = newest.max(self.first(sql, values, |row| row.get(0))?.flatten());
        }
        Ok(newest)
    }

    /// Puts an entry behind another one.
    pub(crate) fn put_behind(&mut self, item: &Item, before: i64) -> Result<()> {
        seam::met(Met::BehindUniqueHolder);
        self.wait_after(item.entry.sequence, before)
    }

    /// Counts that an entry failed alone, if another one of its table was accepted since it did so
    /// before; how often by now. It is left alone for a while.
    pub(crate) fn count_failure(&mut self, item: &Item, now: Moment) -> Result<u32> {
        let accepted = self.state.learned(&item.entry.row.table).accepted;
        let sql = "update chronicle_outbox set \
            failures = failures + (accepted_before >= 0 and ?2 > accepted_before), \
            accepted_before = ?2, tries = tries + 1 where sequence = ?1 returning failures, tries";
        let counted = self.first(sql, (item.entry.sequence, accepted), |row| {
            Ok((row.get::<_, u32>(0)?, row.get::<_, u32>(1)?))
        })?;
        let (failures, tries) = counted.unwrap_or_default();
        // 2, 4, 8, … seconds, whether or not it counts: what gets no answer holds all else up.
        let rest = LONGEST_REST.min(Duration::from_secs(1 << tries.min(6))).as_millis() as Moment;
        self.execute(
            "update chronicle_outbox set try_at = ?2 where sequence = ?1",
            (item.entry.sequence, now + rest),
        )?;
        Ok(failures)
    }

    /// Lets the entries whose parent was missing go again that refer to this row.
    pub(crate) fn parent_came(&mut self, row: &RowName) -> Result<bool> {
        if self.counts.parentless == 0 {
            return Ok(false);
        }
        let sql = "select r.sequence from chronicle_refs r join chronicle_outbox o using (sequence) \
            where r.table_name = ?1 and r.row_key = ?2 and o.reason = 'parent_missing' limit 500";
        let children =
            self.list(sql, (row.table.as_str(), row.key.as_str()), |row| row.get::<_, i64>(0))?;
        for child in &children {
            seam::met(Met::ParentCame);
            self.let_go_again(*child)?;
        }
        Ok(!children.is_empty())
    }

    /// Lets those go again that refer to just what an accepted one refers to, written as in the
    /// outbox: their parents are there.
    pub(super) fn parents_are_there(&mut self, refs: &str) -> Result<()> {
        if self.counts.parentless == 0 {
            return Ok(());
        }
        let sql = "select sequence from chronicle_outbox \
            where reason = 'parent_missing' and refs = ?1 order by sequence limit 500";
        for sequence in self.list(sql, [refs], |row| row.get::<_, i64>(0))? {
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
        let sql = "select min(sequence), refs from chronicle_outbox where reason = 'parent_missing' \
            and (try_at <= ?1 or try_at > ?2) group by refs limit 100";
        let due = self.list(sql, (now, now + CHECK_EVERY), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        for (sequence, refs) in &due {
            seam::met(Met::ParentlessTriedAgain);
            self.let_go_again(*sequence)?;
            let sql = "update chronicle_outbox set try_at = ?2 \
                where reason = 'parent_missing' and refs = ?1";
            self.execute(sql, (refs, now + CHECK_EVERY))?;
        }
        Ok(!due.is_empty())
    }

    /// A refused entry waits again, in its place.
    fn let_go_again(&mut self, sequence: i64) -> Result<()> {
        let reason = "select reason from chronicle_outbox where sequence = ?1";
        let reason: Option<String> = self.first(reason, [sequence], |row| row.get(0))?.flatten();
        let Some(reason) = reason else { return Ok(()) };
        let sql = "update chronicle_outbox set reason = null, code = null, message = null, released = 0, \
            failures = 0, tries = 0, accepted_before = -1, try_at = 0 \
            where sequence = ?1";
        self.execute(sql, [sequence])?;
        self.counts.refused -= 1;
        self.counts.parentless -= i64::from(reason == DeadLetterReason::ParentMissing.name());
        self.look_again(sequence)?;
        self.followers_of(sequence)
    }

    /// Of the refused entries that were not looked at since a minute, those that were to bring a row
    /// and hold something: their rows are to be asked for.
    pub(crate) fn letters_to_check(&mut self, now: Moment) -> Result<Vec<Letter>> {
        if self.counts.refused == 0 {
            return Ok(Vec::new());
        }
        let sql = "select sequence, table_name, row_key, key_column, \
              kind in ('insert', 'insert_if_absent', 'upsert') \
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
                    key_column: row.get(3)?,
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
            self.followers_of(sequence)?;
        }
        Ok(())
    }

    /// The first letters that the filter names, by sequence.
    pub(crate) fn letters(&self, filter: &LetterFilter, most: u32) -> Result<Vec<DeadLetter>> {
        let sql = "select sequence, table_name, row_key, kind, body, reason, code, message, request, \
              (select count(*) from chronicle_outbox f where f.waits_for = l.sequence and f.held = 1) \
            from chronicle_outbox l where sequence in (\
              select sequence from chronicle_outbox indexed by chronicle_outbox_letters \
              where reason is not null and (?1 is null or reason = ?1) \
                and (?2 is null or table_name = ?2) order by sequence limit ?3) \
            order by sequence";
        let values = (filter.reason_name(), filter.table_name(), most);
        let rows = self.list(sql, values, |row| {
            let body: String = row.get(4)?;
            let reason: String = row.get(5)?;
            Ok(DeadLetter {
                id: row.get(0)?,
                table: row.get(1)?,
                key: RowKey::stored(row.get(2)?).text(),
                operation: row.get(3)?,
                values: serde_json::from_str(&body).unwrap_or_default(),
                reason: DeadLetterReason::named(&reason).unwrap_or(DeadLetterReason::Refused),
                code: row.get(6)?,
                message: row.get::<_, Option<String>>(7)?.unwrap_or_default(),
                may_be_applied: row.get::<_, Option<i64>>(8)?.is_some(),
                holds: u64::try_from(row.get::<_, i64>(9)?).unwrap_or(0),
            })
        })?;
        Ok(rows)
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

    fn letter(&self, sequence: i64) -> Result<(RowName, EntryKind, bool, bool, String)> {
        let sql = "select table_name, row_key, kind, released, request is not null, key_column \
            from chronicle_outbox where sequence = ?1 and reason is not null";
        let found = self.first(sql, [sequence], |row| {
            let name = RowName::new(TableName::stored(row.get(0)?), RowKey::stored(row.get(1)?));
            let kind = EntryKind::named(&row.get::<_, String>(2)?).unwrap_or(EntryKind::Update);
            Ok((name, kind, row.get(3)?, row.get(4)?, row.get(5)?))
        })?;
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("no dead letter {sequence}")))
    }

    /// Lets a letter go again: in its place while it holds what waits for it, else as a new write,
    /// behind what waits now, with its change in the file; where its entity is not known here, the
    /// row is fetched.
    pub(crate) fn retry(
        &mut self,
        known: impl Fn(&str) -> Option<&'static crate::Table>,
        sequence: i64,
        date: Moment,
    ) -> Result<()> {
        let (row, kind, released, ..) = self.letter(sequence)?;
        if !released || seam::breaks(Mutation::RetryReleasedInPlace) {
            seam::met(Met::Retried);
            return self.let_go_again(sequence);
        }
        seam::met(Met::RetriedAnew);
        let table = known(row.table.as_str());
        self.counts.sequence += 1;
        let anew = self.counts.sequence;
        let sql = "insert into chronicle_outbox (sequence, table_name, row_key, local_key, key_column, \
            kind, column_names, body, refs, uniques, base, version, brings_row, bytes, queued_at, waits) \
            select ?2, table_name, row_key, local_key, key_column, \
            kind, column_names, body, refs, uniques, base, version, brings_row, bytes, ?3, '[]' \
            from chronicle_outbox where sequence = ?1";
        self.execute(sql, (sequence, anew, date))?;
        self.counts.rows += 1;
        let bytes = "select bytes, refs, uniques, body from chronicle_outbox where sequence = ?1";
        let copied = self.first(bytes, [anew], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, String>(3)?,
            ))
        })?;
        let (bytes, refs, uniques, body) = copied.ok_or_else(|| internal("a letter is gone"))?;
        self.counts.bytes += bytes;
        let refs = named(&refs)?;
        let uniques: Vec<(String, Option<String>)> =
            serde_json::from_str(&uniques).map_err(internal)?;
        // It waits for what waits now, but not for the letter that it was.
        self.remove(&[sequence])?;
        let held: Vec<Unique> = match table {
            Some(table) => uniques
                .iter()
                .filter_map(|(column, value)| {
                    let column = table.columns.iter().find(|known| known.name == column)?;
                    Some(Unique { column: column.name, value: value.clone() })
                })
                .collect(),
            None => Vec::new(),
        };
        let waits = self.edges(&row, &refs, &held, anew)?;
        self.execute(
            "update chronicle_outbox set waits = ?2 where sequence = ?1",
            (anew, serde_json::to_string(&waits).map_err(internal)?),
        )?;
        let uniques = uniques.iter().map(|(column, value)| (column.as_str(), value.as_deref()));
        self.index(anew, &row.table, &refs, uniques)?;
        self.look_again(anew)?;
        if kind != EntryKind::Delete {
            self.change_again(table, &row, kind, &body)?;
        }
        Ok(())
    }

    /// Makes the change of a letter in the file anew.
    fn change_again(
        &mut self,
        table: Option<&'static crate::Table>,
        row: &RowName,
        kind: EntryKind,
        body: &str,
    ) -> Result<()> {
        let Some(table) = table else { return self.doubt(row, None) };
        let values: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(body).map_err(internal)?;
        let mut assignments = Vec::new();
        for (name, json) in values {
            let Some(at) = table.columns.iter().position(|column| column.name == name) else {
                continue;
            };
            assignments.push((at, crate::value::from_json(&table.columns[at], json)?));
        }
        if kind == EntryKind::Update {
            let Some(key) = self.local_key(table, row)? else { return Ok(()) };
            assignments.retain(|(at, _)| *at != table.key);
            if assignments.is_empty() {
                return Ok(());
            }
            let target = crate::operation::Target::Key(key);
            let kind = crate::operation::WriteKind::Update { target, assignments };
            let write = crate::operation::Write { table, kind };
            return crate::backend::sqlite::apply(self.connection, &write).map(drop);
        }
        if assignments.len() < table.columns.len() {
            return self.doubt(row, None);
        }
        assignments.sort_unstable_by_key(|(at, _)| *at);
        let rows = vec![assignments.into_iter().map(|(_, value)| value).collect()];
        let duplicates = crate::operation::Duplicates::Replace;
        let kind = crate::operation::WriteKind::Insert { rows, duplicates };
        let write = crate::operation::Write { table, kind };
        crate::backend::sqlite::apply(self.connection, &write).map(drop)
    }

    /// Forgets a letter: it alone, or with what came by the row that it was to bring. What is left
    /// without an entry is fetched. How many entries have gone.
    pub(crate) fn drop_letter(&mut self, sequence: i64, is_settling: bool) -> Result<u64> {
        let (row, kind, released, is_sent, _) = self.letter(sequence)?;
        if is_sent && is_settling {
            return Err(Error::new(
                ErrorKind::Busy,
                "a request with this write may still arrive at the remote",
            )
            .with_hint("drop it in half a minute"));
        }
        seam::met(Met::Dropped);
        let doomed = if kind.creates() && !released {
            self.came_by(sequence, &row)?
        } else {
            vec![sequence]
        };
        if doomed.len() > 1 {
            seam::met(Met::DroppedAlong);
        }
        // What a delete took along in the file is at the remote as ever.
        let taken = "select table_name, row_key from chronicle_tombstones where sequence = ?1";
        let taken = self.list(taken, [sequence], |row| {
            Ok(RowName::new(TableName::stored(row.get(0)?), RowKey::stored(row.get(1)?)))
        })?;
        // One with entries left is fetched once they have gone: the file has what was forgotten.
        for removed in self.remove(&doomed)?.into_values() {
            self.doubt(&removed.row, Some(removed.local_key))?;
        }
        for row in taken {
            self.doubt(&row, None)?;
        }
        Ok(doomed.len() as u64)
    }

    /// The letter, the updates of its row up to the next insert, upsert or delete, and the children
    /// that came by it, with theirs.
    fn came_by(&self, sequence: i64, row: &RowName) -> Result<Vec<i64>> {
        if seam::breaks(Mutation::DropAllThatWaits) {
            let sql = "with recursive d(s) as (select ?1 union \
                select o.sequence from d join chronicle_outbox o on o.waits_for = d.s) select s from d";
            return self.list(sql, [sequence], |row| row.get(0));
        }
        let mut doomed = vec![sequence];
        let mut known = HashSet::from([sequence]);
        let mut next = vec![(sequence, row.clone())];
        while let Some((sequence, row)) = next.pop() {
            let sql = "select sequence, kind from chronicle_outbox \
                where table_name = ?1 and row_key = ?2 and sequence > ?3 order by sequence";
            let later =
                self.list(sql, (row.table.as_str(), row.key.as_str(), sequence), |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
                })?;
            for (update, kind) in later {
                if kind != EntryKind::Update.name() {
                    break;
                }
                if known.insert(update) {
                    doomed.push(update);
                }
            }
            // Those that wait for this very entry as their parent.
            let sql = "select o.sequence, o.table_name, o.row_key from chronicle_refs r \
                join chronicle_outbox o on o.sequence = r.sequence \
                where r.table_name = ?1 and r.row_key = ?2 and r.sequence > ?3 \
                and o.kind in ('insert', 'insert_if_absent', 'upsert') \
                and exists (select 1 from json_each(o.waits) w where w.value ->> 'before' = ?3 \
                  and w.value ->> 'cause' = 'parent')";
            let children =
                self.list(sql, (row.table.as_str(), row.key.as_str(), sequence), |row| {
                    let name =
                        RowName::new(TableName::stored(row.get(1)?), RowKey::stored(row.get(2)?));
                    Ok((row.get::<_, i64>(0)?, name))
                })?;
            for (child, row) in children {
                if known.insert(child) {
                    doomed.push(child);
                    next.push((child, row));
                }
            }
        }
        Ok(doomed)
    }

    /// Gives the values of entries that an earlier version of the entity queued the form of this one.
    pub(crate) fn convert(
        &mut self,
        table: &'static crate::Table,
        version: &str,
        change: &mut dyn FnMut(&mut serde_json::Map<String, serde_json::Value>),
    ) -> Result<u64> {
        let sql = "select sequence, body from chronicle_outbox \
            where table_name = ?1 and version <> ?2 and body <> ''";
        let name = TableName::of(table);
        let entries = self.list(sql, (name.as_str(), version), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        let converted = entries.len() as u64;
        for (sequence, body) in entries {
            let mut values = serde_json::from_str(&body).map_err(internal)?;
            change(&mut values);
            let columns: Vec<&String> = values.keys().collect();
            let is_known =
                |name: &&&String| table.columns.iter().all(|column| column.name != name.as_str());
            if let Some(unknown) = columns.iter().find(is_known) {
                return Err(Error::new(
                    ErrorKind::SchemaMismatch,
                    format!("`{unknown}` is no column of `{}`: nothing was converted", table.name),
                ));
            }
            let columns = serde_json::to_string(&columns).map_err(internal)?;
            let body = serde_json::to_string(&values).map_err(internal)?;
            self.execute(
                "update chronicle_outbox set body = ?2, column_names = ?3, version = ?4 where sequence = ?1",
                (sequence, body, columns, version),
            )?;
        }
        Ok(converted)
    }

    /// Removes the row of a key as the file holds it, which is not at the remote.
    pub(crate) fn remove_row(
        &self,
        table: &str,
        key_column: &str,
        local_key: &Stored,
    ) -> Result<bool> {
        let sql = format!("delete from {} where {} = ?1", quoted(table), quoted(key_column));
        let mut statement = self.connection.prepare_cached(&sql).map_err(from_rusqlite)?;
        Ok(statement.execute([local_key]).map_err(from_rusqlite)? > 0)
    }
}
