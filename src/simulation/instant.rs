//! The invariants that hold at every instant, each looked at when something happens that could
//! break it.

use super::coverage::Gap;
use super::file::{Snapshot, Waiting};
use super::history::{Call, CallId};
use super::invariants::Invariant;
use super::operation::{self, call_of};
use super::remote::{Done, Effect, Refusal, refers};
use super::statement::{Row, Statement};
use super::tables;
use super::wire::{Answer, Request, Sender};
use super::world::{Inner, Purpose};
use crate::failover::rules::entry::EntryKind;
use crate::failover::rules::name::RowName;
use crate::{Error, ErrorKind, Table};
use sea_orm::Value;
use std::collections::BTreeSet;

/// The shortest wait between two probes.
const SHORTEST_WAIT: i64 = 5_000;
/// Most entries that a transaction of the core's own may change.
const MOST_ENTRIES: u64 = 500;

impl Inner {
    /// A process has decided on a request; nothing has happened since it asked the file.
    pub(super) fn decide(&mut self, process: usize, sender: Sender, statement: Statement) -> u64 {
        match sender {
            Sender::Direct(id) => {
                self.history.calls.get_mut(&id).expect("a call").is_direct = true;
            }
            Sender::Probe => {
                let last = self.last_probe.replace(self.now);
                let is_early = last.is_some_and(|last| self.now - last < SHORTEST_WAIT / 2);
                if is_early && self.profile.by_hand == 0.0 && self.profile.clock_jumps == 0.0 {
                    self.violated(Invariant::Budget, None, "two probes in one wait");
                }
            }
            Sender::Read | Sender::Replay => {}
        }
        let mut request = Request::new(process, sender, statement);
        if sender == Sender::Replay {
            for (row, body) in request.statement.named() {
                match self.carried(&request.statement, &row, &body) {
                    Some(entries) => drop(request.carried.insert(row, entries)),
                    None => self.violated(
                        Invariant::NothingMadeUp,
                        Some(&row),
                        format!("replay sends {body:?}, which no entries are"),
                    ),
                }
            }
        }
        self.next_request += 1;
        self.requests.insert(self.next_request, request);
        self.next_request
    }

    /// The entries of a row whose values, later over earlier, are those of the request.
    fn carried(&self, statement: &Statement, row: &RowName, body: &Row) -> Option<Vec<i64>> {
        let of_row: Vec<&Waiting> = self.snapshot.waiting_of(row).collect();
        for first in 0..of_row.len() {
            let fits = match statement {
                Statement::Insert { .. } => of_row[first].kind.creates(),
                // An upsert that is based on a version is sent as an update.
                Statement::Update { .. } => {
                    matches!(of_row[first].kind, EntryKind::Update | EntryKind::Upsert)
                }
                _ => of_row[first].kind == EntryKind::Delete,
            };
            if !fits {
                continue;
            }
            if of_row[first].kind == EntryKind::Delete {
                return Some(vec![of_row[first].sequence]);
            }
            let mut values = Row::new();
            let additions = statement.additions();
            for (at, entry) in of_row[first..].iter().enumerate() {
                // What adds goes alone.
                let is_alone = !entry.additions.is_empty() || !of_row[first].additions.is_empty();
                if at > 0 && (is_alone || entry.kind != EntryKind::Update) {
                    break;
                }
                values.extend(entry.body.clone());
                if values == *body && entry.additions == additions {
                    let carried = &of_row[first..=first + at];
                    return Some(carried.iter().map(|entry| entry.sequence).collect());
                }
            }
        }
        None
    }

