//! The simulated file: a real SQLite database in write-ahead mode, with two connections of each
//! process's own. Faults befall a transaction through SQLite's own hooks.

use super::statement::Row;
use super::tables;
use crate::failover::rules::entry::EntryKind;
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::{Sqlite, value};
use rusqlite::Connection;
use sea_orm::JsonValue;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

/// How many of SQLite's operations pass between two looks at whether a fault is due.
const OPERATIONS: i32 = 40;

/// What befalls the transactions of a process, and what is counted of them.
#[derive(Debug, Default)]
pub(super) struct Hooks {
    /// Looks that pass until a statement is interrupted; negative for never.
    pub(super) interrupt_after: AtomicI64,
    pub(super) refuses_commit: AtomicBool,
    /// A fault has befallen a transaction since it was last asked.
    pub(super) has_struck: AtomicBool,
    pub(super) commits: AtomicU64,
    /// What is interrupted in the midst of its commit may be kept all the same.
    is_committing: AtomicBool,
    /// Entries that the transaction has changed.
    entries: AtomicU64,
    /// The most that one has changed since it was last asked.
    pub(super) most_entries: AtomicU64,
}

/// A file in a folder of its own, which goes with it.
pub(super) struct SimulatedFile {
    _folder: tempfile::TempDir,
    path: PathBuf,
    observer: Connection,
    /// Holds the write lock from time to time.
    locker: Connection,
}

impl SimulatedFile {
    pub(super) fn new(cascades: bool) -> Self {
        let memory = std::path::Path::new("/dev/shm");
        let folder =
            if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let folder = folder.expect("a folder");
        let path = folder.path().join("simulated.db");
        let observer = Connection::open(&path).expect("a file");
        observer
            .execute_batch("pragma journal_mode = wal; pragma synchronous = off")
            .expect("a log");
        observer.execute_batch(&tables::schema(cascades)).expect("its tables");
        observer.set_prepared_statement_cache_capacity(64);
        let locker = Connection::open(&path).expect("a connection");
        locker.busy_timeout(std::time::Duration::ZERO).expect("no waiting");
        Self { _folder: folder, path, observer, locker }
    }

    /// A process's own way to the file.
    pub(super) fn open(&self, hooks: &Arc<Hooks>) -> Sqlite {
        let connect = || {
            let connection = Connection::open(&self.path).expect("a connection");
            connection.busy_timeout(std::time::Duration::ZERO).expect("no waiting");
            connection.set_prepared_statement_cache_capacity(128);
            connection
        };
        let (writer, reader) = (connect(), connect());
        writer.execute_batch("pragma wal_autocheckpoint = 0").expect("a pragma");
        hooks.interrupt_after.store(-1, Relaxed);
        let own = hooks.clone();
        let interrupt = move || {
            if own.is_committing.swap(false, Relaxed) {
                return false;
            }
            let left = own.interrupt_after.load(Relaxed);
            if left >= 0 {
                own.interrupt_after.store(left - 1, Relaxed);
            }
            let strikes = left == 0;
            if strikes {
                own.has_struck.store(true, Relaxed);
            }
            strikes
        };
        writer.progress_handler(OPERATIONS, Some(interrupt)).expect("a hook");
        let own = hooks.clone();
        let commit = move || {
            own.most_entries.fetch_max(own.entries.swap(0, Relaxed), Relaxed);
            if own.refuses_commit.swap(false, Relaxed) {
                own.has_struck.store(true, Relaxed);
                return true;
            }
            own.commits.fetch_add(1, Relaxed);
            own.is_committing.store(true, Relaxed);
            false
        };
        writer.commit_hook(Some(commit)).expect("a hook");
        let own = hooks.clone();
        let roll_back = move || own.entries.store(0, Relaxed);
        writer.rollback_hook(Some(roll_back)).expect("a hook");
        let own = hooks.clone();
        let update = move |_, _: &str, table: &str, _| {
            own.is_committing.store(false, Relaxed);
            if table == "chronicle_outbox" {
                own.entries.fetch_add(1, Relaxed);
            }
        };
        writer.update_hook(Some(update)).expect("a hook");
        Sqlite::inline(self.path.display().to_string(), writer, reader)
    }

    pub(super) fn lock(&self) -> bool {
        self.locker.is_autocommit() && self.locker.execute_batch("begin immediate").is_ok()
    }

