//! One shape for the payloads of all agents: which member is which, whatever its name is.

use sea_orm::JsonValue;
use sea_orm::prelude::DateTimeUtc;
use serde_json::Map;

pub(super) type Members = Map<String, JsonValue>;

pub(super) const SESSION: &[&str] = &[
    "session_id",
    "sessionId",
    "sessionID",
    "conversation_id",
    "conversationId",
    "thread_id",
    "thread-id",
    "threadId",
];
/// Members that say nothing but the hook's name.
pub(super) const HOOK: &[&str] = &["hook_event_name", "hookEventName", "hook_event", "hookEvent"];
/// Members that have it as well, and many another thing: only a known name counts.
pub(super) const VAGUE_HOOK: &[&str] =
    &["hook_name", "hookName", "event_name", "event", "hook", "type"];
pub(super) const TOOL_NAME: &[&str] = &["tool_name", "toolName", "tool"];
pub(super) const TOOL_INPUT: &[&str] =
    &["tool_input", "toolInput", "tool_args", "toolArgs", "input", "args"];
pub(super) const TOOL_RESPONSE: &[&str] = &[
    "tool_response",
    "toolResponse",
    "tool_result",
    "toolResult",
    "tool_output",
    "toolOutput",
    "result_json",
    "output",
    "result",
];
pub(super) const TOOL_USE_ID: &[&str] =
    &["tool_use_id", "toolUseId", "tool_call_id", "toolCallId", "call_id", "callId", "callID"];
pub(super) const FOLDER: &[&str] = &["cwd", "working_directory", "workingDirectory", "directory"];
pub(super) const TRANSCRIPT: &[&str] = &["transcript_path", "transcriptPath"];
pub(super) const SUBAGENT: &[&str] = &["agent_id", "agentId"];
pub(super) const DURATION: &[&str] = &["duration_ms", "durationMs", "duration"];
pub(super) const ERROR: &[&str] = &["error", "error_message", "errorMessage"];
pub(super) const INTERRUPT: &[&str] = &["is_interrupt", "isInterrupt"];
pub(super) const REASON: &[&str] = &["reason", "message"];
const TIME: &[&str] = &["timestamp", "ts"];

/// The first of these members that is there and is not null.
pub(super) fn member<'m>(members: &'m Members, names: &[&str]) -> Option<&'m JsonValue> {
    names.iter().filter_map(|name| members.get(*name)).find(|value| !value.is_null())
}

/// The first of these members that is a text with something in it.
pub(super) fn text<'m>(members: &'m Members, names: &[&str]) -> Option<&'m str> {
    let texts = names.iter().filter_map(|name| members.get(*name)?.as_str());
    texts.map(str::trim).find(|text| !text.is_empty())
}

/// Cursor's hooks for tools of any kind.
pub(super) const FOR_ALL_TOOLS: [&str; 3] = ["preToolUse", "postToolUse", "postToolUseFailure"];

/// What a hook tells, whatever its agent calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hook {
    SessionStart,
    SessionEnd,
    Prompt,
    BeforeTool,
    AfterTool,
    ToolFailed,
    ToolDenied,
    ToolBatch,
    Notification,
    Stop,
    SubagentStart,
    SubagentStop,
    PreCompact,
    /// One whose meaning is its name.
    Other,
}

impl Hook {
    pub(super) fn of(name: &str) -> Self {
        let letters: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        match letters.as_str() {
            "sessionstart" | "sessioncreated" => Self::SessionStart,
            "sessionend" | "sessiondeleted" | "sessionshutdown" => Self::SessionEnd,
            "userpromptsubmit" | "userpromptsubmitted" | "beforesubmitprompt" | "beforeagent" => {
                Self::Prompt
            }
            "pretooluse"
            | "beforetool"
            | "toolexecutebefore"
            | "toolcall"
            | "beforeshellexecution"
            | "beforemcpexecution"
            | "beforereadfile" => Self::BeforeTool,
            "posttooluse"
            | "aftertool"
            | "toolexecuteafter"
            | "toolresult"
            | "aftershellexecution"
            | "aftermcpexecution"
            | "afterfileedit" => Self::AfterTool,
            "posttoolusefailure" => Self::ToolFailed,
            "permissiondenied" => Self::ToolDenied,
            "posttoolbatch" => Self::ToolBatch,
            "notification" => Self::Notification,
            "stop" | "afteragent" | "agentstop" | "agentturncomplete" | "agentend"
            | "sessionidle" => Self::Stop,
            "subagentstart" => Self::SubagentStart,
            "subagentstop" => Self::SubagentStop,
            "precompact" | "precompress" => Self::PreCompact,
            _ => Self::Other,
        }
    }

    /// Whether it is one of Cursor's hooks for one kind of tool. Its earlier versions have no others; the
    /// later ones run them beside those of [`FOR_ALL_TOOLS`], for the same call and without its id.
    pub(super) fn is_of_one_kind(name: &str) -> bool {
        ["afterShellExecution", "afterMCPExecution", "afterFileEdit"].contains(&name)
    }

    /// The tool of a hook that is there for one tool alone, and so does not name it.
    pub(super) fn own_tool(name: &str) -> Option<&'static str> {
        match name {
            "beforeShellExecution" | "afterShellExecution" => Some("Shell"),
            "afterFileEdit" => Some("Edit"),
            "beforeReadFile" => Some("Read"),
            _ => None,
        }
    }
}

