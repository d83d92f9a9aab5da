//! Many payloads at once: what they need is read, what they change is reckoned here, and all of it is
//! written in one transaction.

use super::{APART, Recorded, Recorder, milliseconds, what_is_new};
use crate::event::{EventId, Events};
use crate::hook::{EndedCalls, Records, RefusedCall, SessionChange, ToolCall};
use crate::session::{self, SessionId, SessionPatch, SessionStatus, Sessions};
use crate::tool_event::{self, ToolEventId, ToolEventPatch, ToolEvents, ToolStatus};
use chronicle::{Result, Selected, Transaction};
use sea_orm::prelude::DateTimeUtc;
use std::collections::{HashMap, HashSet};

#[derive(Selected)]
#[repository(of = "Events")]
struct Stored {
    id: EventId,
    created_at: DateTimeUtc,
}

/// A row as it is to be.
struct Row<M> {
    row: M,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Stored,
    Changed,
}

impl<M> Row<M> {
    fn change(&mut self, change: impl FnOnce(&mut M)) {
        change(&mut self.row);
        if self.state == State::Stored {
            self.state = State::Changed;
        }
    }
}

/// What the payloads change, in the order in which they come.
#[derive(Default)]
struct Batch {
    /// When those that are stored, or come before in the batch, were stored.
    events: HashMap<EventId, DateTimeUtc>,
    sessions: HashMap<SessionId, Row<session::Model>>,
    calls: HashMap<ToolEventId, Row<tool_event::Model>>,
    /// Those that are told of calls by hooks for all tools.
    with_hooks_for_all_tools: HashSet<SessionId>,
}

pub(super) async fn record(recorder: &mut Recorder, all: Vec<Records>) -> Result<Vec<Recorded>> {
    let mut batch = read(recorder, &all).await?;
    let mut recorded = Vec::with_capacity(all.len());
    let (mut events, mut sessions) = (Vec::new(), Vec::new());
    let now = chronicle::now();
    for records in all {
        if batch.has(&records, now) {
            recorded.push(Recorded::Repeated);
            continue;
        }
        recorded.push(Recorded::New);
        batch.events.insert(records.event_id, now);
        sessions.push(records.session_id);
        events.push(batch.take(records));
    }
    if events.is_empty() {
        return Ok(recorded);
    }
    let written = recorder.sessions.store().transaction(|writes| {
        batch.write(writes)?;
        for event in events {
            writes.of::<Events>().insert_if_absent(event)?;
        }
        Ok(())
    });
    written.await?;
    for session in sessions {
        recorder.known_sessions.remember(session);
    }
    Ok(recorded)
}

/// What is stored of all that the payloads may change.
async fn read(recorder: &Recorder, all: &[Records]) -> Result<Batch> {
    let mut batch = Batch::default();
    let events =
        all.iter().flat_map(|records| records.neighbours.iter().copied().chain([records.event_id]));
    let keys = Events::ID.is_in(events);
    for event in recorder.events.find().filter(keys).select::<Stored>().all().await? {
        batch.events.insert(event.id, event.created_at);
    }
    let sessions = Sessions::ID.is_in(all.iter().map(|records| records.session_id));
    for row in recorder.sessions.find().filter(sessions).all().await? {
        batch.sessions.insert(row.id, Row { row, state: State::Stored });
    }
    let called = all.iter().filter_map(|records| Some(records.tool_call.as_ref()?.id));
    let refused = all.iter().flat_map(|records| &records.refused_calls).map(|call| call.id);
    let calls: Vec<ToolEventId> = called.chain(refused).collect();
    if !calls.is_empty() {
        let rows = recorder.tool_events.find().filter(ToolEvents::ID.is_in(calls)).all();
        batch.know(rows.await?);
    }
    let of_one_kind = all
        .iter()
        .filter(|records| records.tool_call.as_ref().is_some_and(|call| call.is_of_one_kind));
    let sessions: HashSet<SessionId> = of_one_kind.map(|records| records.session_id).collect();
    let sessions: Vec<SessionId> = sessions.into_iter().collect();
    let with = recorder.sessions_with_hooks_for_all_tools(&sessions).await?;
    batch.with_hooks_for_all_tools.extend(with);
    let ended = all.iter().filter(|records| records.ended_calls.is_some());
    let ended: Vec<SessionId> = ended.map(|records| records.session_id).collect();
    if !ended.is_empty() {
        let running =
            ToolEvents::SESSION_ID.is_in(ended).and(ToolEvents::STATUS.eq(ToolStatus::Running));
        batch.know(recorder.tool_events.find().filter(running).all().await?);
    }
    Ok(batch)
}

impl Batch {
    fn know(&mut self, calls: Vec<tool_event::Model>) {
        let rows = calls.into_iter().map(|row| (row.id, Row { row, state: State::Stored }));
        self.calls.extend(rows);
    }

    fn has(&self, records: &Records, now: DateTimeUtc) -> bool {
        let is_near = |key| {
            let Some(time) = self.events.get(key) else { return false };
            (now - *time).abs().to_std().unwrap_or_default() <= APART
        };
        self.events.contains_key(&records.event_id) || records.neighbours.iter().any(is_near)
    }

