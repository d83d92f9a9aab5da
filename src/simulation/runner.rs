//! Runs: one seed from its first call to rest, and thousands of them.

use super::chance::Chance;
use super::coverage::{Coverage, Gap};
use super::executor::{Executor, lock};
use super::invariants::{Invariant, Violation};
use super::operation::{CallKind, Flaw, NewRow, WriteCall};
use super::schedule::Profile;
use super::tables;
use super::world::World;
use crate::failover::options::Present;
use crate::failover::rules::name::RowName;
use crate::failover::seam::{self, Met, Mutation};
use crate::operation::Duplicates;
use std::collections::BTreeMap;
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
    pub(super) is_traced: bool,
}

/// What became of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) profile: &'static str,
    pub(super) violation: Option<Violation>,
    pub(super) history: String,
    pub(super) trace: Vec<String>,
    pub(super) steps: u64,
    pub(super) calls: usize,
    /// From the end of the faults to the first moment of health, in simulated milliseconds.
    pub(super) healing: i64,
    pub(super) coverage: Coverage,
}

impl Run {
    pub(super) fn of(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    pub(super) fn run(self) -> Outcome {
        let mut chance = Chance::of_seed(self.seed);
        let profile = Profile::of_seed(self.seed, &mut chance);
        let world = Arc::new(World::new(self.seed, profile.clone(), chance, self.is_traced));
        seam::reset(self.mutation);
        let mut executor = Executor::new(world.clone());
        fill(&world);
        world.lock().plan();
        for process in 0..profile.processes {
            executor.start(process);
        }
        while executor.go_on() && !executor.is_quiet() {
            executor.befall();
        }
        let healed = executor.heal();
        while executor.go_on() && !executor.is_settled(healed) {}
        if world.lock().violation.is_none() {
            world.lock().check_places();
            world.lock().check_letters_at_rest();
            world.check_equal(false);
        }
        if world.lock().violation.is_none() {
            executor.pull_everything();
            world.check_equal(true);
        }
        let (steps, met) = (executor.steps, seam::take_met());
        seam::reset(None);
        for process in 0..profile.processes {
            executor.end_tasks(process);
        }
        let mut inner = world.lock();
        let violation = inner.violation.take();
        let row = violation.as_ref().and_then(|violation| violation.row.clone());
        let lineage = row.map(|row| inner.history.lineage(&row)).unwrap_or_default();
        let history = lineage.iter().map(|row| inner.history.told(row)).collect();
        let mut coverage = std::mem::take(&mut inner.coverage);
        coverage.met = met;
        Outcome {
            profile: profile.name,
            violation,
            history,
            trace: inner.trace.take().unwrap_or_default(),
            steps,
            calls: inner.history.calls.len(),
            healing: inner.healthy_at.map_or(0, |at| at - healed),
            coverage,
        }
    }
}

/// The rows that were there before the remote.
fn fill(world: &World) {
    let mut inner = world.lock();
    for (table, present) in inner.profile.present {
        let table = tables::ALL[*table];
        for number in 0..tables::rows_of(table) - 1 {
            let key = tables::key(table, number);
            let rows = vec![NewRow { key: key.clone(), others: Vec::new() }];
            let kind = CallKind::Insert { duplicates: Duplicates::Ignore, rows };
            let call = WriteCall { table, kind, flaw: Flaw::None };
            let tick = inner.tick;
            let id = inner.history.at_once(Some(0), call, tick);
            let text = |key: String| format!("'{}'", key.replace('\'', "''"));
            let mut columns: Vec<String> = tables::NUMBERS.map(str::to_owned).to_vec();
            let mut values = vec![id.to_string(); columns.len()];
            for (column, value) in tables::key_values(table, &key) {
                columns.push(column);
                values.push(text(value));
            }
            for foreign in tables::foreign_keys(table.name).iter().filter(|it| !it.is_optional) {
                let rows = tables::rows_of(foreign.parent) - 1;
                let parent = tables::key(foreign.parent, number % rows);
                columns.extend(foreign.columns.iter().map(|&column| column.to_owned()));
                values.extend(parent.texts().into_iter().map(text));
            }
            let script = format!(
                "insert into {} ({}) values ({})",
                table.name,
                columns.join(", "),
                values.join(", ")
            );
            lock(&world.file).fill(&script);
            let row = tables::row_name(table, &key);
            inner.history.row(&row).is_local = true;
            if *present == Present::Waive {
                inner.history.calls.get_mut(&id).expect("a call").acknowledged = None;
            }
        }
    }
}

impl Executor {
    /// One step, unless something is broken already.
    fn go_on(&mut self) -> bool {
        if self.world.lock().violation.is_some() {
            return false;
        }
        let goes_on = self.step() && self.steps < MOST_STEPS;
        if !goes_on {
            let what = "nothing goes on, or without end";
            self.world.lock().violated(Invariant::Ends, None, what);
        }
        goes_on
    }

