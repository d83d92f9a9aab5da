//! [`Backend`]: what a database has to do to hold repositories.

mod capabilities;
mod changes;
mod kind;
#[cfg(feature = "postgrest")]
pub mod postgrest;
#[cfg(feature = "sqlite")]
#[cfg_attr(
    not(feature = "postgrest"),
    allow(dead_code, unused_imports, reason = "a failover pair needs more of it")
)]
pub mod sqlite;

pub use capabilities::{Ability, Capabilities};
#[cfg(all(feature = "sqlite", feature = "postgrest"))]
pub(crate) use changes::INTERVAL;
pub use kind::BackendKind;

use crate::{Aggregation, Error, ErrorKind, Merge, Read, Result, Write, Written};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sea_orm::{JsonValue, Value};
use std::any::Any;
use std::fmt;

/// What a backend is and where it is, without any key or token.
///
/// ```
/// use chronicle::{BackendKind, Sqlite, Store};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// let info = Store::new(Sqlite::memory().await?).info().await;
/// assert_eq!((info.kind, info.location.as_str()), (BackendKind::Sqlite, ":memory:"));
/// assert!(info.version.is_some_and(|version| version.starts_with("3.")));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Which kind of database.
    pub kind: BackendKind,
    /// The file's path (`:memory:` without a file), or the server's address without credentials.
    pub location: String,
    /// The version: SQLite's, or the server's `Server` header once it has answered.
    pub version: Option<String>,
    /// Why [`Store::connect`](crate::Store::connect) chose it: what was configured, and by which
    /// variables. `None` for a store that was made of a backend.
    pub reason: Option<String>,
}

/// One row of [`query_raw`](Backend::query_raw): column names and their values as JSON.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// let rows = tasks.store().query_raw("select title, priority from tasks order by priority", []).await?;
/// let row: &chronicle::RawRow = &rows[0];
/// assert_eq!((&row["title"], &row["priority"]), (&"water the plants".into(), &1.into()));
/// # Ok(()) }
/// ```
pub type RawRow = serde_json::Map<String, JsonValue>;

/// A database that repositories run on: [`Sqlite`](crate::Sqlite), [`Postgrest`](crate::Postgrest),
/// or something that wraps one.
///
/// Object-safe, so that a [`Store`](crate::Store) holds any of them. A wrapper (for faults in a
/// test, for example) implements its methods by handing on:
///
/// ```
/// use chronicle::futures::{BoxFuture, BoxStream};
/// use chronicle::{Backend, BackendKind, Error, ErrorKind, Info, RawRow, Read, Result, Write, Written};
/// use sea_orm::Value;
///
/// /// Refuses every write.
/// #[derive(Debug)]
/// struct ReadOnly<B>(B);
///
/// impl<B: Backend> Backend for ReadOnly<B> {
///     fn kind(&self) -> BackendKind { self.0.kind() }
///     fn read<'a>(&'a self, read: &'a Read) -> BoxFuture<'a, Result<Vec<Vec<Value>>>> { self.0.read(read) }
///     fn count<'a>(&'a self, read: &'a Read) -> BoxFuture<'a, Result<u64>> { self.0.count(read) }
///     fn write(&self, write: Write) -> BoxFuture<'_, Result<Written>> {
///         let message = format!("`{}` is read-only here", write.table().name);
///         Box::pin(async move { Err(Error::new(ErrorKind::Denied, message)) })
///     }
///     fn query_raw<'a>(&'a self, sql: &'a str, parameters: Vec<Value>) -> BoxFuture<'a, Result<Vec<RawRow>>> {
///         self.0.query_raw(sql, parameters)
///     }
///     fn changes(&self) -> Result<BoxStream<'static, ()>> { self.0.changes() }
///     fn health(&self) -> BoxFuture<'_, Result<()>> { self.0.health() }
///     fn info(&self) -> BoxFuture<'_, Info> { self.0.info() }
///     fn close(&self) -> BoxFuture<'_, Result<()>> { self.0.close() }
/// }
/// ```
pub trait Backend: Any + fmt::Debug + Send + Sync {
    /// Which kind of database this is.
    fn kind(&self) -> BackendKind;

    /// The rows that `read` asks for, each with its values in the order of the table's columns.
    fn read<'a>(&'a self, read: &'a Read) -> BoxFuture<'a, Result<Vec<Vec<Value>>>>;

    /// How many rows match the filter of `read`; its order, limit and offset do not count.
    fn count<'a>(&'a self, read: &'a Read) -> BoxFuture<'a, Result<u64>>;

    /// Counts, adds up and compares the rows that match: a row for each group, in any order, with the
    /// group's values and then those of the functions. As long as it is not written anew, the rows are
    /// read.
    fn aggregate<'a>(
        &'a self,
        aggregation: &'a Aggregation,
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>>> {
        let read = move |page: Read| -> BoxFuture<'a, Result<Vec<Vec<Value>>>> {
            Box::pin(async move { self.read(&page).await })
        };
        Box::pin(aggregation.by_reading(read))
    }

    /// Makes the change, and says how many rows it touched; and how they are stored, where the entity
    /// says that this may differ from what was sent.
    fn write(&self, write: Write) -> BoxFuture<'_, Result<Written>>;

    /// Makes several changes, all of them or none. An update by key that finds no row is `NotFound`.
    fn transaction(&self, writes: Vec<Write>) -> BoxFuture<'_, Result<()>> {
        let _ = writes;
        let message = "this backend makes no several changes at once";
        Box::pin(async move { Err(Error::new(ErrorKind::Unsupported, message)) })
    }

    /// Stores a row that is told from others by unique columns beside its key, and gives the values of the
    /// row that is stored then, in the order of the table's columns.
    fn merge(&self, merge: Merge) -> BoxFuture<'_, Result<Vec<Value>>> {
        let table = merge.table().name;
        let message = "the backend tells rows by their key alone: write `upsert`";
        Box::pin(async move { Err(Error::new(ErrorKind::Unsupported, message).with_table(table)) })
    }

    /// Runs SQL of the caller's own; `$1`, `$2` … stand for the parameters.
    /// [`Store::query_raw`](crate::Store::query_raw) has brought them to the types of
    /// [`Kind`](crate::Kind).
    fn query_raw<'a>(
        &'a self,
        sql: &'a str,
        parameters: Vec<Value>,
    ) -> BoxFuture<'a, Result<Vec<RawRow>>>;

    /// Calls a function of the database with its named arguments; gives its answer as JSON.
    fn call<'a>(&'a self, function: &'a str, arguments: RawRow) -> BoxFuture<'a, Result<Vec<u8>>> {
        let _ = arguments;
        let message = format!("there is no function `{function}` to call: the database has none");
        Box::pin(async move { Err(Error::new(ErrorKind::Unsupported, message)) })
    }

    /// An item for each time at which rows may have changed since this call, or since the item before;
    /// [`Find::watch`](crate::Find::watch) reads them again then. Ends when the backend is closed. By
    /// default there is an item every five seconds, and no end.
    ///
    /// # Errors
    /// When it is closed, or there is nothing to wait with.
    fn changes(&self) -> Result<BoxStream<'static, ()>> {
        Ok(changes::every(changes::INTERVAL))
    }

    /// Asks the database whether it can serve: `Ok` when it can.
    fn health(&self) -> BoxFuture<'_, Result<()>>;

    /// What and where this backend is.
    fn info(&self) -> BoxFuture<'_, Info>;

    /// Ends connections and background tasks. Later operations fail with `Unavailable`.
    fn close(&self) -> BoxFuture<'_, Result<()>>;
}
