//! A refused entry goes again.

use super::Refused;
use crate::backend::sqlite::apply;
use crate::failover::environment::Moment;
use crate::failover::file::outbox::{Unique, named};
use crate::failover::file::relations::Relations;
use crate::failover::file::transaction::{Transaction, internal};
use crate::failover::letter::DeadLetterReason;
use crate::failover::rules::entry::EntryKind;
use crate::failover::rules::name::RowName;
use crate::failover::seam::{self, Met, Mutation};
use crate::operation::{Duplicates, NewRow, Target, Write, WriteKind};
use crate::{Result, Source, Table, value};
use sea_orm::Value;
use uuid::Uuid;

impl Transaction<'_> {
    /// A refused entry waits again, in its place, with all that it is made together with.
    pub(super) fn let_go_again(&mut self, sequence: i64) -> Result<()> {
        let mut group = self.group_of(sequence)?;
        for sequence in &group {
            self.no_longer_refused(*sequence)?;
        }
        // The last one stands for all.
        group.reverse();
        for sequence in group {
            self.look_again(sequence)?;
            self.followers_of(sequence)?;
        }
        Ok(())
    }

    fn no_longer_refused(&mut self, sequence: i64) -> Result<()> {
        let reason = "select reason from chronicle_outbox where sequence = ?1";
        let reason: Option<String> = self.first(reason, [sequence], |row| row.get(0))?.flatten();
        let Some(reason) = reason else { return Ok(()) };
        let sql = "update chronicle_outbox set reason = null, code = null, message = null, released = 0, \
            failures = 0, tries = 0, accepted_before = -1, try_at = 0, id = ?2 \
            where sequence = ?1";
        // The server's function may have taken the other id, so that no earlier request is made.
        self.execute(sql, (sequence, Uuid::now_v7().to_string()))?;
        self.counts.refused -= 1;
        self.counts.parentless -= i64::from(reason == DeadLetterReason::ParentMissing.name());
        Ok(())
    }

    /// Lets a letter go again: in its place while it holds what waits for it, else as a new write,
    /// behind what waits now, with its change in the file; where its entity is not known here, the
    /// row is fetched.
    pub(crate) fn retry(
        &mut self,
        known: impl Fn(&str) -> Option<&'static Table>,
        relations: &Relations,
        sequence: i64,
        date: Moment,
    ) -> Result<()> {
        // It goes again already, with another one of its transaction; or a delete goes, and it with that.
        let is_waiting = !self.is_letter(sequence)? && self.standing_of(sequence)?.is_some();
        if is_waiting || self.is_behind_delete(sequence)? {
            return Ok(());
        }
        let group = self.group_of(sequence)?;
        let mut letters = Vec::with_capacity(group.len());
        for sequence in group {
            letters.push((sequence, self.refused(sequence)?));
        }
        if letters.iter().any(|(_, letter)| !letter.is_released)
            || seam::breaks(Mutation::RetryReleasedInPlace)
        {
            seam::met(Met::Retried);
            let group: Vec<i64> = letters.iter().map(|(sequence, _)| *sequence).collect();
            self.mend(&known, relations, &group)?;
            return self.let_go_again(sequence);
        }
        seam::met(Met::RetriedAnew);
        let mut anew = Vec::with_capacity(letters.len());
        for (sequence, letter) in letters {
            let table = known(letter.row.table.as_str());
            anew.push(self.retry_anew((table, relations), sequence, letter, date)?);
        }
        self.bind_together(&anew)
    }

    /// Puts a letter behind what waits now; its new sequence.
    fn retry_anew(
        &mut self,
        (table, relations): (Option<&'static Table>, &Relations),
        sequence: i64,
        letter: Refused,
        date: Moment,
    ) -> Result<i64> {
        let Refused { row, kind, .. } = letter;
        self.counts.sequence += 1;
        let anew = self.counts.sequence;
        let sql = "insert into chronicle_outbox (sequence, table_name, row_key, local_key, key_columns, \
            kind, column_names, body, made, refs, uniques, base, version, brings_row, bytes, queued_at, waits, \
            added, id) \
            select ?2, table_name, row_key, local_key, key_columns, \
            kind, column_names, body, made, refs, uniques, base, version, brings_row, bytes, ?3, '[]', \
            added, ?4 \
            from chronicle_outbox where sequence = ?1";
        self.execute(sql, (sequence, anew, date, Uuid::now_v7().to_string()))?;
        self.counts.rows += 1;
        let bytes =
            "select bytes, refs, uniques, body, added from chronicle_outbox where sequence = ?1";
        let copied = self.first(bytes, [anew], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, String>(3)?,
                row.get::<_, String>(4)?,
            ))
        })?;
        let (bytes, refs, uniques, body, added) =
            copied.ok_or_else(|| internal("a letter is gone"))?;
        self.counts.bytes += bytes;
        let refs = named(&refs)?;
        let uniques: Vec<(String, Option<String>)> =
            serde_json::from_str(&uniques).map_err(internal)?;
        // It waits for what waits now, but not for the letter that it was.
        self.remove(&[sequence])?;
        // Where the remote's changes win, by what the row is now.
        let is_replaced =
            "select base ->> 'version' = 'any' from chronicle_outbox where sequence = ?1";
        let is_replaced = self.first(is_replaced, [anew], |row| row.get::<_, Option<bool>>(0))?;
        if let Some(table) = table.filter(|_| is_replaced.flatten() != Some(true))
            && let Some(base) = self.base_now(relations, table, &row, anew)?
        {
            let base = serde_json::to_string(&base).map_err(internal)?;
            let sql = "update chronicle_outbox set base = ?2 where sequence = ?1";
            self.execute(sql, (anew, base))?;
        }
        let held: Vec<Unique> = uniques
            .iter()
            .map(|(columns, value)| Unique { columns: columns.clone(), value: value.clone() })
            .collect();
        let waits = self.edges(&row, &refs, &held, anew)?;
        self.execute(
            "update chronicle_outbox set waits = ?2 where sequence = ?1",
            (anew, serde_json::to_string(&waits).map_err(internal)?),
        )?;
        let uniques = uniques.iter().map(|(columns, value)| (columns.as_str(), value.as_deref()));
        self.index(anew, &row.table, &refs, uniques)?;
        self.look_again(anew)?;
        if kind != EntryKind::Delete {
            let added: Vec<String> = serde_json::from_str(&added).map_err(internal)?;
            self.change_again(table, &row, kind, &body, &added)?;
        }
        Ok(anew)
    }

    /// Makes the change of a letter in the file anew.
    fn change_again(
        &mut self,
        table: Option<&'static Table>,
        row: &RowName,
        kind: EntryKind,
        body: &str,
        added: &[String],
    ) -> Result<()> {
        let Some(table) = table else { return self.doubt(row, None) };
        let values: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(body).map_err(internal)?;
        let mut assignments = Vec::new();
        for (name, json) in values {
            let Some(at) = table.columns.iter().position(|column| column.name == name) else {
                continue;
            };
            assignments.push((at, value::from_json(&table.columns[at], json)?));
        }
        if kind == EntryKind::Update {
            let Some(key) = self.local_key(table, row)? else { return Ok(()) };
            assignments.retain(|(at, _)| !table.is_key(*at));
            if assignments.is_empty() {
                return Ok(());
            }
            let is_added = |(at, _): &(usize, Value)| {
                added.iter().any(|added| added == table.columns[*at].name)
            };
            let (additions, assignments) = assignments.into_iter().partition(is_added);
            let target = Target::Key(key);
            let kind = WriteKind::Update { target, assignments, additions };
            let write = Write::new(table, kind);
            return apply(self.connection, &write).map(drop);
        }
        let mut values: Vec<Option<Value>> = vec![None; table.columns.len()];
        for (at, value) in assignments {
            values[at] = Some(value);
        }
        let is_left_out = |at: &usize| values[*at].is_none();
        let left_out: Vec<usize> = (0..table.columns.len()).filter(is_left_out).collect();
        if left_out.iter().any(|at| table.columns[*at].source == Source::Client) {
            return self.doubt(row, None);
        }
        let null = |at: usize| table.columns[at].kind.null();
        let values = values.into_iter().enumerate();
        let values = values.map(|(at, value)| value.unwrap_or_else(|| null(at))).collect();
        let rows = vec![NewRow::new(values, left_out)];
        let duplicates = Duplicates::Replace;
        let kind = WriteKind::Insert { rows, duplicates };
        let write = Write::new(table, kind);
        apply(self.connection, &write).map(drop)
    }
}
