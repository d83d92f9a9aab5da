//! The network between the processes and the remote. A request travels as a copy of its own: it may
//! be lost, arrive long after its sender has given up and after later ones, and its answer may be
//! lost though the server has done what it asks.

use super::history::CallId;
use super::invariants::Invariant;
use super::operation::Flaw;
use super::remote::{Done, Effect, Refusal};
use super::statement::{Row, Statement};
use super::tables;
use super::world::{Event, Happening, Inner, Purpose, World};
use crate::backend::postgrest::FOUND_NO_ROW;
use crate::change::{Change, ChangeKind, Ids, Operation};
use crate::failover::remote::{Applied, AppliedTogether, Remote};
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::failover::seam::{self, Mutation};
use crate::operation::{Duplicates, WriteKind};
use crate::{Backend, BackendKind, Error, ErrorKind, Info, RawRow, Read, Result, Write, Written};
use futures_util::future::{BoxFuture, poll_fn};
use sea_orm::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use uuid::Uuid;

/// How long a client waits for an answer, in milliseconds.
pub(super) const TIMEOUT: i64 = 10_000;
/// How long a request may still arrive that its sender has given up.
pub(super) const SETTLE: i64 = 30_000;

/// A state of the network or the server that begins and ends. A number is of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Connections are refused.
    Refused,
    /// Nothing answers; what was sent may arrive much later.
    BlackHole,
    /// A gateway answers 502 or 503, whether or not it has passed the request on.
    Gateway,
    /// Writes are answered 504 by a gateway; reads pass.
    WritesOnly,
    /// 429.
    Throttled,
    /// The token has expired.
    TokenExpired,
    /// The token source has no token.
    NoToken,
    /// Somebody else is signed in.
    OtherToken,
    /// A standby: reads pass, writes are refused.
    ReadOnly,
    /// The server has no connection to its database.
    NoConnections,
    /// The server lacks a table.
    NoTable(usize),
    /// The server lacks a column of a table.
    NoColumn(usize),
    /// The role may not write to a table.
    NoRight(usize),
    /// The role may only insert into a table: neither read it nor ignore duplicates.
    InsertOnly(usize),
    /// Statements of several rows take too long.
    Slow,
    /// The server conflicts with other transactions.
    Conflicts,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// A call's own write.
    Direct(CallId),
    Read,
    /// Replay sends entries.
    Replay,
    Probe,
}

/// What a client is told.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Done(Done),
    Fault(ErrorKind, &'static str),
    Refused(Refusal),
}

#[derive(Debug)]
pub(super) struct Request {
    pub(super) process: usize,
    pub(super) sender: Sender,
    pub(super) statement: Statement,
    /// Whose entries it carries, for each row.
    pub(super) carried: BTreeMap<RowName, Vec<i64>>,
    pub(super) left: Option<i64>,
    pub(super) once: Option<Once>,
    /// The file knew by which ids it goes.
    pub(super) is_noted: bool,
    has_arrived: bool,
    /// Whether its answer will be lost.
    is_mute: bool,
    answer: Option<Answer>,
    has_answer: bool,
    waker: Option<Waker>,
    /// Nobody waits for it any more.
    pub(super) is_abandoned: bool,
    /// Its sender was killed.
    pub(super) is_orphan: bool,
}

impl Request {
    pub(super) fn new(process: usize, sender: Sender, statement: Statement) -> Self {
        Self {
            process,
            sender,
            statement,
            carried: BTreeMap::new(),
            left: None,
            once: None,
            is_noted: false,
            has_arrived: false,
            is_mute: false,
            answer: None,
            has_answer: false,
            waker: None,
            is_abandoned: false,
            is_orphan: false,
        }
    }
}

/// A process's way to the remote.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) world: Arc<World>,
    pub(super) process: usize,
}

/// Leaves the request to itself when its sender ends.
struct Abandon<'a>(&'a World, u64);

impl Drop for Abandon<'_> {
    fn drop(&mut self) {
        self.0.lock().abandon(self.1);
    }
}

impl Client {
    async fn send(&self, sender: Sender, statement: Statement) -> Result<Done> {
        self.send_as(sender, statement, None).await
    }

