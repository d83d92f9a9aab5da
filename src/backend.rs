//! [`Backend`]: what a database has to do to hold repositories.

#[cfg(feature = "postgrest")]
pub mod postgrest;
#[cfg(feature = "sqlite")]
pub mod sqlite;

use crate::{Read, Result, Write};
use futures_util::future::BoxFuture;
use sea_orm::{JsonValue, Value};
use std::any::Any;
use std::fmt;

/// Which kind of database a backend is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackendKind {
    /// A SQLite file or in-memory database.
    Sqlite,
    /// A PostgREST server, such as Supabase's Data API.
    Postgrest,
    /// A PostgREST server with a SQLite file beside it.
    Failover,
}

impl BackendKind {
    /// The name used in spans, metrics and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgrest => "postgrest",
            Self::Failover => "failover",
        }
    }
}

impl fmt::Display for BackendKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What a backend is and where it is, without any key or token.
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
pub type RawRow = serde_json::Map<String, JsonValue>;

/// A database that repositories run on: [`Sqlite`](crate::Sqlite), [`Postgrest`](crate::Postgrest),
/// or something that wraps one.
///
/// Object-safe, so that a [`Store`](crate::Store) holds any of them. A wrapper (for faults in a
/// test, for example) implements the seven methods by handing on:
///
/// ```
/// use chronicle::futures::BoxFuture;
/// use chronicle::{Backend, BackendKind, Error, ErrorKind, Info, RawRow, Read, Result, Write};
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
///     fn write(&self, write: Write) -> BoxFuture<'_, Result<u64>> {
///         let message = format!("`{}` is read-only here", write.table().name);
///         Box::pin(async move { Err(Error::new(ErrorKind::Denied, message)) })
///     }
///     fn query_raw<'a>(&'a self, sql: &'a str, parameters: Vec<Value>) -> BoxFuture<'a, Result<Vec<RawRow>>> {
///         self.0.query_raw(sql, parameters)
///     }
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

    /// Makes the change, and says how many rows it touched.
    fn write(&self, write: Write) -> BoxFuture<'_, Result<u64>>;

    /// Runs SQL of the caller's own; `$1`, `$2` … stand for the parameters.
    /// [`Store::query_raw`](crate::Store::query_raw) has brought them to the types of
    /// [`Kind`](crate::Kind).
    fn query_raw<'a>(
        &'a self,
        sql: &'a str,
        parameters: Vec<Value>,
    ) -> BoxFuture<'a, Result<Vec<RawRow>>>;

    /// Asks the database whether it can serve: `Ok` when it can.
    fn health(&self) -> BoxFuture<'_, Result<()>>;

    /// What and where this backend is.
    fn info(&self) -> BoxFuture<'_, Info>;

    /// Ends connections and background tasks. Later operations fail with `Unavailable`.
    fn close(&self) -> BoxFuture<'_, Result<()>>;
}