    /// The remote has executed a request.
    pub(super) fn applied(&mut self, id: u64, done: &Done) {
        let request = &self.requests[&id];
        let (sender, statement) = (request.sender, request.statement.clone());
        let is_once = request.once.is_some();
        let is_noted = request.is_noted;
        let carried = request.carried.clone();
        // Its process may have ended when it had just been told that no answer came.
        let is_orphan = request.is_orphan
            || matches!(sender, Sender::Direct(call) if self.history.calls[&call].is_killed);
        if statement.is_read() {
            return;
        }
        let mut last = Vec::new();
        for (row, effect) in &done.effects {
            let calls: Vec<CallId> = match (sender, effect) {
                (Sender::Direct(call), _) => vec![call],
                // With the row that was named before it.
                (_, Effect::Cascaded) => last.clone(),
                _ => {
                    let entries = carried.get(row).into_iter().flatten();
                    entries.filter_map(|entry| self.history.owners.get(entry).copied()).collect()
                }
            };
            if *effect != Effect::Cascaded {
                last.clone_from(&calls);
            }
            if effect.changes() && *effect != Effect::Cascaded {
                self.check_once(row, &calls, is_once);
            }
            if is_noted && effect.changes() {
                self.check_late(row, &calls);
            }
            self.effect(row, *effect, &calls, &statement, sender);
            if is_orphan && effect.changes() && matches!(sender, Sender::Direct(_)) {
                self.gap(Gap::KilledUnderWay);
                self.uncertain(row);
            }
            if sender == Sender::Replay && matches!(effect, Effect::Inserted | Effect::Updated) {
                self.check_whole(row, &statement);
            }
        }
    }

    /// What a killed process has sent by the function does not change a row over what was written later.
    fn check_late(&mut self, row: &RowName, calls: &[CallId]) {
        let Some((called, later)) = self.history.row(row).latest else { return };
        let is_foreign = self.history.calls[&later].is_foreign();
        for call in calls {
            let killed_at = self.history.calls[call].killed_at;
            if !is_foreign && killed_at.is_some_and(|killed_at| called > killed_at) {
                let what = format!(
                    "call {call} of a killed process takes effect after {later}, which was made later"
                );
                self.violated(Invariant::Order, Some(row), what);
            }
        }
    }

    /// Whatever goes by the function alone has not changed the row before.
    fn check_once(&mut self, row: &RowName, calls: &[CallId], is_once: bool) {
        for call in calls {
            let unit = self.history.unit(*call, row);
            let is_twice = is_once && unit.effect.is_some() && !unit.was_plain;
            unit.was_plain |= !is_once;
            if is_twice {
                self.violated(
                    Invariant::Once,
                    Some(row),
                    format!("call {call} takes effect twice"),
                );
            }
        }
    }

    /// What the remote has of a row is nobody's knowledge.
    pub(super) fn uncertain(&mut self, row: &RowName) {
        self.history.row(row).is_uncertain = true;
    }

    /// The remote has all that the request says of a row.
    fn check_whole(&mut self, row: &RowName, statement: &Statement) {
        let Some((_, values)) = statement.named().into_iter().find(|(name, _)| name == row) else {
            return;
        };
        let Some(stored) = self.database.rows.get(row) else { return };
        let left_out = values
            .iter()
            .find(|(name, value)| *name != "updated_at" && stored.get(*name) != Some(*value))
            .map(|(name, value)| format!("{name} = {value} did not get to the remote"));
        if let Some(what) = left_out {
            self.violated(Invariant::NothingLost, Some(row), what);
        }
    }

    fn effect(
        &mut self,
        row: &RowName,
        effect: Effect,
        calls: &[CallId],
        statement: &Statement,
        sender: Sender,
    ) {
        let Some(first) = calls.first().copied() else { return };
        let kind = self.history.calls[&first].write.entry_kind();
        let is_replay = sender == Sender::Replay;
        match effect {
            Effect::Absent if matches!(statement, Statement::Delete { .. }) => {
                self.history.unit(first, row).is_void |= is_replay;
                return;
            }
            Effect::Absent | Effect::OtherVersion => return,
            Effect::LeftAlone => return self.left_alone(row, first, kind),
            Effect::Updated
                if matches!(statement, Statement::Insert { .. }) && kind != EntryKind::Upsert =>
            {
                let what = format!("insert {first} changes a row that is there");
                self.violated(Invariant::InsertOnce, Some(row), what);
            }
            _ => {}
        }
        self.check_order(row, effect, calls);
        let tick = self.tick;
        for (at, call) in calls.iter().enumerate() {
            if effect != Effect::Cascaded {
                let is_first = at == 0 && effect == Effect::Inserted;
                let unit = self.history.unit(*call, row);
                unit.effect.get_or_insert(tick);
                unit.has_inserted |= is_first;
                unit.was_direct |= !is_replay;
                let called = (self.history.calls[call].called, *call);
                let known = self.history.row(row);
                known.latest = known.latest.max(Some(called));
            }
            // Updates that travel with an insert make no row.
            let is_own = at == 0 || effect != Effect::Inserted;
            let own = if is_own { effect } else { Effect::Updated };
            self.history.row(row).effects.push((*call, own));
        }
        if let Some(stored) = self.database.rows.get(row).cloned() {
            let parents: Vec<RowName> = refers(row, &stored).collect();
            self.check_parents(row, calls, &parents);
            self.history.row(row).parents.extend(parents);
        }
    }

