//! [`Queue`]: what waits for the thread that writes.

use super::{Change, Commit, Urgency};
use crate::backend::sqlite::error;
use crate::{Error, Result};
use rusqlite::Connection;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long what nobody waits for lets calls go first.
pub(super) const PATIENCE: Duration = Duration::from_millis(100);

/// Most changes of one transaction.
const MOST_CHANGES: usize = 64;

/// Work outside a transaction; given the error if there is no connection.
pub(crate) type Once = Box<dyn FnOnce(Result<&Connection>) + Send>;

pub(crate) struct Queue {
    state: Mutex<State>,
    news: Condvar,
    has_ended: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    calls: VecDeque<Waiting>,
    behind: VecDeque<Waiting>,
    is_closed: bool,
    /// The thread sleeps until there is something to do.
    is_asleep: bool,
}

struct Waiting {
    since: Instant,
    work: Work,
}

enum Work {
    Change(Option<Commit>, Box<dyn Change>),
    Once(Once),
}

/// What comes next.
pub(crate) enum Turn {
    /// Changes that may share a transaction, to be [taken](Queue::take) from the queue.
    Changes(Lane),
    Once(Once),
}

/// Changes that may share a transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lane {
    urgency: Urgency,
    /// What all of them ask for together; `None` for whatever the connection has.
    pub(crate) commit: Option<Commit>,
    /// Since when the first of them waits.
    pub(crate) since: Instant,
}

impl fmt::Debug for Queue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::default(), news: Condvar::new(), has_ended: watch::Sender::new(false) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push_change(
        &self,
        urgency: Urgency,
        commit: Option<Commit>,
        change: Box<dyn Change>,
    ) {
        if let Some(Work::Change(_, mut change)) = self.push(urgency, Work::Change(commit, change))
        {
            change.fail(error::closed());
            change.answer();
        }
    }

    pub(crate) fn push_once(&self, once: Once) {
        if let Some(Work::Once(once)) = self.push(Urgency::Call, Work::Once(once)) {
            once(Err(error::closed()));
        }
    }

    /// Gives the work back if the queue is closed.
    fn push(&self, urgency: Urgency, work: Work) -> Option<Work> {
        let mut state = self.lock();
        if state.is_closed {
            return Some(work);
        }
        state.lane(urgency).push_back(Waiting { since: Instant::now(), work });
        let is_asleep = std::mem::take(&mut state.is_asleep);
        drop(state);
        if is_asleep {
            self.news.notify_one();
        }
        None
    }

    /// Takes no more work. What waits is done.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.news.notify_one();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// The thread has done everything, and has closed its connection.
    pub(crate) fn end(&self) {
        self.has_ended.send_replace(true);
    }

    pub(crate) async fn ended(&self) {
        // It fails without a sender only, and `self` is that.
        let _ = self.has_ended.subscribe().wait_for(|has_ended| *has_ended).await;
    }

    /// Waits for what comes next; `None` once the queue is closed and empty.
    pub(crate) fn next(&self) -> Option<Turn> {
        let mut state = self.lock();
        loop {
            if let Some(turn) = state.turn() {
                return Some(turn);
            }
            if state.is_closed {
                return None;
            }
            state.is_asleep = true;
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next change of a transaction, if it may have one more.
    pub(crate) fn take(&self, lane: &Lane, taken: usize) -> Option<Box<dyn Change>> {
        let mut state = self.lock();
        // What nobody waits for does not keep a call waiting longer than it must.
        let gives_way = lane.urgency == Urgency::Behind && taken > 0 && !state.calls.is_empty();
        if taken >= MOST_CHANGES || gives_way {
            return None;
        }
        state.take(lane)
    }

    /// Fails the first change, and those behind it that have waited for so long as well.
    pub(crate) fn refuse(&self, lane: &Lane, waited: Duration, error: &Error) {
        let mut is_first = true;
        loop {
            let mut state = self.lock();
            let oldest = state.lane(lane.urgency).front();
            let is_refused =
                oldest.is_some_and(|oldest| is_first || oldest.since.elapsed() >= waited);
            let Some(mut change) = is_refused.then(|| state.take(lane)).flatten() else { return };
            drop(state);
            change.fail(error.clone());
            change.answer();
            is_first = false;
        }
    }
}

impl State {
    fn lane(&mut self, urgency: Urgency) -> &mut VecDeque<Waiting> {
        match urgency {
            Urgency::Call => &mut self.calls,
            Urgency::Behind => &mut self.behind,
        }
    }

    fn turn(&mut self) -> Option<Turn> {
        let is_patient = self.behind.front().is_none_or(|first| first.since.elapsed() < PATIENCE);
        let goes_behind = self.calls.is_empty() || !is_patient;
        let urgency = if goes_behind { Urgency::Behind } else { Urgency::Call };
        let lane = self.lane(urgency);
        let first = lane.front()?;
        let Work::Change(commit, _) = first.work else {
            let once = lane.pop_front()?;
            return match once.work {
                Work::Once(once) => Some(Turn::Once(once)),
                Work::Change(..) => None,
            };
        };
        let since = first.since;
        let waits_for_disk = lane
            .iter()
            .take(MOST_CHANGES)
            .map_while(|waiting| match waiting.work {
                Work::Change(other, _) if share(other, commit) => Some(other),
                Work::Change(..) | Work::Once(_) => None,
            })
            .any(|commit| commit.is_some_and(|commit| commit.waits_for_disk));
        let commit = commit.map(|commit| Commit { waits_for_disk, ..commit });
        Some(Turn::Changes(Lane { urgency, commit, since }))
    }

    fn take(&mut self, lane: &Lane) -> Option<Box<dyn Change>> {
        let waiting = self.lane(lane.urgency);
        let Work::Change(commit, _) = waiting.front()?.work else { return None };
        let waits_for_disk =
            |commit: Option<Commit>| commit.is_some_and(|commit| commit.waits_for_disk);
        let fits =
            share(commit, lane.commit) && (waits_for_disk(lane.commit) || !waits_for_disk(commit));
        match fits.then(|| waiting.pop_front())??.work {
            Work::Change(_, change) => Some(change),
            Work::Once(_) => None,
        }
    }
}

/// Whether two changes may be of one transaction.
fn share(one: Option<Commit>, other: Option<Commit>) -> bool {
    one.map(|commit| commit.foreign_keys) == other.map(|commit| commit.foreign_keys)
}
