//! [`File`]: the SQLite file of a failover store, with the failover's own tables beside the rows.
//!
//! Whatever belongs together is one transaction: a row and its outbox entry, an acknowledgement and
//! the letters that it brings back. What one process learns, the next one finds here.

use super::breaker::Breaker;
use super::environment::Moment;
use super::outbox::Queued;
use super::reserve::Reserve;
use crate::backend::sqlite::{Connection, arguments, from_sqlx};
use crate::{Backend, BackendKind, Error, ErrorKind, Read, Result, Sqlite};
use futures_util::TryStreamExt;
use sea_orm::Value;
use sea_orm::sqlx::sqlite::SqliteConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Executor, Row};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};

const SCHEMA: &str = "
    create table if not exists chronicle_failover (
        id integer primary key check (id = 1),
        state text not null,
        sending text not null default '[]'
    );
    create table if not exists chronicle_outbox (
        sequence integer primary key autoincrement,
        table_name text not null,
        row_key text not null,
        local_key,
        key_column text not null,
        kind text not null,
        columns text not null,
        body text not null,
        parents text not null,
        is_ordered integer not null,
        brings_row integer not null,
        is_sent integer not null,
        base text,
        schema_version text not null,
        failures integer not null default 0,
        bytes integer not null,
        queued_at integer not null
    );
    create index if not exists chronicle_outbox_row on chronicle_outbox (table_name, row_key);
    create table if not exists chronicle_dead_letters (
        id integer primary key autoincrement,
        sequence integer not null,
        table_name text not null,
        row_key text not null,
        local_key,
        key_column text not null,
        kind text not null,
        columns text not null,
        body text not null,
        parents text not null,
        is_ordered integer not null,
        brings_row integer not null,
        is_sent integer not null,
        base text,
        schema_version text not null,
        bytes integer not null,
        queued_at integer not null,
        reason text not null,
        is_absent integer not null,
        returns integer not null,
        missing_table text,
        missing_key text,
        code text,
        message text not null,
        died_at integer not null
    );
    create index if not exists chronicle_dead_letters_missing
        on chronicle_dead_letters (missing_table, missing_key);
    create table if not exists chronicle_recent_writes (
        table_name text not null,
        row_key text not null,
        number integer not null,
        at integer not null,
        primary key (table_name, row_key)
    ) without rowid;
";

/// What the file remembers between calls and between processes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    pub(crate) binding: Option<Binding>,
    /// The start of the machine that the times here count from.
    pub(crate) boot: String,
    pub(crate) breaker: Breaker,
    /// Until then a request that got no answer may still arrive.
    pub(crate) settle_until: Moment,
    /// Whether the replaying process waits for answers about the entries in `sending`, beside this:
    /// set before the requests leave.
    pub(crate) is_sending: bool,
    /// An entry that alone got no answer: it counts if the server serves otherwise.
    pub(crate) suspect: Option<Suspect>,
    /// Until then new writes wait, so that replay can finish.
    pub(crate) gate_until: Moment,
    /// Tables whose entries stand still, and why; under `*` all of them.
    pub(crate) pauses: BTreeMap<String, Pause>,
    /// Entries in the outbox.
    pub(crate) waiting: Queued,
    /// Dead letters.
    pub(crate) dead: Queued,
    /// When the remote last accepted a write, by the clock on the wall.
    pub(crate) last_success: Option<Moment>,
    /// The number of writes through this file, to tell which came after a read began.
    pub(crate) writes: u64,
}

impl State {
    /// The machine has started anew: what has a time is due now, and what may arrive late may still.
    pub(crate) fn rebase(&mut self, boot: &str, now: Moment, settle: Duration) {
        boot.clone_into(&mut self.boot);
        self.breaker.rebase(now);
        self.gate_until = 0;
        if self.settle_until != 0 {
            self.settle_until = now + settle.as_millis() as Moment;
        }
        for pause in self.pauses.values_mut() {
            pause.try_at = now;
        }
    }
}

/// What a file belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Binding {
    pub(crate) remote: String,
    pub(crate) identity: String,
    pub(crate) mode: String,
}

/// An entry whose request, which was about its row only, got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Suspect {
    pub(crate) sequence: i64,
    /// Whether nothing travelled with it.
    pub(crate) is_alone: bool,
}

/// Why a table's entries stand still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pause {
    pub(crate) try_at: Moment,
    pub(crate) code: Option<String>,
    pub(crate) message: String,
}

/// Whether a transaction checks foreign keys, and cascades deletes. Rows whose parents the file
/// does not know are accepted; deletes take the children along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForeignKeys {
    Off,
    On,
}

#[derive(Debug)]
pub(crate) struct File {
    sqlite: Sqlite,
    reserve: Option<Reserve>,
    /// Whether the last transaction was not committed: the file may take no write.
    is_in_doubt: AtomicBool,
    /// One transaction at a time; and the pragmas of the connection that writes, if they are known.
    turn: Mutex<Option<Pragmas>>,
}

