//! Hook payloads: what an agent tells about its work, and the records that it becomes.
//!
//! - Every [payload](Payload) is one event of its session, with the whole payload as its data.
//! - A session that is first seen half-way is made all the same.
//! - The two hooks of one tool call (one `tool_use_id`) are, besides, one tool event: parameters,
//!   result, status, and the time between the two as its execution time, in whichever order they come.
//! - A call that was refused or interrupted ends: by what tells of the refusal, or by what follows it.
//! - A repeated delivery changes nothing: keys are made of what was delivered.
//! - Names that are not known survive: an event keeps its hook's name and its payload.
//! - Payloads of many agents are read ([`Sender`]), each with its own names for the same things.
//!
//! ```
//! use chronicle_entity::hook::{Delivery, Payload, Recorder};
//!
//! # async fn record(store: chronicle::Store, standard_input: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
//! let payload = Payload::try_from(standard_input)?;
//! Recorder::new(&store).record(&payload, Delivery::at(chronicle::now())).await?;
//! # Ok(()) }
//! ```

mod delivery;
mod known_sessions;
mod payload;
mod recorder;
mod records;
mod sender;
mod shape;
mod stream;
mod surrogates;
mod unstorable;

pub use delivery::Delivery;
pub use payload::{Payload, PayloadError};
pub use recorder::{Recorded, Recorder};
pub use records::{EndedCalls, Records, RefusedCall, SessionChange, ToolCall};
pub use sender::Sender;
pub use stream::{Found, Occurrences, Stream};
pub use unstorable::{NUL_MARK, SURROGATE_MARK, restore_nul};
