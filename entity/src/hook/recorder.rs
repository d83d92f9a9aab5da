//! [`Recorder`]: writes the records of payloads to a store.

mod batch;

use super::known_sessions::KnownSessions;
use super::shape::FOR_ALL_TOOLS;
use super::{Delivery, EndedCalls, Payload, Records, RefusedCall, SessionChange, ToolCall};
use crate::event::{EventId, Events};
use crate::session::{self, NewSession, SessionId, SessionPatch, SessionStatus, Sessions};
use crate::tool_event::{self, ToolEventPatch, ToolEvents, ToolStatus};
use chronicle::{BackendKind, ErrorKind, Filter, Result, Store};
use futures_util::future::join;
use sea_orm::prelude::DateTimeUtc;
use std::time::Duration;

/// How far apart equal payloads of a hook may come that are one.
const APART: Duration = Duration::from_secs(1);

/// Of how much of a second's end or beginning its neighbour may be recorded right now.
const AT_ONCE: u32 = 100_000_000;

/// Writes payloads to a store, each as its [records](super::Records).
///
/// ```
/// use chronicle_entity::hook::{Delivery, Occurrences, Recorder, Sender, Stream};
///
/// # async fn record(store: chronicle::Store, file: std::fs::File) -> Result<(), Box<dyn std::error::Error>> {
/// let mut recorder = Recorder::new(&store);
/// let mut seen = Occurrences::default();
/// for found in Stream::new(file, Sender::new()) {
///     let found = found?;
///     if let Ok(payload) = found.payload {
///         let nth = seen.nth(&payload, found.byte);
///         recorder.record(&payload, Delivery::nth(chronicle::now(), "payloads.jsonl", nth)).await?;
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Recorder {
    sessions: Sessions,
    events: Events,
    tool_events: ToolEvents,
    known_sessions: KnownSessions,
}

/// What recording a payload did.
///
/// ```
/// # use chronicle_entity::hook::{Delivery, Payload, Recorded, Recorder};
/// # async fn record(store: chronicle::Store, payload: Payload) -> chronicle::Result<()> {
/// # let mut recorder = Recorder::new(&store);
/// let delivery = Delivery::at(chronicle::now());
/// assert_eq!(recorder.record(&payload, delivery).await?, Recorded::New);
/// assert_eq!(recorder.record(&payload, delivery).await?, Recorded::Repeated);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is a new event.
    New,
    /// It had been recorded before, and nothing was changed.
    Repeated,
}

impl Recorder {
    /// A recorder that writes to `store`.
    ///
    /// ```
    /// # use chronicle_entity::hook::Recorder;
    /// # async fn record(store: chronicle::Store) -> chronicle::Result<()> {
    /// let recorder = Recorder::new(&store); // or of a `Sqlite`, a `Postgrest`, a `Failover`
    /// # Ok(()) }
    /// ```
    pub fn new(store: impl Into<Store>) -> Self {
        let store = store.into();
        Self {
            sessions: Sessions::new(&store),
            events: Events::new(&store),
            tool_events: ToolEvents::new(&store),
            known_sessions: KnownSessions::default(),
        }
    }

    /// Records a payload: its session where that is new, its tool call, and the event itself last,
    /// so that whatever was cut off half-way is made complete by the next delivery. A session that
    /// was deleted meanwhile is made again.
    ///
    /// ```
    /// # use chronicle_entity::hook::{Delivery, Payload, Recorder};
    /// # async fn record(store: chronicle::Store, payload: Payload) -> chronicle::Result<()> {
    /// # let mut recorder = Recorder::new(&store);
    /// let recorded = recorder.record(&payload, Delivery::at(chronicle::now())).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of the store. The payload may then be delivered again, with the same [`Delivery`].
    pub async fn record(&mut self, payload: &Payload, delivery: Delivery<'_>) -> Result<Recorded> {
        match self.write(payload.records(&delivery)).await {
            Err(error) if error.kind() == ErrorKind::ForeignKey => {
                self.known_sessions.forget(payload.session_id());
                self.write(payload.records(&delivery)).await
            }
            done => done,
        }
    }

