//! Writes to the file: the change of a row and its entry, in one transaction.

use super::relations::Relations;
use super::transaction::{Transaction, internal};
use crate::backend::sqlite::{Bound as Stored, apply, select_columns};
use crate::failover::environment::Moment;
use crate::failover::rules::entry::{Base, EntryKind, Version};
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::failover::seam::{self, Met, Mutation};
use crate::operation::{Duplicates, Target, Write, WriteKind};
use crate::{Column, Conflict, Error, ErrorKind, Parent, Result, Table, value};
use sea_orm::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Local {
    /// It touched so many rows, and has an entry for each.
    Queued(u64),
    /// It is to change a row whose state the file does not know.
    Unknown,
    /// It may have left, and the file has the row that it was to bring.
    InTheWay,
}

/// A unique value that a row holds; `None` for any, of a row that the file does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unique {
    pub(super) column: &'static str,
    pub(super) value: Option<String>,
}

/// An entry before it is in the outbox.
pub(super) struct NewEntry {
    pub(super) row: RowName,
    pub(super) local_key: Value,
    pub(super) kind: EntryKind,
    /// Whether the file had no such row before.
    pub(super) brings_row: bool,
    pub(super) columns: String,
    pub(super) body: String,
    pub(super) refs: Vec<RowName>,
    /// The unique values that it gives its row, and waits for.
    pub(super) takes: Vec<Unique>,
    /// Those that its row holds before and after it: who takes one of them later waits for it.
    pub(super) uniques: Vec<Unique>,
    pub(super) base: Option<Base>,
}

impl NewEntry {
    fn bytes(&self) -> i64 {
        let text = self.body.len() + self.columns.len();
        (text + self.row.table.as_str().len() + self.row.key.as_str().len()) as i64
    }
}

/// An entry that has left the outbox.
pub(crate) struct Removed {
    pub(crate) row: RowName,
    /// The key of its row as the file holds it.
    pub(crate) local_key: rusqlite::types::Value,
    /// The rows that it referred to, as the outbox has them.
    pub(crate) refs: String,
}

/// A row of the file as far as the outbox has to know it.
struct Present {
    key: Value,
    refs: Vec<RowName>,
    uniques: Vec<Unique>,
    version: Option<String>,
}

/// What tells an entity from its earlier and later versions: a short form of its columns' names.
pub(crate) fn version_of(table: &'static Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    Uuid::new_v5(&Uuid::NAMESPACE_OID, names.join(",").as_bytes()).simple().to_string()
}

/// What the columns of a table mean to the outbox.
struct Shape<'r> {
    table: &'static Table,
    name: TableName,
    parents: Vec<Parent>,
    uniques: Vec<usize>,
    version_column: Option<&'static Column>,
    relations: &'r Relations,
}

impl<'r> Shape<'r> {
    fn of(table: &'static Table, relations: &'r Relations) -> Self {
        let version_column = table
            .updated_at
            .filter(|_| table.conflict == Conflict::RemoteWins && !seam::breaks(Mutation::NoBase))
            .map(|at| &table.columns[at]);
        Self {
            table,
            name: TableName::of(table),
            parents: relations.of(table),
            uniques: unique_columns(table),
            version_column,
            relations,
        }
    }

    fn refs<'v>(&self, values: impl Iterator<Item = (usize, &'v Value)>) -> Vec<RowName> {
        Relations::refs(&self.parents, self.table, values)
    }

    fn uniques<'v>(&self, values: impl Iterator<Item = (usize, &'v Value)>) -> Vec<Unique> {
        uniques_of(self.table, &self.uniques, values)
    }
}

/// The positions of the unique columns besides the key.
pub(super) fn unique_columns(table: &'static Table) -> Vec<usize> {
    (0..table.columns.len()).filter(|at| *at != table.key && table.columns[*at].unique).collect()
}

pub(super) fn uniques_of<'v>(
    table: &'static Table,
    columns: &[usize],
    values: impl Iterator<Item = (usize, &'v Value)>,
) -> Vec<Unique> {
    values
        .filter(|(at, value)| columns.contains(at) && !value::is_null(value))
        .map(|(at, value)| Unique {
            column: table.columns[at].name,
            value: Some(value::to_text(value)),
        })
        .collect()
}

