//! [`History`]: which calls there were, what became of each, and which changes of the remote are
//! theirs.

use super::operation::{CallKind, WriteCall};
use super::remote::Effect;
use super::tables;
use crate::ErrorKind;
use crate::failover::rules::name::RowName;
use crate::operation::Duplicates;
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
    /// The same in simulated milliseconds.
    pub(super) called_at: i64,
    /// When its write ended, whether or not its caller waited for it. Never, if it was killed.
    pub(super) finished: Option<Tick>,
    /// What its caller was told.
    pub(super) answer: Option<Result<u64, ErrorKind>>,
    /// When its caller was told that it is done.
    pub(super) acknowledged: Option<Tick>,
    /// A request of its own has left.
    pub(super) is_direct: bool,
    /// Its process was killed while it was under way.
    pub(super) is_killed: bool,
    /// When that was.
    pub(super) killed_at: Option<Tick>,
    /// Its task has changed the file.
    pub(super) has_committed: bool,
    /// It failed after some of its rows were stored.
    pub(super) is_partial: bool,
}

impl Call {
    /// Whether it was told to have failed without any effect.
    pub(super) fn is_refused(&self) -> bool {
        !self.is_partial && matches!(self.answer, Some(Err(kind)) if kind != ErrorKind::Timeout)
    }

    /// Whether it was over before the other one began.
    pub(super) fn precedes(&self, other: &Self) -> bool {
        self.finished.is_some_and(|finished| finished < other.called)
    }

    pub(super) fn is_foreign(&self) -> bool {
        self.process.is_none()
    }

    pub(super) fn deletes(&self) -> bool {
        matches!(self.write.kind, CallKind::Delete { .. })
    }

    /// Whether it sets a column of a row that is there.
    pub(super) fn sets(&self, column: &str) -> bool {
        match &self.write.kind {
            // An earlier version of the program does not know all columns.
            CallKind::Insert { duplicates, .. } => {
                *duplicates != Duplicates::Ignore
                    && self.write.table.columns.iter().any(|known| known.name == column)
            }
            CallKind::Update { numbers, .. } => numbers.contains(&column),
            CallKind::Delete { .. } => false,
        }
    }
}

/// A call's part in one row.
#[derive(Clone, Debug, Default)]
pub(super) struct Unit {
    /// Its entries.
    pub(super) sequences: BTreeSet<i64>,
    /// When it first changed the row at the remote.
    pub(super) effect: Option<Tick>,
    pub(super) has_inserted: bool,
    /// The remote took it, and there was nothing to change; or it refused it, and the row is deleted later.
    pub(super) is_void: bool,
    /// Forgotten by hand, or made anew by hand.
    pub(super) is_dropped: bool,
    /// A direct request of it has changed the row.
    pub(super) was_direct: bool,
    /// A request of it that did not go by the server's function has changed the row.
    pub(super) was_plain: bool,
    /// Requests with its row alone that failed.
    pub(super) failures: u32,
    /// When the remote refused it for a unique value, and who held that.
    pub(super) taken_by: Option<(Tick, RowName)>,
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
    pub(super) effects: Vec<(CallId, Effect)>,
    /// The largest of the times at which those calls were made, and whose it is.
    pub(super) latest: Option<(Tick, CallId)>,
    /// Somebody outside the file has written it, or a row above it.
    pub(super) is_foreign: bool,
    /// Its entries that ever were letters.
    pub(super) letters: BTreeSet<i64>,
    /// A letter has held a write of it.
    pub(super) was_held: bool,
    /// The file has said that it does not know it.
    pub(super) was_unsure: bool,
    /// A process was killed while a direct request that changed it was under way.
    pub(super) is_uncertain: bool,
    /// The file's copy was removed by hand.
    pub(super) is_pruned: bool,
    /// It stays in the file alone.
    pub(super) is_local: bool,
    /// Rows that it has referred to.
    pub(super) parents: BTreeSet<RowName>,
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
            called_at: 0,
            finished: None,
            answer: None,
            acknowledged: None,
            is_direct: false,
            is_killed: false,
            killed_at: None,
            has_committed: false,
            is_partial: false,
        };
        self.calls.insert(self.next, call);
        self.next
    }

    /// A call that was over when it began.
    pub(super) fn at_once(
        &mut self,
        process: Option<usize>,
        write: WriteCall,
        now: Tick,
    ) -> CallId {
        let id = self.begin(process, write, now);
        let call = self.calls.get_mut(&id).expect("it has begun");
        (call.finished, call.acknowledged, call.answer) = (Some(now), Some(now), Some(Ok(1)));
        id
    }

    pub(super) fn unit(&mut self, call: CallId, row: &RowName) -> &mut Unit {
        self.units.entry((call, row.clone())).or_default()
    }

    pub(super) fn row(&mut self, row: &RowName) -> &mut RowHistory {
        self.rows.entry(row.clone()).or_default()
    }

    pub(super) fn known(&self, row: &RowName) -> Option<&RowHistory> {
        self.rows.get(row)
    }

    pub(super) fn units_of(&self, call: CallId) -> impl Iterator<Item = (&RowName, &Unit)> {
        self.units
            .iter()
            .filter(move |((id, _), _)| *id == call)
            .map(|((_, row), unit)| (row, unit))
    }

    /// A row and all that it has ever referred to, through all levels.
    pub(super) fn lineage(&self, row: &RowName) -> Vec<RowName> {
        let mut found = vec![row.clone()];
        let mut at = 0;
        while let Some(next) = found.get(at).cloned() {
            for parent in self.known(&next).into_iter().flat_map(|known| &known.parents) {
                if !found.contains(parent) {
                    found.push(parent.clone());
                }
            }
            at += 1;
        }
        found
    }

    /// The calls that name a row, or have changed it or have an entry for it.
    pub(super) fn calls_of(&self, row: &RowName) -> Vec<(CallId, &Call)> {
        self.calls
            .iter()
            .filter(|(id, call)| {
                self.units.contains_key(&(**id, row.clone())) || call.write.rows().contains(row)
            })
            .map(|(id, call)| (*id, call))
            .collect()
    }

    /// What people want to know of a row when something is wrong with it.
    pub(super) fn told(&self, row: &RowName) -> String {
        use std::fmt::Write;
        let mut text = format!("history of {} {}:\n", row.table, tables::short(row));
        for (id, call) in self.calls_of(row) {
            let unit = self.units.get(&(id, row.clone()));
            let _ = writeln!(
                text,
                "  call {id} of {:?}: {:?} {:?}, called {}, finished {:?}, {:?}{}{} {unit:?}",
                call.process,
                call.write.entry_kind(),
                call.write.flaw,
                call.called,
                call.finished,
                call.answer,
                if call.is_direct { ", direct" } else { "" },
                if call.is_killed { ", killed" } else { "" },
            );
        }
        if let Some(known) = self.known(row) {
            let _ = writeln!(text, "  at the remote: {:?}", known.effects);
        }
        text
    }
}
