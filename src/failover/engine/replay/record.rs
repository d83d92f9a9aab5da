//! What the remote has taken leaves the outbox.

use super::send::Outcome;
use super::{Marked, Next, Part, REWORK, Replayer};
use crate::failover::engine::Engine;
use crate::failover::environment::Moment;
use crate::failover::file::{DURABLE, MIRROR, Refusal, Transaction};
use crate::failover::letter::DeadLetterReason;
use crate::failover::remote::Applied;
use crate::failover::rules::batches::{Batch, MOST_ROWS, UnderWay};
use crate::failover::rules::entry::EntryKind;
use crate::failover::rules::name::key_columns;
use crate::failover::seam::{self, Met};
use crate::{Column, ErrorKind, Kind, RawRow, Result};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use sea_orm::JsonValue;
use std::collections::HashSet;
use std::sync::Arc;

/// Entries that leave the outbox in one transaction.
const ENTRIES_AT_ONCE: usize = 500;

/// For so long, in milliseconds, other requests leave besides those of a round. After it what comes up
/// between rounds has its turn: a pause that is due, rows to be fetched.
const LONGEST_ROUND: Moment = 1_000;

impl Engine {
    /// Sends marked requests, all under way at once, and records what became of each. While all goes
    /// well, others leave as soon as there is room for them: the server need not wait for the file.
    pub(super) async fn send_all(
        self: &Arc<Self>,
        replayer: &mut Replayer,
        marked: Vec<Marked>,
    ) -> Result<()> {
        let send = async |one: Marked| {
            let started = self.environment.now();
            let outcome = self.request(&one).await;
            (one, outcome, started)
        };
        let ends_at = self.environment.now() + LONGEST_ROUND;
        let mut goes_on = replayer.parts.is_empty() && marked.iter().all(|one| !one.part.is_trial);
        let mut under_way = UnderWay::default();
        under_way.left(marked.iter().map(|one| &one.part.batch));
        let mut requests: FuturesUnordered<_> = marked.into_iter().map(send).collect();
        let mut others = Vec::new();
        let mut recorded = Ok(());
        while let Some(first) = requests.next().await {
            let mut answered = vec![first];
            // What has been answered meanwhile shares the wait for the disk.
            while let Some(Some(another)) = requests.next().now_or_never() {
                answered.push(another);
            }
            let now = self.environment.now();
            let mut taken = Vec::new();
            for (one, outcome, started) in answered {
                under_way.answered();
                tell(&one.part.batch, &outcome, now - started);
                match outcome {
                    Outcome::Applied(applied) => taken.push((one, applied)),
                    other => others.push((one, other)),
                }
            }
            goes_on &= now < ends_at && !replayer.is_over(now) && others.is_empty();
            // First, so that a trial's failure is judged by what was accepted beside it.
            // While the others are under way, and none of those is given up for an error.
            if !taken.is_empty() && recorded.is_ok() {
                goes_on = goes_on && self.check_identity().await.is_ok();
                let besides = goes_on.then(|| under_way.clone());
                match self.taken(taken, besides).await {
                    Ok(marked) => {
                        under_way.left(marked.iter().map(|one| &one.part.batch));
                        requests.extend(marked.into_iter().map(send));
                    }
                    Err(error) => recorded = Err(error),
                }
            }
            goes_on &= recorded.is_ok();
        }
        recorded?;
        for (mut one, outcome) in others {
            one.part.was_among_others = under_way.had_several();
            self.not_taken(replayer, one, outcome).await?;
        }
        Ok(())
    }

    /// The remote has taken batches. The requests that may leave now besides those that are under way,
    /// if any may: noted in the last of the transactions, which alone waits for the disk.
    pub(super) async fn taken(
        self: &Arc<Self>,
        taken: Vec<(Marked, Applied)>,
        besides: Option<UnderWay>,
    ) -> Result<Vec<Marked>> {
        let taken: Vec<_> = taken
            .into_iter()
            .map(|(marked, applied)| {
                let strayed = self.strayed(&marked.part.batch, &applied);
                Taken::new(marked, applied, strayed)
            })
            .collect();
        let last = taken.len().saturating_sub(1);
        let besides = Arc::new(besides);
        let (mut is_drained, mut next) = (false, Vec::new());
        for (at, batch) in taken.into_iter().enumerate() {
            let batch = Arc::new(batch);
            let chunks = batch.chunks();
            for chunk in 0..chunks {
                let is_end = at == last && chunk + 1 == chunks;
                let commit = if is_end { DURABLE } else { MIRROR };
                let (engine, batch, besides) = (self.clone(), batch.clone(), besides.clone());
                (is_drained, next) = self
                    .file
                    .acknowledge(commit, move |transaction| {
                        engine.record(transaction, &batch, chunk)?;
                        if !is_end {
                            return Ok((false, Vec::new()));
                        }
                        let next = match &*besides {
                            Some(under_way) => {
                                let now = engine.environment.now();
                                super::mark_next(transaction, &engine.process, now, under_way)?
                            }
                            None => Next::Changed,
                        };
                        let Next::Send(next) = next else {
                            return Ok((transaction.is_drained()?, Vec::new()));
                        };
                        seam::met(Met::LeftBesides);
                        Ok((false, next))
                    })
                    .await?;
            }
        }
        self.have_gone(is_drained).await;
        Ok(next)
    }

    /// Entries have left the outbox.
    pub(super) async fn have_gone(&self, is_drained: bool) {
        if is_drained {
            metrics::counter!("chronicle_switches_total", "to" => "remote").increment(1);
            // Made again where it was given up and there is room.
            let _ = self.file.room().await;
        }
        // There is room in the outbox now; and none is needed once nothing waits.
        self.note_refusal(|refusal| {
            refusal.filter(|kind| *kind != ErrorKind::OutboxFull && !is_drained)
        });
    }

