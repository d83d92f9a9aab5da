//! The mirror: rows as the remote has them, for the next outage.
//!
//! A row with an entry is never stored over, nor one that was written through this file since the
//! answer was asked for. Where the file cannot know what the remote has, the row is *unsure*: it is
//! fetched, and until then "not known", never "not there".

mod above;
mod compare;
mod removal;
mod unique;
mod unsure;
mod written;

pub(crate) use unsure::Unsure;
pub(super) use written::Written;

use super::local_key;
use super::relations::Relations;
use super::transaction::{Transaction, internal};
use crate::backend::sqlite::apply;
use crate::failover::environment::Moment;
use crate::failover::rules::entry::{EntryKind, Version};
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::failover::seam::{self, Met, Mutation};
use crate::key::Key;
use crate::operation::{Duplicates, NewRow, Target, Write, WriteKind};
use crate::{Error, ErrorKind, Result, Table, value};
use sea_orm::Value;
use std::borrow::Cow;
use std::collections::HashMap;

/// Rows of one write that are remembered one by one; of more, their table is.
const MANY_ROWS: usize = 16;

/// An answer of the remote, and the number of the last write that the file knew when it was asked
/// for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) since: i64,
    /// The number under which an earlier part of the answer has remembered all of it.
    pub(crate) own: Option<i64>,
}

/// What became of rows that were to be stored.
struct Stored {
    /// One of the remote's is to be fetched.
    wakes: bool,
    /// Those that the file does not take.
    refused: Vec<RowName>,
}

/// What the entries of a row set, so that an answer of the remote leaves it alone.
enum SetByEntries {
    Nothing,
    Columns(Vec<String>),
    Everything,
}

