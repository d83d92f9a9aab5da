//! What the remote has not taken: who is to blame, and what becomes of it.

use super::send::{Outcome, is_based_on};
use super::together::TakenId;
use super::{Marked, Part, REWORK, Replayer};
use crate::backend::postgrest::{FOUND_NO_ROW, ID_IS_TAKEN};
use crate::failover::engine::Engine;
use crate::failover::engine::outage::{Outage, PAUSE};
use crate::failover::environment::Moment;
use crate::failover::file::{DURABLE, Pause, Refusal, Transaction};
use crate::failover::letter::DeadLetterReason;
use crate::failover::remote::Applied;
use crate::failover::rules::batches::{Batch, Item};
use crate::failover::rules::entry::{Entry, EntryKind, Version};
use crate::failover::rules::verdict::Verdict;
use crate::failover::seam::{self, Met};
use crate::{Error, ErrorKind, Result};
use std::sync::Arc;

/// How often an entry may fail alone while others of its table are accepted.
const MOST_FAILURES: u32 = 5;

impl Engine {
    /// Records what became of a request that the remote has not taken.
    pub(super) async fn not_taken(
        self: &Arc<Self>,
        replayer: &mut Replayer,
        marked: Marked,
        outcome: Outcome,
    ) -> Result<()> {
        let error = match outcome {
            Outcome::Together(applied) => return self.taken_together(marked, applied).await,
            Outcome::Applied(applied) => {
                return self.taken(vec![(marked, applied)], None).await.map(drop);
            }
            Outcome::Missed { is_there } => {
                return self.missed_row(replayer, marked, is_there).await;
            }
            Outcome::DeletedSome(done, applied) => {
                return self.deleted_some(replayer, marked, &done, applied).await;
            }
            Outcome::Failed(error) => error,
        };
        if [Some(ID_IS_TAKEN), Some(FOUND_NO_ROW)].contains(&error.code()) {
            return self.go_anew(replayer, marked).await;
        }
        let first = marked.part.batch.items.first();
        let key_columns = first.map(|item| item.entry.key_columns.as_slice());
        let verdict = Verdict::of_row(&error, key_columns.unwrap_or_default());
        match verdict {
            Verdict::DuplicateKey if marked.part.is_plain => {
                let applied = Applied { touched: 1, ..Applied::default() };
                self.taken(vec![(marked, applied)], None).await.map(drop)
            }
            Verdict::Row
            | Verdict::DuplicateKey
            | Verdict::ParentMissing
            | Verdict::UniqueTaken => self.refused(replayer, marked, verdict, error).await,
            Verdict::TooMuch => self.too_much(replayer, marked, error).await,
            Verdict::Table if error.code() == Some("42501") && ignores_duplicates(&marked.part) => {
                self.go_plain(replayer, marked).await
            }
            Verdict::Table => self.table_refused(replayer, marked, error).await,
            Verdict::Unauthenticated | Verdict::SignedOut | Verdict::ReadOnly => {
                self.everything_stands_still(replayer, marked, error).await
            }
            Verdict::Ambiguous { .. } => self.unanswered(replayer, marked, &error).await,
            Verdict::NotApplied { .. } | Verdict::Repeat | Verdict::Throttled(_) => {
                self.not_applied(replayer, marked, &error, verdict).await
            }
        }
    }

    /// Under the id of an entry nothing was made, nor will be: an earlier request found no row, or the id was
    /// taken, and its process ended before the entry was a letter. It goes by another id.
    async fn go_anew(self: &Arc<Self>, replayer: &mut Replayer, marked: Marked) -> Result<()> {
        seam::met(Met::IdTaken);
        let Some(marked) = self.split(replayer, marked).await? else { return Ok(()) };
        let Some(item) = marked.part.batch.items.into_iter().next() else { return Ok(()) };
        let request = marked.request;
        self.file
            .acknowledge(DURABLE, move |transaction| {
                transaction.unmark(request)?;
                transaction.never_sent(&item)
            })
            .await
    }

