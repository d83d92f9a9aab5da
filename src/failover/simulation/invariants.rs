//! The invariants that hold at every instant, each looked at when something happens that could
//! break it. Their numbers are those of the list that the design refers to.

use super::entities;
use super::history::CallId;
use super::network::{Answer, Request, SETTLE, Sender, Unanswered};
use super::remote::{Done, Effect, Statement};
use super::snapshot::{Body, Snapshot, Waiting};
use super::world::Inner;
use crate::ErrorKind;
use crate::failover::entry::{EntryKind, RowName};
use crate::operation::Duplicates;
use std::collections::BTreeSet;

/// The shortest wait between two probes.
const SHORTEST_WAIT: i64 = 5_000;

impl Inner {
    /// A process has decided on a request; nothing has happened since it asked the file. (5, 10)
    pub(super) fn decide(&mut self, process: usize, sender: Sender, statement: Statement) -> u64 {
        let is_open = self.snapshot.state.breaker.is_open();
        let waiting = self.snapshot.outbox.len();
        let unsettled = self.unsettled();
        match sender {
            Sender::Direct(id) => {
                let is_delete = matches!(statement, Statement::Delete { .. });
                let call = self.history.calls.get_mut(&id).expect("a call");
                // The same request goes once more after a conflict of transactions.
                if !std::mem::replace(&mut call.is_direct, true) {
                    if is_open {
                        self.violated(
                            10,
                            format!("call {id} goes to the remote, the breaker is open"),
                        );
                    } else if waiting > 0 {
                        self.violated(5, format!("call {id} goes past {waiting} waiting entries"));
                    } else if is_delete && unsettled {
                        self.violated(
                            5,
                            format!("delete {id} goes directly before all has settled"),
                        );
                    }
                }
            }
            Sender::Read if is_open => {
                self.violated(10, "a read goes to the remote, the breaker is open");
            }
            Sender::Read if waiting > 0 => {
                self.violated(5, "a read goes to the remote though entries wait");
            }
            Sender::Replay if is_open => {
                self.violated(10, "replay goes on, the breaker is open");
            }
            Sender::Replay => {
                let may_repeat = matches!(
                    statement,
                    Statement::Insert { duplicates: Duplicates::Refuse | Duplicates::Ignore, .. }
                );
                if !may_repeat && unsettled {
                    self.violated(5, format!("{statement:?} is replayed before all has settled"));
                }
            }
            Sender::Probe => {
                // While it is closed, a probe asks about an entry that got no answer.
                let last = if is_open { self.last_probe.replace(self.now) } else { None };
                let is_early = last.is_some_and(|last| self.now - last < SHORTEST_WAIT);
                // By a clock that was moved any stored time may be due.
                if is_early && self.profile.clock_jumps == 0.0 {
                    self.violated(10, "two probes in one wait");
                }
            }
            Sender::Read => {}
        }
        self.next_request += 1;
        self.requests.insert(self.next_request, Request::new(process, sender, statement));
        self.next_request
    }

    /// Whether a request may still arrive that the processes know to be unanswered.
    fn unsettled(&mut self) -> bool {
        let now = self.now;
        self.unanswered.retain(|one| one.since + SETTLE > now);
        self.unanswered.iter().any(|one| match one.sender {
            Sender::Direct(call) => self.history.calls[&call].finished.is_some(),
            _ => true,
        })
    }

