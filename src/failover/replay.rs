//! Replay: what waits in the outbox goes to the remote, by one process at a time.

use super::direct::{GATE, Outage};
use super::entry::{Base, Entry, EntryKind};
use super::environment::{Moment, until};
use super::file::{ForeignKeys, Pause, Suspect, Transaction};
use super::letters::DeadLetterReason;
use super::plan::{self, Batch, Item, MOST_FAILURES, Window};
use super::verdict::Verdict;
use super::{Engine, WriteMode};
use crate::change::{Change, ChangeKind};
use crate::operation::Duplicates;
use crate::{Error, ErrorKind, Result};
use futures_util::future::join_all;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// Entries that are looked at at once.
const WINDOW: u32 = 8_000;
/// Refusals of one table with one code, none accepted between, after which the table is at fault
/// and not its rows.
const MOST_ALIKE: u32 = 20;
/// How long a pause lasts before one entry is tried.
const PAUSE: Duration = Duration::from_secs(60);
/// The table name under which all tables are paused.
const ALL_TABLES: &str = "*";

/// What one step of replay did.
#[derive(Debug, PartialEq)]
pub(crate) enum Progress {
    /// There is more to do at once.
    Worked,
    /// Nothing may be sent before then.
    Wait(Duration),
    /// Nothing waits.
    Idle,
    /// Another process replays.
    Elsewhere,
}

/// What the replaying process knows besides the file. If it ends, the next one starts afresh.
#[derive(Default)]
pub(crate) struct Replayer {
    lock: Option<Box<dyn Send + Sync>>,
    window: Window,
    /// Parts of refused batches, the next one last.
    parts: Vec<Part>,
    /// Most rows of the next batch, after one that got no answer.
    most: Option<usize>,
    alike: HashMap<String, (String, u32)>,
    /// Answers of the last requests that are not recorded yet.
    unanswered: usize,
}

/// A batch, and whether its inserts go plain although they may have left before.
struct Part {
    batch: Batch,
    is_plain: bool,
}

impl std::fmt::Debug for Replayer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Replayer").field("holds_lock", &self.lock.is_some()).finish()
    }
}

impl Replayer {
    fn forget(&mut self) {
        self.window = Window::default();
        self.parts.clear();
    }

    pub(super) fn release(&mut self) {
        self.forget();
        self.lock = None;
    }
}

impl Engine {
    /// One request, or one probe, or the reason for neither.
    pub(crate) async fn step(&self, replayer: &mut Replayer) -> Result<Progress> {
        match self.try_step(replayer).await {
            Err(error) => {
                // What became of a request may not be recorded: it counts as still under way.
                replayer.release();
                if self.file.free_room(&error) { Ok(Progress::Worked) } else { Err(error) }
            }
            progress => progress,
        }
    }

    async fn try_step(&self, replayer: &mut Replayer) -> Result<Progress> {
        let state = self.file.state().await?;
        let now = self.environment.now();
        if state.waiting.rows == 0 && !state.breaker.is_open() {
            replayer.release();
            return Ok(Progress::Idle);
        }
        if replayer.lock.is_none() {
            let Some(lock) = self.environment.try_lock() else { return Ok(Progress::Elsewhere) };
            replayer.lock = Some(lock);
        }
        if state.is_sending {
            // Another process ended meanwhile, or a step of this one was dropped.
            replayer.forget();
            self.take_over(now).await?;
            return Ok(Progress::Worked);
        }
        if state.breaker.is_open() {
            replayer.forget();
            return self.probe(&state.breaker.wait(now)).await;
        }
        self.send_next(replayer).await
    }

    /// Whoever replayed before ended with a request under way. It may have left just now, however long
    /// ago it was recorded: a process can be stopped between the two.
    async fn take_over(&self, now: Moment) -> Result<()> {
        let mut transaction = self.file.begin(ForeignKeys::Off).await?;
        if transaction.end_sending() {
            transaction.state.settle_until = now + self.settings.settle.as_millis() as Moment;
        }
        transaction.commit().await.map(drop)
    }

    /// Every request of this process has been answered.
    async fn all_answered(&self) -> Result<()> {
        if !self.file.state().await?.is_sending {
            return Ok(());
        }
        let mut transaction = self.file.begin(ForeignKeys::Off).await?;
        transaction.state.is_sending = false;
        transaction.commit().await.map(drop)
    }

