//! Tool events: one row for each call of a tool, made of the hooks before and after it.

use crate::open_set::open_set;
use crate::session::SessionId;
use chronicle::Repository;
use sea_orm::entity::prelude::*;

/// The key of a tool event.
///
/// ```
/// use chronicle_entity::ToolEventId;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let id: ToolEventId = "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11".parse()?;
/// assert_eq!(id, ToolEventId::from_uuid(*id.as_uuid()));
/// # Ok(()) }
/// ```
#[derive(chronicle::Id)]
pub struct ToolEventId(Uuid);

open_set! {
    /// The name of a tool. Agents and their servers add tools at will, so few are named here.
    ToolName {
        /// Runs a command.
        Bash = "Bash",
        /// Reads a file.
        Read = "Read",
        /// Writes a file.
        Write = "Write",
        /// Changes a file.
        Edit = "Edit",
        /// Searches in files.
        Grep = "Grep",
        /// Searches for files.
        Glob = "Glob",
        /// Fetches a page.
        WebFetch = "WebFetch",
        /// Starts a sub-agent.
        Task = "Task",
    }
}

open_set! {
    /// How far a tool call has come.
    ToolStatus {
        /// It was called, and has not been seen to answer.
        Running = "running",
        /// It answered.
        Success = "success",
        /// It failed.
        Error = "error",
        /// The user interrupted it, or the agent went on without its answer.
        Interrupted = "interrupted",
        /// It was not allowed to run.
        Refused = "refused",
    }
}

/// One tool call.
///
/// ```
/// use chronicle_entity::{NewToolEvent, SessionId, ToolName, ToolStatus, tool_event};
///
/// let (session, now) = (SessionId::generate(), chronicle::now());
/// let call = tool_event::Model::from(NewToolEvent::new(session, ToolName::Bash, ToolStatus::Running, now));
/// assert_eq!((call.tool_name.as_str(), call.execution_time), ("Bash", None));
/// ```
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "tool_events")]
#[repository(name = "ToolEvent")]
pub struct Model {
    /// The key: made of the session and the agent's id of the call, so that both hooks of the call
    /// find the same row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ToolEventId,
    /// The session that it was called in.
    pub session_id: SessionId,
    /// The tool.
    #[sea_orm(indexed)]
    pub tool_name: ToolName,
    /// What it was called with.
    pub parameters: Option<Json>,
    /// What it answered, or its error.
    pub result: Option<Json>,
    /// How long it took, in milliseconds: as the agent says, else the time between its two hooks.
    pub execution_time: Option<f64>,
    /// How far it has come.
    pub status: ToolStatus,
    /// When it was called.
    pub timestamp: DateTimeUtc,
    /// When the row was made.
    pub created_at: DateTimeUtc,
    /// The subagent that called it; none for the main agent.
    pub agent_id: Option<String>,
    /// The session that it was called in.
    #[sea_orm(belongs_to, from = "session_id", to = "id", on_delete = "Cascade")]
    pub session: HasOne<super::session::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
