//! What holds at rest: faults over, no pause, nothing waiting, no new calls.

use super::entities;
use super::history::{Call, CallId};
use super::network::SETTLE;
use super::operation::Flaw;
use super::remote::Effect;
use super::snapshot::Letter;
use super::world::Inner;
use crate::ErrorKind;
use crate::failover::entry::{EntryKind, RowName};

impl Inner {
    /// Nothing waits, nothing is under way, and nothing can arrive any more.
    pub(super) fn is_at_rest(&self) -> bool {
        self.snapshot.is_healthy()
            && self.snapshot.state.pauses.is_empty()
            && self.requests.is_empty()
            && self.unanswered.iter().all(|one| one.since + SETTLE <= self.now)
    }

    pub(super) fn check_rest(&mut self) {
        self.check_places();
        for letter in self.snapshot.letters.clone() {
            self.check_letter(&letter);
        }
        for row in entities::all_rows() {
            self.check_equal(&row);
        }
    }

    /// Every acknowledged write is in exactly one place. (1, 8)
    fn check_places(&mut self) {
        let acknowledged: Vec<(CallId, RowName)> = self
            .history
            .units
            .keys()
            .filter(|(call, _)| self.history.calls[call].acknowledged.is_some())
            .cloned()
            .collect();
        for (call, row) in acknowledged {
            let unit = self.history.unit(call, &row).clone();
            let letters: Vec<&Letter> =
                unit.sequences.iter().filter_map(|one| self.snapshot.letter(*one)).collect();
            let is_foreign = self.history.row(&row).is_foreign;
            // It says itself that it may have been applied.
            let is_unsure = letters.iter().any(|letter| letter.is_sent);
            match (unit.is_done(), letters.len()) {
                (true, 0) | (false, 1) => {}
                (true, 1) if is_unsure || is_foreign => {}
                (done, letters) => {
                    let what = format!("call {call} on {row:?}: effect {done}, letters {letters}");
                    self.violated(1, what);
                }
            }
        }
    }

    /// Nothing is a letter that could be at the remote. (6, 8)
    fn check_letter(&mut self, letter: &Letter) {
        let entry = &letter.entry;
        let Some(id) = self.history.owners.get(&entry.sequence).copied() else { return };
        let call = self.history.calls[&id].clone();
        let row = &entry.row;
        let unit = self.history.unit(id, row).clone();
        let is_foreign = self.history.row(row).is_foreign;
        let is_lawful = match letter.reason.as_str() {
            "refused" => {
                call.write.flaw == Flaw::Poison
                    // The remote has children of it.
                    || (call.write.kind == EntryKind::Delete && !self.database.cascade)
            }
            "follows" => {
                let is_needed = letter.missing.as_ref().is_some_and(|missing| {
                    let mut letters = self.snapshot.letters.iter();
                    letters.any(|one| one.entry.row == *missing && one.is_absent)
                });
                is_needed || self.is_superseded(row, &call)
            }
            "parent_missing" => {
                self.is_orphan(row, &call, entry.kind) || self.is_superseded(row, &call)
            }
            // Where a delete of it or its parent is a letter, the row is still there; and another
            // write that was a letter may have made it.
            "conflict" => {
                let parent = entities::parent_of(row);
                let kept = parent.is_some_and(|parent| self.history.row(&parent).had_letter());
                let mut letters = self.snapshot.letters.iter();
                let is_second =
                    letters.any(|one| one.entry.row == *row && one.entry.sequence < entry.sequence);
                is_foreign
                    || kept
                    || is_second
                    || self.is_written_after(row, &call)
                    || self.has_rival(row, id, &call)
            }
            // The remote's row was looked for when it was found missing.
            "missing_row" => true,
            "unanswerable" => unit.unanswered >= 5 || call.write.flaw == Flaw::Unanswerable,
            _ => false,
        };
        if !is_lawful {
            let invariant = if letter.reason == "parent_missing" { 6 } else { 8 };
            let what = format!("letter {} ({}) of call {id}: {entry:?}", letter.id, letter.reason);
            self.violated(invariant, what);
        }
    }

