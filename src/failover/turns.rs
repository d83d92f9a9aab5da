//! [`Turns`]: writes of one row by one process go one at a time, so that their answers come in the
//! order in which they were made. It spares fetches; nothing depends on it.

use super::rules::name::{RowName, TableName};
use crate::operation::{Target, Write, WriteKind};
use std::collections::{BTreeMap, BTreeSet, HashMap};
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
        let table = self.table(TableName::of(write.table));
        let Some(rows) = named_rows(write) else {
            return Turn::Table(table.write_owned().await);
        };
        let table = table.read_owned().await;
        Turn::Rows(table, self.rows(rows).await)
    }

    /// Waits until no other write of the rows of these writes is under way.
    pub(super) async fn lock_all(&self, writes: &[Write]) -> Vec<Turn> {
        let mut tables: BTreeMap<TableName, Option<BTreeSet<RowName>>> = BTreeMap::new();
        for write in writes {
            let rows = tables.entry(TableName::of(write.table)).or_insert(Some(BTreeSet::new()));
            match (rows.as_mut(), named_rows(write)) {
                (Some(rows), Some(more)) => rows.extend(more),
                _ => *rows = None,
            }
        }
        // All tables before any row, each in one order, so that nobody waits for who waits for them.
        let mut turns = Vec::new();
        let mut named = Vec::new();
        for (name, rows) in tables {
            let table = self.table(name);
            match rows {
                None => turns.push(Turn::Table(table.write_owned().await)),
                Some(rows) => named.push((table.read_owned().await, rows)),
            }
        }
        for (table, rows) in named {
            turns.push(Turn::Rows(table, self.rows(rows).await));
        }
        turns
    }

    fn table(&self, name: TableName) -> Arc<RwLock<()>> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.entry(name).or_default().clone()
    }

    /// One after the other, in one order.
    async fn rows(&self, rows: BTreeSet<RowName>) -> Vec<OwnedMutexGuard<()>> {
        let mut turns = Vec::with_capacity(rows.len());
        for row in rows {
            let lock = self.row(row);
            turns.push(lock.lock_owned().await);
        }
        turns
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
