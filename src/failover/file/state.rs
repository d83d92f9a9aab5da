//! [`State`] and [`Counts`]: what the file remembers between calls and between processes.

use crate::failover::environment::{Moment, until};
use crate::failover::rules::breaker::Breaker;
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::schema::Compared;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// What the file remembers besides its entries.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    pub(crate) binding: Option<Binding>,
    /// The start of the machine that the times here count from.
    pub(crate) boot: String,
    pub(crate) breaker: Breaker,
    /// A request that got no answer may still arrive.
    pub(crate) settle: Option<Stamp>,
    /// Rows and tables that a request without answer may still change, and that no entry guards.
    pub(crate) ghosts: Vec<Ghost>,
    /// Tables whose entries stand still, and why; under `*` all of them.
    pub(crate) pauses: BTreeMap<String, Pause>,
    /// What replay has learned of each table.
    pub(crate) learned: BTreeMap<String, Learned>,
    /// Tables whose rows were there before the remote, and what is done with them.
    pub(crate) origins: BTreeMap<String, Origin>,
    /// What was there before the remote has been looked at.
    pub(crate) is_settled: bool,
    /// Which entities the file's tables were found fit for.
    pub(crate) compared: Compared,
    /// Whether the remote has the function `chronicle_apply`, once it was asked.
    pub(crate) has_function: Option<bool>,
    /// Parts of tables that are kept as the remote has them, and how far that has come.
    pub(crate) kept: BTreeMap<String, Kept>,
    /// When the remote last accepted a write, by the clock on the wall.
    pub(crate) last_success: Option<Moment>,
    /// Until then the remote has asked to be left alone.
    pub(crate) throttled_until: Moment,
}

/// Numbers that most transactions change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// The sequence of the last entry. None is given twice.
    pub(crate) sequence: i64,
    /// The number of the last request.
    pub(crate) request: i64,
    /// The number of the last write that the mirror's guard knows.
    pub(crate) write: i64,
    /// Entries, refused ones as well.
    pub(crate) rows: i64,
    pub(crate) bytes: i64,
    /// Refused entries.
    pub(crate) refused: i64,
    /// Refused entries whose parent was missing.
    pub(crate) parentless: i64,
    /// Rows that have to be fetched.
    pub(crate) unsure: i64,
    /// Rows that a waiting delete took along.
    pub(crate) tombstones: i64,
    /// How often an entity brought columns that none before it had.
    pub(crate) entities: i64,
}

/// Most parts of tables of which it is known how far they have come.
const MOST_KEPT: usize = 32;

/// The name under which everything is paused.
pub(crate) const EVERYTHING: &str = "*";

impl State {
    /// How long a request without answer may still arrive; `None` when it cannot any more.
    pub(crate) fn settling(&self, now: Moment) -> Option<Duration> {
        self.settle.and_then(|stamp| stamp.rest(now))
    }

    /// A request got no answer: it may arrive for so long.
    pub(crate) fn settle(&mut self, now: Moment, length: Duration) {
        if self.settling(now).is_none_or(|rest| rest < length) {
            self.settle = Some(Stamp::new(now, length));
        }
    }

    /// What was learned of a remote is nothing that is known of another one.
    pub(crate) fn forget_remote(&mut self) {
        self.breaker = Breaker::default();
        self.pauses.clear();
        self.learned.clear();
        self.kept.clear();
        self.last_success = None;
        self.has_function = None;
        self.throttled_until = 0;
    }

    pub(crate) fn is_paused(&self, table: &TableName) -> bool {
        self.pauses.contains_key(EVERYTHING) || self.pauses.contains_key(table.as_str())
    }

    /// The ghosts that are not over.
    pub(crate) fn live_ghosts(&self, now: Moment) -> impl Iterator<Item = &Ghost> {
        self.ghosts.iter().filter(move |ghost| ghost.stamp.rest(now).is_some())
    }

    /// Forgets those that are over.
    pub(crate) fn end_ghosts(&mut self, now: Moment) {
        self.ghosts.retain(|ghost| ghost.stamp.rest(now).is_some());
    }

