//! Rows to store.

use chronicle_entity::{EventType, NewEvent, SessionId, event};
use serde_json::json;

/// Events of a session, each a row of about 500 bytes with a small JSON document, as the original
/// design's bench stores them.
pub(crate) fn events(session: SessionId, count: usize) -> Vec<event::Model> {
    (0..count).map(|number| event(session, number).into()).collect()
}

/// The event of a number.
pub(super) fn event(session: SessionId, number: usize) -> NewEvent {
    let data = json!({
        "tool": "Bash",
        "i": number,
        "path": "src/basket.rs",
        "ok": true,
        "text": "x".repeat(200),
    });
    NewEvent::new(session, EventType::ToolUse, chronicle::now()).hook_name("PostToolUse").data(data)
}
