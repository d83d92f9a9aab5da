//! [`World`]: everything that the simulated processes share: time, chance, the network with the
//! remote behind it, the file, and what is known of their calls.

use super::chance::Chance;
use super::coverage::{Coverage, Gap};
use super::executor::{Spawned, lock};
use super::file::{Hooks, SimulatedFile, Snapshot};
use super::history::{CallId, History, Tick};
use super::invariants::{Invariant, Violation};
use super::remote::Database;
use super::schedule::Profile;
use super::wire::{Fault, Request};
use crate::failover::rules::name::RowName;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;

pub(super) type SleeperId = u64;

/// What happens at a time.
#[derive(Debug)]
pub(super) enum Happening {
    Wake(SleeperId),
    Event(Event),
}

#[derive(Clone, Debug)]
pub(super) enum Event {
    /// A request arrives at the remote.
    Arrive(u64),
    /// Its answer arrives.
    Answer(u64),
    /// Its sender has waited for an answer as long as it does.
    GiveUp(u64),
    Start(usize),
    GoOn(usize),
    Weather(Fault, bool),
    /// Another program takes the file's write lock, or gives it back.
    LockFile(bool),
    /// Another machine writes.
    Foreigner,
}

/// For whom a task works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Purpose {
    #[default]
    Nobody,
    Call(CallId),
    Replay,
    /// Letters are let go again.
    Retry,
    /// Letters are forgotten.
    Drop,
    /// The file is opened, and what it held is adopted.
    Open,
}

#[derive(Debug, Default)]
pub(super) struct Process {
    pub(super) is_alive: bool,
    pub(super) stalled_until: Option<i64>,
    /// How far its clock on the wall is off.
    pub(super) clock: i64,
    pub(super) hooks: Arc<Hooks>,
    /// It is killed when a fault befalls its next transaction.
    pub(super) dies_of_fault: bool,
    /// It ends by itself after so many calls.
    pub(super) calls_to_live: Option<u32>,
    /// It has ended its own life.
    pub(super) is_ending: bool,
    /// By the later version of the program.
    pub(super) is_later: bool,
}

/// The right to replay.
#[derive(Debug)]
pub(super) struct Lock {
    pub(super) process: usize,
    pub(super) number: u64,
}

pub(super) struct Inner {
    pub(super) now: i64,
    /// When the machine last started.
    pub(super) booted: i64,
    pub(super) tick: Tick,
    pub(super) chance: Chance,
    pub(super) happenings: BTreeMap<(i64, u64), Happening>,
    next_happening: u64,
    sleepers: BTreeMap<SleeperId, Waker>,
    next_sleeper: SleeperId,
    pub(super) spawned: Vec<Spawned>,
    running: Option<(usize, Purpose)>,
    pub(super) processes: Vec<Process>,
    pub(super) lock: Option<Lock>,
    pub(super) next_lock: u64,
    pub(super) database: Database,
    pub(super) requests: BTreeMap<u64, Request>,
    pub(super) next_request: u64,
    /// When the last request may still arrive at the latest.
    pub(super) settled_at: i64,
    pub(super) last_probe: Option<i64>,
    pub(super) weather: Vec<Fault>,
    pub(super) history: History,
    pub(super) snapshot: Snapshot,
    pub(super) violation: Option<Violation>,
    pub(super) coverage: Coverage,
    pub(super) profile: Profile,
    /// Calls that clients have yet to make.
    pub(super) calls_left: u32,
    /// Clients that have not ended.
    pub(super) clients: u32,
    /// Faults are over.
    pub(super) is_healed: bool,
    /// When the store was first seen to be healthy after that.
    pub(super) healthy_at: Option<i64>,
    /// When somebody mended what stood still.
    pub(super) mended_at: Option<i64>,
    pub(super) at_rest_since: Option<i64>,
    /// The file was filled from the remote at the end.
    pub(super) is_pulled: bool,
    /// Somebody was signed in, whose the file is.
    pub(super) was_signed_in: bool,
    pub(super) trace: Option<Vec<String>>,
}

pub(super) struct World {
    inner: Mutex<Inner>,
    /// Never locked while the other is.
    pub(super) file: Mutex<SimulatedFile>,
}

impl fmt::Debug for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("World")
    }
}

