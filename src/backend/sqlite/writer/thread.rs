//! What the thread that writes does.

use super::{Queue, Session, Turn};
use crate::ErrorKind;
use crate::backend::sqlite::changes::Changes;
use crate::backend::sqlite::connect::Connector;
use crate::backend::sqlite::place::Place;
use crate::backend::sqlite::readers::Readers;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Serves the queue until it is closed and empty. The connection that writes is the last one to be
/// closed: what is in the log goes into the file then.
pub(crate) fn serve(
    mut session: Option<Session>,
    connector: &Connector,
    queue: &Queue,
    readers: Option<Arc<Readers>>,
    changes: &Changes,
) {
    loop {
        let served = catch_unwind(AssertUnwindSafe(|| {
            serve_on(&mut session, connector, queue, changes);
        }));
        if served.is_ok() {
            break;
        }
        // An answer that nobody took may panic when it is dropped.
        tracing::error!("the thread that writes to the SQLite file panicked: it starts again");
        session = None;
    }
    if let Some(readers) = readers {
        readers.close();
        readers.wait();
    }
    changes.close();
    changes.wait();
    drop(session);
    queue.end();
}

fn serve_on(
    session: &mut Option<Session>,
    connector: &Connector,
    queue: &Queue,
    changes: &Changes,
) {
    let mut was_busy = false;
    let mut fairness = Fairness::new();
    while let Some(turn) = queue.next() {
        let ready = match session {
            Some(ready) => Ok(ready),
            None => Session::open(connector).map(|opened| session.insert(opened)),
        };
        match (turn, ready) {
            (Turn::Once(once), Ok(session)) => session.run_once(|connection| once(Ok(connection))),
            (Turn::Once(once), Err(error)) => once(Err(error)),
            (Turn::Changes(lane), Err(error)) => queue.refuse(&lane, Duration::ZERO, &error),
            (Turn::Changes(lane), Ok(session)) if session.is_in_transaction() => {
                if let Some(change) = queue.take(&lane, 0) {
                    session.join(change);
                }
            }
            (Turn::Changes(lane), Ok(session)) => {
                // What came while others waited in vain has waited for a part of its time.
                let usual = connector.busy_timeout;
                let wait = if was_busy { rest(usual, lane.since) } else { usual };
                was_busy = false;
                if matches!(connector.place, Place::File(_)) {
                    fairness.give_way();
                }
                match session.begin(lane.commit, wait) {
                    Ok(()) => {
                        let begun = Instant::now();
                        session.changes(lane.commit, |taken| queue.take(&lane, taken));
                        fairness.had_lock(begun);
                    }
                    Err(error) => {
                        was_busy = error.kind() == ErrorKind::Busy;
                        let waited = if was_busy { connector.busy_timeout } else { Duration::ZERO };
                        queue.refuse(&lane, waited, &error);
                    }
                }
            }
        }
        changes.look_now();
    }
}

/// Leaves the file to other processes now and then: they ask for its lock every half of a millisecond.
struct Fairness {
    /// For how long this one had the lock without a pause in which others could have got it.
    had: Duration,
    until: Instant,
}

impl Fairness {
    /// How long it has the lock before it gives way.
    const MOST: Duration = Duration::from_millis(10);
    const PAUSE: Duration = Duration::from_millis(1);

    fn new() -> Self {
        Self { had: Duration::ZERO, until: Instant::now() }
    }

    fn give_way(&mut self) {
        let paused = self.until.elapsed();
        if paused >= Self::PAUSE {
            self.had = Duration::ZERO;
        } else if self.had > Self::MOST {
            std::thread::sleep(Self::PAUSE.saturating_sub(paused));
            self.had = Duration::ZERO;
        }
    }

    fn had_lock(&mut self, since: Instant) {
        self.had += since.elapsed();
        self.until = Instant::now();
    }
}

fn rest(whole: Duration, since: Instant) -> Duration {
    whole.saturating_sub(since.elapsed())
}
