//! The way to beat: rusqlite with prepared statements, on the thread that asks.

use crate::measure::Result;
use chronicle_entity::{EventId, SessionId, event};
use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::{Connection, Row, Statement, params};
use std::path::Path;

const INSERT: &str = "INSERT INTO events
    (id, session_id, event_type, hook_name, data, timestamp, created_at, agent_id)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

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
    let mut statement = transaction.prepare(INSERT)?;
    for row in rows {
        execute(&mut statement, row)?;
    }
    drop(statement);
    transaction.commit()?;
    Ok(())
}

/// Stores one row by itself; its statement stays prepared.
#[allow(dead_code, reason = "not every bench stores single rows")]
pub(crate) fn insert_one(connection: &Connection, row: &event::Model) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(INSERT)?;
    execute(&mut statement, row)
}

fn execute(statement: &mut Statement<'_>, row: &event::Model) -> rusqlite::Result<()> {
    statement.execute(params![
        row.id.to_string(),
        row.session_id.to_string(),
        row.event_type.as_str(),
        row.hook_name,
        row.data.as_ref().map(ToString::to_string),
        text(row.timestamp),
        text(row.created_at),
        row.agent_id,
    ])?;
    Ok(())
}

/// Every event, each given as it is decoded.
#[allow(dead_code, reason = "not every bench reads all")]
pub(crate) fn all(connection: &Connection, mut each: impl FnMut(event::Model)) -> Result<()> {
    let mut statement = connection.prepare(
        "SELECT id, session_id, event_type, hook_name, data, timestamp, created_at, agent_id FROM events
         ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(decode(row)?);
    }
    Ok(())
}

/// The newest events of a session.
pub(crate) fn newest(connection: &Connection, session: SessionId) -> Result<Vec<event::Model>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, session_id, event_type, hook_name, data, timestamp, created_at, agent_id FROM events
         WHERE session_id = ? ORDER BY timestamp DESC LIMIT 100",
    )?;
    let mut rows = statement.query([session.to_string()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(decode(row)?);
    }
    Ok(found)
}

/// The event with a key.
pub(crate) fn find(connection: &Connection, id: EventId) -> Result<event::Model> {
    let mut statement = connection.prepare_cached(
        "SELECT id, session_id, event_type, hook_name, data, timestamp, created_at, agent_id FROM events
         WHERE id = ?",
    )?;
    let mut rows = statement.query([id.to_string()])?;
    decode(rows.next()?.ok_or("no such event")?)
}

/// As our way decodes a row: ids, times and JSON are read, not only taken.
fn decode(row: &Row<'_>) -> Result<event::Model> {
    let text = |at: usize| -> Result<&str> { Ok(row.get_ref(at)?.as_str()?) };
    let time = |at: usize| -> Result<DateTime<Utc>> {
        Ok(DateTime::parse_from_rfc3339(text(at)?)?.to_utc())
    };
    Ok(event::Model {
        id: text(0)?.parse::<chronicle::uuid::Uuid>()?.into(),
        session_id: text(1)?.parse::<chronicle::uuid::Uuid>()?.into(),
        event_type: text(2)?.to_owned().into(),
        hook_name: row.get(3)?,
        data: row.get_ref(4)?.as_str_or_null()?.map(serde_json::from_str).transpose()?,
        timestamp: time(5)?,
        created_at: time(6)?,
        agent_id: row.get(7)?,
    })
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
