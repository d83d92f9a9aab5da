//! What waits, as people are shown it.

use crate::Result;
use crate::failover::OutboxEntry;
use crate::failover::file::transaction::Transaction;
use crate::failover::rules::name::RowKey;
use chrono::DateTime;

/// What an entry waits for may have gone already: it is ready then.
const ENTRIES: &str = "select sequence, table_name, row_key, kind, body, queued_at, tries, \
      (select w.sequence from chronicle_outbox w where w.sequence = o.waits_for), held, request, added \
    from chronicle_outbox o where reason is null";

fn entry(row: &rusqlite::Row<'_>) -> rusqlite::Result<OutboxEntry> {
    let body: String = row.get(4)?;
    Ok(OutboxEntry {
        id: row.get(0)?,
        table: row.get(1)?,
        key: RowKey::stored(row.get(2)?).text(),
        operation: row.get(3)?,
        values: serde_json::from_str(&body).unwrap_or_default(),
        added: serde_json::from_str(row.get_ref(10)?.as_str()?).unwrap_or_default(),
        queued_at: DateTime::from_timestamp_millis(row.get(5)?).unwrap_or_default(),
        tries: row.get(6)?,
        waits_for: row.get(7)?,
        is_held: row.get(8)?,
        may_be_applied: row.get::<_, Option<i64>>(9)?.is_some(),
    })
}

impl Transaction<'_> {
    /// The first entries that are not refused, by sequence.
    pub(crate) fn outbox(&self, most: u32) -> Result<Vec<OutboxEntry>> {
        self.list(&format!("{ENTRIES} order by sequence limit ?1"), [most], entry)
    }

    /// The entry with this sequence, if it is not refused.
    pub(crate) fn outbox_entry(&self, sequence: i64) -> Result<Option<OutboxEntry>> {
        self.first(&format!("{ENTRIES} and sequence = ?1"), [sequence], entry)
    }
}
