//! The mirror's upkeep behind the calls: rows that were read, rows that have to be fetched.

use super::Engine;
use super::outage::Outage;
use crate::backend::sqlite::Urgency;
use crate::failover::file::{Answer, MIRROR};
use crate::failover::rules::name::{RowName, TableName};
use crate::failover::seam::{self, Met};
use crate::filter::Node;
use crate::key::{Key, any_of};
use crate::operation::{OrderTerm, Read, Selection, Target, Write, WriteKind};
use crate::order::Direction;
use crate::{Error, ErrorKind, Result, Table};
use sea_orm::Value;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Most rows that wait to be stored; more are counted and left out.
const MOST_WAITING: usize = 2_000;
/// Rows that are fetched at once.
const ROWS_OF_FETCH: usize = 100;
/// Rows that are stored in one transaction.
const ROWS_OF_STORE: usize = 250;

/// How soon it is tried again to note what the mirror missed.
const TRY_AGAIN: Duration = Duration::from_millis(200);

/// How long an orderly end waits until that is noted.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Changes that the mirror has missed, as long as the file does not know of them.
#[derive(Debug, Default)]
pub(crate) struct Missed(Mutex<Vec<Arc<MissedRows>>>);

#[derive(Debug)]
enum MissedRows {
    Rows(Vec<RowName>),
    Table(TableName),
}

impl MissedRows {
    fn of(write: &Write) -> Self {
        let table = write.table;
        match &write.kind {
            WriteKind::Insert { rows, .. } => {
                let rows = rows.iter().filter(|row| row.has_key(table));
                Self::Rows(rows.map(|row| RowName::of_values(table, row)).collect())
            }
            WriteKind::Update { target: Target::Key(key), .. }
            | WriteKind::Delete { target: Target::Key(key) } => {
                Self::Rows(vec![RowName::of(table, key)])
            }
            WriteKind::Update { .. } | WriteKind::Delete { .. } => {
                Self::Table(TableName::of(table))
            }
        }
    }
}

/// The whole rows with these keys.
pub(super) fn read_of_keys(table: &'static Table, keys: Vec<Key>) -> Result<Read> {
    Ok(Read {
        table,
        selection: Selection::Rows,
        filter: any_of(table, keys).reduce()?,
        order: OrderTerm::of_key(table, Direction::Ascending),
        limit: None,
        offset: 0,
    })
}

pub(crate) fn count_failure(error: &Error) {
    metrics::counter!("chronicle_mirror_failures_total").increment(1);
    tracing::warn!(kind = error.kind().name(), "the mirror could not be written");
}

/// What came of fetching rows whose state the file does not know.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fetched {
    /// It is worth to go on at once.
    pub(super) goes_on: bool,
    /// There are some of tables that this process has not used.
    pub(super) has_strangers: bool,
}

impl Engine {
    /// Keeps rows that were read while the file's last write had the number `since`, behind the call.
    pub(super) fn keep_read(
        self: &Arc<Self>,
        table: &'static Table,
        rows: &[Vec<Value>],
        since: i64,
    ) {
        let waiting = self.rows_to_store.fetch_add(rows.len(), Ordering::Relaxed);
        if waiting + rows.len() > MOST_WAITING && waiting > 0 {
            self.rows_to_store.fetch_sub(rows.len(), Ordering::Relaxed);
            metrics::counter!("chronicle_mirror_rows_left_out_total").increment(rows.len() as u64);
            return;
        }
        let (engine, rows) = (self.clone(), rows.to_vec());
        self.environment.spawn(Box::pin(async move {
            let count = rows.len();
            if let Err(error) = engine.store_read(table, rows, since).await {
                count_failure(&error);
            }
            engine.rows_to_store.fetch_sub(count, Ordering::Relaxed);
        }));
    }

    /// Stores those of the rows that the file has otherwise.
    pub(super) async fn store_read(
        self: &Arc<Self>,
        table: &'static Table,
        rows: Vec<Vec<Value>>,
        since: i64,
    ) -> Result<()> {
        let rows = self.file.look(move |transaction| transaction.unlike(table, rows)).await?;
        if rows.is_empty() {
            return Ok(());
        }
        self.file.room().await?;
        let relations = self.file.relations();
        let mut rows = rows.into_iter().peekable();
        let mut wakes = false;
        while rows.peek().is_some() {
            let part: Vec<Vec<Value>> = rows.by_ref().take(ROWS_OF_STORE).collect();
            let relations = relations.clone();
            wakes |= self
                .file
                .change(Urgency::Behind, MIRROR, move |transaction| {
                    transaction.store_read(&relations, table, &part, since)
                })
                .await?;
        }
        if wakes {
            self.wake();
        }
        Ok(())
    }