    /// Whose entries a replayed request carries: for each row those that come first. (2, 5, 6)
    pub(super) fn check_leaving(&mut self, id: u64) {
        let Some(request) = self.requests.get(&id) else { return };
        if request.sender != Sender::Replay {
            return;
        }
        let statement = request.statement.clone();
        let mut sequences = Vec::new();
        for (row, body) in statement.named() {
            let Some(entries) = self.carried(&statement, &row, &body) else {
                return self
                    .violated(5, format!("replay sends {row:?} {body:?}, which is not next"));
            };
            let calls = entries.iter().filter_map(|one| self.history.owners.get(&one.sequence));
            let calls: Vec<CallId> = calls.copied().collect();
            sequences.extend(entries.iter().map(|entry| entry.sequence));
            if let Some(request) = self.requests.get_mut(&id) {
                request.calls.insert(row, calls);
            }
        }
        for sequence in &sequences {
            let entry = self.snapshot.entry(*sequence).expect("it was found").clone();
            let parent = self.snapshot.outbox.iter().find(|other| {
                other.sequence < entry.sequence
                    && other.kind.creates()
                    && entry.parents.contains(&other.row)
                    && !sequences.contains(&other.sequence)
            });
            if let Some(parent) = parent {
                let what = format!("entry {sequence} goes before its parent's {}", parent.sequence);
                self.violated(6, what);
            }
        }
        let first: BTreeSet<i64> = sequences.iter().copied().collect();
        let rows: BTreeSet<RowName> = statement.named().into_iter().map(|(row, _)| row).collect();
        let other = self.requests.iter().find(|(other, request)| {
            **other != id
                && request.is_awaited()
                && request.calls.keys().any(|row| rows.contains(row))
                && !request.sequences.iter().all(|sequence| first.contains(sequence))
        });
        if let Some((other, _)) = other {
            let what = format!("request {id} goes while {other} about the same row is unanswered");
            self.violated(5, what);
        }
        if let Some(request) = self.requests.get_mut(&id) {
            request.sequences = sequences;
        }
    }

    /// The first entries of a row whose values, later over earlier, are those of the request.
    fn carried(&self, statement: &Statement, row: &RowName, body: &Body) -> Option<Vec<Waiting>> {
        let of_row: Vec<&Waiting> =
            self.snapshot.outbox.iter().filter(|entry| entry.row == *row).collect();
        let first = of_row.first()?;
        let fits = match statement {
            Statement::Insert { .. } => first.kind.creates(),
            Statement::Update { .. } => first.kind == EntryKind::Update,
            _ => first.kind == EntryKind::Delete,
        };
        let mut values = Body::new();
        for (at, entry) in of_row.iter().enumerate() {
            values.extend(entry.body.clone());
            if fits && values == *body {
                return Some(of_row[..=at].iter().map(|entry| (*entry).clone()).collect());
            }
        }
        None
    }

