//! [`Transaction`]: a change of the file, which is made as a whole or not at all.

use super::{BEGIN, File, Pragmas, Seen, State, parse};
use crate::backend::sqlite::{Connection, arguments, from_sqlx};
use crate::{Error, ErrorKind, Result};
use futures_util::TryStreamExt;
use sea_orm::Value;
use sea_orm::sqlx::sqlite::SqliteConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Executor};
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::MutexGuard;

/// A transaction on the file. Dropped without [`commit`](Self::commit) it changes nothing.
pub(crate) struct Transaction<'a> {
    file: &'a File,
    open: Open,
    /// Stored with the transaction where it was changed.
    pub(crate) state: State,
    /// The state at the beginning, as the file has it.
    before: String,
    later: Statements,
    end: End<'a>,
    _turn: MutexGuard<'a, Option<Pragmas>>,
    #[cfg(test)]
    _in_use: crate::failover::simulation::storage::InUse,
}

/// Tells the next transaction that this one was not committed, unless it was; nothing for one that
/// is tried once more.
struct End<'a> {
    is_in_doubt: Option<&'a AtomicBool>,
}

impl End<'_> {
    fn committed(&mut self) {
        if let Some(is_in_doubt) = self.is_in_doubt.take() {
            is_in_doubt.store(false, Ordering::Relaxed);
        }
    }
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        if let Some(is_in_doubt) = self.is_in_doubt {
            is_in_doubt.store(true, Ordering::Relaxed);
        }
    }
}

/// A connection for a transaction, which is rolled back when this is dropped.
pub(super) struct Open {
    connection: Option<Connection>,
    /// Whether SQLite was told of the transaction.
    is_begun: bool,
}

impl Open {
    /// About to begin.
    pub(super) const fn now(connection: Connection) -> Self {
        Self { connection: Some(connection), is_begun: true }
    }

    /// To begin when it is needed.
    pub(super) const fn not_yet(connection: Connection) -> Self {
        Self { connection: Some(connection), is_begun: false }
    }

    /// Closes the connection.
    pub(super) async fn discard(&mut self) -> Result<()> {
        match self.connection.take() {
            Some(connection) => connection.discard().await.map_err(from_sqlx),
            None => Ok(()),
        }
    }

    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection> {
        let connection = self.connection.as_deref_mut();
        connection.ok_or_else(|| Error::new(ErrorKind::Internal, "the transaction has ended"))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take().filter(|_| self.is_begun) else { return };
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

impl<'a> Transaction<'a> {
    pub(super) fn new(
        file: &'a File,
        open: Open,
        seen: Seen,
        is_in_doubt: Option<&'a AtomicBool>,
        turn: MutexGuard<'a, Option<Pragmas>>,
    ) -> Self {
        Self {
            file,
            open,
            state: seen.state,
            before: seen.text,
            later: Statements::default(),
            end: End { is_in_doubt },
            _turn: turn,
            #[cfg(test)]
            _in_use: crate::failover::simulation::storage::enter(),
        }
    }
}

impl Transaction<'_> {
    /// The connection, after all that was put off has been run.
    pub(crate) async fn connection(&mut self) -> Result<&mut SqliteConnection> {
        self.run_later().await?;
        self.open.connection()
    }

    /// Begins if that was put off.
    async fn ensure_begun(&mut self) -> Result<()> {
        if self.open.is_begun {
            return Ok(());
        }
        self.open.is_begun = true;
        let row = sqlx::query(BEGIN).fetch_one(self.open.connection()?).await.map_err(from_sqlx)?;
        let (text, state) = parse(&row)?;
        if text != self.before {
            return Err(Error::new(ErrorKind::Busy, "another process has written meanwhile"));
        }
        self.state.writes = state.writes;
        Ok(())
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
        self.ensure_begun().await?;
        self.run().await
    }

    async fn run(&mut self) -> Result<()> {
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
        let text = serde_json::to_string(&self.state)
            .map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        let is_changed = text != self.before;
        if !self.open.is_begun {
            self.begin_and(is_changed.then_some(&text));
        } else if is_changed {
            self.later(
                "update chronicle_failover set state = ? where id = 1",
                [text.clone().into()],
            );
        }
        self.later("commit", []);
        self.run().await?;
        self.open.connection = None;
        self.end.committed();
        self.file.note(Seen { text, state: self.state.clone(), is_steady: true });
        #[cfg(test)]
        crate::failover::simulation::storage::committed();
        Ok(self.state)
    }

    /// Puts the beginning before what was put off, and what fails if the state is not as it was seen:
    /// it must not be null.
    fn begin_and(&mut self, state: Option<&String>) {
        self.open.is_begun = true;
        let Statements { sql, count, values } = std::mem::take(&mut self.later);
        let guard = match state {
            Some(_) => "update chronicle_failover set state = iif(state = ?, ?, null) where id = 1",
            None => "update chronicle_failover set state = null where id = 1 and state <> ?",
        };
        #[cfg(test)]
        let guard = &crate::failover::simulation::storage::guard(guard);
        let before: Value = self.before.as_str().into();
        self.later("begin immediate", []);
        self.later(guard, [before].into_iter().chain(state.map(|state| state.as_str().into())));
        self.later.sql.push_str(&sql);
        self.later.count += count;
        self.later.values.extend(values);
    }
}
