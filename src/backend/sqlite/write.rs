//! Writes: one statement where one is enough, else one transaction.

use super::{compile, error, query};
use crate::operation::{Duplicates, Target, Write, WriteKind};
use crate::{Result, Table};
use futures_util::future::join;
use sea_orm::Value;
use sea_orm::sqlx::sqlite::{SqliteConnection, SqlitePool};
use sea_orm::sqlx::{self, AssertSqlSafe};
use std::sync::Arc;

/// Rows of one `INSERT`. More gain nothing, and the statement is prepared once for all chunks.
const ROWS_OF_INSERT: usize = 500;

/// SQLite's limit of parameters of one statement (SQLITE_MAX_VARIABLE_NUMBER since 3.32).
const MOST_PARAMETERS: usize = 32_766;

pub(super) async fn run(pool: &SqlitePool, write: Write) -> Result<u64> {
    let table = write.table;
    match write.kind {
        WriteKind::Insert { rows, duplicates } => insert(pool, table, rows, duplicates).await,
        WriteKind::Update { target, assignments } => {
            execute(pool, compile::update(table, assignments, &condition(&target, table))).await
        }
        WriteKind::Delete { target } => {
            execute(pool, compile::delete(table, &condition(&target, table))).await
        }
    }
}

fn condition(target: &Target, table: &'static Table) -> crate::filter::Node {
    match target {
        Target::All => crate::filter::Node::Constant(true),
        target => target.node(table),
    }
}

async fn execute(pool: &SqlitePool, statement: sea_orm::Statement) -> Result<u64> {
    let done = query(statement).execute(pool).await.map_err(error::from_sqlx)?;
    Ok(done.rows_affected())
}

async fn insert(
    pool: &SqlitePool,
    table: &'static Table,
    rows: Vec<Vec<Value>>,
    duplicates: Duplicates,
) -> Result<u64> {
    let chunk = ROWS_OF_INSERT.min(MOST_PARAMETERS / table.columns.len()).max(1);
    let ending = conflict_clause(table, duplicates);
    if rows.len() <= chunk {
        let sql = compile::insert_text(table, rows.len()) + &ending;
        let arguments = compile::arguments(rows.into_iter().flatten());
        let done = sqlx::query_with(AssertSqlSafe(sql), arguments)
            .execute(pool)
            .await
            .map_err(error::from_sqlx)?;
        return Ok(done.rows_affected());
    }
    // IMMEDIATE: taking the write lock at the first statement would fail at once, without waiting
    // for the busy timeout, if another process wrote in between.
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.map_err(error::from_sqlx)?;
    let stored = insert_chunks(&mut transaction, table, rows, chunk, &ending)
        .await
        .map_err(error::from_sqlx)?;
    transaction.commit().await.map_err(error::from_sqlx)?;
    Ok(stored)
}

async fn insert_chunks(
    connection: &mut SqliteConnection,
    table: &'static Table,
    rows: Vec<Vec<Value>>,
    chunk: usize,
    ending: &str,
) -> Result<u64, sqlx::Error> {
    let whole: Arc<str> = (compile::insert_text(table, chunk) + ending).into();
    let mut rest = rows.into_iter();
    let mut following = || {
        let rows = rest.len().min(chunk);
        let sql = if rows == chunk {
            whole.clone()
        } else {
            (compile::insert_text(table, rows) + ending).into()
        };
        let arguments = compile::arguments(rest.by_ref().take(rows).flatten());
        (rows > 0).then(|| sqlx::query_with(AssertSqlSafe(sql), arguments))
    };
    let mut stored = 0;
    let mut next = following();
    while let Some(insert) = next {
        // SQLite works on its own thread: this one makes the next chunk ready meanwhile.
        let (done, ready) = join(insert.execute(&mut *connection), async { following() }).await;
        stored += done?.rows_affected();
        next = ready;
    }
    Ok(stored)
}

fn conflict_clause(table: &Table, duplicates: Duplicates) -> String {
    if duplicates == Duplicates::Refuse {
        return String::new();
    }
    let key = compile::quoted(table.key_column().name);
    let others: Vec<String> = table
        .columns
        .iter()
        .filter(|column| duplicates == Duplicates::Replace && *column != table.key_column())
        .map(|column| {
            let name = compile::quoted(column.name);
            format!("{name} = excluded.{name}")
        })
        .collect();
    if others.is_empty() {
        format!(" ON CONFLICT ({key}) DO NOTHING")
    } else {
        format!(" ON CONFLICT ({key}) DO UPDATE SET {}", others.join(", "))
    }
}