fn any_unique(table: &'static Table, columns: &[usize]) -> Vec<Unique> {
    columns.iter().map(|at| Unique { column: table.columns[*at].name, value: None }).collect()
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
            WriteKind::Update { target, assignments } => {
                self.update_and_queue(&shape, write, target, assignments, request, date)?
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
        rows: &[Vec<Value>],
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
        let mut taken: Vec<&Vec<Value>> = Vec::with_capacity(rows.len());
        let mut entries = Vec::with_capacity(rows.len());
        let mut known = std::collections::HashSet::new();
        for row in rows {
            let key = &row[table.key];
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
            return Ok(Local::Queued(0));
        }
        let touched = {
            let rows = taken.into_iter().cloned().collect();
            let kind = WriteKind::Insert { rows, duplicates };
            apply(self.connection, &Write { table, kind })?
        };
        for entry in entries {
            self.append(shape.table, &entry, request, date)?;
        }
        Ok(Local::Queued(touched))
    }

    fn whole_row(
        &self,
        shape: &Shape<'_>,
        kind: EntryKind,
        row: &[Value],
        present: Option<Present>,
    ) -> Result<NewEntry> {
        let mut entry =
            new_entry(shape, kind, row[shape.table.key].clone(), row.iter().enumerate())?;
        entry.brings_row = present.is_none();
        // Of an insert it only tells which column the server's version is in.
        entry.base = self.base(shape, &entry.row, present.as_ref())?;
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
        assignments: &[(usize, Value)],
        request: Option<i64>,
        date: Moment,
    ) -> Result<Local> {
        let touched = self.touched(shape, target)?;
        if let (Target::Key(key), true) = (target, touched.is_empty()) {
            return self.unknown(shape.table, key);
        }
        let mut entries = Vec::with_capacity(touched.len());
        for present in touched {
            let values = assignments.iter().map(|(at, value)| (*at, value));
            let mut entry = new_entry(shape, EntryKind::Update, present.key.clone(), values)?;
            entry.base = self.base(shape, &entry.row, Some(&present))?;
            // Those that it refers to from now on, and those that it referred to.
            extend(&mut entry.refs, present.refs);
            extend(&mut entry.uniques, present.uniques);
            entries.push(entry);
        }
        let touched = apply(self.connection, write)?;
        for entry in entries {
            self.append(shape.table, &entry, request, date)?;
        }
        Ok(Local::Queued(touched))
    }

    fn delete_and_queue(
        &mut self,
        shape: &Shape<'_>,
        write: &Write,
        target: &Target,
        request: Option<i64>,
        date: Moment,
    ) -> Result<Local> {
        let touched = self.touched(shape, target)?;
        if let (Target::Key(key), true) = (target, touched.is_empty()) {
            return self.unknown(shape.table, key);
        }
        for present in touched {
            let row = RowName::of(shape.table, &present.key);
            let base = self.base(shape, &row, Some(&present))?;
            let below = self.below(shape.relations, shape.table, &present.key, usize::MAX)?;
            let entry = NewEntry {
                row,
                local_key: present.key,
                kind: EntryKind::Delete,
                brings_row: false,
                columns: "[]".to_owned(),
                body: String::new(),
                refs: present.refs,
                uniques: present.uniques,
                base,
                takes: Vec::new(),
            };
            let sequence = self.append(shape.table, &entry, request, date)?;
            let takes_along = !below.is_empty();
            for below in below {
                self.bury_below(&below.row, sequence)?;
            }
            if takes_along {
                // It waits for who refers to one of those as well.
                self.look_again(sequence)?;
            }
        }
        apply(self.connection, write).map(Local::Queued)
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
    fn unknown(&self, table: &'static Table, key: &Value) -> Result<Local> {
        Ok(if self.is_unsure(&RowName::of(table, key))? {
            Local::Unknown
        } else {
            Local::Queued(0)
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
        let version = match present {
            _ if self.has_entry(row)? => Version::OfEntryBefore,
            Some(present) => Version::Stored(present.version.clone()),
            None => Version::Absent,
        };
        Ok(Some(Base { column: column.name.to_owned(), version }))
    }

    fn present(&self, shape: &Shape<'_>, key: &Value) -> Result<Option<Present>> {
        Ok(self.touched(shape, &Target::Key(key.clone()))?.pop())
    }

    /// The rows of the file that a change is for.
    fn touched(&self, shape: &Shape<'_>, target: &Target) -> Result<Vec<Present>> {
        let table = shape.table;
        let is_needed = |at: &usize| {
            let column = &table.columns[*at];
            shape.uniques.contains(at)
                || shape.parents.iter().any(|parent| parent.column == column.name)
                || shape.version_column.is_some_and(|version| version == column)
        };
        let positions: Vec<usize> = std::iter::once(table.key)
            .chain((0..table.columns.len()).filter(|at| *at != table.key).filter(is_needed))
            .collect();
        let columns: Vec<&'static Column> =
            positions.iter().map(|at| &table.columns[*at]).collect();
        let condition = match target {
            Target::All => crate::filter::Node::Constant(true),
            target => target.node(table),
        };
        let rows = select_columns(self.connection, table, &columns, &condition)?;
        let present = rows.into_iter().map(|row| {
            let values = || positions.iter().copied().zip(&row);
            let version = shape.version_column.and_then(|version| {
                let at = columns.iter().position(|column| *column == version)?;
                (!value::is_null(&row[at])).then(|| value::to_text(&row[at]))
            });
            Present {
                refs: shape.refs(values()),
                uniques: shape.uniques(values()),
                version,
                key: row[0].clone(),
            }
        });
        Ok(present.collect())
    }

    /// The rows that a row refers to before it is changed, as far as the file knows.
    pub(super) fn before(
        &self,
        relations: &Relations,
        table: &'static Table,
        key: &Value,
    ) -> Result<Vec<RowName>> {
        let shape = Shape::of(table, relations);
        Ok(self.present(&shape, key)?.map(|present| present.refs).unwrap_or_default())
    }

    /// Puts an entry into the outbox, with what it waits for; its sequence.
    pub(super) fn append(
        &mut self,
        table: &'static Table,
        entry: &NewEntry,
        request: Option<i64>,
        date: Moment,
    ) -> Result<i64> {
        seam::met(if request.is_some() { Met::QueuedSent } else { Met::QueuedNotSent });
        self.counts.sequence += 1;
        let sequence = self.counts.sequence;
        let waits = self.edges(&entry.row, &entry.refs, &entry.takes, sequence)?;
        let place = self.place(&entry.row, entry.kind, sequence, &waits)?;
        if place.held {
            seam::met(Met::HeldAtAppend);
        }
        let bytes = entry.bytes();
        let base = entry.base.as_ref().map(serde_json::to_string).transpose().map_err(internal)?;
        let uniques: Vec<(&str, &Option<String>)> =
            entry.uniques.iter().map(|unique| (unique.column, &unique.value)).collect();
        let sql = "insert into chronicle_outbox (sequence, table_name, row_key, local_key, key_column, kind, \
            column_names, body, refs, uniques, base, version, brings_row, bytes, queued_at, waits, waits_for, \
            waits_as, held, request) \
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
        self.execute(
            sql,
            rusqlite::params![
                sequence,
                entry.row.table.as_str(),
                entry.row.key.as_str(),
                Stored(&entry.local_key),
                table.key_column().name,
                entry.kind.name(),
                entry.columns,
                entry.body,
                names(&entry.refs)?,
                serde_json::to_string(&uniques).map_err(internal)?,
                base,
                version_of(table),
                entry.brings_row,
                bytes,
                date,
                serde_json::to_string(&waits).map_err(internal)?,
                place.wait.map(|wait| wait.before),
                place.wait.map(|wait| wait.cause.name()),
                place.held,
                request,
            ],
        )?;
        let uniques = uniques.into_iter().map(|(column, value)| (column, value.as_deref()));
        self.index(sequence, &entry.row.table, &entry.refs, uniques)?;
        self.counts.rows += 1;
        self.counts.bytes += bytes;
        Ok(sequence)
    }

    /// Lets what comes later find an entry by the rows that it refers to and by its unique values.
    pub(super) fn index<'v>(
        &self,
        sequence: i64,
        table: &TableName,
        refs: &[RowName],
        uniques: impl Iterator<Item = (&'v str, Option<&'v str>)>,
    ) -> Result<()> {
        for parent in refs {
            self.execute(
                "insert or ignore into chronicle_refs (table_name, row_key, sequence) values (?1, ?2, ?3)",
                (parent.table.as_str(), parent.key.as_str(), sequence),
            )?;
        }
        for (column, value) in uniques {
            self.execute(
                "insert into chronicle_uniques (table_name, column_name, value, sequence) \
                 values (?1, ?2, ?3, ?4)",
                (table.as_str(), column, value, sequence),
            )?;
        }
        Ok(())
    }

    /// Takes entries out of the outbox; what waits for them is to be looked at.
    pub(crate) fn remove(&mut self, sequences: &[i64]) -> Result<BTreeMap<i64, Removed>> {
        let list = serde_json::to_string(sequences).map_err(internal)?;
        let sql = "delete from chronicle_outbox where sequence in (select value from json_each(?1)) \
            returning sequence, refs, bytes, reason, kind, uniques <> '[]', local_key, table_name, row_key";
        let removed = self.list(sql, [&list], |row| {
            Ok((
                (row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?),
                (
                    row.get::<_, Option<String>>(3)?,
                    row.get::<_, String>(4)?,
                    row.get::<_, bool>(5)?,
                ),
                row.get(6)?,
                RowName::new(TableName::stored(row.get(7)?), RowKey::stored(row.get(8)?)),
            ))
        })?;
        let mut gone = BTreeMap::new();
        for ((sequence, refs, bytes), (reason, kind, has_uniques), local_key, row) in removed {
            for parent in named(&refs)? {
                let sql = "delete from chronicle_refs where table_name = ?1 and row_key = ?2 and sequence = ?3";
                self.execute(sql, (parent.table.as_str(), parent.key.as_str(), sequence))?;
            }
            gone.insert(sequence, Removed { row, local_key, refs });
            if has_uniques {
                self.execute("delete from chronicle_uniques where sequence = ?1", [sequence])?;
            }
            if kind == EntryKind::Delete.name() && self.counts.tombstones > 0 {
                let sql = "delete from chronicle_tombstones where sequence = ?1";
                self.counts.tombstones -= self.execute(sql, [sequence])? as i64;
            }
            self.counts.rows -= 1;
            self.counts.bytes -= bytes;
            if let Some(reason) = reason {
                self.counts.refused -= 1;
                self.counts.parentless -= i64::from(reason == "parent_missing");
            }
        }
        self.followers_of_all(&list)?;
        Ok(gone)
    }

    /// When the first entry that no letter holds was queued, by the clock on the wall.
    pub(crate) fn oldest(&self) -> Result<Option<Moment>> {
        if self.counts.rows == self.counts.refused {
            return Ok(None);
        }
        // The first that waits for nothing: whatever waits is parked at an earlier one.
        let first = self.groups()?.into_iter().map(|(_, _, sequence)| sequence).min();
        let Some(first) = first else { return Ok(None) };
        let sql = "select queued_at from chronicle_outbox where sequence = ?1";
        self.first(sql, [first], |row| row.get(0))
    }

    /// How many entries letters hold.
    pub(crate) fn held(&self) -> Result<u64> {
        let sql = "select count(*) from chronicle_outbox where waits_for is not null and held = 1";
        let held = self.first(sql, [], |row| row.get::<_, i64>(0))?.unwrap_or(0);
        Ok(u64::try_from(held).unwrap_or(0))
    }

    /// Whether an entry of the row is in the outbox, refused ones included.
    pub(crate) fn has_entry(&self, row: &RowName) -> Result<bool> {
        if self.counts.rows == 0 {
            return Ok(false);
        }
        let sql = "select 1 from chronicle_outbox where table_name = ?1 and row_key = ?2 limit 1";
        self.exists(sql, (row.table.as_str(), row.key.as_str()))
    }

    /// Queues the rows that the file holds of a table as inserts. How many those are.
    pub(crate) fn queue_present(
        &mut self,
        relations: &Relations,
        table: &'static Table,
        keys: &[Value],
        bound: Bound,
        date: Moment,
    ) -> Result<u64> {
        let shape = Shape::of(table, relations);
        let columns: Vec<&'static Column> = table.columns.iter().collect();
        let mut queued = 0;
        for key in keys {
            let condition = Target::Key(key.clone()).node(table);
            for row in select_columns(self.connection, table, &columns, &condition)? {
                let mut entry = self.whole_row(&shape, EntryKind::InsertIfAbsent, &row, None)?;
                entry.brings_row = false;
                self.append(table, &entry, None, date)?;
                queued += 1;
            }
        }
        self.check_bound(bound)?;
        Ok(queued)
    }
}

fn extend<T: PartialEq>(list: &mut Vec<T>, more: Vec<T>) {
    for item in more {
        if !list.contains(&item) {
            list.push(item);
        }
    }
}

pub(super) fn names(rows: &[RowName]) -> Result<String> {
    let names: Vec<(&str, &str)> =
        rows.iter().map(|row| (row.table.as_str(), row.key.as_str())).collect();
    serde_json::to_string(&names).map_err(internal)
}

/// The rows that `names` wrote.
pub(super) fn named(names: &str) -> Result<Vec<RowName>> {
    let names: Vec<(String, String)> = serde_json::from_str(names).map_err(internal)?;
    let name = |(table, key)| RowName::new(TableName::stored(table), RowKey::stored(key));
    Ok(names.into_iter().map(name).collect())
}

fn new_entry<'v>(
    shape: &Shape<'_>,
    kind: EntryKind,
    key: Value,
    values: impl Iterator<Item = (usize, &'v Value)> + Clone,
) -> Result<NewEntry> {
    let columns: Vec<&str> = values.clone().map(|(at, _)| shape.table.columns[at].name).collect();
    let body = crate::change::object(shape.table, values.clone());
    let takes = shape.uniques(values.clone());
    Ok(NewEntry {
        row: RowName::new(shape.name.clone(), RowKey::of(&key)),
        local_key: key,
        kind,
        brings_row: kind.creates(),
        columns: serde_json::to_string(&columns).map_err(internal)?,
        body: String::from_utf8(body).map_err(internal)?,
        refs: shape.refs(values),
        uniques: takes.clone(),
        takes,
        base: None,
    })
}
