//! [`Store`]: the backend chosen at run time, and what is measured of every operation.

#[cfg(feature = "postgrest")]
mod call;
mod config;

#[cfg(feature = "postgrest")]
pub use call::Call;
pub use config::Config;

use crate::{
    Aggregation, Backend, BackendKind, Error, Info, Merge, RawRow, Read, Result, Write, Written,
};
use futures_util::stream::BoxStream;
use sea_orm::Value;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;
use tracing::Instrument;

/// The database that repositories run on. Cloning is cheap; clones share connections.
///
/// Every operation runs in a `tracing` span `chronicle` with the fields `backend`, `table`,
/// `operation`, `rows` and `outcome` (`ok`, or the [`ErrorKind`](crate::ErrorKind)'s name), and counts in the
/// [`metrics`](crate#metrics). Neither holds a value of a row, a key or a token.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::Store;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// let sqlite = chronicle::Sqlite::memory().await?;
/// let store = Store::from(sqlite); // or of a `Postgrest`, a `Failover`, a backend of your own
/// let tasks = Tasks::new(&store);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Store {
    backend: Arc<dyn Backend>,
    /// Why it was chosen, for [`Info::reason`].
    reason: Option<Arc<str>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Store").field(&self.backend).finish()
    }
}

impl Store {
    /// A store on a backend of your own: a wrapper that injects faults, for example.
    ///
    /// ```
    /// use chronicle::{Sqlite, Store};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// let store = Store::new(Sqlite::memory().await?);
    /// # Ok(()) }
    /// ```
    pub fn new(backend: impl Backend) -> Self {
        Self { backend: Arc::new(backend), reason: None }
    }

    /// Opens what the configuration names.
    ///
    /// A SQLite file is opened, and made when it is missing. A PostgREST server is not asked yet:
    /// call [`health`](Self::health) to know whether it serves. With both, it is the failover pair
    /// of the two, whose file is bound to the server now. [`info`](Self::info) says why.
    ///
    /// ```
    /// use chronicle::sqlite::SqliteOptions;
    /// use chronicle::{Config, Store};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// let store = Store::connect(Config::new().sqlite(SqliteOptions::new(":memory:"))).await?;
    /// store.health().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for a configuration that is not complete or not valid, `Unsupported` when
    /// the feature for the backend is off, those of [`Sqlite::open`](crate::Sqlite::open) and of
    /// [`Sqlite::create_tables`](crate::Sqlite::create_tables), and for a pair those of
    /// `FailoverOptions::connect`.
    pub async fn connect(config: Config) -> Result<Self> {
        config.connect().await
    }

