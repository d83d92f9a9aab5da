//! [`Pool`]: repositories on a SeaORM connection of the caller's own.

mod decode;
mod error;
mod raw;
mod write;

use super::error::closed;
use super::stored::Bound;
use super::{aggregate, compile};
use crate::aggregation::{Aggregation, Reckoner};
use crate::backend::changes;
use crate::{Merge, RawRow, Read, Result, Write, Written};
use error::from_sqlx;
use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::sqlite::{SqliteArguments, SqlitePool, SqliteRow};
use sea_orm::sqlx::{self, Arguments, AssertSqlSafe, Row};
use sea_orm::{DatabaseConnection, Statement, Value};
use std::time::Duration;
use tokio::sync::watch;

/// How often rows are read again on a connection of the caller's, which tells of no change.
const INTERVAL: Duration = Duration::from_secs(1);

/// A pool of the caller's, which both reads and writes.
pub(super) struct Pool {
    pub(super) location: String,
    pub(super) connection: DatabaseConnection,
    pool: SqlitePool,
    is_closed: watch::Sender<bool>,
}

impl Pool {
    pub(super) fn new(connection: DatabaseConnection) -> Self {
        let pool = connection.get_sqlite_connection_pool().clone();
        let location = pool.connect_options().get_filename().display().to_string();
        Self { location, connection, pool, is_closed: watch::Sender::new(false) }
    }

    async fn acquire(&self) -> Result<PoolConnection<sqlx::Sqlite>> {
        if *self.is_closed.borrow() {
            return Err(closed());
        }
        self.pool.acquire().await.map_err(from_sqlx)
    }

    pub(super) async fn execute_script(&self, sql: &str) -> Result<()> {
        let script = sqlx::raw_sql(AssertSqlSafe(sql));
        script.execute(&mut *self.acquire().await?).await.map(drop).map_err(error::of_write)
    }

    pub(super) async fn read(&self, read: &Read) -> Result<Vec<Vec<Value>>> {
        let columns = read.columns();
        let mut values = Vec::new();
        self.each(compile::select(read), |row| {
            values.push(decode::row(&columns, row)?);
            Ok(())
        })
        .await?;
        Ok(values)
    }

    /// Hands on the rows of a statement, one after the other.
    async fn each(
        &self,
        statement: Statement,
        mut take: impl FnMut(&SqliteRow) -> Result<()> + Send,
    ) -> Result<()> {
        let query = query(statement);
        let mut connection = self.acquire().await?;
        // SQLite works on its own thread: rows are decoded while it looks for the next ones.
        let mut stream = query.fetch(&mut *connection);
        while let Some(row) = stream.try_next().await.map_err(from_sqlx)? {
            take(&row)?;
        }
        Ok(())
    }

    pub(super) async fn aggregate(&self, aggregation: &Aggregation) -> Result<Vec<Vec<Value>>> {
        let mut reckoner = Reckoner::new(aggregation);
        if !compile::takes_rows(aggregation) {
            let part = |row: &SqliteRow| {
                let cell = |at| decode::stored(row, at);
                reckoner.add_part(aggregate::decode_row(aggregation, cell)?)
            };
            match self.each(compile::aggregate(aggregation), part).await {
                Ok(()) => return reckoner.finish(),
                Err(error) if aggregate::is_overflow(&error) => {
                    reckoner = Reckoner::new(aggregation);
                }
                Err(error) => return Err(error),
            }
        }
        let columns = aggregation.rows.columns();
        let rows = compile::columns(aggregation.table(), &columns, &aggregation.rows.filter);
        self.each(rows, |row| reckoner.add_row(&columns, &decode::row(&columns, row)?)).await?;
        reckoner.finish()
    }

    pub(super) async fn count(&self, read: &Read) -> Result<u64> {
        let row = self.fetch_one(query(compile::count(read))).await?;
        let count: i64 = row.try_get(0).map_err(from_sqlx)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    pub(super) async fn write(&self, write: Write) -> Result<Written> {
        write::run(&mut *self.acquire().await?, write).await
    }

    pub(super) async fn transaction(&self, writes: &[Write]) -> Result<()> {
        write::run_all(&mut *self.acquire().await?, writes).await
    }

    pub(super) async fn merge(&self, merge: &Merge) -> Result<Vec<Value>> {
        write::merge(&mut *self.acquire().await?, merge).await
    }

    pub(super) async fn query_raw(&self, sql: &str, parameters: Vec<Value>) -> Result<Vec<RawRow>> {
        raw::run(&mut *self.acquire().await?, sql, parameters).await
    }

    pub(super) async fn health(&self) -> Result<()> {
        self.fetch_one(sqlx::query("select count(*) from sqlite_schema")).await.map(drop)
    }

    pub(super) async fn version(&self) -> Result<String> {
        let row = self.fetch_one(sqlx::query("select sqlite_version()")).await?;
        row.try_get(0).map_err(from_sqlx)
    }

    pub(super) fn changes(&self) -> Result<BoxStream<'static, ()>> {
        let is_closed = self.is_closed.subscribe();
        if *is_closed.borrow() {
            return Err(closed());
        }
        Ok(changes::every_until(INTERVAL, is_closed))
    }

    /// The connection stays open: it is the caller's.
    pub(super) fn close(&self) {
        self.is_closed.send_replace(true);
    }

    async fn fetch_one(
        &self,
        query: Query<'_, sqlx::Sqlite, SqliteArguments>,
    ) -> Result<SqliteRow> {
        query.fetch_one(&mut *self.acquire().await?).await.map_err(from_sqlx)
    }
}

/// A compiled statement, ready to run.
fn query(statement: Statement) -> Query<'static, sqlx::Sqlite, SqliteArguments> {
    let values = statement.values.map_or_else(Vec::new, |values| values.0);
    sqlx::query_with(AssertSqlSafe(statement.sql), arguments(&values))
}

/// The values as sqlx's arguments.
fn arguments<'a>(values: impl IntoIterator<Item = &'a Value>) -> SqliteArguments {
    let mut arguments = SqliteArguments::default();
    for value in values {
        // Encoding fails for none of these types.
        let _ = match Bound(value).stored() {
            ToSqlOutput::Borrowed(ValueRef::Integer(number)) => arguments.add(number),
            ToSqlOutput::Borrowed(ValueRef::Real(number)) => arguments.add(number),
            ToSqlOutput::Borrowed(ValueRef::Text(bytes)) => {
                arguments.add(String::from_utf8_lossy(bytes).into_owned())
            }
            ToSqlOutput::Borrowed(ValueRef::Blob(bytes)) => arguments.add(bytes.to_vec()),
            ToSqlOutput::Owned(Owned::Text(text)) => arguments.add(text),
            _ => arguments.add(Option::<String>::None),
        };
    }
    arguments
}
