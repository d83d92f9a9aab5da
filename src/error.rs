//! What can go wrong, and what each kind of error means for a retry.

use std::fmt;

/// The result of every operation of this crate.
///
/// ```
/// fn halve(number: u32) -> chronicle::Result<u32> {
///     Ok(number / 2)
/// }
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of mistake or fault an [`Error`] is.
///
/// Both backends give the same kind for the same mistake, so a program may match on it without
/// knowing which database answered.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::ErrorKind;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// match tasks.insert(NewTask::new("call home", 1)).await {
///     Ok(task) => println!("stored as {}", task.id),
///     Err(error) if error.kind() == ErrorKind::Unique => println!("is there already"),
///     Err(error) => return Err(error),
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No row matches, where one had to be there.
    NotFound,
    /// A row with the same value in a unique column, or with the same key, is there already.
    Unique,
    /// A row refers to a parent that is not there, or a parent is deleted that has children.
    ForeignKey,
    /// The state of the data contradicts the operation: more than one row where one was asked for.
    Conflict,
    /// A column that needs a value has none.
    NotNull,
    /// A check constraint, an exclusion constraint or a rule of the database refused the row.
    Check,
    /// What the caller gave cannot be stored or asked for: a NUL character, an infinite number, a
    /// value out of its column's range, a broken configuration.
    InvalidInput,
    /// The key or token is valid, but may not do this: missing grant or row level security.
    Denied,
    /// The key or token is missing, wrong or expired.
    Unauthenticated,
    /// The table or a column is not there, or has another type: run the migrations.
    SchemaMismatch,
    /// The database cannot be reached or cannot serve now. The operation was surely not applied.
    Unavailable,
    /// No answer came in time, or it was cut off: the operation may or may not have been applied.
    Timeout,
    /// The server asks for fewer requests ([`Error::retry_after`] may say until when).
    Throttled,
    /// Another writer holds the database for longer than the busy timeout.
    Busy,
    /// The disk, or the file's allowed size, is full. Nothing of the operation was stored.
    StorageFull,
    /// The outbox holds as much as it may. Nothing of the operation was stored.
    OutboxFull,
    /// This backend or this server version cannot do it, or the backends would do it differently.
    Unsupported,
    /// The file is not a database, or is damaged.
    Corrupt,
    /// The database failed in a way that none of the other kinds describes.
    Internal,
}

impl ErrorKind {
    /// Whether the same operation may succeed later without any change to it.
    ///
    /// ```
    /// use chronicle::ErrorKind;
    /// assert!(ErrorKind::Busy.is_transient());
    /// assert!(!ErrorKind::Unique.is_transient());
    /// ```
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Unavailable | Self::Timeout | Self::Throttled | Self::Busy)
    }

    /// The name used in log and metric labels: lower case, words joined by `_`.
    ///
    /// ```
    /// assert_eq!(chronicle::ErrorKind::ForeignKey.name(), "foreign_key");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Unique => "unique",
            Self::ForeignKey => "foreign_key",
            Self::Conflict => "conflict",
            Self::NotNull => "not_null",
            Self::Check => "check",
            Self::InvalidInput => "invalid_input",
            Self::Denied => "denied",
            Self::Unauthenticated => "unauthenticated",
            Self::SchemaMismatch => "schema_mismatch",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Throttled => "throttled",
            Self::Busy => "busy",
            Self::StorageFull => "storage_full",
            Self::OutboxFull => "outbox_full",
            Self::Unsupported => "unsupported",
            Self::Corrupt => "corrupt",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotFound => "not found",
            Self::Unique => "unique violation",
            Self::ForeignKey => "foreign key violation",
            Self::Conflict => "conflict",
            Self::NotNull => "not-null violation",
            Self::Check => "check violation",
            Self::InvalidInput => "invalid input",
            Self::Denied => "denied",
            Self::Unauthenticated => "unauthenticated",
            Self::SchemaMismatch => "schema mismatch",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Throttled => "throttled",
            Self::Busy => "busy",
            Self::StorageFull => "storage full",
            Self::OutboxFull => "outbox full",
            Self::Unsupported => "unsupported",
            Self::Corrupt => "corrupt",
            Self::Internal => "internal error",
        })
    }
}