/// What a transaction asks of its connection. It can be changed between transactions only, and most
/// are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pragmas {
    foreign_keys: ForeignKeys,
    /// Whether a commit waits for the disk.
    is_durable: bool,
}

impl Pragmas {
    const fn statements(self) -> &'static str {
        match (self.foreign_keys, self.is_durable) {
            (ForeignKeys::Off, true) => "pragma foreign_keys = off; pragma synchronous = full",
            (ForeignKeys::On, true) => "pragma foreign_keys = on; pragma synchronous = full",
            (ForeignKeys::Off, false) => "pragma foreign_keys = off; pragma synchronous = normal",
            (ForeignKeys::On, false) => "pragma foreign_keys = on; pragma synchronous = normal",
        }
    }
}

impl File {
    pub(crate) async fn open(sqlite: Sqlite) -> Result<Self> {
        let file = Self {
            sqlite,
            reserve: None,
            is_in_doubt: AtomicBool::new(false),
            turn: Mutex::new(None),
        };
        file.sqlite.execute_script(SCHEMA).await?;
        let mut connection = file.sqlite.writer().await?;
        // A file that another process writes, or that may only be read, can be opened nevertheless.
        let known =
            sqlx::query("select 1 from chronicle_failover").fetch_optional(&mut *connection).await;
        if known.map_err(from_sqlx)?.is_none() {
            let first = "insert into chronicle_failover (id, state) values (1, '{}') on conflict do nothing";
            sqlx::query(first).execute(&mut *connection).await.map_err(from_sqlx)?;
        }
        drop(connection);
        Ok(file)
    }

    /// Keeps room on the disk for acknowledgements.
    pub(crate) async fn keep(mut self, reserve: Reserve) -> Self {
        reserve.hold().await;
        self.reserve = Some(reserve);
        self
    }

    /// Fails while the disk is full: what is left is for acknowledgements.
    pub(crate) async fn room(&self) -> Result<()> {
        match &self.reserve {
            Some(reserve) if !reserve.hold().await => {
                let message = "the disk is full: what is left is kept for replay";
                Err(Error::new(ErrorKind::StorageFull, message)
                    .with_backend(BackendKind::Sqlite)
                    .with_hint("free some space; nothing was stored"))
            }
            _ => Ok(()),
        }
    }

    /// Gives up the room that is kept, if that may help against this error.
    pub(crate) fn free_room(&self, error: &Error) -> bool {
        error.kind() == ErrorKind::StorageFull && self.reserve.as_ref().is_some_and(Reserve::free)
    }

    /// Runs a transaction that replay needs: on a full disk once more, in the room that is kept.
    pub(crate) async fn acknowledge<T, Work: Future<Output = Result<T>>>(
        &self,
        work: impl Fn() -> Work,
    ) -> Result<T> {
        match work().await {
            Err(error) if self.free_room(&error) => work().await,
            result => result,
        }
    }

    pub(crate) const fn sqlite(&self) -> &Sqlite {
        &self.sqlite
    }

    /// What the file remembers now.
    pub(crate) async fn state(&self) -> Result<State> {
        #[cfg(test)]
        let _in_use = super::simulation::storage::enter();
        let row = sqlx::query("select state from chronicle_failover where id = 1")
            .fetch_one(&mut *self.sqlite.reader().await?)
            .await
            .map_err(from_sqlx)?;
        parse(&row)
    }

    /// A transaction that writes, with what the file remembers. Its commit waits for the disk.
    pub(crate) async fn begin(&self, foreign_keys: ForeignKeys) -> Result<Transaction<'_>> {
        self.begin_with(Pragmas { foreign_keys, is_durable: true }).await
    }

    /// A transaction of the mirror. Its commit does not wait for the disk: what the loss of power
    /// takes of it, the remote has.
    pub(crate) async fn begin_mirror(&self, foreign_keys: ForeignKeys) -> Result<Transaction<'_>> {
        self.begin_with(Pragmas { foreign_keys, is_durable: false }).await
    }

    async fn begin_with(&self, pragmas: Pragmas) -> Result<Transaction<'_>> {
        #[cfg(test)]
        let in_use = super::simulation::storage::enter();
        let mut turn = self.turn.lock().await;
        let (mut open, mut state) = self.open_transaction(&mut turn, pragmas).await?;
        if self.is_in_doubt.load(Ordering::Relaxed) {
            // A connection that was opened while the file could only be read stays so.
            let same = "update chronicle_failover set state = state where id = 1";
            let tried = open.connection()?.execute(same).await.map_err(from_sqlx);
            if tried.is_err_and(|error| error.kind() == ErrorKind::Denied) {
                *turn = None;
                if let Some(connection) = open.0.take() {
                    connection.discard().await.map_err(from_sqlx)?;
                }
                (open, state) = self.open_transaction(&mut turn, pragmas).await?;
            }
        }
        Ok(Transaction {
            open,
            before: state.clone(),
            state,
            later: Statements::default(),
            end: End { is_in_doubt: &self.is_in_doubt, is_committed: false },
            _turn: turn,
            #[cfg(test)]
            _in_use: in_use,
        })
    }

    /// Begins, and asks what the file remembers, in one way to SQLite's thread and back.
    async fn open_transaction(
        &self,
        known: &mut Option<Pragmas>,
        wanted: Pragmas,
    ) -> Result<(Open, State)> {
        const BEGIN: &str = "begin immediate; select state from chronicle_failover where id = 1";
        let connection = self.sqlite.writer().await?;
        if !connection.is_own() {
            *known = None;
        }
        let mut open = Open(Some(connection));
        let row = if *known == Some(wanted) {
            sqlx::query(BEGIN).fetch_one(open.connection()?).await
        } else {
            // A prepared pragma does its work when it is prepared, and no more when it runs again.
            *known = None;
            let sql = format!("{}; {BEGIN}", wanted.statements());
            sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(open.connection()?).await
        };
        let row = row.map_err(from_sqlx)?;
        *known = Some(wanted);
        Ok((open, parse(&row)?))
    }

    /// The rows in the file.
    pub(crate) async fn read(&self, read: &Read) -> Result<Vec<Vec<Value>>> {
        #[cfg(test)]
        let _in_use = super::simulation::storage::enter();
        self.sqlite.read(read).await
    }

    /// How many rows the file has.
    pub(crate) async fn count(&self, read: &Read) -> Result<u64> {
        #[cfg(test)]
        let _in_use = super::simulation::storage::enter();
        self.sqlite.count(read).await
    }
}