/// The name of the hook, where the payload has it, or shows it.
pub(super) fn hook_name(members: &Members) -> Option<String> {
    if let Some(name) = text(members, HOOK) {
        return Some(name.to_owned());
    }
    // What says neither is something else that has such a member.
    member(members, SESSION).or_else(|| member(members, FOLDER))?;
    let mut vague = VAGUE_HOOK.iter().filter_map(|name| text(members, &[*name]));
    if let Some(name) = vague.find(|name| Hook::of(name) != Hook::Other) {
        return Some(name.to_owned());
    }
    // Copilot's older hooks tell by what they have.
    let has = |names: &[&str]| member(members, names).is_some();
    if has(&["tool_name", "toolName"]) {
        let after = has(&["tool_response", "toolResponse", "tool_result", "toolResult"]);
        return Some(if after { "postToolUse" } else { "preToolUse" }.to_owned());
    }
    // OpenCode's and pi's events are many, and named in words that are no others'.
    let id = text(members, SESSION)?;
    let name = text(members, &["type", "event"])?;
    id.starts_with("ses_").then(|| name.to_owned())
}

/// Whose payload it looks like; `None` where it could be that of several.
pub(super) fn agent(members: &Members, hook_name: &str) -> Option<&'static str> {
    let has = |name: &str| members.contains_key(name);
    if let Some(agent) = text(members, TRANSCRIPT).and_then(agent_of_path) {
        return Some(agent);
    }
    if has("cursor_version") || has("generation_id") || has("workspace_roots") {
        return Some("cursor");
    }
    if has("hookEventName") {
        return Some("grok");
    }
    if has("thread-id") || has("turn_id") || hook_name == "agent-turn-complete" {
        return Some("codex");
    }
    if text(members, SESSION).is_some_and(|id| id.starts_with("ses_")) {
        return Some("opencode");
    }
    if text(members, TOOL_USE_ID).is_some_and(|id| id.contains("__vscode-")) {
        return Some("vscode");
    }
    let of_gemini = [
        "BeforeTool",
        "AfterTool",
        "BeforeAgent",
        "AfterAgent",
        "BeforeModel",
        "AfterModel",
        "BeforeToolSelection",
        "PreCompress",
    ];
    if of_gemini.contains(&hook_name) {
        return Some("gemini");
    }
    if has("tool_result") || has("toolArgs") || has("toolResult") || has("sessionId") {
        return Some("copilot");
    }
    (has("permission_mode") || has("stop_hook_active")).then_some("claude-code")
}

fn agent_of_path(path: &str) -> Option<&'static str> {
    const FOLDERS: [(&str, &str); 8] = [
        (".claude", "claude-code"),
        (".codex", "codex"),
        (".gemini", "gemini"),
        (".qwen", "qwen"),
        (".copilot", "copilot"),
        (".cursor", "cursor"),
        (".grok", "grok"),
        (".pi", "pi"),
    ];
    path.split(['/', '\\'])
        .find_map(|part| FOLDERS.iter().find(|(folder, _)| part == *folder))
        .map(|(_, agent)| *agent)
}

/// The folder that the agent works in.
pub(super) fn folder(members: &Members) -> Option<&str> {
    text(members, FOLDER).or_else(|| {
        let roots = member(members, &["workspace_roots", "workspaceRoots"])?.as_array()?;
        roots.first()?.as_str()
    })
}

/// When it happened, as the payload says: a text of RFC 3339, or a number of seconds, milliseconds or
/// microseconds.
pub(super) fn time(members: &Members) -> Option<DateTimeUtc> {
    let time = match member(members, TIME)? {
        JsonValue::String(text) => {
            DateTimeUtc::from(chrono::DateTime::parse_from_rfc3339(text.trim()).ok()?)
        }
        JsonValue::Number(number) => {
            let number = number.as_f64()?;
            let microseconds = match number {
                seconds if seconds < 1e11 => seconds * 1e6,
                milliseconds if milliseconds < 1e14 => milliseconds * 1e3,
                microseconds => microseconds,
            };
            DateTimeUtc::from_timestamp_micros(microseconds.round() as i64)?
        }
        _ => return None,
    };
    // Anything else is a mistake, or a counter.
    let year = chrono::Datelike::year(&time);
    (2000..2200)
        .contains(&year)
        .then(|| DateTimeUtc::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time))
}

/// A payload inside another object: a log often keeps it so, beside its own time and name for it.
pub(super) fn unwrapped(mut outer: Members) -> Members {
    const WRAPPERS: [&str; 4] = ["input", "payload", "data", "raw_input"];
    if text(&outer, HOOK).is_some() {
        return outer;
    }
    for wrapper in WRAPPERS {
        let inner = match outer.get(wrapper) {
            Some(JsonValue::Object(inner)) => inner.clone(),
            Some(JsonValue::String(text)) if text.trim_start().starts_with('{') => {
                let Ok(inner) = serde_json::from_str(text) else { continue };
                inner
            }
            _ => continue,
        };
        let mut inner = unwrapped(inner);
        if member(&inner, SESSION).is_none() && text(&inner, HOOK).is_none() {
            continue;
        }
        if hook_name(&inner).is_none()
            && let Some(name) = text(&outer, VAGUE_HOOK)
        {
            inner.insert("hook_event_name".to_owned(), name.into());
        }
        if member(&inner, TIME).is_none()
            && let Some((name, time)) = TIME.iter().find_map(|name| outer.remove_entry(*name))
        {
            inner.insert(name, time);
        }
        return inner;
    }
    outer
}
