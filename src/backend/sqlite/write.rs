//! Changes on a connection of rusqlite's.

use super::read::{fetch, prepared, select_columns};
use super::stored::Bound;
use super::{compile, error::from_rusqlite};
use crate::filter::Node;
use crate::key::{Key, any_of};
use crate::operation::{Duplicates, Merge, NewRow, Target, Write, WriteKind, Written};
use crate::value::is_null;
use crate::{Column, Error, ErrorKind, Result, Table, value};
use rusqlite::Connection;
use sea_orm::{Statement, Value};

/// Makes the change, and says how many rows it touched. A change of many rows is several statements:
/// whoever calls has begun a transaction.
pub(crate) fn apply(connection: &Connection, write: &Write) -> Result<u64> {
    let table = write.table;
    let statement = match &write.kind {
        WriteKind::Insert { rows, duplicates } => {
            return insert(connection, table, rows, *duplicates);
        }
        WriteKind::Update { target, assignments, additions } if additions.is_empty() => {
            compile::update(table, assignments, &write.condition(target))
        }
        WriteKind::Update { target, assignments, additions } => {
            let read =
                compile::columns(table, &added_columns(table, additions), &write.condition(target));
            let rows = fetch(connection, &read, added_columns(table, additions))?;
            for row in &rows {
                let (key, assignments) = added(table, row, assignments, additions)?;
                let update = compile::update(table, &assignments, &key.node(table));
                prepared(connection, &update)?.raw_execute().map_err(from_rusqlite)?;
            }
            return Ok(rows.len() as u64);
        }
        WriteKind::Delete { target } => compile::delete(table, &write.condition(target)),
    };
    let touched = prepared(connection, &statement)?.raw_execute().map_err(from_rusqlite)?;
    Ok(touched as u64)
}

/// Makes changes, of which each has to find the row that it names: whoever calls has begun a
/// transaction.
pub(super) fn apply_all(connection: &Connection, writes: &[Write]) -> Result<()> {
    writes.iter().try_for_each(|write| {
        let written = apply_returning(connection, write)
            .map_err(|error| error.with_table(write.table.name))?;
        write.check_found(written.touched)
    })
}

/// As [`apply`], and gives back the rows as they are stored where the write asks for that.
pub(crate) fn apply_returning(connection: &Connection, write: &Write) -> Result<Written> {
    if !write.reads_back() {
        return apply(connection, write).map(Written::touched);
    }
    let table = write.table;
    let (touched, stored) = match &write.kind {
        WriteKind::Insert { rows, duplicates } => {
            let mut stored = Vec::with_capacity(rows.len());
            for row in rows {
                stored.extend(insert_returning(connection, table, row, *duplicates)?);
            }
            (stored.len() as u64, stored)
        }
        WriteKind::Update { target: Target::Key(key), .. } => {
            // It may be there, deleted softly, and left alone.
            match apply(connection, write)? {
                0 => (0, Vec::new()),
                touched => (touched, stored_row(connection, table, &key.node(table))?),
            }
        }
        WriteKind::Update { .. } | WriteKind::Delete { .. } => {
            return apply(connection, write).map(Written::touched);
        }
    };
    Ok(Written { touched, stored: Some(stored) })
}

/// The columns that have to be known to add to some of them: the key's, and those.
pub(crate) fn added_columns(
    table: &'static Table,
    additions: &[(usize, Value)],
) -> Vec<&'static Column> {
    let added = additions.iter().map(|(at, _)| &table.columns[*at]);
    table.key_columns().chain(added).collect()
}

/// The key of a row with these columns, and what is to be set in it. SQLite itself would add to a number
/// beyond its type's range, and knows no decimals.
pub(crate) fn added(
    table: &'static Table,
    row: &[Value],
    assignments: &[(usize, Value)],
    additions: &[(usize, Value)],
) -> Result<(Key, Vec<(usize, Value)>)> {
    let (key, held) = row.split_at(table.key.len());
    let mut changes = assignments.to_vec();
    for ((at, difference), held) in additions.iter().zip(held) {
        let sum = value::add(held, difference).map_err(|error| {
            let message = format!("column `{}`: {}", table.columns[*at].name, error.message());
            Error::new(error.kind(), message)
        })?;
        changes.push((*at, sum));
    }
    Ok((Key::new(key), changes))
}

/// Whether a change is one statement, which SQLite makes whole or not at all.
pub(super) fn is_one_statement(write: &Write) -> bool {
    match &write.kind {
        WriteKind::Insert { rows, .. } => rows.len() == 1 && !write.reads_back(),
        WriteKind::Update { additions, .. } => additions.is_empty() && !write.reads_back(),
        WriteKind::Delete { .. } => true,
    }
}