    /// Sends a request by the server's function.
    async fn send_once(&self, sender: Sender, statement: Statement, once: Once) -> Result<Done> {
        self.send_as(sender, statement, Some(once)).await
    }

    async fn send_as(
        &self,
        sender: Sender,
        statement: Statement,
        once: Option<Once>,
    ) -> Result<Done> {
        let is_read = statement.is_read() && !matches!(once, Some(Once::Taken(_)));
        let id = self.world.lock().decide(self.process, sender, statement);
        self.world.lock().goes_once(id, once);
        let abandon = Abandon(&self.world, id);
        // Between the question to the file and the request anything may happen.
        super::process::yield_now().await;
        self.world.lock().leave(id);
        let answer = poll_fn(|context| self.world.lock().poll_answer(id, context)).await;
        #[expect(clippy::mem_forget, reason = "it was answered")]
        std::mem::forget(abandon);
        answer.into_result(is_read)
    }

    fn sender(&self) -> Sender {
        match self.world.lock().purpose() {
            Purpose::Call(call) => Sender::Direct(call),
            _ => Sender::Read,
        }
    }

    async fn write_once(&self, write: Write) -> Result<Written> {
        let statement = Statement::of_write(&write);
        if !statement.additions().is_empty() {
            let what = "an addition goes without the function";
            self.world.lock().violated(Invariant::Once, None, what);
        }
        let sender = self.sender();
        Ok(self.send(sender, statement).await?.written(&write))
    }
}

impl Done {
    fn changed(&self) -> impl Iterator<Item = &Row> {
        let changed = self.effects.iter().filter(|(_, effect)| effect.changes());
        changed.filter_map(|(name, _)| self.stored.get(name))
    }

    fn written(&self, write: &Write) -> Written {
        let stored = (write.reads_back() || write.is_relative())
            .then(|| self.changed().map(|row| super::remote::values(write.table, row)).collect());
        Written { touched: self.count, stored }
    }

