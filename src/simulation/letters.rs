//! Whether a letter is lawful.

use super::file::Waiting;
use super::history::{Call, CallId};
use super::invariants::Invariant;
use super::operation::{CallKind, Flaw};
use super::remote::Effect;
use super::tables;
use super::world::Inner;
use crate::failover::rules::entry::EntryKind;
use crate::failover::rules::name::RowName;
use crate::operation::Duplicates;

impl Inner {
    /// An entry has become a letter.
    pub(super) fn check_new_letter(&mut self, letter: &Waiting) {
        let Some(id) = self.history.owners.get(&letter.sequence).copied() else { return };
        let call = self.history.calls[&id].clone();
        if let Some(why) = self.unlawful(letter, id, &call) {
            let what = format!(
                "letter {} ({} {:?}) of call {id}: {why}",
                letter.sequence,
                letter.reason.as_deref().unwrap_or_default(),
                letter.code
            );
            self.violated(Invariant::PoisonAlone, Some(&letter.row), what);
        }
    }

    fn unlawful(&self, letter: &Waiting, id: CallId, call: &Call) -> Option<&'static str> {
        let row = &letter.row;
        let unit = self.history.units.get(&(id, row.clone())).cloned().unwrap_or_default();
        let needed = letter.waits.iter().find(|(before, cause)| {
            let waited = self.snapshot.entries.get(before);
            // A delete does not wait for what it removes.
            letter.kind != EntryKind::Delete
                && matches!(cause.as_str(), "row" | "parent")
                && waited.is_some_and(|waited| waited.reason.is_some() && !waited.released)
        });
        if needed.is_some() {
            return Some("what it needs is a letter, so that it should be held");
        }
        match (letter.reason.as_deref(), letter.code.as_deref()) {
            (Some("refused"), Some("23514")) => {
                // By hand its row may have been mended, with what was written to it later.
                let is_poison = |call: &Call| call.write.flaw == Flaw::Poison;
                let mut of_row = self.history.calls_of(row).into_iter();
                let is_mended = self.profile.by_hand > 0.0 && of_row.any(|(_, one)| is_poison(one));
                (!is_poison(call) && !is_mended).then_some("it is no poison")
            }
            (Some("refused"), Some("42501")) => {
                (call.write.flaw != Flaw::RowSecurity).then_some("no policy refuses it")
            }
            (Some("refused"), Some("HTTP 413")) => {
                (call.write.flaw != Flaw::TooBig).then_some("it is not too big")
            }
            (Some("refused"), Some("23503")) if letter.kind == EntryKind::Delete => {
                self.database.cascades.then_some("deletes take the children along")
            }
            (Some("refused" | "parent_missing"), Some("23503")) => {
                (!self.may_be_orphan(letter, call)).then_some("its parent should be there")
            }
            (Some("refused"), Some("23505")) => self.gives_way(row, call, &unit.taken_by),
            (Some("conflict"), Some("23505")) => {
                if unit.effect.is_some() && !letter.is_sent && unit.has_inserted {
                    return Some("it is at the remote itself");
                }
                let maker = self.maker(row).filter(|(maker, _)| *maker != id);
                let is_known = maker.is_some_and(|(_, maker)| maker.precedes(call));
                (is_known && !self.is_clouded(row, letter.sequence))
                    .then_some("the row was known when it was made")
            }
            (Some("conflict"), _) => {
                let effects = &self.history.known(row)?.effects;
                let has_rival = effects
                    .iter()
                    .any(|(other, _)| *other != id && !self.history.calls[other].precedes(call));
                (!has_rival && !self.is_clouded(row, letter.sequence))
                    .then_some("nobody else has changed the row")
            }
            (Some("missing_row"), _) => {
                let effects = &self.history.known(row)?.effects;
                let was_deleted = effects.iter().any(|(other, effect)| {
                    matches!(effect, Effect::Deleted | Effect::Cascaded)
                        && !call.precedes(&self.history.calls[other])
                });
                (!was_deleted && !self.is_clouded(row, letter.sequence))
                    .then_some("nobody has deleted the row before it")
            }
            (Some("unanswerable"), _) => {
                let is_flawed =
                    matches!(call.write.flaw, Flaw::Unknown | Flaw::TooSlow | Flaw::Unanswerable);
                (!is_flawed && unit.failures < 5).then_some("it has not failed five times alone")
            }
            _ => Some("it has another reason than there is"),
        }
    }

    /// Whether an older write would give the unique value free that was refused.
    fn gives_way(
        &self,
        row: &RowName,
        call: &Call,
        taken_by: &Option<(u64, RowName)>,
    ) -> Option<&'static str> {
        let (refused, holder) = taken_by.as_ref()?;
        if self.is_clouded(row, 0) || self.is_clouded(holder, 0) {
            return None;
        }
        let frees = |call: &Call| match &call.write.kind {
            CallKind::Insert { duplicates, .. } => *duplicates == Duplicates::Replace,
            CallKind::Update { others, .. } => {
                others.iter().any(|(name, _)| tables::is_unique(name))
            }
            CallKind::Delete { .. } => true,
        };
        let is_late = self.history.calls_of(holder).into_iter().any(|(id, other)| {
            let unit = self.history.units.get(&(id, holder.clone()));
            frees(other)
                && other.acknowledged.is_some()
                && other.precedes(call)
                && unit.is_some_and(|unit| {
                    unit.effect
                        .map_or(!unit.is_void && !unit.sequences.is_empty(), |at| at > *refused)
                })
        });
        is_late.then_some("an older write gives the value free")
    }

    fn maker(&self, row: &RowName) -> Option<(CallId, &Call)> {
        let effects = &self.history.known(row)?.effects;
        let (maker, _) = effects.iter().rev().find(|(_, effect)| *effect == Effect::Inserted)?;
        Some((*maker, &self.history.calls[maker]))
    }

    /// Whether something of a row, or of one above it, is not the file's to know.
    pub(super) fn is_clouded(&self, row: &RowName, besides: i64) -> bool {
        self.history.lineage(row).iter().any(|one| {
            self.history.known(one).is_some_and(|known| {
                known.is_foreign
                    || known.is_uncertain
                    || known.is_pruned
                    || known.is_local
                    || known.was_unsure
                    || known.letters.iter().any(|letter| *letter != besides)
            })
        })
    }

    /// Whether a row that it refers to is lawfully not there.
    fn may_be_orphan(&self, letter: &Waiting, call: &Call) -> bool {
        letter.refs.iter().any(|parent| {
            let Some(known) = self.history.known(parent) else { return true };
            let never_was = !known.effects.iter().any(|(_, effect)| *effect == Effect::Inserted);
            never_was
                || self.is_clouded(parent, letter.sequence)
                // It was made after the child, and perhaps after the child was refused.
                || known.effects.iter().any(|(other, effect)| {
                    *effect == Effect::Inserted && !self.history.calls[other].precedes(call)
                })
                || known.effects.iter().any(|(other, effect)| {
                    matches!(effect, Effect::Deleted | Effect::Cascaded)
                        && !call.precedes(&self.history.calls[other])
                })
        })
    }

    /// At rest no letter stands for a parent that is there, and what is held needs a letter.
    pub(super) fn check_letters_at_rest(&mut self) {
        let entries: Vec<Waiting> = self.snapshot.entries.values().cloned().collect();
        for entry in &entries {
            if entry.reason.as_deref() == Some("parent_missing") {
                let is_there =
                    entry.refs.iter().all(|parent| self.database.rows.contains_key(parent));
                if is_there {
                    let what = format!("letter {} lacks a parent that is there", entry.sequence);
                    self.violated(Invariant::PoisonAlone, Some(&entry.row), what);
                }
            }
            if entry.reason.is_none() && !self.is_lawfully_held(entry) {
                let what = format!("entry {} waits for no letter: {entry:?}", entry.sequence);
                self.violated(Invariant::HeldByLetters, Some(&entry.row), what);
            }
        }
    }

    fn is_lawfully_held(&self, entry: &Waiting) -> bool {
        let Some(before) = entry.waits_for else { return false };
        let Some(waited) = self.snapshot.entries.get(&before) else { return false };
        if waited.reason.is_none() {
            return self.is_lawfully_held(waited);
        }
        let mut causes =
            entry.waits.iter().filter(|(one, _)| *one == before).map(|(_, cause)| cause);
        let is_child = entry.kind == EntryKind::Delete;
        (waited.kind != EntryKind::Update && !waited.released)
            || is_child
            || causes.any(|cause| matches!(cause.as_str(), "unique" | "after" | "child"))
    }
}