    fn check_order(&mut self, row: &RowName, effect: Effect, calls: &[CallId]) {
        let known = self.history.row(row).clone();
        // A repeated insert can bring back what somebody else has deleted.
        let is_brought_back = effect == Effect::Inserted && known.is_foreign;
        for id in calls {
            let call = &self.history.calls[id];
            let is_dropped =
                self.history.units.get(&(*id, row.clone())).is_some_and(|unit| unit.is_dropped);
            if call.is_refused() || (is_dropped && effect != Effect::Cascaded) {
                let what = format!("call {id} was refused or forgotten, and changes the row");
                self.violated(Invariant::NothingMadeUp, Some(row), what);
                return;
            }
            let (Some(acknowledged), Some((called, later))) = (call.acknowledged, known.latest)
            else {
                continue;
            };
            let is_unseen = effect == Effect::Cascaded
                && self
                    .history
                    .lineage(row)
                    .iter()
                    .any(|one| self.history.known(one).is_some_and(|known| known.is_foreign));
            if called > acknowledged && is_unseen {
                return self.gap(Gap::UnseenParent);
            }
            if called > acknowledged
                && effect == Effect::Cascaded
                && self.was_taken_untold(row, acknowledged)
            {
                return self.gap(Gap::TakenUntold);
            }
            if called > acknowledged && !calls.contains(&later) && !is_brought_back {
                let is_between = |parent: &RowName| {
                    self.history.rows.get(parent).is_some_and(|known| known.is_foreign)
                };
                if effect == Effect::Cascaded && known.parents.iter().any(is_between) {
                    self.gap(Gap::BelowUnknownRow);
                    continue;
                }
                let invariant = match effect {
                    Effect::Cascaded => Invariant::Parents,
                    _ => Invariant::Order,
                };
                let what = format!(
                    "call {id} was acknowledged before {later} was made, and takes effect \
                     ({effect:?}) after it"
                );
                self.violated(invariant, Some(row), what);
                return;
            }
        }
    }

    /// Whether the remote took a direct change of the row, or of one above it, whose caller was told
    /// that it failed, was killed, or heard of it after this tick: the file may never have heard of
    /// it, or not by then.
    fn was_taken_untold(&self, row: &RowName, tick: u64) -> bool {
        self.history.lineage(row).iter().any(|one| {
            self.history.calls_of(one).into_iter().any(|(id, call)| {
                let unit = self.history.units.get(&(id, one.clone()));
                unit.is_some_and(|unit| unit.was_direct && unit.effect.is_some())
                    && (!matches!(call.answer, Some(Ok(_)))
                        || call.finished.is_none_or(|finished| finished > tick))
            })
        })
    }

    /// Whether a delete that had not gone to the remote when this call was made had taken the row
    /// along in the file.
    fn was_gone(&self, row: &RowName, call: &Call) -> bool {
        self.history.lineage(row).iter().any(|one| {
            self.history.calls_of(one).into_iter().any(|(id, delete)| {
                let unit = self.history.units.get(&(id, one.clone()));
                delete.deletes()
                    && delete.acknowledged.is_some()
                    && delete.precedes(call)
                    && unit.is_some_and(|unit| unit.effect.is_none_or(|at| at > call.called))
            })
        })
    }

    /// A write below a row that was deleted later went before the delete.
    fn check_parents(&mut self, row: &RowName, calls: &[CallId], parents: &[RowName]) {
        for parent in parents {
            let known = self.history.row(parent).clone();
            for id in calls {
                let own = self.history.calls[id].clone();
                let later = known.effects.iter().find(|(delete, effect)| {
                    matches!(effect, Effect::Deleted | Effect::Cascaded)
                        && own.acknowledged.is_some()
                        && own.precedes(&self.history.calls[delete])
                });
                // Only what names the parent itself depends on it.
                let names = own.write.names(row, parent);
                if let Some((delete, effect)) = later
                    && names
                    && !known.is_foreign
                {
                    if *effect == Effect::Cascaded && self.was_gone(parent, &own) {
                        self.gap(Gap::GoneBefore);
                        continue;
                    }
                    let what = format!(
                        "call {id} was acknowledged before {delete} deleted its parent, and takes \
                         effect after it"
                    );
                    self.violated(Invariant::Parents, Some(row), what);
                }
            }
        }
    }

