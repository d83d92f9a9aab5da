//! [`Records`]: what one payload is to be written as.

use super::shape::{self, Hook};
use super::{Delivery, Payload};
use crate::event::{EventId, EventType, NewEvent};
use crate::session::{NewSession, SessionId, SessionStatus};
use crate::tool_event::{NewToolEvent, ToolEventId, ToolStatus};
use sea_orm::JsonValue;
use sea_orm::prelude::DateTimeUtc;
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
    /// When it happened: as the payload says, else when it was delivered.
    pub time: DateTimeUtc,
    /// The keys that an equal payload would have got that came a moment earlier or later, and that is
    /// the same one ([`Delivery::of_hook`]).
    pub neighbours: Vec<EventId>,
    /// Calls that it tells to have been refused, if they still run.
    pub refused_calls: Vec<RefusedCall>,
    /// Calls that are over with it, if they still run.
    pub ended_calls: Option<EndedCalls>,
}

/// A call that was not allowed to run.
///
/// ```
/// use chronicle_entity::hook::{Delivery, Payload};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let payload = Payload::from_json(serde_json::json!({
///     "session_id": "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11",
///     "hook_event_name": "PostToolBatch",
///     "tool_calls": [{ "tool_use_id": "1", "tool_response": "not now" }],
/// }))?;
/// let records = payload.records(&Delivery::at(chronicle::now()));
/// assert_eq!(records.refused_calls[0].answer, "not now");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedCall {
    /// The tool event's key.
    pub id: ToolEventId,
    /// What the agent was told instead.
    pub answer: JsonValue,
}

