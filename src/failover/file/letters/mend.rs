//! A refused new row is mended by what was written over it later.

use crate::failover::file::outbox::{extend, named, names, size};
use crate::failover::file::transaction::{Transaction, internal};
use crate::failover::rules::edges::{Cause, Hold, Wait, hold};
use crate::failover::rules::entry::EntryKind;
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::{RawRow, Result};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

type Uniques = Vec<(String, Option<String>)>;

/// An entry as far as it can be put into another one of its row.
struct Change {
    sequence: i64,
    kind: String,
    columns: Vec<String>,
    body: RawRow,
    made: BTreeSet<String>,
    refs: Vec<RowName>,
    uniques: Uniques,
    waits: Vec<Wait>,
    version: String,
    bytes: i64,
    /// It goes by the server's function alone: it adds to columns, or is made together with others.
    needs_function: bool,
    /// It may have left, or is judged by what the row was.
    is_fixed: bool,
    is_refused: bool,
}

const CHANGE: &str = "select sequence, kind, column_names, body, made, refs, uniques, waits, version, bytes, \
      added <> '[]' or together is not null, request is not null or base is not null, reason is not null \
    from chronicle_outbox";

type Columns = (
    (i64, String, String, String, String),
    (String, String, String, String, i64),
    (bool, bool, bool),
);

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Columns> {
    Ok((
        (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?),
        (row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?, row.get(9)?),
        (row.get(10)?, row.get(11)?, row.get(12)?),
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
        let ((sequence, kind, names, body, made), rest, marks) = columns;
        let (refs, uniques, waits, version, bytes) = rest;
        let (needs_function, is_fixed, is_refused) = marks;
        Ok(Self {
            sequence,
            kind,
            columns: json(&names)?,
            body: json(&body)?,
            made: json(&made)?,
            refs: named(&refs)?,
            uniques: json(&uniques)?,
            waits: json(&waits)?,
            version,
            bytes,
            needs_function,
            is_fixed,
            is_refused,
        })
    }

    /// With what a later one sets.
    fn take(&mut self, later: Self) {
        self.body.extend(later.body);
        extend(&mut self.columns, later.columns);
        self.made.extend(later.made);
        extend(&mut self.refs, later.refs);
        extend(&mut self.uniques, later.uniques);
        let older = later.waits.into_iter().filter(|wait| wait.before < self.sequence);
        extend(&mut self.waits, older.collect());
    }
}

impl Transaction<'_> {
    /// Updates of a refused new row that cannot travel with it, since an addition or a transaction
    /// stands between, become part of it, as far as nothing between sets the same columns.
    pub(super) fn mend(&mut self, group: &[i64]) -> Result<()> {
        for sequence in group {
            self.mend_one(*sequence, group.len() > 1)?;
        }
        Ok(())
    }

    fn mend_one(&mut self, sequence: i64, is_in_group: bool) -> Result<()> {
        let row = "select table_name, row_key from chronicle_outbox where sequence = ?1";
        let row = self.first(row, [sequence], |row| {
            Ok(RowName::new(TableName::stored(row.get(0)?), RowKey::stored(row.get(1)?)))
        })?;
        let Some(row) = row else { return Ok(()) };
        let sql = format!(
            "{CHANGE} where table_name = ?1 and row_key = ?2 and sequence >= ?3 order by sequence"
        );
        let values = (row.table.as_str(), row.key.as_str(), sequence);
        let mut entries = self.list(&sql, values, read)?.into_iter();
        let Some(first) = entries.next() else { return Ok(()) };
        let mut letter = Change::of(first)?;
        let creates = EntryKind::named(&letter.kind).is_some_and(EntryKind::creates);
        if !creates || letter.is_fixed {
            return Ok(());
        }
        let mut is_cut_off = is_in_group;
        let mut between: BTreeSet<String> = BTreeSet::new();
        let mut taken: Vec<Change> = Vec::new();
        for entry in entries {
            let entry = Change::of(entry)?;
            let is_plain = !entry.is_fixed && !entry.is_refused;
            let is_update = entry.kind == EntryKind::Update.name();
            if !is_update || entry.version != letter.version || !(is_plain || entry.needs_function)
            {
                break;
            }
            is_cut_off |= entry.needs_function;
            let depends = entry.columns.iter().any(|column| between.contains(column));
            if entry.needs_function || depends || self.waits_besides(&entry, &letter, &taken)? {
                between.extend(entry.columns);
            } else {
                taken.push(entry);
            }
        }
        if taken.is_empty() || !is_cut_off {
            return Ok(());
        }
        let sequences: Vec<i64> = taken.iter().map(|one| one.sequence).collect();
        for sequence in sequences.iter().rev() {
            self.bequeath(*sequence)?;
        }
        self.remove(&sequences)?;
        for one in taken {
            letter.take(one);
        }
        self.put_back(&row, &letter)
    }

    /// Whether it waits for anything but its row, and that is still to come.
    fn waits_besides(&self, entry: &Change, letter: &Change, taken: &[Change]) -> Result<bool> {
        for wait in &entry.waits {
            let is_part = wait.before == letter.sequence
                || taken.iter().any(|one| one.sequence == wait.before);
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
        let body = text(&change.body)?;
        let columns = text(&change.columns)?;
        let bytes = size(row, &columns, &body);
        self.counts.bytes += bytes - change.bytes;
        let sql = "update chronicle_outbox set column_names = ?2, body = ?3, made = ?4, refs = ?5, \
            uniques = ?6, waits = ?7, bytes = ?8 where sequence = ?1";
        self.execute(
            sql,
            (
                change.sequence,
                &columns,
                &body,
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
