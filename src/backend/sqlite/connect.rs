//! [`Connector`]: opens connections of rusqlite's.

use super::error::from_rusqlite;
use super::options::Synchronous;
use super::place::{Place, cannot_open};
use super::writer::Commit;
use crate::{Error, ErrorKind, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::time::{Duration, Instant};

/// Statements that a connection keeps prepared.
const PREPARED: usize = 128;

/// Pages that the connection which writes keeps in memory, in KiB.
const CACHE: u32 = 16 * 1024;

/// A pause between two tries to switch to write-ahead logging.
const PAUSE: Duration = Duration::from_millis(5);

/// Opens connections to one database.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    pub(super) place: Place,
    pub(super) busy_timeout: Duration,
    pub(super) synchronous: Synchronous,
}

impl Connector {
    /// What the connection that writes is opened with.
    pub(super) fn commit(&self) -> Commit {
        Commit { foreign_keys: true, waits_for_disk: self.synchronous == Synchronous::Full }
    }

    /// A connection that writes.
    pub(super) fn writer(&self) -> Result<Connection> {
        let connection = self.open(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        match self.place {
            Place::Memory(_) => set(&connection, "pragma journal_mode = memory")?,
            Place::File(_) => self.log_ahead(&connection)?,
        }
        set(&connection, self.commit().statements())?;
        // A large outbox is worked on in many places at once.
        set(&connection, &format!("pragma cache_size = -{CACHE}"))?;
        // Without it a statement is prepared anew for each value that might be one of a partial index.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .map_err(from_rusqlite)?;
        Ok(connection)
    }

    /// A connection that reads.
    pub(super) fn reader(&self) -> Result<Connection> {
        self.open(match self.place {
            Place::Memory(_) => OpenFlags::SQLITE_OPEN_READ_WRITE,
            Place::File(_) => OpenFlags::SQLITE_OPEN_READ_ONLY,
        })
    }

    fn open(&self, mode: OpenFlags) -> Result<Connection> {
        let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
        let connection = match &self.place {
            Place::Memory(name) => {
                Connection::open_with_flags_and_vfs(name, flags, "memdb").map_err(from_rusqlite)?
            }
            Place::File(path) => {
                let opened = Connection::open_with_flags(path, flags).map_err(from_rusqlite);
                opened.map_err(|error| self.in_words_of_the_system(error))?
            }
        };
        connection.busy_timeout(self.busy_timeout).map_err(from_rusqlite)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        Ok(connection)
    }

    /// Write-ahead logging. Where several do this to a new file, SQLite does not wait as it does
    /// elsewhere, since they may wait for each other.
    fn log_ahead(&self, connection: &Connection) -> Result<()> {
        let start = Instant::now();
        loop {
            let done = set(connection, "pragma journal_mode = wal");
            match done {
                Err(error)
                    if error.kind() == ErrorKind::Busy && start.elapsed() < self.busy_timeout =>
                {
                    std::thread::sleep(PAUSE);
                }
                done => return done.map_err(|error| self.in_words_of_the_system(error)),
            }
        }
    }

    /// SQLite says of each such error that it is "unable to open database file", or that the database
    /// may only be read. The system says why.
    fn in_words_of_the_system(&self, error: Error) -> Error {
        let Place::File(path) = &self.place else { return error };
        match std::fs::OpenOptions::new().read(true).append(true).open(path) {
            Err(cause) => cannot_open(error.kind(), path, &cause),
            Ok(_) => error,
        }
    }
}

pub(super) fn set(connection: &Connection, pragmas: &str) -> Result<()> {
    connection.execute_batch(pragmas).map_err(from_rusqlite)
}
