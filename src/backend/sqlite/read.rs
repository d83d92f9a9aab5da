//! Reads on a connection of rusqlite's.

use super::stored::Bound;
use super::{compile, decode, error::from_rusqlite};
use crate::filter::Node;
use crate::{Column, Error, ErrorKind, Kind, Result, Table};
use rusqlite::{CachedStatement, Connection};
use sea_orm::{Statement, Value};

/// Some columns of the rows that match.
pub(crate) fn select_columns(
    connection: &Connection,
    table: &'static Table,
    columns: &[&'static Column],
    condition: &Node,
) -> Result<Vec<Vec<Value>>> {
    let statement = compile::columns(table, columns, condition);
    fetch(connection, &statement, columns.iter().copied())
}

/// The rows of a statement that selects these columns.
pub(super) fn fetch(
    connection: &Connection,
    statement: &Statement,
    columns: impl IntoIterator<Item = &'static Column>,
) -> Result<Vec<Vec<Value>>> {
    let mut values = Vec::new();
    each(connection, statement, columns, |row| {
        values.push(row);
        Ok(())
    })?;
    Ok(values)
}

/// Hands on the rows of a statement that selects these columns, one after the other.
pub(super) fn each(
    connection: &Connection,
    statement: &Statement,
    columns: impl IntoIterator<Item = &'static Column>,
    mut take: impl FnMut(Vec<Value>) -> Result<()>,
) -> Result<()> {
    let columns: Vec<(&Column, Kind)> =
        columns.into_iter().map(|column| (column, column.kind)).collect();
    let mut prepared = prepared(connection, statement)?;
    let mut rows = prepared.raw_query();
    while let Some(row) = rows.next().map_err(from_rusqlite)? {
        let cells = columns.iter().enumerate().map(|(at, (column, kind))| {
            decode::cell(column, *kind, row.get_ref(at).map_err(from_rusqlite)?)
        });
        let mut row = Vec::with_capacity(columns.len());
        for cell in cells {
            row.push(cell?);
        }
        take(row)?;
    }
    Ok(())
}

/// The number that a statement selects.
pub(super) fn number(connection: &Connection, statement: &Statement) -> Result<u64> {
    let mut prepared = prepared(connection, statement)?;
    let mut rows = prepared.raw_query();
    let row = rows.next().map_err(from_rusqlite)?;
    let row = row.ok_or_else(|| Error::new(ErrorKind::Internal, "a count without a row"))?;
    let count: i64 = row.get(0).map_err(from_rusqlite)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The statement, ready to run.
pub(super) fn prepared<'a>(
    connection: &'a Connection,
    statement: &Statement,
) -> Result<CachedStatement<'a>> {
    let mut prepared = connection.prepare_cached(&statement.sql).map_err(from_rusqlite)?;
    for (at, value) in statement.values.iter().flat_map(|values| &values.0).enumerate() {
        prepared.raw_bind_parameter(at + 1, Bound(value)).map_err(from_rusqlite)?;
    }
    Ok(prepared)
}
