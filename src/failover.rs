//! The failover store: a PostgREST server with a SQLite file beside it.
//!
//! The remote is the authority. While it is out of reach the file serves, and what is written
//! meanwhile waits in an outbox in the same file, until it is replayed: row by row in order, nothing
//! lost. Both see the same typed repositories.
//!
//! **The file is asked before each call** who serves it. A write goes to the remote unless the remote
//! is out of reach, its table stands still, or something that waits is in its way: an entry of the same
//! row, of a row that it refers to, of a child of what it deletes, or of one of its unique values. So
//! what depends on nothing that waits goes to the remote although other things still wait, and a
//! backlog does not grow by it. A read goes by its table: to the file while something of it waits.
//!
//! # What is promised
//!
//! - A write that was acknowledged is at the remote, in the outbox, or a dead letter; also after SIGKILL
//!   and the loss of power.
//! - The writes of a row keep their order, parents go before their children, and an insert makes no
//!   duplicate.
//! - A process sees its own writes by key, unless they are dead letters, a letter holds them, or the remote
//!   hides the row. Where a row was written and the file could not keep up, a read by its key in an outage says so
//!   ([`Unavailable`](crate::ErrorKind::Unavailable)) instead of guessing. Of a row that was never read
//!   or written here the file knows nothing, and says that there is none.
//! - The store is [`Healthy`](Status::Healthy) again within a bounded time after the remote is, also
//!   while writers go on, as long as some process has it open. That it is says nothing of dead letters,
//!   and with [`LocalFirst`](WriteMode::LocalFirst) nothing of what waits: see
//!   [`failover_info`](Failover::failover_info).
//!
//! **With the server's function** `chronicle_apply` (`cargo run -p chronicle-migration -- chronicle-apply up`
//! installs it; the pair asks for it by itself):
//!
//! - What is replayed takes effect once, and never late: a request that arrives after it was sent again
//!   does nothing, and a delete need not wait until an earlier request can no longer arrive. So it is with
//!   updates, upserts and deletes by key that go straight to the remote.
//! - [`transaction`](crate::Store::transaction) is one group of the outbox: replayed, refused, retried and
//!   dropped as one. An update of a row that is not there refuses all of it.
//! - [`add`](crate::add) is queued as what it is, so that changes on both sides count.
//!
//! Where it is not known yet whether the server has it, the last two are queued, and wait with a pause of
//! their table that says what is missing; if other writes of the table pass five times meanwhile, they become
//! dead letters ([`Unanswerable`](DeadLetterReason::Unanswerable)). So it is where the role may not call it, as
//! Supabase's `anon`. Where the server was asked and has none, they are `Unsupported`.
//!
//! **Not promised** without it: that an update is applied once, or before newer ones from elsewhere: the
//! last to arrive wins, by column, unless the entity says otherwise. Never: that a bulk write is replayed as
//! one; foreign keys and SQL of your own while the file serves; rows that the file never saw, for which
//! there is [`pull`](Failover::pull), or [`keep`](Failover::keep) for a part of a table. And four things that no rule closes:
//!
//! - A process that is stopped between asking the file and sending may send an old write late. Its
//!   move of a row under a parent that was deleted meanwhile is lost with the row.
//! - A direct write of a process that is killed with the request under way may arrive late, over a newer
//!   one, also by the function, to which nobody sends it again. [`WriteMode::LocalFirst`] has no direct
//!   writes.
//! - A row that the file lacks, changed below a parent whose delete waits: the write says that it
//!   touched a row, and a read finds none.
//! - An insert without answer, of a key that somebody else has used meanwhile, is taken for the own
//!   one. Keys made by the client do not meet it.
//!
//! A call runs to its end on the store's own thread, whether or not its future is dropped, and nothing
//! depends on the caller's runtime.
//!
//! # What depends on who serves
//!
//! Repositories give the same answers whichever of the two serves, but for these:
//!
//! | | the remote | the file |
//! |---|---|---|
//! | a row without its parent | `ForeignKey` | accepted; at the remote it becomes a dead letter, and goes again once its parent is there, and each minute |
//! | [`query_raw`](crate::Store::query_raw), [`call`](crate::Store::call) | run; what they change gets to the file when it is read | `Unavailable`, and so while anything waits but dead letters and what they hold |
//! | a row without its key, which the database counts up | gets one | `Unsupported` |
//! | rows of a table or view without a key | are read | `Unavailable`: they are at the remote alone |
//! | [`upsert_on`](crate::Repository::upsert_on), `insert_if_absent_on` | work | `Unsupported` |
//! | a bulk write that is refused | the rows of earlier requests stay ([`rows_stored`](crate::Error::rows_stored)) | none of its rows stay |
//! | a condition that is too long for a URL | `InvalidInput` | works |
//! | no row, a count, rows touched | at the remote | in the file, which may lack rows that were never read or written here, and those that are to be fetched (`unsure` in [`failover_info`](Failover::failover_info)) |
//! | [`Error::backend`](crate::Error::backend) and `code` | PostgREST's | SQLite's |
//!
//! # The file
//!
//! It belongs to one remote, one identity (the key's role, or who is signed in) and one mode: each
//! transaction and each request finds that so, or fails. Its tables have to be there at
//! [`connect`](FailoverOptions::connect). Rows that it held before it had a remote are
//! [adopted](FailoverOptions::adopt) or [waived](FailoverOptions::waive), table by table; a
//! [`pull`](Failover::pull) never removes one that was not at the remote.
//!
//! Beside it stand `-replay`, the lock of the process that replays, and `-reserve`, 8 MB that are
//! given up on a full disk, so that what is replayed can be acknowledged. Until they are free again
//! new writes are refused with `StorageFull`, as they are with `Denied` while the file may only be
//! read: the status is [`Failed`](Status::Failed) if the file should have taken them. Nothing that was
//! acknowledged is lost, and the remote serves as long as it can be reached.
//!
//! What is written to the file past the pair bypasses the outbox, and the remote never hears of it: by
//! SQL of your own, or by a repository on [`Sqlite::open`](crate::Sqlite::open). [`Config`](crate::Config)
//! refuses such a file without its server's address.
//!
//! The file is opened with `synchronous = FULL`, and a request is sent once, whatever the options say:
//! the pair itself knows what may be sent again. After a request without answer that did not go by the
//! function no update, upsert or delete is replayed for the time to [settle](FailoverOptions::settle), in which it may still arrive.
//!
//! # What to look at
//!
//! [`failover_info`](Failover::failover_info) tells the state, its cause and what waits, and
//! [`watch`](Failover::watch) of each change. Tables that stand still, since the schema or a right was
//! changed, are tried each minute, or at once by [`resume`](Failover::resume).
//! [`dead_letters`](Failover::dead_letters) are the writes that the remote refuses. They stay at their
//! place in the outbox and hold what needs their row: [`retry`](Failover::retry) or
//! [`drop`](Failover::drop_letter) them, one by one or [in bulk](Failover::retry_letters).
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
//! | `chronicle_mirror_rows_left_out_total` | counter: rows that were read and not kept | |
//! | `chronicle_outbox_rows`, `chronicle_outbox_bytes` | gauge | |
//! | `chronicle_dead_letters` | gauge | |
//! | `chronicle_replay_lag_seconds` | gauge: how long the first entry waits | |
//! | `chronicle_replay_seconds` | histogram: one request | `table`, `operation` |
//!
//! Each request of replay is a `tracing` event `replayed` with `table`, `operation`, `rows` and
//! `outcome`. None of them holds a value of a row, a key or a token.

