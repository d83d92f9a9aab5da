//! Whether times are stored in the form in which they compare.

use super::compile::quoted;
use super::decode::{cell, mismatch};
use super::error::from_rusqlite;
use super::stored::Bound;
use crate::{Column, Kind, Result, Table};
use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

/// Checks all times of a table.
pub(super) fn check(connection: &Connection, table: &'static Table) -> Result<()> {
    let is_time = |kind| matches!(kind, Kind::Date | Kind::Time | Kind::DateTime | Kind::Timestamp);
    let columns = table.columns.iter().filter(|column| is_time(column.kind));
    columns.into_iter().try_for_each(|column| check_column(connection, table, column))
}

fn check_column(connection: &Connection, table: &Table, column: &Column) -> Result<()> {
    let name = quoted(column.name);
    let sql = format!("SELECT {name} FROM {} WHERE {name} IS NOT NULL", quoted(table.name));
    let mut statement = connection.prepare(&sql).map_err(from_rusqlite)?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(from_rusqlite)? {
        let stored = row.get_ref(0).map_err(from_rusqlite)?;
        let value =
            cell(column, column.kind, stored).map_err(|error| error.with_table(table.name))?;
        let is_same = match (Bound(&value).stored(), stored) {
            (ToSqlOutput::Owned(Value::Text(text)), ValueRef::Text(bytes)) => {
                text.as_bytes() == bytes
            }
            _ => false,
        };
        if !is_same {
            let why =
                "a time is stored in another form than this library writes, and compares wrongly";
            return Err(mismatch(column, why)
                .with_table(table.name)
                .with_hint("read the rows that other programs have stored, and write them again"));
        }
    }
    Ok(())
}
