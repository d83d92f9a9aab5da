//! [`Session`]: the connection that writes, and its transactions.

use super::{Change, Commit};
use crate::backend::sqlite::connect::{Connector, set};
use crate::backend::sqlite::error::from_rusqlite;
use crate::{BackendKind, Error, ErrorKind, Result};
use rusqlite::Connection;
use std::time::{Duration, Instant};

/// After so long no more changes join a transaction.
const LONGEST: Duration = Duration::from_millis(50);

/// How soon a lock that another process has is asked for again. SQLite itself would rest for up to
/// 100 ms, and whoever writes without a pause would always be first.
const ASK_AGAIN: Duration = Duration::from_micros(500);

/// The connection that writes.
pub(crate) struct Session {
    connection: Connection,
    /// Opens another in its place; `None` if this one was given.
    connector: Option<Connector>,
    /// What it was opened with.
    first: Commit,
    /// What this type has told it last; `None` if the caller may have told it something else since.
    told: Option<Commit>,
}

/// How a change fared that others came before in its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It is kept, or its own changes alone are taken back.
    Done,
    /// SQLite has ended the transaction.
    Lost,
}

impl Session {
    pub(crate) const fn new(
        connection: Connection,
        connector: Option<Connector>,
        first: Commit,
    ) -> Self {
        Self { connection, connector, first, told: Some(first) }
    }

    pub(crate) fn open(connector: &Connector) -> Result<Self> {
        Ok(Self::new(connector.writer()?, Some(connector.clone()), connector.commit()))
    }

    /// Takes the pragmas of the connection for unknown.
    #[cfg(test)]
    pub(crate) const fn forget(&mut self) {
        self.told = None;
    }

    /// Runs what is not a change: afterwards the connection may have other pragmas.
    pub(crate) fn run_once(&mut self, work: impl FnOnce(&Connection)) {
        // It finds the connection as it was opened, or as the caller has told it to be.
        if let Err(error) = self.tell(None) {
            tracing::warn!(%error, "the pragmas of the SQLite file could not be set");
        }
        work(&self.connection);
        self.told = None;
    }

    /// Begins a transaction, waiting so long for other processes.
    pub(crate) fn begin(&mut self, commit: Option<Commit>, wait: Duration) -> Result<()> {
        // It was opened while the file could only be read, and stays so. To such a one SQLite gives a
        // transaction that refuses each write.
        if self.connection.is_readonly(c"main").unwrap_or(false) {
            self.reopen()?;
        }
        self.tell(commit)?;
        let begun = self.lock(wait);
        if begun.is_err() {
            // What is left open would take in the next change, and never commit it.
            self.roll_back();
        }
        begun
    }

    fn lock(&self, wait: Duration) -> Result<()> {
        self.connection.busy_timeout(Duration::ZERO).map_err(from_rusqlite)?;
        let start = Instant::now();
        let begun = loop {
            let begun = self.execute("BEGIN IMMEDIATE");
            let is_busy = begun.as_ref().is_err_and(|error| error.kind() == ErrorKind::Busy);
            let rest = wait.saturating_sub(start.elapsed());
            if !is_busy || rest.is_zero() {
                break begun;
            }
            std::thread::sleep(ASK_AGAIN.min(rest));
        };
        // Scripts of the caller's wait as SQLite does.
        self.connection.busy_timeout(self.usual_wait()).map_err(from_rusqlite)?;
        begun
    }

    fn usual_wait(&self) -> Duration {
        self.connector.as_ref().map_or(Duration::ZERO, |connector| connector.busy_timeout)
    }

    fn tell(&mut self, commit: Option<Commit>) -> Result<()> {
        let wanted = match (commit, self.told) {
            (None, None) => return Ok(()),
            (None, Some(_)) => self.first,
            (Some(commit), _) => commit,
        };
        if self.told != Some(wanted) {
            self.told = None;
            set(&self.connection, wanted.statements())?;
            self.told = Some(wanted);
        }
        Ok(())
    }

    /// Whether a script of the caller's has begun a transaction and not ended it.
    pub(crate) fn is_in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Makes a change inside the transaction that the caller has begun.
    pub(crate) fn join(&mut self, mut change: Box<dyn Change>) {
        if self.beside(&mut *change) == Outcome::Lost {
            change.fail(lost());
        }
        change.answer();
    }