    /// The remote has executed a request. (2, 3, 4)
    pub(super) fn applied(&mut self, id: u64, done: &Done) {
        let request = &self.requests[&id];
        let (sender, statement) = (request.sender, request.statement.clone());
        let carried = request.calls.clone();
        let mut last = Vec::new();
        for (row, effect) in &done.effects {
            let calls = match (sender, effect) {
                (Sender::Direct(call), _) => vec![call],
                // With the parent that was named before it.
                (_, Effect::Cascaded) => last.clone(),
                _ => carried.get(row).cloned().unwrap_or_default(),
            };
            last.clone_from(&calls);
            self.effect(row, *effect, &calls, &statement, sender);
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
        let kind = self.history.calls[&first].write.kind;
        match effect {
            Effect::Absent if matches!(statement, Statement::Delete { .. }) => {
                self.history.unit(first, row).is_void = true;
                return;
            }
            Effect::Absent if sender == Sender::Replay => return self.vanished(row, first),
            Effect::Absent => return,
            Effect::LeftAlone => return self.left_alone(row, first, kind),
            Effect::Updated
                if matches!(statement, Statement::Insert { .. }) && kind != EntryKind::Upsert =>
            {
                self.violated(3, format!("insert {first} changes {row:?}, which is there"));
            }
            _ => {}
        }
        let latest = self.history.row(row).latest;
        // A repeated insert can bring back what somebody else has deleted.
        let is_brought_back = effect == Effect::Inserted && self.history.row(row).is_foreign;
        for call in calls {
            let known = &self.history.calls[call];
            if known.is_refused() {
                self.violated(2, format!("call {call} was refused and changes {row:?}"));
            } else if let (Some(acknowledged), Some((called, later))) = (known.acknowledged, latest)
                && called > acknowledged
                && !calls.contains(&later)
                && !is_brought_back
            {
                let what =
                    format!("call {call} was over before {later}, and changes {row:?} after it");
                self.violated(4, what);
            }
        }
        for call in calls {
            let tick = self.tick;
            if effect != Effect::Cascaded {
                self.history.unit(*call, row).effect.get_or_insert(tick);
                let called = (self.history.calls[call].called, *call);
                let known = self.history.row(row);
                known.latest = known.latest.max(Some(called));
            }
            // Updates that travel with an insert make no row.
            let own =
                if *call == first || effect != Effect::Inserted { effect } else { Effect::Updated };
            self.history.row(row).effects.push((*call, own));
        }
    }

    /// An insert found a row with its key. (3)
    fn left_alone(&mut self, row: &RowName, call: CallId, kind: EntryKind) {
        let maker = self
            .history
            .row(row)
            .effects
            .iter()
            .rev()
            .find(|(_, effect)| *effect == Effect::Inserted);
        let maker = maker.map(|(maker, _)| *maker);
        let is_lawful = match maker {
            Some(maker) if maker == call => true,
            // One that has left before takes any row with its key for its own: whoever made that
            // one did it elsewhere, or at the same time.
            Some(maker) => {
                let (own, other) = (&self.history.calls[&call], &self.history.calls[&maker]);
                other.process.is_none() || own.overlaps(other) || !own.precedes(other)
            }
            None => false,
        };
        if kind == EntryKind::Insert && !is_lawful {
            self.violated(
                3,
                format!("insert {call} is taken for applied; {row:?} is of {maker:?}"),
            );
        }
        if maker != Some(call) {
            self.history.row(row).differs = Some("an insert was taken for applied beside another");
        }
        self.history.unit(call, row).is_void = true;
    }

    /// An update found no row. (8)
    fn vanished(&mut self, row: &RowName, call: CallId) {
        let known = self.history.row(row).clone();
        let own = &self.history.calls[&call];
        let is_lawful = known.is_foreign
            || known.effects.iter().any(|(other, effect)| {
                matches!(effect, Effect::Deleted | Effect::Cascaded)
                    && !own.precedes(&self.history.calls[other])
            });
        if !is_lawful {
            self.violated(
                8,
                format!("update {call} finds no {row:?}, which nobody deleted before it"),
            );
        }
    }

    /// A process is told what became of its request.
    pub(super) fn heard(&mut self, id: u64, answer: &Answer) {
        let request = &self.requests[&id];
        let sender = request.sender;
        let alone = match request.sequences.as_slice() {
            [one] => Some(*one),
            _ => None,
        };
        let is_lost = matches!(answer, Answer::Fault(ErrorKind::Timeout, _));
        match sender {
            Sender::Probe => {
                let suspect = self.suspect.take();
                if let (Some(sequence), Answer::Done(_)) = (suspect, answer)
                    && let Some(call) = self.history.owners.get(&sequence).copied()
                    && let Some(entry) = self.snapshot.entry(sequence).cloned()
                {
                    self.history.unit(call, &entry.row).unanswered += 1;
                }
            }
            Sender::Replay | Sender::Direct(_) if is_lost => {
                self.unanswered.push(Unanswered { sender, since: self.now });
                if sender == Sender::Replay {
                    self.suspect = alone;
                }
            }
            _ => {}
        }
    }

    /// What the file holds after a commit. (1, 2, 12)
    pub(super) fn seen(&mut self, new: Snapshot) {
        let old = std::mem::replace(&mut self.snapshot, new.clone());
        self.note(|inner| {
            let entries: Vec<String> = new
                .outbox
                .iter()
                .map(|entry| format!("{}:{:?}:{}", entry.sequence, entry.kind, entry.row.1))
                .collect();
            let letters: Vec<String> = new
                .letters
                .iter()
                .map(|one| format!("{}:{}", one.entry.sequence, one.reason))
                .collect();
            format!("call {:?} commits; outbox {entries:?} letters {letters:?}", inner.call())
        });
        if !new.state.breaker.is_open() {
            self.last_probe = None;
        }
        let counted = (new.state.waiting.rows, new.state.dead.rows);
        let there = (new.outbox.len() as u64, new.letters.len() as u64);
        if counted != there {
            self.violated(
                12,
                format!("the file counts {counted:?} entries and letters, it has {there:?}"),
            );
        }
        if there.0 + there.1 > self.profile.bound {
            self.violated(12, format!("{there:?} entries and letters are more than the bound"));
        }
        for entry in &new.outbox {
            if !self.history.owners.contains_key(&entry.sequence) {
                self.queued(entry);
            }
        }
        for letter in &new.letters {
            self.history.row(&letter.entry.row).letters.insert(letter.entry.sequence);
        }
        let stays = |sequence| new.entry(sequence).is_some() || new.letter(sequence).is_some();
        let was = old.outbox.iter().chain(old.letters.iter().map(|letter| &letter.entry));
        let gone: Vec<Waiting> = was.filter(|entry| !stays(entry.sequence)).cloned().collect();
        for entry in gone {
            let Some(call) = self.history.owners.get(&entry.sequence).copied() else { continue };
            if !self.history.unit(call, &entry.row).is_done() {
                let what =
                    format!("entry {} of call {call} is gone without an effect", entry.sequence);
                self.violated(1, what);
            }
        }
    }

    fn queued(&mut self, entry: &Waiting) {
        let Some(id) = self.call() else {
            return self.violated(2, format!("entry {} belongs to no call", entry.sequence));
        };
        let call = &self.history.calls[&id];
        let is_own =
            call.write.rows.contains(&entry.row) && call.write.wrote(id, entry.kind, &entry.body);
        if !is_own {
            self.violated(2, format!("entry {entry:?} is not what call {id} asked for"));
        }
        self.history.owners.insert(entry.sequence, id);
        self.history.unit(id, &entry.row).sequences.insert(entry.sequence);
    }

    /// The file could not be brought up to date with a write that the remote took.
    pub(super) fn mirror_failed(&mut self) {
        let Some(id) = self.call() else { return };
        for row in self.history.calls[&id].write.rows.clone() {
            self.history.row(&row).differs = Some("the mirror could not be written");
        }
    }

    /// Whether a unit is where an acknowledged write may be.
    pub(super) fn is_kept(&self, call: CallId, row: &RowName) -> bool {
        self.history.units.get(&(call, row.clone())).is_some_and(|unit| {
            unit.is_done() || unit.sequences.iter().any(|sequence| self.is_live(*sequence))
        })
    }

    fn is_live(&self, sequence: i64) -> bool {
        self.snapshot.entry(sequence).is_some() || self.snapshot.letter(sequence).is_some()
    }

    /// A call's write has ended, whether or not its caller still waits.
    pub(super) fn write_ended(&mut self, call: Option<CallId>) {
        let Some(id) = call else { return };
        let tick = self.tick;
        let Some(call) = self.history.calls.get_mut(&id) else { return };
        call.finished.get_or_insert(tick);
        if call.is_direct && call.write.kind == EntryKind::Update {
            // It brings no row into the file.
            for row in call.write.rows.clone() {
                if !self.snapshot.rows.contains_key(&row) {
                    self.history.row(&row).differs = Some("updated while the file had no such row");
                }
            }
        }
    }

    /// A caller is told what became of its call. (1, 2)
    pub(super) fn call_answered(&mut self, id: CallId, answer: Result<u64, ErrorKind>) {
        self.write_ended(Some(id));
        let tick = self.tick;
        self.note(|_| format!("call {id} ends: {answer:?}"));
        let Some(call) = self.history.calls.get_mut(&id) else { return };
        call.answer = Some(answer);
        match answer {
            Ok(count) if count > 0 => {
                call.acknowledged = Some(tick);
                let write = call.write.clone();
                let kept = write.rows.iter().filter(|row| self.is_kept(id, row)).count() as u64;
                if kept < count {
                    self.violated(
                        1,
                        format!("call {id} touched {count} rows, {kept} are accounted for"),
                    );
                }
            }
            Err(kind) if kind != ErrorKind::Timeout => {
                let found: Option<RowName> = self
                    .history
                    .units_of(id)
                    .find(|(_, unit)| {
                        unit.effect.is_some() || unit.sequences.iter().any(|one| self.is_live(*one))
                    })
                    .map(|(row, _)| row.clone());
                if let Some(row) = found {
                    self.violated(
                        2,
                        format!("call {id} failed with {kind:?} and has a part in {row:?}"),
                    );
                }
            }
            _ => {}
        }
    }

    /// The children of a row, besides itself, as far as their keys tell.
    pub(super) fn with_children(row: &RowName) -> Vec<RowName> {
        let children =
            entities::all_rows().filter(|one| entities::parent_of(one).as_ref() == Some(row));
        std::iter::once(row.clone()).chain(children).collect()
    }
}
