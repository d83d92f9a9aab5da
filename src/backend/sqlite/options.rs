//! [`SqliteOptions`]: how a file is opened.

use super::connections::Connections;
use super::{Owner, Sqlite, error};
use crate::{Error, ErrorKind, Result};
use sea_orm::SqlxSqliteConnector;
use sea_orm::sqlx::ConnectOptions as _;
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// SQLite takes the busy timeout as an `int` of milliseconds.
const LONGEST_WAIT: Duration = Duration::from_millis(i32::MAX as u64);

/// What a commit waits for (SQLite's pragma `synchronous`).
///
/// In write-ahead mode the file stays sound with either, and a commit survives the end of the
/// process, by SIGKILL too. They differ in what the loss of power, or a crash of the system, may
/// take (<https://sqlite.org/pragma.html#pragma_synchronous>).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// The last commits before a power loss may be gone. A commit costs no wait for the disk.
    #[default]
    Normal,
    /// No commit is gone. Each waits until the disk has it.
    Full,
}

/// How a SQLite file is opened.
///
/// Its folder is made when missing; a new file is readable and writable for its owner only (mode
/// 0600, on Unix). Connections use write-ahead logging and enforce foreign keys.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    path: PathBuf,
    busy_timeout: Duration,
    synchronous: Synchronous,
    readers: u32,
}

impl SqliteOptions {
    /// The defaults: a busy timeout of 5 s, [`Synchronous::Normal`], up to 4 readers. The path
    /// `:memory:` is a database in memory.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            busy_timeout: Duration::from_secs(5),
            synchronous: Synchronous::default(),
            readers: 4,
        }
    }

    /// How long a write waits for another process that writes, before it fails with `Busy`: up to
    /// 2^31-1 ms (24 days), the longest wait that SQLite knows; a longer one is cut to that.
    #[must_use]
    pub const fn busy_timeout(mut self, wait: Duration) -> Self {
        let is_longer = wait.as_millis() > LONGEST_WAIT.as_millis();
        self.busy_timeout = if is_longer { LONGEST_WAIT } else { wait };
        self
    }

    /// What a commit waits for.
    #[must_use]
    pub const fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// How many connections read at most; at least 1. Each is opened when it is first needed.
    #[must_use]
    pub const fn readers(mut self, connections: u32) -> Self {
        self.readers = if connections == 0 { 1 } else { connections };
        self
    }

    /// Opens the file, and makes it when it is missing.
    ///
    /// # Errors
    /// As [`Sqlite::open`].
    pub async fn open(self) -> Result<Sqlite> {
        let location = self.path.display().to_string();
        if location == ":memory:" {
            let options = self.connect_options().in_memory(true);
            let pool =
                pool(1, self.busy_timeout).connect_with(options).await.map_err(error::from_sqlx)?;
            let connection = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.clone());
            let pool = Connections::Pool(pool);
            return Ok(Sqlite::from_connections(
                location,
                connection,
                pool.clone(),
                pool,
                Owner::Store,
            ));
        }
        make_file(&self.path).map_err(|error| {
            Error::new(
                ErrorKind::Unavailable,
                format!("cannot open or make the file {location}: {error}"),
            )
        })?;
        let readers = self.connect_options().filename(&self.path);
        let writer = readers.clone().journal_mode(SqliteJournalMode::Wal).synchronous(
            match self.synchronous {
                Synchronous::Normal => SqliteSynchronous::Normal,
                Synchronous::Full => SqliteSynchronous::Full,
            },
        );
        let wait = longest_wait(self.busy_timeout);
        let pool = pool(1, self.busy_timeout).connect_lazy_with(writer.clone());
        let writers = Connections::to_file(writer, 1, wait);
        // A file that is no database, or cannot be written, is an error now.
        drop(writers.acquire().await.map_err(error::from_sqlx)?);
        let readers = Connections::to_file(readers.read_only(true), self.readers, wait);
        let connection = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
        Ok(Sqlite::from_connections(location, connection, writers, readers, Owner::Store))
    }

    /// The file's path, unless it is a database in memory.
    #[cfg(feature = "postgrest")]
    pub(crate) fn file(&self) -> Option<&Path> {
        (self.path.as_os_str() != ":memory:").then_some(&*self.path)
    }

    fn connect_options(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .busy_timeout(self.busy_timeout)
            .foreign_keys(true)
            .disable_statement_logging()
    }
}

/// A pool whose connections stay: opening one costs more than keeping it, and a database in memory
/// would end with its connection.
fn pool(connections: u32, busy_timeout: Duration) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(longest_wait(busy_timeout))
}

/// A writer inside this process may hold its connection for as long as another process.
fn longest_wait(busy_timeout: Duration) -> Duration {
    busy_timeout.max(Duration::from_secs(1)).saturating_mul(6)
}

fn make_file(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
