//! [`Invariant`]: what must hold, by name.

use crate::failover::rules::name::RowName;
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Invariant {
    /// An acknowledged write has taken effect at the remote, or is in the outbox, letters included.
    NothingLost,
    /// An effect at the remote is of one call and carries its values; a call that was refused has
    /// none, nor has a write that was forgotten by hand.
    NothingMadeUp,
    /// What goes by the server's function takes effect once.
    Once,
    /// An insert never changes a row that is there, and takes one for its own only if it may be.
    InsertOnce,
    /// No write takes effect after one that was made after it had been acknowledged.
    Order,
    /// A delete takes along only what was there for it, and a write to a row below it that was
    /// acknowledged before goes before.
    Parents,
    /// A read by key after the process's own acknowledged write gives it, or one that is not older,
    /// or says that it is not known.
    OwnWrites,
    /// A letter is poison, a conflict, of a vanished row, or of a row whose parent is one.
    PoisonAlone,
    /// What a letter holds needs it, and nothing waits besides.
    HeldByLetters,
    /// At rest a row in the file is the row at the remote.
    Equal,
    /// After healing the store is healthy soon, also while writers go on, and all is replayed.
    Ends,
    /// The outbox keeps its bound, and the file counts what it holds.
    Bound,
    /// No transaction of the core's own changes more than 500 entries.
    SmallTransactions,
    /// While the breaker is open no call is sent; a probe is sent once in a wait.
    Budget,
    /// A call ends with what the failover may say: nothing is an error of its own making.
    NoOwnErrors,
}

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) invariant: Invariant,
    pub(super) what: String,
    pub(super) row: Option<RowName>,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: {}", self.invariant, self.what)
    }
}