    /// An insert found a row with its key.
    fn left_alone(&mut self, row: &RowName, call: CallId, kind: EntryKind) {
        if kind != EntryKind::Insert {
            self.history.unit(call, row).is_void = true;
            return;
        }
        let known = self.history.row(row).clone();
        let maker = known.effects.iter().rev().find(|(_, effect)| *effect == Effect::Inserted);
        if maker.is_some_and(|(maker, _)| *maker == call) {
            return;
        }
        // One that may have left before takes any row with its key for its own. The row is one that
        // the file could not know of, or of a call at the same time.
        let own = &self.history.calls[&call];
        let is_closed = maker.is_some_and(|(maker, _)| {
            let other = &self.history.calls[maker];
            !other.is_foreign() && other.precedes(own)
        });
        let is_removed = known.effects.iter().any(|(other, effect)| {
            matches!(effect, Effect::Deleted | Effect::Cascaded)
                && !self.history.calls[other].precedes(own)
        });
        let was_there =
            self.history.units.get(&(call, row.clone())).is_some_and(|unit| unit.has_inserted);
        if is_closed && !is_removed && !was_there && !self.is_clouded(row, 0) {
            let what = format!("insert {call} is taken for applied; the row is of {maker:?}");
            self.violated(Invariant::InsertOnce, Some(row), what);
        }
        if !was_there {
            self.gap(Gap::SwallowedInsert);
        }
        self.history.unit(call, row).is_void = true;
    }

    /// The remote has refused a request.
    pub(super) fn refused(&mut self, id: u64, refusal: &Refusal) {
        let request = &self.requests[&id];
        if request.sender != Sender::Replay || request.carried.len() > 1 {
            return;
        }
        let carried = request.carried.clone();
        let is_duplicate = refusal.code == "23505"
            && refusal.constraint.as_ref().is_some_and(|name| name.ends_with("_pkey"));
        for (row, entries) in carried {
            let Some(call) = entries.first().and_then(|one| self.history.owners.get(one)).copied()
            else {
                continue;
            };
            if is_duplicate && self.snapshot.entries.get(&entries[0]).is_some_and(|one| one.is_sent)
            {
                // It goes plain, since the role may not ignore duplicates.
                self.left_alone(&row, call, EntryKind::Insert);
            }
            if let Some(holder) = refusal.holder.clone().filter(|holder| *holder != row) {
                let tick = self.tick;
                self.history.unit(call, &row).taken_by = Some((tick, holder));
            }
        }
    }

    /// A process is told what became of its request.
    pub(super) fn heard(&mut self, id: u64, answer: &Answer) {
        let request = &self.requests[&id];
        if request.sender != Sender::Replay || matches!(answer, Answer::Done(_)) {
            return;
        }
        let carried = request.carried.clone();
        if let [(row, entries)] = &carried.iter().collect::<Vec<_>>()[..]
            // What travels with it has left as one with it.
            && let Some(call) = entries.first().and_then(|one| self.history.owners.get(one)).copied()
        {
            self.history.unit(call, row).failures += 1;
        }
    }

