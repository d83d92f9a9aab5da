//! Whether the running task waits for the file. SQLite works on threads of its own; the simulation
//! lets each use of the file be one step, so that a seed always gives the same run.

use super::mutations::Mutation;
use std::cell::Cell;

thread_local! {
    static DEPTH: Cell<i64> = const { Cell::new(0) };
    static COMMITS: Cell<u64> = const { Cell::new(0) };
    static MIRROR_FAILURES: Cell<u64> = const { Cell::new(0) };
    static MUTATION: Cell<Option<Mutation>> = const { Cell::new(None) };
}

/// Held while the file is in use.
#[derive(Debug)]
pub(in crate::failover) struct InUse(());

pub(in crate::failover) fn enter() -> InUse {
    DEPTH.set(DEPTH.get() + 1);
    InUse(())
}

impl Drop for InUse {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

pub(in crate::failover) fn committed() {
    COMMITS.set(COMMITS.get() + 1);
}

pub(in crate::failover) fn mirror_failed() {
    MIRROR_FAILURES.set(MIRROR_FAILURES.get() + 1);
}

/// Whether this rule is broken in this run.
pub(in crate::failover) fn breaks(mutation: Mutation) -> bool {
    MUTATION.get() == Some(mutation)
}

/// The statement that fails if the state is not as it was seen; in one run it never does.
pub(in crate::failover) fn guard(sql: &str) -> String {
    if breaks(Mutation::SeenStateTrusted) {
        return sql.replace("state = ?,", "? is not null,").replace("state <> ?", "? is null");
    }
    sql.to_owned()
}

pub(super) fn break_rule(mutation: Option<Mutation>) {
    MUTATION.set(mutation);
}

pub(super) fn is_in_use() -> bool {
    DEPTH.get() > 0
}

/// Commits since the last question.
pub(super) fn take_commits() -> u64 {
    COMMITS.replace(0)
}

/// Mirror writes that failed since the last question.
pub(super) fn take_mirror_failures() -> u64 {
    MIRROR_FAILURES.replace(0)
}
