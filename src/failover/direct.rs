//! Calls: one question routes each, asked of the file: is the outbox empty, and the breaker closed?
//! Here are the writes; reads are beside.

mod read;

use super::entry::RowName;
use super::environment::{Moment, to_its_end, until};
use super::file::{ForeignKeys, Pragmas, State, Transaction};
use super::verdict::Verdict;
use super::{Engine, WriteMode, mirror};
use crate::backend::sqlite::FEW_ROWS;
use crate::operation::{Target, Write, WriteKind};
use crate::{Error, ErrorKind, Result, value};
use sea_orm::Value;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// The longest that a gate holds a write.
pub(super) const GATE: Duration = Duration::from_secs(1);

/// How long the time of the last success stands before a new one is noted, in milliseconds.
const SUCCESS: Moment = 1_000;

/// Who serves a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Remote,
    File,
}

impl Engine {
    pub(super) fn route(&self, state: &State) -> Route {
        let healthy = state.waiting.rows == 0 && !state.breaker.is_open();
        #[cfg(test)]
        let healthy = healthy
            || (!state.breaker.is_open()
                && self.settings.mutation == Some(super::simulation::Mutation::RouteByBreaker));
        match self.settings.mode {
            WriteMode::RemoteFirst if healthy => Route::Remote,
            WriteMode::RemoteFirst | WriteMode::LocalFirst => Route::File,
        }
    }

    pub(super) async fn write(self: &Arc<Self>, write: Write) -> Result<u64> {
        if self.settings.mode == WriteMode::LocalFirst {
            return self.write_to_file(write, false, None, Routing::Decided).await?.touched();
        }
        // A request that has left cannot be called back, and what became of it must be recorded.
        let engine = self.clone();
        let work = async move {
            let _turns = engine.rows.lock(&write).await;
            engine.write_in_turn(write).await
        };
        to_its_end(self.environment.clone(), Box::pin(work)).await
    }

    async fn write_in_turn(&self, mut write: Write) -> Result<u64> {
        loop {
            if self.serves_file.load(Ordering::Relaxed) {
                // It will be the file again, so the question is asked in the write's transaction.
                match self.write_to_file(write, false, None, Routing::Ask).await? {
                    Written::Touched(rows) => return Ok(rows),
                    Written::Not(unwritten) => write = unwritten,
                }
            }
            let state = self.file.state().await?;
            let now = self.environment.now();
            if let Some(wait) = until(state.gate_until, now, GATE) {
                self.environment.sleep(wait).await;
                continue;
            }
            let route = self.route_of_write(&state, &write);
            self.serves_file.store(route == Route::File, Ordering::Relaxed);
            return match route {
                Route::Remote => self.write_to_remote(write).await,
                Route::File => {
                    self.write_to_file(write, false, None, Routing::Decided).await?.touched()
                }
            };
        }
    }

    fn route_of_write(&self, state: &State, write: &Write) -> Route {
        // A request that got no answer might still arrive after a delete, and bring its row back.
        let now = self.environment.now();
        let unsettled = until(state.settle_until, now, self.settings.settle).is_some();
        match self.route(state) {
            Route::Remote if unsettled && matches!(write.kind, WriteKind::Delete { .. }) => {
                Route::File
            }
            route => route,
        }
    }

    async fn write_to_remote(&self, write: Write) -> Result<u64> {
        let mut result = self.remote.write(write.clone()).await;
        if let Err(error) = &result
            && Verdict::of(error) == Verdict::Repeat
        {
            result = self.remote.write(write.clone()).await;
        }
        let error = match result {
            Ok(touched) => {
                self.note_refusal(|_| None);
                mirror::count_failure(self.accepted(write, touched).await);
                return Ok(touched);
            }
            Err(error) => error,
        };
        match Verdict::of(&error) {
            Verdict::NotApplied { at_once } => self.queue(write, false, at_once, error).await,
            Verdict::Ambiguous { at_once } => self.queue(write, true, at_once, error).await,
            Verdict::Throttled(_) | Verdict::ReadOnly | Verdict::Repeat => {
                self.queue(write, false, false, error).await
            }
            Verdict::Poison
            | Verdict::DuplicateKey
            | Verdict::ParentMissing
            | Verdict::TooMuch
            | Verdict::Unauthenticated
            | Verdict::Drift => {
                if matches!(write.kind, WriteKind::Insert { .. }) && error.rows_stored() > 0 {
                    mirror::count_failure(self.refused_in_part(&write).await);
                }
                Err(error)
            }
        }
    }