    /// Makes the changes that `next` gives, in the transaction that has begun. None is answered
    /// before the commit.
    pub(crate) fn changes(
        &mut self,
        commit: Option<Commit>,
        mut next: impl FnMut(usize) -> Option<Box<dyn Change>>,
    ) {
        let start = Instant::now();
        let mut done: Vec<Box<dyn Change>> = Vec::new();
        let mut taken = 0;
        let is_lost = loop {
            if taken > 0 && start.elapsed() > LONGEST {
                break false;
            }
            let Some(mut change) = next(taken) else { break false };
            taken += 1;
            if !done.is_empty() {
                let outcome = self.beside(&mut *change);
                done.push(change);
                if outcome == Outcome::Lost {
                    break true;
                }
                continue;
            }
            // Before the first there is nothing to keep, and so no savepoint.
            if !self.is_in_transaction()
                && let Err(error) = self.begin(commit, self.usual_wait())
            {
                change.fail(error);
                change.answer();
                return;
            }
            let stays = change.run(&self.connection);
            if stays && self.is_in_transaction() {
                done.push(change);
            } else if stays {
                self.alone(commit, change);
            } else {
                self.roll_back();
                change.answer();
            }
        };
        let committed = if is_lost { Err(lost()) } else { self.commit() };
        match committed {
            Ok(()) => done.into_iter().for_each(Change::answer),
            Err(error) => self.again(commit, done, error),
        }
    }

    /// The shared transaction is lost: each is made once more, alone, and answered by itself.
    fn again(&mut self, commit: Option<Commit>, mut done: Vec<Box<dyn Change>>, error: Error) {
        self.roll_back();
        if let [change] = &mut done[..] {
            change.fail(error);
            done.into_iter().for_each(Change::answer);
        } else {
            for change in done {
                self.alone(commit, change);
            }
        }
    }

    fn alone(&mut self, commit: Option<Commit>, mut change: Box<dyn Change>) {
        let made = match self.begin(commit, self.usual_wait()) {
            Err(error) => Err(error),
            Ok(()) if !change.run(&self.connection) => Ok(()),
            Ok(()) if !self.is_in_transaction() => Err(lost()),
            Ok(()) => self.commit(),
        };
        self.roll_back();
        if let Err(error) = made {
            change.fail(error);
        }
        change.answer();
    }

    fn commit(&self) -> Result<()> {
        if self.is_in_transaction() { self.execute("COMMIT") } else { Ok(()) }
    }

    /// Makes a change so that its error takes back nothing but its own.
    fn beside(&self, change: &mut dyn Change) -> Outcome {
        if !change.is_atomic() {
            return self.in_savepoint(change);
        }
        change.run(&self.connection);
        if self.is_in_transaction() { Outcome::Done } else { Outcome::Lost }
    }

    fn in_savepoint(&self, change: &mut dyn Change) -> Outcome {
        if let Err(error) = self.execute("SAVEPOINT change") {
            change.fail(error);
            return if self.is_in_transaction() { Outcome::Done } else { Outcome::Lost };
        }
        let stays = change.run(&self.connection);
        if !self.is_in_transaction() {
            return Outcome::Lost;
        }
        let ended = if stays {
            self.execute("RELEASE change")
        } else {
            self.execute("ROLLBACK TO change").and_then(|()| self.execute("RELEASE change"))
        };
        if ended.is_ok() { Outcome::Done } else { Outcome::Lost }
    }

    /// Leaves no transaction open, whatever it takes.
    fn roll_back(&mut self) {
        if self.is_in_transaction()
            && self.execute("ROLLBACK").is_err()
            && self.is_in_transaction()
            && let Err(error) = self.reopen()
        {
            tracing::warn!(%error, "the connection that writes could not be opened anew");
        }
    }

    fn reopen(&mut self) -> Result<()> {
        if let Some(connector) = &self.connector {
            self.connection = connector.writer()?;
            self.told = Some(self.first);
        }
        Ok(())
    }

    fn execute(&self, sql: &str) -> Result<()> {
        let mut statement = self.connection.prepare_cached(sql).map_err(from_rusqlite)?;
        statement.raw_execute().map(drop).map_err(from_rusqlite)
    }
}

/// What SQLite ended without an error of the work that was in it.
fn lost() -> Error {
    Error::new(ErrorKind::Internal, "SQLite has ended the transaction: nothing of it is kept")
        .with_backend(BackendKind::Sqlite)
}
