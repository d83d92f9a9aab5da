//! [`History`]: which calls there were, what became of each, and which changes of the remote are
//! theirs.

use super::operation::WriteCall;
use crate::ErrorKind;
use crate::failover::entry::RowName;
use std::collections::{BTreeMap, BTreeSet};

pub(super) type CallId = u64;

/// A count of everything that happens: what has a smaller one came before.
pub(super) type Tick = u64;

#[derive(Clone, Debug)]
pub(super) struct Call {
    /// `None` for another machine, which writes straight to the remote.
    pub(super) process: Option<usize>,
    pub(super) write: WriteCall,
    pub(super) called: Tick,
    /// When its write ended, whether or not its caller waited for it. Never, if it was killed.
    pub(super) finished: Option<Tick>,
    /// What its caller was told.
    pub(super) answer: Option<Result<u64, ErrorKind>>,
    /// When its caller was told that it is done.
    pub(super) acknowledged: Option<Tick>,
    /// Whether a request of its own has left.
    pub(super) is_direct: bool,
}

impl Call {
    /// Whether it was told to have failed without any effect.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.answer, Some(Err(kind)) if kind != ErrorKind::Timeout)
    }

    /// Whether it was over before the other one began.
    pub(super) fn precedes(&self, other: &Self) -> bool {
        self.finished.is_some_and(|finished| finished < other.called)
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        !self.precedes(other) && !other.precedes(self)
    }
}

/// A call's part in one row.
#[derive(Clone, Debug, Default)]
pub(super) struct Unit {
    /// Its entries.
    pub(super) sequences: BTreeSet<i64>,
    /// When it first changed the row at the remote.
    pub(super) effect: Option<Tick>,
    /// The remote took it, and there was nothing to change.
    pub(super) is_void: bool,
    /// Requests with it alone that got no answer, the probe after which succeeded.
    pub(super) unanswered: u32,
}

impl Unit {
    pub(super) const fn is_done(&self) -> bool {
        self.effect.is_some() || self.is_void
    }
}

/// What was learnt of a row.
#[derive(Clone, Debug, Default)]
pub(super) struct RowHistory {
    /// The calls that changed it at the remote, in that order.
    pub(super) effects: Vec<(CallId, super::remote::Effect)>,
    /// The largest of the times at which those calls were made, and whose it is.
    pub(super) latest: Option<(Tick, CallId)>,
    /// Whether somebody outside the file wrote it, or its parent.
    pub(super) is_foreign: bool,
    /// Its entries that ever were letters.
    pub(super) letters: BTreeSet<i64>,
    /// Whether the file may lawfully differ: why.
    pub(super) differs: Option<&'static str>,
}

impl RowHistory {
    pub(super) fn had_letter(&self) -> bool {
        !self.letters.is_empty()
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct History {
    pub(super) calls: BTreeMap<CallId, Call>,
    pub(super) units: BTreeMap<(CallId, RowName), Unit>,
    /// Whose an entry is.
    pub(super) owners: BTreeMap<i64, CallId>,
    pub(super) rows: BTreeMap<RowName, RowHistory>,
    next: CallId,
}

impl History {
    pub(super) fn begin(&mut self, process: Option<usize>, write: WriteCall, now: Tick) -> CallId {
        self.next += 1;
        let call = Call {
            process,
            write,
            called: now,
            finished: None,
            answer: None,
            acknowledged: None,
            is_direct: false,
        };
        self.calls.insert(self.next, call);
        self.next
    }

    pub(super) fn unit(&mut self, call: CallId, row: &RowName) -> &mut Unit {
        self.units.entry((call, row.clone())).or_default()
    }

    pub(super) fn row(&mut self, row: &RowName) -> &mut RowHistory {
        self.rows.entry(row.clone()).or_default()
    }

    pub(super) fn units_of(&self, call: CallId) -> impl Iterator<Item = (&RowName, &Unit)> {
        self.units
            .range((call, RowName(String::new(), String::new()))..)
            .take_while(move |((id, _), _)| *id == call)
            .map(|((_, row), unit)| (row, unit))
    }

    /// The calls whose part in a row is known.
    pub(super) fn calls_of(&self, row: &RowName) -> impl Iterator<Item = (CallId, &Call)> {
        self.calls
            .iter()
            .filter(|(id, call)| {
                call.write.rows.contains(row) || self.units.contains_key(&(**id, row.clone()))
            })
            .map(|(id, call)| (*id, call))
    }
}
