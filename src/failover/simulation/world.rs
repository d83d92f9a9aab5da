//! [`World`]: everything that the simulated processes share: time, chance, the network with the
//! remote behind it, the file, and what is known of their calls.

use super::executor::{Spawned, lock};
use super::history::{CallId, History, Tick};
use super::mutations::Mutation;
use super::network::{Request, Unanswered};
use super::remote::Database;
use super::schedule::Profile;
use super::snapshot::Snapshot;
use super::weather::{Fault, Weather};
use crate::Sqlite;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock};
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
    /// Another machine writes.
    Foreigner,
}

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Violation {
    /// Its number in the list of invariants.
    pub(super) invariant: u8,
    pub(super) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "invariant {}: {}", self.invariant, self.what)
    }
}

#[derive(Debug, Default)]
pub(super) struct Process {
    pub(super) is_alive: bool,
    pub(super) stalled_until: Option<i64>,
    /// How far its clock on the wall is off.
    pub(super) clock: i64,
    /// Counts its lives.
    pub(super) life: u64,
}

/// The right to replay.
#[derive(Debug)]
pub(super) struct Lock {
    pub(super) process: usize,
    pub(super) number: u64,
    /// When its holder last did something: for a lock that is taken away by time.
    pub(super) used: i64,
}

pub(super) struct Inner {
    pub(super) now: i64,
    /// When the machine last started.
    pub(super) booted: i64,
    pub(super) tick: Tick,
    pub(super) random: fastrand::Rng,
    pub(super) happenings: BTreeMap<(i64, u64), Happening>,
    next_happening: u64,
    sleepers: BTreeMap<SleeperId, Waker>,
    next_sleeper: SleeperId,
    pub(super) spawned: Vec<Spawned>,
    running: Option<(usize, Option<CallId>)>,
    pub(super) processes: Vec<Process>,
    pub(super) lock: Option<Lock>,
    pub(super) next_lock: u64,
    pub(super) database: Database,
    pub(super) requests: BTreeMap<u64, Request>,
    pub(super) next_request: u64,
    pub(super) unanswered: Vec<Unanswered>,
    /// When the last probe left, while the breaker was open.
    pub(super) last_probe: Option<i64>,
    /// An entry that alone got no answer, until a probe tells whether the server serves.
    pub(super) suspect: Option<i64>,
    pub(super) weather: Weather,
    pub(super) history: History,
    pub(super) snapshot: Snapshot,
    pub(super) violation: Option<Violation>,
    /// Invariants that are not looked at, to see which others a mutation breaks.
    pub(super) unchecked: Vec<u8>,
    pub(super) profile: Profile,
    pub(super) mutation: Option<Mutation>,
    /// Calls that clients have yet to make.
    pub(super) calls_left: u32,
    /// Clients that have not ended.
    pub(super) clients: u32,
    /// Faults are over.
    pub(super) is_healed: bool,
    pub(super) trace: Option<Vec<String>>,
}

pub(super) struct World {
    inner: Mutex<Inner>,
    file: OnceLock<Sqlite>,
}

impl fmt::Debug for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("World")
    }
}

impl World {
    pub(super) fn new(
        seed: u64,
        profile: Profile,
        mutation: Option<Mutation>,
        traced: bool,
    ) -> Self {
        let inner = Inner {
            now: 0,
            booted: 0,
            tick: 0,
            random: fastrand::Rng::with_seed(seed),
            happenings: BTreeMap::new(),
            next_happening: 0,
            sleepers: BTreeMap::new(),
            next_sleeper: 0,
            spawned: Vec::new(),
            running: None,
            processes: (0..profile.processes).map(|_| Process::default()).collect(),
            lock: None,
            next_lock: 0,
            database: Database { rows: BTreeMap::new(), cascade: profile.cascade, checks: true },
            requests: BTreeMap::new(),
            next_request: 0,
            unanswered: Vec::new(),
            last_probe: None,
            suspect: None,
            weather: Weather::default(),
            history: History::default(),
            snapshot: Snapshot::default(),
            violation: None,
            unchecked: Vec::new(),
            calls_left: profile.calls,
            profile,
            mutation,
            clients: 0,
            is_healed: false,
            trace: traced.then(Vec::new),
        };
        Self { inner: Mutex::new(inner), file: OnceLock::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    pub(super) fn file(&self) -> Sqlite {
        self.file.get().expect("the file is open").clone()
    }

    pub(super) fn set_file(&self, file: Sqlite) {
        self.file.set(file).expect("one file");
    }
}

impl Inner {
    pub(super) fn random_below(&mut self, bound: usize) -> usize {
        self.random.usize(0..bound)
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.random.f64() < probability
    }

    /// Milliseconds between 1 and `most`.
    pub(super) fn up_to(&mut self, most: i64) -> i64 {
        self.random.i64(1..=most.max(1))
    }

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

    pub(super) fn begin_step(&mut self, process: usize, call: Option<CallId>) {
        self.tick += 1;
        self.running = Some((process, call));
        if let Some(lock) = &mut self.lock
            && lock.process == process
        {
            lock.used = self.now;
        }
    }

    pub(super) fn end_step(&mut self) -> Option<CallId> {
        self.running.take().and_then(|(_, call)| call)
    }

    /// The call that the running task works for.
    pub(super) fn call(&self) -> Option<CallId> {
        self.running.and_then(|(_, call)| call)
    }

    pub(super) fn set_call(&mut self, call: Option<CallId>) {
        if let Some((_, running)) = &mut self.running {
            *running = call;
        }
    }

    pub(super) fn note(&mut self, what: impl FnOnce(&Self) -> String) {
        if self.trace.is_some() {
            let line = format!("{:>8} {:>6} {}", self.now, self.tick, what(self));
            if let Some(trace) = &mut self.trace {
                trace.push(line);
            }
        }
    }

    pub(super) fn violated(&mut self, invariant: u8, what: impl Into<String>) {
        if self.violation.is_none() && !self.unchecked.contains(&invariant) {
            let violation = Violation { invariant, what: what.into() };
            self.note(|_| format!("VIOLATION {violation}"));
            self.violation = Some(violation);
        }
    }
}
