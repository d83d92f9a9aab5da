//! [`Recorder`]: writes the records of payloads to a store.

use super::known_sessions::KnownSessions;
use super::{Delivery, Payload, Records, SessionChange, ToolCall};
use crate::event::Events;
use crate::session::{SessionId, SessionPatch, SessionStatus, Sessions};
use crate::tool_event::{self, ToolEventPatch, ToolEvents, ToolStatus};
use chronicle::{ErrorKind, Result, Store};
use sea_orm::prelude::DateTimeUtc;

/// Writes payloads to a store, each as its [records](super::Records).
///
/// ```
/// # use chronicle_entity::hook::{Delivery, Recorded, Recorder, lines};
/// # async fn record(store: chronicle::Store, file: &[u8]) -> chronicle::Result<()> {
/// let mut recorder = Recorder::new(&store);
/// for line in lines(file) {
///     if let Ok(payload) = line.payload {
///         recorder.record(&payload, Delivery::nth(chronicle::now(), "payloads.jsonl", line.nth)).await?;
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
/// # use chronicle_entity::hook::{Delivery, Recorded, Recorder, lines};
/// # async fn record(store: chronicle::Store, file: &[u8]) -> chronicle::Result<()> {
/// # let (mut recorder, payload) = (Recorder::new(&store), lines(file).remove(0).payload.unwrap());
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
    /// # use chronicle_entity::hook::{Delivery, Recorded, Recorder, lines};
    /// # async fn record(store: chronicle::Store, file: &[u8]) -> chronicle::Result<()> {
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
    /// # use chronicle_entity::hook::{Delivery, Recorded, Recorder, lines};
    /// # async fn record(store: chronicle::Store, file: &[u8]) -> chronicle::Result<()> {
    /// # let (mut recorder, payload) = (Recorder::new(&store), lines(file).remove(0).payload.unwrap());
    /// let recorded = recorder.record(&payload, Delivery::at(chronicle::now())).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of the store. The payload may then be delivered again, with the same [`Delivery`].
    pub async fn record(&mut self, payload: &Payload, delivery: Delivery<'_>) -> Result<Recorded> {
        match self.write(payload.records(&delivery), delivery.time()).await {
            Err(error) if error.kind() == ErrorKind::ForeignKey => {
                self.known_sessions.forget(payload.session_id());
                self.write(payload.records(&delivery), delivery.time()).await
            }
            done => done,
        }
    }

    async fn write(&mut self, records: Records, time: DateTimeUtc) -> Result<Recorded> {
        if !self.known_sessions.contains(records.session_id) {
            self.sessions.insert_if_absent(records.session).await?;
            self.known_sessions.remember(records.session_id);
        }
        if let Some(call) = records.tool_call {
            self.record_tool_call(call, time).await?;
        }
        if let Some(change) = records.session_change {
            // A repeated delivery must not reopen or end the session again.
            let by_key = Events::ID.eq(records.event_id);
            if self.events.find().filter(by_key).exists().await? {
                return Ok(Recorded::Repeated);
            }
            self.change_session(records.session_id, change, time).await?;
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
            .execution_time(milliseconds(begun.timestamp, time));
        let running = ToolEvents::STATUS.eq(ToolStatus::Running);
        self.tool_events.update_where(ToolEvents::ID.eq(call.id).and(running), patch).await?;
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
}

fn milliseconds(begin: DateTimeUtc, end: DateTimeUtc) -> f64 {
    let microseconds = (end - begin).num_microseconds().unwrap_or(i64::MAX);
    microseconds.max(0) as f64 / 1_000.0
}
