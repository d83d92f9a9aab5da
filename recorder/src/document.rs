//! Records as JSON documents, for programs.

use chronicle_entity::{event, session, tool_event};
use serde_json::{Value, json};

pub(crate) fn session(session: &session::Model) -> Value {
    json!({
        "id": session.id.to_string(),
        "agent": session.agent,
        "host": session.host,
        "status": session.status.as_str(),
        "project_path": session.project_path,
        "git_branch": session.git_branch,
        "transcript_path": session.transcript_path,
        "user_id": session.user_id,
        "start_time": session.start_time,
        "end_time": session.end_time,
        "created_at": session.created_at,
        "updated_at": session.updated_at,
    })
}

pub(crate) fn event(event: &event::Model) -> Value {
    json!({
        "id": event.id.to_string(),
        "session_id": event.session_id.to_string(),
        "event_type": event.event_type.as_str(),
        "hook_name": event.hook_name,
        "agent_id": event.agent_id,
        "timestamp": event.timestamp,
        "created_at": event.created_at,
        "data": event.data,
    })
}

pub(crate) fn tool_event(call: &tool_event::Model) -> Value {
    json!({
        "id": call.id.to_string(),
        "session_id": call.session_id.to_string(),
        "tool_name": call.tool_name.as_str(),
        "status": call.status.as_str(),
        "execution_time": call.execution_time,
        "agent_id": call.agent_id,
        "timestamp": call.timestamp,
        "created_at": call.created_at,
        "parameters": call.parameters,
        "result": call.result,
    })
}