pub(crate) mod engine;
pub(crate) mod environment;
pub(crate) mod file;
mod keep;
mod letter;
mod monitor;
pub(crate) mod options;
mod outbox_entry;
pub(crate) mod remote;
mod reserve;
mod row_state;
pub(crate) mod rules;
pub(crate) mod seam;
mod status;
mod turns;
mod worker;

pub use keep::{Keep, Keeping};
pub use letter::{DeadLetter, DeadLetterReason, LetterFilter};
pub use options::{FailoverOptions, WriteMode};
pub use outbox_entry::OutboxEntry;
pub use row_state::RowState;
pub use status::{FailoverInfo, Paused, Status};

use crate::operation::Written;
use crate::{
    Aggregation, Backend, BackendKind, Filter, Info, Keyed, Merge, RawRow, Read, Result, Write,
};
use engine::Engine;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sea_orm::Value;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

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

/// How far a [`pull`](Failover::pull) has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PullProgress {
    /// Rows that were read from the remote so far.
    pub pulled: u64,
    /// Rows that were removed from the file because the remote does not have them; known at the end.
    pub removed: u64,
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

impl Failover {
    /// Who serves now, as this process last saw it.
    ///
    /// ```no_run
    /// # async fn look(failover: chronicle::failover::Failover) {
    /// use chronicle::failover::Status;
    ///
    /// if failover.status() != Status::Healthy {
    ///     println!("the file serves, or something waits");
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn status(&self) -> Status {
        *self.engine.status.borrow()
    }

