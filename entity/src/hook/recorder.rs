//! [`Recorder`]: writes the records of payloads to a store.

use super::{Delivery, Payload, SessionChange, ToolCall};
use crate::event::Events;
use crate::session::{SessionId, SessionPatch, SessionStatus, Sessions};
use crate::tool_event::{ToolEventPatch, ToolEvents, ToolStatus};
use chronicle::{Result, Store};
use sea_orm::prelude::DateTimeUtc;
use std::collections::HashSet;

/// Writes payloads to a store, each as its [records](super::Records).
#[derive(Clone, Debug)]
pub struct Recorder {
    sessions: Sessions,
    events: Events,
    tool_events: ToolEvents,
    known_sessions: HashSet<SessionId>,
}

/// What recording a payload did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is a new event.
    New,
    /// It had been recorded before, and nothing was changed.
    Repeated,
}

impl Recorder {
    /// A recorder that writes to `store`.
    pub fn new(store: impl Into<Store>) -> Self {
        let store = store.into();
        Self {
            sessions: Sessions::new(&store),
            events: Events::new(&store),
            tool_events: ToolEvents::new(&store),
            known_sessions: HashSet::new(),
        }
    }

    /// Records a payload: its session where that is new, its tool call, and the event itself last,
    /// so that whatever was cut off half-way is made complete by the next delivery.
    ///
    /// # Errors
    /// Those of the store. The payload may then be delivered again, with the same [`Delivery`].
    pub async fn record(&mut self, payload: &Payload, delivery: Delivery) -> Result<Recorded> {
        let records = payload.records(&delivery);
        if !self.known_sessions.contains(&records.session_id) {
            self.sessions.insert_if_absent(records.session).await?;
            self.known_sessions.insert(records.session_id);
        }
        if let Some(call) = records.tool_call {
            self.record_tool_call(call, delivery.time()).await?;
        }
        if let Some(change) = records.session_change {
            // A repeated delivery must not reopen or end the session again.
            let by_key = Events::ID.eq(records.event_id);
            if self.events.find().filter(by_key).exists().await? {
                return Ok(Recorded::Repeated);
            }
            self.change_session(records.session_id, change, delivery.time()).await?;
        }
        let new = self.events.insert_if_absent(records.event).await?;
        Ok(if new { Recorded::New } else { Recorded::Repeated })
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

    /// The first hook of a call makes the row and the second one completes it, in whichever order
    /// they come: only a call that still runs is changed.
    async fn record_tool_call(&self, call: ToolCall, time: DateTimeUtc) -> Result<()> {
        let Some((status, result)) = call.outcome else {
            self.tool_events.insert_if_absent(call.row).await?;
            return Ok(());
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
        let microseconds = (time - begun.timestamp).num_microseconds().unwrap_or(i64::MAX);
        let milliseconds = microseconds.max(0) as f64 / 1_000.0;
        let patch =
            ToolEventPatch::new().status(status).result(result).execution_time(milliseconds);
        let running = ToolEvents::STATUS.eq(ToolStatus::Running);
        self.tool_events.update_where(ToolEvents::ID.eq(call.id).and(running), patch).await?;
        Ok(())
    }
}
