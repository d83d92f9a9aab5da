//! [`State`]: what the file remembers between calls and between processes.

use crate::failover::breaker::Breaker;
use crate::failover::environment::Moment;
use crate::failover::outbox::Queued;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// What the file remembers between calls and between processes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    pub(crate) binding: Option<Binding>,
    /// The start of the machine that the times here count from.
    pub(crate) boot: String,
    pub(crate) breaker: Breaker,
    /// Until then a request that got no answer may still arrive.
    pub(crate) settle_until: Moment,
    /// Whether the replaying process waits for answers about the entries in `sending`, beside this:
    /// set before the requests leave.
    pub(crate) is_sending: bool,
    /// An entry that alone got no answer: it counts if the server serves otherwise.
    pub(crate) suspect: Option<Suspect>,
    /// Until then new writes wait, so that replay can finish.
    pub(crate) gate_until: Moment,
    /// Tables whose entries stand still, and why; under `*` all of them.
    pub(crate) pauses: BTreeMap<String, Pause>,
    /// Entries in the outbox.
    pub(crate) waiting: Queued,
    /// Dead letters.
    pub(crate) dead: Queued,
    /// When the remote last accepted a write, by the clock on the wall.
    pub(crate) last_success: Option<Moment>,
    /// The sequence of the last entry that was queued. None is given twice.
    pub(crate) last_sequence: i64,
    /// The number of the last write that the mirror's guard remembers; kept with those.
    #[serde(skip)]
    pub(crate) writes: i64,
}

impl State {
    /// The machine has started anew: what has a time is due now, and what may arrive late may still.
    pub(crate) fn rebase(&mut self, boot: &str, now: Moment, settle: Duration) {
        boot.clone_into(&mut self.boot);
        self.breaker.rebase(now);
        self.gate_until = 0;
        if self.settle_until != 0 {
            self.settle_until = now + settle.as_millis() as Moment;
        }
        for pause in self.pauses.values_mut() {
            pause.try_at = now;
        }
    }
}

/// What a file belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Binding {
    pub(crate) remote: String,
    pub(crate) identity: String,
    pub(crate) mode: String,
}

/// An entry whose request, which was about its row only, got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Suspect {
    pub(crate) sequence: i64,
    /// Whether nothing travelled with it.
    pub(crate) is_alone: bool,
}

/// Why a table's entries stand still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pause {
    pub(crate) try_at: Moment,
    pub(crate) code: Option<String>,
    pub(crate) message: String,
}