    /// A receiver that is told of every change of [`status`](Self::status). What another process
    /// changed is seen within a second.
    ///
    /// ```no_run
    /// # async fn look(failover: chronicle::failover::Failover) {
    /// let mut status = failover.watch();
    /// while status.changed().await.is_ok() {
    ///     println!("{:?}", *status.borrow());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.engine.status.subscribe()
    }

    /// Runs SQL of your own on the file, which only reads: whatever the remote has or does, the rows are
    /// those that the file holds now, with what waits for the remote, and without what it never saw.
    /// `$1`, `$2` … stand for the parameters, as in [`Store::query_raw`](crate::Store::query_raw), which
    /// asks the remote. The tables `chronicle_…` are the failover's own, and no interface.
    ///
    /// A program that writes to the file past its store writes past the outbox as well: such a change
    /// never comes to the remote, and a later read of the row overwrites it.
    ///
    /// ```
    /// # use chronicle::failover::Failover;
    /// # async fn look(failover: &Failover) -> chronicle::Result<()> {
    /// let sql = "select priority, count(*) as tasks from tasks where priority > $1 group by priority";
    /// for row in failover.query_file(sql, [2.into()]).await? {
    ///     println!("{} {}", row["priority"], row["tasks"]);
    /// }
    /// # Ok(()) }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for a statement that writes, or a parameter that cannot be stored; what SQLite says
    /// of the statement.
    pub async fn query_file(
        &self,
        sql: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<RawRow>> {
        let parameters: Result<Vec<Value>> =
            parameters.into_iter().map(crate::value::parameter).collect();
        self.engine.file.sqlite().look_raw(sql.to_owned(), parameters?).await
    }

    /// The state of the outbox and the breaker, from the file.
    ///
    /// ```no_run
    /// # async fn look(failover: chronicle::failover::Failover) -> chronicle::Result<()> {
    /// let info = failover.failover_info().await?;
    /// println!("{} wait, {} refused: {:?}", info.outbox_rows, info.dead_letters, info.cause);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn failover_info(&self) -> Result<FailoverInfo> {
        self.engine.info()
    }

    /// The first `most` writes that wait for the remote, in the order in which they were made; those that
    /// dead letters hold as well, the letters themselves not.
    ///
    /// ```no_run
    /// # async fn look(failover: chronicle::failover::Failover) -> chronicle::Result<()> {
    /// for entry in failover.outbox(100).await? {
    ///     println!("{} {} since {}", entry.operation, entry.table, entry.queued_at);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn outbox(&self, most: u32) -> Result<Vec<OutboxEntry>> {
        self.engine.outbox(most).await
    }

    /// The write with this number, if it waits for the remote.
    ///
    /// ```no_run
    /// # async fn look(failover: chronicle::failover::Failover) -> chronicle::Result<()> {
    /// if let Some(entry) = failover.outbox_entry(17).await? {
    ///     println!("{}", entry.values);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn outbox_entry(&self, id: i64) -> Result<Option<OutboxEntry>> {
        self.engine.outbox_entry(id).await
    }

    /// The first `most` dead letters, by their number.
    ///
    /// ```no_run
    /// # async fn look(failover: chronicle::failover::Failover) -> chronicle::Result<()> {
    /// for letter in failover.dead_letters(100).await? {
    ///     println!("{} {}: {:?} {}", letter.operation, letter.table, letter.reason, letter.message);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn dead_letters(&self, most: u32) -> Result<Vec<DeadLetter>> {
        self.engine.letters(LetterFilter::all(), most).await
    }

    /// The first `most` dead letters that the filter names.
    ///
    /// ```no_run
    /// # async fn look(failover: chronicle::failover::Failover) -> chronicle::Result<()> {
    /// use chronicle::failover::{DeadLetterReason, LetterFilter};
    ///
    /// let refused = LetterFilter::all().table("events").reason(DeadLetterReason::Refused);
    /// println!("{}", failover.find_letters(refused, 100).await?.len());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn find_letters(&self, filter: LetterFilter, most: u32) -> Result<Vec<DeadLetter>> {
        self.engine.letters(filter, most).await
    }

    /// The dead letter with this number, if there is one.
    ///
    /// ```no_run
    /// # async fn look(failover: chronicle::failover::Failover) -> chronicle::Result<()> {
    /// if let Some(letter) = failover.dead_letter(17).await? {
    ///     println!("{}: {}", letter.reason, letter.message);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn dead_letter(&self, id: i64) -> Result<Option<DeadLetter>> {
        self.engine.letter(id).await
    }

    /// Lets a dead letter go again: in its place while it holds what waits for it, else as a new
    /// write behind what waits now, with a new id, which may overtake what was written to its row
    /// since.
    ///
    /// ```no_run
    /// # async fn look(failover: chronicle::failover::Failover) -> chronicle::Result<()> {
    /// for letter in failover.dead_letters(1).await? {
    ///     failover.retry(letter.id).await?;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `NotFound` when there is no such letter. One that goes again already, with another one of its
    /// transaction, is none.
    pub async fn retry(&self, id: i64) -> Result<()> {
        self.engine.retry(id).await
    }

    /// Lets all dead letters go again that the filter names; how many those are.
    ///
    /// ```no_run
    /// # async fn look(failover: chronicle::failover::Failover) -> chronicle::Result<()> {
    /// use chronicle::failover::LetterFilter;
    ///
    /// let again = failover.retry_letters(LetterFilter::all().table("events")).await?;
    /// println!("{again} go again");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the file cannot be written; those before it go again. What the file says of a letter whose
    /// change it does not take, since what was written later is in its way: the first such letter is named,
    /// they stay, and all others go again.
    pub async fn retry_letters(&self, filter: LetterFilter) -> Result<u64> {
        self.engine.retry_letters(filter).await
    }

    /// Forgets a dead letter. One that was to bring a row takes along what came by it: the updates of
    /// that row up to its next insert, upsert or delete, and the rows that refer to it, with theirs.
    /// What is left of the rows in the file is fetched from the remote. Says how many writes were
    /// forgotten.
    ///
    /// ```no_run
    /// # async fn look(failover: chronicle::failover::Failover) -> chronicle::Result<()> {
    /// for letter in failover.dead_letters(1).await? {
    ///     println!("{} writes are gone", failover.drop_letter(letter.id).await?);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `NotFound` when there is no such letter, as after another one of its
    /// [transaction](DeadLetter::together) was dropped; `Busy` while a request with it may still arrive.
    pub async fn drop_letter(&self, id: i64) -> Result<u64> {
        self.engine.drop_letter(id).await
    }

    /// Forgets all dead letters that the filter names, each as [`drop_letter`](Self::drop_letter)
    /// does. Says how many letters those were.
    ///
    /// ```no_run
    /// # async fn look(failover: chronicle::failover::Failover) -> chronicle::Result<()> {
    /// use chronicle::failover::LetterFilter;
    ///
    /// failover.drop_letters(LetterFilter::all().table("events")).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of `drop_letter`; those before it are forgotten.
    pub async fn drop_letters(&self, filter: LetterFilter) -> Result<u64> {
        self.engine.drop_letters(filter).await
    }

    /// Fills the file with the rows of `R` that the remote has, largest keys first (the newest,
    /// where keys are UUID v7), and at the end removes those that it does not have. Rows with an
    /// entry or a dead letter, rows above such, rows that never were at the remote, and what was read
    /// or written meanwhile are left alone. `tell` is called after each page of
    /// 500 rows.
    ///
    /// ```no_run
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # async fn look(failover: chronicle::failover::Failover) -> chronicle::Result<()> {
    /// let done = failover.pull::<task::Model>(|now| println!("{} rows", now.pulled)).await?;
    /// println!("{} rows are gone", done.removed);
    /// # Ok(()) }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// Those of a read at the remote; what was pulled until then stays. `Unsupported` where another
    /// entity of the table has more columns: pull that one.
    pub async fn pull<R: Keyed>(&self, tell: impl FnMut(PullProgress)) -> Result<PullProgress> {
        self.engine.pull(R::TABLE, tell).await
    }

    /// Removes the rows that match from the file only, and says how many: those that nothing waits
    /// for. The remote keeps them.
    ///
    /// ```no_run
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # async fn look(failover: chronicle::failover::Failover) -> chronicle::Result<()> {
    /// failover.prune(Tasks::DONE_AT.is_not_null()).await?;
    /// # Ok(()) }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn prune<R: Keyed>(&self, filter: Filter<R>) -> Result<u64> {
        self.engine.prune(R::TABLE, filter.into_node()).await
    }

    /// Gives what an earlier version of the entity `R` queued the form of this one: `change` is
    /// given the values, by column, of each entry and dead letter that was queued with other columns
    /// than `R` has now, and renames or removes what the schema renamed or removed. Says how many
    /// those were. All of them are converted, or none.
    ///
    /// ```no_run
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # async fn look(failover: chronicle::failover::Failover) -> chronicle::Result<()> {
    /// // Version 1 called the column `name`.
    /// failover
    ///     .convert::<task::Model>(|values| {
    ///         if let Some(name) = values.remove("name") {
    ///             values.insert("title".to_owned(), name);
    ///         }
    ///     })
    ///     .await?;
    /// # Ok(()) }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// `SchemaMismatch` when a column is left that `R` does not have.
    pub async fn convert<R: Keyed>(
        &self,
        change: impl FnMut(&mut serde_json::Map<String, sea_orm::JsonValue>) + Send + 'static,
    ) -> Result<u64> {
        self.engine.convert(R::TABLE, change).await
    }

    /// Tries what is paused, and asks the remote again, at once: for whoever knows that it is back.
    ///
    /// ```no_run
    /// # async fn look(failover: chronicle::failover::Failover) -> chronicle::Result<()> {
    /// failover.resume().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn resume(&self) -> Result<()> {
        self.engine.resume().await
    }

    /// Replays until nothing waits but dead letters and what they hold, or the time is over: no request
    /// starts after it, and none is cut short. It asks the remote first, although it was out of reach;
    /// what stands still for the schema or a right is tried each minute, or by [`resume`](Self::resume).
    /// `true` when nothing waits any more.
    ///
    /// ```no_run
    /// # async fn look(failover: chronicle::failover::Failover) -> chronicle::Result<()> {
    /// let is_drained = failover.flush(std::time::Duration::from_secs(2)).await?;
    /// println!("{is_drained}");
    /// # Ok(()) }
    /// ```
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

    fn aggregate<'a>(
        &'a self,
        aggregation: &'a Aggregation,
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>>> {
        Box::pin(self.engine.aggregate(aggregation))
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Written>> {
        Box::pin(self.engine.write(write))
    }

    fn transaction(&self, writes: Vec<Write>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.engine.write_together(writes).await })
    }

    fn query_raw<'a>(
        &'a self,
        sql: &'a str,
        parameters: Vec<Value>,
    ) -> BoxFuture<'a, Result<Vec<RawRow>>> {
        Box::pin(self.engine.query_raw(sql, parameters))
    }

    fn merge(&self, merge: Merge) -> BoxFuture<'_, Result<Vec<Value>>> {
        Box::pin(self.engine.merge(merge))
    }

    fn call<'a>(&'a self, function: &'a str, arguments: RawRow) -> BoxFuture<'a, Result<Vec<u8>>> {
        Box::pin(self.engine.call(function, arguments))
    }

    fn changes(&self) -> Result<BoxStream<'static, ()>> {
        self.engine.changes()
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
            // A watch that asked a remote which is closed would take that for an outage.
            self.engine.file.sqlite().end_changes();
            // What is flushed now has a deadline, which the task behind the callers does not know.
            self.monitor.stop();
            let flushed = match self.engine.settings.mode {
                WriteMode::LocalFirst => {
                    self.flush(self.engine.settings.flush_on_close).await.map(drop)
                }
                WriteMode::RemoteFirst => Ok(()),
            };
            self.monitor.end().await;
            self.engine.calls_have_ended().await;
            let engine = self.engine.clone();
            let noted = Box::pin(async move { engine.missed_is_noted().await });
            let noted = self.engine.to_its_end(noted).await;
            let closed = self.engine.remote.close().await;
            self.engine.file.sqlite().close().await.and(closed).and(flushed).and(noted)
        })
    }
}
