//! A refused new row is mended by what was written over it later.

use crate::failover::file::outbox::{extend, named, names, size};
use crate::failover::file::relations::Relations;
use crate::failover::file::transaction::{Transaction, internal};
use crate::failover::rules::edges::{Cause, Hold, Wait, hold};
use crate::failover::rules::entry::EntryKind;
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::{RawRow, Result, Table};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

/// An entry as far as it can be put into another one of its row.
struct Change {
    sequence: i64,
    kind: String,
    columns: Vec<String>,
    body: String,
    made: BTreeSet<String>,
    refs: Vec<RowName>,
    uniques: Vec<(String, Option<String>)>,
    waits: Vec<Wait>,
    version: String,
    bytes: i64,
    /// It adds to columns, or is made together with others.
    needs_function: bool,
    /// It may have left, or was refused.
    is_fixed: bool,
}

const CHANGE: &str = "select sequence, kind, column_names, body, made, refs, uniques, waits, version, bytes, \
      added <> '[]' or together is not null, request is not null or reason is not null \
    from chronicle_outbox where table_name = ?1 and row_key = ?2 and sequence >= ?3 order by sequence";

type Columns =
    ((i64, String, String, String, String), (String, String, String, String, i64), (bool, bool));

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Columns> {
    Ok((
        (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?),
        (row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?, row.get(9)?),
        (row.get(10)?, row.get(11)?),
    ))
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(internal)
}

fn text(value: impl serde::Serialize) -> Result<String> {
    serde_json::to_string(&value).map_err(internal)
}

impl Change {
    fn of(columns: Columns) -> Result<Self> {
        let ((sequence, kind, names, body, made), rest, (needs_function, is_fixed)) = columns;
        let (refs, uniques, waits, version, bytes) = rest;
        Ok(Self {
            sequence,
            kind,
            columns: json(&names)?,
            body,
            made: json(&made)?,
            refs: named(&refs)?,
            uniques: json(&uniques)?,
            waits: json(&waits)?,
            version,
            bytes,
            needs_function,
            is_fixed,
        })
    }

    /// With what a later one sets.
    fn take(&mut self, later: Self) -> Result<()> {
        let mut values: RawRow = json(&self.body)?;
        let others = json::<RawRow>(&later.body)?.into_iter();
        values.extend(others.filter(|(column, _)| later.columns.contains(column)));
        self.body = text(values)?;
        extend(&mut self.columns, later.columns);
        self.made.extend(later.made);
        extend(&mut self.refs, later.refs);
        extend(&mut self.uniques, later.uniques);
        let older = later.waits.into_iter().filter(|wait| wait.before < self.sequence);
        extend(&mut self.waits, older.collect());
        Ok(())
    }
}

/// The columns of a table that make one value together: of a unique constraint, of a foreign key.
fn sets(table: &'static Table, relations: &Relations) -> Vec<Vec<String>> {
    let unique = relations.unique(table).into_iter();
    let unique =
        unique.map(|set| set.iter().map(|at| table.columns[*at].name.to_owned()).collect());
    let parents = relations.of(table).into_iter().map(|parent| parent.columns);
    unique.chain(parents).collect()
}

/// A column, and those that make one value with it.
fn with_set<'a>(
    sets: &'a [Vec<String>],
    column: &'a String,
) -> impl Iterator<Item = &'a String> + 'a {
    let own = sets.iter().filter(move |set| set.contains(column));
    own.flatten().chain(std::iter::once(column))
}

impl Transaction<'_> {
    /// Gives a refused new row what later updates set that cannot travel with it, since an addition or
    /// a transaction stands between: as far as those do not set it, nor a part of one value with it. The
    /// updates stay, and are made again.
    pub(super) fn mend(
        &mut self,
        known: &impl Fn(&str) -> Option<&'static Table>,
        relations: &Relations,
        group: &[i64],
    ) -> Result<()> {
        for sequence in group {
            let row = "select table_name, row_key from chronicle_outbox where sequence = ?1";
            let row = self.first(row, [sequence], |row| {
                Ok(RowName::new(TableName::stored(row.get(0)?), RowKey::stored(row.get(1)?)))
            })?;
            let Some(row) = row else { continue };
            if let Some(table) = known(row.table.as_str()) {
                self.mend_one(table, relations, &row, (*sequence, group))?;
            }
        }
        Ok(())
    }

    fn mend_one(
        &mut self,
        table: &'static Table,
        relations: &Relations,
        row: &RowName,
        (sequence, group): (i64, &[i64]),
    ) -> Result<()> {
        let values = (row.table.as_str(), row.key.as_str(), sequence);
        let mut entries = self.list(CHANGE, values, read)?.into_iter();
        let Some(first) = entries.next() else { return Ok(()) };
        let mut letter = Change::of(first)?;
        if !EntryKind::named(&letter.kind).is_some_and(EntryKind::creates) {
            return Ok(());
        }
        let sets = sets(table, relations);
        let stamp = table.updated_at.map(|at| table.columns[at].name);
        let is_insert_if_absent = letter.kind == EntryKind::InsertIfAbsent.name();
        let mut travels_alone = group.len() > 1 || is_insert_if_absent;
        let mut between: BTreeSet<String> = BTreeSet::new();
        let mut taken: Vec<Change> = Vec::new();
        for entry in entries {
            let entry = Change::of(entry)?;
            let is_update = entry.kind == EntryKind::Update.name();
            if !is_update
                || entry.version != letter.version
                || (entry.is_fixed && !entry.needs_function)
            {
                break;
            }
            travels_alone |= entry.needs_function;
            let stays = entry.needs_function || self.waits_besides(&entry, group, &taken)?;
            let (stay, go): (Vec<String>, Vec<String>) =
                entry.columns.iter().cloned().partition(|column| stays || between.contains(column));
            let stay = stay.iter().filter(|column| Some(column.as_str()) != stamp);
            between.extend(stay.flat_map(|column| with_set(&sets, column)).cloned());
            if !go.is_empty() {
                taken.push(Change { columns: go, ..entry });
            }
        }
        if taken.is_empty() || !travels_alone {
            return Ok(());
        }
        for one in taken {
            letter.take(one)?;
        }
        self.put_back(row, &letter)
    }

    /// Whether it waits for anything but its row and what goes again now, and that is still to come.
    fn waits_besides(&self, entry: &Change, group: &[i64], taken: &[Change]) -> Result<bool> {
        for wait in &entry.waits {
            let is_part =
                group.contains(&wait.before) || taken.iter().any(|one| one.sequence == wait.before);
            if wait.cause != Cause::Row
                && !is_part
                && hold(self.standing_of(wait.before)?, wait.cause) != Hold::Free
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn put_back(&mut self, row: &RowName, change: &Change) -> Result<()> {
        let columns = text(&change.columns)?;
        let bytes = size(row, &columns, &change.body);
        self.counts.bytes += bytes - change.bytes;
        let sql = "update chronicle_outbox set column_names = ?2, body = ?3, made = ?4, refs = ?5, \
            uniques = ?6, waits = ?7, bytes = ?8 where sequence = ?1";
        self.execute(
            sql,
            (
                change.sequence,
                &columns,
                &change.body,
                text(&change.made)?,
                names(&change.refs)?,
                text(&change.uniques)?,
                text(&change.waits)?,
                bytes,
            ),
        )?;
        self.execute("delete from chronicle_uniques where sequence = ?1", [change.sequence])?;
        let uniques = change.uniques.iter();
        let uniques = uniques.map(|(columns, value)| (columns.as_str(), value.as_deref()));
        self.index(change.sequence, &row.table, &change.refs, uniques)
    }
}