    /// The remote has no row with this key.
    pub(super) fn keep_absence(self: &Arc<Self>, table: &'static Table, key: Key, since: i64) {
        let engine = self.clone();
        self.environment.spawn(Box::pin(async move {
            let relations = engine.file.relations();
            let forgotten = engine
                .file
                .change(Urgency::Behind, MIRROR, move |transaction| {
                    transaction.forget_row(&relations, table, &key, since)
                })
                .await;
            if let Err(error) = forgotten {
                count_failure(&error);
            }
        }));
    }

    /// Whether the mirror has missed a change of this row, and the file does not know of it yet.
    pub(super) fn is_missed(&self, row: &RowName) -> bool {
        let missed = self.missed.0.lock().unwrap_or_else(PoisonError::into_inner);
        missed.iter().any(|missed| match &**missed {
            MissedRows::Rows(rows) => rows.contains(row),
            MissedRows::Table(table) => *table == row.table,
        })
    }

    /// What the remote has of these rows is not known to the file: that is noted as soon as the file
    /// can be written, and until then this process knows it.
    pub(super) fn note_missed(self: &Arc<Self>, write: &Arc<Write>) {
        let rows = Arc::new(MissedRows::of(write));
        let list = || self.missed.0.lock().unwrap_or_else(PoisonError::into_inner);
        list().push(rows.clone());
        let (engine, write) = (Arc::downgrade(self), write.clone());
        let environment = self.environment.clone();
        self.environment.spawn_behind(Box::pin(async move {
            while let Some(engine) = engine.upgrade() {
                if engine.doubt_all(&write).await.is_ok() {
                    let mut list = engine.missed.0.lock().unwrap_or_else(PoisonError::into_inner);
                    list.retain(|known| !Arc::ptr_eq(known, &rows));
                    return;
                }
                drop(engine);
                environment.sleep(TRY_AGAIN).await;
            }
        }));
    }

    /// Waits until the file knows what the mirror has missed: with the process that would be forgotten.
    ///
    /// # Errors
    /// `Busy` when the file cannot be written for so long.
    pub(crate) async fn missed_is_noted(&self) -> Result<()> {
        let is_noted = || self.missed.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        let mut waited = Duration::ZERO;
        while !is_noted() {
            if waited >= LONGEST_WAIT {
                return Err(Error::new(
                    ErrorKind::Busy,
                    "the file could not be written: that it lacks changes which the remote has is \
                     not noted in it, and in an outage it would show what was before them",
                )
                .with_hint("see that no other program holds the file's lock, and `pull`"));
            }
            self.environment.sleep(TRY_AGAIN / 10).await;
            waited += TRY_AGAIN / 10;
        }
        Ok(())
    }

    /// What the remote has of these rows is not known to the file: they are to be fetched.
    async fn doubt_all(self: &Arc<Self>, write: &Arc<Write>) -> Result<()> {
        let write = write.clone();
        let relations = self.file.relations();
        self.file
            .acknowledge(MIRROR, move |transaction| transaction.doubt_write(&relations, &write))
            .await?;
        self.wake();
        Ok(())
    }

    /// Fetches the rows of an insert, of which the remote took some.
    pub(super) async fn fetch_written(
        self: &Arc<Self>,
        write: &Arc<Write>,
        mut answer: Answer,
    ) -> Result<()> {
        let WriteKind::Insert { rows, .. } = &write.kind else { return Ok(()) };
        for rows in rows.chunks(500) {
            let with_key = rows.iter().filter(|row| row.has_key(write.table));
            let keys = with_key.map(|row| write.table.key_of(row)).collect();
            let rows = self.fetch(write.table, keys).await?;
            let relations = self.file.relations();
            let table = write.table;
            let (wakes, number) = self
                .file
                .change(Urgency::Call, MIRROR, move |transaction| {
                    let wakes = transaction.mirror_rows(&relations, table, &rows, answer)?;
                    Ok((wakes, transaction.counts.write))
                })
                .await?;
            // Its first part has remembered the table for all of them.
            answer.own = answer.own.or(Some(number));
            if wakes {
                self.wake();
            }
        }
        Ok(())
    }

    /// The rows with these keys, as the remote has them.
    pub(super) async fn fetch(
        &self,
        table: &'static Table,
        keys: Vec<Key>,
    ) -> Result<Vec<Vec<Value>>> {
        self.remote.read(&read_of_keys(table, keys)?).await
    }