    /// What the file holds after a commit.
    pub(super) fn seen(&mut self, new: Snapshot, most_entries: u64) {
        let old = std::mem::replace(&mut self.snapshot, new.clone());
        let purpose = self.purpose();
        self.note(|_| {
            let entries: Vec<String> = new.entries.values().map(Waiting::told).collect();
            let open = if new.is_open { " open" } else { "" };
            format!("{purpose:?} commits{open} {:?} [{}]", new.paused, entries.join(" "))
        });
        if !new.is_open {
            self.last_probe = None;
        }
        if let Purpose::Call(id) = purpose {
            self.history.calls.get_mut(&id).expect("a call").has_committed = true;
        }
        if new.counted != new.there {
            let what = format!("the file counts {:?}, it has {:?}", new.counted, new.there);
            self.violated(Invariant::Bound, None, what);
        }
        for entry in new.entries.values().filter(|entry| entry.held) {
            self.history.row(&entry.row).was_held = true;
        }
        for row in &new.unsure {
            self.history.row(row).was_unsure = true;
        }
        let bound_to = new.state["binding"]["remote"].as_str().unwrap_or("simulated");
        if bound_to != "simulated" && new.entries.len() > old.entries.len() {
            let what = format!("entries are queued for {bound_to}");
            self.violated(Invariant::NothingMadeUp, None, what);
        }
        if new.entries.len() as u64 > self.profile.bound && new.entries.len() > old.entries.len() {
            let what = format!("{} entries are more than the bound", new.entries.len());
            self.violated(Invariant::Bound, None, what);
        }
        if most_entries > MOST_ENTRIES && !matches!(purpose, Purpose::Call(_)) {
            let what = format!("{purpose:?} changed {most_entries} entries in one transaction");
            self.violated(Invariant::SmallTransactions, None, what);
        }
        let gone: Vec<&Waiting> = old
            .entries
            .values()
            .filter(|entry| !new.entries.contains_key(&entry.sequence))
            .collect();
        let come: Vec<&Waiting> = new
            .entries
            .values()
            .filter(|entry| !old.entries.contains_key(&entry.sequence))
            .collect();
        self.came(&come, &gone, &purpose);
        self.went(&old, &gone, &purpose);
        let letters: Vec<Waiting> = new.letters().cloned().collect();
        for letter in letters {
            let was = old.entries.get(&letter.sequence).is_some_and(|entry| entry.reason.is_some());
            if !was {
                self.history.row(&letter.row).letters.insert(letter.sequence);
                self.check_new_letter(&letter);
            }
        }
        if self.is_healed && self.healthy_at.is_none() && new.is_healthy() {
            self.healthy_at = Some(self.now);
        }
    }

    /// Entries that have come to the outbox.
    fn came(&mut self, come: &[&Waiting], gone: &[&Waiting], purpose: &Purpose) {
        let mut left: Vec<&&Waiting> = gone.iter().collect();
        for entry in come {
            let by_body = entry
                .body
                .iter()
                .filter(|(name, _)| tables::NUMBERS.contains(&name.as_str()))
                .find_map(|(_, value)| value.as_i64())
                .map(call_of);
            let owner = match purpose {
                Purpose::Call(call) => Some(*call),
                Purpose::Retry => {
                    let same = |old: &&&Waiting| {
                        old.row == entry.row && old.kind == entry.kind && old.body == entry.body
                    };
                    let at = left.iter().position(same);
                    at.and_then(|at| {
                        let old = left.remove(at);
                        let owner = *self.history.owners.get(&old.sequence)?;
                        self.history.unit(owner, &old.row).is_dropped = true;
                        let call = self.history.calls[&owner].clone();
                        let write = call.write.of_row(&entry.row);
                        Some(self.history.at_once(call.process, write, self.tick))
                    })
                }
                _ => by_body,
            };
            match owner {
                Some(owner) => {
                    self.history.owners.insert(entry.sequence, owner);
                    self.history.unit(owner, &entry.row).sequences.insert(entry.sequence);
                    self.history.row(&entry.row).parents.extend(entry.refs.iter().cloned());
                    if *purpose == Purpose::Open {
                        self.history.row(&entry.row).is_local = false;
                    }
                }
                None => {
                    let what = format!("an entry of nobody's: {entry:?}");
                    self.violated(Invariant::NothingMadeUp, Some(&entry.row), what);
                }
            }
        }
    }