    /// The rows that the remote has stored under another key than theirs, as a trigger makes it: as far
    /// as it was asked for them, and their keys have one form only.
    fn strayed(&self, batch: &Batch, applied: &Applied) -> Vec<i64> {
        let Some(table) = self.file.known(batch.table.as_str()) else { return Vec::new() };
        let has_one_form = |column: &Column| {
            matches!(
                column.kind,
                Kind::Text | Kind::Uuid | Kind::I8 | Kind::I16 | Kind::I32 | Kind::I64
            )
        };
        if !batch.kind.creates()
            || applied.rows.len() != batch.items.len()
            || !table.key_columns().all(has_one_form)
        {
            return Vec::new();
        }
        let columns = key_columns(table);
        let text = |value: &JsonValue| match value {
            JsonValue::String(text) => text.clone(),
            other => other.to_string(),
        };
        let key = |row: &RawRow| -> Option<Vec<String>> {
            columns.iter().map(|column| row.get(column).map(text)).collect()
        };
        let Some(stored) = applied.rows.iter().map(key).collect::<Option<HashSet<_>>>() else {
            return Vec::new();
        };
        let strayed =
            batch.items.iter().filter(|item| !stored.contains(&item.entry.row.key.texts()));
        strayed.map(|item| item.entry.sequence).collect()
    }

    /// Records a chunk of a batch that the remote has taken.
    fn record(&self, transaction: &mut Transaction<'_>, taken: &Taken, chunk: usize) -> Result<()> {
        let Taken { part, request, applied, strayed, done } = taken;
        if chunk == 0 {
            for item in &part.batch.items {
                if strayed.contains(&item.entry.sequence) {
                    let refusal = Refusal {
                        reason: DeadLetterReason::Refused,
                        code: None,
                        message:
                            "the database has changed the key: the row is there under another one"
                                .to_owned(),
                    };
                    transaction.refuse(item, &refusal, true, self.environment.now())?;
                }
            }
            note_accepted(transaction, &part.batch);
            self.note_success(transaction, &part.batch.table);
            let known = self.file.known(part.batch.table.as_str());
            let relations = self.file.relations();
            transaction.pass_versions_on(&relations, &part.batch, (applied, part.since), known)?;
        }
        let from = chunk * ENTRIES_AT_ONCE;
        let sequences = &done[from..done.len().min(from + ENTRIES_AT_ONCE)];
        let relations = self.file.relations();
        transaction.acknowledge(&relations, &part.batch, sequences, is_ignored(part, applied))?;
        if chunk + 1 == taken.chunks() {
            transaction.unmark(*request)?;
        }
        transaction.rework(REWORK)?;
        Ok(())
    }
}

/// A batch that the remote has taken.
struct Taken {
    part: Part,
    request: i64,
    applied: Applied,
    /// The entries whose rows have another key there.
    strayed: Vec<i64>,
    /// The entries that are done with it.
    done: Vec<i64>,
}

impl Taken {
    fn new(marked: Marked, applied: Applied, strayed: Vec<i64>) -> Self {
        let Marked { part, request, .. } = marked;
        let mut done = part.batch.done(applied.touched);
        for item in part.batch.items.iter().filter(|item| strayed.contains(&item.entry.sequence)) {
            // What was to travel with it waits for it.
            done.retain(|one| {
                *one != item.entry.sequence
                    && item.folded.iter().all(|folded| folded.sequence != *one)
            });
        }
        Self { part, request, applied, strayed, done }
    }

    fn chunks(&self) -> usize {
        self.done.len().div_ceil(ENTRIES_AT_ONCE).max(1)
    }
}

/// Tells of an answer, which took so many milliseconds.
fn tell(batch: &Batch, outcome: &Outcome, time: Moment) {
    let (table, operation) = (batch.table.as_str(), batch.kind.name());
    metrics::histogram!(
        "chronicle_replay_seconds", "table" => table.to_owned(), "operation" => operation
    )
    .record(time.max(0) as f64 / 1_000.0);
    let outcome = match outcome {
        Outcome::Applied(_) | Outcome::Together(_) => "ok",
        Outcome::Missed { .. } | Outcome::DeletedSome(..) => "missed",
        Outcome::Failed(error) => error.kind().name(),
    };
    tracing::debug!(table, operation, rows = batch.items.len(), outcome, "replayed");
}

/// Whether some of an insert's rows were there already, or an earlier request has made some of the deletes,
/// so that the file may hold others than the remote.
fn is_ignored(part: &Part, applied: &Applied) -> bool {
    if part.batch.kind == EntryKind::Delete {
        return applied.left_out > 0;
    }
    let ignores = match part.batch.kind {
        EntryKind::Insert => part.batch.is_sent && !part.is_plain,
        EntryKind::InsertIfAbsent => true,
        EntryKind::Upsert | EntryKind::Update | EntryKind::Delete => false,
    };
    let is_ignored = ignores && applied.touched < part.batch.items.len() as u64;
    if is_ignored {
        seam::met(Met::DuplicatesIgnored);
    }
    is_ignored
}

/// What an accepted request teaches of its table: it passes others, and takes more rows.
pub(super) fn note_accepted(transaction: &mut Transaction<'_>, batch: &Batch) {
    let rows = batch.items.len();
    let learned = transaction.state.learned(&batch.table);
    learned.unserved = 0;
    if let Some(most) = learned.most_rows
        && rows >= most
    {
        seam::met(Met::LearnedMore);
        learned.most_rows = Some(most * 2).filter(|most| *most < MOST_ROWS);
    }
    // A trial that was accepted ends the pause.
    transaction.state.pauses.remove(batch.table.as_str());
}
