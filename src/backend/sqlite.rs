//! The SQLite backend, on SeaORM's connection.

mod compile;
mod connections;
mod decode;
mod error;
mod options;
mod raw;
mod write;

pub(crate) use compile::select;
pub(crate) use connections::Connection;
pub use options::{SqliteOptions, Synchronous};
#[cfg(feature = "postgrest")]
pub(crate) use {
    compile::{arguments, columns, quoted},
    decode::row as decode,
    error::from_sqlx,
    write::{FEW_ROWS, apply, statement},
};

use crate::{Backend, BackendKind, Error, ErrorKind, Info, RawRow, Read, Result, Write};
use connections::Connections;
use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use sea_orm::sqlx::sqlite::{SqliteArguments, SqliteRow};
use sea_orm::sqlx::{self, AssertSqlSafe, Row};
use sea_orm::{DatabaseConnection, DatabaseConnectionType, Value};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A SQLite file or in-memory database. Cloning is cheap; clones share connections.
///
/// One connection writes, a few read; in write-ahead mode they do not wait for each other. Open it
/// by a path, [in memory](Self::memory), or [on a connection](Self::from_connection) of your own.
#[derive(Clone)]
pub struct Sqlite {
    inner: Arc<Inner>,
}

struct Inner {
    location: String,
    connection: DatabaseConnection,
    writers: Connections,
    readers: Connections,
    owner: Owner,
    is_closed: AtomicBool,
}

/// Who closes the connections.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Store,
    Caller,
}

impl Inner {
    async fn acquire(&self, connections: &Connections) -> Result<Connection> {
        if self.is_closed.load(Ordering::Relaxed) {
            return Err(error::closed());
        }
        connections.acquire().await.map_err(error::from_sqlx)
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Sqlite").field(&self.inner.location).finish()
    }
}

impl Sqlite {
    /// Opens the file with the default [options](SqliteOptions), and makes it when it is missing.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("data/chronicle.db");
    /// let sqlite = chronicle::Sqlite::open(&path).await?;
    /// # sqlite.execute_script("create table notes (id text primary key)").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Unavailable` when the file or its folder cannot be made or opened, `Corrupt` when it is
    /// not a database, `Busy` when another process holds it.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        SqliteOptions::new(path).open().await
    }

    /// An empty database in memory, which ends with its last clone. One connection serves all.
    ///
    /// # Errors
    /// When SQLite cannot allocate it.
    pub async fn memory() -> Result<Self> {
        SqliteOptions::new(":memory:").open().await
    }

    /// Repositories on a SeaORM connection of your own, with the pragmas that you gave it. Its pool
    /// both reads and writes, and stays open when the [store is closed](crate::Store::close).
    ///
    /// # Errors
    /// `Unsupported` when it is not a connection to SQLite.
    pub fn from_connection(connection: DatabaseConnection) -> Result<Self> {
        let DatabaseConnectionType::SqlxSqlitePoolConnection(_) = &connection.inner else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the connection is not one to SQLite: connect with a `sqlite:` address",
            ));
        };
        let pool = connection.get_sqlite_connection_pool().clone();
        let location = pool.connect_options().get_filename().display().to_string();
        let pool = Connections::Pool(pool);
        Ok(Self::from_connections(location, connection, pool.clone(), pool, Owner::Caller))
    }

    fn from_connections(
        location: String,
        connection: DatabaseConnection,
        writers: Connections,
        readers: Connections,
        owner: Owner,
    ) -> Self {
        let is_closed = AtomicBool::new(false);
        let inner = Inner { location, connection, writers, readers, owner, is_closed };
        Self { inner: Arc::new(inner) }
    }

    /// A connection that reads.
    pub(crate) async fn reader(&self) -> Result<Connection> {
        self.inner.acquire(&self.inner.readers).await
    }

    /// The connection that writes, once it is free.
    pub(crate) async fn writer(&self) -> Result<Connection> {
        self.inner.acquire(&self.inner.writers).await
    }

    /// A connection for migrations, and for queries with SeaORM itself. A transaction that is left
    /// open on it holds up every other writer.
    #[must_use]
    pub fn connection(&self) -> &DatabaseConnection {
        &self.inner.connection
    }

    /// Runs a script of SQL statements, to make tables for example. It is not a transaction
    /// unless the script begins one.
    ///
    /// # Errors
    /// What SQLite says of the first statement that fails.
    pub async fn execute_script(&self, sql: &str) -> Result<()> {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut *self.writer().await?)
            .await
            .map(|_| ())
            .map_err(error::of_write)
    }

    async fn fetch(&self, statement: sea_orm::Statement) -> Result<Vec<SqliteRow>> {
        query(statement).fetch_all(&mut *self.reader().await?).await.map_err(error::from_sqlx)
    }

    async fn version(&self) -> Result<String> {
        let row = sqlx::query("select sqlite_version()")
            .fetch_one(&mut *self.reader().await?)
            .await
            .map_err(error::from_sqlx)?;
        row.try_get(0).map_err(error::from_sqlx)
    }
}

