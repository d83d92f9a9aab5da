//! [`File`]: the SQLite file of a failover store, with the failover's own tables beside the rows.
//!
//! Whatever belongs together is one transaction: a row and its outbox entry, an acknowledgement and
//! the letters that it brings back. What one process learns, the next one finds here.

mod state;
#[cfg(test)]
mod tests;
mod transaction;

pub(crate) use state::{Binding, Pause, State, Suspect};
pub(crate) use transaction::Transaction;

use super::reserve::Reserve;
use crate::backend::sqlite::from_sqlx;
use crate::{Backend, BackendKind, Error, ErrorKind, Read, Result, Sqlite};
use sea_orm::Value;
use sea_orm::sqlx::{self, AssertSqlSafe, Executor, Row};
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Mutex;
use transaction::Open;

const STATE: &str = "select state, (select coalesce(max(number), 0) from chronicle_recent_writes) \
    from chronicle_failover where id = 1";
const BEGIN: &str = "begin immediate; \
    select state, (select coalesce(max(number), 0) from chronicle_recent_writes) \
    from chronicle_failover where id = 1";

const SCHEMA: &str = "
    create table if not exists chronicle_failover (
        id integer primary key check (id = 1),
        state text not null,
        sending text not null default '[]'
    );
    create table if not exists chronicle_outbox (
        sequence integer primary key,
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
        number integer primary key,
        row_count integer not null default 1,
        table_name text not null,
        row_keys text not null
    );
";

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
    /// What it remembered last.
    seen: std::sync::Mutex<Option<Seen>>,
}

/// What the file remembered when it was last asked, or written.
#[derive(Clone, Debug)]
struct Seen {
    text: String,
    state: State,
    /// Whether it was as it had been seen before: nobody else writes now.
    is_steady: bool,
}

/// What a transaction asks of its connection. It can be changed between transactions only, and most
/// are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pragmas {
    foreign_keys: ForeignKeys,
    /// Whether a commit waits for the disk.
    is_durable: bool,
}

impl Pragmas {
    /// Its commit waits for the disk.
    pub(crate) const fn durable(foreign_keys: ForeignKeys) -> Self {
        Self { foreign_keys, is_durable: true }
    }

    /// Its commit does not wait: what the loss of power takes of the mirror, the remote has.
    pub(crate) const fn mirror(foreign_keys: ForeignKeys) -> Self {
        Self { foreign_keys, is_durable: false }
    }

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
            seen: std::sync::Mutex::new(None),
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
        let row = sqlx::query(STATE)
            .fetch_one(&mut *self.sqlite.reader().await?)
            .await
            .map_err(from_sqlx)?;
        let (text, state) = parse(&row)?;
        self.note(Seen { text, state: state.clone(), is_steady: true });
        Ok(state)
    }

    fn note(&self, seen: Seen) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
    }

    fn seen(&self) -> Option<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A transaction that writes, with what the file remembers. Its commit waits for the disk.
    pub(crate) async fn begin(&self, foreign_keys: ForeignKeys) -> Result<Transaction<'_>> {
        self.begin_with(Pragmas::durable(foreign_keys)).await
    }

    /// A transaction of the mirror. Its commit does not wait for the disk.
    pub(crate) async fn begin_mirror(&self, foreign_keys: ForeignKeys) -> Result<Transaction<'_>> {
        self.begin_with(Pragmas::mirror(foreign_keys)).await
    }

    async fn begin_with(&self, pragmas: Pragmas) -> Result<Transaction<'_>> {
        #[cfg(test)]
        let _in_use = super::simulation::storage::enter();
        let mut turn = self.turn.lock().await;
        let (mut open, mut seen) = self.open_transaction(&mut turn, pragmas).await?;
        if self.is_in_doubt.load(Ordering::Relaxed) {
            // A connection that was opened while the file could only be read stays so.
            let same = "update chronicle_failover set state = state where id = 1";
            let tried = open.connection()?.execute(same).await.map_err(from_sqlx);
            if tried.is_err_and(|error| error.kind() == ErrorKind::Denied) {
                *turn = None;
                open.discard().await?;
                (open, seen) = self.open_transaction(&mut turn, pragmas).await?;
            }
        }
        let is_in_doubt = Some(&self.is_in_doubt);
        Ok(Transaction::new(self, open, seen, is_in_doubt, turn))
    }

    /// A transaction on what the file remembered when it was last seen: if that is no longer so, it
    /// fails. One that asks nothing is made in a single way to SQLite's thread and back. `None` where
    /// it is not worth a try.
    pub(crate) async fn begin_as_seen(&self, pragmas: Pragmas) -> Result<Option<Transaction<'_>>> {
        #[cfg(test)]
        let _in_use = super::simulation::storage::enter();
        let mut turn = self.turn.lock().await;
        let seen = self.seen().filter(|seen| seen.is_steady);
        let Some(seen) = seen.filter(|_| !self.is_in_doubt.load(Ordering::Relaxed)) else {
            return Ok(None);
        };
        let mut connection = self.sqlite.writer().await?;
        if *turn != Some(pragmas) || !connection.is_own() {
            *turn = None;
            let set = sqlx::raw_sql(pragmas.statements()).execute(&mut *connection).await;
            set.map_err(from_sqlx)?;
            *turn = Some(pragmas);
        }
        let open = Open::not_yet(connection);
        Ok(Some(Transaction::new(self, open, seen, None, turn)))
    }

    /// Begins, and asks what the file remembers, in one way to SQLite's thread and back.
    async fn open_transaction(
        &self,
        known: &mut Option<Pragmas>,
        wanted: Pragmas,
    ) -> Result<(Open, Seen)> {
        let connection = self.sqlite.writer().await?;
        if !connection.is_own() {
            *known = None;
        }
        let mut open = Open::now(connection);
        let row = if *known == Some(wanted) {
            sqlx::query(BEGIN).fetch_one(open.connection()?).await
        } else {
            // A prepared pragma does its work when it is prepared, and no more when it runs again.
            *known = None;
            let sql = format!("{}; {BEGIN}", wanted.statements());
            sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(open.connection()?).await
        };
        let (text, state) = parse(&row.map_err(from_sqlx)?)?;
        *known = Some(wanted);
        let is_steady = self.seen().is_some_and(|seen| seen.text == text);
        let seen = Seen { text, state, is_steady };
        self.note(seen.clone());
        Ok((open, seen))
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

fn parse(row: &sqlx::sqlite::SqliteRow) -> Result<(String, State)> {
    let text: String = row.try_get(0).map_err(from_sqlx)?;
    let state: State = serde_json::from_str(&text).map_err(|error| {
        Error::new(
            ErrorKind::Corrupt,
            format!("the state of the failover in the file cannot be read: {error}"),
        )
    })?;
    let writes = row.try_get(1).map_err(from_sqlx)?;
    Ok((text, State { writes, ..state }))
}