    /// Which kind of database serves.
    ///
    /// ```
    /// use chronicle::{BackendKind, Sqlite, Store};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// let store = Store::new(Sqlite::memory().await?);
    /// assert_eq!(store.kind(), BackendKind::Sqlite);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn kind(&self) -> BackendKind {
        self.backend.kind()
    }

    /// Asks the database whether it can serve.
    ///
    /// ```
    /// use chronicle::{Sqlite, Store};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// let store = Store::new(Sqlite::memory().await?);
    /// assert!(store.health().await.is_ok());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Why it cannot: `Unavailable`, `Timeout`, `Unauthenticated`, `Corrupt` … A failover pair can as
    /// long as its file can: what its remote does, [`failover_info`](crate::failover::Failover::failover_info)
    /// tells.
    pub async fn health(&self) -> Result<()> {
        self.backend.health().await
    }

    /// What and where the database is, and why it was chosen, without any key.
    ///
    /// ```
    /// use chronicle::{Sqlite, Store};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// let info = Store::new(Sqlite::memory().await?).info().await;
    /// assert_eq!(info.location, ":memory:");
    /// # Ok(()) }
    /// ```
    pub async fn info(&self) -> Info {
        let mut info = self.backend.info().await;
        info.reason = self.reason.as_deref().map(str::to_owned).or(info.reason);
        info
    }

    /// The failover pair that serves, to look at its outbox and its dead letters; `None` when it is
    /// one database alone, or a backend of your own.
    ///
    /// ```
    /// use chronicle::{Sqlite, Store};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// let store = Store::new(Sqlite::memory().await?);
    /// assert!(store.failover().is_none(), "a file alone");
    /// # Ok(()) }
    /// ```
    #[cfg(all(feature = "sqlite", feature = "postgrest"))]
    #[must_use]
    pub fn failover(&self) -> Option<&crate::failover::Failover> {
        let backend: &dyn std::any::Any = &*self.backend;
        backend.downcast_ref()
    }

    /// Who serves now, as this process last saw it. One database alone is always `Healthy`: no other
    /// could take over. Whether it can be reached, [`health`](Self::health) tells.
    ///
    /// ```
    /// use chronicle::failover::Status;
    /// use chronicle::{Sqlite, Store};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// let store = Store::new(Sqlite::memory().await?);
    /// assert_eq!(store.status(), Status::Healthy);
    /// # Ok(()) }
    /// ```
    #[cfg(all(feature = "sqlite", feature = "postgrest"))]
    #[must_use]
    pub fn status(&self) -> crate::failover::Status {
        self.failover().map_or(crate::failover::Status::Healthy, crate::failover::Failover::status)
    }

    /// A receiver that is told of every change of [`status`](Self::status). That of one database
    /// alone never changes: waiting for it ends at once with an error.
    ///
    /// ```
    /// use chronicle::failover::Status;
    /// use chronicle::{Sqlite, Store};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// let mut status = Store::new(Sqlite::memory().await?).watch();
    /// assert_eq!(*status.borrow(), Status::Healthy);
    /// assert!(status.changed().await.is_err(), "of a failover pair it would wait for a change");
    /// # Ok(()) }
    /// ```
    #[cfg(all(feature = "sqlite", feature = "postgrest"))]
    #[must_use]
    pub fn watch(&self) -> tokio::sync::watch::Receiver<crate::failover::Status> {
        match self.failover() {
            Some(failover) => failover.watch(),
            None => tokio::sync::watch::Sender::new(self.status()).subscribe(),
        }
    }

    /// Ends connections. Later operations fail with `Unavailable`.
    ///
    /// A connection that [`Sqlite::from_connection`](crate::Sqlite::from_connection) was given
    /// stays open: whoever opened it closes it.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// tasks.store().close().await?;
    /// let error = tasks.find().all().await.unwrap_err();
    /// assert_eq!(error.kind(), chronicle::ErrorKind::Unavailable);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// None from SQLite and PostgREST; from a failover pair those of its file, if it replays before it
    /// closes (`LocalFirst`); a [backend of your own](Self::new) may have some.
    pub async fn close(&self) -> Result<()> {
        self.backend.close().await
    }

    /// Runs SQL of your own, in the dialect of the database that serves; `$1`, `$2` … stand for the
    /// parameters.
    ///
    /// On PostgREST it goes through the function `execute_sql`, an opt-in migration that only the
    /// service role may call. It takes at most 16 parameters, and its statements may run for 30 s.
    /// Parameters arrive there as text, so write `cast($1 as integer)` where that matters. Values
    /// are never pasted into the SQL.
    ///
    /// Of several columns with one name the last one counts. Besides the types of columns
    /// (see [`Scalar`](crate::Scalar)), a parameter may be a `u64` up to 2^63-1, an `f32`, a `char`,
    /// or a time with an offset, which travels as its instant in UTC.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let sql = "select count(*) as open from tasks where priority < $1";
    /// let rows = tasks.store().query_raw(sql, [3.into()]).await?;
    /// assert_eq!(rows[0]["open"], 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for a parameter that cannot be stored (a NUL character, an infinite number)
    /// or too many of them; `Unsupported` for a parameter of another type and where the function
    /// is not installed; `Denied` without the service role; and what the database says of the
    /// statement.
    pub async fn query_raw(
        &self,
        sql: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<RawRow>> {
        let parameters: Result<Vec<Value>> =
            parameters.into_iter().map(crate::value::parameter).collect();
        let rows = |rows: &Vec<RawRow>| rows.len() as u64;
        let work = async { self.backend.query_raw(sql, parameters?).await };
        self.observe("query_raw", "", rows, work).await
    }

    pub(crate) fn changes(&self) -> Result<BoxStream<'static, ()>> {
        self.backend.changes().map_err(|error| error.with_backend(self.kind()))
    }

    pub(crate) async fn read(&self, read: &Read) -> Result<Vec<Vec<Value>>> {
        let rows = |rows: &Vec<Vec<Value>>| rows.len() as u64;
        self.observe("find", read.table.name, rows, self.backend.read(read)).await
    }

    pub(crate) async fn count(&self, read: &Read) -> Result<u64> {
        self.observe("count", read.table.name, |rows| *rows, self.backend.count(read)).await
    }

    pub(crate) async fn aggregate(&self, aggregation: &Aggregation) -> Result<Vec<Vec<Value>>> {
        let rows = |rows: &Vec<Vec<Value>>| rows.len() as u64;
        let table = aggregation.table().name;
        self.observe("aggregate", table, rows, self.backend.aggregate(aggregation)).await
    }

    pub(crate) async fn write(&self, write: Write) -> Result<Written> {
        let (operation, table) = (write.operation(), write.table.name);
        let rows = |written: &Written| written.touched;
        self.observe(operation, table, rows, self.backend.write(write)).await
    }

    pub(crate) async fn write_all(&self, writes: Vec<Write>) -> Result<()> {
        let count = writes.len() as u64;
        self.observe("transaction", "", |()| count, self.backend.transaction(writes)).await
    }

    pub(crate) async fn merge(&self, merge: Merge) -> Result<Vec<Value>> {
        let (operation, table) = (merge.operation(), merge.table.name);
        self.observe(operation, table, |_| 1, self.backend.merge(merge)).await
    }

    async fn observe<T>(
        &self,
        operation: &'static str,
        table: &'static str,
        rows: impl FnOnce(&T) -> u64,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let backend = self.kind().name();
        let span = tracing::debug_span!(
            "chronicle",
            backend,
            table,
            operation,
            rows = tracing::field::Empty,
            outcome = tracing::field::Empty
        );
        let start = Instant::now();
        let result = work.instrument(span.clone()).await;
        let outcome = match &result {
            Ok(answer) => {
                span.record("rows", rows(answer));
                "ok"
            }
            Err(error) => error.kind().name(),
        };
        span.record("outcome", outcome);
        metrics::counter!(
            "chronicle_operations_total",
            "backend" => backend, "table" => table, "operation" => operation, "outcome" => outcome
        )
        .increment(1);
        metrics::histogram!(
            "chronicle_operation_seconds",
            "backend" => backend, "table" => table, "operation" => operation
        )
        .record(start.elapsed());
        result.map_err(|error: Error| {
            let error = error.with_backend(self.kind());
            if table.is_empty() { error } else { error.with_table(table) }
        })
    }
}

impl From<&Self> for Store {
    fn from(store: &Self) -> Self {
        store.clone()
    }
}

impl From<Arc<dyn Backend>> for Store {
    fn from(backend: Arc<dyn Backend>) -> Self {
        Self { backend, reason: None }
    }
}

macro_rules! store_from {
    ($feature:literal, $backend:ty) => {
        #[cfg(feature = $feature)]
        impl From<$backend> for Store {
            fn from(backend: $backend) -> Self {
                Self::new(backend)
            }
        }
        #[cfg(feature = $feature)]
        impl From<&$backend> for Store {
            fn from(backend: &$backend) -> Self {
                Self::new(backend.clone())
            }
        }
    };
}
store_from!("sqlite", crate::Sqlite);
store_from!("postgrest", crate::Postgrest);

#[cfg(all(feature = "sqlite", feature = "postgrest"))]
impl From<crate::failover::Failover> for Store {
    fn from(failover: crate::failover::Failover) -> Self {
        Self::new(failover)
    }
}

#[cfg(all(feature = "sqlite", feature = "postgrest"))]
impl From<&crate::failover::Failover> for Store {
    fn from(failover: &crate::failover::Failover) -> Self {
        Self::new(failover.clone())
    }
}
