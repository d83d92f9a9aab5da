//! The mirror: rows as the remote has them, for the next outage.
//!
//! A row with an entry is never stored over, nor one that was written through this file since the
//! answer was asked for. Where the file cannot know what the remote has, the row is *unsure*: it is
//! fetched, and until then "not known", never "not there".

use super::outbox::unique_columns;
use super::relations::{MOST_BELOW, Relations};
use super::transaction::{Transaction, internal};
use crate::backend::sqlite::{Bound, apply, quoted, select_columns};
use crate::failover::environment::Moment;
use crate::failover::rules::entry::EntryKind;
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::failover::seam::{self, Met, Mutation};
use crate::operation::{Duplicates, Target, Write, WriteKind};
use crate::{Column, Parent, Result, Table, value};
use crate::{Error, ErrorKind};
use rusqlite::types::Value as Stored;
use sea_orm::Value;
use std::collections::HashMap;

/// How many writes are remembered, so that a slow answer does not undo one. What is too old to be
/// known counts as newer than any answer.
const REMEMBERED: i64 = 100_000;
/// How often old ones are forgotten, in writes.
const FORGET_EVERY: i64 = 256;
/// Rows of one write that are remembered one by one; of more, their table is.
const MANY_ROWS: usize = 16;
/// The key under which a write of a whole table is remembered.
const WHOLE_TABLE: &str = "";

/// An answer of the remote, and the number of the last write that the file knew when it was asked
/// for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) since: i64,
    /// The number under which an earlier part of the answer has remembered all of it.
    pub(crate) own: Option<i64>,
}

/// A row that has to be fetched.
#[derive(Clone, Debug)]
pub(crate) struct Unsure {
    pub(crate) row: RowName,
    pub(crate) local_key: Stored,
}

/// What the entries of a row set, so that an answer of the remote leaves it alone.
enum SetByEntries {
    Nothing,
    Columns(Vec<String>),
    Everything,
}

