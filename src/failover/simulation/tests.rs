//! The runs, and the rules broken on purpose.

use super::mutations::Mutation;
use super::run::{Outcome, Run, first_failure};

const SEEDS: u64 = 2_000;

/// Runs one seed alone: `CHRONICLE_SEED=17 cargo test --lib simulation -- thousands --nocapture`.
const VARIABLE: &str = "CHRONICLE_SEED";

fn told(seed: u64, outcome: &Outcome) -> String {
    let violation = outcome.violation.as_ref().map(ToString::to_string).unwrap_or_default();
    let trace = outcome.trace.join("\n");
    format!(
        "{trace}\n\nseed {seed} ({}): {violation}\nrun it alone: {VARIABLE}={seed}",
        outcome.profile
    )
}

#[test]
fn thousands_of_seeded_schedules() {
    let seeds = match std::env::var(VARIABLE) {
        Ok(seed) => {
            let seed: u64 = seed.parse().expect("a number");
            seed..seed + 1
        }
        Err(_) => 0..SEEDS,
    };
    let (failure, totals) = first_failure(seeds, Run::of);
    println!(
        "{} seeds, {} calls, {} steps in {:.1} s; longest healing {} ms",
        totals.seeds, totals.calls, totals.steps, totals.seconds, totals.longest_healing
    );
    if let Some((seed, outcome)) = failure {
        panic!("{}", told(seed, &outcome));
    }
}

#[test]
fn a_seed_gives_always_the_same_run() {
    for seed in 0..28 {
        let run = Run { traced: true, ..Run::of(seed) };
        let (first, second) = (run.run(), run.run());
        assert!(!first.trace.is_empty());
        let differ = first.trace.iter().zip(&second.trace).position(|(one, other)| one != other);
        if let Some(at) = differ {
            panic!("seed {seed}:\n{}\nand\n{}", first.trace[at], second.trace[at]);
        }
        assert_eq!(first.trace.len(), second.trace.len(), "seed {seed}");
    }
}

/// Some seed breaks one of `expected` when the rule is not kept.
fn is_caught(mutation: Mutation, expected: &[u8], unchecked: &'static [u8]) {
    let run = |seed| Run { seed, mutation: Some(mutation), unchecked, traced: false };
    let (failure, totals) = first_failure(0..SEEDS, run);
    let (seed, outcome) = failure.expect("the rule is not needed, or its loss is not seen");
    let violation = outcome.violation.expect("a failure has one");
    println!("{mutation:?}: seed {seed} ({}) of {}: {violation}", outcome.profile, totals.seeds);
    assert!(expected.contains(&violation.invariant), "{violation}");
}

#[test]
fn routing_by_the_breaker_is_caught() {
    is_caught(Mutation::RouteByBreaker, &[5], &[]);
    is_caught(Mutation::RouteByBreaker, &[4, 7], &[5, 10]);
}

#[test]
fn no_settling_time_is_caught() {
    is_caught(Mutation::NoSettling, &[5], &[]);
    is_caught(Mutation::NoSettling, &[4], &[5]);
}

#[test]
fn inserts_as_merge_are_caught() {
    is_caught(Mutation::InsertsAsMerge, &[3], &[5]);
}

#[test]
fn an_update_of_no_row_taken_as_done_is_caught() {
    is_caught(Mutation::ZeroRowsSucceed, &[1], &[]);
}

#[test]
fn a_mark_after_the_request_is_caught() {
    is_caught(Mutation::MarkAfterSend, &[1, 3, 4, 5, 6, 8], &[]);
}

#[test]
fn a_lock_that_ends_by_time_is_caught() {
    is_caught(Mutation::TimedLock, &[1, 4, 5], &[9]);
}

#[test]
fn trust_in_the_state_last_seen_is_caught() {
    is_caught(Mutation::SeenStateTrusted, &[12], &[]);
    is_caught(Mutation::SeenStateTrusted, &[1, 4, 5, 7, 8], &[12]);
}

#[test]
fn a_mirror_without_guard_is_caught() {
    is_caught(Mutation::NoMirrorGuard, &[7, 11], &[]);
}
