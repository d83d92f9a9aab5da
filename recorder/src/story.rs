//! A session as a story: what was asked, which tools were called, and what subagents did, nested.

use chronicle::{Result, Store};
use chronicle_entity::{
    EventType, Events, SessionId, ToolEvents, ToolStatus, event, session, tool_event,
};
use chrono::{DateTime, Utc};
use sea_orm::JsonValue;
use std::collections::{BTreeMap, HashMap};

/// A session and what happened in it.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) session: session::Model,
    pub(crate) items: Vec<Item>,
}

/// One thing that happened, and what happened below it.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) time: DateTime<Utc>,
    pub(crate) what: What,
    pub(crate) items: Vec<Self>,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    /// The user asked for something.
    Prompt(String),
    /// The agent answered.
    Answer(String),
    /// A tool was called.
    Call(Box<Call>),
    /// A subagent worked.
    Subagent { id: String, kind: String },
    /// Anything else, by its hook.
    Other { hook: String, text: String },
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) tool: String,
    pub(crate) status: ToolStatus,
    pub(crate) milliseconds: Option<f64>,
    pub(crate) parameters: Option<JsonValue>,
    pub(crate) result: Option<JsonValue>,
}

impl Call {
    /// What it was called for: the first of what tools call the thing that matters.
    pub(crate) fn summary(&self) -> String {
        const NAMES: [&str; 14] = [
            "command",
            "file_path",
            // Before the folder that is searched.
            "pattern",
            "query",
            "path",
            "absolute_path",
            "filePath",
            "notebook_path",
            "url",
            "description",
            "prompt",
            "subject",
            "skill",
            "cmd",
        ];
        let Some(parameters) = &self.parameters else { return String::new() };
        if let JsonValue::String(text) = parameters {
            return text.clone();
        }
        let named = NAMES.iter().find_map(|name| parameters.get(name));
        match named {
            Some(JsonValue::String(text)) => text.clone(),
            Some(JsonValue::Array(words)) => {
                words.iter().filter_map(JsonValue::as_str).collect::<Vec<_>>().join(" ")
            }
            _ => match parameters {
                JsonValue::Object(members) if members.is_empty() => String::new(),
                JsonValue::Null => String::new(),
                other => other.to_string(),
            },
        }
    }

    /// Why it failed.
    pub(crate) fn error(&self) -> Option<String> {
        if !matches!(self.status, ToolStatus::Error) {
            return None;
        }
        match self.result.as_ref()? {
            JsonValue::String(text) => Some(text.clone()),
            JsonValue::Null => None,
            other => Some(other.get("error").map_or_else(|| other.to_string(), text_of)),
        }
    }
}

impl Story {
    pub(crate) async fn read(store: &Store, session: session::Model) -> Result<Self> {
        let id: SessionId = session.id;
        let events = Events::new(store).find_by_session_id(id);
        let events =
            events.order_by(Events::TIMESTAMP.asc()).order_by(Events::ID.asc()).all().await?;
        let calls = ToolEvents::new(store).find_by_session_id(id);
        let calls = calls
            .order_by(ToolEvents::TIMESTAMP.asc())
            .order_by(ToolEvents::ID.asc())
            .all()
            .await?;
        Ok(Self { session, items: tell(events, calls) })
    }
}

fn tell(events: Vec<event::Model>, calls: Vec<tool_event::Model>) -> Vec<Item> {
    let mut kinds: HashMap<String, String> = HashMap::new();
    let mut by_agent: BTreeMap<Option<String>, Vec<Item>> = BTreeMap::new();
    for event in events {
        if let (Some(agent), Some(kind)) = (&event.agent_id, member(&event, "agent_type")) {
            kinds.entry(agent.clone()).or_insert(kind);
        }
        let agent = event.agent_id.clone();
        let items = by_agent.entry(agent).or_default();
        items.extend(item(&event));
    }
    for call in calls {
        let item = Item {
            time: call.timestamp,
            what: What::Call(Box::new(Call {
                tool: call.tool_name.as_str().to_owned(),
                status: call.status,
                milliseconds: call.execution_time,
                parameters: call.parameters,
                result: call.result,
            })),
            items: Vec::new(),
        };
        by_agent.entry(call.agent_id).or_default().push(item);
    }
    let mut main = by_agent.remove(&None).unwrap_or_default();
    main.sort_by_key(|item| item.time);
    for (agent, mut items) in by_agent {
        let Some(id) = agent else { continue };
        items.sort_by_key(|item| item.time);
        let Some(time) = items.first().map(|item| item.time) else { continue };
        let kind = kinds.remove(&id).unwrap_or_default();
        let subagent = Item { time, what: What::Subagent { id: id.clone(), kind }, items };
        match main.iter_mut().find(|item| has_started(item, &id)) {
            Some(call) => call.items.push(subagent),
            None => main.push(subagent),
        }
    }
    main.sort_by_key(|item| item.time);
    main
}

/// Whether an item is the call that this subagent came from: its answer names it.
fn has_started(item: &Item, agent: &str) -> bool {
    let What::Call(call) = &item.what else { return false };
    let Some(result) = &call.result else { return false };
    let named = ["agentId", "agent_id"].iter().find_map(|name| result.get(name));
    named.and_then(JsonValue::as_str) == Some(agent)
}

fn item(event: &event::Model) -> Option<Item> {
    let hook = event.hook_name.clone().unwrap_or_else(|| event.event_type.as_str().to_owned());
    let what = match &event.event_type {
        // The calls themselves tell it.
        EventType::ToolUse => return None,
        EventType::UserPrompt => What::Prompt(member(event, "prompt").unwrap_or_default()),
        EventType::Stop => match member(event, "last_assistant_message") {
            Some(text) => What::Answer(text),
            None => What::Other { hook, text: String::new() },
        },
        _ if matches!(hook.as_str(), "PostToolBatch" | "UserPromptExpansion") => return None,
        _ => What::Other { text: words(event), hook },
    };
    Some(Item { time: event.timestamp, what, items: Vec::new() })
}

/// What an event says of itself.
pub(crate) fn words(event: &event::Model) -> String {
    const NAMES: [&str; 14] = [
        "prompt",
        "message",
        "last_assistant_message",
        "error",
        "reason",
        "source",
        "trigger",
        "tool_name",
        "notification_type",
        "agent_type",
        "subject",
        "file_path",
        "title",
        "model",
    ];
    let named = NAMES.iter().filter_map(|name| member(event, name));
    named.take(2).collect::<Vec<_>>().join(" · ")
}

fn member(event: &event::Model, name: &str) -> Option<String> {
    event.data.as_ref()?.get(name).filter(|value| !value.is_null()).map(text_of)
}

/// A value as text: a text as it is, anything else as JSON.
pub(crate) fn text_of(value: &JsonValue) -> String {
    match value {
        JsonValue::String(text) => text.clone(),
        other => other.to_string(),
    }
}