    /// The remote's rows, and the number of the file's last write before it was asked.
    pub(super) async fn read_as_of(self: &Arc<Self>, read: Read) -> Result<(Vec<Vec<Value>>, i64)> {
        let since = self.file.ask(|transaction| Ok(transaction.counts.write))?;
        let engine = self.clone();
        let answer = self.to_its_end(Box::pin(async move {
            engine.check_identity().await?;
            engine.remote.read(&read).await
        }));
        Ok((answer.await?, since))
    }

    /// Fetches rows whose state the file does not know, table by table: of all, or of those that the
    /// server serves.
    ///
    /// # Errors
    /// `Unauthenticated` where this process's key is not taken; those of the file.
    pub(super) async fn fetch_unsure(self: &Arc<Self>, of_all: bool) -> Result<Fetched> {
        let tables = self.file.ask(|transaction| {
            let mut tables = transaction.unsure_tables()?;
            tables.retain(|name| of_all || transaction.state.is_served(name));
            Ok(tables)
        })?;
        let mut fetched = Fetched::default();
        for name in tables {
            let known = self.file.known(name.as_str());
            let relations = self.file.relations();
            let whole = |table: &'static Table| {
                let is_narrow =
                    self.file.ask(|transaction| transaction.is_narrow(&relations, table));
                Ok::<_, Error>((!is_narrow?).then_some(table))
            };
            // Nor does an entity without some of the columns know what is to be fetched.
            let Some(table) = known.map(whole).transpose()?.flatten() else {
                fetched.has_strangers = true;
                continue;
            };
            match self.fetch_unsure_of(table, &name).await {
                Ok(more) => fetched.goes_on |= more,
                Err(error)
                    if error.backend() == Some(crate::BackendKind::Sqlite)
                        || error.kind() == ErrorKind::Unauthenticated =>
                {
                    return Err(error);
                }
                Err(error) => {
                    let Some(outage) = Outage::of(&error) else {
                        // It is not replay's affair.
                        count_failure(&error);
                        continue;
                    };
                    self.note_unserved(&name).await?;
                    self.note_outage(outage.of_read()).await;
                    return Ok(Fetched::default());
                }
            }
        }
        Ok(fetched)
    }

    /// Fetches the rows of a table that have to be, the first hundred of them.
    pub(super) async fn fetch_unsure_of(
        self: &Arc<Self>,
        table: &'static Table,
        name: &TableName,
    ) -> Result<bool> {
        let now = self.environment.now();
        let (unsure, keys, since) = self.file.ask(|transaction| {
            let unsure = transaction.unsure(name, ROWS_OF_FETCH, now)?;
            let keys = transaction.keys_of(table, &unsure)?;
            Ok((unsure, keys, transaction.counts.write))
        })?;
        if unsure.is_empty() {
            return Ok(false);
        }
        let rows = self.fetch(table, keys.iter().flatten().cloned().collect()).await?;
        let (relations, name) = (self.file.relations(), name.clone());
        self.file
            .acknowledge(MIRROR, move |transaction| {
                seam::met(Met::UnsureFetched);
                if !transaction.state.is_served(&name) {
                    transaction.state.learned(&name).unserved = 0;
                }
                let unsure = unsure.iter().cloned().zip(keys.iter().cloned()).collect();
                transaction.store_fetched(&relations, table, unsure, &rows, (since, now))
            })
            .await
    }

    /// Where the server does not serve a table, the others go first.
    async fn note_unserved(self: &Arc<Self>, table: &TableName) -> Result<()> {
        let table = table.clone();
        self.file
            .acknowledge(MIRROR, move |transaction| {
                let learned = transaction.state.learned(&table);
                learned.unserved = learned.unserved.saturating_add(1);
                Ok(())
            })
            .await
    }

    /// Removes rows that match from the file, unless something waits for them.
    pub(crate) async fn prune(
        self: &Arc<Self>,
        table: &'static Table,
        filter: Node,
    ) -> Result<u64> {
        let target = match filter.reduce()? {
            Node::Constant(false) => return Ok(0),
            Node::Constant(true) => Target::All,
            node => Target::Filter(node),
        };
        self.file.know(table).await?;
        let keys = self.file.look(move |transaction| transaction.keys(table, &target)).await?;
        let mut pruned = 0;
        for keys in keys.chunks(ROWS_OF_STORE) {
            let keys = keys.to_vec();
            pruned += self
                .file
                .change(Urgency::Behind, MIRROR, move |transaction| {
                    let mut pruned = 0;
                    for key in &keys {
                        pruned += u64::from(transaction.prune_row(table, key)?);
                    }
                    Ok(pruned)
                })
                .await?;
        }
        Ok(pruned)
    }
}