impl Transaction<'_> {
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
        let is_narrow = self.meets_wider(relations, table)?;
        let mut is_unsure = false;
        let mut whole: Vec<Cow<'_, [Value]>> = Vec::with_capacity(rows.len());
        for row in rows {
            let named = RowName::new(name.clone(), RowKey::of_row(table, row));
            if has_doubts && !seam::breaks(Mutation::NoUnsureRows) {
                let refs = self.refs(relations, &parents, table, row.iter().enumerate())?;
                let others: Vec<(usize, Value)> = row.iter().cloned().enumerate().collect();
                let values = || row.iter().enumerate();
                if let Some(at) = table.updated_at {
                    let version = (!value::is_null(&row[at])).then(|| value::to_text(&row[at]));
                    self.rebase_letters(&named, &Version::Stored(version))?;
                }
                match self.set_by_entries(&named)? {
                    SetByEntries::Everything => {
                        // Another process has queued a row of this key, and the remote has this one.
                        if let Some(delete) = self.delete_above(relations, table, values())? {
                            self.bury_below(&named, delete)?;
                        }
                        continue;
                    }
                    SetByEntries::Columns(set) => {
                        let key = table.key_of(row);
                        self.mirror_columns(relations, table, &key, others, &set)?;
                        if self.is_newer_but(&named, answer.since, answer.own)? {
                            // Its other columns may be somebody's who was faster.
                            self.doubt_key(table, &named, &key)?;
                        }
                        continue;
                    }
                    SetByEntries::Nothing => {}
                }
                if self.is_newer_but(&named, answer.since, answer.own)?
                    || self.any_is_newer(&refs, answer.since)?
                {
                    seam::met(Met::MirrorUnsure);
                    self.mirror_columns(relations, table, &table.key_of(row), others, &[])?;
                    self.doubt_key(table, &named, &table.key_of(row))?;
                    is_unsure = true;
                    continue;
                }
                if let Some(delete) = self.delete_above(relations, table, values())? {
                    seam::met(Met::MirrorBelowDelete);
                    self.goes_along(relations, table, &table.key_of(row), delete, answer.since)?;
                    continue;
                }
            }
            if self.is_value_held(relations, table, row)? {
                self.doubt_key(table, &named, &table.key_of(row))?;
                continue;
            }
            let row = self.without_links(relations, table, row)?;
            if is_narrow {
                if !self.update_row(relations, table, &row)? {
                    self.doubt_key(table, &named, &table.key_of(&row))?;
                    is_unsure = true;
                }
                continue;
            }
            whole.push(row);
        }
        let whole: Vec<&[Value]> = whole.iter().map(|row| &**row).collect();
        is_unsure |= self.store(relations, table, &whole)?.wakes;
        match answer.own {
            Some(_) => self.end_local_rows(table, rows)?,
            None if rows.len() > MANY_ROWS => {
                self.end_local_rows(table, rows)?;
                self.remember_table(&name)?;
            }
            None => {
                for row in rows {
                    self.remember(&RowName::new(name.clone(), RowKey::of_row(table, row)))?;
                }
            }
        }
        Ok(is_unsure)
    }

    /// Gives a row that the file has these values, of an entity that does not have all of its columns.
    /// `false` where the file lacks it.
    fn update_row(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        row: &[Value],
    ) -> Result<bool> {
        let key = table.key_of(row);
        let assignments: Vec<(usize, Value)> = row.iter().cloned().enumerate().collect();
        if self.keys(table, &Target::Key(key.clone()))?.is_empty() {
            return Ok(false);
        }
        seam::met(Met::NarrowUpdate);
        self.make_room(relations, table, &key, row.iter().enumerate())?;
        self.mirror_columns(relations, table, &key, assignments, &[])?;
        Ok(true)
    }

    /// Sets columns of a row that the file has, but for those that an entry sets.
    pub(super) fn mirror_columns(
        &self,
        relations: &Relations,
        table: &'static Table,
        key: &Key,
        mut assignments: Vec<(usize, Value)>,
        set_by_entries: &[String],
    ) -> Result<u64> {
        let generated = relations.generated(table);
        assignments.retain(|(at, _)| {
            !table.is_key(*at)
                && !generated.contains(at)
                && !set_by_entries.iter().any(|set| set == table.columns[*at].name)
        });
        if assignments.is_empty() {
            return Ok(0);
        }
        if !set_by_entries.is_empty() {
            seam::met(Met::MirroredInPart);
        }
        let target = Target::Key(key.clone());
        let kind = WriteKind::Update { target, assignments, additions: Vec::new() };
        apply(self.connection, &Write::new(table, kind))
    }

    /// Stores whole rows, and removes who still holds one of their unique values.
    fn store(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        rows: &[&[Value]],
    ) -> Result<Stored> {
        let mut stored = Stored { wakes: false, refused: Vec::new() };
        if rows.is_empty() {
            return Ok(stored);
        }
        seam::met(Met::Mirrored);
        for row in rows {
            stored.wakes |=
                self.make_room(relations, table, &table.key_of(row), row.iter().enumerate())?;
        }
        match self.put(relations, table, rows) {
            Err(error) if is_of_row(&error) => {}
            put => return put.map(|()| stored),
        }
        // One that the file cannot hold beside a row that waits, or by its own rules, is not known.
        for row in rows {
            match self.put(relations, table, &[*row]) {
                Err(error) if is_of_row(&error) => {
                    seam::met(Met::MirrorUnsure);
                    let named = RowName::of_values(table, row);
                    stored.wakes |= self.stays_unsure(table, &named, &table.key_of(row))?;
                    stored.refused.push(named);
                }
                put => put?,
            }
        }
        Ok(stored)
    }

    fn put(&self, relations: &Relations, table: &'static Table, rows: &[&[Value]]) -> Result<()> {
        let generated = relations.generated(table);
        let rows = rows.iter().map(|row| NewRow::new(row.to_vec(), generated.clone())).collect();
        let kind = WriteKind::Insert { rows, duplicates: Duplicates::Replace };
        apply(self.connection, &Write::new(table, kind)).map(drop)
    }

    /// The key of a row as a value, where the file knows it.
    pub(super) fn local_key(&self, table: &'static Table, row: &RowName) -> Result<Option<Key>> {
        let sql =
            "select local_key from chronicle_outbox where table_name = ?1 and row_key = ?2 limit 1";
        let key = self.first(sql, (row.table.as_str(), row.key.as_str()), |row| row.get(0))?;
        Ok(key.and_then(|key| local_key::to_key(table, &key)))
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
            WriteKind::Insert { rows, .. } => {
                let rows: Vec<Vec<Value>> = rows.iter().map(|row| row.to_vec()).collect();
                self.mirror_rows(relations, table, &rows, answer)
            }
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
        key: &Key,
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
    ) -> Result<(Vec<Key>, Answer)> {
        let mut keys = self.keys(write.table, target)?;
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
            if matches!(write.kind, WriteKind::Update { .. }) {
                self.doubt_removed_since(write.table, answer.since)?;
            }
        }
        self.remember_table(&TableName::of(write.table))?;
        Ok((keys, Answer { since: self.counts.write, own: None }))
    }

    /// Rows that were removed from the file meanwhile may be there: an update by a condition may have
    /// moved them away from the row that was deleted, before it was.
    fn doubt_removed_since(&mut self, table: &'static Table, since: i64) -> Result<()> {
        let sql = "select distinct row_key from chronicle_written \
            where number > ?1 and table_name = ?2 and row_key <> ''";
        let name = TableName::of(table);
        let written = self.list(sql, (since, name.as_str()), |row| row.get::<_, String>(0))?;
        for row_key in written.into_iter().map(RowKey::stored) {
            let Some(key) = local_key::of_texts(table, &row_key.texts())? else { continue };
            if self.keys(table, &Target::Key(key.clone()))?.is_empty() {
                self.doubt_keys(table, &[key])?;
            }
        }
        Ok(())
    }

    fn mirror_update(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        key: &Key,
        assignments: &[(usize, Value)],
        answer: Answer,
    ) -> Result<bool> {
        let row = RowName::of(table, key);
        let complete = self.complete(relations, table, key, assignments)?;
        let values = || complete.iter().map(|(at, value)| (*at, value));
        let refs = self.refs(relations, &relations.of(table), table, values())?;
        let mut is_unsure = false;
        match self.set_by_entries(&row)? {
            SetByEntries::Everything => {}
            SetByEntries::Columns(set) => {
                self.mirror_columns(relations, table, key, assignments.to_vec(), &set)?;
                if self.is_newer(&row, answer.since)? {
                    self.doubt_key(table, &row, key)?;
                }
            }
            SetByEntries::Nothing => {
                let before = self.before(relations, table, key)?;
                let is_newer = !seam::breaks(Mutation::NoUnsureRows)
                    && (self.is_newer(&row, answer.since)?
                        || self.any_is_newer(&refs, answer.since)?
                        || self.any_is_newer(&before, answer.since)?);
                if let Some(delete) = self.delete_above(relations, table, values())? {
                    // The delete takes it along once it is replayed, as its insert would be.
                    seam::met(Met::MirrorBelowDelete);
                    self.goes_along(relations, table, key, delete, answer.since)?;
                } else {
                    let gave_way = self.make_room(relations, table, key, values())?;
                    let mut assignments = assignments.to_vec();
                    let unlinked = self.unlinked(relations, table, &row, values())?;
                    for (at, value) in
                        assignments.iter_mut().filter(|(at, _)| unlinked.contains(at))
                    {
                        *value = table.columns[*at].kind.null();
                    }
                    let touched = self.mirror_columns(relations, table, key, assignments, &[])?;
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

    /// Stores rows that were read while the file's last write had the number `since`.
    pub(crate) fn store_read(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        rows: &[Vec<Value>],
        since: i64,
    ) -> Result<bool> {
        let name = TableName::of(table);
        let is_guarded = !seam::breaks(Mutation::NoMirrorGuard);
        let has_doubts = self.counts.rows > 0 || self.counts.write > since;
        let is_narrow = self.meets_wider(relations, table)?;
        let mut keep: Vec<Cow<'_, [Value]>> = Vec::with_capacity(rows.len());
        let mut names = Vec::with_capacity(rows.len());
        for row in rows {
            let named = RowName::new(name.clone(), RowKey::of_row(table, row));
            if has_doubts && is_guarded && !self.may_store(relations, table, row, &named, since)? {
                continue;
            }
            if self.is_value_held(relations, table, row)? {
                self.stays_unsure(table, &named, &table.key_of(row))?;
                continue;
            }
            if is_narrow {
                let row = self.without_links(relations, table, row)?;
                self.update_row(relations, table, &row)?;
                continue;
            }
            let row = self.without_links(relations, table, row)?;
            // As it will be once the delete is made, the file may have it already.
            let is_there =
                matches!(row, Cow::Owned(_)) && self.unlike(table, vec![row.to_vec()])?.is_empty();
            if !is_there {
                keep.push(row);
                names.push(named);
            }
        }
        if keep.is_empty() {
            return Ok(false);
        }
        seam::met(Met::ReadStored);
        let rows: Vec<&[Value]> = keep.iter().map(|row| &**row).collect();
        let Stored { mut wakes, refused } = self.store(relations, table, &rows)?;
        for named in names {
            // Not of one that stays unsure: it is fetched again and again.
            if !refused.contains(&named) {
                self.is_sure(&named, since)?;
                wakes |= self.parent_came(&named)?;
            }
        }
        Ok(wakes)
    }

    /// Stores what the remote has of rows that had to be fetched: those of `unsure` that are not
    /// among the rows it does not have. `true` when it is worth to fetch again: some are known now,
    /// or were written meanwhile.
    pub(crate) fn store_fetched(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        unsure: Vec<(Unsure, Option<Key>)>,
        rows: &[Vec<Value>],
        (since, asked): (i64, Moment),
    ) -> Result<bool> {
        self.state.end_ghosts(asked);
        let before = self.counts.unsure;
        self.store_read(relations, table, rows, since)?;
        let parents = relations.of(table);
        let there: HashMap<RowName, &Vec<Value>> =
            rows.iter().map(|row| (RowName::of_values(table, row), row)).collect();
        let mut is_overtaken = false;
        for (Unsure { row, .. }, key) in unsure {
            let mut named = vec![row.clone()];
            if let Some(values) = there.get(&row) {
                named.extend(self.refs(relations, &parents, table, values.iter().enumerate())?);
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
        self.columns_have_come(&TableName::of(table))?;
        Ok(is_overtaken || self.counts.unsure < before)
    }

    fn may_store(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        row: &[Value],
        named: &RowName,
        since: i64,
    ) -> Result<bool> {
        if self.has_entry(named)? {
            seam::met(Met::ReadSkippedEntry);
            return Ok(false);
        }
        let refs = self.refs(relations, &relations.of(table), table, row.iter().enumerate())?;
        if self.is_newer(named, since)? || self.any_is_newer(&refs, since)? {
            seam::met(Met::ReadSkippedNewer);
            return Ok(false);
        }
        if let Some(delete) = self.delete_above(relations, table, row.iter().enumerate())? {
            seam::met(Met::ReadBelowWaitingDelete);
            self.goes_along(relations, table, &table.key_of(row), delete, since)?;
            return Ok(false);
        }
        Ok(true)
    }
}

/// Whether the file refuses a row for what it holds.
pub(crate) fn is_of_row(error: &Error) -> bool {
    use ErrorKind::{Check, ForeignKey, NotNull, Unique};
    matches!(error.kind(), Unique | NotNull | Check | ForeignKey)
}