    async fn probe(&self, wait: &Option<Duration>) -> Result<Progress> {
        if let Some(wait) = wait {
            return Ok(Progress::Wait(*wait));
        }
        let now = self.environment.now();
        let random = self.environment.random();
        let mut transaction = self.file.begin(ForeignKeys::Off).await?;
        if !transaction.state.breaker.claim_probe(now, random) {
            return Ok(Progress::Worked);
        }
        transaction.commit().await?;
        let answer = self.remote.probe().await;
        // Where the server does not answer a single entry, and this, the entry is not to blame.
        let mut transaction = self.file.begin(ForeignKeys::Off).await?;
        let suspect = transaction.state.suspect.take();
        // A server that refuses the question is there: what it says to an entry is reported then.
        let outcome = match answer {
            Err(error) if !Verdict::of(&error).is_answer() => "failed",
            _ => {
                transaction.state.breaker.probe_succeeded();
                if let Some(Suspect { sequence, is_alone }) = suspect
                    && transaction.count_failure(sequence).await? >= MOST_FAILURES
                    && is_alone
                {
                    let error = Error::new(
                        ErrorKind::Timeout,
                        "it alone got no answer five times, while the server answered otherwise",
                    );
                    let reason = DeadLetterReason::Unanswerable;
                    transaction.bury(sequence, reason, &error, self.environment.date()).await?;
                }
                "ok"
            }
        };
        metrics::counter!("chronicle_probes_total", "outcome" => outcome).increment(1);
        transaction.commit().await?;
        Ok(Progress::Worked)
    }

