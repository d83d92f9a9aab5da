//! SQL of the caller's own.

use super::error::from_rusqlite;
use super::stored::Bound;
use crate::{Error, RawRow, Result, value};
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::types::ValueRef;
use rusqlite::{Batch, Connection, Statement};
use sea_orm::{JsonValue, Value};

/// Runs the statements one after the other; the rows of all of them.
pub(super) fn run(connection: &Connection, sql: &str, parameters: &[Value]) -> Result<Vec<RawRow>> {
    run_those(connection, sql, parameters, |_| Ok(()))
}

/// As [`run`], where every statement only reads.
#[cfg(feature = "postgrest")]
pub(super) fn look(
    connection: &Connection,
    sql: &str,
    parameters: &[Value],
) -> Result<Vec<RawRow>> {
    run_those(connection, sql, parameters, |statement| {
        if statement.readonly() {
            return Ok(());
        }
        Err(Error::invalid("the statement writes, and here is only read").with_hint(
            "write by a repository: what goes past the outbox never comes to the remote",
        ))
    })
}

fn run_those(
    connection: &Connection,
    sql: &str,
    parameters: &[Value],
    check: impl Fn(&Statement<'_>) -> Result<()>,
) -> Result<Vec<RawRow>> {
    let mut found = Vec::new();
    let mut batch = Batch::new(connection, sql);
    let mut bound = 0;
    while let Some(mut statement) = batch.next().map_err(from_rusqlite)? {
        check(&statement)?;
        bound += bind(&mut statement, parameters, bound)?;
        let names: Vec<String> = statement.column_names().into_iter().map(String::from).collect();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(from_rusqlite)? {
            let mut cells = RawRow::new();
            for (at, name) in names.iter().enumerate() {
                let stored = row.get_ref(at).map_err(from_rusqlite)?;
                cells.insert(name.clone(), cell(stored)?);
            }
            found.push(cells);
        }
    }
    Ok(found)
}

/// Binds `$1` and `?1` by their numbers, and each `?` to the next parameter, of which `bound` had one
/// before. Says how many got one. What is beyond the parameters stays NULL.
fn bind(statement: &mut Statement<'_>, parameters: &[Value], bound: usize) -> Result<usize> {
    let mut next = 0;
    for at in 1..=statement.parameter_count() {
        let number = match statement.parameter_name(at) {
            None => {
                next += 1;
                bound + next
            }
            Some(name) => name
                .strip_prefix(['$', '?'])
                .and_then(|number| number.parse().ok())
                .filter(|number| *number > 0)
                .ok_or_else(|| {
                    Error::invalid(format!("the parameter `{name}` has no number: write `$1`"))
                })?,
        };
        if let Some(value) = parameters.get(number - 1) {
            statement.raw_bind_parameter(at, Bound(value)).map_err(from_rusqlite)?;
        }
    }
    Ok(next)
}

/// A cell by its storage class; binary data in the form `\x0102`, as PostgREST gives it.
pub(super) fn cell(stored: ValueRef<'_>) -> Result<JsonValue> {
    Ok(match stored {
        ValueRef::Null => JsonValue::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(bytes) => {
            let text = std::str::from_utf8(bytes).map_err(|_| {
                Error::new(crate::ErrorKind::SchemaMismatch, "the text of a cell is not UTF-8")
            })?;
            text.into()
        }
        ValueRef::Blob(bytes) => value::to_text(&bytes.to_vec().into()).into(),
    })
}