impl Transaction<'_> {
    /// Remembers that a row was written now.
    pub(crate) fn remember(&mut self, row: &RowName) -> Result<()> {
        self.remember_key(&row.table, row.key.as_str())
    }

    /// Remembers that any row of a table may have been written now.
    pub(crate) fn remember_table(&mut self, table: &TableName) -> Result<()> {
        self.remember_key(table, WHOLE_TABLE)
    }

    fn remember_key(&mut self, table: &TableName, key: &str) -> Result<()> {
        self.counts.write += 1;
        let number = self.counts.write;
        let sql = "insert into chronicle_written (table_name, row_key, number) values (?1, ?2, ?3) \
            on conflict (table_name, row_key) do update set number = ?3";
        self.execute(sql, (table.as_str(), key, number))?;
        if number % FORGET_EVERY == 0 {
            let sql = "delete from chronicle_written where number <= ?1";
            self.execute(sql, [number - REMEMBERED])?;
        }
        Ok(())
    }

    /// Whether the row was written through this file after the write with this number.
    fn is_newer(&self, row: &RowName, since: i64) -> Result<bool> {
        self.is_newer_but(row, since, None)
    }

    fn is_newer_but(&self, row: &RowName, since: i64, own: Option<i64>) -> Result<bool> {
        if since >= self.counts.write {
            return Ok(false);
        }
        if since < self.counts.write - REMEMBERED {
            return Ok(true);
        }
        let sql = "select 1 from chronicle_written \
            where table_name = ?1 and row_key in (?2, '') and number > ?3 and number is not ?4 limit 1";
        self.exists(sql, (row.table.as_str(), row.key.as_str(), since, own))
    }

    fn any_is_newer(&self, rows: &[RowName], since: i64) -> Result<bool> {
        for row in rows {
            if self.is_newer(row, since)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn set_by_entries(&self, row: &RowName) -> Result<SetByEntries> {
        if self.counts.rows == 0 {
            return Ok(SetByEntries::Nothing);
        }
        let sql = "select kind, column_names from chronicle_outbox where table_name = ?1 and row_key = ?2";
        let entries = self.list(sql, (row.table.as_str(), row.key.as_str()), |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        if entries.is_empty() {
            return Ok(SetByEntries::Nothing);
        }
        let mut columns: Vec<String> = Vec::new();
        for (kind, list) in entries {
            if kind != EntryKind::Update.name() {
                return Ok(SetByEntries::Everything);
            }
            columns.extend(serde_json::from_str::<Vec<String>>(&list).map_err(internal)?);
        }
        Ok(SetByEntries::Columns(columns))
    }

    /// The waiting delete that takes along who refers to one of these rows at the remote, whether or
    /// not the row is to come back after it.
    fn delete_above(&self, refs: &[RowName]) -> Result<Option<i64>> {
        if self.counts.rows == 0 {
            return Ok(None);
        }
        for parent in refs {
            let sql = "select max(sequence) from chronicle_outbox \
                where table_name = ?1 and row_key = ?2 and kind = 'delete'";
            let row = (parent.table.as_str(), parent.key.as_str());
            let delete: Option<i64> = self.first(sql, row, |row| row.get(0))?.flatten();
            if let Some(delete) = delete {
                return Ok(Some(delete));
            }
            if let Some(delete) = self.delete_that_took(parent)? {
                return Ok(Some(delete));
            }
        }
        Ok(None)
    }

    /// Stores rows that the remote has just taken, as it has them. `true` when one is to be fetched.
    pub(crate) fn mirror_rows(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        rows: &[Vec<Value>],
        answer: Answer,
    ) -> Result<bool> {
        let parents = relations.of(table);
        let name = TableName::of(table);
        let has_doubts = self.counts.rows > 0 || self.counts.write > answer.since;
        let mut is_unsure = false;
        let mut whole: Vec<&Vec<Value>> = Vec::with_capacity(rows.len());
        for row in rows {
            let named = RowName::new(name.clone(), RowKey::of(&row[table.key]));
            if has_doubts && !seam::breaks(Mutation::NoUnsureRows) {
                let refs = Relations::refs(&parents, table, row.iter().enumerate());
                let others: Vec<(usize, Value)> = row.iter().cloned().enumerate().collect();
                match self.set_by_entries(&named)? {
                    SetByEntries::Everything => continue,
                    SetByEntries::Columns(set) => {
                        self.mirror_columns(table, &row[table.key], others, &set)?;
                        continue;
                    }
                    SetByEntries::Nothing => {}
                }
                if self.is_newer_but(&named, answer.since, answer.own)?
                    || self.any_is_newer(&refs, answer.since)?
                {
                    seam::met(Met::MirrorUnsure);
                    self.mirror_columns(table, &row[table.key], others, &[])?;
                    self.doubt_key(table, &named, &row[table.key])?;
                    is_unsure = true;
                    continue;
                }
                if let Some(delete) = self.delete_above(&refs)? {
                    seam::met(Met::MirrorBelowDelete);
                    self.bury_below(&named, delete)?;
                    continue;
                }
            }
            if self.is_value_held(table, row)? {
                self.doubt_key(table, &named, &row[table.key])?;
                continue;
            }
            whole.push(row);
        }
        is_unsure |= self.store(table, &whole)?;
        match answer.own {
            Some(_) => {}
            None if rows.len() > MANY_ROWS => self.remember_table(&name)?,
            None => {
                for row in rows {
                    self.remember(&RowName::new(name.clone(), RowKey::of(&row[table.key])))?;
                }
            }
        }
        Ok(is_unsure)
    }

    /// Sets columns of a row that the file has, but for those that an entry sets.
    pub(super) fn mirror_columns(
        &self,
        table: &'static Table,
        key: &Value,
        mut assignments: Vec<(usize, Value)>,
        set_by_entries: &[String],
    ) -> Result<u64> {
        assignments.retain(|(at, _)| {
            *at != table.key && !set_by_entries.iter().any(|set| set == table.columns[*at].name)
        });
        if assignments.is_empty() {
            return Ok(0);
        }
        if !set_by_entries.is_empty() {
            seam::met(Met::MirroredInPart);
        }
        let kind = WriteKind::Update { target: Target::Key(key.clone()), assignments };
        apply(self.connection, &Write { table, kind })
    }

    /// Stores whole rows, and removes who still holds one of their unique values. `true` when such a
    /// one is to be fetched.
    fn store(&mut self, table: &'static Table, rows: &[&Vec<Value>]) -> Result<bool> {
        if rows.is_empty() {
            return Ok(false);
        }
        seam::met(Met::Mirrored);
        let mut gave_way = false;
        for at in unique_columns(table) {
            for row in rows.iter().filter(|row| !value::is_null(&row[at])) {
                gave_way |= self.give_way(table, at, row)?;
            }
        }
        match self.put(table, rows) {
            Err(error) if is_of_row(&error) => {}
            stored => return stored.map(|()| gave_way),
        }
        // One that the file cannot hold beside a row that waits, or by its own rules, is not known.
        for row in rows {
            match self.put(table, &[*row]) {
                Err(error) if is_of_row(&error) => {
                    seam::met(Met::MirrorUnsure);
                    self.doubt_key(table, &RowName::of_values(table, row), &row[table.key])?;
                }
                stored => stored?,
            }
        }
        Ok(true)
    }

    fn put(&self, table: &'static Table, rows: &[&Vec<Value>]) -> Result<()> {
        let rows = rows.iter().map(|row| (*row).clone()).collect();
        let kind = WriteKind::Insert { rows, duplicates: Duplicates::Replace };
        apply(self.connection, &Write { table, kind }).map(drop)
    }

    /// A row that still holds a unique value which the remote has given to another one is out of
    /// date; one with an entry is not, and keeps the other one out.
    fn give_way(&mut self, table: &'static Table, at: usize, row: &[Value]) -> Result<bool> {
        let key = table.key_column();
        let holders = self.holders(table, at, row)?;
        let mut gave_way = false;
        for local_key in holders {
            let held = self.name_of(table, &local_key)?;
            if self.has_entry(&held)? {
                continue;
            }
            seam::met(Met::StaleHolderGone);
            self.remove_row(table.name, key.name, &local_key)?;
            self.doubt(&held, Some(local_key))?;
            gave_way = true;
        }
        Ok(gave_way)
    }

    /// Whether a unique value of the row is held in the file by one with an entry, so that the file
    /// cannot hold them both.
    pub(crate) fn is_value_held(&self, table: &'static Table, row: &[Value]) -> Result<bool> {
        if self.counts.rows == 0 {
            return Ok(false);
        }
        for at in unique_columns(table) {
            if value::is_null(&row[at]) {
                continue;
            }
            for local_key in self.holders(table, at, row)? {
                if self.has_entry(&self.name_of(table, &local_key)?)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The keys of other rows that hold a unique value of this one.
    fn holders(&self, table: &'static Table, at: usize, row: &[Value]) -> Result<Vec<Stored>> {
        let key = table.key_column();
        let sql = format!(
            "select {key} from {table} where {column} = ?1 and {key} <> ?2",
            key = quoted(key.name),
            table = quoted(table.name),
            column = quoted(table.columns[at].name),
        );
        self.list(&sql, [Bound(&row[at]), Bound(&row[table.key])], |row| row.get::<_, Stored>(0))
    }

    /// The name of the row with a key as the file holds it.
    fn name_of(&self, table: &'static Table, local_key: &Stored) -> Result<RowName> {
        let sql = format!(
            "select {key} from {table} where {key} = ?1",
            key = quoted(table.key_column().name),
            table = quoted(table.name)
        );
        let key = self.first(&sql, [local_key], |row| {
            Ok(crate::backend::sqlite::decode(table.key_column(), row, 0))
        })?;
        match key {
            Some(key) => Ok(RowName::of(table, &key?)),
            None => Err(internal("a row of the mirror is gone")),
        }
    }

    /// The key of a row as a value, where the file knows it.
    pub(super) fn local_key(&self, table: &'static Table, row: &RowName) -> Result<Option<Value>> {
        let sql =
            "select local_key from chronicle_outbox where table_name = ?1 and row_key = ?2 limit 1";
        let key = self.first(sql, (row.table.as_str(), row.key.as_str()), |row| {
            Ok(crate::backend::sqlite::decode(table.key_column(), row, 0))
        })?;
        key.transpose()
    }

    /// A row is not known until it was fetched.
    pub(super) fn doubt(&mut self, row: &RowName, local_key: Option<Stored>) -> Result<()> {
        let is_new = !self.is_unsure(row)?;
        self.counts.write += 1;
        let sql = "insert into chronicle_unsure (table_name, row_key, local_key, number) \
            values (?1, ?2, ?3, ?4) on conflict (table_name, row_key) do update set number = ?4, \
            local_key = coalesce(?3, local_key)";
        let number = self.counts.write;
        self.execute(sql, (row.table.as_str(), row.key.as_str(), local_key, number))?;
        self.counts.unsure += i64::from(is_new);
        Ok(())
    }

    fn doubt_key(&mut self, table: &'static Table, row: &RowName, key: &Value) -> Result<()> {
        debug_assert!(*row == RowName::of(table, key));
        let local_key = self.first("select ?1", [Bound(key)], |row| row.get::<_, Stored>(0))?;
        self.doubt(row, local_key)
    }

    /// Whether the file does not know what the remote has of the row.
    pub(crate) fn is_unsure(&self, row: &RowName) -> Result<bool> {
        if self.counts.unsure == 0 {
            return Ok(false);
        }
        let sql = "select 1 from chronicle_unsure where table_name = ?1 and row_key = ?2";
        self.exists(sql, (row.table.as_str(), row.key.as_str()))
    }

    /// Rows that have to be fetched now, of one table.
    pub(crate) fn unsure(
        &self,
        table: &TableName,
        most: usize,
        now: Moment,
    ) -> Result<Vec<Unsure>> {
        // What a request without answer may still change is fetched after that.
        let ghosts: Vec<&Option<RowKey>> = self
            .state
            .live_ghosts(now)
            .filter(|ghost| ghost.table == *table)
            .map(|ghost| &ghost.key)
            .collect();
        if ghosts.contains(&&None) {
            return Ok(Vec::new());
        }
        let sql = "select row_key, local_key from chronicle_unsure where table_name = ?1 \
            and not exists (select 1 from chronicle_outbox o \
              where o.table_name = chronicle_unsure.table_name and o.row_key = chronicle_unsure.row_key) \
            order by number limit ?2";
        let mut unsure = self.list(sql, (table.as_str(), (most + ghosts.len()) as i64), |row| {
            let row_key = RowKey::stored(row.get(0)?);
            Ok(Unsure { row: RowName::new(table.clone(), row_key), local_key: row.get(1)? })
        })?;
        unsure.retain(|unsure| !ghosts.contains(&&Some(unsure.row.key.clone())));
        unsure.truncate(most);
        Ok(unsure)
    }

    /// The tables with rows that have to be fetched.
    pub(crate) fn unsure_tables(&self) -> Result<Vec<TableName>> {
        if self.counts.unsure == 0 {
            return Ok(Vec::new());
        }
        self.list("select distinct table_name from chronicle_unsure", [], |row| {
            Ok(TableName::stored(row.get(0)?))
        })
    }

    /// What the remote has of a row is known now, unless it was written since.
    pub(crate) fn is_sure(&mut self, row: &RowName, since: i64) -> Result<()> {
        if self.counts.unsure == 0 {
            return Ok(());
        }
        let sql =
            "delete from chronicle_unsure where table_name = ?1 and row_key = ?2 and number <= ?3";
        let gone = self.execute(sql, (row.table.as_str(), row.key.as_str(), since))?;
        self.counts.unsure -= gone as i64;
        Ok(())
    }

    /// Makes a change of rows that it names in the file, which the remote has just taken. `true` when
    /// a row is to be fetched.
    pub(crate) fn mirror_change(
        &mut self,
        relations: &Relations,
        write: &Write,
        answer: Answer,
    ) -> Result<bool> {
        let table = write.table;
        match &write.kind {
            WriteKind::Insert { rows, .. } => self.mirror_rows(relations, table, rows, answer),
            WriteKind::Update { target: Target::Key(key), .. }
            | WriteKind::Delete { target: Target::Key(key) } => {
                self.mirror_row(relations, write, key, answer)
            }
            WriteKind::Update { .. } | WriteKind::Delete { .. } => {
                Err(internal("a change by a condition is made row by row"))
            }
        }
    }

    /// Makes a change in one of the rows that it is for.
    pub(crate) fn mirror_row(
        &mut self,
        relations: &Relations,
        write: &Write,
        key: &Value,
        answer: Answer,
    ) -> Result<bool> {
        match &write.kind {
            WriteKind::Update { assignments, .. } => {
                self.mirror_update(relations, write.table, key, assignments, answer)
            }
            WriteKind::Delete { .. } => self.mirror_delete(relations, write.table, key, answer),
            WriteKind::Insert { .. } => Ok(false),
        }
    }

    /// Begins to make a change by a condition in the file: from now on no answer that was asked for
    /// before counts. Gives back the rows that are to be changed, and as of when; those that were
    /// written meanwhile are changed by then.
    pub(crate) fn begin_mirror_filter(
        &mut self,
        relations: &Relations,
        write: &Write,
        target: &Target,
        answer: Answer,
    ) -> Result<(Vec<Value>, Answer)> {
        let mut keys = self.keys(write.table, target, usize::MAX)?;
        if self.counts.write > answer.since {
            let mut rest = Vec::with_capacity(keys.len());
            for key in keys {
                if self.is_newer(&RowName::of(write.table, &key), answer.since)? {
                    self.mirror_row(relations, write, &key, answer)?;
                } else {
                    rest.push(key);
                }
            }
            keys = rest;
        }
        self.remember_table(&TableName::of(write.table))?;
        Ok((keys, Answer { since: self.counts.write, own: None }))
    }

    fn mirror_update(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        key: &Value,
        assignments: &[(usize, Value)],
        answer: Answer,
    ) -> Result<bool> {
        let row = RowName::of(table, key);
        let values = || assignments.iter().map(|(at, value)| (*at, value));
        let refs = Relations::refs(&relations.of(table), table, values());
        let mut is_unsure = false;
        match self.set_by_entries(&row)? {
            SetByEntries::Everything => {}
            SetByEntries::Columns(set) => {
                self.mirror_columns(table, key, assignments.to_vec(), &set)?;
            }
            SetByEntries::Nothing => {
                let before = self.before(relations, table, key)?;
                let is_newer = !seam::breaks(Mutation::NoUnsureRows)
                    && (self.is_newer(&row, answer.since)?
                        || self.any_is_newer(&refs, answer.since)?
                        || self.any_is_newer(&before, answer.since)?);
                if let Some(delete) = self.delete_above(&refs)? {
                    // The delete takes it along once it is replayed, as its insert would be.
                    seam::met(Met::MirrorBelowDelete);
                    self.bury_below(&row, delete)?;
                    self.remove_row_by_key(table, key)?;
                } else {
                    let gave_way = self.holders_give_way(table, key, assignments)?;
                    let touched = self.mirror_columns(table, key, assignments.to_vec(), &[])?;
                    if is_newer || touched == 0 {
                        seam::met(Met::MirrorUnsure);
                        self.doubt_key(table, &row, key)?;
                        is_unsure = true;
                    } else {
                        seam::met(Met::Mirrored);
                    }
                    is_unsure |= gave_way;
                }
            }
        }
        self.remember(&row)?;
        Ok(is_unsure)
    }

    fn holders_give_way(
        &mut self,
        table: &'static Table,
        key: &Value,
        assignments: &[(usize, Value)],
    ) -> Result<bool> {
        let unique = unique_columns(table);
        let mut gave_way = false;
        for (at, value) in assignments {
            if unique.contains(at) && !value::is_null(value) {
                let mut row = vec![Value::Bool(None); table.columns.len()];
                row[table.key] = key.clone();
                row[*at] = value.clone();
                gave_way |= self.give_way(table, *at, &row)?;
            }
        }
        Ok(gave_way)
    }

    fn remove_row_by_key(&self, table: &'static Table, key: &Value) -> Result<u64> {
        let kind = WriteKind::Delete { target: Target::Key(key.clone()) };
        apply(self.connection, &Write { table, kind })
    }

    fn mirror_delete(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        key: &Value,
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
        let is_unsure =
            self.is_needed(relations, table, key)? && !seam::breaks(Mutation::RemoveWhatWaits);
        if is_unsure {
            seam::met(Met::RemovalGuarded);
            self.remove_unneeded(relations, table, key)?;
            if !self.has_entry(&row)? {
                self.doubt_key(table, &row, key)?;
            }
        } else {
            self.remove_with_below(relations, table, key)?;
        }
        self.remember(&row)?;
        Ok(is_unsure)
    }

    /// Of the rows below one that has to stay, removes those that nothing waits for.
    fn remove_unneeded(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        key: &Value,
    ) -> Result<()> {
        for below in self.below(relations, table, key, MOST_BELOW)? {
            if !self.is_below_needed(relations, &below)? {
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
        key: &Value,
    ) -> Result<bool> {
        for below in self.below(relations, table, key, usize::MAX)? {
            self.remove_below(relations, &below)?;
            self.remember(&below.row)?;
        }
        self.unlink(relations, table.name, &self.local(key)?)?;
        Ok(self.remove_row_by_key(table, key)? > 0)
    }

    /// Removes a row that the remote does not have, unless something waits for it or below it, or it
    /// was written since. `true` when it was there and is gone.
    pub(crate) fn forget_row(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        key: &Value,
        since: i64,
    ) -> Result<bool> {
        let row = RowName::of(table, key);
        if self.is_newer(&row, since)? {
            return Ok(false);
        }
        if self.is_needed(relations, table, key)? && !seam::breaks(Mutation::RemoveWhatWaits) {
            seam::met(Met::RemovalGuarded);
            self.remove_unneeded(relations, table, key)?;
            return Ok(false);
        }
        self.is_sure(&row, since)?;
        self.remove_with_below(relations, table, key)
    }

    /// Stores rows that were read while the file's last write had the number `since`.
    pub(crate) fn store_read(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        rows: &[Vec<Value>],
        since: i64,
    ) -> Result<bool> {
        let parents = relations.of(table);
        let name = TableName::of(table);
        let is_guarded = !seam::breaks(Mutation::NoMirrorGuard);
        let has_doubts = self.counts.rows > 0 || self.counts.write > since;
        let mut keep: Vec<&Vec<Value>> = Vec::with_capacity(rows.len());
        let mut came = false;
        for row in rows {
            let named = RowName::new(name.clone(), RowKey::of(&row[table.key]));
            came |= self.parent_came(&named)?;
            if has_doubts && is_guarded && !self.may_store(&parents, table, row, &named, since)? {
                continue;
            }
            if self.is_value_held(table, row)? {
                self.doubt_key(table, &named, &row[table.key])?;
                continue;
            }
            self.is_sure(&named, since)?;
            keep.push(row);
        }
        if !keep.is_empty() {
            seam::met(Met::ReadStored);
        }
        Ok(self.store(table, &keep)? || came)
    }

    /// Stores what the remote has of rows that had to be fetched: those of `unsure` that are not
    /// among the rows it does not have. `true` when it is worth to fetch again: some are known now,
    /// or were written meanwhile.
    pub(crate) fn store_fetched(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        unsure: Vec<(Unsure, Option<Value>)>,
        rows: &[Vec<Value>],
        since: i64,
    ) -> Result<bool> {
        let before = self.counts.unsure;
        self.store_read(relations, table, rows, since)?;
        let parents = relations.of(table);
        let there: HashMap<RowName, &Vec<Value>> =
            rows.iter().map(|row| (RowName::of_values(table, row), row)).collect();
        let mut is_overtaken = false;
        for (Unsure { row, .. }, key) in unsure {
            let mut named = vec![row.clone()];
            if let Some(values) = there.get(&row) {
                named.extend(Relations::refs(&parents, table, values.iter().enumerate()));
            }
            let is_newer = self.any_is_newer(&named, since)?;
            match (there.get(&row), &key) {
                (Some(_), _) => {}
                // One that something waits for stays in the file, and stays one that is not known.
                (None, Some(key)) => {
                    self.forget_row(relations, table, key, since)?;
                }
                (None, None) => self.is_sure(&row, since)?,
            }
            if self.is_unsure(&row)? {
                // The others first.
                is_overtaken |= is_newer;
                self.doubt(&row, None)?;
            }
        }
        Ok(is_overtaken || self.counts.unsure < before)
    }

    fn may_store(
        &mut self,
        parents: &[Parent],
        table: &'static Table,
        row: &[Value],
        named: &RowName,
        since: i64,
    ) -> Result<bool> {
        if self.has_entry(named)? {
            seam::met(Met::ReadSkippedEntry);
            return Ok(false);
        }
        let refs = Relations::refs(parents, table, row.iter().enumerate());
        if self.is_newer(named, since)? || self.any_is_newer(&refs, since)? {
            seam::met(Met::ReadSkippedNewer);
            return Ok(false);
        }
        if let Some(delete) = self.delete_above(&refs)? {
            seam::met(Met::ReadBelowWaitingDelete);
            self.bury_below(named, delete)?;
            return Ok(false);
        }
        Ok(true)
    }

    /// The keys of the file's rows that a condition names.
    pub(crate) fn keys(
        &self,
        table: &'static Table,
        target: &Target,
        most: usize,
    ) -> Result<Vec<Value>> {
        let condition = match target {
            Target::All => crate::filter::Node::Constant(true),
            target => target.node(table),
        };
        let rows = select_columns(self.connection, table, &[table.key_column()], &condition)?;
        Ok(rows.into_iter().take(most).filter_map(|mut row| row.pop()).collect())
    }

    /// Of these rows, those that the file has otherwise or not at all.
    pub(crate) fn unlike(
        &self,
        table: &'static Table,
        rows: Vec<Vec<Value>>,
    ) -> Result<Vec<Vec<Value>>> {
        let columns: Vec<&'static Column> = table.columns.iter().collect();
        let mut unlike = Vec::new();
        for row in rows {
            let named = RowName::of_values(table, &row);
            let condition = Target::Key(row[table.key].clone()).node(table);
            let known = select_columns(self.connection, table, &columns, &condition)?;
            if known.first() != Some(&row) || self.is_unsure(&named)? || self.counts.parentless > 0
            {
                unlike.push(row);
            }
        }
        Ok(unlike)
    }

    /// What the remote has of the rows of a write is not known.
    pub(crate) fn doubt_write(&mut self, relations: &Relations, write: &Write) -> Result<()> {
        let table = write.table;
        let keys: Vec<Value> = match &write.kind {
            WriteKind::Insert { rows, .. } => {
                rows.iter().map(|row| row[table.key].clone()).collect()
            }
            WriteKind::Update { target, .. } | WriteKind::Delete { target } => match target {
                Target::Key(key) => vec![key.clone()],
                target => self.keys(table, target, usize::MAX)?,
            },
        };
        for key in &keys {
            self.doubt_key(table, &RowName::of(table, key), key)?;
            if matches!(write.kind, WriteKind::Delete { .. }) {
                for below in self.below(relations, table, key, usize::MAX)? {
                    self.doubt(&below.row, Some(below.local_key().clone()))?;
                }
            }
        }
        Ok(())
    }

    /// The keys of rows as values; `None` of one that is none of this entity's.
    pub(crate) fn keys_of(
        &self,
        table: &'static Table,
        rows: &[Unsure],
    ) -> Result<Vec<Option<Value>>> {
        let mut keys = Vec::with_capacity(rows.len());
        for unsure in rows {
            let key = self.first("select ?1", [&unsure.local_key], |row| {
                Ok(crate::backend::sqlite::decode(table.key_column(), row, 0))
            })?;
            let key = key.and_then(std::result::Result::ok).filter(|key| !value::is_null(key));
            keys.push(key.or_else(|| key_of_text(table, &unsure.row.key.text())));
        }
        Ok(keys)
    }
}

/// A key by its text, where the file does not hold it.
fn key_of_text(table: &'static Table, text: &str) -> Option<Value> {
    let column = table.key_column();
    value::from_json(column, text.into())
        .or_else(|error| match serde_json::from_str(text) {
            Ok(json) => value::from_json(column, json),
            Err(_) => Err(error),
        })
        .ok()
}

/// Whether the file refuses a row for what it holds.
fn is_of_row(error: &Error) -> bool {
    use ErrorKind::{Check, ForeignKey, NotNull, Unique};
    matches!(error.kind(), Unique | NotNull | Check | ForeignKey)
}
