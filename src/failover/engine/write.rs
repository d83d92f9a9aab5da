//! Writes: to the remote where nothing is in their way, else to the file, with an entry for each row.

use super::outage::Outage;
use super::read::named_keys;
use super::{Engine, refusal_of};
use crate::backend::sqlite::{Commit, Urgency};
use crate::failover::WriteMode;
use crate::failover::file::{
    Answer, DURABLE, DURABLE_DELETE, Ghost, Local, MIRROR, Relations, Sent, Stamp, Transaction,
};
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::failover::rules::route::{self, Route};
use crate::failover::rules::verdict::Verdict;
use crate::failover::seam::{self, Met};
use crate::operation::{Duplicates, NewRow, Target, Write, WriteKind, Written};
use crate::{Error, ErrorKind, Result, Table};
use std::sync::Arc;

/// Rows of a write whose way is looked up on the caller's own thread.
const FEW_ROWS: usize = 16;
/// Rows of the mirror that are stored in one transaction.
const ROWS_OF_MIRROR: usize = 500;
/// Rows of the mirror that are changed one by one in one transaction.
const ROWS_OF_FILTER: usize = 100;

impl Engine {
    pub(crate) async fn write(self: &Arc<Self>, write: Write) -> Result<Written> {
        if write.is_relative() {
            if !write.names_rows() {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "only rows that are named by their keys are added to",
                )
                .with_hint("find the rows first, and update them by their keys"));
            }
            return self.write_once(write).await;
        }
        if self.has_function() && goes_once(&write) {
            match self.write_once(write.clone()).await {
                // The server has the function no longer.
                Err(error) if error.kind() == ErrorKind::Unsupported && !self.has_function() => {}
                written => return written,
            }
        }
        self.file.know(write.table).await?;
        if self.settings.mode == WriteMode::LocalFirst {
            return self.write_to_file(Arc::new(write), Sent::No, None).await;
        }
        let write = Arc::new(write);
        if self.route(&write).await?.0 == Route::File {
            return self.write_to_file(write, Sent::No, None).await;
        }
        // A request that has left cannot be called back, and what became of it must be recorded.
        let engine = self.clone();
        self.to_its_end(Box::pin(async move {
            let _call = engine.calls.read().await;
            let _turn = engine.turns.lock(&write).await;
            // Last thing before it is sent.
            let (route, since) = engine.leave_plainly(&write).await?;
            match route {
                Route::Remote => engine.write_to_remote(write, Answer { since, own: None }).await,
                Route::File => engine.write_to_file(write, Sent::No, None).await,
            }
        }))
        .await
    }

    /// Who serves a write, and the number of the last write that the file knows.
    pub(super) async fn route(&self, write: &Arc<Write>) -> Result<(Route, i64)> {
        let relations = self.file.relations();
        let now = self.environment.now();
        let facts = move |transaction: &Transaction<'_>, write: &Write| {
            let route = if write.names_rows() {
                route::of_rows(transaction.facts_of_rows(&relations, write, now)?)
            } else {
                route::of_filter(transaction.facts_of_filter(&relations, write, now)?)
            };
            Ok((route, transaction.counts.write))
        };
        if rows_of(write) <= FEW_ROWS {
            return self.file.ask(|transaction| facts(transaction, write));
        }
        let write = write.clone();
        self.file.look(move |transaction| facts(transaction, &write)).await
    }

    async fn write_to_remote(
        self: &Arc<Self>,
        write: Arc<Write>,
        answer: Answer,
    ) -> Result<Written> {
        let mut result = match self.check_identity().await {
            Ok(()) => self.remote.write((*write).clone()).await,
            Err(error) => Err(error),
        };
        // What a bulk insert has stored before would be in its own way.
        if let Err(error) = &result
            && Verdict::of(error) == Verdict::Repeat
            && error.rows_stored() == 0
        {
            result = self.remote.write((*write).clone()).await;
        }
        let error = match result {
            Ok(written) => {
                self.note_refusal(|_| None);
                self.ask_for_function_once();
                if let Err(error) = self.accepted(&write, &written, answer).await {
                    super::mirror::count_failure(&error);
                    self.note_missed(&write);
                }
                return Ok(written);
            }
            Err(error) => error,
        };
        match Outage::of(&error) {
            Some(outage) => self.queue(write, outage, error).await,
            None => {
                // The rows of its requests before the refused one are stored.
                if error.rows_stored() > 0
                    && let Err(error) = self.fetch_written(&write, answer).await
                {
                    super::mirror::count_failure(&error);
                    self.note_missed(&write);
                }
                Err(error)
            }
        }
    }

    /// Keeps what the remote has taken.
    pub(super) async fn accepted(
        self: &Arc<Self>,
        write: &Arc<Write>,
        written: &Written,
        answer: Answer,
    ) -> Result<()> {
        self.file.room().await?;
        // It is not known which rows were taken, and which were left alone or are hidden.
        let is_partial = match &write.kind {
            WriteKind::Insert { rows, .. } => written.touched < rows.len() as u64,
            WriteKind::Update { .. } | WriteKind::Delete { .. } => false,
        };
        if is_partial && written.stored.is_none() {
            if written.touched > 0 {
                self.fetch_written(write, answer).await?;
            }
            return Ok(());
        }
        // An update that touched nothing is not the file's to make. Somebody else may have deleted the
        // row softly.
        if let WriteKind::Update { target, .. } = &write.kind
            && written.touched == 0
        {
            if write.guard().is_none() {
                return Ok(());
            }
            let live = Target::Filter(write.condition(target));
            return self.doubt_what_is_there(write.table, live).await;
        }
        if let WriteKind::Update { target, .. } | WriteKind::Delete { target } = &write.kind
            && !matches!(target, Target::Key(_))
        {
            return self.mirror_filter(write, target.clone(), written.touched, answer).await;
        }
        if let WriteKind::Delete { target } = &write.kind
            && written.touched == 0
        {
            return self.doubt_what_is_there(write.table, target.clone()).await;
        }
        let relations = self.file.relations();
        let mut answer = answer;
        for part in parts_of(&as_stored(write, written)) {
            let (engine, relations) = (self.clone(), relations.clone());
            let (wakes, number) = self
                .file
                .change(Urgency::Call, MIRROR, move |transaction| {
                    let wakes = engine.keep(transaction, &relations, &part, answer)?;
                    Ok((wakes, transaction.counts.write))
                })
                .await?;
            // Its first part has remembered the table for all of them.
            answer.own = answer.own.or(Some(number));
            if wakes {
                self.wake();
            }
        }
        if relations.makes_more(write.table) && !matches!(write.kind, WriteKind::Delete { .. }) {
            let (write, relations) = (write.clone(), relations.clone());
            self.file
                .change(Urgency::Call, MIRROR, move |transaction| {
                    transaction.doubt_write(&relations, &write)
                })
                .await?;
            self.wake();
        }
        Ok(())
    }

    /// Keeps rows that the remote has stored, or what it has made of rows that are named. `true` where
    /// replay has something to do.
    pub(super) fn keep(
        &self,
        transaction: &mut Transaction<'_>,
        relations: &Relations,
        write: &Write,
        answer: Answer,
    ) -> Result<bool> {
        self.note_success(transaction, &TableName::of(write.table));
        let mut wakes = false;
        if let WriteKind::Insert { rows, .. } = &write.kind
            && transaction.counts.parentless > 0
        {
            for row in rows {
                wakes |= transaction.parent_came(&RowName::of_values(write.table, row))?;
            }
        }
        wakes |= transaction.mirror_change(relations, write, answer)?;
        Ok(wakes)
    }

    /// The remote deleted nothing: the row is not there, or a policy or a trigger keeps it.
    async fn doubt_what_is_there(
        self: &Arc<Self>,
        table: &'static Table,
        target: Target,
    ) -> Result<()> {
        let is_there = self
            .file
            .change(Urgency::Call, MIRROR, move |transaction| {
                let keys = transaction.keys(table, &target)?;
                transaction.doubt_keys(table, &keys)?;
                Ok(!keys.is_empty())
            })
            .await?;
        if is_there {
            self.wake();
        }
        Ok(())
    }

    /// Makes a change by a condition in the file, a part of its rows at a time.
    async fn mirror_filter(
        self: &Arc<Self>,
        write: &Arc<Write>,
        target: Target,
        touched: u64,
        answer: Answer,
    ) -> Result<()> {
        let relations = self.file.relations();
        let (engine, known, all) = (self.clone(), relations.clone(), write.clone());
        let (keys, answer) = self
            .file
            .change(Urgency::Call, MIRROR, move |transaction| {
                engine.note_success(transaction, &TableName::of(all.table));
                transaction.begin_mirror_filter(&known, &all, &target, answer)
            })
            .await?;
        // What the server made of their versions is not known before they are fetched.
        let table = write.table;
        let is_delete = matches!(write.kind, WriteKind::Delete { .. });
        // Nor which ones were meant, where the file knows of more.
        let is_guess = keys.len() as u64 > touched;
        let is_made =
            table.has_versions() || table.has_made_values() || relations.makes_more(table);
        let is_unsure = is_guess || (is_made && !is_delete);
        for keys in keys.chunks(ROWS_OF_FILTER) {
            let (keys, relations, write) = (keys.to_vec(), relations.clone(), write.clone());
            self.file
                .change(Urgency::Call, MIRROR, move |transaction| {
                    if !(is_guess && is_delete) {
                        for key in &keys {
                            transaction.mirror_row(&relations, &write, key, answer)?;
                        }
                    }
                    if is_unsure {
                        transaction.doubt_keys(table, &keys)?;
                    }
                    Ok(())
                })
                .await?;
            if is_unsure
                && let Err(error) = self.fetch_unsure_of(table, &TableName::of(table)).await
            {
                super::mirror::count_failure(&error);
            }
        }
        self.wake();
        Ok(())
    }

    /// The remote did not take the write: the file does, and the outbox keeps it.
    async fn queue(
        self: &Arc<Self>,
        write: Arc<Write>,
        outage: Outage,
        error: Error,
    ) -> Result<Written> {
        // What a bulk insert stored before it failed must be taken for sent as well.
        let sent =
            if outage.is_ambiguous || error.rows_stored() > 0 { Sent::Maybe } else { Sent::No };
        if sent == Sent::Maybe && !write.names_rows() {
            // The remote may have changed rows that the file does not know.
            return Err(self.leave_ghost(&write, outage, &error).await);
        }
        let queued = self.write_to_file(write.clone(), sent, Some(outage.clone())).await;
        match queued {
            Err(local) if sent == Sent::Maybe => {
                tracing::warn!(kind = local.kind().name(), "the file could not take a write");
                Err(self.leave_ghost(&write, outage, &error).await)
            }
            Err(local) => {
                self.note_outage(outage).await;
                Err(local)
            }
            queued => queued,
        }
    }

    /// A write without answer that no entry guards: what touches its rows waits until it can no
    /// longer arrive.
    pub(super) async fn leave_ghost(
        self: &Arc<Self>,
        write: &Arc<Write>,
        outage: Outage,
        error: &Error,
    ) -> Error {
        seam::met(Met::TimeoutGhost);
        let engine = self.clone();
        let (table, relations) = (write.table, self.file.relations());
        let parents = relations.above(table);
        let keys: Vec<Option<RowKey>> = match &write.kind {
            WriteKind::Update { target: Target::Key(key), .. }
            | WriteKind::Delete { target: Target::Key(key) } => vec![Some(RowKey::of(table, key))],
            // Nobody knows a row whose key was to be counted up.
            WriteKind::Insert { rows, .. } if rows.iter().all(|row| !row.has_key(table)) => {
                Vec::new()
            }
            WriteKind::Insert { rows, .. } if rows.len() <= FEW_ROWS => {
                let rows = rows.iter().filter(|row| row.has_key(table));
                rows.map(|row| Some(RowKey::of_row(table, row))).collect()
            }
            _ => vec![None],
        };
        let of_ghost = write.clone();
        let noted = self
            .file
            .acknowledge(DURABLE, move |transaction| {
                // With the ghost: who is told of it may end at once.
                transaction.doubt_write(&relations, &of_ghost)?;
                let now = engine.environment.now();
                let stamp = Stamp::new(now, engine.settings.settle);
                transaction.state.end_ghosts(now);
                for key in &keys {
                    transaction.state.ghosts.push(Ghost {
                        table: TableName::of(table),
                        key: key.clone(),
                        parents: parents.clone(),
                        stamp,
                    });
                }
                engine.learn(&mut transaction.state, &outage);
                Ok(())
            })
            .await;
        if let Err(error) = noted {
            tracing::warn!(kind = error.kind().name(), "an outage could not be noted in the file");
            self.note_missed(write);
        }
        self.wake();
        as_timeout(error)
    }

    /// Makes a write in the file.
    async fn write_to_file(
        self: &Arc<Self>,
        write: Arc<Write>,
        sent: Sent,
        outage: Option<Outage>,
    ) -> Result<Written> {
        let result = self.try_write_to_file(write, sent, outage).await;
        self.note_refusal(|_| result.as_ref().err().and_then(refusal_of));
        result
    }

    async fn try_write_to_file(
        self: &Arc<Self>,
        write: Arc<Write>,
        sent: Sent,
        outage: Option<Outage>,
    ) -> Result<Written> {
        self.file.room().await?;
        if let WriteKind::Update { target: Target::Filter(filter), .. }
        | WriteKind::Delete { target: Target::Filter(filter) } = &write.kind
        {
            self.check_named(write.table, filter)?;
        }
        let is_of_any_row = match &write.kind {
            WriteKind::Insert { .. } => false,
            WriteKind::Update { target, .. } | WriteKind::Delete { target } => match target {
                Target::Key(_) => false,
                Target::Filter(filter) => named_keys(filter, write.table).is_empty(),
                Target::All => true,
            },
        };
        let relations = self.file.refresh_relations()?;
        let engine = self.clone();
        let commit = commit_of(&write);
        let (written, is_news) = self
            .file
            .change(Urgency::Call, commit, move |transaction| {
                if let Some(outage) = &outage {
                    engine.learn(&mut transaction.state, outage);
                }
                let date = engine.environment.date();
                let bound = engine.settings.bound;
                // Whether a row that is not known meets the condition nobody can say.
                if is_of_any_row && transaction.has_unsure(&TableName::of(write.table))? {
                    return Err(not_known());
                }
                match transaction.write_and_queue(&relations, &write, sent, bound, date)? {
                    // While the remote is out of reach, replay knows what it waits for.
                    Local::Queued(written) => {
                        let is_news = outage.is_some() || !transaction.state.breaker.is_open();
                        Ok((written, is_news))
                    }
                    Local::Unknown => Err(not_known()),
                    Local::InTheWay => Err(in_the_way()),
                }
            })
            .await?;
        if is_news {
            self.wake();
            self.refresh_status();
        }
        if sent == Sent::Maybe && written.touched == 0 {
            return Err(Error::new(ErrorKind::NotFound, "the file has no such row"));
        }
        Ok(written)
    }
}