    /// A change found no row, or one that somebody else has changed.
    async fn missed_row(
        self: &Arc<Self>,
        replayer: &mut Replayer,
        marked: Marked,
        is_there: bool,
    ) -> Result<()> {
        const OVERTAKEN: &str = "somebody else has changed or removed the row, and the remote wins";
        const MISSING: &str = "the remote has no such row, or hides it";
        let has_base = marked.part.batch.items.iter().any(|item| item.entry.base.is_some());
        let is_delete = marked.part.batch.kind == EntryKind::Delete;
        let group = marked.part.batch.group();
        let (reason, message) = if !group.is_empty() {
            // What is to blame is for people: where it cannot be asked, all of them are.
            match self.missed_of(group).await.unwrap_or_default() {
                Some((row, DeadLetterReason::MissingRow)) => {
                    (DeadLetterReason::MissingRow, format!("{MISSING}: {row}"))
                }
                Some((row, reason)) => (reason, format!("{OVERTAKEN}: {row}")),
                None if has_base => (DeadLetterReason::Conflict, OVERTAKEN.to_owned()),
                None => (DeadLetterReason::MissingRow, MISSING.to_owned()),
            }
        } else if is_delete && !has_base {
            let words = "the remote does not delete the row: a policy or a trigger keeps it";
            (DeadLetterReason::Refused, words.to_owned())
        } else if is_there || has_base {
            (DeadLetterReason::Conflict, OVERTAKEN.to_owned())
        } else {
            (DeadLetterReason::MissingRow, MISSING.to_owned())
        };
        let error = Error::new(ErrorKind::Conflict, message);
        let mut marked = marked;
        if let [item] = marked.part.batch.items.as_mut_slice() {
            // The row is missed, whatever travels with the first change of it.
            item.folded.clear();
        }
        let Some(marked) = self.split(replayer, marked).await? else { return Ok(()) };
        // An update alone that was answered has taken its id; a delete whose row stays, and what found not all
        // rows of a group, have taken none.
        let marked = if marked.part.batch.group().is_empty() && !is_delete {
            marked
        } else {
            let Some(marked) = self.never_more(replayer, marked).await? else { return Ok(()) };
            marked
        };
        // The row is gone with those that waited for it; or it is there.
        self.make_letter(marked, reason, &error, false).await
    }

    /// Which of several that go together has found no row, or another version of it.
    async fn missed_of(
        self: &Arc<Self>,
        group: &[Entry],
    ) -> Result<Option<(String, DeadLetterReason)>> {
        let mut brought = Vec::new();
        let mut judged = None;
        for entry in group {
            if entry.kind.creates() && entry.base.is_none() {
                brought.push(&entry.row);
            }
            let is_based =
                matches!(&entry.base, Some(base) if matches!(base.version, Version::Stored(_)));
            let must_be_there = entry.kind == EntryKind::Update && !self.is_soft_delete(entry);
            if !(must_be_there || is_based) || brought.contains(&&entry.row) {
                continue;
            }
            let row = || format!("{} {}", entry.row.table.as_str(), entry.row.key.as_str());
            let keys = [entry.row.key.texts()];
            let there = self.remote.fetch(&entry.row.table, &entry.key_columns, &keys).await?;
            match &entry.base {
                None if there.is_empty() => {
                    return Ok(Some((row(), DeadLetterReason::MissingRow)));
                }
                Some(base) if judged.is_none() && !is_based_on(base, there.first()) => {
                    judged = Some((row(), DeadLetterReason::Conflict));
                }
                _ => {}
            }
        }
        Ok(judged)
    }

    /// Of several deletes by the function some are done, and of the others the rows are there.
    async fn deleted_some(
        self: &Arc<Self>,
        replayer: &mut Replayer,
        marked: Marked,
        done: &[i64],
        applied: Applied,
    ) -> Result<()> {
        let Marked { part, request, once } = marked;
        let is_done = |item: &Item| done.contains(&item.entry.sequence);
        let (done, kept): (Vec<Item>, Vec<Item>) =
            part.batch.items.iter().cloned().partition(is_done);
        let of = |items: Vec<Item>| {
            let batch = Batch { items, ..part.batch.clone() };
            Marked { part: Part::new(batch), request, once }
        };
        if !done.is_empty() {
            self.taken(vec![(of(done), applied)], None).await?;
        }
        for item in kept {
            self.missed_row(replayer, of(vec![item]), true).await?;
        }
        Ok(())
    }

