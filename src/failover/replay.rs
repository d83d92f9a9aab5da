//! Replay: what waits in the outbox goes to the remote, by one process at a time.

mod answer;
mod send;

use super::direct::GATE;
use super::entry::EntryKind;
use super::environment::{Moment, until};
use super::file::{ForeignKeys, Suspect, Transaction};
use super::letters::DeadLetterReason;
use super::plan::{self, Batch, MOST_FAILURES, Window};
use super::verdict::Verdict;
use super::{Engine, WriteMode};
use crate::{Error, ErrorKind, Result};
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
}

const fn is_insert(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::Insert | EntryKind::InsertIfAbsent)
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
