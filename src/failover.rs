//! The failover store: a PostgREST server with a SQLite file beside it.
//!
//! The remote is the authority. While it is out of reach the file serves, and what is written
//! meanwhile waits in an outbox in the same file, until it is replayed: row by row in order, nothing
//! lost. Both see the same typed repositories.
//!
//! **One question routes every call**, asked of the file each time: is the outbox empty, and the
//! breaker closed? Yes: the remote serves. No: the file does, also while the outbox drains.
//!
//! # What is promised
//!
//! - A write that was acknowledged is at the remote, in the outbox, or a dead letter.
//! - The writes of a row keep their order, and parents go before their children.
//! - A process sees its own writes by key, unless they are dead letters, the remote hides the row, or
//!   the mirror could not be written (which is counted).
//!
//! Not promised: that an update is applied once, or before newer ones from elsewhere; that a bulk
//! write is replayed as one; foreign keys and SQL of your own while the file serves; rows that the
//! file never saw, for which there is [`pull`](Failover::pull).
//!
//! A write whose future is dropped goes on as a task of its own, to its end. One whose future is kept
//! and not polled holds up the other writes of its row, and perhaps of the file.
//!
//! # What depends on who serves
//!
//! Repositories give the same answers whichever of the two serves, but for these:
//!
//! | | the remote | the file |
//! |---|---|---|
//! | a row without its parent | `ForeignKey` | accepted; at the remote it becomes a dead letter, and goes back to the outbox once its parent is there |
//! | [`query_raw`](crate::Store::query_raw) | runs; what it changes gets to the file when it is read | `Unavailable` |
//! | a bulk write that is refused | the rows of earlier requests stay ([`rows_stored`](crate::Error::rows_stored)) | none of its rows stay |
//! | a condition that is too long for a URL | `InvalidInput` | works |
//! | no row, a count, rows touched | at the remote | in the file, which may lack rows that were never read or written here |
//! | [`Error::backend`](crate::Error::backend) and `code` | PostgREST's | SQLite's |
//!
//! # The file
//!
//! Beside it stand `-replay`, the lock of the process that replays, and `-reserve`, 8 MB that are
//! given up on a full disk, so that what is replayed can be acknowledged. Until they are free again
//! new writes are refused with `StorageFull`, as they are with `Denied` while the file may only be
//! read: the status is [`Failed`](Status::Failed) if the file should have taken them. Nothing that was
//! acknowledged is lost, and the remote serves as long as it can be reached.
//!
//! # What to look at
//!
//! [`failover_info`](Failover::failover_info) tells the state, its cause and what waits, and
//! [`watch`](Failover::watch) of each change. Tables that stand still, since the schema or a right was
//! changed, go on with [`resume`](Failover::resume). [`dead_letters`](Failover::dead_letters) are the
//! writes that the remote refuses: [`retry`](Failover::retry) or [`drop`](Failover::drop_letter) them.
//! [`WriteMode`] says which mode is for which process.
//!
//! # Metrics
//!
//! | name | kind | labels |
//! |---|---|---|
//! | `chronicle_switches_total` | counter | `to` (`file`, `remote`) |
//! | `chronicle_probes_total` | counter | `outcome` |
//! | `chronicle_dead_letters_total` | counter | `reason` |
//! | `chronicle_mirror_failures_total` | counter | |
//! | `chronicle_outbox_rows`, `chronicle_outbox_bytes` | gauge | |
//! | `chronicle_dead_letters` | gauge | |
//! | `chronicle_replay_lag_seconds` | gauge: how long the first entry waits | |
//! | `chronicle_replay_seconds` | histogram: one request | `table`, `operation` |
//!
//! Each request of replay is a `tracing` event `replayed` with `table`, `operation`, `rows` and
//! `outcome`. None of them holds a value of a row, a key or a token.

mod breaker;
mod direct;
mod entry;
mod environment;
mod file;
mod letters;
mod mirror;
mod monitor;
mod options;
mod outbox;
mod plan;
mod pull;
mod remote;
mod replay;
mod reserve;
#[cfg(test)]
mod simulation;
mod status;
mod turns;
mod verdict;

pub use letters::{DeadLetter, DeadLetterReason};
pub use options::{FailoverOptions, WriteMode};
pub use pull::PullProgress;
pub use status::{FailoverInfo, Paused, Status};

use crate::{Backend, BackendKind, ErrorKind, Filter, Info, RawRow, Read, Record, Result, Write};
use environment::Environment;
use file::File;
use futures_util::future::BoxFuture;
use options::Settings;
use remote::Remote;
use sea_orm::Value;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// A PostgREST server with a SQLite file beside it. Cloning is cheap.
///
/// ```no_run
/// use chronicle::failover::FailoverOptions;
/// use chronicle::postgrest::{Key, PostgrestOptions};
/// use chronicle::sqlite::SqliteOptions;
///
/// # async fn open() -> chronicle::Result<()> {
/// let failover = FailoverOptions::new(
///     SqliteOptions::new("chronicle.db"),
///     PostgrestOptions::new("https://project.supabase.co/rest/v1", Key::new("sb_secret_…")),
/// )
/// .connect()
/// .await?;
/// println!("{:?}", failover.status());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Failover {
    engine: Arc<Engine>,
    /// Ends the monitor with the last clone.
    monitor: Arc<monitor::Monitor>,
}

/// What a failover store is made of; everything but its tasks.
pub(crate) struct Engine {
    file: File,
    remote: Arc<dyn Remote>,
    environment: Arc<dyn Environment>,
    settings: Settings,
    rows: turns::Turns,
    woken: Notify,
    status: watch::Sender<Status>,
    /// Why the file did not take the last write that it should have taken.
    refusal: std::sync::Mutex<Option<ErrorKind>>,
    /// Whether the last write went to the file, so that the next one likely does.
    serves_file: std::sync::atomic::AtomicBool,
}

