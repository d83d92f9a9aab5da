//! The way to beat for bulk: rusqlite, one prepared statement, one transaction.

use crate::measure::Result;
use chronicle_entity::event;
use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::{Connection, params};
use std::path::Path;

/// Opens a file with the pragmas of our side.
pub(crate) fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

/// Stores the rows.
pub(crate) fn insert(connection: &mut Connection, rows: &[event::Model]) -> Result<()> {
    let transaction = connection.transaction()?;
    let mut statement = transaction.prepare(
        "INSERT INTO events (id, session_id, event_type, hook_name, data, timestamp, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?;
    for row in rows {
        statement.execute(params![
            row.id.to_string(),
            row.session_id.to_string(),
            row.event_type.as_str(),
            row.hook_name,
            row.data.as_ref().map(ToString::to_string),
            text(row.timestamp),
            text(row.created_at),
        ])?;
    }
    drop(statement);
    transaction.commit()?;
    Ok(())
}

/// SeaORM's form of a time.
fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// Whether the file of the other side holds the same rows, byte by byte.
///
/// # Errors
/// When it does not: then the two times are not of the same work.
pub(crate) fn check_same_rows(connection: &Connection, other: &Path, rows: usize) -> Result<()> {
    connection.execute("ATTACH ? AS other", [other.to_str()])?;
    let same: i64 = connection.query_row(
        "SELECT count(*) FROM (SELECT * FROM main.events INTERSECT SELECT * FROM other.events)",
        [],
        |row| row.get(0),
    )?;
    if usize::try_from(same)? == rows {
        Ok(())
    } else {
        Err(format!("the two files share {same} of {rows} rows").into())
    }
}