    /// Records payloads in their order: on a SQLite file all of them in one transaction, which makes a
    /// thousand of them as fast as a few; elsewhere [one by one](Self::record). Other recorders must not
    /// write to the same sessions of the file meanwhile.
    ///
    /// ```
    /// # use chronicle_entity::hook::{Delivery, Payload, Recorder};
    /// # async fn record(store: chronicle::Store, payloads: Vec<Payload>) -> chronicle::Result<()> {
    /// let delivered: Vec<_> =
    ///     payloads.iter().map(|payload| (payload, Delivery::at(chronicle::now()))).collect();
    /// let recorded = Recorder::new(&store).record_all(&delivered).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of the store. They may then be delivered again.
    pub async fn record_all(
        &mut self,
        payloads: &[(&Payload, Delivery<'_>)],
    ) -> Result<Vec<Recorded>> {
        if self.sessions.store().kind() != BackendKind::Sqlite {
            let mut recorded = Vec::with_capacity(payloads.len());
            for (payload, delivery) in payloads {
                recorded.push(self.record(payload, *delivery).await?);
            }
            return Ok(recorded);
        }
        let records = || payloads.iter().map(|(payload, delivery)| payload.records(delivery));
        match Box::pin(batch::record(self, records().collect())).await {
            // Somebody else wrote in between, all the same.
            Err(error)
                if [ErrorKind::ForeignKey, ErrorKind::NotFound, ErrorKind::Unique]
                    .contains(&error.kind()) =>
            {
                Box::pin(batch::record(self, records().collect())).await
            }
            done => done,
        }
    }

    async fn write(&mut self, records: Records) -> Result<Recorded> {
        let time = records.time;
        if self.is_of_a_neighbour(&records).await? {
            return Ok(Recorded::Repeated);
        }
        if !self.known_sessions.contains(records.session_id) {
            // Read first: on a failover pair a write waits for the disk, even where it changes nothing.
            match self.sessions.get(records.session_id).await? {
                Some(row) => self.complete_session(&row, records.session).await?,
                None => _ = self.sessions.insert_if_absent(records.session).await?,
            }
            self.known_sessions.remember(records.session_id);
        }
        let call = match records.tool_call {
            Some(call) if call.is_of_one_kind => {
                let with = self.sessions_with_hooks_for_all_tools(&[records.session_id]).await?;
                Some(call).filter(|_| with.is_empty())
            }
            call => call,
        };
        let changes_more = records.session_change.is_some()
            || records.ended_calls.is_some()
            || !records.refused_calls.is_empty();
        let new = match call {
            // On a failover pair both share one commit, which waits for the disk. Whichever was cut off
            // is made by the next delivery.
            Some(call) if !changes_more => {
                let event = self.events.insert_if_absent(records.event);
                let (told, new) = join(self.record_tool_call(call, time), event).await;
                told?;
                new?
            }
            call => {
                if let Some(call) = call {
                    self.record_tool_call(call, time).await?;
                }
                if changes_more {
                    // A repeated delivery must not reopen or end the session again.
                    let by_key = Events::ID.eq(records.event_id);
                    if self.events.find().filter(by_key).exists().await? {
                        return Ok(Recorded::Repeated);
                    }
                }
                for call in records.refused_calls {
                    self.refuse_call(call).await?;
                }
                if let Some(which) = records.ended_calls {
                    self.end_calls(records.session_id, which, time).await?;
                }
                if let Some(change) = records.session_change {
                    self.change_session(records.session_id, change, time).await?;
                }
                self.events.insert_if_absent(records.event).await?
            }
        };
        if new && is_near_a_neighbour(chronicle::now()) && !records.neighbours.is_empty() {
            return self.one_of_neighbours(records.event_id, &records.neighbours).await;
        }
        Ok(if new { Recorded::New } else { Recorded::Repeated })
    }

    /// Whether an equal payload came a moment ago, in the second before.
    async fn is_of_a_neighbour(&self, records: &Records) -> Result<bool> {
        if records.neighbours.is_empty() {
            return Ok(false);
        }
        let apart = APART;
        let now = chronicle::now();
        let near = Events::CREATED_AT.between(now - apart, now + apart);
        let keys = Events::ID.is_in(records.neighbours.iter().copied());
        self.events.find().filter(keys.and(near)).exists().await
    }

    /// Two processes that recorded equal payloads at once, on both sides of a full second, may not have
    /// seen each other: the later event goes. Whoever sees both takes it away.
    async fn one_of_neighbours(&self, own: EventId, others: &[EventId]) -> Result<Recorded> {
        let keys = Events::ID.is_in(others.iter().copied().chain([own]));
        let mut both = self.events.find().filter(keys).all().await?;
        both.sort_by_key(|event| (event.created_at, event.id.to_string()));
        let [first, rest @ ..] = both.as_slice() else { return Ok(Recorded::New) };
        for event in rest {
            let gap = (event.created_at - first.created_at).to_std().unwrap_or_default();
            if gap < APART {
                self.events.delete(event.id).await?;
                if event.id == own {
                    return Ok(Recorded::Repeated);
                }
            }
        }
        Ok(Recorded::New)
    }

    /// Which of these sessions are told of calls by hooks for all tools. The one before a call is run, and
    /// waited for, before it begins.
    async fn sessions_with_hooks_for_all_tools(
        &self,
        among: &[SessionId],
    ) -> Result<Vec<SessionId>> {
        let mut with = Vec::new();
        for session in among {
            let is_one = Events::HOOK_NAME.is_in(FOR_ALL_TOOLS);
            let of_session = Events::SESSION_ID.eq(*session);
            if self.events.find().filter(of_session.and(is_one)).exists().await? {
                with.push(*session);
            }
        }
        Ok(with)
    }

    /// Adds what an earlier payload of the session did not tell.
    async fn complete_session(&self, row: &session::Model, told: NewSession) -> Result<()> {
        if let Some(patch) = what_is_new(row, &session::Model::from(told)) {
            self.sessions.update_where(Sessions::ID.eq(row.id), patch).await?;
        }
        Ok(())
    }

    async fn change_session(
        &self,
        id: SessionId,
        change: SessionChange,
        time: DateTimeUtc,
    ) -> Result<()> {
        let ended = Sessions::STATUS.eq(SessionStatus::Ended);
        let (which, patch) = match change {
            SessionChange::Started => {
                (ended, SessionPatch::new().status(SessionStatus::Active).clear_end_time())
            }
            SessionChange::Ended => {
                (!ended, SessionPatch::new().status(SessionStatus::Ended).end_time(time))
            }
        };
        self.sessions.update_where(Sessions::ID.eq(id).and(which), patch).await?;
        Ok(())
    }

    /// Whichever hook of a call comes first makes the row, and the other one completes it.
    async fn record_tool_call(&self, call: ToolCall, time: DateTimeUtc) -> Result<()> {
        let Some((status, result)) = call.outcome else {
            if self.tool_events.insert_if_absent(call.row).await? {
                return Ok(());
            }
            return match self.tool_events.get(call.id).await? {
                Some(row) => self.begin_late(&row, time).await,
                // Somebody deleted it in between.
                None => Ok(()),
            };
        };
        let begun = match self.tool_events.get(call.id).await? {
            Some(begun) => begun,
            None if self.tool_events.insert_if_absent(call.row).await? => return Ok(()),
            // The other hook's process wrote the row in between.
            None => match self.tool_events.get(call.id).await? {
                Some(begun) => begun,
                // And somebody deleted it since.
                None => return Ok(()),
            },
        };
        let patch = ToolEventPatch::new()
            .status(status)
            .result(result)
            .execution_time(call.duration.unwrap_or_else(|| milliseconds(begun.timestamp, time)));
        self.tool_events.update_where(ToolEvents::ID.eq(call.id).and(is_open()), patch).await?;
        Ok(())
    }

    /// Completes a row that the call's second hook made, so far without the time at which it began.
    async fn begin_late(&self, row: &tool_event::Model, time: DateTimeUtc) -> Result<()> {
        if row.status == ToolStatus::Running || row.execution_time.is_some() {
            return Ok(());
        }
        let patch = ToolEventPatch::new()
            .timestamp(time.min(row.timestamp))
            .execution_time(milliseconds(time, row.timestamp));
        // Only once: a repeated delivery finds the execution time set.
        let without = ToolEvents::EXECUTION_TIME.is_null();
        self.tool_events.update_where(ToolEvents::ID.eq(row.id).and(without), patch).await?;
        Ok(())
    }

    async fn refuse_call(&self, call: RefusedCall) -> Result<()> {
        let running = ToolEvents::STATUS.eq(ToolStatus::Running);
        let patch = ToolEventPatch::new().status(ToolStatus::Refused).result(call.answer);
        self.tool_events.update_where(ToolEvents::ID.eq(call.id).and(running), patch).await?;
        Ok(())
    }

    /// Calls that still run when the agent has gone on: they were interrupted.
    async fn end_calls(
        &self,
        session: SessionId,
        which: EndedCalls,
        time: DateTimeUtc,
    ) -> Result<()> {
        let mut running = ToolEvents::SESSION_ID
            .eq(session)
            .and(ToolEvents::STATUS.eq(ToolStatus::Running))
            .and(ToolEvents::TIMESTAMP.le(time));
        match which {
            EndedCalls::OfMain => running = running.and(ToolEvents::AGENT_ID.is_null()),
            EndedCalls::OfSubagent(id) => running = running.and(ToolEvents::AGENT_ID.eq(id)),
            EndedCalls::All => {}
        }
        let patch = ToolEventPatch::new().status(ToolStatus::Interrupted);
        self.tool_events.update_where(running, patch).await?;
        Ok(())
    }
}

/// The calls that have not told how they ended. One that was only taken for interrupted may still do so.
fn is_open() -> Filter<tool_event::Model> {
    let interrupted = ToolEvents::STATUS.eq(ToolStatus::Interrupted);
    ToolEvents::STATUS.eq(ToolStatus::Running).or(interrupted.and(ToolEvents::RESULT.is_null()))
}

/// Whether an equal payload may be recorded at this time that is one of the second before or after.
fn is_near_a_neighbour(time: DateTimeUtc) -> bool {
    let part = chrono::Timelike::nanosecond(&time);
    !(AT_ONCE..1_000_000_000 - AT_ONCE).contains(&part)
}

/// What the row lacks and is told now.
fn what_is_new(row: &session::Model, told: &session::Model) -> Option<SessionPatch> {
    let lacks = |own: &Option<String>, told: &Option<String>| match (own, told) {
        (None, Some(told)) => Some(told.clone()),
        _ => None,
    };
    let mut changed = SessionPatch::new();
    let mut is_changed = false;
    if let Some(agent) = lacks(&row.agent, &told.agent) {
        (changed, is_changed) = (changed.agent(agent), true);
    }
    if let Some(host) = lacks(&row.host, &told.host) {
        (changed, is_changed) = (changed.host(host), true);
    }
    if let Some(path) = lacks(&row.transcript_path, &told.transcript_path) {
        (changed, is_changed) = (changed.transcript_path(path), true);
    }
    if let Some(path) = lacks(&row.project_path, &told.project_path) {
        (changed, is_changed) = (changed.project_path(path), true);
    }
    is_changed.then_some(changed)
}

fn milliseconds(begin: DateTimeUtc, end: DateTimeUtc) -> f64 {
    let microseconds = (end - begin).num_microseconds().unwrap_or(i64::MAX);
    microseconds.max(0) as f64 / 1_000.0
}
