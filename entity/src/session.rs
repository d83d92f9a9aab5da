//! Sessions: one run of a coding agent, from its start to its end.

use crate::open_set::open_set;
use chronicle::Repository;
use sea_orm::entity::prelude::*;

/// The key of a session: the id that the agent itself gives it.
///
/// ```
/// use chronicle_entity::SessionId;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let id: SessionId = "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11".parse()?;
/// assert!("not a UUID".parse::<SessionId>().is_err());
/// # Ok(()) }
/// ```
#[derive(chronicle::Id)]
pub struct SessionId(Uuid);

open_set! {
    /// How far a session has come.
    SessionStatus {
        /// It has started, and has not been seen to end.
        Active = "active",
        /// It has ended.
        Ended = "ended",
    }
}

/// One session.
///
/// ```
/// use chronicle_entity::{NewSession, SessionStatus, session};
///
/// let session = session::Model::from(NewSession::new(SessionStatus::Active).git_branch("main"));
/// assert_eq!(session.git_branch.as_deref(), Some("main"));
/// ```
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "sessions")]
#[repository(name = "Session")]
pub struct Model {
    /// The agent's id of the session.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// Whose session it is: the `sub` of a Supabase user. Row level security shows a user the
    /// sessions with their own id, and anonymous callers those without one.
    pub user_id: Option<String>,
    /// The folder that the agent works in.
    pub project_path: Option<String>,
    /// The branch that is checked out there.
    pub git_branch: Option<String>,
    /// When it started, or was first seen.
    pub start_time: Option<DateTimeUtc>,
    /// When it ended.
    pub end_time: Option<DateTimeUtc>,
    /// How far it has come.
    pub status: SessionStatus,
    /// When the row was made.
    pub created_at: DateTimeUtc,
    /// When the row was last changed.
    pub updated_at: Option<DateTimeUtc>,
    /// The agent whose session it is: `claude-code`, `codex`, `gemini`, `qwen`, `copilot`, `vscode`,
    /// `cursor`, `grok`, `opencode`, `pi`, or another name.
    pub agent: Option<String>,
    /// The name of the machine that the agent works on.
    pub host: Option<String>,
    /// The file in which the agent keeps the conversation.
    pub transcript_path: Option<String>,
    /// What happened in it.
    #[sea_orm(has_many)]
    pub events: HasMany<super::event::Entity>,
    /// The tool calls in it.
    #[sea_orm(has_many)]
    pub tool_events: HasMany<super::tool_event::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
