//! Files with rows.

use crate::measure::{Result, events};
use chronicle::sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use chronicle::sea_orm::{ConnectOptions, Database, DatabaseConnection};
use chronicle::sqlite::{SqliteOptions, Synchronous};
use chronicle::{Sqlite, Store};
use chronicle_entity::{EventId, Events, NewSession, SessionId, SessionStatus, Sessions};
use chronicle_migration::{Migrator, MigratorTrait};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// Sessions that take turns, as agents do that run at the same time.
const AT_ONCE: usize = 10;

/// Events of each session.
const OF_SESSION: usize = 1_000;

/// Two files with the same events, one for each side.
pub(crate) struct Filled {
    folder: TempDir,
    /// Every session.
    pub(crate) sessions: Vec<SessionId>,
    /// The keys of all events.
    pub(crate) events: Vec<EventId>,
}

impl Filled {
    /// Makes them with so many events, of `OF_SESSION × AT_ONCE` each time.
    pub(crate) async fn make(count: usize) -> Result<Self> {
        Self::make_in(tempfile::tempdir()?, count).await
    }

    /// The same on the disk that programs are built on: the temporary folder may be in memory.
    pub(crate) async fn make_on_disk(count: usize) -> Result<Self> {
        Self::make_in(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?, count).await
    }

    async fn make_in(folder: TempDir, count: usize) -> Result<Self> {
        let mut filled = Self { folder, sessions: Vec::new(), events: Vec::new() };
        make_empty(&filled.ours()).await?;
        let store = Store::from(Sqlite::open(filled.ours()).await?);
        while filled.events.len() < count {
            filled.add(&store).await?;
        }
        store.close().await?;
        copy(&filled.ours(), &filled.other())?;
        Ok(filled)
    }

    async fn add(&mut self, store: &Store) -> Result<()> {
        let sessions = (0..AT_ONCE).map(|_| NewSession::new(SessionStatus::Active));
        let sessions = Sessions::new(store).insert_many(sessions).await?;
        let mut rows = events(sessions[0], OF_SESSION * AT_ONCE);
        for (number, row) in rows.iter_mut().enumerate() {
            row.session_id = sessions[number % AT_ONCE];
            // One time is one event's, so that the order by time alone is a total one.
            row.timestamp += Duration::from_micros(number as u64);
        }
        self.sessions.extend(sessions);
        self.events.extend(Events::new(store).insert_many(rows).await?);
        Ok(())
    }

    fn ours(&self) -> PathBuf {
        self.folder.path().join("ours.db")
    }

    fn other(&self) -> PathBuf {
        self.folder.path().join("other.db")
    }

    pub(crate) async fn open_ours(&self) -> Result<Sqlite> {
        Ok(Sqlite::open(self.ours()).await?)
    }

    pub(crate) fn open_rusqlite(&self) -> Result<rusqlite::Connection> {
        crate::prepared::open(&self.other())
    }

    /// As the head of this bench says.
    pub(crate) async fn open_seaorm(&self) -> Result<DatabaseConnection> {
        open_seaorm(&self.other(), SqliteSynchronous::Normal).await
    }

    /// Both sides with `synchronous = FULL`.
    pub(crate) async fn open_full(&self) -> Result<(Sqlite, DatabaseConnection)> {
        let ours = SqliteOptions::new(self.ours()).synchronous(Synchronous::Full).open().await?;
        Ok((ours, open_seaorm(&self.other(), SqliteSynchronous::Full).await?))
    }
}

/// One connection that is never given up, without a ping before a statement or a log.
pub(crate) async fn open_seaorm(
    path: &Path,
    synchronous: SqliteSynchronous,
) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(format!("sqlite:{}", path.display()));
    options
        .min_connections(1)
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |options| {
            options.journal_mode(SqliteJournalMode::Wal).synchronous(synchronous).foreign_keys(true)
        });
    Ok(Database::connect(options).await?)
}

/// Makes a file with the schema and one session.
pub(crate) async fn make_empty(path: &Path) -> Result<SessionId> {
    let sqlite = Sqlite::open(path).await?;
    Migrator::up(sqlite.connection(), None).await?;
    let session = Sessions::new(&sqlite).insert(NewSession::new(SessionStatus::Active)).await?;
    Store::from(sqlite).close().await?;
    Ok(session.id)
}

/// Copies a closed file over another, whose write-ahead log must not outlive it.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    for ending in ["-wal", "-shm"] {
        let mut name = to.as_os_str().to_owned();
        name.push(ending);
        match std::fs::remove_file(name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    std::fs::copy(from, to)?;
    Ok(())
}

/// An item from anywhere in the list: the same for both sides, another each time.
pub(crate) fn pick<T: Copy>(items: &[T], round: usize, number: usize) -> T {
    // Steps of a large prime go through the whole list in no visible order.
    items[(round * 1_000 + number) * 7_368_787 % items.len()]
}