    /// Entries that have left the outbox.
    fn went(&mut self, old: &Snapshot, gone: &[&Waiting], purpose: &Purpose) {
        if gone.is_empty() {
            return;
        }
        if *purpose == Purpose::Drop {
            let sequences: BTreeSet<i64> = gone.iter().map(|entry| entry.sequence).collect();
            let expected = self.doomed(old, gone);
            if sequences != expected {
                let what = format!("by hand went {sequences:?}, and should have {expected:?}");
                self.violated(Invariant::NothingLost, Some(&gone[0].row), what);
            }
        }
        for entry in gone {
            let Some(owner) = self.history.owners.get(&entry.sequence).copied() else { continue };
            let is_absent = !self.database.rows.contains_key(&entry.row);
            let unit = self.history.unit(owner, &entry.row);
            if *purpose == Purpose::Drop {
                unit.is_dropped = true;
                continue;
            }
            // What is refused since it lacks a row leaves nothing to be deleted.
            unit.is_void |= is_absent && !unit.is_done() && old.is_deleted_later(entry);
            let is_gone = entry.kind == EntryKind::Delete && is_absent;
            if is_gone {
                unit.is_void = true;
            }
            if !unit.is_done() && !unit.is_dropped {
                let what = format!(
                    "entry {} of call {owner} has left the outbox ({purpose:?}), and is nowhere",
                    entry.sequence
                );
                self.violated(Invariant::NothingLost, Some(&entry.row), what);
            }
        }
    }

    /// What goes with a letter that is forgotten: what came by the row that it was to bring.
    fn doomed(&self, old: &Snapshot, gone: &[&Waiting]) -> BTreeSet<i64> {
        let Some(letter) = gone.iter().find(|entry| entry.reason.is_some()) else {
            return BTreeSet::new();
        };
        let mut doomed = BTreeSet::from([letter.sequence]);
        if !letter.kind.creates() || letter.released {
            return doomed;
        }
        let mut next = vec![*letter];
        while let Some(maker) = next.pop() {
            let mut is_over = false;
            for entry in old.entries.values().filter(|entry| entry.sequence > maker.sequence) {
                if entry.row == maker.row {
                    is_over |= entry.kind != EntryKind::Update;
                    if !is_over {
                        doomed.insert(entry.sequence);
                    }
                }
                let waits = entry.waits.contains(&(maker.sequence, "parent".to_owned()));
                if waits && entry.kind.creates() && doomed.insert(entry.sequence) {
                    next.push(entry);
                }
            }
        }
        doomed
    }

    /// The task that makes a write has come to its end.
    pub(super) fn write_ended(&mut self, purpose: &Purpose) {
        let tick = self.tick;
        if let Purpose::Call(id) = purpose
            && let Some(call) = self.history.calls.get_mut(id)
        {
            call.finished.get_or_insert(tick);
        }
    }

    /// A caller is told what became of its call.
    pub(super) fn call_answered(&mut self, id: CallId, answer: &Result<u64, Error>) {
        self.note(|_| format!("call {id} is answered: {answer:?}"));
        let tick = self.tick;
        let call = self.history.calls.get_mut(&id).expect("a call");
        call.finished.get_or_insert(tick);
        call.is_partial = answer.as_ref().is_err_and(|error| error.rows_stored() > 0);
        call.answer = Some(answer.as_ref().map(|touched| *touched).map_err(Error::kind));
        match answer {
            Ok(touched) if *touched > 0 => {
                call.acknowledged = Some(tick);
                let known = self
                    .history
                    .units_of(id)
                    .filter(|(_, unit)| unit.is_done() || !unit.sequences.is_empty())
                    .count() as u64;
                if known < *touched {
                    let row = self.history.calls[&id].write.rows().into_iter().next();
                    let what =
                        format!("call {id} touched {touched} rows, and is at {known} places");
                    self.violated(Invariant::NothingLost, row.as_ref(), what);
                }
                let below: Vec<RowName> = self
                    .history
                    .units_of(id)
                    .filter(|(row, unit)| {
                        unit.was_direct && self.snapshot.tombstones.contains_key(*row)
                    })
                    .map(|(row, _)| row.clone())
                    .collect();
                for row in below {
                    self.gap(Gap::BelowWaitingDelete);
                    self.uncertain(&row);
                }
                self.check_noted(id);
            }
            Ok(_) => {}
            Err(error) => {
                if error.kind() == ErrorKind::Timeout {
                    self.check_noted(id);
                }
                if error.kind() == ErrorKind::Unavailable && error.message().contains("not known") {
                    self.gap(Gap::NotKnown);
                }
                let has_effect = self
                    .history
                    .units_of(id)
                    .any(|(_, unit)| unit.effect.is_some() || !unit.sequences.is_empty());
                if self.history.calls[&id].is_refused() && has_effect {
                    let row = self.history.calls[&id].write.rows().into_iter().next();
                    let what =
                        format!("call {id} failed with {error}, and has an effect or an entry");
                    self.violated(Invariant::NothingMadeUp, row.as_ref(), what);
                }
                self.check_error(error);
            }
        }
    }

