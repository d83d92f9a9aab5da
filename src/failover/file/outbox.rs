//! Writes to the file: the change of a row and its entry, in one transaction.

mod entries;
mod entry;
mod listed;
mod together;

pub(crate) use entry::version_of;
pub(super) use entry::{Unique, extend, listed, named, names, size, uniques_of};
pub(crate) use together::LocalTogether;
pub(super) use together::Member;

use super::local_key;
use super::relations::Relations;
use super::transaction::{Transaction, internal};
use crate::backend::sqlite::{added, added_columns, apply_returning, select_columns};
use crate::failover::environment::Moment;
use crate::failover::rules::entry::{Base, EntryKind, Version};
use crate::failover::rules::name::RowName;
use crate::failover::seam::{self, Met, Mutation};
use crate::filter::Node;
use crate::key::Key;
use crate::operation::{Duplicates, NewRow, Target, Write, WriteKind, Written};
use crate::{Column, Error, ErrorKind, Result, Table, value};
use entry::{NewEntry, Present, Shape, any_unique};
use sea_orm::Value;

/// How much the outbox may hold, refused entries included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

/// Whether a request with a write may have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    No,
    Maybe,
}

/// What a write did to the file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Local {
    /// It is made, and has an entry for each row that it touched.
    Queued(Written),
    /// It is to change a row whose state the file does not know.
    Unknown,
    /// It may have left, and the file has the row that it was to bring.
    InTheWay,
}
impl Transaction<'_> {
    /// Makes a write in the file, with an entry for each row that it touches.
    ///
    /// # Errors
    /// `OutboxFull` beyond the bound, and what the file says of the write; nothing is stored then.
    pub(crate) fn write_and_queue(
        &mut self,
        relations: &Relations,
        write: &Write,
        sent: Sent,
        bound: Bound,
        date: Moment,
    ) -> Result<Local> {
        let shape = Shape::of(write.table, relations);
        let request = match sent {
            Sent::No => None,
            Sent::Maybe => {
                self.counts.request += 1;
                Some(self.counts.request)
            }
        };
        let before = self.counts.rows;
        let local = match &write.kind {
            WriteKind::Insert { rows, duplicates } => {
                self.insert_and_queue(&shape, rows, *duplicates, request, date)?
            }
            WriteKind::Update { target, assignments, additions } => {
                let changes = Changes { assignments, additions };
                self.update_and_queue(&shape, write, target, changes, request, date)?
            }
            WriteKind::Delete { target } => {
                self.delete_and_queue(&shape, write, target, request, date)?
            }
        };
        if self.counts.rows > before {
            self.check_bound(bound)?;
        }
        Ok(local)
    }

    fn check_bound(&self, bound: Bound) -> Result<()> {
        let what = if self.counts.rows as u64 > bound.rows {
            "rows"
        } else if self.counts.bytes as u64 > bound.bytes {
            "bytes"
        } else {
            return Ok(());
        };
        seam::met(Met::OutboxFull);
        let message = format!("the outbox and the dead letters hold their bound of {what}");
        Err(Error::new(ErrorKind::OutboxFull, message).with_hint(
            "wait until the remote has taken some, look at the dead letters, or raise the bound",
        ))
    }

    fn insert_and_queue(
        &mut self,
        shape: &Shape<'_>,
        rows: &[NewRow],
        duplicates: Duplicates,
        request: Option<i64>,
        date: Moment,
    ) -> Result<Local> {
        let table = shape.table;
        let kind = match duplicates {
            Duplicates::Refuse => EntryKind::Insert,
            Duplicates::Ignore => EntryKind::InsertIfAbsent,
            Duplicates::Replace => EntryKind::Upsert,
        };
        let mut taken: Vec<&NewRow> = Vec::with_capacity(rows.len());
        let mut entries = Vec::with_capacity(rows.len());
        let mut known = std::collections::HashSet::new();
        for row in rows {
            if let Some(at) = table.key.iter().find(|at| !row.gives(**at)) {
                return Err(counted_key(&table.columns[*at]));
            }
            let key = &table.key_of(row);
            let present = match kind {
                // A row that is there is an error of the insert below.
                EntryKind::Insert if request.is_none() => None,
                _ => self.present(shape, key)?,
            };
            match (kind, &present) {
                (EntryKind::Insert, Some(_)) => return Ok(Local::InTheWay),
                (EntryKind::InsertIfAbsent, Some(_)) => continue,
                (EntryKind::InsertIfAbsent, None) if !known.insert(RowName::of(table, key)) => {
                    continue;
                }
                _ => {}
            }
            entries.push(self.whole_row(shape, kind, row, present)?);
            taken.push(row);
        }
        if taken.is_empty() {
            return Ok(Local::Queued(Written::touched(0)));
        }
        let written = {
            let rows = taken.iter().copied().cloned().collect();
            let kind = WriteKind::Insert { rows, duplicates };
            apply_returning(self.connection, &Write::new(table, kind))?
        };
        for entry in entries {
            self.append(shape, &entry, request, date)?;
        }
        Ok(Local::Queued(written))
    }

    fn whole_row(
        &self,
        shape: &Shape<'_>,
        kind: EntryKind,
        row: &NewRow,
        present: Option<Present>,
    ) -> Result<NewEntry> {
        let key = shape.table.key_of(row);
        let mut entry = self.new_entry(shape, kind, &key, row.given(), row.given())?;
        entry.brings_row = present.is_none();
        // Of an insert it only tells which column the server's version is in.
        entry.base = self.base(shape, &entry.row, present.as_ref())?;
        if let (EntryKind::Upsert, Some(base)) = (kind, &mut entry.base)
            && self.was_overtaken(&entry.row)?
        {
            base.version = Version::Any;
        }
        if kind == EntryKind::Upsert {
            match present {
                Some(present) => {
                    extend(&mut entry.refs, present.refs);
                    extend(&mut entry.uniques, present.uniques);
                }
                None => extend(&mut entry.uniques, any_unique(shape.table, &shape.uniques)),
            }
        }
        Ok(entry)
    }

    fn update_and_queue(
        &mut self,
        shape: &Shape<'_>,
        write: &Write,
        target: &Target,
        changes: Changes<'_>,
        request: Option<i64>,
        date: Moment,
    ) -> Result<Local> {
        let Changes { assignments, additions } = changes;
        let touched = self.touched(shape, &write.condition(target))?;
        if let (Target::Key(key), true) = (target, touched.is_empty()) {
            return self.unknown(shape.table, key);
        }
        let mut entries = Vec::with_capacity(touched.len());
        for present in touched {
            let made = self.with_sums(shape.table, &present.key, assignments, additions)?;
            let complete = self.complete(shape.relations, shape.table, &present.key, &made)?;
            let mut entry = self.new_entry(
                shape,
                EntryKind::Update,
                &present.key,
                assignments.iter().chain(additions).map(|(at, value)| (*at, value)),
                complete.iter().map(|(at, value)| (*at, value)),
            )?;
            entry.added = additions.iter().map(|(at, _)| shape.table.columns[*at].name).collect();
            entry.base = self.base(shape, &entry.row, Some(&present))?;
            // Those that it refers to from now on, and those that it referred to.
            extend(&mut entry.refs, present.refs);
            extend(&mut entry.uniques, present.uniques);
            entries.push(entry);
        }
        let written = apply_returning(self.connection, write)?;
        for entry in entries {
            self.append(shape, &entry, request, date)?;
        }
        Ok(Local::Queued(written))
    }

    fn delete_and_queue(
        &mut self,
        shape: &Shape<'_>,
        write: &Write,
        target: &Target,
        request: Option<i64>,
        date: Moment,
    ) -> Result<Local> {
        let touched = self.touched(shape, &write.condition(target))?;
        if let (Target::Key(key), true) = (target, touched.is_empty()) {
            return self.unknown(shape.table, key);
        }
        for present in touched {
            let row = RowName::of(shape.table, &present.key);
            let base = self.base(shape, &row, Some(&present))?;
            let below = self.below(shape.relations, shape.table, &present.key, usize::MAX)?;
            let local_key = local_key::of_key(shape.table, &present.key);
            let unlinked = self.unlinked_by(shape.relations, &row, local_key, &below)?;
            let entry = NewEntry {
                row,
                key: present.key,
                kind: EntryKind::Delete,
                brings_row: false,
                columns: "[]".to_owned(),
                body: String::new(),
                added: Vec::new(),
                refs: present.refs,
                uniques: present.uniques,
                base,
                takes: Vec::new(),
            };
            let sequence = self.append(shape, &entry, request, date)?;
            for row in unlinked {
                self.note_unlinked(&row, sequence)?;
            }
            let takes_along = !below.is_empty();
            for below in below {
                self.bury_below(&below.row, sequence)?;
            }
            if takes_along {
                // It waits for who refers to one of those as well.
                self.look_again(sequence)?;
            }
        }
        apply_returning(self.connection, write).map(Local::Queued)
    }

    /// A delete by key of a row that the file never saw: the remote may have it. Among several changes
    /// nobody is told how many rows it found, so that it has an entry; but for one that the file knows to be
    /// deleted softly already, which stays as it is.
    fn queue_delete_of_unseen(
        &mut self,
        relations: &Relations,
        write: &Write,
        sent: Sent,
        date: Moment,
    ) -> Result<()> {
        let (key, kind, assignments) = match &write.kind {
            WriteKind::Delete { target: Target::Key(key) } => (key, EntryKind::Delete, &[][..]),
            WriteKind::Update { target: Target::Key(key), assignments, .. }
                if write.is_soft_delete =>
            {
                (key, EntryKind::Update, assignments.as_slice())
            }
            _ => return Ok(()),
        };
        let shape = Shape::of(write.table, relations);
        if sent == Sent::No && self.present(&shape, key)?.is_some() {
            return Ok(());
        }
        let values = assignments.iter().map(|(at, value)| (*at, value));
        let mut entry = self.new_entry(&shape, kind, key, values.clone(), values)?;
        if kind == EntryKind::Delete {
            entry.body.clear();
        }
        entry.base = self.base(&shape, &entry.row, None)?;
        // As that of the writes beside it.
        let request = (sent == Sent::Maybe).then_some(self.counts.request);
        self.append(&shape, &entry, request, date).map(drop)
    }

    /// A row that refers to none any more in the file since a delete waits.
    pub(super) fn note_unlinked(&self, row: &RowName, sequence: i64) -> Result<()> {
        let sql = "insert or ignore into chronicle_unlinked (sequence, table_name, row_key) \
            values (?1, ?2, ?3)";
        self.execute(sql, (sequence, row.table.as_str(), row.key.as_str())).map(drop)
    }

    /// A row that a waiting delete takes along: what is written to it later waits for the delete.
    pub(super) fn bury_below(&mut self, row: &RowName, sequence: i64) -> Result<()> {
        if seam::breaks(Mutation::NoTombstone) {
            return Ok(());
        }
        let sql = "insert or ignore into chronicle_tombstones (table_name, row_key, sequence) \
            values (?1, ?2, ?3)";
        let values = (row.table.as_str(), row.key.as_str(), sequence);
        self.counts.tombstones += self.execute(sql, values)? as i64;
        Ok(())
    }

    /// The answer to a change of a row that the file does not hold.
    fn unknown(&self, table: &'static Table, key: &Key) -> Result<Local> {
        Ok(if self.is_unsure(&RowName::of(table, key))? {
            Local::Unknown
        } else {
            Local::Queued(Written::touched(0))
        })
    }

    /// What a change of the row is based on, where the remote's changes win.
    fn base(
        &self,
        shape: &Shape<'_>,
        row: &RowName,
        present: Option<&Present>,
    ) -> Result<Option<Base>> {
        let Some(column) = shape.version_column else { return Ok(None) };
        let version = match (self.version_before(row, i64::MAX)?, present) {
            (Some(version), _) => version,
            (None, Some(present)) => Version::Stored(present.version.clone()),
            (None, None) => Version::Absent,
        };
        Ok(Some(Base { column: column.name.to_owned(), version }))
    }

    /// What the newest entry of a row below a sequence makes of it; a refused one that holds nobody leaves
    /// it as it was.
    fn version_before(&self, row: &RowName, below: i64) -> Result<Option<Version>> {
        let sql = "select released, base from chronicle_outbox \
            where table_name = ?1 and row_key = ?2 and sequence < ?3 order by sequence desc limit 1";
        let newest = self.first(sql, (row.table.as_str(), row.key.as_str(), below), |row| {
            Ok((row.get::<_, bool>(0)?, row.get::<_, Option<String>>(1)?))
        })?;
        Ok(match newest {
            None | Some((true, None)) => None,
            Some((false, _)) => Some(Version::OfEntryBefore),
            Some((true, Some(base))) => {
                let version = serde_json::from_str::<Base>(&base).map_err(internal)?.version;
                // Only who replaces the row does so whatever it is.
                (version != Version::Any).then_some(version)
            }
        })
    }

    /// Whether the newest change of a row was refused since others have changed or removed it, as somebody who
    /// replaces the row has been told; and the row was neither read nor changed since, so that nobody knows of
    /// a later version.
    fn was_overtaken(&self, row: &RowName) -> Result<bool> {
        if self.counts.refused == 0 {
            return Ok(false);
        }
        let sql = "select released = 1 and reason in ('conflict', 'missing_row') \
              and coalesce(base ->> 'is_seen', 0) = 0 from chronicle_outbox \
            where table_name = ?1 and row_key = ?2 order by sequence desc limit 1";
        let newest = self.first(sql, (row.table.as_str(), row.key.as_str()), |row| {
            row.get::<_, Option<bool>>(0)
        })?;
        Ok(newest.flatten().unwrap_or(false))
    }

    /// What a change of the row with this sequence is based on, of an entry that waits already.
    pub(super) fn base_now(
        &self,
        relations: &Relations,
        table: &'static Table,
        row: &RowName,
        sequence: i64,
    ) -> Result<Option<Base>> {
        let shape = Shape::of(table, relations);
        let Some(column) = shape.version_column else { return Ok(None) };
        let version = if let Some(version) = self.version_before(row, sequence)? {
            version
        } else {
            let key = self.local_key(table, row)?;
            let present = key.map(|key| self.present(&shape, &key)).transpose()?.flatten();
            present.map_or(Version::Absent, |present| Version::Stored(present.version))
        };
        Ok(Some(Base { column: column.name.to_owned(), version }))
    }

    fn present(&self, shape: &Shape<'_>, key: &Key) -> Result<Option<Present>> {
        Ok(self.touched(shape, &key.node(shape.table))?.pop())
    }

    /// The rows of the file that a change is for.
    fn touched(&self, shape: &Shape<'_>, condition: &Node) -> Result<Vec<Present>> {
        let table = shape.table;
        let is_needed = |at: &usize| {
            let column = &table.columns[*at];
            shape.uniques.iter().any(|set| set.contains(at))
                || shape
                    .parents
                    .iter()
                    .any(|parent| parent.columns.iter().any(|one| one == column.name))
                || shape.version_column.is_some_and(|version| version == column)
        };
        let others = (0..table.columns.len()).filter(|at| !table.is_key(*at)).filter(is_needed);
        let positions: Vec<usize> = table.key.iter().copied().chain(others).collect();
        let columns: Vec<&'static Column> =
            positions.iter().map(|at| &table.columns[*at]).collect();
        let rows = select_columns(self.connection, table, &columns, condition)?;
        let present = rows.into_iter().map(|row| {
            let values = || positions.iter().copied().zip(&row);
            let version = shape.version_column.and_then(|version| {
                let at = columns.iter().position(|column| *column == version)?;
                (!value::is_null(&row[at])).then(|| value::to_text(&row[at]))
            });
            Ok(Present {
                refs: self.refs(shape.relations, &shape.parents, table, values())?,
                uniques: shape.uniques(values()),
                version,
                key: Key::new(&row[..table.key.len()]),
            })
        });
        present.collect()
    }

    /// The rows that a row refers to before it is changed, as far as the file knows.
    pub(super) fn before(
        &self,
        relations: &Relations,
        table: &'static Table,
        key: &Key,
    ) -> Result<Vec<RowName>> {
        let shape = Shape::of(table, relations);
        Ok(self.present(&shape, key)?.map(|present| present.refs).unwrap_or_default())
    }

    /// The values of an update once what it adds is added, where the file has the row.
    pub(super) fn with_sums(
        &self,
        table: &'static Table,
        key: &Key,
        assignments: &[(usize, Value)],
        additions: &[(usize, Value)],
    ) -> Result<Vec<(usize, Value)>> {
        if additions.is_empty() {
            return Ok(assignments.to_vec());
        }
        let columns = added_columns(table, additions);
        let rows = select_columns(self.connection, table, &columns, &key.node(table))?;
        match rows.first() {
            Some(row) => Ok(added(table, row, assignments, additions)?.1),
            None => Ok(assignments.to_vec()),
        }
    }

    /// The values of an update, with those of the row's other columns that are unique, or a foreign
    /// key, together with one of them.
    pub(super) fn complete(
        &self,
        relations: &Relations,
        table: &'static Table,
        key: &Key,
        assignments: &[(usize, Value)],
    ) -> Result<Vec<(usize, Value)>> {
        let is_set = |at: &usize| assignments.iter().any(|(set, _)| set == at);
        let mut others: Vec<usize> = Vec::new();
        let foreign = relations.of(table).into_iter().map(|parent| {
            let is_of_it =
                |at: &usize| parent.columns.iter().any(|one| one == table.columns[*at].name);
            (0..table.columns.len()).filter(is_of_it).collect::<Vec<_>>()
        });
        for set in relations.unique(table).into_iter().chain(foreign) {
            if set.iter().any(is_set) {
                others.extend(set.into_iter().filter(|at| !is_set(at)));
            }
        }
        let mut complete = assignments.to_vec();
        if others.is_empty() {
            return Ok(complete);
        }
        others.sort_unstable();
        others.dedup();
        let columns: Vec<&'static Column> = others.iter().map(|at| &table.columns[*at]).collect();
        let condition = Target::Key(key.clone()).node(table);
        for row in select_columns(self.connection, table, &columns, &condition)? {
            complete.extend(others.iter().copied().zip(row));
        }
        Ok(complete)
    }

    /// Queues the rows that the file holds of a table as inserts. How many those are.
    pub(crate) fn queue_present(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        keys: &[Key],
        bound: Bound,
        date: Moment,
    ) -> Result<u64> {
        let shape = Shape::of(table, relations);
        let columns: Vec<&'static Column> = table.columns.iter().collect();
        let mut queued = 0;
        for key in keys {
            let condition = Target::Key(key.clone()).node(table);
            for row in select_columns(self.connection, table, &columns, &condition)? {
                let row = NewRow::sent(table, row.into_iter().map(Some));
                let mut entry = self.whole_row(&shape, EntryKind::InsertIfAbsent, &row, None)?;
                entry.brings_row = false;
                self.append(&shape, &entry, None, date)?;
                queued += 1;
            }
        }
        self.check_bound(bound)?;
        Ok(queued)
    }
}

/// What an update sets, and what it adds.
#[derive(Clone, Copy)]
struct Changes<'w> {
    assignments: &'w [(usize, Value)],
    additions: &'w [(usize, Value)],
}

/// Only the remote counts a key up: the file cannot know which one is next.
fn counted_key(column: &Column) -> Error {
    let message = format!(
        "`{}` is made by the remote, and the file takes this write: the remote is out of reach, others \
         wait before it, or the mode is `LocalFirst`",
        column.name
    );
    Error::new(ErrorKind::Unsupported, message)
        .with_hint("give the row its key, or insert it while the remote serves")
}
