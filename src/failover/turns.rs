//! [`Turns`]: writes of one row by one process go one at a time, so that their answers come in the
//! order in which they were made. It spares fetches; nothing depends on it.

use super::rules::name::{RowName, TableName};
use crate::operation::{Target, Write, WriteKind};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedMutexGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// Rows of one write that are locked one by one; of more, the table is.
const MOST_ROWS: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Turns {
    tables: Mutex<HashMap<TableName, Arc<RwLock<()>>>>,
    rows: Mutex<HashMap<RowName, Weak<tokio::sync::Mutex<()>>>>,
}

/// Held while a write is under way.
#[allow(dead_code, reason = "held, not read")]
pub(super) enum Turn {
    Rows(OwnedRwLockReadGuard<()>, Vec<OwnedMutexGuard<()>>),
    Table(OwnedRwLockWriteGuard<()>),
}

impl Turns {
    /// Waits until no other write of these rows is under way.
    pub(super) async fn lock(&self, write: &Write) -> Turn {
        let table = self
            .tables
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(TableName::of(write.table))
            .or_default()
            .clone();
        let Some(rows) = named_rows(write) else {
            return Turn::Table(table.write_owned().await);
        };
        let table = table.read_owned().await;
        // One after the other, in one order.
        let mut turns = Vec::with_capacity(rows.len());
        for row in rows {
            let lock = self.row(row);
            turns.push(lock.lock_owned().await);
        }
        Turn::Rows(table, turns)
    }

    fn row(&self, row: RowName) -> Arc<tokio::sync::Mutex<()>> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = rows.get(&row).and_then(Weak::upgrade) {
            return lock;
        }
        if rows.len() > 1_024 {
            rows.retain(|_, lock| lock.strong_count() > 0);
        }
        let lock = Arc::new(tokio::sync::Mutex::new(()));
        rows.insert(row, Arc::downgrade(&lock));
        lock
    }
}

/// The rows that a write is for, where it names a few.
fn named_rows(write: &Write) -> Option<BTreeSet<RowName>> {
    match &write.kind {
        WriteKind::Insert { rows, .. } if rows.len() <= MOST_ROWS => {
            Some(rows.iter().map(|row| RowName::of_values(write.table, row)).collect())
        }
        WriteKind::Update { target: Target::Key(key), .. }
        | WriteKind::Delete { target: Target::Key(key) } => {
            Some(BTreeSet::from([RowName::of(write.table, key)]))
        }
        WriteKind::Insert { .. } | WriteKind::Update { .. } | WriteKind::Delete { .. } => None,
    }
}