    /// The keys of the rows that it has deleted, now or before.
    fn deleted(&self, columns: &[Cow<'static, str>]) -> Vec<RawRow> {
        let now = self.effects.iter().filter(|(_, effect)| *effect == Effect::Deleted);
        let rows = now.map(|(row, _)| row).chain(&self.deleted_before);
        let columns = || columns.iter().map(|column| column.to_string());
        rows.map(|row| columns().zip(row.key.texts().into_iter().map(Into::into)).collect())
            .collect()
    }

    fn applied(&self, returning: &[String]) -> Applied {
        let only = |row: &Row| -> RawRow {
            let asked = row.iter().filter(|(name, _)| returning.contains(name));
            asked.map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        let rows =
            if returning.is_empty() { Vec::new() } else { self.changed().map(only).collect() };
        Applied { touched: self.count, left_out: self.left_out, rows }
    }
}

/// How a request goes by the server's function.
#[derive(Clone, Debug)]
pub(super) enum Once {
    /// Each of its rows has an id.
    Each(Vec<Uuid>),
    /// The id is taken, and nothing is done.
    Taken(Uuid),
    /// Whether there is such a function.
    Question,
}

impl Answer {
    /// A short form for people.
    fn told(&self) -> String {
        match self {
            Self::Done(done) => done.told(),
            Self::Fault(kind, code) => format!("{kind:?} {code}"),
            Self::Refused(refusal) => format!("refused {} {}", refusal.code, refusal.message),
        }
    }

    fn into_result(self, is_read: bool) -> Result<Done> {
        let error = |kind, code: &str, what: &str| {
            Error::new(kind, what)
                .with_code((!code.is_empty()).then(|| code.to_owned()))
                .with_backend(BackendKind::Postgrest)
        };
        Err(match self {
            Self::Done(done) => return Ok(done),
            // What a read asks was surely not applied.
            Self::Fault(ErrorKind::Timeout, code) if is_read => {
                error(ErrorKind::Unavailable, code, "no answer")
            }
            Self::Fault(ErrorKind::Throttled, code) => {
                error(ErrorKind::Throttled, code, "too many")
                    .with_retry_after(Some(std::time::Duration::from_secs(2)))
            }
            Self::Fault(kind, code) => error(kind, code, "the network's or the server's fault"),
            Self::Refused(refusal) => error(refusal.kind, refusal.code, refusal.message)
                .with_constraint(refusal.constraint),
        })
    }
}

impl Inner {
    /// By which ids the request goes.
    fn goes_once(&mut self, id: u64, once: Option<Once>) {
        let Some(request) = self.requests.get_mut(&id) else { return };
        let is_noted = |id: &Uuid| self.snapshot.direct.contains(&id.to_string());
        request.is_noted = matches!(&once, Some(Once::Each(ids))
            if ids.iter().all(is_noted) || seam::breaks(Mutation::DirectNotNoted));
        request.once = once;
    }

    /// The request is out of its sender's hands. It may be lost, and it may be late.
    fn leave(&mut self, id: u64) {
        let now = self.now;
        let profile = self.profile.clone();
        let Some(request) = self.requests.get_mut(&id) else { return };
        request.left = Some(now);
        let is_read = request.statement.is_read();
        self.after(TIMEOUT, Event::GiveUp(id));
        let gateway = self.has(Fault::Gateway) || (self.has(Fault::WritesOnly) && !is_read);
        self.note(|inner| {
            let request = &inner.requests[&id];
            let statement = request.statement.told();
            format!("leaves {id} p{} {:?} {statement}", request.process, request.sender)
        });
        let quick = self.chance.up_to(60);
        if self.has(Fault::Refused) {
            let fault = Answer::Fault(ErrorKind::Unavailable, "");
            return self.answer_later(id, quick, fault);
        }
        if self.has(Fault::BlackHole) {
            if self.chance.happens(0.6) {
                self.arrive_late(id);
            }
            return;
        }
        if gateway {
            let wait = quick + self.chance.up_to(2_000);
            if self.chance.happens(0.5) {
                // The gateway has passed it on, or holds it for a while.
                let held = self.chance.up_to(wait + SETTLE - 1);
                let held = if self.chance.happens(0.3) { held } else { quick };
                self.arrive(id, held, true);
            }
            let code = if self.chance.happens(0.5) { "HTTP 502" } else { "HTTP 503" };
            return self.answer_later(id, wait, Answer::Fault(ErrorKind::Timeout, code));
        }
        if self.chance.happens(profile.lost_request) {
            return;
        }
        if self.chance.happens(profile.late_request) {
            return self.arrive_late(id);
        }
        let is_mute = self.chance.happens(profile.lost_answer);
        let is_slow = is_read && self.chance.happens(profile.slow_reads);
        let wait = if is_slow { self.chance.up_to(8_000) } else { quick };
        self.arrive(id, wait, is_mute);
        if is_mute && self.chance.happens(0.5) {
            // The connection breaks, so that the client knows at once.
            let wait = wait + self.chance.up_to(500);
            self.answer_later(id, wait, Answer::Fault(ErrorKind::Timeout, ""));
        }
    }

    fn arrive(&mut self, id: u64, wait: i64, is_mute: bool) {
        if let Some(request) = self.requests.get_mut(&id) {
            request.is_mute = is_mute;
        }
        self.settled_at = self.settled_at.max(self.now + wait);
        self.after(wait, Event::Arrive(id));
    }

    /// At any time until it can surely not any more, and without an answer.
    fn arrive_late(&mut self, id: u64) {
        let wait = self.chance.up_to(TIMEOUT + SETTLE - 1);
        self.arrive(id, wait, true);
    }

    fn answer_later(&mut self, id: u64, wait: i64, answer: Answer) {
        if let Some(request) = self.requests.get_mut(&id)
            && request.answer.is_none()
        {
            request.answer = Some(answer);
            self.after(wait, Event::Answer(id));
        }
    }

    /// The server has the request.
    pub(super) fn arrived(&mut self, id: u64) {
        let Some(request) = self.requests.get_mut(&id) else { return };
        if request.has_arrived {
            return;
        }
        request.has_arrived = true;
        let statement = request.statement.clone();
        let once = request.once.clone();
        let is_mute = request.is_mute;
        let is_read = statement.is_read() && !matches!(once, Some(Once::Taken(_)));
        let is_unanswerable = !self.database.is_mended
            && statement.named().iter().any(|(_, row)| {
                row.values().any(|value| {
                    value.as_i64().is_some_and(|it| Flaw::of(it) == Flaw::Unanswerable)
                })
            });
        let fault = self.server_fault(id, &statement, is_read);
        let answer = if is_unanswerable {
            None
        } else if let Some(fault) = fault {
            Some(fault)
        } else {
            let now = self.now;
            Some(match self.database.run_once(&statement, once.as_ref(), now) {
                Ok(mut done) => {
                    self.applied(id, &done);
                    for (name, _) in &done.effects {
                        if let Some(row) = self.database.rows.get(name) {
                            done.stored.insert(name.clone(), row.clone());
                        }
                    }
                    Answer::Done(done)
                }
                Err(refusal) => {
                    self.refused(id, &refusal);
                    Answer::Refused(refusal)
                }
            })
        };
        self.note(|_| {
            format!("arrives {id}: {}", answer.as_ref().map_or_else(String::new, Answer::told))
        });
        let is_cut = self.has(Fault::BlackHole);
        if let Some(answer) = answer
            && !is_mute
            && !is_cut
        {
            let profile = &self.profile;
            let chance = if is_read { profile.slow_reads } else { profile.slow_writes };
            let most = if self.chance.happens(chance) { 6_000 } else { 60 };
            let wait = self.chance.up_to(most);
            self.answer_later(id, wait, answer);
        }
        self.tidy(id);
    }

    fn server_fault(&mut self, id: u64, statement: &Statement, is_read: bool) -> Option<Answer> {
        let fault = |kind, code| Some(Answer::Fault(kind, code));
        let table = statement
            .table()
            .and_then(|name| tables::ALL.iter().position(|table| TableName::of(table) == name));
        if self.has(Fault::Throttled) && self.chance.happens(0.7) {
            return fault(ErrorKind::Throttled, "HTTP 429");
        }
        if self.has(Fault::NoConnections) {
            return fault(ErrorKind::Unavailable, "PGRST003");
        }
        if self.has(Fault::TokenExpired) {
            return fault(ErrorKind::Unauthenticated, "PGRST301");
        }
        if let Some(table) = table {
            if self.has(Fault::NoTable(table)) {
                return fault(ErrorKind::SchemaMismatch, "42P01");
            }
            let columns = statement.columns();
            if self.has(Fault::NoColumn(table)) && columns.iter().any(|column| column == "b") {
                return fault(ErrorKind::SchemaMismatch, "PGRST204");
            }
            let denied = Refusal::new(ErrorKind::Denied, "42501", "permission denied for table");
            if self.has(Fault::NoRight(table)) && !is_read {
                return Some(Answer::Refused(denied));
            }
            let is_plain_insert =
                matches!(statement, Statement::Insert { duplicates: Duplicates::Refuse, .. });
            if self.has(Fault::InsertOnly(table)) && !is_plain_insert {
                return Some(Answer::Refused(denied));
            }
        }
        let once = self.requests.get(&id).is_some_and(|request| request.once.is_some());
        if once && !self.profile.has_function {
            return fault(ErrorKind::Unsupported, "PGRST202");
        }
        if is_read {
            return None;
        }
        if self.has(Fault::ReadOnly) {
            return fault(ErrorKind::Unavailable, "25006");
        }
        if self.has(Fault::Conflicts) && self.chance.happens(0.4) {
            return fault(ErrorKind::Busy, "40001");
        }
        // The adapter itself halves the inserts of a caller.
        let is_replay = self.requests.get(&id).is_some_and(|one| one.sender == Sender::Replay);
        if self.has(Fault::Slow) && is_replay && statement.named().len() > 1 {
            return fault(ErrorKind::Unavailable, "57014");
        }
        None
    }

    pub(super) fn answered(&mut self, id: u64) {
        if let Some(request) = self.requests.get_mut(&id) {
            request.has_answer = true;
            if let Some(waker) = request.waker.take() {
                waker.wake();
            }
        }
    }

    pub(super) fn waited_enough(&mut self, id: u64) {
        if let Some(waker) = self.requests.get_mut(&id).and_then(|request| request.waker.take()) {
            waker.wake();
        }
    }

    fn poll_answer(&mut self, id: u64, context: &Context<'_>) -> Poll<Answer> {
        let now = self.now;
        let Some(request) = self.requests.get_mut(&id) else {
            return Poll::Ready(Answer::Fault(ErrorKind::Internal, ""));
        };
        let deadline = request.left.unwrap_or(now) + TIMEOUT;
        let answer = if request.has_answer {
            request.answer.take()
        } else {
            (now >= deadline).then_some(Answer::Fault(ErrorKind::Timeout, ""))
        };
        let Some(answer) = answer else {
            request.waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        self.note(|inner| {
            let request = &inner.requests[&id];
            format!("p{} is answered {id}: {}", request.process, answer.told())
        });
        self.heard(id, &answer);
        self.let_go(id);
        Poll::Ready(answer)
    }

    fn let_go(&mut self, id: u64) {
        if let Some(request) = self.requests.get_mut(&id) {
            request.is_abandoned = true;
        }
        self.tidy(id);
    }

    /// A request is over once it has arrived, or never will, and nobody waits for it.
    fn tidy(&mut self, id: u64) {
        let will_arrive = self.happenings.values().any(
            |happening| matches!(happening, Happening::Event(Event::Arrive(one)) if *one == id),
        );
        let is_over =
            self.requests.get(&id).is_some_and(|request| request.is_abandoned && !will_arrive);
        if is_over {
            self.requests.remove(&id);
        }
    }

    /// Its sender ended. What has left goes on, and arrives within the time that it may take.
    fn abandon(&mut self, id: u64) {
        let Some(request) = self.requests.get_mut(&id) else { return };
        request.is_orphan = true;
        if request.left.is_none() {
            self.requests.remove(&id);
            return;
        }
        self.note(|_| format!("abandoned {id}"));
        let latest = self.now + SETTLE - 1;
        let late: Vec<(i64, u64)> = self
            .happenings
            .range((latest + 1, 0)..)
            .filter(|(_, happening)| {
                matches!(happening, Happening::Event(Event::Arrive(one)) if *one == id)
            })
            .map(|(at, _)| *at)
            .collect();
        for at in late {
            self.happenings.remove(&at);
            let wait = self.chance.up_to(SETTLE - 1);
            self.after(wait, Event::Arrive(id));
        }
        self.let_go(id);
    }
}

impl Backend for Client {
    fn kind(&self) -> BackendKind {
        BackendKind::Postgrest
    }

    fn read<'a>(&'a self, read: &'a Read) -> BoxFuture<'a, Result<Vec<Vec<Value>>>> {
        Box::pin(
            async move { Ok(self.send(Sender::Read, Statement::Read(read.clone())).await?.rows) },
        )
    }

    fn count<'a>(&'a self, read: &'a Read) -> BoxFuture<'a, Result<u64>> {
        Box::pin(
            async move { Ok(self.send(Sender::Read, Statement::Count(read.clone())).await?.count) },
        )
    }

    /// A large insert goes in two requests, as the adapter sends it.
    fn write(&self, write: Write) -> BoxFuture<'_, Result<Written>> {
        Box::pin(async move {
            let (table, kind) = (write.table, write.kind.clone());
            match kind {
                WriteKind::Insert { rows, duplicates } if rows.len() > 2 => {
                    let part = |rows: &[crate::operation::NewRow]| {
                        Write::new(table, WriteKind::Insert { rows: rows.to_vec(), duplicates })
                    };
                    let first = self.write_once(part(&rows[..2])).await?;
                    let rest = self.write_once(part(&rows[2..])).await;
                    let mut written = rest.map_err(|error| error.with_rows_stored(2))?;
                    written.touched += first.touched;
                    if let (Some(all), Some(first)) = (&mut written.stored, first.stored) {
                        all.splice(0..0, first);
                    }
                    Ok(written)
                }
                _ => self.write_once(write).await,
            }
        })
    }

    fn query_raw<'a>(
        &'a self,
        _sql: &'a str,
        _parameters: Vec<Value>,
    ) -> BoxFuture<'a, Result<Vec<RawRow>>> {
        Box::pin(async { Err(Error::new(ErrorKind::Unsupported, "not simulated")) })
    }