    async fn send_next(&self, replayer: &mut Replayer) -> Result<Progress> {
        let now = self.environment.now();
        let mut transaction = self.file.begin(ForeignKeys::Off).await?;
        if transaction.state.breaker.is_open() {
            return Ok(Progress::Worked);
        }
        if let Some(wait) = lift_due_pauses(&mut transaction, now) {
            replayer.forget();
            transaction.commit().await?;
            return Ok(Progress::Wait(wait));
        }
        let settled = until(transaction.state.settle_until, now, self.settings.settle);
        let part = match replayer.parts.pop() {
            Some(part) if settled.is_none() || is_insert(part.batch.kind) => part,
            part => {
                if part.is_some() {
                    // What comes after the parts must not go before them.
                    replayer.forget();
                }
                let batch = match plan::next(&replayer.window, settled.is_none()) {
                    Some(batch) => Some(batch),
                    None => {
                        transaction.draw_followers(self.environment.date()).await?;
                        replayer.window = transaction.window(WINDOW).await?;
                        plan::next(&replayer.window, settled.is_none())
                    }
                };
                let Some(mut batch) = batch else {
                    let rest = [settled, next_pause(&transaction, now)];
                    let wait = rest.into_iter().flatten().min();
                    let is_empty = transaction.state.waiting.rows == 0;
                    transaction.commit().await?;
                    return Ok(match wait {
                        _ if is_empty => Progress::Worked,
                        Some(wait) => Progress::Wait(wait),
                        None => Progress::Wait(GATE),
                    });
                };
                if let Some(most) = replayer.most {
                    batch.items.truncate(most.max(1));
                }
                Part { batch, is_plain: false }
            }
        };
        let sequences = part.batch.sequences();
        transaction.begin_sending(&sequences)?;
        let bodies = transaction.bodies(&sequences).await?;
        // When what waits fits one request, new writes are held until it is answered: else steady
        // writers would keep the store at the file for ever.
        let is_last = transaction.state.waiting.rows <= sequences.len() as u64;
        if is_last && self.settings.mode == WriteMode::RemoteFirst {
            transaction.state.gate_until = now + GATE.as_millis() as Moment;
        }
        #[cfg(test)]
        if self.settings.mutation == Some(super::simulation::Mutation::MarkAfterSend) {
            transaction.state.is_sending = false;
        }
        transaction.commit().await?;
        if bodies.len() != sequences.len() {
            replayer.forget();
            return Ok(Progress::Worked);
        }
        let leaving: HashSet<i64> = sequences.iter().copied().collect();
        replayer.window.entries.retain(|entry| !leaving.contains(&entry.sequence));
        let started = self.environment.now();
        let (table, operation) = (part.batch.items[0].entry.row.0.clone(), part.batch.kind.name());
        let answers = self.send(part, bodies).await?;
        #[cfg(test)]
        if self.settings.mutation == Some(super::simulation::Mutation::MarkAfterSend) {
            let mut transaction = self.file.begin(ForeignKeys::Off).await?;
            transaction.begin_sending(&sequences)?;
            transaction.commit().await?;
        }
        let seconds = (self.environment.now() - started).max(0) as f64 / 1_000.0;
        metrics::histogram!(
            "chronicle_replay_seconds", "table" => table.clone(), "operation" => operation
        )
        .record(seconds);
        for (part, answer) in &answers {
            let outcome = answer.as_ref().map_or_else(|error| error.kind().name(), |_| "ok");
            tracing::debug!(table, operation, rows = part.batch.items.len(), outcome, "replayed");
        }
        // What was taken is acknowledged together: each transaction waits for the disk.
        let (taken, others): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(part, answer)| {
            matches!(answer, Ok(rows) if *rows > 0 || part.batch.kind != EntryKind::Update)
        });
        replayer.unanswered = others.len();
        if !taken.is_empty() {
            replayer.alike.remove(&table);
            replayer.most = None;
            let taken: Vec<(Batch, u64)> = taken
                .into_iter()
                .map(|(part, answer)| (part.batch, answer.unwrap_or_default()))
                .collect();
            if self.file.acknowledge(|| self.taken(replayer, &taken)).await? {
                replayer.window = Window::default();
            }
        }
        let mut progress = Progress::Worked;
        for (part, answer) in others {
            replayer.unanswered -= 1;
            if let Some(wait) = self.answered(replayer, part, answer).await? {
                progress = Progress::Wait(wait);
            }
        }
        self.file.acknowledge(|| self.all_answered()).await?;
        Ok(progress)
    }

    /// Sends a batch, in as many requests as it needs, all under way at once.
    async fn send(&self, part: Part, bodies: Vec<String>) -> Result<Vec<(Part, Result<u64>)>> {
        let mut bodies = bodies.into_iter();
        let mut requests = Vec::new();
        for batch in part.batch.requests() {
            let mut rows = Vec::with_capacity(batch.items.len());
            for item in &batch.items {
                let own = bodies.next().unwrap_or_default();
                let folded: Vec<String> = bodies.by_ref().take(item.folded.len()).collect();
                rows.push(row_change(item, own, folded)?);
            }
            let part = Part { batch, is_plain: part.is_plain };
            requests.push(async {
                let answer = self.request(&part, rows).await;
                (part, answer)
            });
        }
        Ok(join_all(requests).await)
    }

    /// Sends one request.
    async fn request(&self, part: &Part, rows: Vec<Row>) -> Result<u64> {
        let kind = match part.batch.kind {
            EntryKind::Update => ChangeKind::Update,
            EntryKind::Delete => ChangeKind::Delete,
            EntryKind::Upsert => ChangeKind::Insert(Duplicates::Replace),
            EntryKind::InsertIfAbsent => ChangeKind::Insert(Duplicates::Ignore),
            EntryKind::Insert if part.batch.is_sent && !part.is_plain => {
                ChangeKind::Insert(Duplicates::Ignore)
            }
            EntryKind::Insert => ChangeKind::Insert(Duplicates::Refuse),
        };
        #[cfg(test)]
        let kind = match kind {
            ChangeKind::Insert(_)
                if self.settings.mutation == Some(super::simulation::Mutation::InsertsAsMerge) =>
            {
                ChangeKind::Insert(Duplicates::Replace)
            }
            kind => kind,
        };
        let first = &part.batch.items[0];
        let keys = part.batch.items.iter().map(key).collect();
        let columns = rows.first().map(|(columns, _)| columns.clone()).unwrap_or_default();
        let objects = rows.into_iter().map(|(_, body)| body).collect();
        let change = change_of(first, kind, columns, objects, keys);
        if part.batch.kind == EntryKind::Update {
            return self.update(change, first.entry.base.clone()).await;
        }
        self.remote.apply(&change).await
    }

    /// Sends an update. One that was based on a version of the row changes that version only, or
    /// the one that it made itself when its answer was lost.
    async fn update(&self, mut change: Change, base: Option<Base>) -> Result<u64> {
        let Some(base) = base else { return self.remote.apply(&change).await };
        let own = change.value_of(&base.column);
        let column: std::borrow::Cow<'static, str> = base.column.into();
        change.condition = Some((column.clone(), base.value));
        match self.remote.apply(&change).await {
            Ok(0) if own.is_some() => {
                change.condition = Some((column, own));
                self.remote.apply(&change).await
            }
            answer => answer,
        }
    }

    /// Records what became of a request; the wait that it asks for.
    async fn answered(
        &self,
        replayer: &mut Replayer,
        part: Part,
        answer: Result<u64>,
    ) -> Result<Option<Duration>> {
        let table = part.batch.items[0].entry.row.0.clone();
        let error = match answer {
            #[cfg(test)]
            Ok(0)
                if self.settings.mutation == Some(super::simulation::Mutation::ZeroRowsSucceed) =>
            {
                self.taken(replayer, &[(part.batch, 0)]).await?;
                return Ok(None);
            }
            Ok(0) if part.batch.kind == EntryKind::Update => {
                let (reason, message) = if part.batch.items[0].entry.base.is_some() {
                    let message =
                        "somebody else has changed or removed the row, and the remote wins";
                    (DeadLetterReason::Conflict, message)
                } else {
                    (DeadLetterReason::MissingRow, "the remote has no such row, or hides it")
                };
                let error = Error::new(ErrorKind::Conflict, message);
                return self.bury(replayer, part, reason, &error).await;
            }
            Ok(_) => return Ok(None),
            Err(error) => error,
        };
        let verdict = Verdict::of(&error);
        match verdict {
            Verdict::DuplicateKey if part.is_plain => {
                let taken = [(part.batch, 1)];
                if self.file.acknowledge(|| self.taken(replayer, &taken)).await? {
                    replayer.window = Window::default();
                }
                Ok(None)
            }
            Verdict::Poison | Verdict::DuplicateKey | Verdict::ParentMissing => {
                self.refused(replayer, part, verdict, error).await
            }
            Verdict::TooMuch => match split(replayer, part) {
                Ok(()) => Ok(None),
                Err(part) => self.failed_alone(replayer, part, &error).await,
            },
            Verdict::Repeat => {
                let wait = Duration::from_secs(1).mul_f64(self.environment.random());
                replayer.forget();
                Ok(Some(wait))
            }
            Verdict::NotApplied { at_once } => {
                replayer.forget();
                let outage = Outage { ambiguous: false, at_once, error: &error };
                self.file.acknowledge(|| self.unanswered(&part.batch, &outage)).await?;
                Ok(None)
            }
            Verdict::Throttled(wait) => {
                replayer.forget();
                Ok(Some(wait.unwrap_or(Duration::from_secs(1)).min(PAUSE)))
            }
            Verdict::Ambiguous { at_once } => {
                replayer.forget();
                replayer.most = Some((part.batch.items.len() / 2).max(1));
                let outage = Outage { ambiguous: true, at_once, error: &error };
                self.file.acknowledge(|| self.unanswered(&part.batch, &outage)).await?;
                Ok(None)
            }
            Verdict::Unauthenticated | Verdict::ReadOnly => {
                self.pause(replayer, ALL_TABLES, &error).await
            }
            Verdict::Drift => self.pause(replayer, &table, &error).await,
        }
    }

    /// The batch met an outage.
    async fn unanswered(&self, batch: &Batch, outage: &Outage<'_>) -> Result<()> {
        let mut transaction = self.file.begin(ForeignKeys::Off).await?;
        if outage.ambiguous {
            transaction.mark_sent(&batch.sequences())?;
        }
        if let ([item], true) = (batch.items.as_slice(), outage.ambiguous) {
            let is_alone = item.folded.is_empty();
            transaction.state.suspect = Some(Suspect { sequence: item.entry.sequence, is_alone });
            // The next probe tells, and when it was asked for often, it takes its time.
            let outage = Outage { at_once: true, ..*outage };
            self.learn(&mut transaction.state, &outage);
        } else {
            self.learn(&mut transaction.state, outage);
        }
        transaction.commit().await.map(drop)
    }

    /// The remote has taken the batches, and touched so many rows for each. `true` when entries are
    /// back, or left, that have to go before others.
    async fn taken(&self, replayer: &Replayer, batches: &[(Batch, u64)]) -> Result<bool> {
        let mut transaction = self.file.begin(ForeignKeys::Off).await?;
        if replayer.unanswered == 0 {
            transaction.state.is_sending = false;
        }
        let (mut done, mut rest) = (Vec::new(), Vec::new());
        for (batch, touched) in batches {
            let (removed, left) = batch.done(*touched);
            done.extend(removed);
            rest.extend(left);
        }
        transaction.remove(&done).await?;
        transaction.state.breaker.accepted();
        transaction.state.last_success = Some(self.environment.date());
        if transaction.state.waiting.rows == 0 {
            transaction.state.gate_until = 0;
            metrics::counter!("chronicle_switches_total", "to" => "remote").increment(1);
        }
        let mut revived = !rest.is_empty();
        let items = batches.iter().flat_map(|(batch, _)| &batch.items);
        for item in items {
            let Entry { row, sequence, kind, .. } = &item.entry;
            revived |= transaction.answer_letters_of(row, *kind, *sequence).await?;
        }
        let is_empty = transaction.commit().await?.waiting.rows == 0;
        // There is room in the outbox now; and none is needed once nothing waits.
        self.note_refusal(|refusal| {
            refusal.filter(|kind| *kind != ErrorKind::OutboxFull && !is_empty)
        });
        if is_empty {
            // Made again where it was given up and there is room.
            let _ = self.file.room().await;
        }
        Ok(revived)
    }

    /// The remote refused the batch, so nothing of it is applied: its parts go alone, down to the
    /// row that is to blame.
    async fn refused(
        &self,
        replayer: &mut Replayer,
        part: Part,
        verdict: Verdict,
        error: Error,
    ) -> Result<Option<Duration>> {
        // What comes after the parts, and what travelled with an entry, must not go before them.
        replayer.window = Window::default();
        let denied = error.code() == Some("42501");
        let is_sent_insert = part.batch.kind == EntryKind::Insert && part.batch.is_sent;
        if denied && is_sent_insert && !part.is_plain {
            // A role that may only insert may not ignore duplicates: plain then, one by one.
            for item in part.batch.items.into_iter().rev() {
                let batch = Batch { kind: part.batch.kind, is_sent: true, items: vec![item] };
                replayer.parts.push(Part { batch, is_plain: true });
            }
            return Ok(None);
        }
        let part = match split(replayer, part) {
            Ok(()) => return Ok(None),
            Err(part) => part,
        };
        let table = part.batch.items[0].entry.row.0.clone();
        let reason = match verdict {
            Verdict::DuplicateKey => DeadLetterReason::Conflict,
            // A delete is refused with the same code, for the sake of children.
            Verdict::ParentMissing if part.batch.kind != EntryKind::Delete => {
                DeadLetterReason::ParentMissing
            }
            _ => DeadLetterReason::Refused,
        };
        if reason == DeadLetterReason::Refused {
            let code = error.code().unwrap_or_default().to_owned();
            let alike = replayer.alike.entry(table.clone()).or_default();
            *alike = if alike.0 == code { (code, alike.1 + 1) } else { (code, 1) };
            if alike.1 >= MOST_ALIKE {
                return self.pause(replayer, &table, &error).await;
            }
        }
        self.bury(replayer, part, reason, &error).await
    }

    /// The server cannot do what a single entry asks, though it serves.
    async fn failed_alone(
        &self,
        replayer: &mut Replayer,
        part: Part,
        error: &Error,
    ) -> Result<Option<Duration>> {
        let entry = &part.batch.items[0].entry;
        if entry.failures + 1 >= MOST_FAILURES {
            return self.bury(replayer, part, DeadLetterReason::Unanswerable, error).await;
        }
        let sequence = entry.sequence;
        replayer.forget();
        self.file
            .acknowledge(|| async {
                let mut transaction = self.file.begin(ForeignKeys::Off).await?;
                transaction.count_failure(sequence).await?;
                transaction.commit().await.map(drop)
            })
            .await?;
        Ok(Some(Duration::from_secs(1)))
    }

    async fn bury(
        &self,
        replayer: &mut Replayer,
        part: Part,
        reason: DeadLetterReason,
        error: &Error,
    ) -> Result<Option<Duration>> {
        let date = self.environment.date();
        self.file
            .acknowledge(|| async {
                let mut transaction = self.file.begin(ForeignKeys::Off).await?;
                for sequence in part.batch.sequences() {
                    transaction.bury(sequence, reason, error, date).await?;
                }
                transaction.commit().await.map(drop)
            })
            .await?;
        // Its followers are letters too.
        replayer.window = Window::default();
        Ok(None)
    }

    /// Nothing that a row can help: its table stands still, and those that refer to it.
    async fn pause(
        &self,
        replayer: &mut Replayer,
        table: &str,
        error: &Error,
    ) -> Result<Option<Duration>> {
        replayer.forget();
        let now = self.environment.now();
        let mut transaction = self.file.begin(ForeignKeys::Off).await?;
        let mut tables = vec![table.to_owned()];
        tables.extend(transaction.children_of(table).await?);
        for table in tables {
            let pause = Pause {
                try_at: now + PAUSE.as_millis() as Moment,
                code: error.code().map(str::to_owned),
                message: error.message().to_owned(),
            };
            transaction.state.pauses.insert(table, pause);
        }
        transaction.commit().await?;
        replayer.most = Some(1);
        tracing::warn!(table, kind = error.kind().name(), "replay of a table is paused");
        Ok(None)
    }
}