    async fn accepted(&self, write: Write, touched: u64) -> Result<()> {
        self.file.room().await?;
        let foreign_keys = foreign_keys(&write);
        // It is not known which rows were taken, and which were left alone or are hidden.
        let is_partial = match &write.kind {
            WriteKind::Insert { rows, .. } => touched < rows.len() as u64,
            WriteKind::Update { .. } => touched == 0,
            WriteKind::Delete { .. } => false,
        };
        if !is_partial
            && is_small(&write)
            && let Some(transaction) =
                self.file.begin_as_seen(Pragmas::mirror(foreign_keys)).await?
            && self.mirror_accepted(transaction, write.clone(), touched).await.is_ok()
        {
            return Ok(());
        }
        let mut transaction = self.file.begin_mirror(foreign_keys).await?;
        if !is_partial {
            return self.mirror_accepted(transaction, write, touched).await;
        }
        self.note_success(&mut transaction.state);
        let revived = transaction.answer_letters(&write, touched).await?;
        transaction.remember_write(&write)?;
        let state = transaction.commit().await?;
        if revived {
            self.wake();
        }
        if touched > 0 && self.route(&state) == Route::Remote {
            self.keep_taken(&write, state.writes).await?;
        }
        Ok(())
    }

    async fn mirror_accepted(
        &self,
        mut transaction: Transaction<'_>,
        write: Write,
        touched: u64,
    ) -> Result<()> {
        self.note_success(&mut transaction.state);
        let revived = transaction.answer_letters(&write, touched).await?;
        transaction.mirror_write(write).await?;
        transaction.commit().await?;
        if revived {
            self.wake();
        }
        Ok(())
    }

    /// The remote has accepted something.
    pub(super) fn note_success(&self, state: &mut State) {
        state.breaker.accepted();
        let date = self.environment.date();
        // Not for each of many writes: what is remembered need not be written then.
        if state.last_success.is_none_or(|last| !(0..SUCCESS).contains(&(date - last))) {
            state.last_success = Some(date);
        }
    }

    /// A bulk insert took several requests, of which a later one was refused.
    async fn refused_in_part(&self, write: &Write) -> Result<()> {
        self.file.room().await?;
        let mut transaction = self.file.begin_mirror(ForeignKeys::Off).await?;
        transaction.remember_write(write)?;
        let since = transaction.commit().await?.writes;
        self.keep_taken(write, since).await
    }

    /// The remote did not take the write: the file does, and the outbox keeps it.
    async fn queue(
        &self,
        write: Write,
        ambiguous: bool,
        at_once: bool,
        error: Error,
    ) -> Result<u64> {
        // What a bulk insert stored before it failed must be taken for sent as well.
        let is_sent = ambiguous || error.rows_stored() > 0;
        let by_key = match &write.kind {
            WriteKind::Insert { .. } => true,
            WriteKind::Update { target, .. } | WriteKind::Delete { target } => {
                matches!(target, Target::Key(_))
            }
        };
        let outage = Outage { ambiguous, at_once, error: &error };
        if is_sent && !by_key {
            // The remote may have changed rows that the file does not know.
            self.note_outage(&outage).await;
            return Err(as_timeout(&error));
        }
        let written = self.write_to_file(write, is_sent, Some(&outage), Routing::Decided).await;
        match written.and_then(Written::touched) {
            Err(local) if is_sent || refusal(&local).is_some() => {
                tracing::warn!(kind = local.kind().name(), "the file could not take a write");
                self.note_outage(&outage).await;
                Err(if is_sent { as_timeout(&error) } else { local })
            }
            result => result,
        }
    }

    /// Where the file cannot take it, the next call meets the outage anew.
    async fn note_outage(&self, outage: &Outage<'_>) {
        let noted = self
            .file
            .acknowledge(|| async {
                let mut transaction = self.file.begin(ForeignKeys::Off).await?;
                self.learn(&mut transaction.state, outage);
                transaction.commit().await.map(drop)
            })
            .await;
        if let Err(error) = noted {
            tracing::warn!(kind = error.kind().name(), "an outage could not be noted in the file");
        }
        self.wake();
    }

    /// What an outage teaches the next calls, of every process.
    pub(super) fn learn(&self, state: &mut State, outage: &Outage<'_>) {
        let now = self.environment.now();
        if outage.ambiguous {
            state.settle_until = now + self.settings.settle.as_millis() as Moment;
        }
        let is_open = state.breaker.is_open();
        let random = self.environment.random();
        state.breaker.failed(now, outage.at_once, outage.error.message(), random);
        if !is_open && state.breaker.is_open() {
            metrics::counter!("chronicle_switches_total", "to" => "file").increment(1);
            tracing::warn!(cause = outage.error.kind().name(), "the remote is not asked any more");
        }
    }

    async fn write_to_file(
        &self,
        write: Write,
        is_sent: bool,
        outage: Option<&Outage<'_>>,
        routing: Routing,
    ) -> Result<Written> {
        let result = self.change_file(write, is_sent, outage, routing).await;
        let refusal = result.as_ref().err().and_then(refusal);
        self.note_refusal(|_| refusal);
        if refusal.is_some() {
            self.wake();
        }
        result
    }

    /// What the file said to the last write, for the status.
    pub(super) fn note_refusal(&self, change: impl FnOnce(Option<ErrorKind>) -> Option<ErrorKind>) {
        let mut refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        *refusal = change(*refusal);
    }