/// One prepared statement for all rows that give the same columns: nothing is gained by several rows
/// in one.
fn insert(
    connection: &Connection,
    table: &'static Table,
    rows: &[NewRow],
    duplicates: Duplicates,
) -> Result<u64> {
    let mut stored = 0;
    for rows in rows.chunk_by(|one, next| one.left_out() == next.left_out()) {
        let sql = insert_text(table, &rows[0], duplicates);
        let mut statement = connection.prepare_cached(&sql).map_err(from_rusqlite)?;
        for row in rows {
            for (number, (_, value)) in row.given().enumerate() {
                statement.raw_bind_parameter(number + 1, Bound(value)).map_err(from_rusqlite)?;
            }
            stored += statement.raw_execute().map_err(from_rusqlite)? as u64;
        }
    }
    Ok(stored)
}

pub(super) fn insert_text(table: &Table, row: &NewRow, duplicates: Duplicates) -> String {
    let given: Vec<usize> = row.given().map(|(at, _)| at).collect();
    compile::insert_text(table, &given, 1) + &compile::conflict_clause(table, &given, duplicates)
}

/// Inserts a row, and reads it once all triggers have run; nothing where it was left alone.
fn insert_returning(
    connection: &Connection,
    table: &'static Table,
    row: &NewRow,
    duplicates: Duplicates,
) -> Result<Option<Vec<Value>>> {
    let keys: Vec<&'static Column> = table.key_columns().collect();
    let mut statement = compile::returning(insert_text(table, row, duplicates), &keys);
    statement.values =
        Some(sea_orm::sea_query::Values(row.given().map(|(_, value)| value.clone()).collect()));
    let keys = fetch(connection, &statement, keys)?;
    let Some(key) = keys.into_iter().next() else { return Ok(None) };
    let condition = any_of(table, vec![Key::new(key)]);
    let stored = stored_row(connection, table, &condition)?.pop();
    stored.iter().try_for_each(|stored| check_made(table, row, stored))?;
    Ok(stored)
}

/// Stores the row, or gives its values to the one that is there, and gives that back.
pub(super) fn merge(connection: &Connection, merge: &Merge) -> Result<Vec<Value>> {
    let keys: Vec<&'static Column> = merge.table.key_columns().collect();
    let statement = merge_statement(merge, &keys);
    let condition = merged(merge, fetch(connection, &statement, keys)?.pop());
    let stored = stored_row(connection, merge.table, &condition)?.pop();
    let stored = stored.ok_or_else(|| merge.not_found())?;
    check_made(merge.table, &merge.row, &stored)?;
    Ok(stored)
}

/// The statement that gives back the key, but of a row that stays as it is.
pub(super) fn merge_statement(merge: &Merge, keys: &[&Column]) -> Statement {
    let given: Vec<usize> = merge.row.given().map(|(at, _)| at).collect();
    let set = merge.assignments().into_iter().map(|(at, _)| at);
    let text = compile::insert_text(merge.table, &given, 1)
        + &compile::on_conflict(merge.table, merge.unique, set);
    let values = merge.row.given().map(|(_, value)| value.clone()).collect();
    let values = Some(sea_orm::sea_query::Values(values));
    Statement { values, ..compile::returning(text, keys) }
}

/// The row that is stored now, by its key if that was given back.
pub(super) fn merged(merge: &Merge, key: Option<Vec<Value>>) -> Node {
    key.map_or_else(|| merge.condition(), |key| Key::new(key).node(merge.table))
}

/// What SQLite makes of the columns that a row leaves to the database has to fit the entity, or nobody
/// could read the row.
pub(super) fn check_made(table: &Table, row: &NewRow, stored: &[Value]) -> Result<()> {
    let lacks = |at: &&usize| !table.columns[**at].nullable && is_null(&stored[**at]);
    match row.left_out().iter().find(lacks).map(|at| table.columns[*at].name) {
        None => Ok(()),
        Some(name) => {
            let message =
                format!("`{name}` is left to the database, and the file has no default for it");
            Err(Error::new(ErrorKind::Unsupported, message).with_table(table.name).with_hint(
                format!("make the field `{name}` an `Option`, or give the file's column a default"),
            ))
        }
    }
}

fn stored_row(
    connection: &Connection,
    table: &'static Table,
    condition: &Node,
) -> Result<Vec<Vec<Value>>> {
    let columns: Vec<&'static Column> = table.columns.iter().collect();
    select_columns(connection, table, &columns, condition)
}