    /// What a direct call made is noted in the file, unless that took nothing.
    fn check_noted(&mut self, id: CallId) {
        let call = &self.history.calls[&id];
        if !call.is_direct || call.has_committed {
            return;
        }
        let units = self.history.units_of(id).map(|(row, _)| row.clone());
        let rows: BTreeSet<RowName> = call.write.rows().into_iter().chain(units).collect();
        for row in rows {
            self.gap(Gap::NothingNoted);
            self.uncertain(&row);
        }
    }

    /// An error that no fault of the file explains is the remote's, or one that is promised.
    pub(super) fn check_error(&mut self, error: &Error) {
        let is_own = matches!(error.kind(), ErrorKind::Internal | ErrorKind::Corrupt)
            && error.code().is_none();
        if is_own {
            self.violated(Invariant::NoOwnErrors, None, format!("{error:?}"));
        }
    }

    /// A client has read a row by its key: what it must see of its own process's writes.
    pub(super) fn check_get(
        &mut self,
        process: usize,
        table: &'static Table,
        row: &RowName,
        began: u64,
        seen: Option<&Vec<Value>>,
    ) {
        self.note(|_| format!("p{process} sees {}: {seen:?}", tables::short(row)));
        let lineage = self.history.lineage(row);
        let is_left_out = lineage.iter().any(|one| {
            self.history.known(one).is_some_and(|known| {
                known.had_letter()
                    || known.was_held
                    || known.is_pruned
                    || known.is_local
                    || known.is_uncertain
            })
        });
        if is_left_out {
            return;
        }
        let calls = self.history.calls_of(row);
        let own = |call: &Call| {
            call.process == Some(process) && call.acknowledged.is_some_and(|told| told < began)
        };
        // An insert that was taken for applied, since a row was there, has not written it.
        let is_swallowed = |id: CallId| {
            let unit = self.history.units.get(&(id, row.clone()));
            unit.is_some_and(|unit| unit.is_void && unit.effect.is_none())
        };
        let owns: Vec<(CallId, &Call)> = calls
            .iter()
            .copied()
            .filter(|(id, call)| own(call) && (call.deletes() || !is_swallowed(*id)))
            .collect();
        let deletes: Vec<(CallId, &Call)> = lineage
            .iter()
            .flat_map(|one| self.history.calls_of(one))
            .filter(|(_, call)| call.deletes())
            .collect();
        let problem = match seen {
            Some(values) => tables::NUMBERS
                .into_iter()
                .filter_map(|name| Some((name, operation::number(table, values, name)?)))
                .find_map(|(name, number)| {
                    let writer = self.history.calls.get(&call_of(number))?;
                    let newer = owns.iter().find(|(id, call)| {
                        call.sets(name) && *id != call_of(number) && writer.precedes(call)
                    });
                    let newer = newer.map(|(id, _)| {
                        format!("{name} is of {}, its own {id} is newer", call_of(number))
                    });
                    newer.or_else(|| {
                        let delete = owns.iter().find(|(_, call)| call.deletes())?;
                        let is_before = tables::NUMBERS.into_iter().all(|name| {
                            operation::number(table, values, name).is_none_or(|number| {
                                let writer = self.history.calls.get(&call_of(number));
                                writer.is_none_or(|writer| writer.precedes(delete.1))
                            })
                        });
                        is_before.then(|| format!("its own {} has deleted it", delete.0))
                    })
                }),
            None => {
                // One by a condition may have changed rows that the file never had.
                let made = owns
                    .iter()
                    .filter(|(_, call)| !call.deletes() && call.write.rows().contains(row));
                made.filter(|(_, call)| deletes.iter().all(|(_, delete)| delete.precedes(call)))
                    .map(|(id, _)| format!("it is not there, and its own {id} says that it is"))
                    .next()
            }
        };
        if let Some(what) = problem {
            if seen.is_some() && self.is_kept_for_others(row) {
                return self.gap(Gap::KeptForLetters);
            }
            self.violated(Invariant::OwnWrites, Some(row), format!("p{process} reads: {what}"));
        }
    }
}