    /// The remote refused the batch, so nothing of it is applied: its parts go alone, down to the
    /// entry that is to blame.
    async fn refused(
        self: &Arc<Self>,
        replayer: &mut Replayer,
        marked: Marked,
        verdict: Verdict,
        error: Error,
    ) -> Result<()> {
        if error.code() == Some("42501") && ignores_duplicates(&marked.part) {
            return self.go_plain(replayer, marked).await;
        }
        let Some(marked) = self.split(replayer, marked).await? else { return Ok(()) };
        let may_pass = matches!(verdict, Verdict::UniqueTaken | Verdict::ParentMissing);
        if marked.part.was_among_others && may_pass {
            seam::met(Met::JudgedAlone);
            replayer.parts.push(Part { was_among_others: false, ..marked.part });
            return self.unmark(marked.request).await;
        }
        let kind = marked.part.batch.kind;
        let group_creates = marked.part.batch.group().iter().any(|entry| entry.kind.creates());
        let reason = match verdict {
            Verdict::DuplicateKey => DeadLetterReason::Conflict,
            // A delete is refused with the same code, for the sake of children.
            Verdict::ParentMissing if kind != EntryKind::Delete || group_creates => {
                DeadLetterReason::ParentMissing
            }
            _ => DeadLetterReason::Refused,
        };
        if verdict == Verdict::UniqueTaken && self.stands_behind(&marked).await? {
            return Ok(());
        }
        let Some(marked) = self.never_more(replayer, marked).await? else { return Ok(()) };
        let is_absent = match verdict {
            Verdict::DuplicateKey => false,
            _ if !kind.creates() => false,
            // Only if it is there does what waits for it go on; not knowing is no leave.
            _ => match marked.part.batch.items.first() {
                Some(item) => !self.is_at_remote(item).await.unwrap_or(false),
                None => false,
            },
        };
        // An update whose parent is missing is judged once; its followers have gone ahead.
        let reason = match (reason, kind) {
            (DeadLetterReason::ParentMissing, _) if group_creates => reason,
            (DeadLetterReason::ParentMissing, EntryKind::Update) => DeadLetterReason::Refused,
            (DeadLetterReason::ParentMissing, EntryKind::Upsert) if !is_absent => {
                DeadLetterReason::Refused
            }
            (reason, _) => reason,
        };
        self.make_letter(marked, reason, &error, is_absent).await
    }

    /// A unique value may be given free by an older entry of the table that waits: behind that one.
    async fn stands_behind(self: &Arc<Self>, marked: &Marked) -> Result<bool> {
        let Some(item) = marked.part.batch.items.first().cloned() else { return Ok(false) };
        let request = marked.request;
        self.file
            .acknowledge(DURABLE, move |transaction| {
                let mut before = None;
                let first = item.entries().map(|entry| entry.sequence).min().unwrap_or_default();
                for entry in item.entries() {
                    before = before.max(transaction.older_that_may_give_way(entry, first)?);
                }
                let Some(before) = before else { return Ok(false) };
                transaction.put_behind(&item, before)?;
                transaction.state.pauses.remove(item.entry.row.table.as_str());
                transaction.unmark(request)?;
                Ok(true)
            })
            .await
    }

    async fn make_letter(
        self: &Arc<Self>,
        marked: Marked,
        reason: DeadLetterReason,
        error: &Error,
        is_absent: bool,
    ) -> Result<()> {
        let refusal = Refusal::new(reason, error);
        let (engine, request) = (self.clone(), marked.request);
        let Some(item) = marked.part.batch.items.into_iter().next() else { return Ok(()) };
        // Of those that are made together none was made.
        let mut refused = Vec::with_capacity(item.group.len().max(1));
        for entry in &item.group {
            let one = Item::new(entry.clone());
            let is_absent = entry.kind.creates() && !self.is_at_remote(&one).await.unwrap_or(false);
            refused.push((one, is_absent));
        }
        // What one of them holds, all hold: they go again together, in their place. But what only adds is
        // not before or after others.
        let holds =
            |(one, is_absent): &(Item, bool)| *is_absent || one.entry.kind == EntryKind::Delete;
        if refused.iter().any(holds) {
            for (one, is_absent) in &mut refused {
                *is_absent = !self.only_adds(&one.entry, &item.group);
            }
        }
        if refused.is_empty() {
            refused.push((item, is_absent));
        }
        self.file
            .acknowledge(DURABLE, move |transaction| {
                let now = engine.environment.now();
                for (item, is_absent) in &refused {
                    // A table whose rows are judged one by one does not stand still.
                    transaction.state.pauses.remove(item.entry.row.table.as_str());
                    transaction.refuse(item, &refusal, *is_absent, now)?;
                }
                transaction.unmark(request)?;
                transaction.rework(REWORK).map(drop)
            })
            .await
    }

