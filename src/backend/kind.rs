//! [`BackendKind`]: the name of a kind of database.

use std::fmt;

/// Which kind of database a backend is.
///
/// ```
/// use chronicle::{BackendKind, Sqlite, Store};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// let store = Store::new(Sqlite::memory().await?);
/// assert_eq!(store.kind(), BackendKind::Sqlite);
/// # Ok(()) }
/// ```
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
    ///
    /// ```
    /// assert_eq!(chronicle::BackendKind::Postgrest.name(), "postgrest");
    /// ```
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
