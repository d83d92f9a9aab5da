//! The SQLite backend: one thread writes, a few read, each on a connection of rusqlite's.

mod aggregate;
mod changes;
mod compile;
mod connect;
mod database;
#[cfg(feature = "decimal")]
mod decimal;
mod decode;
mod error;
mod options;
mod place;
mod pool;
mod raw;
mod read;
mod readers;
mod seaorm;
mod stored;
mod times;
mod to_sql;
mod write;
mod writer;

pub(crate) use compile::{aggregate, quoted};
#[cfg(feature = "postgrest")]
pub(crate) use decode::decode_value;
pub(crate) use error::from_rusqlite;
pub use options::{SqliteOptions, Synchronous};
#[cfg(feature = "postgrest")]
pub(crate) use read::select_columns;
pub(crate) use stored::Bound;
#[cfg(feature = "postgrest")]
pub(crate) use write::{added, added_columns, apply, apply_returning};
pub(crate) use writer::{Commit, Urgency};

use crate::{
    Aggregation, Backend, BackendKind, Error, ErrorKind, Info, Merge, RawRow, Read, Record, Result,
    Write, Written,
};
use database::Database;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use pool::Pool;
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::{Batch, Connection};
use sea_orm::{DatabaseConnection, DatabaseConnectionType, Value};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A SQLite file or in-memory database. Cloning is cheap; clones share connections.
///
/// One thread writes, and what waits for it shares one commit; a few threads read; in write-ahead mode
/// they do not wait for each other. The threads end with the last clone. What was begun is done, also
/// if nobody waits for it any more. Open it by a path, [in memory](Self::memory), or
/// [on a connection](Self::from_connection) of your own.
#[derive(Clone)]
pub struct Sqlite {
    engine: Arc<Engine>,
}

enum Engine {
    /// A database that this type has opened.
    Own(Box<Database>),
    /// A connection of the caller's.
    Pool(Pool),
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Sqlite").field(&self.engine.location()).finish()
    }
}

impl Engine {
    fn location(&self) -> &str {
        match self {
            Self::Own(database) => &database.location,
            Self::Pool(pool) => &pool.location,
        }
    }
}

/// Runs the statements one after the other; their rows are not of interest.
fn script(connection: &Connection, sql: &str) -> Result<()> {
    let mut batch = Batch::new(connection, sql);
    while let Some(mut statement) = batch.next().map_err(from_rusqlite)? {
        let mut rows = statement.raw_query();
        while rows.next().map_err(from_rusqlite)?.is_some() {}
    }
    Ok(())
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
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// let sqlite = chronicle::Sqlite::memory().await?;
    /// sqlite.execute_script("create table notes (id text primary key)").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When SQLite cannot allocate it.
    pub async fn memory() -> Result<Self> {
        SqliteOptions::new(":memory:").open().await
    }

    /// Repositories on a SeaORM connection of your own, with the pragmas that you gave it. Its pool
    /// both reads and writes, and stays open when the [store is closed](crate::Store::close).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let connection = sea_orm::Database::connect("sqlite::memory:").await?;
    /// let sqlite = chronicle::Sqlite::from_connection(connection)?;
    /// # Ok(()) }
    /// ```
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
        Ok(Self::of(Engine::Pool(Pool::new(connection))))
    }

    fn of(engine: Engine) -> Self {
        Self { engine: Arc::new(engine) }
    }

    fn database(&self) -> Result<&Database> {
        match &*self.engine {
            Engine::Own(database) => Ok(database),
            Engine::Pool(_) => Err(Error::new(
                ErrorKind::Unsupported,
                "a connection of SeaORM's cannot do this: open the file by its path",
            )),
        }
    }

    /// A connection of SeaORM's to the same database, for migrations and queries of SeaORM's own; it
    /// is opened when it is first used. A transaction that is left open on it holds up every other
    /// writer.
    ///
    /// ```
    /// use sea_orm::ConnectionTrait;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("shop.db");
    /// let sqlite = chronicle::Sqlite::open(&path).await?;
    /// sqlite.connection().execute_unprepared("create table notes (id text primary key)").await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn connection(&self) -> &DatabaseConnection {
        match &*self.engine {
            Engine::Own(database) => database.seaorm(),
            Engine::Pool(pool) => &pool.connection,
        }
    }

    /// Runs a script of SQL statements, to make tables for example. It is not a transaction
    /// unless the script begins one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// let sqlite = chronicle::Sqlite::memory().await?;
    /// sqlite
    ///     .execute_script("create table notes (id text primary key); create table tags (id text primary key);")
    ///     .await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// What SQLite says of the first statement that fails.
    pub async fn execute_script(&self, sql: &str) -> Result<()> {
        match &*self.engine {
            Engine::Own(database) => {
                let sql = sql.to_owned();
                let script = move |connection: &Connection| script(connection, &sql);
                database.outside(script).await
            }
            Engine::Pool(pool) => pool.execute_script(sql).await,
        }
    }

    /// Checks that all times in the table of `R` are stored in the form in which this library and
    /// SeaORM write them. SQLite compares times as texts: those that other programs have stored
    /// (`datetime('now')`, JavaScript's `2026-01-02T03:04:05Z`) are read right, and yet are not found,
    /// or sorted wrongly. It reads the whole table: call it once, on a file that others wrote.
    ///
    /// ```
    /// # use chronicle::{ErrorKind, Sqlite};
    /// # use chronicle_entity::session;
    /// # use chronicle_migration::{Migrator, MigratorTrait};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sqlite = Sqlite::memory().await?;
    /// Migrator::up(sqlite.connection(), None).await?;
    /// sqlite.check_times::<session::Model>().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `SchemaMismatch` with the table and the column of the first time in another form: read such
    /// rows and write them again. `Unsupported` on a connection of SeaORM's.
    pub async fn check_times<R: Record>(&self) -> Result<()> {
        self.database()?.look(|connection| times::check(connection, R::TABLE)).await
    }

    /// Whether the file is the one of a failover pair.
    pub(crate) async fn is_of_a_pair(&self) -> Result<bool> {
        let table = "select 1 from sqlite_schema where name = 'chronicle_failover'";
        let is_there = move |connection: &Connection| {
            connection.prepare(table).and_then(|mut table| table.exists([])).map_err(from_rusqlite)
        };
        self.database()?.look(is_there).await
    }

    async fn version(&self) -> Result<String> {
        match &*self.engine {
            Engine::Own(_) => Ok(rusqlite::version().to_owned()),
            Engine::Pool(pool) => pool.version().await,
        }
    }
}