    /// Takes in what a payload tells; its event is left.
    fn take(&mut self, records: Records) -> crate::NewEvent {
        let time = records.time;
        let told = session::Model::from(records.session);
        let session = self
            .sessions
            .entry(records.session_id)
            .or_insert_with(|| Row { row: told.clone(), state: State::New });
        if what_is_new(&session.row, &told).is_some() {
            session.change(|row| {
                row.agent = row.agent.take().or(told.agent);
                row.host = row.host.take().or(told.host);
                row.transcript_path = row.transcript_path.take().or(told.transcript_path);
                row.project_path = row.project_path.take().or(told.project_path);
            });
        }
        match records.session_change {
            Some(SessionChange::Started) if session.row.status == SessionStatus::Ended => {
                session.change(|row| {
                    row.status = SessionStatus::Active;
                    row.end_time = None;
                });
            }
            Some(SessionChange::Ended) if session.row.status != SessionStatus::Ended => {
                session.change(|row| {
                    row.status = SessionStatus::Ended;
                    row.end_time = Some(time);
                });
            }
            _ => {}
        }
        if let Some(call) = records.tool_call {
            if !call.is_of_one_kind {
                self.with_hooks_for_all_tools.insert(records.session_id);
                self.take_call(call, time);
            } else if !self.with_hooks_for_all_tools.contains(&records.session_id) {
                self.take_call(call, time);
            }
        }
        for call in records.refused_calls {
            self.refuse(call);
        }
        if let Some(which) = records.ended_calls {
            self.end(records.session_id, &which, time);
        }
        records.event
    }

    /// Whichever hook of a call comes first makes the row, and the other one completes it.
    fn take_call(&mut self, call: ToolCall, time: DateTimeUtc) {
        let Some(known) = self.calls.get_mut(&call.id) else {
            let row = Row { row: call.row.into(), state: State::New };
            self.calls.insert(call.id, row);
            return;
        };
        match call.outcome {
            None => {
                let is_late = known.row.status != ToolStatus::Running;
                if is_late && known.row.execution_time.is_none() {
                    known.change(|row| {
                        row.execution_time = Some(milliseconds(time, row.timestamp));
                        row.timestamp = time.min(row.timestamp);
                    });
                }
            }
            Some((status, result)) if is_open(&known.row) => known.change(|row| {
                let reckoned = || milliseconds(row.timestamp, time);
                row.execution_time = Some(call.duration.unwrap_or_else(reckoned));
                row.status = status;
                row.result = Some(result);
            }),
            Some(_) => {}
        }
    }

    fn refuse(&mut self, call: RefusedCall) {
        if let Some(known) = self.calls.get_mut(&call.id)
            && known.row.status == ToolStatus::Running
        {
            known.change(|row| {
                row.status = ToolStatus::Refused;
                row.result = Some(call.answer);
            });
        }
    }

    fn end(&mut self, session: SessionId, which: &EndedCalls, time: DateTimeUtc) {
        for known in self.calls.values_mut() {
            let row = &known.row;
            let is_theirs = match which {
                EndedCalls::OfMain => row.agent_id.is_none(),
                EndedCalls::OfSubagent(id) => row.agent_id.as_ref() == Some(id),
                EndedCalls::All => true,
            };
            let is_running = row.status == ToolStatus::Running && row.timestamp <= time;
            if row.session_id == session && is_theirs && is_running {
                known.change(|row| row.status = ToolStatus::Interrupted);
            }
        }
    }

    /// Parents go first.
    fn write(self, writes: &mut Transaction) -> Result<()> {
        for (id, Row { row, state }) in self.sessions {
            match state {
                State::Stored => {}
                State::New => _ = writes.of::<Sessions>().insert_if_absent(row)?,
                State::Changed => writes.of::<Sessions>().update(id, session_patch(row))?,
            }
        }
        for (id, Row { row, state }) in self.calls {
            match state {
                State::Stored => {}
                State::New => _ = writes.of::<ToolEvents>().insert_if_absent(row)?,
                State::Changed => writes.of::<ToolEvents>().update(id, call_patch(row))?,
            }
        }
        Ok(())
    }
}

fn is_open(row: &tool_event::Model) -> bool {
    row.status == ToolStatus::Running
        || (row.status == ToolStatus::Interrupted && row.result.is_none())
}

fn session_patch(row: session::Model) -> SessionPatch {
    let mut patch = SessionPatch::new().status(row.status);
    patch = match row.end_time {
        Some(time) => patch.end_time(time),
        None => patch.clear_end_time(),
    };
    if let Some(agent) = row.agent {
        patch = patch.agent(agent);
    }
    if let Some(host) = row.host {
        patch = patch.host(host);
    }
    if let Some(path) = row.transcript_path {
        patch = patch.transcript_path(path);
    }
    if let Some(path) = row.project_path {
        patch = patch.project_path(path);
    }
    patch
}

fn call_patch(row: tool_event::Model) -> ToolEventPatch {
    let mut patch = ToolEventPatch::new().status(row.status).timestamp(row.timestamp);
    if let Some(result) = row.result {
        patch = patch.result(result);
    }
    if let Some(time) = row.execution_time {
        patch = patch.execution_time(time);
    }
    patch
}