    pub(super) fn unlock(&self) {
        if !self.locker.is_autocommit() {
            self.locker.execute_batch("rollback").expect("the lock is given back");
        }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot::take(&self.observer).expect("the file can be read")
    }

    /// The row as the file holds it.
    pub(super) fn row(&self, name: &RowName) -> Option<Row> {
        let table = tables::named(&name.table);
        let columns: Vec<&'static crate::Column> = table.columns.iter().collect();
        let condition = tables::given(table, &name.key).node(table);
        let rows =
            crate::backend::sqlite::select_columns(&self.observer, table, &columns, &condition);
        let row = rows.expect("the file can be read").pop()?;
        let pairs = table.columns.iter().zip(&row);
        Some(pairs.map(|(column, it)| (column.name.to_owned(), value::to_json(it))).collect())
    }

    /// Puts rows into the file as somebody did before there was a remote.
    pub(super) fn fill(&self, script: &str) {
        self.observer.execute_batch(script).expect("rows");
    }
}

/// An entry of the outbox, letters included.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) sequence: i64,
    pub(super) row: RowName,
    pub(super) kind: EntryKind,
    /// What it sets.
    pub(super) body: Row,
    /// What it adds to columns.
    pub(super) additions: Row,
    pub(super) refs: Vec<RowName>,
    /// The sequence and the cause of each.
    pub(super) waits: Vec<(i64, String)>,
    pub(super) waits_for: Option<i64>,
    pub(super) held: bool,
    pub(super) is_sent: bool,
    pub(super) reason: Option<String>,
    pub(super) code: Option<String>,
    pub(super) released: bool,
}

impl Waiting {
    /// A short form for people.
    pub(super) fn told(&self) -> String {
        let wait = self.waits_for.map(|wait| format!("<{wait}")).unwrap_or_default();
        let reason = self.reason.as_deref().unwrap_or(if self.held { "held" } else { "" });
        let sent = if self.is_sent { "*" } else { "" };
        let name = tables::short(&self.row);
        format!("{}:{}:{name}{sent}{wait}{reason}", self.sequence, self.kind.name())
    }
}

/// What the file holds besides the rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    pub(super) entries: BTreeMap<i64, Waiting>,
    /// Entries, bytes, refused, parentless, unsure and tombstones as the file counts them.
    pub(super) counted: [i64; 6],
    /// The same as they are.
    pub(super) there: [i64; 6],
    pub(super) is_open: bool,
    pub(super) paused: Vec<String>,
    pub(super) tombstones: BTreeMap<RowName, i64>,
    pub(super) unsure: BTreeSet<RowName>,
    /// The ids of direct writes of which it is noted that they have left.
    pub(super) direct: BTreeSet<String>,
    pub(super) state: JsonValue,
}

