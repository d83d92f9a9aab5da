//! [`Readers`]: the threads that read.

use super::connect::Connector;
use super::error;
use super::writer::Once;
use crate::{Error, ErrorKind};
use rusqlite::Connection;
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;

/// Threads with a connection each, started when they are first needed.
pub(super) struct Readers {
    connector: Connector,
    most: u32,
    state: Mutex<State>,
    has_ended: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Once>,
    /// The one that worked last works next: what it keeps in memory is the newest.
    idle: Vec<Thread>,
    threads: u32,
    is_closed: bool,
}

impl fmt::Debug for Readers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Readers").finish_non_exhaustive()
    }
}

impl Readers {
    pub(super) fn new(connector: Connector, most: u32) -> Self {
        Self { connector, most, state: Mutex::default(), has_ended: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the work on a thread that is free, once there is one.
    pub(super) fn push(self: &Arc<Self>, work: Once) {
        let mut state = self.lock();
        if state.is_closed {
            drop(state);
            return work(Err(error::closed()));
        }
        state.waiting.push_back(work);
        if let Some(thread) = state.idle.pop() {
            drop(state);
            thread.unpark();
            return;
        }
        if state.threads == self.most {
            return;
        }
        state.threads += 1;
        drop(state);
        if let Err(error) = self.start() {
            let mut state = self.lock();
            state.threads -= 1;
            // Others will come to it, if there are others.
            let last = if state.threads == 0 { state.waiting.pop_back() } else { None };
            drop(state);
            if let Some(work) = last {
                let message = format!("no thread can be started to read: {error}");
                work(Err(Error::new(ErrorKind::Unavailable, message)));
            }
        }
    }

    fn start(self: &Arc<Self>) -> std::io::Result<()> {
        let readers = self.clone();
        let thread = std::thread::Builder::new().name("chronicle-read".to_owned());
        thread.spawn(move || readers.serve()).map(drop)
    }

    /// Takes no more work. What waits is done.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        for thread in std::mem::take(&mut state.idle) {
            thread.unpark();
        }
    }

    /// Blocks until all threads have ended, with their connections.
    pub(super) fn wait(&self) {
        let mut state = self.lock();
        while state.threads > 0 {
            state = self.has_ended.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn serve(&self) {
        let mut connection = None;
        while let Some(work) = self.next() {
            let run = AssertUnwindSafe(|| self.run(&mut connection, work));
            if catch_unwind(run).is_err() {
                // An answer that nobody took may panic when it is dropped.
                tracing::error!("a thread that reads the SQLite file panicked: it starts again");
                connection = None;
            }
        }
        drop(connection);
        self.lock().threads -= 1;
        self.has_ended.notify_all();
    }

    fn run(&self, connection: &mut Option<Connection>, work: Once) {
        let open = match connection {
            Some(open) => open,
            None => match self.connector.reader() {
                Ok(opened) => connection.insert(opened),
                Err(error) => return work(Err(error)),
            },
        };
        work(Ok(open));
        if !end_transaction(open) {
            *connection = None;
        }
    }

    /// Waits for work; `None` once this is closed and there is none.
    fn next(&self) -> Option<Once> {
        loop {
            let mut state = self.lock();
            if let Some(work) = state.waiting.pop_front() {
                return Some(work);
            }
            if state.is_closed {
                return None;
            }
            state.idle.push(std::thread::current());
            drop(state);
            std::thread::park();
            // Somebody else may have woken it: then it is among the idle ones still.
            let this = std::thread::current().id();
            self.lock().idle.retain(|thread| thread.id() != this);
        }
    }
}

/// Ends a transaction that was begun to read. Whether none is open now.
pub(super) fn end_transaction(connection: &Connection) -> bool {
    connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok()
}