    fn health(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.send(Sender::Probe, Statement::Probe(None)).await.map(drop) })
    }

    fn info(&self) -> BoxFuture<'_, Info> {
        Box::pin(async {
            Info {
                kind: BackendKind::Postgrest,
                location: "simulated".to_owned(),
                version: None,
                reason: None,
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

impl Remote for Client {
    fn apply<'a>(
        &'a self,
        change: &'a Change,
        returning: &'a [String],
    ) -> BoxFuture<'a, Result<Applied>> {
        Box::pin(async move {
            let statement = Statement::of_change(change);
            if !statement.additions().is_empty() {
                let what = "replay sends an addition without the function";
                self.world.lock().violated(Invariant::Once, None, what);
            }
            let done = self.send(Sender::Replay, statement).await?;
            Ok(done.applied(returning))
        })
    }

    /// Groups are not simulated: one operation, none that takes an id, or none to ask for the function.
    fn apply_together<'a>(
        &'a self,
        id: Option<Uuid>,
        operations: &'a [Operation<'a>],
    ) -> BoxFuture<'a, Result<AppliedTogether>> {
        Box::pin(async move {
            let [operation] = operations else {
                let once = id.map_or(Once::Question, Once::Taken);
                let done = self.send_once(Sender::Replay, Statement::Probe(None), once).await?;
                return Ok(match done.is_repeated {
                    true => AppliedTogether::Before,
                    false => AppliedTogether::Now(Vec::new()),
                });
            };
            let statement = Statement::of_change(operation.change);
            let once = Once::Each(operation.ids.to_vec());
            let done = self.send_once(Sender::Replay, statement, once).await?;
            let mut applied = done.applied(operation.returning);
            if operation.change.kind == ChangeKind::Delete {
                applied.rows = done.deleted(&operation.change.key);
            }
            Ok(AppliedTogether::Now(vec![applied]))
        })
    }

    fn write_together<'a>(
        &'a self,
        ids: &'a Ids,
        writes: &'a [Write],
        _must_be_there: bool,
    ) -> BoxFuture<'a, Result<Option<Vec<Written>>>> {
        Box::pin(async move {
            let ([write], Ids::Each(ids)) = (writes, ids) else {
                return Err(Error::new(ErrorKind::Unsupported, "not simulated"));
            };
            let statement = Statement::of_write(write);
            let sent = self.send_once(self.sender(), statement, Once::Each(ids.clone())).await;
            if sent.as_ref().is_err_and(|error| error.code() == Some(FOUND_NO_ROW)) {
                return Ok(Some(vec![Written::default()]));
            }
            let done = sent?;
            if done.left_out > 0 {
                return Ok(None);
            }
            Ok(Some(vec![done.written(write)]))
        })
    }

    fn fetch<'a>(
        &'a self,
        table: &'a TableName,
        _key_columns: &'a [String],
        keys: &'a [Vec<String>],
    ) -> BoxFuture<'a, Result<Vec<RawRow>>> {
        Box::pin(async move {
            let named = |key: &Vec<String>| {
                let values: Vec<Value> = key.iter().map(|text| text.as_str().into()).collect();
                RowName::new(table.clone(), RowKey::of_values(&values))
            };
            let rows = keys.iter().map(named).collect();
            Ok(self.send(Sender::Read, Statement::Fetch(table.clone(), rows)).await?.raw)
        })
    }

    fn identity(&self) -> BoxFuture<'_, Result<Option<String>>> {
        Box::pin(async move {
            let mut world = self.world.lock();
            if world.has(Fault::NoToken) {
                return Ok(None);
            }
            // The file belongs to whoever is signed in first.
            let is_other = world.has(Fault::OtherToken) && world.was_signed_in;
            world.was_signed_in = true;
            Ok(Some(if is_other { "other" } else { "me" }.to_owned()))
        })
    }

    fn probe(&self, table: Option<TableName>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.send(Sender::Probe, Statement::Probe(table)).await.map(drop) })
    }
}
