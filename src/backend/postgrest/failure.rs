//! [`Failure`]: an error of one attempt, and whether another attempt may help.

use crate::{Error, ErrorKind};
use std::time::Duration;

/// What a request is for, which decides what an answer that got lost means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Changes nothing.
    Read,
    /// Changes rows, and has the same effect when it is executed again: inserts that leave rows
    /// alone which are there.
    RepeatableWrite,
    /// Changes rows. Executed again later it could undo what was written in between, or report a
    /// duplicate that it made itself.
    Write,
}

/// Why an attempt failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    /// Whether the request was, or may have been, executed.
    executed: bool,
    /// Why another attempt may help, as the label of a metric.
    reason: Option<&'static str>,
    pub(super) is_token_refused: bool,
}

impl Failure {
    /// The request was surely not executed, or rolled back.
    pub(super) const fn refused(error: Error) -> Self {
        Self { error, executed: false, reason: None, is_token_refused: false }
    }

    /// The request was executed, with another effect than was asked for.
    pub(super) const fn done(error: Error) -> Self {
        Self { error, executed: true, reason: None, is_token_refused: false }
    }

    /// Whether the request was executed is not known.
    pub(super) fn lost(purpose: Purpose, message: impl Into<String>, reason: &'static str) -> Self {
        let kind = match purpose {
            Purpose::Read => ErrorKind::Unavailable,
            Purpose::RepeatableWrite | Purpose::Write => ErrorKind::Timeout,
        };
        Self {
            error: Error::new(kind, message),
            executed: true,
            reason: Some(reason),
            is_token_refused: false,
        }
    }

    /// Sets why another attempt may help.
    pub(super) const fn repeatable(mut self, reason: Option<&'static str>) -> Self {
        self.reason = reason;
        self
    }

    pub(super) const fn token_refused(mut self) -> Self {
        self.is_token_refused = true;
        self
    }

    pub(super) fn map(mut self, change: impl FnOnce(Error) -> Error) -> Self {
        self.error = change(self.error);
        self
    }

    pub(super) fn code(self, code: &str) -> Self {
        self.map(|error| error.with_code(Some(code.to_owned())))
    }

    pub(super) fn retry_after(self, wait: Option<Duration>) -> Self {
        self.map(|error| error.with_retry_after(wait))
    }

    /// Why the request is to be sent again, if it is.
    pub(super) fn repeat(&self, purpose: Purpose) -> Option<&'static str> {
        let harmless = match purpose {
            Purpose::Read | Purpose::RepeatableWrite => true,
            Purpose::Write => !self.executed,
        };
        self.reason.filter(|_| harmless)
    }
}
