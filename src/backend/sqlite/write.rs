//! Changes on a connection of rusqlite's.

use super::stored::Bound;
use super::{compile, error::from_rusqlite, read::prepared};
use crate::operation::{Duplicates, Write, WriteKind};
use crate::{Result, Table};
use rusqlite::Connection;
use sea_orm::Value;

/// Makes the change, and says how many rows it touched. A change of many rows is several statements:
/// whoever calls has begun a transaction.
pub(crate) fn apply(connection: &Connection, write: &Write) -> Result<u64> {
    let table = write.table;
    let statement = match &write.kind {
        WriteKind::Insert { rows, duplicates } => {
            return insert(connection, table, rows, *duplicates);
        }
        WriteKind::Update { target, assignments } => {
            compile::update(table, assignments, &compile::condition(target, table))
        }
        WriteKind::Delete { target } => compile::delete(table, &compile::condition(target, table)),
    };
    let touched = prepared(connection, &statement)?.raw_execute().map_err(from_rusqlite)?;
    Ok(touched as u64)
}

/// Whether a change is one statement, which SQLite makes whole or not at all.
pub(super) const fn is_one_statement(write: &Write) -> bool {
    match &write.kind {
        WriteKind::Insert { rows, .. } => rows.len() == 1,
        WriteKind::Update { .. } | WriteKind::Delete { .. } => true,
    }
}

/// One prepared statement for all rows: nothing is gained by several rows in one.
fn insert(
    connection: &Connection,
    table: &Table,
    rows: &[Vec<Value>],
    duplicates: Duplicates,
) -> Result<u64> {
    let sql = compile::insert_text(table, 1) + &compile::conflict_clause(table, duplicates);
    let mut statement = connection.prepare_cached(&sql).map_err(from_rusqlite)?;
    let mut stored = 0;
    for row in rows {
        for (at, value) in row.iter().enumerate() {
            statement.raw_bind_parameter(at + 1, Bound(value)).map_err(from_rusqlite)?;
        }
        stored += statement.raw_execute().map_err(from_rusqlite)? as u64;
    }
    Ok(stored)
}
