//! Events: everything that happens in a session, one row for each hook payload.

use crate::open_set::open_set;
use crate::session::SessionId;
use chronicle::Repository;
use sea_orm::entity::prelude::*;

/// The key of an event.
///
/// ```
/// use chronicle_entity::EventId;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let id: EventId = "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11".parse()?;
/// assert_eq!(id.to_string(), "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11");
/// assert_ne!(EventId::generate(), EventId::generate());
/// # Ok(()) }
/// ```
#[derive(chronicle::Id)]
pub struct EventId(Uuid);

open_set! {
    /// What kind of thing happened.
    EventType {
        /// A session started, resumed or was cleared.
        SessionStart = "session_start",
        /// A session ended.
        SessionEnd = "session_end",
        /// The user sent a prompt.
        UserPrompt = "user_prompt",
        /// A tool is called, or has answered.
        ToolUse = "tool_use",
        /// The agent told the user something.
        Notification = "notification",
        /// The agent finished its answer.
        Stop = "stop",
        /// A sub-agent starts.
        SubagentStart = "subagent_start",
        /// A sub-agent finished.
        SubagentStop = "subagent_stop",
        /// The conversation is about to be compacted.
        PreCompact = "pre_compact",
    }
}

/// One event.
///
/// ```
/// use chronicle_entity::{EventType, Events, NewEvent, SessionId, event};
///
/// let new = NewEvent::new(SessionId::generate(), EventType::Stop, chronicle::now()).hook_name("Stop");
/// let event = event::Model::from(new);
/// assert_eq!(event.event_type, EventType::Stop);
/// ```
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "events")]
#[repository(name = "Event")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EventId,
    /// The session that it happened in.
    pub session_id: SessionId,
    /// What kind of thing happened.
    pub event_type: EventType,
    /// The hook that reported it, by its own name (`PostToolUse`).
    pub hook_name: Option<String>,
    /// The hook's whole payload.
    pub data: Option<Json>,
    /// When it happened.
    pub timestamp: DateTimeUtc,
    /// When the row was made.
    pub created_at: DateTimeUtc,
    /// The subagent that it happened to; none for the main agent.
    pub agent_id: Option<String>,
    /// The session that it happened in.
    #[sea_orm(belongs_to, from = "session_id", to = "id", on_delete = "Cascade")]
    pub session: HasOne<super::session::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