/// The file is asked for a row whose state it does not know.
pub(crate) fn not_known() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "what the remote has of this row, or of one that may meet the condition, is not known: an answer was \
         lost, or the file could not keep it, and it was not asked again since",
    )
    .with_hint("ask again once the remote can be reached")
}

/// The file has the row that a request without answer was to bring.
pub(crate) fn in_the_way() -> Error {
    Error::new(
        ErrorKind::Unique,
        "the file has a row with this key, and the remote may have it by now",
    )
}

/// What a write asks of its commit: deletes take the children along.
fn commit_of(write: &Write) -> Commit {
    match &write.kind {
        WriteKind::Delete { .. } => DURABLE_DELETE,
        WriteKind::Insert { .. } | WriteKind::Update { .. } => DURABLE,
    }
}

/// Whether a direct write is made once by the server's function: to repeat an insert is harmless, and a
/// condition is none that the function takes.
fn goes_once(write: &Write) -> bool {
    match &write.kind {
        WriteKind::Insert { rows, duplicates } => {
            *duplicates == Duplicates::Replace && rows.len() <= ROWS_OF_MIRROR
        }
        WriteKind::Update { .. } | WriteKind::Delete { .. } => write.names_rows(),
    }
}

fn rows_of(write: &Write) -> usize {
    match &write.kind {
        WriteKind::Insert { rows, .. } => rows.len(),
        WriteKind::Update { .. } | WriteKind::Delete { .. } => 1,
    }
}

