//! The network between the processes and the remote. A request travels as a copy of its own: it may
//! be lost, arrive long after its sender has given up and after later ones, and its answer may be
//! lost though the server has done what it asks.

use super::history::CallId;
use super::operation::Flaw;
use super::remote::{Done, Refusal, Statement};
use super::weather::Fault;
use super::world::{Event, Happening, Inner, World};
use crate::change::Change;
use crate::failover::entry::RowName;
use crate::failover::remote::Remote;
use crate::{Backend, BackendKind, Error, ErrorKind, Info, RawRow, Read, Result, Write};
use futures_util::future::{BoxFuture, poll_fn};
use sea_orm::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// How long a client waits for an answer, in milliseconds.
pub(super) const TIMEOUT: i64 = 10_000;
/// How long after its client gave up a request may still arrive.
pub(super) const SETTLE: i64 = 30_000;

/// Who sends a request, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// A call's own write.
    Direct(CallId),
    Replay,
    Read,
    Probe,
}

#[derive(Clone, Debug)]
pub(super) enum Answer {
    Done(Done),
    Refused(Refusal),
    /// The kind, the code, and whether the request may have been executed.
    Fault(ErrorKind, &'static str),
}

#[derive(Debug)]
pub(super) struct Request {
    pub(super) process: usize,
    pub(super) sender: Sender,
    pub(super) statement: Statement,
    /// The calls whose entries it carries, by row.
    pub(super) calls: BTreeMap<RowName, Vec<CallId>>,
    /// Their entries.
    pub(super) sequences: Vec<i64>,
    pub(super) left: Option<i64>,
    has_arrived: bool,
    /// Whether its answer will be lost.
    is_mute: bool,
    answer: Option<Answer>,
    has_answer: bool,
    waker: Option<Waker>,
    /// Nobody waits for it any more.
    is_abandoned: bool,
}

impl Request {
    pub(super) fn new(process: usize, sender: Sender, statement: Statement) -> Self {
        Self {
            process,
            sender,
            statement,
            calls: BTreeMap::new(),
            sequences: Vec::new(),
            left: None,
            has_arrived: false,
            is_mute: false,
            answer: None,
            has_answer: false,
            waker: None,
            is_abandoned: false,
        }
    }

    /// Whether it is under way, and its sender waits for the answer.
    pub(super) fn is_awaited(&self) -> bool {
        self.left.is_some() && !self.is_abandoned
    }
}

/// A request whose sender does not know what became of it.
#[derive(Debug)]
pub(super) struct Unanswered {
    pub(super) sender: Sender,
    pub(super) since: i64,
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
        let is_read = statement.is_read();
        let table = statement.table().to_owned();
        let id = self.world.lock().decide(self.process, sender, statement);
        let abandon = Abandon(&self.world, id);
        // Between the question to the file and the request anything may happen.
        super::process::yield_now().await;
        self.world.lock().leave(id);
        let answer = poll_fn(|context| self.world.lock().poll_answer(id, context)).await;
        std::mem::forget(abandon);
        answer.into_result(is_read, &table)
    }
}

impl Answer {
    fn into_result(self, is_read: bool, table: &str) -> Result<Done> {
        let error = |kind, code: &str, what: &str| {
            Error::new(kind, what).with_code((!code.is_empty()).then(|| code.to_owned()))
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
            Self::Refused(Refusal::Duplicate(table)) => {
                error(ErrorKind::Unique, "23505", "duplicate key")
                    .with_constraint(Some(format!("{table}_pkey")))
            }
            Self::Refused(Refusal::ForeignKey) => {
                error(ErrorKind::ForeignKey, "23503", "foreign key")
                    .with_constraint(Some("children_parent_id_fkey".to_owned()))
            }
            Self::Refused(Refusal::Check) => error(ErrorKind::Check, "23514", "check")
                .with_constraint(Some(format!("{table}_check"))),
        })
    }
}

impl Inner {
    /// The request is out of its sender's hands. It may be lost, and it may be late.
    pub(super) fn leave(&mut self, id: u64) {
        self.check_leaving(id);
        let now = self.now;
        let profile = self.profile.clone();
        let refused = self.weather.has(Fault::Refused);
        let black_hole = self.weather.has(Fault::BlackHole);
        let Some(request) = self.requests.get_mut(&id) else { return };
        request.left = Some(now);
        self.after(TIMEOUT, Event::GiveUp(id));
        let Some(request) = self.requests.get_mut(&id) else { return };
        let is_read = request.statement.is_read();
        let gateway =
            self.weather.has(Fault::Gateway) || (self.weather.has(Fault::WritesOnly) && !is_read);
        self.note(|inner| {
            let request = &inner.requests[&id];
            format!("leaves {id} p{} {:?} {:?}", request.process, request.sender, request.statement)
        });
        let quick = self.up_to(60);
        if refused {
            let fault = Answer::Fault(ErrorKind::Unavailable, "");
            return self.answer_later(id, quick, fault);
        }
        if black_hole {
            if self.chance(0.6) {
                self.arrive_late(id);
            }
            return;
        }
        if gateway {
            let wait = quick + self.up_to(2_000);
            if self.chance(0.5) {
                // The gateway has passed it on, or holds it for a while.
                let held = self.up_to(wait + SETTLE - 1);
                let held = if self.chance(0.3) { held } else { quick };
                self.arrive(id, held, true);
            }
            let code = if self.chance(0.5) { "HTTP 502" } else { "HTTP 503" };
            return self.answer_later(id, wait, Answer::Fault(ErrorKind::Timeout, code));
        }
        if self.chance(profile.lost_request) {
            return;
        }
        if self.chance(profile.late_request) {
            return self.arrive_late(id);
        }
        let is_mute = self.chance(profile.lost_answer);
        let wait =
            if is_read && self.chance(profile.slow_reads) { self.up_to(8_000) } else { quick };
        self.arrive(id, wait, is_mute);
        if is_mute && self.chance(0.5) {
            // The connection breaks, so that the client knows at once.
            let wait = wait + self.up_to(500);
            self.answer_later(id, wait, Answer::Fault(ErrorKind::Timeout, ""));
        }
    }

