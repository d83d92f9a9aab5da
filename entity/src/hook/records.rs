//! [`Records`]: what one payload is to be written as.

use super::{Delivery, Payload};
use crate::event::{EventId, EventType, NewEvent};
use crate::session::{NewSession, SessionId, SessionStatus};
use crate::tool_event::{NewToolEvent, ToolEventId, ToolStatus};
use sea_orm::JsonValue;
use uuid::Uuid;

/// The records that one payload becomes.
///
/// ```
/// # use chronicle_entity::hook::Payload;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let payload = Payload::from_json(serde_json::json!({
/// #     "session_id": "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11",
/// #     "hook_event_name": "Stop",
/// #     "stop_hook_active": true,
/// #     "cwd": "/home/dev/shop",
/// # }))?;
/// let records = payload.records(&chronicle_entity::hook::Delivery::at(chronicle::now()));
/// assert_eq!(records.session_id, payload.session_id());
/// assert!(records.tool_call.is_none());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Records {
    /// The session's key.
    pub session_id: SessionId,
    /// The event's key.
    pub event_id: EventId,
    /// The session, to be written where it is not there yet.
    pub session: NewSession,
    /// What the payload changes in a session that is there.
    pub session_change: Option<SessionChange>,
    /// The event.
    pub event: NewEvent,
    /// The tool call that it tells of.
    pub tool_call: Option<ToolCall>,
}

/// What a payload changes in its session.
///
/// ```
/// # use chronicle_entity::hook::Payload;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let payload = Payload::from_json(serde_json::json!({
/// #     "session_id": "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11",
/// #     "hook_event_name": "Stop",
/// #     "stop_hook_active": true,
/// #     "cwd": "/home/dev/shop",
/// # }))?;
/// let records = payload.records(&chronicle_entity::hook::Delivery::at(chronicle::now()));
/// assert_eq!(records.session_change, None, "a `Stop` ends an answer, not the session");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionChange {
    /// The session starts, or goes on after it had ended.
    Started,
    /// The session has ended.
    Ended,
}

/// What a payload tells of a tool call: that it begins, or how it ended.
///
/// ```
/// # use chronicle_entity::hook::Payload;
/// use chronicle_entity::ToolStatus;
/// use chronicle_entity::hook::Delivery;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let payload = Payload::from_json(serde_json::json!({
/// #     "session_id": "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11",
/// #     "hook_event_name": "PostToolUse",
/// #     "tool_use_id": "1",
/// #     "tool_response": { "stdout": "" },
/// # }))?;
/// let call = payload.records(&Delivery::at(chronicle::now())).tool_call.unwrap();
/// assert_eq!(call.outcome, Some((ToolStatus::Success, serde_json::json!({ "stdout": "" }))));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct ToolCall {
    /// The tool event's key, the same from both hooks of the call.
    pub id: ToolEventId,
    /// The tool event as this payload alone tells it.
    pub row: NewToolEvent,
    /// How the call ended; `None` when it begins.
    pub outcome: Option<(ToolStatus, JsonValue)>,
}

impl Payload {
    /// The records that this payload becomes when it is delivered so.
    ///
    /// ```
    /// # use chronicle_entity::hook::Payload;
    /// use chronicle_entity::hook::Delivery;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let payload = Payload::from_json(serde_json::json!({
    /// #     "session_id": "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11",
    /// #     "hook_event_name": "Stop",
    /// #     "stop_hook_active": true,
    /// #     "cwd": "/home/dev/shop",
    /// # }))?;
    /// let delivery = Delivery::at(chronicle::now());
    /// let again = payload.records(&delivery);
    /// assert_eq!(payload.records(&delivery).event_id, again.event_id);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn records(&self, delivery: &Delivery) -> Records {
        let time = delivery.time();
        let session_id = self.session_id();
        let event_id = self.event_id(delivery);
        let ended = self.hook_name() == "SessionEnd";
        let status = if ended { SessionStatus::Ended } else { SessionStatus::Active };
        let mut session = NewSession::new(status).id(session_id).start_time(time);
        if let Some(folder) = self.text("cwd") {
            session = session.project_path(folder);
        }
        if ended {
            session = session.end_time(time);
        }
        Records {
            session_id,
            event_id,
            session,
            session_change: match self.hook_name() {
                "SessionStart" => Some(SessionChange::Started),
                "SessionEnd" => Some(SessionChange::Ended),
                _ => None,
            },
            event: NewEvent::new(session_id, event_type(self.hook_name()), time)
                .id(event_id)
                .hook_name(self.hook_name())
                .data(self.to_json()),
            tool_call: self.tool_call(event_id, delivery),
        }
    }

    /// A name-based UUID (version 5, RFC 9562), so that a repeated delivery has the same key.
    fn event_id(&self, delivery: &Delivery) -> EventId {
        let name = match self.text("tool_use_id") {
            Some(call) => format!("event {} {call}", self.hook_name()),
            None => format!("event {} {}", delivery.distinction(), self.to_json()),
        };
        Uuid::new_v5(&self.session_id().into(), name.as_bytes()).into()
    }

    fn tool_call(&self, event_id: EventId, delivery: &Delivery) -> Option<ToolCall> {
        let outcome = match self.hook_name() {
            "PreToolUse" => None,
            "PostToolUse" => {
                let response = self.member("tool_response").cloned().unwrap_or_default();
                let interrupted = response.get("interrupted") == Some(&JsonValue::Bool(true));
                let status =
                    if interrupted { ToolStatus::Interrupted } else { ToolStatus::Success };
                Some((status, response))
            }
            "PostToolUseFailure" => {
                let interrupted = self.member("is_interrupt") == Some(&JsonValue::Bool(true));
                let status = if interrupted { ToolStatus::Interrupted } else { ToolStatus::Error };
                Some((status, self.member("error").cloned().unwrap_or_default()))
            }
            _ => return None,
        };
        let id: ToolEventId = match self.text("tool_use_id") {
            Some(call) => {
                Uuid::new_v5(&self.session_id().into(), format!("tool {call}").as_bytes()).into()
            }
            // Without an id the two hooks of a call cannot be joined: the later one stands alone.
            None if outcome.is_some() => Uuid::from(event_id).into(),
            None => return None,
        };
        let status = outcome.as_ref().map_or(ToolStatus::Running, |(status, _)| status.clone());
        let tool_name = self.text("tool_name").unwrap_or_default();
        let mut row =
            NewToolEvent::new(self.session_id(), tool_name, status, delivery.time()).id(id);
        if let Some(parameters) = self.member("tool_input") {
            row = row.parameters(parameters.clone());
        }
        if let Some((_, result)) = &outcome {
            row = row.result(result.clone());
        }
        Some(ToolCall { id, row, outcome })
    }
}

/// The kind of event that a hook reports. A hook that is not known is a kind of its own.
fn event_type(hook_name: &str) -> EventType {
    match hook_name {
        "SessionStart" => EventType::SessionStart,
        "SessionEnd" => EventType::SessionEnd,
        "UserPromptSubmit" => EventType::UserPrompt,
        "PreToolUse" | "PostToolUse" | "PostToolUseFailure" => EventType::ToolUse,
        "Notification" => EventType::Notification,
        "Stop" => EventType::Stop,
        "SubagentStop" => EventType::SubagentStop,
        "PreCompact" => EventType::PreCompact,
        other => EventType::Other(other.to_owned()),
    }
}
