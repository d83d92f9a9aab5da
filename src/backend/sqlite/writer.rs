//! The thread that writes: changes are synchronous closures, run whole and never cancelled; those
//! that wait share one commit.

mod answer;
mod change;
mod queue;
mod session;
#[cfg(test)]
mod tests;
mod thread;

pub(crate) use answer::Answer;
pub(super) use change::{Change, caught, typed};
use queue::Turn;
pub(super) use queue::{Once, Queue};
pub(super) use session::Session;
pub(super) use thread::serve;

use super::Sqlite;
#[cfg(test)]
use super::{Engine, database::Database};
use crate::Result;
use rusqlite::Connection;
use std::path::Path;

/// What a transaction asks of its connection. It can be changed between transactions only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    /// Whether foreign keys are checked, and deletes cascade.
    pub(crate) foreign_keys: bool,
    /// Whether the commit waits until the disk has it (`synchronous = FULL`).
    pub(crate) waits_for_disk: bool,
}

impl Commit {
    pub(super) const fn statements(self) -> &'static str {
        match (self.foreign_keys, self.waits_for_disk) {
            (false, true) => "pragma foreign_keys = off; pragma synchronous = full",
            (true, true) => "pragma foreign_keys = on; pragma synchronous = full",
            (false, false) => "pragma foreign_keys = off; pragma synchronous = normal",
            (true, false) => "pragma foreign_keys = on; pragma synchronous = normal",
        }
    }
}

/// Whether somebody waits for a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Somebody does.
    Call,
    /// Nobody does: it goes when no call waits, or after it has waited for [`queue::PATIENCE`].
    Behind,
}

impl Sqlite {
    /// Queues the work now, not when the answer is first polled; to drop the answer cancels nothing.
    ///
    /// The work runs inside a transaction that has the write lock, in a savepoint of its own where it
    /// shares the commit with others. Its error takes back its own changes only. It runs again, alone,
    /// when the transaction that it shared was lost: on a full disk SQLite ends one by itself. So it
    /// ends with the first error that it gets: what it did after that would be in no transaction.
    pub(crate) fn change<T: Send + 'static>(
        &self,
        urgency: Urgency,
        commit: Commit,
        work: impl FnMut(&Connection) -> Result<T> + Send + 'static,
    ) -> Answer<T> {
        match self.database() {
            Ok(database) => database.change(urgency, Some(commit), work),
            Err(error) => Answer::refused(error),
        }
    }

    /// Runs the work on the connection that writes, outside any transaction.
    #[cfg(test)]
    pub(crate) fn outside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Answer<T> {
        match self.database() {
            Ok(database) => database.outside(work),
            Err(error) => Answer::refused(error),
        }
    }

    /// Reads on a thread that reads; in memory, on the one that writes. A transaction that the work
    /// begins, to see one state of the file throughout, ends with it.
    pub(crate) fn look<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Answer<T> {
        match self.database() {
            Ok(database) => database.look(work),
            Err(error) => Answer::refused(error),
        }
    }

    /// Asks a short question on the caller's own thread: what takes microseconds, and no longer. One
    /// question at a time: the work may not ask another.
    pub(crate) fn ask<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.database()?.ask(work)
    }

    /// A database whose work is done at once, by whoever asks for it, on these connections.
    #[cfg(test)]
    pub(crate) fn inline(location: String, writer: Connection, reader: Connection) -> Self {
        Self::of(Engine::Own(Box::new(Database::inline(location, writer, reader))))
    }

    /// The absolute path of the file, without links; `None` in memory.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.database().ok()?.path()
    }
}
