//! What users see of a failover store.

use super::Engine;
use super::environment::Moment;
use super::file::{ForeignKeys, State};
use crate::Result;
use crate::backend::sqlite::from_sqlx;
use chrono::{DateTime, Utc};
use sea_orm::sqlx::{self, Row};
use std::sync::PoisonError;
use std::time::Duration;

/// Who serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The remote serves. With [`LocalFirst`](super::WriteMode::LocalFirst): replay is not held up.
    Healthy,
    /// The file serves: the remote is out of reach, or the outbox is not empty yet. With
    /// `LocalFirst`: replay stands still.
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
    /// Why the file takes no write, else why the breaker is open, else the first pause.
    pub cause: Option<String>,
    /// Writes that wait for the remote.
    pub outbox_rows: u64,
    /// How large they are, in bytes.
    pub outbox_bytes: u64,
    /// How long the oldest of them waits.
    pub oldest: Option<Duration>,
    /// Whether the oldest waits for more than an hour.
    pub is_stalled: bool,
    /// Dead letters.
    pub dead_letters: u64,
    /// When the remote last took a write, to the second.
    pub last_success: Option<DateTime<Utc>>,
    /// When the remote is probed next, while the breaker is open.
    pub next_probe: Option<DateTime<Utc>>,
    /// Tables that stand still, and why; `*` is all of them.
    pub paused: Vec<Paused>,
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
    pub(super) fn status_of(&self, state: &State) -> Status {
        let is_healthy = match self.settings.mode {
            super::WriteMode::RemoteFirst => state.waiting.rows == 0 && !state.breaker.is_open(),
            super::WriteMode::LocalFirst => !state.breaker.is_open() && state.pauses.is_empty(),
        };
        let is_refused = self.refusal.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        match (is_refused, is_healthy) {
            (true, _) => Status::Failed,
            (false, true) => Status::Healthy,
            (false, false) => Status::Degraded,
        }
    }

    /// Looks at the file, and tells those who watch.
    pub(super) async fn refresh_status(&self) -> Status {
        let status = match self.file.state().await {
            Ok(state) => {
                metrics::gauge!("chronicle_outbox_rows").set(state.waiting.rows as f64);
                metrics::gauge!("chronicle_outbox_bytes").set(state.waiting.bytes as f64);
                metrics::gauge!("chronicle_dead_letters").set(state.dead.rows as f64);
                let lag = self.oldest().await.ok().flatten().unwrap_or_default();
                metrics::gauge!("chronicle_replay_lag_seconds").set(lag.as_secs_f64());
                self.status_of(&state)
            }
            Err(_) => Status::Failed,
        };
        self.status.send_if_modified(|known| std::mem::replace(known, status) != status);
        status
    }

    /// How long the first entry waits.
    async fn oldest(&self) -> Result<Option<Duration>> {
        let row = sqlx::query("select queued_at from chronicle_outbox order by sequence limit 1")
            .fetch_optional(&mut *self.file.sqlite().reader().await?)
            .await
            .map_err(from_sqlx)?;
        let Some(row) = row else { return Ok(None) };
        let queued: Moment = row.try_get(0).map_err(from_sqlx)?;
        let age = u64::try_from(self.environment.date() - queued).unwrap_or(0);
        Ok(Some(Duration::from_millis(age)))
    }

    pub(super) async fn info(&self) -> Result<FailoverInfo> {
        let state = self.file.state().await?;
        let oldest = self.oldest().await?;
        let refusal = *self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        let cause = refusal
            .map(|kind| format!("the file takes no write: {kind}"))
            .or_else(|| state.breaker.cause().map(|(_, cause)| cause.to_owned()))
            .or_else(|| state.pauses.values().next().map(|pause| pause.message.clone()));
        let offset = self.environment.date() - self.environment.now();
        let on_the_wall = |moment: Moment| time(moment + offset);
        Ok(FailoverInfo {
            status: self.status_of(&state),
            since: state.breaker.cause().and_then(|(since, _)| on_the_wall(since)),
            cause,
            outbox_rows: state.waiting.rows,
            outbox_bytes: state.waiting.bytes,
            oldest,
            is_stalled: oldest.is_some_and(|age| age > Duration::from_secs(3_600)),
            dead_letters: state.dead.rows,
            last_success: state.last_success.and_then(time),
            next_probe: state.breaker.probe_at().and_then(on_the_wall),
            paused: state
                .pauses
                .into_iter()
                .map(|(table, pause)| Paused { table, code: pause.code, message: pause.message })
                .collect(),
        })
    }

    pub(super) async fn resume(&self) -> Result<()> {
        self.file
            .acknowledge(|| async {
                let mut transaction = self.file.begin(ForeignKeys::Off).await?;
                transaction.state.pauses.clear();
                transaction.state.breaker.probe_now(self.environment.now());
                transaction.commit().await.map(drop)
            })
            .await?;
        self.wake();
        Ok(())
    }
}
