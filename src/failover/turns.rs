//! [`Turns`]: writes of one row by one process go one at a time, so that their answers come in the
//! order in which they were made.

use super::direct::named_rows;
use super::entry::RowName;
use crate::operation::Write;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedMutexGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

#[derive(Debug, Default)]
pub(super) struct Turns {
    tables: Mutex<HashMap<&'static str, Arc<RwLock<()>>>>,
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
            .entry(write.table.name)
            .or_default()
            .clone();
        match named_rows(write) {
            // One row is the rule. Of many, locked one after the other in one order.
            Some(rows) if rows.len() <= 64 => {
                let table = table.read_owned().await;
                let mut rows: Vec<RowName> =
                    rows.into_iter().collect::<HashSet<_>>().into_iter().collect();
                rows.sort();
                let mut turns = Vec::with_capacity(rows.len());
                for row in rows {
                    let lock = self.row(row);
                    turns.push(lock.lock_owned().await);
                }
                Turn::Rows(table, turns)
            }
            _ => Turn::Table(table.write_owned().await),
        }
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
