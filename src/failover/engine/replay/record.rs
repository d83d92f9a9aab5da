//! What the remote has taken leaves the outbox.

use super::send::Outcome;
use super::{Marked, Next, Part, REWORK, Replayer};
use crate::failover::engine::Engine;
use crate::failover::environment::Moment;
use crate::failover::file::DURABLE;
use crate::failover::remote::Applied;
use crate::failover::rules::batches::{Batch, MOST_ROWS, UnderWay};
use crate::failover::rules::entry::EntryKind;
use crate::failover::seam::{self, Met};
use crate::{ErrorKind, Result};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
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
        while let Some((one, outcome, started)) = requests.next().await {
            under_way.answered();
            let now = self.environment.now();
            let seconds = (now - started).max(0) as f64 / 1_000.0;
            goes_on &= now < ends_at && !replayer.is_over(now);
            let (table, operation) = (one.part.batch.table.clone(), one.part.batch.kind.name());
            metrics::histogram!(
                "chronicle_replay_seconds",
                "table" => table.as_str().to_owned(), "operation" => operation
            )
            .record(seconds);
            let told = match &outcome {
                Outcome::Applied(_) => "ok",
                Outcome::Missed { .. } => "missed",
                Outcome::Failed(error) => error.kind().name(),
            };
            let rows = one.part.batch.items.len();
            tracing::debug!(table = table.as_str(), operation, rows, outcome = told, "replayed");
            match outcome {
                // First, so that a trial's failure is judged by what was accepted beside it.
                // While the others are under way, and none of those is given up for an error.
                Outcome::Applied(applied) if recorded.is_ok() => {
                    goes_on = goes_on && self.check_identity().await.is_ok();
                    let besides = goes_on.then(|| under_way.clone());
                    match self.taken(one, applied, besides).await {
                        Ok(marked) => {
                            under_way.left(marked.iter().map(|one| &one.part.batch));
                            requests.extend(marked.into_iter().map(send));
                        }
                        Err(error) => recorded = Err(error),
                    }
                }
                Outcome::Applied(_) => {}
                other => others.push((one, other)),
            }
            goes_on &= recorded.is_ok() && others.is_empty();
        }
        recorded?;
        for (mut one, outcome) in others {
            one.part.was_among_others = under_way.had_several();
            self.not_taken(replayer, one, outcome).await?;
        }
        Ok(())
    }

    /// The remote has taken a batch. The requests that may leave now besides those that are under way,
    /// if any may: noted in the same transaction.
    pub(super) async fn taken(
        self: &Arc<Self>,
        marked: Marked,
        applied: Applied,
        besides: Option<UnderWay>,
    ) -> Result<Vec<Marked>> {
        let Marked { part, request } = marked;
        let part = Arc::new(part);
        let applied = Arc::new(applied);
        let done = Arc::new(part.batch.done(applied.touched));
        let chunks = done.chunks(ENTRIES_AT_ONCE).count();
        let besides = Arc::new(besides);
        let (mut is_drained, mut next) = (false, Vec::new());
        for chunk in 0..chunks {
            let (engine, part, applied) = (self.clone(), part.clone(), applied.clone());
            let (done, besides) = (done.clone(), besides.clone());
            (is_drained, next) = self
                .file
                .acknowledge(DURABLE, move |transaction| {
                    let batch = &part.batch;
                    let is_first = chunk == 0;
                    if is_first {
                        note_accepted(transaction, batch);
                        engine.note_success(&mut transaction.state);
                        let known = engine.file.known(batch.table.as_str());
                        transaction.pass_versions_on(batch, &applied, known)?;
                    }
                    let from = chunk * ENTRIES_AT_ONCE;
                    let sequences = &done[from..done.len().min(from + ENTRIES_AT_ONCE)];
                    let relations = engine.file.relations();
                    let is_ignored = is_ignored(&part, &applied);
                    transaction.acknowledge(&relations, batch, sequences, is_ignored)?;
                    if chunk + 1 < chunks {
                        transaction.rework(REWORK)?;
                        return Ok((false, Vec::new()));
                    }
                    transaction.unmark(request)?;
                    transaction.rework(REWORK)?;
                    let next = match &*besides {
                        Some(under_way) => {
                            super::mark_next(transaction, engine.environment.now(), under_way)?
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
        if is_drained {
            metrics::counter!("chronicle_switches_total", "to" => "remote").increment(1);
            // Made again where it was given up and there is room.
            let _ = self.file.room().await;
        }
        // There is room in the outbox now; and none is needed once nothing waits.
        self.note_refusal(|refusal| {
            refusal.filter(|kind| *kind != ErrorKind::OutboxFull && !is_drained)
        });
        Ok(next)
    }
}

/// Whether some of an insert's rows were there already, so that the file may hold others than the
/// remote.
fn is_ignored(part: &Part, applied: &Applied) -> bool {
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
fn note_accepted(transaction: &mut crate::failover::file::Transaction<'_>, batch: &Batch) {
    let rows = batch.items.len();
    let learned = transaction.state.learned(&batch.table);
    learned.accepted += 1;
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