    fn is_quiet(&self) -> bool {
        let world = self.world.lock();
        world.calls_left == 0 && world.clients == 0
    }

    /// Everything works from now on, all processes run, and clients go on for a while.
    fn heal(&mut self) -> i64 {
        let (processes, now) = {
            let mut world = self.world.lock();
            world.is_healed = true;
            world.weather.clear();
            world.calls_left = world.profile.calls_after;
            world.profile.lost_request = 0.0;
            world.profile.lost_answer = 0.0;
            world.profile.late_request = 0.0;
            world.profile.slow_reads = 0.0;
            world.profile.slow_writes = 0.0;
            world.profile.impatient = 0.0;
            for process in &mut world.processes {
                process.stalled_until = None;
                process.calls_to_live = None;
                process.hooks.interrupt_after.store(-1, Ordering::Relaxed);
                process.hooks.refuses_commit.store(false, Ordering::Relaxed);
            }
            world.note(|_| "faults are over".to_owned());
            (world.processes.len(), world.now)
        };
        lock(&self.world.file).unlock();
        for process in 0..processes {
            self.kill(process);
            self.start(process);
        }
        now
    }

    /// Whether the writers have ended, and all is at rest; for long enough that what is tried each
    /// minute was tried.
    fn is_settled(&mut self, healed: i64) -> bool {
        let mut world = self.world.lock();
        let passed = world.now - world.mended_at.unwrap_or(healed);
        let limit = world.longest_healing();
        let is_overdue = match world.healthy_at {
            None => passed > limit,
            Some(_) => passed > 2 * limit + 200_000,
        };
        if is_overdue && world.stands_still() {
            let now = world.now;
            world.gap(Gap::StandsStill);
            world.database.is_mended = true;
            world.mended_at = Some(now);
            return false;
        }
        if is_overdue {
            let wanted = if world.healthy_at.is_none() { "healthy" } else { "at rest" };
            let what = format!("not {wanted} after {passed} ms: {}", world.waiting());
            world.violated(Invariant::Ends, None, what);
        }
        let is_quiet = world.calls_left == 0 && world.clients == 0;
        if !is_quiet || !world.is_at_rest() {
            return false;
        }
        let now = world.now;
        now - *world.at_rest_since.get_or_insert(now) > 130_000
    }

    /// Fills the file from the remote, by a process that is given nothing else to do.
    fn pull_everything(&mut self) {
        self.spawn_pull();
        while self.go_on() && !self.world.lock().is_pulled {}
    }
}

impl super::world::Inner {
    /// One wait for a probe, one pause, what was under way at the end, and the requests; five
    /// failures for what is never answered.
    fn longest_healing(&self) -> i64 {
        let entries = self.snapshot.entries.len() as i64;
        let slow = self.history.calls.values().filter(|call| {
            matches!(call.write.flaw, Flaw::Unknown | Flaw::TooSlow | Flaw::Unanswerable)
                && call.acknowledged.is_some()
        });
        300_000 + entries * 1_000 + slow.count() as i64 * 900_000
    }

