//! What a failed request teaches the next calls, of every process.

use super::Engine;
use crate::failover::file::{DURABLE, State, Transaction};
use crate::failover::rules::name::TableName;
use crate::failover::rules::verdict::Verdict;
use crate::failover::seam::{self, Met};
use crate::{Error, Result};
use std::time::Duration;

/// How long a pause lasts before an entry is tried.
pub(crate) const PAUSE: Duration = Duration::from_secs(60);
/// The longest that the remote is left alone because it asked for it.
pub(crate) const LONGEST_THROTTLE: Duration = Duration::from_secs(60);

/// A request that the remote did not answer as it should, as far as the file has to know it.
#[derive(Clone, Debug)]
pub(crate) struct Outage {
    /// It may be applied, or may be applied later.
    pub(crate) is_ambiguous: bool,
    /// What it asked for may take effect after what is asked for later.
    settles: bool,
    /// What it means for the next calls.
    effect: Effect,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// The server does not serve: `true` if nothing answers at all.
    Breaker(bool),
    /// The server serves, and asks for some time.
    Throttle(Duration),
    None,
}

impl Outage {
    /// What an error is as an outage; `None` where the remote has answered and the caller is to know.
    pub(crate) fn of(error: &Error) -> Option<Self> {
        let (is_ambiguous, effect) = match Verdict::of(error) {
            Verdict::NotApplied { at_once } => (false, Effect::Breaker(at_once)),
            Verdict::Ambiguous { at_once } => (true, Effect::Breaker(at_once)),
            Verdict::Throttled(wait) => {
                let wait = wait.unwrap_or(Duration::from_secs(1)).min(LONGEST_THROTTLE);
                (false, Effect::Throttle(wait))
            }
            // Whether it lasts, replay finds out.
            Verdict::Repeat | Verdict::ReadOnly | Verdict::SignedOut => (false, Effect::None),
            Verdict::Row
            | Verdict::DuplicateKey
            | Verdict::UniqueTaken
            | Verdict::ParentMissing
            | Verdict::TooMuch
            | Verdict::Unauthenticated
            | Verdict::Table => return None,
        };
        seam::met(match effect {
            Effect::Throttle(_) => Met::Throttled,
            Effect::None => Met::Repeated,
            _ if is_ambiguous => Met::Ambiguous,
            Effect::Breaker(_) => Met::NotApplied,
        });
        let message = error.message().to_owned();
        Some(Self { is_ambiguous, settles: is_ambiguous, effect, message })
    }

    /// A request of a read leaves nothing behind that could arrive later.
    pub(crate) const fn of_read(mut self) -> Self {
        self.is_ambiguous = false;
        self.settles = false;
        self
    }

    /// A request by the server's function takes effect once, or not at all once it was sent again.
    pub(crate) const fn of_once(mut self) -> Self {
        self.settles = false;
        self
    }

    /// Whether the next calls have to know nothing of it.
    const fn teaches_nothing(&self) -> bool {
        !self.is_ambiguous && matches!(self.effect, Effect::None)
    }
}

impl Engine {
    pub(crate) fn learn(&self, state: &mut State, outage: &Outage) {
        let now = self.environment.now();
        if outage.settles {
            state.settle(now, self.settings.settle);
        }
        match outage.effect {
            Effect::Breaker(at_once) => {
                let was_open = state.breaker.is_open();
                let random = self.environment.random();
                state.breaker.failed(now, at_once, &outage.message, random);
                if !was_open && state.breaker.is_open() {
                    metrics::counter!("chronicle_switches_total", "to" => "file").increment(1);
                    tracing::warn!("the remote is not asked any more");
                }
            }
            Effect::Throttle(wait) => {
                state.throttled_until = state.throttled_until.max(now + wait.as_millis() as i64);
            }
            Effect::None => {}
        }
    }

    /// Where the file cannot take it, the next call meets the outage anew.
    pub(crate) async fn note_outage(self: &std::sync::Arc<Self>, outage: Outage) {
        if outage.teaches_nothing() {
            return;
        }
        let engine = self.clone();
        let noted: Result<()> = self
            .file
            .acknowledge(DURABLE, move |transaction| {
                engine.learn(&mut transaction.state, &outage);
                Ok(())
            })
            .await;
        if let Err(error) = noted {
            tracing::warn!(kind = error.kind().name(), "an outage could not be noted in the file");
        }
        self.wake();
    }

    /// The remote has accepted a write to a table.
    pub(crate) fn note_success(&self, transaction: &mut Transaction<'_>, table: &TableName) {
        if transaction.counts.rows > transaction.counts.refused {
            // A waiting entry of the table that fails alone is to blame itself.
            transaction.state.learned(table).accepted += 1;
        }
        let state = &mut transaction.state;
        state.breaker.accepted();
        let date = self.environment.date();
        // To the second: what is remembered need not be written for each of many writes.
        if state.last_success.is_none_or(|last| !(0..1_000).contains(&(date - last))) {
            state.last_success = Some(date);
        }
    }
}