fn parse(row: &sqlx::sqlite::SqliteRow) -> Result<State> {
    let text: &str = row.try_get(0).map_err(from_sqlx)?;
    serde_json::from_str(text).map_err(|error| {
        Error::new(
            ErrorKind::Corrupt,
            format!("the state of the failover in the file cannot be read: {error}"),
        )
    })
}

/// A transaction on the file. Dropped without [`commit`](Self::commit) it changes nothing.
pub(crate) struct Transaction<'a> {
    open: Open,
    /// Stored with the transaction where it was changed.
    pub(crate) state: State,
    before: State,
    later: Statements,
    end: End<'a>,
    _turn: MutexGuard<'a, Option<Pragmas>>,
    #[cfg(test)]
    _in_use: super::simulation::storage::InUse,
}

/// Tells the next transaction whether this one was committed.
struct End<'a> {
    is_in_doubt: &'a AtomicBool,
    is_committed: bool,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.is_in_doubt.store(!self.is_committed, Ordering::Relaxed);
    }
}

/// A connection with a transaction, which is rolled back when this is dropped.
struct Open(Option<Connection>);

impl Open {
    fn connection(&mut self) -> Result<&mut SqliteConnection> {
        let connection = self.0.as_deref_mut();
        connection.ok_or_else(|| Error::new(ErrorKind::Internal, "the transaction has ended"))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(connection) = self.0.take() else { return };
        let mut ending = Ending(Some(connection));
        // Without a runtime the program ends.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let Some(connection) = &mut ending.0 else { return };
                // SQLite may have rolled back by itself.
                let _ = sqlx::raw_sql("rollback").execute(&mut **connection).await;
                drop(ending.0.take());
            });
        }
    }
}

/// A connection that is closed, and the transaction on it rolled back so, unless it is taken out.
struct Ending(Option<Connection>);

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            connection.abandon();
        }
    }
}

/// Statements that have no answer, to be run at once: SQLite works on a thread of its own, and each
/// way there and back takes longer than a small statement.
#[derive(Debug, Default)]
struct Statements {
    sql: String,
    count: usize,
    values: Vec<Value>,
}

impl Transaction<'_> {
    /// The connection, after all that was put off has been run.
    pub(crate) async fn connection(&mut self) -> Result<&mut SqliteConnection> {
        self.run_later().await?;
        self.open.connection()
    }

    /// Runs a statement with the next ones, before anything that has an answer. Its parameters are
    /// `?`, since they are counted through all of those.
    pub(crate) fn later(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        self.later.sql.push_str(sql);
        self.later.sql.push(';');
        self.later.count += 1;
        self.later.values.extend(values);
    }

    pub(crate) async fn run_later(&mut self) -> Result<()> {
        let Statements { sql, count, values } = std::mem::take(&mut self.later);
        if count == 0 {
            return Ok(());
        }
        let query = sqlx::query_with(AssertSqlSafe(sql), arguments(values));
        let mut answers = self.open.connection()?.fetch_many(query);
        let mut done = 0;
        // The end of the answers would be another change of threads.
        while done < count
            && let Some(answer) = answers.try_next().await.map_err(from_sqlx)?
        {
            done += usize::from(answer.is_left());
        }
        Ok(())
    }

    pub(crate) async fn commit(mut self) -> Result<State> {
        if self.state != self.before {
            let text = serde_json::to_string(&self.state)
                .map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
            self.later("update chronicle_failover set state = ? where id = 1", [text.into()]);
        }
        self.later("commit", []);
        self.run_later().await?;
        self.open.0 = None;
        self.end.is_committed = true;
        #[cfg(test)]
        super::simulation::storage::committed();
        Ok(self.state)
    }
}