/// A compiled statement, ready to run.
fn query(
    statement: sea_orm::Statement,
) -> sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments> {
    let values = statement.values.map_or_else(Vec::new, |values| values.0);
    sqlx::query_with(AssertSqlSafe(statement.sql), compile::arguments(values))
}

impl Backend for Sqlite {
    fn kind(&self) -> BackendKind {
        BackendKind::Sqlite
    }

    fn read<'a>(&'a self, read: &'a Read) -> BoxFuture<'a, Result<Vec<Vec<Value>>>> {
        Box::pin(async move {
            let query = query(compile::select(read));
            let mut connection = self.reader().await?;
            if read.limit == Some(1) {
                // Without the message that there are no more rows.
                let row = query.fetch_optional(&mut *connection).await;
                let row = row.map_err(error::from_sqlx)?;
                return row.iter().map(|row| decode::row(read.columns(), row)).collect();
            }
            // SQLite works on its own thread: rows are decoded while it looks for the next ones. They
            // are freed at the end, since SQLite frees under the lock under which it allocates.
            let (mut rows, mut values) = (Vec::new(), Vec::new());
            let mut stream = query.fetch(&mut *connection);
            while let Some(row) = stream.try_next().await.map_err(error::from_sqlx)? {
                values.push(decode::row(read.columns(), &row)?);
                rows.push(row);
            }
            Ok(values)
        })
    }

    fn count<'a>(&'a self, read: &'a Read) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let rows = self.fetch(compile::count(read)).await?;
            let count: i64 = match rows.first() {
                Some(row) => row.try_get(0).map_err(error::from_sqlx)?,
                None => 0,
            };
            Ok(u64::try_from(count).unwrap_or(0))
        })
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async move { write::run(self, write).await })
    }

    fn query_raw<'a>(
        &'a self,
        sql: &'a str,
        parameters: Vec<Value>,
    ) -> BoxFuture<'a, Result<Vec<RawRow>>> {
        Box::pin(async move { raw::run(&mut *self.writer().await?, sql, parameters).await })
    }

    fn health(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            sqlx::query("select count(*) from sqlite_schema")
                .fetch_one(&mut *self.reader().await?)
                .await
                .map(|_| ())
                .map_err(error::from_sqlx)
        })
    }

    fn info(&self) -> BoxFuture<'_, Info> {
        Box::pin(async move {
            Info {
                kind: BackendKind::Sqlite,
                location: self.inner.location.clone(),
                version: self.version().await.ok(),
                reason: None,
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.inner.is_closed.store(true, Ordering::Relaxed);
            if self.inner.owner == Owner::Store {
                self.inner.readers.close().await;
                self.inner.writers.close().await;
                self.inner.connection.get_sqlite_connection_pool().close().await;
            }
            Ok(())
        })
    }
}
