//! A database whose work is done at once, by whoever asks for it: for the simulation.

use super::*;
use crate::sqlite::Synchronous;
use std::sync::MutexGuard;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

impl Database {
    /// A database on these connections, whose work is done at once by whoever asks for it.
    pub(in crate::backend::sqlite) fn inline(
        location: String,
        writer: Connection,
        reader: Connection,
    ) -> Self {
        let first = Commit { foreign_keys: true, waits_for_disk: false };
        let mut session = Session::new(writer, None, first);
        session.forget();
        let connector = Connector {
            place: Place::File(location.clone().into()),
            busy_timeout: Duration::ZERO,
            synchronous: Synchronous::Normal,
        };
        Self {
            location,
            connector,
            threads: Threads::Inline {
                writer: Box::new(Mutex::new(session)),
                is_closed: AtomicBool::new(false),
            },
            asking: Mutex::new(Some(reader)),
            seaorm: OnceLock::new(),
        }
    }

    pub(super) fn locked<'a>(&self, writer: &'a Mutex<Session>) -> Result<MutexGuard<'a, Session>> {
        if self.is_closed() {
            return Err(error::closed());
        }
        Ok(writer.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(super) fn inline_change(
    session: &mut Session,
    commit: Option<Commit>,
    mut change: Box<dyn Change>,
) {
    if session.is_in_transaction() {
        return session.join(change);
    }
    match session.begin(commit, Duration::ZERO) {
        Ok(()) => {
            let mut only = Some(change);
            session.changes(commit, |_| only.take());
        }
        Err(error) => {
            change.fail(error);
            change.answer();
        }
    }
}
