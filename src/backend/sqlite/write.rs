//! Writes: one statement where one is enough, else one transaction.

use super::{Sqlite, compile, error, query};
use crate::operation::{Duplicates, Target, Write, WriteKind};
use crate::{Result, Table};
use futures_util::TryStreamExt;
use futures_util::future::join;
use sea_orm::Value;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteExecutor};
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _, Either};
use std::sync::Arc;

/// Rows of one `INSERT`. More gain nothing, and the statement is prepared once for all chunks.
const ROWS_OF_INSERT: usize = 500;

/// SQLite's limit of parameters of one statement (SQLITE_MAX_VARIABLE_NUMBER since 3.32).
const MOST_PARAMETERS: usize = 32_766;

pub(super) async fn run(sqlite: &Sqlite, write: Write) -> Result<u64> {
    let mut connection = sqlite.writer().await?;
    let WriteKind::Insert { rows, .. } = &write.kind else {
        return apply(&mut connection, write).await;
    };
    if rows.len() <= rows_of_statement(write.table) {
        return apply(&mut connection, write).await;
    }
    // IMMEDIATE: taking the write lock at the first statement would fail at once, without waiting
    // for the busy timeout, if another process wrote in between.
    let begin = "BEGIN IMMEDIATE";
    if connection.is_in_transaction() {
        // On a full disk SQLite has ended a transaction by itself, and sqlx, whose own ROLLBACK then
        // failed, takes it for open.
        let test = connection.begin_with(begin).await.map(drop);
        if matches!(test, Err(sqlx::Error::InvalidSavePointStatement)) {
            connection.discard().await.map_err(error::of_write)?;
            connection = sqlite.writer().await?;
        }
    }
    let mut transaction = connection.begin_with(begin).await.map_err(error::of_write)?;
    let touched = apply(&mut transaction, write).await?;
    transaction.commit().await.map_err(error::of_write)?;
    Ok(touched)
}

/// Rows of an insert that is worth being sent with other statements.
#[cfg(feature = "postgrest")]
pub(crate) const FEW_ROWS: usize = 16;

/// The change as one statement with its values, to be run with others; the change itself where it has
/// many rows.
#[cfg(feature = "postgrest")]
pub(crate) fn statement(write: Write) -> std::result::Result<(String, Vec<Value>), Write> {
    let table = write.table;
    let statement = match write.kind {
        WriteKind::Insert { rows, duplicates } if rows.len() <= FEW_ROWS => {
            let sql = compile::insert_text(table, rows.len()) + &conflict_clause(table, duplicates);
            return Ok((sql, rows.into_iter().flatten().collect()));
        }
        kind @ WriteKind::Insert { .. } => return Err(Write { table, kind }),
        WriteKind::Update { target, assignments } => {
            compile::update(table, assignments, &condition(&target, table))
        }
        WriteKind::Delete { target } => compile::delete(table, &condition(&target, table)),
    };
    Ok((statement.sql, statement.values.map_or_else(Vec::new, |values| values.0)))
}

/// Makes the change on a connection, in several statements where it has many rows.
pub(crate) async fn apply(connection: &mut SqliteConnection, write: Write) -> Result<u64> {
    let table = write.table;
    let statement = match write.kind {
        WriteKind::Insert { rows, duplicates } => {
            return insert(connection, table, rows, duplicates).await.map_err(error::of_write);
        }
        WriteKind::Update { target, assignments } => {
            compile::update(table, assignments, &condition(&target, table))
        }
        WriteKind::Delete { target } => compile::delete(table, &condition(&target, table)),
    };
    rows_affected(connection, query(statement)).await.map_err(error::of_write)
}

fn condition(target: &Target, table: &'static Table) -> crate::filter::Node {
    match target {
        Target::All => crate::filter::Node::Constant(true),
        target => target.node(table),
    }
}

/// Runs one statement, and says how many rows it touched. That is the first thing that SQLite's
/// thread tells: to wait for its word that there is nothing more would be another change of threads.
async fn rows_affected(
    executor: impl SqliteExecutor<'_>,
    query: Query<'static, sqlx::Sqlite, SqliteArguments>,
) -> Result<u64, sqlx::Error> {
    let mut answers = executor.fetch_many(query);
    while let Some(answer) = answers.try_next().await? {
        if let Either::Left(done) = answer {
            return Ok(done.rows_affected());
        }
    }
    Ok(0)
}

fn rows_of_statement(table: &Table) -> usize {
    ROWS_OF_INSERT.min(MOST_PARAMETERS / table.columns.len()).max(1)
}

async fn insert(
    connection: &mut SqliteConnection,
    table: &'static Table,
    rows: Vec<Vec<Value>>,
    duplicates: Duplicates,
) -> Result<u64, sqlx::Error> {
    let chunk = rows_of_statement(table);
    let ending = conflict_clause(table, duplicates);
    let whole: Option<Arc<str>> =
        (rows.len() > chunk).then(|| (compile::insert_text(table, chunk) + &ending).into());
    let mut rest = rows.into_iter();
    let mut following = || {
        let rows = rest.len().min(chunk);
        let sql = match &whole {
            Some(whole) if rows == chunk => whole.clone(),
            _ => (compile::insert_text(table, rows) + &ending).into(),
        };
        let arguments = compile::arguments(rest.by_ref().take(rows).flatten());
        (rows > 0).then(|| sqlx::query_with(AssertSqlSafe(sql), arguments))
    };
    let mut stored = 0;
    let mut next = following();
    while let Some(insert) = next {
        // SQLite works on its own thread: this one makes the next chunk ready meanwhile.
        let insert = rows_affected(&mut *connection, insert);
        let (rows, ready) = join(insert, async { following() }).await;
        stored += rows?;
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