    /// Whether one of a group only adds to columns of a row that the others leave alone.
    fn only_adds(&self, entry: &Entry, group: &[Entry]) -> bool {
        let table = self.file.known(entry.row.table.as_str());
        let stamp = table.and_then(|table| Some(table.columns[table.updated_at?].name));
        let columns: Vec<String> = serde_json::from_str(&entry.columns).unwrap_or_default();
        let is_added =
            |column: &String| entry.added.contains(column) || Some(column.as_str()) == stamp;
        entry.kind == EntryKind::Update
            && entry.base.is_none()
            && !entry.added.is_empty()
            && columns.iter().all(is_added)
            && !group.iter().any(|other| {
                other.row == entry.row
                    && (other.kind != EntryKind::Update || other.added.is_empty())
            })
    }

    /// Less of it may pass. A row alone that is too much counts as one that failed.
    async fn too_much(
        self: &Arc<Self>,
        replayer: &mut Replayer,
        marked: Marked,
        error: Error,
    ) -> Result<()> {
        let rows = marked.part.batch.items.len();
        if rows > 1 {
            let table = marked.part.batch.table.clone();
            self.file
                .acknowledge(DURABLE, move |transaction| {
                    seam::met(Met::Learned);
                    transaction.state.learned(&table).most_rows = Some((rows / 2).max(1));
                    Ok(())
                })
                .await?;
        }
        let Some(marked) = self.split(replayer, marked).await? else { return Ok(()) };
        if error.code() == Some("HTTP 413") {
            let Some(marked) = self.never_more(replayer, marked).await? else { return Ok(()) };
            return self.make_letter_absent(marked, DeadLetterReason::Refused, &error).await;
        }
        self.failed_alone(replayer, marked, &error).await
    }

    async fn make_letter_absent(
        self: &Arc<Self>,
        marked: Marked,
        reason: DeadLetterReason,
        error: &Error,
    ) -> Result<()> {
        let is_absent = marked.part.batch.kind.creates()
            && match marked.part.batch.items.first() {
                Some(item) => !self.is_at_remote(item).await.unwrap_or(false),
                None => false,
            };
        self.make_letter(marked, reason, error, is_absent).await
    }

    /// The table or the role is to blame, or something unknown: down to one entry, and then it
    /// depends on whether another one passes.
    async fn table_refused(
        self: &Arc<Self>,
        replayer: &mut Replayer,
        marked: Marked,
        error: Error,
    ) -> Result<()> {
        if is_of_table(&error) && marked.part.batch.items.len() > 1 {
            // To halve it would be a request a row where the whole table is to blame.
            return self.send_first_alone(replayer, marked).await;
        }
        let Some(marked) = self.split(replayer, marked).await? else { return Ok(()) };
        self.failed_alone(replayer, marked, &error).await
    }

    /// One row of a batch tells whether its table is to blame; the others go in smaller batches.
    async fn send_first_alone(
        self: &Arc<Self>,
        replayer: &mut Replayer,
        marked: Marked,
    ) -> Result<()> {
        let Part { mut batch, is_plain, .. } = marked.part;
        let (rows, table, request) = (batch.items.len(), batch.table.clone(), marked.request);
        self.file
            .acknowledge(DURABLE, move |transaction| {
                transaction.state.learned(&table).most_rows = Some((rows / 2).max(1));
                transaction.unmark(request)
            })
            .await?;
        batch.items.truncate(1);
        if let Some(item) = batch.items.first_mut() {
            item.folded.clear();
        }
        replayer.parts.clear();
        replayer.parts.push(Part { is_plain, ..Part::new(batch) });
        Ok(())
    }