impl Snapshot {
    fn take(connection: &Connection) -> rusqlite::Result<Self> {
        let made = "select 1 from sqlite_schema where name = 'chronicle_failover'";
        if !connection.prepare_cached(made)?.exists([])? {
            return Ok(Self::default());
        }
        let mut snapshot = Self::default();
        let counts = "select row_count, bytes, refused, parentless, unsure, tombstones, state \
            from chronicle_failover";
        connection.prepare_cached(counts)?.query_row([], |row| {
            for (at, count) in snapshot.counted.iter_mut().enumerate() {
                *count = row.get(at)?;
            }
            let state: String = row.get(6)?;
            snapshot.state = serde_json::from_str(&state).unwrap_or_default();
            Ok(())
        })?;
        snapshot.is_open = !snapshot.state["breaker"]["open"].is_null();
        let pauses = snapshot.state["pauses"].as_object();
        snapshot.paused = pauses.map(|all| all.keys().cloned().collect()).unwrap_or_default();
        let there = "select (select count(*) from chronicle_outbox), \
            (select coalesce(sum(bytes), 0) from chronicle_outbox), \
            (select count(*) from chronicle_outbox where reason is not null), \
            (select count(*) from chronicle_outbox where reason = 'parent_missing'), \
            (select count(*) from chronicle_unsure), (select count(*) from chronicle_tombstones)";
        connection.prepare_cached(there)?.query_row([], |row| {
            for (at, count) in snapshot.there.iter_mut().enumerate() {
                *count = row.get(at)?;
            }
            Ok(())
        })?;
        let name = |table: String, key: String| {
            RowName::new(TableName::stored(table), RowKey::stored(key))
        };
        let tombstones = "select table_name, row_key, sequence from chronicle_tombstones";
        let mut tombstones = connection.prepare_cached(tombstones)?;
        let rows = tombstones
            .query_map([], |row| Ok((name(row.get(0)?, row.get(1)?), row.get::<_, i64>(2)?)))?;
        for row in rows {
            let (row, sequence) = row?;
            snapshot.tombstones.insert(row, sequence);
        }
        let mut direct = connection.prepare_cached("select id from chronicle_direct")?;
        for id in direct.query_map([], |row| row.get(0))? {
            snapshot.direct.insert(id?);
        }
        let unsure = "select table_name, row_key from chronicle_unsure";
        let mut unsure = connection.prepare_cached(unsure)?;
        for row in unsure.query_map([], |row| Ok(name(row.get(0)?, row.get(1)?)))? {
            snapshot.unsure.insert(row?);
        }
        let entries = "select sequence, table_name, row_key, kind, body, refs, waits, waits_for, held, \
            request is not null, reason, code, released, added from chronicle_outbox";
        let mut entries = connection.prepare_cached(entries)?;
        let rows = entries.query_map([], |row| {
            let body: String = row.get(4)?;
            let body: Row = serde_json::from_str(&body).unwrap_or_default();
            let added: String = row.get(13)?;
            let added: Vec<String> = serde_json::from_str(&added).unwrap_or_default();
            let (additions, body) = body.into_iter().partition(|(name, _)| added.contains(name));
            let refs: String = row.get(5)?;
            let refs: Vec<(String, String)> = serde_json::from_str(&refs).unwrap_or_default();
            let waits: String = row.get(6)?;
            let waits: Vec<JsonValue> = serde_json::from_str(&waits).unwrap_or_default();
            Ok(Waiting {
                sequence: row.get(0)?,
                row: name(row.get(1)?, row.get(2)?),
                kind: EntryKind::named(&row.get::<_, String>(3)?).expect("a kind"),
                body,
                additions,
                refs: refs.into_iter().map(|(table, key)| name(table, key)).collect(),
                waits: waits
                    .iter()
                    .filter_map(|wait| {
                        Some((wait["before"].as_i64()?, wait["cause"].as_str()?.to_owned()))
                    })
                    .collect(),
                waits_for: row.get(7)?,
                held: row.get(8)?,
                is_sent: row.get(9)?,
                reason: row.get(10)?,
                code: row.get(11)?,
                released: row.get(12)?,
            })
        })?;
        for entry in rows {
            let entry = entry?;
            snapshot.entries.insert(entry.sequence, entry);
        }
        Ok(snapshot)
    }

    pub(super) fn letters(&self) -> impl Iterator<Item = &Waiting> {
        self.entries.values().filter(|entry| entry.reason.is_some())
    }

    /// Whether a later delete that was not refused removes the row of an entry.
    pub(super) fn is_deleted_later(&self, entry: &Waiting) -> bool {
        let deletes = self.entries.values().filter(|one| one.kind == EntryKind::Delete);
        let mut later = deletes.filter(|one| one.sequence > entry.sequence && one.reason.is_none());
        let taken_by = self.tombstones.get(&entry.row);
        later.any(|one| one.row == entry.row || taken_by == Some(&one.sequence))
    }

    /// Whether an entry of the row is there, letters included.
    pub(super) fn has_entry(&self, row: &RowName) -> bool {
        self.entries.values().any(|entry| entry.row == *row)
    }

    /// The entries of a row that the remote has not refused, in order.
    pub(super) fn waiting_of(&self, row: &RowName) -> impl Iterator<Item = &Waiting> {
        self.entries.values().filter(move |entry| entry.row == *row && entry.reason.is_none())
    }

    /// Whether an entry is parked at none that is there.
    pub(super) fn is_ready(&self, entry: &Waiting) -> bool {
        entry.waits_for.is_none_or(|before| !self.entries.contains_key(&before))
    }

    /// Whether nothing waits but what letters hold, and the remote serves.
    pub(super) fn is_healthy(&self) -> bool {
        !self.is_open
            && self.paused.is_empty()
            && self.entries.values().all(|entry| entry.reason.is_some() || entry.held)
    }
}
