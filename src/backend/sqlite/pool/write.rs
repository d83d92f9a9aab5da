//! Writes: one statement where one is enough, else one transaction.

use super::error::of_write;
use super::{arguments, query};
use crate::backend::sqlite::compile;
use crate::operation::{Duplicates, Write, WriteKind};
use crate::{Result, Table};
use sea_orm::Value;
use sea_orm::sqlx::sqlite::SqliteConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _};

/// Rows of one `INSERT`. More gain nothing, and the statement is prepared once for all chunks.
const ROWS_OF_INSERT: usize = 500;

/// SQLite's limit of parameters of one statement (SQLITE_MAX_VARIABLE_NUMBER since 3.32).
const MOST_PARAMETERS: usize = 32_766;

pub(super) async fn run(connection: &mut SqliteConnection, write: Write) -> Result<u64> {
    let table = write.table;
    let statement = match &write.kind {
        WriteKind::Insert { rows, duplicates } => {
            return insert(connection, table, rows, *duplicates).await.map_err(of_write);
        }
        WriteKind::Update { target, assignments } => {
            compile::update(table, assignments, &compile::condition(target, table))
        }
        WriteKind::Delete { target } => compile::delete(table, &compile::condition(target, table)),
    };
    let done = query(statement).execute(connection).await.map_err(of_write)?;
    Ok(done.rows_affected())
}

async fn insert(
    connection: &mut SqliteConnection,
    table: &Table,
    rows: &[Vec<Value>],
    duplicates: Duplicates,
) -> sqlx::Result<u64> {
    let chunk = ROWS_OF_INSERT.min(MOST_PARAMETERS / table.columns.len()).max(1);
    if rows.len() <= chunk {
        return insert_chunk(connection, table, rows, duplicates).await;
    }
    // IMMEDIATE: taking the write lock at the first statement would fail at once, without waiting
    // for the busy timeout, if another process wrote in between.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let mut stored = 0;
    for rows in rows.chunks(chunk) {
        stored += insert_chunk(&mut transaction, table, rows, duplicates).await?;
    }
    transaction.commit().await?;
    Ok(stored)
}

async fn insert_chunk(
    connection: &mut SqliteConnection,
    table: &Table,
    rows: &[Vec<Value>],
    duplicates: Duplicates,
) -> sqlx::Result<u64> {
    let sql =
        compile::insert_text(table, rows.len()) + &compile::conflict_clause(table, duplicates);
    let insert = sqlx::query_with(AssertSqlSafe(sql), arguments(rows.iter().flatten()));
    Ok(insert.execute(connection).await?.rows_affected())
}