    async fn change_file(
        &self,
        write: Write,
        is_sent: bool,
        outage: Option<&Outage<'_>>,
        routing: Routing,
    ) -> Result<Written> {
        match self.file.room().await {
            Err(_) if routing == Routing::Ask => return Ok(self.not_the_file(write)),
            room => room?,
        }
        let foreign_keys = foreign_keys(&write);
        if outage.is_none()
            && is_small(&write)
            && let Some(transaction) =
                self.file.begin_as_seen(Pragmas::durable(foreign_keys)).await?
            && let Ok(written) =
                self.change_in(transaction, write.clone(), is_sent, None, routing).await
        {
            return Ok(written);
        }
        let transaction = self.file.begin(foreign_keys).await?;
        self.change_in(transaction, write, is_sent, outage, routing).await
    }

    async fn change_in(
        &self,
        mut transaction: Transaction<'_>,
        write: Write,
        is_sent: bool,
        outage: Option<&Outage<'_>>,
        routing: Routing,
    ) -> Result<Written> {
        let now = self.environment.now();
        let by_key_without_row = is_sent && !matches!(write.kind, WriteKind::Insert { .. });
        let is_held = until(transaction.state.gate_until, now, GATE).is_some();
        let is_remote = self.route_of_write(&transaction.state, &write) == Route::Remote;
        if routing == Routing::Ask && (is_held || is_remote) {
            return Ok(self.not_the_file(write));
        }
        // While something waits, replay is at work, or knows for what it waits.
        let is_news = transaction.state.waiting.rows == 0 || outage.is_some();
        if let Some(outage) = outage {
            self.learn(&mut transaction.state, outage);
        }
        if matches!(write.kind, WriteKind::Delete { .. }) {
            // Other rows have an entry that guards them. This may take some along that have none.
            transaction.remember_write(&write)?;
        }
        let bound = self.settings.bound;
        let date = self.environment.date();
        let local = transaction.write_and_queue(write, is_sent, bound, date).await?;
        transaction.commit().await?;
        if is_news {
            self.wake();
        }
        match outage {
            Some(outage) if by_key_without_row && local.touched == 0 => {
                Err(as_timeout(outage.error))
            }
            _ => Ok(Written::Touched(local.touched)),
        }
    }

    fn not_the_file(&self, write: Write) -> Written {
        self.serves_file.store(false, Ordering::Relaxed);
        Written::Not(write)
    }
}

/// A write of few rows, which costs little to be tried twice.
fn is_small(write: &Write) -> bool {
    match &write.kind {
        WriteKind::Insert { rows, .. } => rows.len() <= FEW_ROWS,
        WriteKind::Update { .. } | WriteKind::Delete { .. } => true,
    }
}

/// What a write asks of the foreign keys in the file.
fn foreign_keys(write: &Write) -> ForeignKeys {
    match &write.kind {
        WriteKind::Delete { .. } => ForeignKeys::On,
        WriteKind::Insert { .. } | WriteKind::Update { .. } => ForeignKeys::Off,
    }
}

/// Whether a write to the file asks who serves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Routing {
    Ask,
    Decided,
}

/// What became of a write to the file.
enum Written {
    /// It touched so many rows.
    Touched(u64),
    /// It is not for the file.
    Not(Write),
}

impl Written {
    fn touched(self) -> Result<u64> {
        match self {
            Self::Touched(rows) => Ok(rows),
            Self::Not(_) => Err(Error::new(ErrorKind::Internal, "the file serves, and does not")),
        }
    }
}

/// A request that the remote did not answer as it should.
pub(super) struct Outage<'a> {
    pub(super) ambiguous: bool,
    pub(super) at_once: bool,
    pub(super) error: &'a Error,
}

/// The kind of an error of the file that says that it takes no write at all.
pub(super) fn refusal(error: &Error) -> Option<ErrorKind> {
    let takes_none = matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::OutboxFull | ErrorKind::Denied | ErrorKind::Corrupt
    );
    takes_none.then(|| error.kind())
}

fn as_timeout(error: &Error) -> Error {
    Error::new(
        ErrorKind::Timeout,
        format!("the remote may have made the change, or may still: {}", error.message()),
    )
    .with_code(error.code().map(str::to_owned))
    .with_hint("ask again once the store is healthy")
}

/// The rows that a write is for, where it names them.
pub(super) fn named_rows(write: &Write) -> Option<Vec<RowName>> {
    let table = write.table;
    let name = |key: &Value| RowName(table.name.to_owned(), value::to_text(key));
    match &write.kind {
        WriteKind::Insert { rows, .. } => {
            Some(rows.iter().map(|row| name(&row[table.key])).collect())
        }
        WriteKind::Update { target: Target::Key(key), .. }
        | WriteKind::Delete { target: Target::Key(key) } => Some(vec![name(key)]),
        WriteKind::Update { .. } | WriteKind::Delete { .. } => None,
    }
}
