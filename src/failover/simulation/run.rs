//! Runs: one seed from its first call to rest, and thousands of them.

use super::entities;
use super::executor::Executor;
use super::mutations::Mutation;
use super::network::SETTLE;
use super::schedule::Profile;
use super::world::{Violation, World};
use crate::failover::file::File;
use crate::{Sqlite, failover::simulation::storage};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// More steps than any run needs that ends.
const MOST_STEPS: u64 = 400_000;

/// What a run is to do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Run {
    pub(super) seed: u64,
    pub(super) mutation: Option<Mutation>,
    pub(super) traced: bool,
    pub(super) unchecked: &'static [u8],
}

/// What became of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) profile: &'static str,
    pub(super) violation: Option<Violation>,
    pub(super) trace: Vec<String>,
    pub(super) steps: u64,
    pub(super) calls: usize,
    /// From the end of the faults to rest, in simulated milliseconds.
    pub(super) healing: i64,
}

impl Run {
    pub(super) fn of(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    pub(super) fn run(self) -> Outcome {
        let profile = Profile::of_seed(self.seed);
        let world = Arc::new(World::new(self.seed, profile.clone(), self.mutation, self.traced));
        world.lock().unchecked = self.unchecked.to_vec();
        storage::break_rule(self.mutation);
        let mut executor = Executor::new(world.clone());
        let file = executor.runtime.block_on(async {
            let _in_use = storage::enter();
            let sqlite = Sqlite::memory().await.expect("a database in memory");
            sqlite.execute_script(&entities::schema(profile.cascade)).await.expect("its tables");
            File::open(sqlite.clone()).await.expect("the failover's tables");
            sqlite
        });
        world.set_file(file);
        world.lock().plan();
        for process in 0..profile.processes {
            executor.start(process);
        }
        let healing = executor.live_to_rest();
        let steps = executor.steps;
        let mut inner = world.lock();
        let outcome = Outcome {
            profile: profile.name,
            violation: inner.violation.clone(),
            trace: inner.trace.take().unwrap_or_default(),
            steps,
            calls: inner.history.calls.len(),
            healing,
        };
        drop(inner);
        for process in 0..profile.processes {
            executor.end_tasks(process);
        }
        let file = world.file();
        executor.runtime.block_on(async move {
            use crate::Backend;
            let _ = file.close().await;
        });
        outcome
    }
}

impl Executor {
    fn live_to_rest(&mut self) -> i64 {
        while self.go_on() && !self.is_quiet() {
            self.befall();
        }
        self.heal();
        let begin = self.world.lock().now;
        let limit = begin + self.longest_healing();
        while self.go_on() && !self.world.lock().is_at_rest() {
            let mut world = self.world.lock();
            if world.now > limit {
                let waiting = world.snapshot.outbox.len();
                let state = format!("{:?}", world.snapshot.state);
                world.violated(9, format!("{waiting} entries still wait: {state}"));
            }
        }
        let mut world = self.world.lock();
        if world.violation.is_none() {
            world.check_rest();
        }
        world.now - begin
    }

    /// One step, unless something is broken already.
    fn go_on(&mut self) -> bool {
        if self.world.lock().violation.is_some() {
            return false;
        }
        let went_on = self.step() && self.steps < MOST_STEPS;
        if !went_on {
            self.world.lock().violated(9, "nothing goes on, or without end");
        }
        went_on
    }

    fn is_quiet(&self) -> bool {
        let world = self.world.lock();
        world.calls_left == 0 && world.clients == 0
    }

    /// Everything works from now on, and all processes run.
    fn heal(&mut self) {
        let processes = {
            let mut world = self.world.lock();
            world.is_healed = true;
            world.weather.clear();
            world.profile.lost_request = 0.0;
            world.profile.lost_answer = 0.0;
            world.profile.late_request = 0.0;
            world.profile.conflicts = 0.0;
            world.profile.slow_reads = 0.0;
            for process in &mut world.processes {
                process.stalled_until = None;
            }
            world.note(|_| "faults are over".to_owned());
            world.processes.len()
        };
        for process in 0..processes {
            self.start(process);
        }
    }

    /// One wait for a probe, one pause, what was under way at the end, and the requests.
    fn longest_healing(&self) -> i64 {
        let world = self.world.lock();
        let waiting = world.snapshot.outbox.len() as i64;
        let unanswerable = world
            .history
            .calls
            .values()
            .filter(|call| call.write.flaw == super::operation::Flaw::Unanswerable)
            .map(|call| call.write.rows.len() as i64)
            .sum::<i64>();
        60_000 + 60_000 + 10_000 + SETTLE + waiting * 1_000 + unanswerable * 10 * 100_000
    }
}

/// The seeds of a test, each on one of a few threads; the first that fails, if one does.
pub(super) fn first_failure(
    seeds: std::ops::Range<u64>,
    run: impl Fn(u64) -> Run + Sync,
) -> (Option<(u64, Outcome)>, Totals) {
    let next = AtomicU64::new(seeds.start);
    let failed = AtomicU64::new(u64::MAX);
    let threads = std::thread::available_parallelism().map_or(2, |threads| threads.get().min(8));
    let began = Instant::now();
    let totals = std::thread::scope(|scope| {
        let work = || {
            let mut totals = Totals::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                // What came before the first failure is still looked at, so that it is the first.
                if seed >= seeds.end || seed > failed.load(Ordering::Relaxed) {
                    return totals;
                }
                let outcome = run(seed).run();
                totals.add(&outcome);
                if outcome.violation.is_some() {
                    failed.fetch_min(seed, Ordering::Relaxed);
                }
            }
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut all = Totals::default();
        for thread in threads {
            all.join(thread.join().expect("no panic in a run"));
        }
        all
    });
    let totals = Totals { seconds: began.elapsed().as_secs_f64(), ..totals };
    let seed = failed.into_inner();
    let failure = (seed != u64::MAX).then(|| (seed, Run { traced: true, ..run(seed) }.run()));
    (failure, totals)
}

/// How much was tried.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    pub(super) seeds: u64,
    pub(super) calls: u64,
    pub(super) steps: u64,
    pub(super) longest_healing: i64,
    pub(super) seconds: f64,
}

impl Totals {
    fn add(&mut self, outcome: &Outcome) {
        self.seeds += 1;
        self.calls += outcome.calls as u64;
        self.steps += outcome.steps;
        self.longest_healing = self.longest_healing.max(outcome.healing);
    }

    fn join(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.calls += other.calls;
        self.steps += other.steps;
        self.longest_healing = self.longest_healing.max(other.longest_healing);
    }
}