    /// Something failed that is not known to be the row's fault: it is, if others of its table are
    /// accepted meanwhile, five times; else the table stands still.
    async fn failed_alone(
        self: &Arc<Self>,
        replayer: &mut Replayer,
        marked: Marked,
        error: &Error,
    ) -> Result<()> {
        seam::met(Met::FailedAlone);
        replayer.parts.clear();
        let batch = &marked.part.batch;
        let is_alone = batch.sequences().len() == 1 || !batch.group().is_empty();
        let engine = self.clone();
        let (request, is_trial) = (marked.request, marked.part.is_trial);
        let table = marked.part.batch.table.clone();
        let item = marked.part.batch.items.first().cloned();
        let (code, message) = (error.code().map(str::to_owned), error.message().to_owned());
        let (failures, other) = self
            .file
            .acknowledge(DURABLE, move |transaction| {
                transaction.unmark(request)?;
                let now = engine.environment.now();
                let Some(item) = &item else { return Ok((0, None)) };
                let failures = if is_alone { transaction.count_failure(item, now)? } else { 0 };
                if failures >= MOST_FAILURES {
                    return Ok((failures, None));
                }
                // Another one of the table tells who is to blame.
                let other = if is_trial || transaction.state.pauses.contains_key(table.as_str()) {
                    None
                } else {
                    let besides = [item.entry.row.clone()];
                    transaction.choose_one(&table, &besides, now)?
                };
                // A trial that passed beside this one has ended the pause.
                if !is_trial || transaction.state.pauses.contains_key(table.as_str()) {
                    pause(transaction, &table, code.as_deref(), &message, now);
                }
                let trial = |other| super::mark_one(transaction, Part::trial(other));
                Ok((failures, other.map(trial).transpose()?))
            })
            .await?;
        if failures >= MOST_FAILURES {
            let TakenId::Taken(marked) = self.take_id(marked).await? else { return Ok(()) };
            return self.make_letter_absent(marked, DeadLetterReason::Unanswerable, error).await;
        }
        if let Some(other) = other {
            seam::met(Met::TriedAnother);
            return Box::pin(self.send_all(replayer, vec![other])).await;
        }
        Ok(())
    }

    /// A role that may only insert may not ignore duplicates: plain then, one by one.
    async fn go_plain(self: &Arc<Self>, replayer: &mut Replayer, marked: Marked) -> Result<()> {
        seam::met(Met::PlainAfterDenied);
        for item in marked.part.batch.items.iter().rev() {
            let mut batch = marked.part.batch.clone();
            // Alone: where its row is there already, what travels with it was not made.
            batch.items = vec![Item::new(item.entry.clone())];
            replayer.parts.push(Part { is_plain: true, ..Part::new(batch) });
        }
        self.unmark(marked.request).await
    }

    /// No answer came: its entries may have left, and for a while nothing goes that could be
    /// overtaken.
    async fn unanswered(
        self: &Arc<Self>,
        replayer: &mut Replayer,
        marked: Marked,
        error: &Error,
    ) -> Result<()> {
        replayer.parts.clear();
        let Some(outage) = Outage::of(error) else { return Ok(()) };
        let engine = self.clone();
        let Marked { part, request, once } = marked;
        let outage = if once { outage.of_once() } else { outage };
        let error =
            Error::new(error.kind(), error.message()).with_code(error.code().map(str::to_owned));
        let rows = part.batch.items.len();
        let batch = part.batch.clone();
        let failures = self
            .file
            .acknowledge(DURABLE, move |transaction| {
                transaction.keep_mark(request, &batch.sequences())?;
                engine.learn(&mut transaction.state, &outage);
                let now = engine.environment.now();
                let settling = transaction.state.settling(now).unwrap_or_default();
                let settling = settling.min(engine.settings.settle);
                if let Some(pause) = transaction.state.pauses.get_mut(batch.table.as_str()) {
                    // What waits meanwhile until nothing can arrive late has its turn before the next
                    // trial, which may be as this one.
                    pause.try_at = now + (settling + PAUSE).as_millis() as Moment;
                }
                let learned = transaction.state.learned(&batch.table);
                learned.unserved = learned.unserved.saturating_add(1);
                if rows > 1 {
                    seam::met(Met::Learned);
                    learned.most_rows = Some((rows / 2).max(1));
                }
                match batch.items.first() {
                    // With the updates that travel with it: they have left as one.
                    Some(item) if rows == 1 => {
                        transaction.count_failure(item, engine.environment.now())
                    }
                    _ => Ok(0),
                }
            })
            .await?;
        if failures >= MOST_FAILURES {
            let marked = Marked { part, request, once };
            // Without a word of the remote on that it stays where it is.
            let TakenId::Taken(marked) = self.take_id(marked).await? else { return Ok(()) };
            return self.make_letter_absent(marked, DeadLetterReason::Unanswerable, &error).await;
        }
        Ok(())
    }