impl fmt::Debug for Failover {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Failover")
            .field("file", self.engine.file.sqlite())
            .field("remote", &self.engine.remote)
            .field("mode", &self.engine.settings.mode)
            .finish()
    }
}

impl Engine {
    pub(crate) async fn open(
        file: File,
        remote: Arc<dyn Remote>,
        environment: Arc<dyn Environment>,
        settings: Settings,
    ) -> Result<Self> {
        if file.state().await?.boot != environment.boot() {
            let mut transaction = file.begin(file::ForeignKeys::Off).await?;
            transaction.state.rebase(environment.boot(), environment.now(), settings.settle);
            transaction.commit().await?;
        }
        Ok(Self {
            file,
            remote,
            environment,
            settings,
            rows: turns::Turns::default(),
            woken: Notify::new(),
            status: watch::Sender::new(Status::Healthy),
            refusal: std::sync::Mutex::default(),
            serves_file: std::sync::atomic::AtomicBool::default(),
        })
    }

    fn wake(&self) {
        self.woken.notify_one();
    }
}

impl Failover {
    /// Who serves now, as this process last saw it.
    #[must_use]
    pub fn status(&self) -> Status {
        *self.engine.status.borrow()
    }

    /// A receiver that is told of every change of [`status`](Self::status). What another process
    /// changed is seen within a second.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.engine.status.subscribe()
    }

    /// The state of the outbox and the breaker, from the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn failover_info(&self) -> Result<FailoverInfo> {
        self.engine.info().await
    }

    /// The first `most` dead letters.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn dead_letters(&self, most: u32) -> Result<Vec<DeadLetter>> {
        self.engine.letters(most).await
    }

    /// Queues a dead letter as a new write, behind what waits now: it may overtake, or undo, what
    /// was written to its row since.
    ///
    /// # Errors
    /// `NotFound` when there is no such letter.
    pub async fn retry(&self, id: i64) -> Result<()> {
        self.engine.retry_letter(id).await
    }

    /// Forgets a dead letter, those that follow it, and their rows in the file where nothing else
    /// waits for them. Says how many letters those were.
    ///
    /// # Errors
    /// `NotFound` when there is no such letter.
    pub async fn drop_letter(&self, id: i64) -> Result<u64> {
        self.engine.drop_letter(id).await
    }

    /// Fills the file with the rows of `R` that the remote has, largest keys first (the newest,
    /// where keys are UUID v7), and at the end removes those that it does not have. Rows with an
    /// entry waiting, or written here meanwhile, are left alone. `tell` is called after each page of
    /// 500 rows.
    ///
    /// # Errors
    /// Those of a read at the remote; what was pulled until then stays.
    pub async fn pull<R: Record>(&self, tell: impl FnMut(PullProgress)) -> Result<PullProgress> {
        self.engine.pull(R::TABLE, tell).await
    }

    /// Removes the rows that match from the file only, and says how many: those that nothing waits
    /// for. The remote keeps them.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn prune<R: Record>(&self, filter: Filter<R>) -> Result<u64> {
        self.engine.prune(R::TABLE, filter.into_node()).await
    }

    /// Gives what an earlier version of the entity `R` queued the form of this one: `change` is
    /// given the values, by column, of each entry and dead letter that was queued with other columns
    /// than `R` has now, and renames or removes what the schema renamed or removed. Says how many
    /// those were. All of them are converted, or none.
    ///
    /// # Errors
    /// `SchemaMismatch` when a column is left that `R` does not have.
    pub async fn convert<R: Record>(
        &self,
        change: impl FnMut(&mut serde_json::Map<String, sea_orm::JsonValue>),
    ) -> Result<u64> {
        self.engine.convert(R::TABLE, change).await
    }

    /// Ends all pauses, and asks the remote again at once, for whoever knows that it is back.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn resume(&self) -> Result<()> {
        self.engine.resume().await
    }

    /// Replays until nothing waits, or the time is over: no request starts after it, and none is
    /// cut short. `true` when nothing waits.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub async fn flush(&self, time: Duration) -> Result<bool> {
        self.monitor.flush(&self.engine, time).await
    }
}

impl Backend for Failover {
    fn kind(&self) -> BackendKind {
        BackendKind::Failover
    }

    fn read<'a>(&'a self, read: &'a Read) -> BoxFuture<'a, Result<Vec<Vec<Value>>>> {
        Box::pin(self.engine.read(read))
    }

    fn count<'a>(&'a self, read: &'a Read) -> BoxFuture<'a, Result<u64>> {
        Box::pin(self.engine.count(read))
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<u64>> {
        Box::pin(self.engine.write(write))
    }

    fn query_raw<'a>(
        &'a self,
        sql: &'a str,
        parameters: Vec<Value>,
    ) -> BoxFuture<'a, Result<Vec<RawRow>>> {
        Box::pin(self.engine.query_raw(sql, parameters))
    }

    /// `Ok` while the file can serve, whether or not the remote can.
    fn health(&self) -> BoxFuture<'_, Result<()>> {
        self.engine.file.sqlite().health()
    }

    fn info(&self) -> BoxFuture<'_, Info> {
        Box::pin(async move {
            let file = self.engine.file.sqlite().info().await;
            let remote = self.engine.remote.info().await;
            Info {
                kind: BackendKind::Failover,
                location: format!("{} with {}", remote.location, file.location),
                version: remote.version,
                reason: None,
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            if self.engine.settings.mode == WriteMode::LocalFirst {
                self.flush(self.engine.settings.flush_on_close).await?;
            }
            self.monitor.end().await;
            self.engine.remote.close().await?;
            self.engine.file.sqlite().close().await
        })
    }
}
