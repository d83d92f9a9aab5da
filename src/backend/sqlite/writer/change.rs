//! [`Change`]: work that a transaction takes in, and the answer to it.

use super::Answer;
use crate::backend::sqlite::error;
use crate::{BackendKind, Error, ErrorKind, Result};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::oneshot;

/// A change of any type.
pub(crate) trait Change: Send {
    /// Makes it, and keeps its answer. Whether it is to stay.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Whether SQLite itself takes back what it has done when it fails.
    fn is_atomic(&self) -> bool;

    /// Its answer is this error instead.
    fn fail(&mut self, error: Error);

    /// Gives the caller the answer, if it still waits.
    fn answer(self: Box<Self>);
}

struct Typed<T, Work> {
    work: Work,
    is_atomic: bool,
    result: Option<Result<T>>,
    caller: oneshot::Sender<Result<T>>,
}

/// The work as a change, and the future of its answer. `is_atomic`: it is one statement.
pub(crate) fn typed<T: Send + 'static>(
    is_atomic: bool,
    work: impl FnMut(&Connection) -> Result<T> + Send + 'static,
) -> (Box<dyn Change>, Answer<T>) {
    let (caller, answer) = Answer::new(error::thread_ended_in_write);
    (Box::new(Typed { work, is_atomic, result: None, caller }), answer)
}

impl<T: Send, Work: FnMut(&Connection) -> Result<T> + Send> Change for Typed<T, Work> {
    fn run(&mut self, connection: &Connection) -> bool {
        let result = caught(|| (self.work)(connection));
        self.result.insert(result).is_ok()
    }

    fn is_atomic(&self) -> bool {
        self.is_atomic
    }

    fn fail(&mut self, error: Error) {
        self.result = Some(Err(error));
    }

    fn answer(self: Box<Self>) {
        if let Some(result) = self.result {
            // Nobody may wait any more.
            let _ = self.caller.send(result);
        }
    }
}

/// The result of work whose panic is an error.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Error::new(ErrorKind::Internal, "the work on the file panicked: nothing of it is kept")
            .with_backend(BackendKind::Sqlite))
    })
}