    /// Whether the parent of a row is lawfully not there.
    fn is_orphan(&mut self, row: &RowName, call: &Call, kind: EntryKind) -> bool {
        let Some(parent) = entities::parent_of(row) else { return false };
        if self.history.row(&parent).is_foreign || self.is_uncertain(&parent) {
            // It is not known what somebody else does to the parent, or a process that has ended.
            return true;
        }
        if kind == EntryKind::Delete || self.database.rows.contains_key(&parent) {
            return false;
        }
        let known = self.history.row(&parent).clone();
        let never_was = !known.effects.iter().any(|(_, effect)| *effect == Effect::Inserted);
        known.had_letter()
            || never_was
            || known.effects.iter().any(|(other, effect)| {
                *effect == Effect::Deleted && !call.precedes(&self.history.calls[other])
            })
    }

    /// Whether something later is at the remote, which it would undo: it does not return.
    fn is_superseded(&self, row: &RowName, call: &Call) -> bool {
        self.is_written_after(row, call)
            || entities::parent_of(row).is_some_and(|parent| {
                // It went with its parent.
                let mut calls = self.history.calls_of(&parent);
                calls.any(|(_, other)| {
                    other.write.kind == EntryKind::Delete && !other.precedes(call)
                })
            })
    }

    fn is_written_after(&self, row: &RowName, call: &Call) -> bool {
        self.history.calls_of(row).any(|(id, other)| {
            let unit = self.history.units.get(&(id, row.clone()));
            // A delete that finds nothing has no effect, but its meaning.
            let is_delete = other.write.kind == EntryKind::Delete && other.answer == Some(Ok(0));
            (is_delete || unit.is_some_and(|unit| unit.is_done())) && !other.precedes(call)
        })
    }

    /// Whether another call made the row at about the same time, or without an acknowledgement.
    fn has_rival(&mut self, row: &RowName, id: CallId, call: &Call) -> bool {
        let known = self.history.row(row).clone();
        known.effects.iter().any(|(other, effect)| {
            let rival = &self.history.calls[other];
            *effect == Effect::Inserted
                && *other != id
                && (rival.overlaps(call) || rival.acknowledged.is_none())
        })
    }

    /// The file has the row as the remote has it. (11)
    fn check_equal(&mut self, row: &RowName) {
        let related: Vec<RowName> =
            entities::parent_of(row).into_iter().chain([row.clone()]).collect();
        for one in &related {
            let known = self.history.row(one);
            if known.is_foreign || known.had_letter() || known.differs.is_some() {
                return;
            }
            if self.is_uncertain(one) || self.has_raced(one) {
                return;
            }
        }
        let (file, remote) = (self.snapshot.rows.get(row), self.database.rows.get(row));
        if file != remote {
            let what = format!("{row:?} is {file:?} in the file and {remote:?} at the remote");
            self.violated(11, what);
        }
    }

    /// Whether two processes wrote it at the same time: their answers may come in another order than
    /// their effects.
    fn has_raced(&self, row: &RowName) -> bool {
        let direct: Vec<&Call> = self
            .history
            .calls_of(row)
            .filter(|(_, call)| call.is_direct && !call.is_refused())
            .map(|(_, call)| call)
            .collect();
        direct.iter().enumerate().any(|(at, one)| {
            direct[..at].iter().any(|other| other.process != one.process && one.overlaps(other))
        })
    }

    /// Whether a process ended, or told its caller that it does not know, after the remote had done
    /// what a direct write asked: no other process can know of it.
    fn is_uncertain(&self, row: &RowName) -> bool {
        self.history.calls_of(row).any(|(id, call)| {
            let has_effect = self
                .history
                .units
                .get(&(id, row.clone()))
                .is_some_and(|unit| unit.effect.is_some() && unit.sequences.is_empty());
            let is_told = call.acknowledged.is_some();
            let is_unknown = matches!(call.answer, Some(Err(ErrorKind::Timeout)) | None);
            has_effect && !is_told && is_unknown
        })
    }
}