impl World {
    pub(super) fn new(seed: u64, profile: Profile, chance: Chance, traced: bool) -> Self {
        let inner = Inner {
            now: 0,
            booted: 0,
            tick: 1,
            chance,
            happenings: BTreeMap::new(),
            next_happening: 0,
            sleepers: BTreeMap::new(),
            next_sleeper: 0,
            spawned: Vec::new(),
            running: None,
            processes: (0..profile.processes).map(|_| Process::default()).collect(),
            lock: None,
            next_lock: 0,
            database: Database { cascades: profile.cascades, ..Database::default() },
            requests: BTreeMap::new(),
            next_request: 0,
            settled_at: 0,
            last_probe: None,
            weather: Vec::new(),
            history: History::default(),
            snapshot: Snapshot::default(),
            violation: None,
            coverage: Coverage::default(),
            calls_left: profile.calls,
            clients: 0,
            is_healed: false,
            healthy_at: None,
            mended_at: None,
            at_rest_since: None,
            is_pulled: false,
            was_signed_in: false,
            trace: traced.then(|| vec![format!("seed {seed}")]),
            profile,
        };
        let file = SimulatedFile::new(inner.profile.cascades);
        Self { inner: Mutex::new(inner), file: Mutex::new(file) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }
}

impl Inner {
    pub(super) fn at(&mut self, time: i64, happening: Happening) {
        self.next_happening += 1;
        self.happenings.insert((time.max(self.now), self.next_happening), happening);
    }

    pub(super) fn after(&mut self, wait: i64, event: Event) {
        self.at(self.now + wait, Happening::Event(event));
    }

    /// Somebody sleeps until then.
    pub(super) fn fall_asleep(&mut self, until: i64, waker: Waker) -> SleeperId {
        self.next_sleeper += 1;
        let sleeper = self.next_sleeper;
        self.at(until, Happening::Wake(sleeper));
        self.sleepers.insert(sleeper, waker);
        sleeper
    }

    /// The sleeper is to be woken by this waker.
    pub(super) fn sleep_on(&mut self, sleeper: SleeperId, waker: Waker) {
        self.sleepers.insert(sleeper, waker);
    }

    pub(super) fn wake_up(&mut self, sleeper: SleeperId) -> Option<Waker> {
        self.sleepers.remove(&sleeper)
    }

    pub(super) fn next_happening(&mut self) -> Option<Happening> {
        let ((time, _), happening) = self.happenings.pop_first()?;
        self.now = time;
        self.tick += 1;
        Some(happening)
    }

    pub(super) fn is_stalled(&self, process: usize) -> bool {
        self.processes[process].stalled_until.is_some()
    }

    pub(super) fn begin_step(&mut self, process: usize, purpose: Purpose) {
        self.tick += 1;
        self.running = Some((process, purpose));
    }

    pub(super) fn end_step(&mut self) -> Purpose {
        self.running.take().map(|(_, purpose)| purpose).unwrap_or_default()
    }

    /// For whom the running task works.
    pub(super) fn purpose(&self) -> Purpose {
        self.running.as_ref().map(|(_, purpose)| purpose.clone()).unwrap_or_default()
    }

    pub(super) fn set_purpose(&mut self, purpose: Purpose) {
        if let Some((_, running)) = &mut self.running {
            *running = purpose;
        }
    }

    pub(super) fn has(&self, fault: Fault) -> bool {
        self.weather.contains(&fault)
    }

    pub(super) fn note(&mut self, what: impl FnOnce(&Self) -> String) {
        if self.trace.is_some() {
            let line = format!("{:>8} {:>6} {}", self.now, self.tick, what(self));
            if let Some(trace) = &mut self.trace {
                trace.push(line);
            }
        }
    }

    pub(super) fn gap(&mut self, gap: Gap) {
        self.coverage.gap(gap);
        self.note(|_| format!("GAP {gap:?}"));
    }

    pub(super) fn violated(
        &mut self,
        invariant: Invariant,
        row: Option<&RowName>,
        what: impl Into<String>,
    ) {
        if self.violation.is_none() {
            let violation = Violation { invariant, what: what.into(), row: row.cloned() };
            self.note(|_| format!("VIOLATION {violation}"));
            self.violation = Some(violation);
        }
    }
}
