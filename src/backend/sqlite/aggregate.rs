//! Counts, sums, smallest and largest values: by SQL, or out of rows where SQL would not be exact.

use super::error::from_rusqlite;
use super::{compile, decode, read};
use crate::aggregation::{Aggregation, Function, Reckoner};
use crate::{Error, ErrorKind, Kind, Result};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sea_orm::Value;

/// The answer on a connection of rusqlite's.
pub(super) fn run(connection: &Connection, aggregation: &Aggregation) -> Result<Vec<Vec<Value>>> {
    let mut reckoner = Reckoner::new(aggregation);
    if !compile::takes_rows(aggregation) {
        match by_sql(connection, aggregation, &mut reckoner) {
            Ok(()) => return reckoner.finish(),
            Err(error) if is_overflow(&error) => reckoner = Reckoner::new(aggregation),
            Err(error) => return Err(error),
        }
    }
    let columns = aggregation.rows.columns();
    let rows = compile::columns(aggregation.table(), &columns, &aggregation.rows.filter);
    let add = |row: Vec<Value>| reckoner.add_row(&columns, &row);
    read::each(connection, &rows, columns.iter().copied(), add)?;
    reckoner.finish()
}

fn by_sql(
    connection: &Connection,
    aggregation: &Aggregation,
    reckoner: &mut Reckoner<'_>,
) -> Result<()> {
    let mut prepared = read::prepared(connection, &compile::aggregate(aggregation))?;
    let mut rows = prepared.raw_query();
    while let Some(row) = rows.next().map_err(from_rusqlite)? {
        let cell = |at| row.get_ref(at).map_err(from_rusqlite);
        reckoner.add_part(decode_row(aggregation, cell)?)?;
    }
    Ok(())
}

/// Whether SQLite gave up on a sum of integers, which are 64 bits to it.
pub(super) fn is_overflow(error: &Error) -> bool {
    error.message().contains("integer overflow")
}

/// The values of a row of such a statement.
pub(super) fn decode_row<'row>(
    aggregation: &Aggregation,
    cell: impl Fn(usize) -> Result<ValueRef<'row>>,
) -> Result<Vec<Value>> {
    let groups = aggregation.groups.iter().enumerate();
    let mut values = groups
        .map(|(at, column)| decode::cell(column, column.kind, cell(at)?))
        .collect::<Result<Vec<_>>>()?;
    let width = values.len();
    for (at, function) in aggregation.functions.iter().enumerate() {
        let stored = cell(width + at)?;
        values.push(match function {
            Function::Count | Function::CountOf(_) => count(stored)?,
            Function::Least(column) | Function::Greatest(column) => {
                decode::cell(column, column.kind, stored)?
            }
            Function::Sum(column) => match (column.kind, stored) {
                (_, ValueRef::Null) => Value::String(None),
                (Kind::F32 | Kind::F64, ValueRef::Real(sum)) => sum.to_string().into(),
                (_, ValueRef::Integer(sum)) => sum.to_string().into(),
                _ => return Err(decode::mismatch(column, "what is stored are no whole numbers")),
            },
        });
    }
    Ok(values)
}

fn count(stored: ValueRef<'_>) -> Result<Value> {
    match stored {
        ValueRef::Integer(count) => Ok(count.into()),
        _ => Err(Error::new(ErrorKind::Internal, "a count that is no number")),
    }
}
