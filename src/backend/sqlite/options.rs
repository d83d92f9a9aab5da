//! [`SqliteOptions`]: how a file is opened.

use super::connect::Connector;
use super::database::Database;
use super::place::Place;
use super::{Engine, Sqlite};
use crate::Result;
use std::path::Path;
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
    place: Result<Place>,
    busy_timeout: Duration,
    synchronous: Synchronous,
    readers: u32,
}

impl SqliteOptions {
    /// The defaults: a busy timeout of 5 s, [`Synchronous::Normal`], up to 4 readers. The path
    /// `:memory:` is a database in memory, of up to 1 GiB. A relative path is below the folder that is
    /// the current one now.
    ///
    /// ```
    /// use chronicle::sqlite::SqliteOptions;
    ///
    /// let options = SqliteOptions::new("data/shop.db");
    /// ```
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            place: Place::of(path.as_ref()),
            busy_timeout: Duration::from_secs(5),
            synchronous: Synchronous::default(),
            readers: 4,
        }
    }

    /// How long a write waits for another process that writes, before it fails with `Busy`: up to
    /// 2^31-1 ms (24 days), the longest wait that SQLite knows; a longer one is cut to that.
    ///
    /// ```
    /// use chronicle::sqlite::SqliteOptions;
    /// use std::time::Duration;
    ///
    /// let options = SqliteOptions::new("shop.db").busy_timeout(Duration::from_secs(30));
    /// ```
    #[must_use]
    pub const fn busy_timeout(mut self, wait: Duration) -> Self {
        let is_longer = wait.as_millis() > LONGEST_WAIT.as_millis();
        self.busy_timeout = if is_longer { LONGEST_WAIT } else { wait };
        self
    }

    /// What a commit waits for.
    ///
    /// ```
    /// use chronicle::sqlite::{SqliteOptions, Synchronous};
    ///
    /// let options = SqliteOptions::new("shop.db").synchronous(Synchronous::Full);
    /// ```
    #[must_use]
    pub const fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// How many threads read at most, each on a connection of its own. Each is started when it is first
    /// needed. With 0, and in memory, the thread that writes reads as well: for a process that lives for
    /// milliseconds, which a thread and a connection more would cost a part of them. Reads and writes
    /// then wait for each other.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("chronicle.db");
    /// use chronicle::sqlite::SqliteOptions;
    ///
    /// let sqlite = SqliteOptions::new(&path).readers(0).open().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn readers(mut self, connections: u32) -> Self {
        self.readers = connections;
        self
    }

    /// Opens the file, and makes it when it is missing.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// use chronicle::sqlite::SqliteOptions;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("shop.db");
    /// let sqlite = SqliteOptions::new(&path).readers(2).open().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Sqlite::open`].
    pub async fn open(self) -> Result<Sqlite> {
        let place = match self.place? {
            // Each is a database of its own.
            Place::Memory(_) => Place::new_in_memory(),
            place @ Place::File(_) => place,
        };
        let (busy_timeout, synchronous) = (self.busy_timeout, self.synchronous);
        let connector = Connector { place, busy_timeout, synchronous };
        let database = Database::open(connector, self.readers).await?;
        Ok(Sqlite::of(Engine::Own(Box::new(database))))
    }

    /// The file's absolute path, unless it is a database in memory.
    #[cfg(feature = "postgrest")]
    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.place {
            Ok(Place::File(path)) => Some(path),
            Ok(Place::Memory(_)) | Err(_) => None,
        }
    }
}