    /// Whether the server has judged the last request for a table.
    pub(crate) fn is_served(&self, table: &TableName) -> bool {
        self.learned.get(table.as_str()).is_none_or(|learned| learned.unserved == 0)
    }

    pub(crate) fn learned(&mut self, table: &TableName) -> &mut Learned {
        self.learned.entry(table.as_str().to_owned()).or_default()
    }

    /// Notes how far a part has come, and forgets the one that was not compared for longest, if there are
    /// many: nobody may ask for it any more.
    pub(crate) fn note_kept(&mut self, name: String, kept: Kept) {
        self.kept.insert(name, kept);
        if self.kept.len() > MOST_KEPT {
            let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.compared_at);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                self.kept.remove(&oldest);
            }
        }
    }

    /// The machine has started anew: what has a time is due now, and what may arrive late may still.
    pub(crate) fn rebase(&mut self, boot: &str, now: Moment) {
        boot.clone_into(&mut self.boot);
        self.breaker.rebase(now);
        self.settle = self.settle.map(|stamp| stamp.again(now));
        for ghost in &mut self.ghosts {
            ghost.stamp = ghost.stamp.again(now);
        }
        for pause in self.pauses.values_mut() {
            pause.try_at = now;
        }
        self.throttled_until = 0;
    }
}

/// A time until which something lasts, with its length: whoever reads it need not know how long the
/// one who wrote it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    until: Moment,
    /// In milliseconds.
    length: u64,
}

impl Stamp {
    pub(crate) fn new(now: Moment, length: Duration) -> Self {
        let length = length.as_millis() as u64;
        Self { until: now.saturating_add_unsigned(length), length }
    }

    /// How long it lasts yet.
    pub(crate) fn rest(self, now: Moment) -> Option<Duration> {
        until(self.until, now, Duration::from_millis(self.length))
    }

    fn again(self, now: Moment) -> Self {
        Self::new(now, Duration::from_millis(self.length))
    }
}

/// What a request without answer may still change, where no entry in the outbox guards it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ghost {
    pub(crate) table: TableName,
    /// The row; `None` for any row of the table.
    pub(crate) key: Option<RowKey>,
    /// The tables that its rows refer to, through all levels: their deletes could take them along.
    pub(crate) parents: Vec<TableName>,
    pub(crate) stamp: Stamp,
}

impl Ghost {
    /// Whether it covers a change of `row`, which refers to `refs`.
    pub(crate) fn covers(&self, row: &RowName, refs: &[RowName], is_delete: bool) -> bool {
        self.names(row)
            || refs.iter().any(|parent| self.names(parent))
            || (is_delete && self.parents.contains(&row.table))
    }

    pub(crate) fn names(&self, row: &RowName) -> bool {
        self.table == row.table && self.key.as_ref().is_none_or(|key| *key == row.key)
    }
}

/// What a file belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Binding {
    pub(crate) remote: String,
    /// `None` until somebody has signed in.
    pub(crate) identity: Option<String>,
    pub(crate) mode: String,
}

/// Why a table's entries stand still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pause {
    pub(crate) try_at: Moment,
    pub(crate) code: Option<String>,
    pub(crate) message: String,
}

/// What replay has learned of a table; the next process goes on from there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Learned {
    /// Most rows of a request, after one that was too much.
    pub(crate) most_rows: Option<usize>,
    /// How many requests were accepted: an entry that fails is only to blame if others pass.
    pub(crate) accepted: i64,
    /// How many requests the server has not judged since it accepted one: other tables go first.
    pub(crate) unserved: u32,
}

/// How far a part of a table has come that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// The newest `updated_at` that was seen of it.
    pub(crate) newest: Option<serde_json::Value>,
    /// When all its rows were last compared, by the clock on the wall.
    pub(crate) compared_at: Moment,
}

/// What is done with the rows that a table had before there was a remote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// There were none, or they were queued.
    Adopted,
    /// They stay the file's alone.
    Waived,
}
