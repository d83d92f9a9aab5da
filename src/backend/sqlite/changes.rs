//! [`Changes`]: tells those who wait that the database has changed, whoever has changed it.

#[cfg(test)]
mod tests;

use super::connect::Connector;
use super::error::closed;
use crate::{BackendKind, Error, ErrorKind, Result};
use futures_util::stream::{self, BoxStream, StreamExt};
use rusqlite::Connection;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::Duration;
use tokio::sync::watch;

/// How soon what other processes and connections change is seen. What the thread that writes changes
/// is seen at once.
const LOOK: Duration = Duration::from_millis(50);

/// The shortest time between two looks: many commits are one change.
const REST: Duration = Duration::from_millis(1);

/// A thread that looks at the database's version, as long as somebody waits for a change of it.
///
/// SQLite's `data_version` changes with each commit of any other connection, of any process, and the
/// connection that asks for it changes nothing.
pub(super) struct Changes {
    connector: Connector,
    state: Mutex<State>,
    has_ended: Condvar,
}

struct State {
    /// Tells those who wait; `None` once this is closed.
    told: Option<watch::Sender<Told>>,
    thread: Option<Thread>,
}

/// What those who wait are told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Changed,
    /// No change will be told any more, and one that was not yet seen is not worth a look.
    Ended,
}

impl fmt::Debug for Changes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Changes").finish_non_exhaustive()
    }
}

impl Changes {
    pub(super) fn new(connector: &Connector) -> Self {
        let connector = Connector { busy_timeout: LOOK, ..connector.clone() };
        let state = State { told: Some(watch::Sender::new(Told::Changed)), thread: None };
        Self { connector, state: Mutex::new(state), has_ended: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An item for what has changed since this call, or since the item before; it ends at once when this
    /// is closed.
    pub(super) fn since_now(self: &Arc<Self>) -> Result<BoxStream<'static, ()>> {
        let mut state = self.lock();
        let changes = state.told.as_ref().ok_or_else(closed)?.subscribe();
        if state.thread.is_none() {
            state.thread = Some(self.start()?);
        }
        let next = |mut changes: watch::Receiver<Told>| async move {
            changes.changed().await.ok()?;
            let told = *changes.borrow_and_update();
            (told == Told::Changed).then_some(((), changes))
        };
        Ok(stream::unfold(changes, next).boxed())
    }

    fn start(self: &Arc<Self>) -> Result<Thread> {
        let changes = self.clone();
        let look = move || {
            if catch_unwind(AssertUnwindSafe(|| changes.look())).is_err() {
                tracing::error!("the thread that looks for changes of the SQLite file panicked");
                changes.end();
            }
        };
        let thread = std::thread::Builder::new().name("chronicle-changes".to_owned());
        let thread = thread.spawn(look).map_err(|error| {
            let message = format!("no thread can be started to look for changes: {error}");
            Error::new(ErrorKind::Unavailable, message).with_backend(BackendKind::Sqlite)
        })?;
        Ok(thread.thread().clone())
    }

    /// The thread that writes may have changed something.
    pub(super) fn look_now(&self) {
        if let Some(thread) = &self.lock().thread {
            thread.unpark();
        }
    }

    /// Ends the streams, and the thread.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        if let Some(told) = state.told.take() {
            told.send_replace(Told::Ended);
        }
        if let Some(thread) = &state.thread {
            thread.unpark();
        }
    }

    /// Blocks until the thread has ended, with its connection.
    pub(super) fn wait(&self) {
        let mut state = self.lock();
        while state.thread.is_some() {
            state = self.has_ended.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Nobody looks any more. Whoever waits would wait for ever; who begins to wait starts a thread.
    fn end(&self) {
        let mut state = self.lock();
        state.thread = None;
        if let Some(told) = &mut state.told {
            let next = watch::Sender::new(Told::Changed);
            std::mem::replace(told, next).send_replace(Told::Ended);
        }
        self.has_ended.notify_all();
    }

    fn look(&self) {
        let mut connection = None;
        // The first look tells a change: there may have been one since somebody began to wait. So does
        // the first one after some that failed.
        let mut known = None;
        loop {
            let version = self.version(&mut connection);
            let mut state = self.lock();
            let told = state.told.as_ref().filter(|told| told.receiver_count() > 0);
            let Some(told) = told else {
                drop(connection);
                state.thread = None;
                self.has_ended.notify_all();
                return;
            };
            if version.is_some() && version != known {
                told.send_replace(Told::Changed);
            }
            known = version;
            drop(state);
            std::thread::sleep(REST);
            std::thread::park_timeout(LOOK);
        }
    }

    /// `None` while the database cannot be asked.
    fn version(&self, connection: &mut Option<Connection>) -> Option<i64> {
        if connection.is_none() {
            *connection = self.connector.reader().ok();
        }
        let version = connection.as_ref()?.prepare_cached("pragma data_version");
        let version = version.and_then(|mut version| version.query_row([], |row| row.get(0))).ok();
        if version.is_none() {
            *connection = None;
        }
        version
    }
}