    /// It was surely not applied: the mark is taken back.
    async fn not_applied(
        self: &Arc<Self>,
        replayer: &mut Replayer,
        marked: Marked,
        error: &Error,
        verdict: Verdict,
    ) -> Result<()> {
        replayer.parts.clear();
        let Some(outage) = Outage::of(error) else { return Ok(()) };
        let engine = self.clone();
        let request = marked.request;
        let table = marked.part.batch.table;
        let random = self.environment.random();
        self.file
            .acknowledge(DURABLE, move |transaction| {
                transaction.unmark(request)?;
                engine.learn(&mut transaction.state, &outage);
                let learned = transaction.state.learned(&table);
                learned.unserved = learned.unserved.saturating_add(1);
                if verdict == Verdict::Repeat {
                    // The same may pass soon.
                    let rest = (1_000.0 * random) as Moment + 1;
                    let now = engine.environment.now();
                    transaction.state.throttled_until =
                        transaction.state.throttled_until.max(now + rest);
                }
                Ok(())
            })
            .await
    }

    /// The token is dead, or the server only reads: everything stands still.
    async fn everything_stands_still(
        self: &Arc<Self>,
        replayer: &mut Replayer,
        marked: Marked,
        error: Error,
    ) -> Result<()> {
        seam::met(Met::PausedEverything);
        replayer.parts.clear();
        replayer.has_dead_key = error.kind() == ErrorKind::Unauthenticated;
        let (engine, request) = (self.clone(), marked.request);
        self.file
            .acknowledge(DURABLE, move |transaction| {
                transaction.unmark(request)?;
                let now = engine.environment.now();
                transaction.state.pauses.insert(
                    crate::failover::file::EVERYTHING.to_owned(),
                    Pause {
                        try_at: now + PAUSE.as_millis() as Moment,
                        code: error.code().map(str::to_owned),
                        message: error.message().to_owned(),
                    },
                );
                Ok(())
            })
            .await
    }

    /// Half of the rows at a time, then the entry without what travels with it; an entry that is
    /// alone is given back.
    async fn split(
        self: &Arc<Self>,
        replayer: &mut Replayer,
        marked: Marked,
    ) -> Result<Option<Marked>> {
        let Part { batch, is_plain, is_trial, .. } = marked.part.clone();
        match batch.split() {
            Ok(parts) => {
                let parts = parts.into_iter().rev();
                let part = |batch| Part { is_plain, is_trial, ..Part::new(batch) };
                replayer.parts.extend(parts.map(part));
                self.unmark(marked.request).await?;
                Ok(None)
            }
            Err(_) => Ok(Some(marked)),
        }
    }

    async fn unmark(self: &Arc<Self>, request: i64) -> Result<()> {
        self.file.acknowledge(DURABLE, move |transaction| transaction.unmark(request)).await
    }
}

/// An insert that is sent again asks the server to ignore duplicates, which some roles may not.
fn ignores_duplicates(part: &Part) -> bool {
    part.batch.kind == EntryKind::Insert
        && part.batch.is_sent
        && !part.is_plain
        && part.batch.group().is_empty()
}

/// Codes that judge the table as a whole: to try each of its entries would tell nothing.
fn is_of_table(error: &Error) -> bool {
    let code = error.code().unwrap_or_default();
    code.starts_with("PGRST") || matches!(code, "42P01" | "42703" | "42501" | "3F000" | "HTTP 404")
}

fn pause(
    transaction: &mut Transaction<'_>,
    table: &crate::failover::rules::name::TableName,
    code: Option<&str>,
    message: &str,
    now: Moment,
) {
    seam::met(Met::Paused);
    tracing::warn!(table = table.as_str(), code, "replay of a table is paused");
    let pause = Pause {
        try_at: now + PAUSE.as_millis() as Moment,
        code: code.map(str::to_owned),
        message: message.to_owned(),
    };
    transaction.state.pauses.insert(table.as_str().to_owned(), pause);
}
