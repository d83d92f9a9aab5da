//! [`OutboxEntry`]: a write that waits for the remote.

use chrono::{DateTime, Utc};
use sea_orm::JsonValue;

/// A write that waits for the remote: see [`Failover::outbox`](super::Failover::outbox).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OutboxEntry {
    /// Its number. Entries of one row go in the order of their numbers.
    pub id: i64,
    /// The table, with its schema where the entity names one.
    pub table: String,
    /// The row's key, as text.
    pub key: String,
    /// What it does: `insert`, `insert_if_absent`, `upsert`, `update` or `delete`.
    pub operation: String,
    /// The values that it carries, by column; JSON `null` for a delete.
    pub values: JsonValue,
    /// Those of the columns whose value is not set but added, by name.
    pub added: Vec<String>,
    /// Since when it waits, by the clock on the wall.
    pub queued_at: DateTime<Utc>,
    /// How often it was sent alone, and came to nothing.
    pub tries: u32,
    /// The number of the entry, or of the [dead letter](super::DeadLetter), that has to go before it: of
    /// the same row, or of one that it refers to. `None` when nothing but the remote is waited for. What
    /// a whole table waits for is told by [`FailoverInfo::paused`](super::FailoverInfo::paused).
    pub waits_for: Option<i64>,
    /// Whether a dead letter is at the end of that wait: it goes once that letter was taken or dropped.
    pub is_held: bool,
    /// Whether a request with it may have been applied already: one of them got no answer.
    pub may_be_applied: bool,
}
