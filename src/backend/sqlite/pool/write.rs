//! Writes: one statement where one is enough, else one transaction.

use super::error::{from_sqlx, of_write};
use super::{arguments, decode, query};
use crate::backend::sqlite::{compile, write};
use crate::filter::Node;
use crate::key::Key;
use crate::operation::{Duplicates, Merge, NewRow, Target, Write, WriteKind, Written};
use crate::{Column, Result, Table};
use sea_orm::sea_query::Values;
use sea_orm::sqlx::sqlite::SqliteConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _};
use sea_orm::{Statement, Value};

/// Rows of one `INSERT`. More gain nothing, and the statement is prepared once for all chunks.
const ROWS_OF_INSERT: usize = 500;

/// SQLite's limit of parameters of one statement (SQLITE_MAX_VARIABLE_NUMBER since 3.32).
const MOST_PARAMETERS: usize = 32_766;

pub(super) async fn run(connection: &mut SqliteConnection, write: Write) -> Result<Written> {
    if write::is_one_statement(&write) {
        return make(connection, &write).await;
    }
    // IMMEDIATE: taking the write lock at the first statement would fail at once, without waiting
    // for the busy timeout, if another process wrote in between.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(of_write)?;
    let written = make(&mut transaction, &write).await?;
    transaction.commit().await.map_err(of_write)?;
    Ok(written)
}

/// Makes changes, of which each has to find the row that it names, in one transaction.
pub(super) async fn run_all(connection: &mut SqliteConnection, writes: &[Write]) -> Result<()> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(of_write)?;
    for write in writes {
        let written = make(&mut transaction, write)
            .await
            .map_err(|error| error.with_table(write.table.name))?;
        write.check_found(written.touched)?;
    }
    transaction.commit().await.map_err(of_write)
}

async fn make(connection: &mut SqliteConnection, write: &Write) -> Result<Written> {
    let table = write.table;
    match &write.kind {
        WriteKind::Insert { rows, duplicates } if write.reads_back() => {
            let mut stored = Vec::with_capacity(rows.len());
            for row in rows {
                stored.append(&mut insert_returning(connection, table, row, *duplicates).await?);
            }
            Ok(Written { touched: stored.len() as u64, stored: Some(stored) })
        }
        WriteKind::Update { target: Target::Key(key), .. } if write.reads_back() => {
            // It may be there, deleted softly, and left alone.
            let touched = execute(connection, write).await?;
            let stored = match touched {
                0 => Vec::new(),
                _ => rows_of(connection, table, &key.node(table)).await?,
            };
            Ok(Written { touched, stored: Some(stored) })
        }
        _ => execute(connection, write).await.map(Written::touched),
    }
}

/// Makes the change, and says how many rows it touched.
async fn execute(connection: &mut SqliteConnection, write: &Write) -> Result<u64> {
    let table = write.table;
    let statement = match &write.kind {
        WriteKind::Insert { rows, duplicates } => {
            return insert(connection, table, rows, *duplicates).await.map_err(of_write);
        }
        WriteKind::Update { target, assignments, additions } if additions.is_empty() => {
            compile::update(table, assignments, &write.condition(target))
        }
        WriteKind::Update { target, assignments, additions } => {
            let columns = write::added_columns(table, additions);
            let read = compile::columns(table, &columns, &write.condition(target));
            let rows = query(read).fetch_all(&mut *connection).await.map_err(from_sqlx)?;
            for row in &rows {
                let row = decode::row(&columns, row)?;
                let (key, assignments) = write::added(table, &row, assignments, additions)?;
                let update = compile::update(table, &assignments, &key.node(table));
                query(update).execute(&mut *connection).await.map_err(of_write)?;
            }
            return Ok(rows.len() as u64);
        }
        WriteKind::Delete { target } => compile::delete(table, &write.condition(target)),
    };
    let done = query(statement).execute(&mut *connection).await.map_err(of_write)?;
    Ok(done.rows_affected())
}

/// Stores a row that is told from others by unique columns, and gives it back.
pub(super) async fn merge(connection: &mut SqliteConnection, merge: &Merge) -> Result<Vec<Value>> {
    let table = merge.table;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(of_write)?;
    let keys: Vec<&'static Column> = table.key_columns().collect();
    let statement = query(write::merge_statement(merge, &keys));
    let key = statement.fetch_optional(&mut *transaction).await.map_err(of_write)?;
    let key = key.map(|key| decode::row(&keys, &key)).transpose()?;
    let stored = rows_of(&mut transaction, table, &write::merged(merge, key)).await?.pop();
    let stored = stored.ok_or_else(|| merge.not_found())?;
    write::check_made(table, &merge.row, &stored)?;
    transaction.commit().await.map_err(of_write)?;
    Ok(stored)
}

async fn insert(
    connection: &mut SqliteConnection,
    table: &Table,
    rows: &[NewRow],
    duplicates: Duplicates,
) -> sqlx::Result<u64> {
    let mut stored = 0;
    for rows in rows.chunk_by(|one, next| one.left_out() == next.left_out()) {
        let given: Vec<usize> = rows[0].given().map(|(at, _)| at).collect();
        let most = if given.is_empty() { 1 } else { MOST_PARAMETERS / given.len() };
        for rows in rows.chunks(ROWS_OF_INSERT.min(most).max(1)) {
            let sql = compile::insert_text(table, &given, rows.len())
                + &compile::conflict_clause(table, &given, duplicates);
            let values = rows.iter().flat_map(|row| row.given().map(|(_, value)| value));
            let insert = sqlx::query_with(AssertSqlSafe(sql), arguments(values));
            stored += insert.execute(&mut *connection).await?.rows_affected();
        }
    }
    Ok(stored)
}

/// Inserts a row, and reads it once all triggers have run; nothing where it was left alone.
async fn insert_returning(
    connection: &mut SqliteConnection,
    table: &'static Table,
    row: &NewRow,
    duplicates: Duplicates,
) -> Result<Vec<Vec<Value>>> {
    let keys: Vec<&'static Column> = table.key_columns().collect();
    let mut statement = compile::returning(write::insert_text(table, row, duplicates), &keys);
    statement.values = Some(Values(row.given().map(|(_, value)| value.clone()).collect()));
    let key = query(statement).fetch_optional(&mut *connection).await.map_err(of_write)?;
    let Some(key) = key else { return Ok(Vec::new()) };
    let stored =
        rows_of(connection, table, &Key::new(decode::row(&keys, &key)?).node(table)).await?;
    stored.iter().try_for_each(|stored| write::check_made(table, row, stored))?;
    Ok(stored)
}

async fn rows_of(
    connection: &mut SqliteConnection,
    table: &'static Table,
    condition: &Node,
) -> Result<Vec<Vec<Value>>> {
    let columns: Vec<&'static Column> = table.columns.iter().collect();
    let statement: Statement = compile::columns(table, &columns, condition);
    let rows = query(statement).fetch_all(connection).await.map_err(from_sqlx)?;
    rows.iter().map(|row| decode::row(&columns, row)).collect()
}