/// An error of any operation: its [`ErrorKind`] and what is known about it.
///
/// Keys and tokens are never part of it.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// let error = tasks.insert(NewTask::new("call home", 1)).await.unwrap_err();
/// assert!(error.to_string().starts_with("unique violation on table `tasks` (sqlite): "));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    backend: Option<crate::BackendKind>,
    table: Option<&'static str>,
    constraint: Option<String>,
    #[cfg(feature = "postgrest")]
    unique_columns: Option<Vec<String>>,
    code: Option<String>,
    hint: Option<String>,
    retry_after: Option<std::time::Duration>,
    rows_stored: u64,
}

impl Error {
    /// An error with a message that says what is wrong and what to do.
    ///
    /// ```
    /// use chronicle::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Denied, "read-only here: write to the other store");
    /// assert_eq!(error.to_string(), "denied: read-only here: write to the other store");
    /// ```
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                backend: None,
                table: None,
                constraint: None,
                #[cfg(feature = "postgrest")]
                unique_columns: None,
                code: None,
                hint: None,
                retry_after: None,
                rows_stored: 0,
            }),
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    pub(crate) fn with_backend(mut self, backend: crate::BackendKind) -> Self {
        self.inner.backend.get_or_insert(backend);
        self
    }

    pub(crate) fn with_table(mut self, table: &'static str) -> Self {
        self.inner.table.get_or_insert(table);
        self
    }

    #[cfg(any(feature = "sqlite", feature = "postgrest"))]
    pub(crate) fn with_constraint(mut self, constraint: Option<String>) -> Self {
        self.inner.constraint = constraint;
        self
    }

    /// The columns whose values are taken, in the order of the constraint.
    #[cfg(feature = "postgrest")]
    pub(crate) fn with_unique_columns(mut self, columns: Option<Vec<String>>) -> Self {
        self.inner.unique_columns = columns;
        self
    }

    /// Whether it is the key of a table that is taken, and no other unique value. `None` when the
    /// database does not tell: Postgres names no columns where row level security or a missing grant
    /// hides the row, and the constraint of a key may have any name there.
    #[cfg(feature = "postgrest")]
    #[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "the failover pair asks"))]
    pub(crate) fn is_key_conflict<N: AsRef<str>>(&self, key: &[N]) -> Option<bool> {
        if self.kind() != ErrorKind::Unique {
            return Some(false);
        }
        if let Some(columns) = &self.inner.unique_columns {
            let is_in_key = |column: &String| key.iter().any(|one| one.as_ref() == column);
            return Some(columns.len() == key.len() && columns.iter().all(is_in_key));
        }
        self.constraint().is_some_and(|name| name.ends_with("_pkey")).then_some(true)
    }

    #[cfg(any(feature = "sqlite", feature = "postgrest"))]
    pub(crate) fn with_code(mut self, code: Option<String>) -> Self {
        self.inner.code = code;
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.inner.hint = Some(hint.into());
        self
    }

    /// Adds to the end of the message.
    #[cfg(feature = "postgrest")]
    pub(crate) fn with_message_end(mut self, end: &str) -> Self {
        self.inner.message.push_str(end);
        self
    }

    #[cfg(feature = "postgrest")]
    pub(crate) fn with_retry_after(mut self, wait: Option<std::time::Duration>) -> Self {
        self.inner.retry_after = wait;
        self
    }

    pub(crate) fn with_rows_stored(mut self, rows: u64) -> Self {
        self.inner.rows_stored = rows;
        self
    }

    /// What kind of error this is.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let error = tasks.find().one().await.unwrap_err();
    /// assert_eq!(error.kind(), chronicle::ErrorKind::Conflict);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// The database's own message, or this crate's, without the context that `Display` adds.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let error = tasks.find().one().await.unwrap_err();
    /// assert!(error.message().starts_with("more than one row matches"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The backend that answered; `None` when the mistake was found before one was asked.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let error = tasks.insert(NewTask::new("call home", 1)).await.unwrap_err();
    /// assert_eq!(error.backend(), Some(chronicle::BackendKind::Sqlite));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn backend(&self) -> Option<crate::BackendKind> {
        self.inner.backend
    }

    /// The table that the operation was for.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let error = tasks.insert(NewTask::new("call home", 1)).await.unwrap_err();
    /// assert_eq!(error.table(), Some("tasks"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn table(&self) -> Option<&'static str> {
        self.inner.table
    }

    /// The violated constraint, as the database names it: a constraint's name on Postgres, a list
    /// of `table.column` on SQLite, which does not report constraint names for unique columns.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let error = tasks.insert(NewTask::new("call home", 1)).await.unwrap_err();
    /// assert_eq!(error.constraint(), Some("tasks.title"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.inner.constraint.as_deref()
    }

    /// The database's own code: an SQLSTATE or `PGRSTnnn` from PostgREST, an extended result code
    /// (decimal) from SQLite, or `HTTP nnn` when something before PostgREST answered.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let error = tasks.insert(NewTask::new("call home", 1)).await.unwrap_err();
    /// assert_eq!(error.code(), Some("2067"), "SQLITE_CONSTRAINT_UNIQUE");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.inner.code.as_deref()
    }

    /// What to do about it, where that is known.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let error = tasks.find().one().await.unwrap_err();
    /// assert_eq!(error.hint(), None);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.inner.hint.as_deref()
    }

    /// How long the server asked to wait (`Retry-After`).
    ///
    /// ```
    /// use chronicle::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Throttled, "too many requests");
    /// assert_eq!(error.retry_after(), None, "no server said how long");
    /// ```
    #[must_use]
    pub fn retry_after(&self) -> Option<std::time::Duration> {
        self.inner.retry_after
    }

    /// How many rows of a write in several requests were stored before this error.
    ///
    /// Zero on SQLite, where a bulk write is one transaction. PostgREST has no transaction over
    /// several requests.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let new = [NewTask::new("buy bread", 2), NewTask::new("call home", 1)];
    /// let error = tasks.insert_many(new).await.unwrap_err();
    /// assert_eq!(error.rows_stored(), 0);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn rows_stored(&self) -> u64 {
        self.inner.rows_stored
    }

    /// Whether the same operation may succeed later without any change to it
    /// (see [`ErrorKind::is_transient`]).
    ///
    /// ```
    /// use chronicle::{Error, ErrorKind};
    ///
    /// assert!(Error::new(ErrorKind::Busy, "another writer").is_transient());
    /// assert!(!Error::new(ErrorKind::Unique, "the title is taken").is_transient());
    /// ```
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.inner.kind.is_transient()
    }

    /// Whether the operation may have been applied although it failed.
    ///
    /// ```
    /// use chronicle::{Error, ErrorKind};
    ///
    /// assert!(Error::new(ErrorKind::Timeout, "the answer got lost").is_ambiguous());
    /// assert!(!Error::new(ErrorKind::Unavailable, "connection refused").is_ambiguous());
    /// ```
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.inner.kind == ErrorKind::Timeout
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, message, backend, table, constraint, code, hint, rows_stored, .. } =
            &*self.inner;
        write!(formatter, "{kind}")?;
        if let Some(table) = table {
            write!(formatter, " on table `{table}`")?;
        }
        if let Some(backend) = backend {
            write!(formatter, " ({backend})")?;
        }
        write!(formatter, ": {message}")?;
        if let Some(constraint) = constraint {
            write!(formatter, " [constraint {constraint}]")?;
        }
        if let Some(code) = code {
            write!(formatter, " [code {code}]")?;
        }
        if *rows_stored > 0 {
            write!(formatter, " ({rows_stored} rows were stored before)")?;
        }
        if let Some(hint) = hint {
            write!(formatter, "; {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

impl From<sea_orm::sea_query::ValueTypeErr> for Error {
    fn from(_: sea_orm::sea_query::ValueTypeErr) -> Self {
        Self::new(ErrorKind::SchemaMismatch, "a stored value does not fit the type of its field")
    }
}