/// Whose calls are over.
///
/// ```
/// use chronicle_entity::hook::{Delivery, EndedCalls, Payload};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let stop: Payload = r#"{"session_id": "a", "hook_event_name": "Stop"}"#.parse()?;
/// assert_eq!(stop.records(&Delivery::at(chronicle::now())).ended_calls, Some(EndedCalls::OfMain));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndedCalls {
    /// Those of the main agent.
    OfMain,
    /// Those of this subagent.
    OfSubagent(String),
    /// All of the session.
    All,
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
    /// How long it took, in milliseconds, where the agent says it.
    pub duration: Option<f64>,
    /// Whether it is told by a hook for one kind of tool, which an agent may run beside its hooks for all
    /// tools. Where a session has those, the call is known by them, and is not counted again.
    pub is_of_one_kind: bool,
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
        let time = self.time().unwrap_or_else(|| delivery.time());
        let session_id = self.session_id();
        let event_id = self.event_id(&delivery.distinction());
        let neighbours = match self.tool_use_id() {
            Some(_) => Vec::new(),
            None => delivery.neighbours().iter().map(|other| self.event_id(other)).collect(),
        };
        let mut event = NewEvent::new(session_id, self.event_type(), time)
            .id(event_id)
            .hook_name(self.hook_name())
            .data(self.to_json());
        if let Some(subagent) = self.subagent() {
            event = event.agent_id(subagent);
        }
        Records {
            session_id,
            event_id,
            session: self.session(time),
            session_change: match self.hook {
                Hook::SessionStart => Some(SessionChange::Started),
                Hook::SessionEnd => Some(SessionChange::Ended),
                _ => None,
            },
            event,
            tool_call: self.tool_call(event_id, time),
            time,
            neighbours,
            refused_calls: self.refused_calls(),
            ended_calls: self.ended_calls(),
        }
    }

    fn session(&self, time: DateTimeUtc) -> NewSession {
        let ended = self.hook == Hook::SessionEnd;
        let status = if ended { SessionStatus::Ended } else { SessionStatus::Active };
        let mut session = NewSession::new(status).id(self.session_id()).start_time(time);
        if let Some(folder) = shape::folder(&self.members) {
            session = session.project_path(folder);
        }
        if let Some(agent) = self.agent() {
            session = session.agent(agent);
        }
        if let Some(host) = &self.host {
            session = session.host(host);
        }
        if let Some(transcript) = shape::text(&self.members, shape::TRANSCRIPT) {
            session = session.transcript_path(transcript);
        }
        if ended {
            session = session.end_time(time);
        }
        session
    }

    fn subagent(&self) -> Option<&str> {
        shape::text(&self.members, shape::SUBAGENT)
    }

    /// The agent's id of the call that it is of.
    fn tool_use_id(&self) -> Option<&str> {
        shape::text(&self.members, shape::TOOL_USE_ID)
    }

    pub(super) fn has_call_id(&self) -> bool {
        self.tool_use_id().is_some()
    }

    /// A name-based UUID (version 5, RFC 9562), so that a repeated delivery has the same key.
    fn event_id(&self, distinction: &str) -> EventId {
        let name = match self.tool_use_id() {
            Some(call) => format!("event {} {call}", self.hook_name()),
            None if shape::text(&self.members, shape::HOOK).is_some() => {
                format!("event {distinction} {}", self.to_json())
            }
            // Two hooks may be given the same but for their names.
            None => format!("event {distinction} {} {}", self.hook_name(), self.to_json()),
        };
        Uuid::new_v5(&self.session_id().into(), name.as_bytes()).into()
    }

    fn tool_event_id(&self, call: &str) -> ToolEventId {
        Uuid::new_v5(&self.session_id().into(), format!("tool {call}").as_bytes()).into()
    }

    fn tool_call(&self, event_id: EventId, time: DateTimeUtc) -> Option<ToolCall> {
        let outcome = match self.hook {
            Hook::BeforeTool => None,
            Hook::AfterTool => {
                let response = shape::member(&self.members, shape::TOOL_RESPONSE);
                let response = response.cloned().unwrap_or_default();
                Some((status_of(&response), response))
            }
            Hook::ToolFailed => {
                let interrupted =
                    shape::member(&self.members, shape::INTERRUPT) == Some(&JsonValue::Bool(true));
                let status = if interrupted { ToolStatus::Interrupted } else { ToolStatus::Error };
                let error = shape::member(&self.members, shape::ERROR).cloned();
                Some((status, error.unwrap_or_default()))
            }
            Hook::ToolDenied => {
                let reason = shape::member(&self.members, shape::REASON).cloned();
                Some((ToolStatus::Refused, reason.unwrap_or_default()))
            }
            _ => return None,
        };
        let id = match self.tool_use_id() {
            Some(call) => self.tool_event_id(call),
            // Without an id the two hooks of a call cannot be joined: the later one stands alone.
            None if outcome.is_some() => Uuid::from(event_id).into(),
            None => return None,
        };
        let status = outcome.as_ref().map_or(ToolStatus::Running, |(status, _)| status.clone());
        let duration = shape::member(&self.members, shape::DURATION)
            .and_then(JsonValue::as_f64)
            .filter(|time| *time >= 0.0 && outcome.is_some());
        let mut row = NewToolEvent::new(self.session_id(), self.tool_name(), status, time).id(id);
        if let Some(parameters) = self.parameters() {
            row = row.parameters(parameters);
        }
        if let Some((_, result)) = &outcome {
            row = row.result(result.clone());
        }
        if let Some(duration) = duration {
            row = row.execution_time(duration);
        }
        if let Some(subagent) = self.subagent() {
            row = row.agent_id(subagent);
        }
        let is_of_one_kind = self.tool_use_id().is_none() && Hook::is_of_one_kind(self.hook_name());
        Some(ToolCall { id, row, outcome, duration, is_of_one_kind })
    }

    fn tool_name(&self) -> &str {
        shape::text(&self.members, shape::TOOL_NAME)
            .or_else(|| Hook::own_tool(self.hook_name()))
            .unwrap_or_default()
    }

    fn parameters(&self) -> Option<JsonValue> {
        if let Some(input) = shape::member(&self.members, shape::TOOL_INPUT) {
            // Copilot's are JSON inside a text.
            let document = input.as_str().filter(|text| text.starts_with('{'));
            let parsed = document.and_then(|text| serde_json::from_str(text).ok());
            return Some(parsed.unwrap_or_else(|| input.clone()));
        }
        Hook::own_tool(self.hook_name())?;
        let own = ["command", "cwd", "file_path", "edits"].into_iter();
        let own = own.filter_map(|name| Some((name.to_owned(), self.member(name)?.clone())));
        Some(JsonValue::Object(own.collect()))
    }

    /// The calls of a batch that were answered without having run. Those that have run were told before,
    /// by hooks of their own, and do not run any more.
    fn refused_calls(&self) -> Vec<RefusedCall> {
        if self.hook != Hook::ToolBatch {
            return Vec::new();
        }
        let calls = shape::member(&self.members, &["tool_calls", "toolCalls", "tool_results"]);
        let calls = calls.and_then(JsonValue::as_array).into_iter().flatten();
        calls
            .filter_map(JsonValue::as_object)
            .filter_map(|call| {
                let id = self.tool_event_id(shape::text(call, shape::TOOL_USE_ID)?);
                let answer = shape::member(call, shape::TOOL_RESPONSE)
                    .or_else(|| shape::member(call, shape::ERROR));
                Some(RefusedCall { id, answer: answer.cloned().unwrap_or_default() })
            })
            .collect()
    }

    fn ended_calls(&self) -> Option<EndedCalls> {
        let subagent = self.subagent().map(str::to_owned);
        match self.hook {
            Hook::SessionEnd => Some(EndedCalls::All),
            Hook::Prompt | Hook::Stop => {
                Some(subagent.map_or(EndedCalls::OfMain, EndedCalls::OfSubagent))
            }
            Hook::SubagentStop => subagent.map(EndedCalls::OfSubagent),
            _ => None,
        }
    }

    /// The kind of event that the hook reports. A hook that is not known is a kind of its own.
    fn event_type(&self) -> EventType {
        match self.hook {
            Hook::SessionStart => EventType::SessionStart,
            Hook::SessionEnd => EventType::SessionEnd,
            Hook::Prompt => EventType::UserPrompt,
            Hook::BeforeTool | Hook::AfterTool | Hook::ToolFailed => EventType::ToolUse,
            Hook::Notification => EventType::Notification,
            Hook::Stop => EventType::Stop,
            Hook::SubagentStart => EventType::SubagentStart,
            Hook::SubagentStop => EventType::SubagentStop,
            Hook::PreCompact => EventType::PreCompact,
            Hook::ToolDenied | Hook::ToolBatch | Hook::Other => {
                EventType::Other(self.hook_name().to_owned())
            }
        }
    }
}

/// How a call ended that has answered this.
fn status_of(response: &JsonValue) -> ToolStatus {
    if response.get("interrupted") == Some(&JsonValue::Bool(true)) {
        return ToolStatus::Interrupted;
    }
    let kind = ["resultType", "result_type"].iter().find_map(|name| response.get(*name)?.as_str());
    match kind {
        Some("failure" | "error") => ToolStatus::Error,
        Some("denied" | "rejected") => ToolStatus::Refused,
        _ => ToolStatus::Success,
    }
}
