//! What users see of a failover store.

use super::WriteMode;
use super::engine::Engine;
use super::environment::Moment;
use super::file::{DURABLE, Transaction};
use crate::Result;
use chrono::{DateTime, Utc};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Who serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The remote can be reached, no table stands still, and nothing waits but dead letters and what
    /// they hold. With [`LocalFirst`](super::WriteMode::LocalFirst): replay is not held up.
    Healthy,
    /// The remote is out of reach, a table stands still, or something waits yet.
    Degraded,
    /// The file cannot be asked, or cannot take a write that it should.
    Failed,
}

/// A snapshot of a failover store, from its file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FailoverInfo {
    /// Who serves.
    pub status: Status,
    /// Since when the breaker is open, where it is.
    pub since: Option<DateTime<Utc>>,
    /// Why the file takes no write, else why this process cannot replay, else why the breaker is
    /// open, else the first pause.
    pub cause: Option<String>,
    /// Writes that wait for the remote, those that dead letters hold included.
    pub outbox_rows: u64,
    /// How large they and the dead letters are, in bytes.
    pub outbox_bytes: u64,
    /// Writes among them that wait for a dead letter.
    pub held: u64,
    /// How long the oldest of those waits that no dead letter holds.
    pub oldest: Option<Duration>,
    /// Whether the oldest waits for more than an hour.
    pub is_stalled: bool,
    /// Dead letters.
    pub dead_letters: u64,
    /// Rows of the file that have to be fetched before they are known.
    pub unsure: u64,
    /// When the remote last took a write, to the second.
    pub last_success: Option<DateTime<Utc>>,
    /// When the remote is probed next, while the breaker is open.
    pub next_probe: Option<DateTime<Utc>>,
    /// Tables that stand still, and why; `*` is all of them.
    pub paused: Vec<Paused>,
    /// The process that replays, if one does.
    pub replayer: Option<String>,
}

/// A table whose entries stand still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paused {
    /// The table, or `*`.
    pub table: String,
    /// The remote's code.
    pub code: Option<String>,
    /// The remote's words.
    pub message: String,
}

fn time(moment: Moment) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(moment)
}

impl Engine {
    fn status_of(&self, transaction: &Transaction<'_>) -> Result<Status> {
        let state = &transaction.state;
        let is_healthy = !state.breaker.is_open()
            && state.pauses.is_empty()
            && self.obstacle.lock().unwrap_or_else(PoisonError::into_inner).is_none()
            && (self.settings.mode == WriteMode::LocalFirst || transaction.is_drained()?);
        Ok(match (self.refusal().is_some(), is_healthy) {
            (true, _) => Status::Failed,
            (false, true) => Status::Healthy,
            (false, false) => Status::Degraded,
        })
    }

    /// Looks at the file, and tells those who watch.
    pub(crate) fn refresh_status(&self) -> Status {
        let looked = self.file.ask(|transaction| {
            let counts = transaction.counts;
            metrics::gauge!("chronicle_outbox_rows").set((counts.rows - counts.refused) as f64);
            metrics::gauge!("chronicle_outbox_bytes").set(counts.bytes as f64);
            metrics::gauge!("chronicle_dead_letters").set(counts.refused as f64);
            let lag = self.age(transaction)?.unwrap_or_default();
            metrics::gauge!("chronicle_replay_lag_seconds").set(lag.as_secs_f64());
            self.status_of(transaction)
        });
        let status = looked.unwrap_or(Status::Failed);
        self.status.send_if_modified(|known| std::mem::replace(known, status) != status);
        status
    }

    /// The sequence of the last entry of any process, and how many rows are to be fetched; nothing
    /// where the file cannot be asked.
    pub(super) fn newest(&self) -> Option<(i64, i64)> {
        self.file
            .ask(|transaction| Ok((transaction.counts.sequence, transaction.counts.unsure)))
            .ok()
    }

    /// How long the first entry waits that no letter holds.
    fn age(&self, transaction: &Transaction<'_>) -> Result<Option<Duration>> {
        let Some(queued) = transaction.oldest()? else { return Ok(None) };
        let age = u64::try_from(self.environment.date() - queued).unwrap_or(0);
        Ok(Some(Duration::from_millis(age)))
    }

    pub(super) fn info(&self) -> Result<FailoverInfo> {
        let offset = self.environment.date() - self.environment.now();
        let on_the_wall = |moment: Moment| time(moment + offset);
        let obstacle = self.obstacle.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let replayer = self.environment.lock_holder();
        self.file.ask(|transaction| {
            let (state, counts) = (&transaction.state, transaction.counts);
            let cause = self
                .refusal()
                .map(|kind| format!("the file takes no write: {kind}"))
                .or(obstacle)
                .or_else(|| state.breaker.cause().map(|(_, cause)| cause.to_owned()))
                .or_else(|| state.pauses.values().next().map(|pause| pause.message.clone()));
            let oldest = self.age(transaction)?;
            Ok(FailoverInfo {
                status: self.status_of(transaction)?,
                since: state.breaker.cause().and_then(|(since, _)| on_the_wall(since)),
                cause,
                outbox_rows: u64::try_from(counts.rows - counts.refused).unwrap_or(0),
                outbox_bytes: u64::try_from(counts.bytes).unwrap_or(0),
                held: transaction.held()?,
                oldest,
                is_stalled: oldest.is_some_and(|age| age > Duration::from_secs(3_600)),
                dead_letters: u64::try_from(counts.refused).unwrap_or(0),
                unsure: u64::try_from(counts.unsure).unwrap_or(0),
                last_success: state.last_success.and_then(time),
                next_probe: state.breaker.probe_at().and_then(on_the_wall),
                paused: state
                    .pauses
                    .iter()
                    .map(|(table, pause)| Paused {
                        table: table.clone(),
                        code: pause.code.clone(),
                        message: pause.message.clone(),
                    })
                    .collect(),
                replayer,
            })
        })
    }

    /// Ends all pauses, and asks the remote again at once.
    pub(crate) async fn resume(self: &Arc<Self>) -> Result<()> {
        let engine = self.clone();
        self.file
            .acknowledge(DURABLE, move |transaction| {
                let now = engine.environment.now();
                for pause in transaction.state.pauses.values_mut() {
                    pause.try_at = now;
                }
                transaction.state.throttled_until = 0;
                transaction.state.breaker.probe_now(now);
                transaction.forget_rests()
            })
            .await?;
        self.wake();
        self.refresh_status();
        Ok(())
    }

    /// The remote is asked soon, whatever was known of it.
    pub(super) async fn probe_soon(self: &Arc<Self>) -> Result<()> {
        if !self.file.ask(|transaction| Ok(transaction.state.breaker.is_open()))? {
            return Ok(());
        }
        let engine = self.clone();
        self.file
            .acknowledge(DURABLE, move |transaction| {
                transaction.state.breaker.probe_now(engine.environment.now());
                Ok(())
            })
            .await
    }
}