#[cfg(feature = "postgrest")]
impl Sqlite {
    /// Ends the streams of [`changes`](Backend::changes), and nothing else.
    pub(crate) fn end_changes(&self) {
        if let Engine::Own(database) = &*self.engine {
            database.end_changes();
        }
    }

    /// Runs statements of the caller's own that only read.
    pub(crate) async fn look_raw(
        &self,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<Vec<RawRow>> {
        match &*self.engine {
            Engine::Own(database) => {
                database.look(move |connection| raw::look(connection, &sql, &parameters)).await
            }
            Engine::Pool(_) => Err(Error::new(
                ErrorKind::Unsupported,
                "a connection of the caller's is asked by them",
            )),
        }
    }
}

impl Backend for Sqlite {
    fn kind(&self) -> BackendKind {
        BackendKind::Sqlite
    }

    fn read<'a>(&'a self, read: &'a Read) -> BoxFuture<'a, Result<Vec<Vec<Value>>>> {
        Box::pin(async move {
            let database = match &*self.engine {
                Engine::Own(database) => database,
                Engine::Pool(pool) => return pool.read(read).await,
            };
            let (statement, columns) = (compile::select(read), read.columns());
            database.look(move |connection| read::fetch(connection, &statement, columns)).await
        })
    }

    fn count<'a>(&'a self, read: &'a Read) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let database = match &*self.engine {
                Engine::Own(database) => database,
                Engine::Pool(pool) => return pool.count(read).await,
            };
            let statement = compile::count(read);
            database.look(move |connection| read::number(connection, &statement)).await
        })
    }

    fn aggregate<'a>(
        &'a self,
        aggregation: &'a Aggregation,
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>>> {
        Box::pin(async move {
            let database = match &*self.engine {
                Engine::Own(database) => database,
                Engine::Pool(pool) => return pool.aggregate(aggregation).await,
            };
            let aggregation = aggregation.clone();
            database.look(move |connection| aggregate::run(connection, &aggregation)).await
        })
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Written>> {
        Box::pin(async move {
            match &*self.engine {
                Engine::Own(database) => database.write(write).await,
                Engine::Pool(pool) => pool.write(write).await,
            }
        })
    }

    fn transaction(&self, writes: Vec<Write>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let database = match &*self.engine {
                Engine::Own(database) => database,
                Engine::Pool(pool) => return pool.transaction(&writes).await,
            };
            let work = move |connection: &Connection| write::apply_all(connection, &writes);
            database.change(Urgency::Call, None, work).await
        })
    }

    fn merge(&self, merge: Merge) -> BoxFuture<'_, Result<Vec<Value>>> {
        Box::pin(async move {
            match &*self.engine {
                Engine::Own(database) => database.merge(merge).await,
                Engine::Pool(pool) => pool.merge(&merge).await,
            }
        })
    }

    fn query_raw<'a>(
        &'a self,
        sql: &'a str,
        parameters: Vec<Value>,
    ) -> BoxFuture<'a, Result<Vec<RawRow>>> {
        Box::pin(async move {
            let database = match &*self.engine {
                Engine::Own(database) => database,
                Engine::Pool(pool) => return pool.query_raw(sql, parameters).await,
            };
            let sql = sql.to_owned();
            database.outside(move |connection| raw::run(connection, &sql, &parameters)).await
        })
    }

    fn changes(&self) -> Result<BoxStream<'static, ()>> {
        match &*self.engine {
            Engine::Own(database) => database.changes(),
            Engine::Pool(pool) => pool.changes(),
        }
    }

    fn health(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let database = match &*self.engine {
                Engine::Own(database) => database,
                Engine::Pool(pool) => return pool.health().await,
            };
            let question = "select count(*) from sqlite_schema";
            database.look(|connection| script(connection, question)).await
        })
    }

    fn info(&self) -> BoxFuture<'_, Info> {
        Box::pin(async move {
            Info {
                kind: BackendKind::Sqlite,
                location: self.engine.location().to_owned(),
                version: self.version().await.ok(),
                reason: None,
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            match &*self.engine {
                Engine::Own(database) => database.close().await,
                Engine::Pool(pool) => pool.close(),
            }
            Ok(())
        })
    }
}