/// Half of the rows at a time, then the entry without what travels with it; an entry that is alone
/// is given back.
fn split(replayer: &mut Replayer, part: Part) -> Result<(), Part> {
    let Part { batch, is_plain } = part;
    match batch.halves() {
        Ok((first, second)) => {
            replayer.parts.push(Part { batch: second, is_plain });
            replayer.parts.push(Part { batch: first, is_plain });
            Ok(())
        }
        Err(mut batch) => {
            let has_folded = batch.items.iter_mut().fold(false, |has_folded, item| {
                let folded = std::mem::take(&mut item.folded);
                has_folded || !folded.is_empty()
            });
            // What travelled with it must not go before it.
            replayer.window = Window::default();
            if has_folded {
                replayer.parts.push(Part { batch, is_plain });
                return Ok(());
            }
            Err(Part { batch, is_plain })
        }
    }
}

const fn is_insert(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::Insert | EntryKind::InsertIfAbsent)
}

fn key(item: &Item) -> String {
    item.entry.row.1.clone()
}

/// Ends the pauses that are due; the wait while everything is paused.
fn lift_due_pauses(transaction: &mut Transaction<'_>, now: Moment) -> Option<Duration> {
    transaction.state.pauses.retain(|_, pause| until(pause.try_at, now, PAUSE).is_some());
    let all = transaction.state.pauses.get(ALL_TABLES)?;
    until(all.try_at, now, PAUSE)
}