/// A write whose rows are as the remote gave them back, where it did.
pub(super) fn as_stored(write: &Arc<Write>, written: &Written) -> Arc<Write> {
    match (&write.kind, &written.stored) {
        (WriteKind::Delete { .. }, _) | (_, None) => write.clone(),
        (_, Some(rows)) => {
            let rows = rows.iter().cloned().map(NewRow::whole).collect();
            let duplicates = Duplicates::Replace;
            Arc::new(Write::new(write.table, WriteKind::Insert { rows, duplicates }))
        }
    }
}

/// A bulk insert as several ones, so that other processes get their turn between them.
fn parts_of(write: &Arc<Write>) -> Vec<Arc<Write>> {
    match &write.kind {
        WriteKind::Insert { rows, duplicates } if rows.len() > ROWS_OF_MIRROR => rows
            .chunks(ROWS_OF_MIRROR)
            .map(|rows| {
                let kind = WriteKind::Insert { rows: rows.to_vec(), duplicates: *duplicates };
                Arc::new(Write::new(write.table, kind))
            })
            .collect(),
        _ => vec![write.clone()],
    }
}

fn as_timeout(error: &Error) -> Error {
    Error::new(
        ErrorKind::Timeout,
        format!("the remote may have made the change, or may still: {}", error.message()),
    )
    .with_code(error.code().map(str::to_owned))
    .with_hint("ask again once the store is healthy")
}
