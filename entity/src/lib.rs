//! The work of coding agents as records: [`session`]s, the [`event`]s in them, and their
//! [`tool_event`]s; and what makes them of the payloads that an agent's [hooks](hook) get.
//!
//! ```
//! use chronicle_entity::{Events, NewEvent, NewSession, SessionStatus, Sessions};
//!
//! # async fn record(store: chronicle::Store) -> chronicle::Result<()> {
//! let sessions = Sessions::new(&store);
//! let events = Events::new(&store);
//! let session = sessions.insert(NewSession::new(SessionStatus::Active).git_branch("main")).await?;
//! events.insert(NewEvent::new(session.id, "notification", chronicle::now())).await?;
//! let newest = events
//!     .find_by_session_id(session.id)
//!     .order_by(Events::TIMESTAMP.desc())
//!     .limit(100)
//!     .all()
//!     .await?;
//! # Ok(()) }
//! ```

pub mod event;
pub mod hook;
mod open_set;
pub mod session;
pub mod tool_event;
pub mod unread_payload;

pub use event::{EventId, EventPatch, EventType, Events, NewEvent};
pub use session::{NewSession, SessionId, SessionPatch, SessionStatus, Sessions};
pub use tool_event::{NewToolEvent, ToolEventId, ToolEventPatch, ToolEvents, ToolName, ToolStatus};
pub use unread_payload::{NewUnreadPayload, UnreadPayloadId, UnreadPayloadPatch, UnreadPayloads};