    /// Whether all that can be sent of the paused tables fails for a reason that judges nobody.
    fn stands_still(&self) -> bool {
        let mut ready = self.snapshot.entries.values().filter(|entry| {
            let known = self.history.known(&entry.row);
            // What lacks a parent is tried again each minute.
            let was_letter = known.is_some_and(|known| known.letters.contains(&entry.sequence));
            entry.reason.is_none() && self.snapshot.is_ready(entry) && !was_letter
        });
        let call_of = |sequence: &i64| {
            let owner = self.history.owners.get(sequence);
            owner.and_then(|owner| self.history.calls.get(owner))
        };
        // Of its row: what travels with it.
        let judges_nobody = |row: &RowName| {
            let of_row = self.snapshot.entries.iter().filter(|(_, entry)| entry.row == *row);
            of_row.filter_map(|(one, _)| call_of(one)).any(|call| !call.write.flaw.judges())
        };
        self.mended_at.is_none()
            && ready.all(|entry| {
                // What has come just now waits behind a probe, or until nothing can arrive late.
                let is_new = call_of(&entry.sequence)
                    .is_some_and(|call| self.now - call.called_at < 200_000);
                is_new || judges_nobody(&entry.row)
            })
    }

    fn waiting(&self) -> String {
        let entries: Vec<String> =
            self.snapshot.entries.values().map(|entry| entry.told()).collect();
        format!("[{}] {}", entries.join(" "), self.snapshot.state)
    }
}

/// The seeds of a test, each on one of a few threads; the first that fails, if one does.
fn first_failure(
    seeds: std::ops::Range<u64>,
    mutation: Option<Mutation>,
) -> (Option<Outcome>, u64, Totals) {
    let next = AtomicU64::new(seeds.start);
    let failed = AtomicU64::new(u64::MAX);
    let threads = std::thread::available_parallelism().map_or(2, |threads| threads.get().min(8));
    let began = Instant::now();
    let mut totals = std::thread::scope(|scope| {
        let work = || {
            let mut totals = Totals::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                // What came before the first failure is still looked at, so that it is the first.
                if seed >= seeds.end || seed > failed.load(Ordering::Relaxed) {
                    return totals;
                }
                let outcome = Run { mutation, ..Run::of(seed) }.run();
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
    totals.seconds = began.elapsed().as_secs_f64();
    let seed = failed.into_inner();
    let failure =
        (seed != u64::MAX).then(|| Run { seed, mutation, is_traced: mutation.is_none() }.run());
    (failure, seed, totals)
}

/// How much was tried.
#[derive(Clone, Debug, Default)]
struct Totals {
    seeds: u64,
    calls: u64,
    steps: u64,
    longest_healing: i64,
    seconds: f64,
    coverage: Coverage,
}

impl Totals {
    fn add(&mut self, outcome: &Outcome) {
        self.seeds += 1;
        self.calls += outcome.calls as u64;
        self.steps += outcome.steps;
        self.longest_healing = self.longest_healing.max(outcome.healing);
        self.coverage.join(&outcome.coverage);
    }

    fn join(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.calls += other.calls;
        self.steps += other.steps;
        self.longest_healing = self.longest_healing.max(other.longest_healing);
        self.coverage.join(&other.coverage);
    }
}

mod tests {
    use super::*;

    /// Seeds of the test suite: each profile a few times.
    const SEEDS: u64 = 84;
    /// From so many on each branch of the core must have been met.
    const FULL: u64 = 1_500;

    fn variable(name: &str) -> Option<u64> {
        std::env::var(name).ok().map(|text| text.parse().expect("a number"))
    }

    fn told(seed: u64, outcome: &Outcome) -> String {
        let violation = outcome.violation.as_ref().map(ToString::to_string).unwrap_or_default();
        let trace = outcome.trace.join("\n");
        format!(
            "{trace}\n\n{}\nseed {seed} ({}): {violation}\nrun it alone: CHRONICLE_SEED={seed}",
            outcome.history, outcome.profile
        )
    }

    #[test]
    fn seeded_schedules() {
        let seeds = match variable("CHRONICLE_SEED") {
            Some(seed) => seed..seed + 1,
            None => 0..variable("CHRONICLE_SEEDS").unwrap_or(SEEDS),
        };
        let is_full = seeds.end - seeds.start >= FULL;
        let (failure, seed, totals) = first_failure(seeds, None);
        println!(
            "{} seeds, {} calls, {} steps in {:.1} s; longest healing {} ms",
            totals.seeds, totals.calls, totals.steps, totals.seconds, totals.longest_healing
        );
        println!("what no rule closes: {:?}", totals.coverage.gaps);
        println!("met: {:?}", totals.coverage.met);
        if let Some(outcome) = failure {
            panic!("{}", told(seed, &outcome));
        }
        let missing: Vec<Met> =
            Met::ALL.iter().copied().filter(|met| !totals.coverage.met.contains_key(met)).collect();
        println!("never met: {missing:?}");
        assert!(!is_full || missing.is_empty(), "never met: {missing:?}");
    }

    /// How many seeds fail, by what: for whoever looks for defects.
    #[test]
    #[ignore = "a survey"]
    fn survey() {
        let seeds = variable("CHRONICLE_SEEDS").unwrap_or(SEEDS);
        let next = AtomicU64::new(variable("CHRONICLE_FROM").unwrap_or(0));
        let mut found: BTreeMap<(Invariant, &str), Vec<u64>> = BTreeMap::new();
        std::thread::scope(|scope| {
            let work = || {
                let mut found = Vec::new();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return found;
                    }
                    let outcome = Run::of(seed).run();
                    if let Some(violation) = outcome.violation {
                        println!("{seed} {}: {:.200}", outcome.profile, violation.to_string());
                        found.push((violation, outcome.profile, seed));
                    }
                }
            };
            let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
            for thread in threads {
                for (violation, profile, seed) in thread.join().expect("no panic") {
                    found.entry((violation.invariant, profile)).or_default().push(seed);
                }
            }
        });
        for (what, seeds) in found {
            println!("{what:?}: {} {:?}", seeds.len(), &seeds[..seeds.len().min(6)]);
        }
    }

    #[test]
    fn a_seed_gives_always_the_same_run() {
        for seed in (0..28).step_by(3) {
            let run = Run { is_traced: true, ..Run::of(seed) };
            let (first, second) = (run.run(), run.run());
            assert!(!first.trace.is_empty());
            let differ =
                first.trace.iter().zip(&second.trace).position(|(one, other)| one != other);
            if let Some(at) = differ {
                panic!("seed {seed}:\n{}\nand\n{}", first.trace[at], second.trace[at]);
            }
            assert_eq!(first.trace.len(), second.trace.len(), "seed {seed}");
        }
    }

    /// Some seed breaks an invariant when a rule is left out.
    #[test]
    #[ignore = "takes minutes"]
    fn each_rule_left_out_is_caught() {
        let most = variable("CHRONICLE_SEEDS").unwrap_or(2_000);
        let only = std::env::var("CHRONICLE_MUTATION").ok();
        let mut missed = Vec::new();
        for mutation in Mutation::ALL {
            if only.as_ref().is_some_and(|only| *only != format!("{mutation:?}")) {
                continue;
            }
            let (failure, seed, _) = first_failure(0..most, Some(*mutation));
            match failure.and_then(|outcome| Some((outcome.profile, outcome.violation?))) {
                Some((profile, violation)) => {
                    println!("| {mutation:?} | {:?} | {seed} ({profile}) |", violation.invariant);
                }
                None => missed.push(*mutation),
            }
        }
        println!("not caught within {most} seeds: {missed:?}");
        assert!(missed.is_empty(), "{missed:?}");
    }
}