    fn arrive(&mut self, id: u64, wait: i64, is_mute: bool) {
        if let Some(request) = self.requests.get_mut(&id) {
            request.is_mute = is_mute;
        }
        self.after(wait, Event::Arrive(id));
    }

    /// At any time until it can surely not any more, and without an answer.
    fn arrive_late(&mut self, id: u64) {
        let wait = self.up_to(TIMEOUT + SETTLE - 1);
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
        let is_mute = request.is_mute;
        let (is_read, is_unanswerable) = (statement.is_read(), self.is_unanswerable(&statement));
        let fault = self.server_fault(id, &statement, is_read);
        let answer = if is_unanswerable {
            None
        } else if let Some((kind, code)) = fault {
            Some(Answer::Fault(kind, code))
        } else {
            Some(match self.database.run(&statement) {
                Ok(done) => {
                    self.applied(id, &done);
                    Answer::Done(done)
                }
                Err(refusal) => Answer::Refused(refusal),
            })
        };
        self.note(|_| format!("arrives {id}: {answer:?}"));
        let cut = self.weather.has(Fault::BlackHole);
        if let Some(answer) = answer
            && !is_mute
            && !cut
        {
            let slow = is_read && self.profile.slow_reads > 0.0;
            let slow = self.profile.slow_reads * f64::from(u8::from(slow));
            let wait = if self.chance(slow) { self.up_to(6_000) } else { self.up_to(60) };
            self.answer_later(id, wait, answer);
        }
        self.tidy(id);
    }

    fn is_unanswerable(&self, statement: &Statement) -> bool {
        statement.named().iter().flat_map(|(_, body)| body.values()).any(|value| {
            let call =
                value.as_i64().and_then(|value| self.history.calls.get(&value.unsigned_abs()));
            call.is_some_and(|call| call.write.flaw == Flaw::Unanswerable)
        })
    }

    fn server_fault(
        &mut self,
        id: u64,
        statement: &Statement,
        is_read: bool,
    ) -> Option<(ErrorKind, &'static str)> {
        if self.weather.has(Fault::Throttled) && self.chance(0.7) {
            return Some((ErrorKind::Throttled, "HTTP 429"));
        }
        if self.weather.has(Fault::NoConnections) {
            return Some((ErrorKind::Unavailable, "PGRST003"));
        }
        if self.weather.has(Fault::TokenExpired) {
            return Some((ErrorKind::Unauthenticated, "PGRST301"));
        }
        if self.weather.has(Fault::Drift) && statement.table() == "children" {
            return Some((ErrorKind::SchemaMismatch, "42P01"));
        }
        if self.weather.has(Fault::ReadOnly) && !is_read {
            return Some((ErrorKind::Unavailable, "25006"));
        }
        if !is_read && self.chance(self.profile.conflicts) {
            return Some((ErrorKind::Busy, "40001"));
        }
        // The adapter itself halves the inserts of a caller.
        let is_replay = self.requests.get(&id).is_some_and(|one| one.sender == Sender::Replay);
        if is_replay && statement.named().len() > self.profile.most_rows {
            return Some((ErrorKind::Unavailable, "57014"));
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
            format!("p{} is answered {id}: {answer:?}", request.process)
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
        let Some(request) = self.requests.get(&id) else { return };
        let Some(left) = request.left else {
            self.requests.remove(&id);
            return;
        };
        let (sender, is_read) = (request.sender, request.statement.is_read());
        self.note(|_| format!("abandoned {id}"));
        if !is_read {
            // A process that was stopped for long would have given up before.
            self.unanswered.push(Unanswered { sender, since: self.now.min(left + TIMEOUT) });
        }
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
            let wait = self.up_to(SETTLE - 1);
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

    fn write(&self, write: Write) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async move {
            let call = self.world.lock().call().expect("a write is of a call");
            Ok(self.send(Sender::Direct(call), Statement::of_write(&write)).await?.count)
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
        Box::pin(async move { self.send(Sender::Probe, Statement::Probe).await.map(drop) })
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
    fn apply<'a>(&'a self, change: &'a Change) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let done = self.send(Sender::Replay, Statement::of_change(change)).await?;
            Ok(done.count)
        })
    }
}