fn next_pause(transaction: &Transaction<'_>, now: Moment) -> Option<Duration> {
    transaction.state.pauses.values().filter_map(|pause| until(pause.try_at, now, PAUSE)).min()
}

type Row = (Vec<String>, String);

/// The columns and the JSON object of a row, with what travels with it.
fn row_change(item: &Item, own: String, folded: Vec<String>) -> Result<Row> {
    let list = |text: &str| -> Result<Vec<String>> {
        serde_json::from_str(text).map_err(super::outbox::internal)
    };
    let columns = list(&item.entry.columns)?;
    if folded.is_empty() {
        return Ok((columns, own));
    }
    let object = |text: &str| -> Result<serde_json::Map<String, serde_json::Value>> {
        serde_json::from_str(text).map_err(super::outbox::internal)
    };
    let mut values = object(&own)?;
    for update in &folded {
        values.extend(object(update)?);
    }
    let columns = if item.entry.kind == EntryKind::Update {
        values.keys().cloned().collect()
    } else {
        columns
    };
    Ok((columns, serde_json::to_string(&values).map_err(super::outbox::internal)?))
}

fn change_of(
    item: &Item,
    kind: ChangeKind,
    columns: Vec<String>,
    objects: Vec<String>,
    keys: Vec<String>,
) -> Change {
    Change::of_parts(
        item.entry.row.0.clone(),
        item.entry.key_column.clone(),
        kind,
        columns,
        keys,
        &objects,
    )
}
