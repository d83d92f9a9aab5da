//! Two sessions in the file, as hooks would have made them.

use crate::home::Home;
use chronicle::{Sqlite, Store};
use chronicle_entity::{
    Events, NewEvent, NewSession, NewToolEvent, SessionId, SessionStatus, Sessions, ToolEvents,
    ToolStatus,
};
use chronicle_migration::{Migrator, MigratorTrait};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

pub(crate) const SHOP: &str = "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11";
pub(crate) const DOCS: &str = "0f0b1c2d-0000-4000-8000-00000000d0c5";

pub(crate) fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn at(seconds: i64) -> DateTime<Utc> {
    "2026-01-02T10:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(seconds)
}

/// Writes them.
pub(crate) fn record(home: &Home) {
    wait(async {
        let sqlite = Sqlite::open(home.database()).await.unwrap();
        Migrator::up(sqlite.connection(), None).await.unwrap();
        let store = Store::from(&sqlite);
        let writer = Writer { store: store.clone() };
        writer.shop(home).await;
        writer.docs().await;
        store.close().await.unwrap();
    });
}

struct Writer {
    store: Store,
}

impl Writer {
    async fn shop(&self, home: &Home) {
        let id: SessionId = SHOP.parse().unwrap();
        let transcript = home.write("transcripts/shop.jsonl", &transcript());
        let session = NewSession::new(SessionStatus::Ended)
            .id(id)
            .agent("claude-code")
            .host("desk")
            .project_path("/home/dev/shop")
            .git_branch("main")
            .transcript_path(transcript.to_str().unwrap())
            .start_time(at(0))
            .end_time(at(305))
            .created_at(at(0));
        Sessions::new(&self.store).insert(session).await.unwrap();
        let event = |seconds, kind: &'static str, hook: &'static str, data: Value| {
            self.event(id, seconds, kind, hook, None, data)
        };
        event(0, "session_start", "SessionStart", json!({ "source": "startup" })).await;
        let prompt = "Fix the <b>login</b> test\nand say why it failed; use `cargo test`";
        event(4, "user_prompt", "UserPromptSubmit", json!({ "prompt": prompt })).await;
        let input =
            json!({ "command": "cargo test --workspace login_is_refused_without_a_password" });
        let hook = json!({ "tool_name": "Bash", "tool_input": input, "tool_use_id": "t1" });
        event(9, "tool_use", "PreToolUse", hook.clone()).await;
        event(11, "tool_use", "PostToolUse", hook).await;
        self.call(
            id,
            9,
            "Bash",
            ToolStatus::Success,
            Some(1_240.5),
            None,
            [input, json!({ "stdout": "ok" })],
        )
        .await;
        let edit = json!({ "file_path": "/home/dev/shop/src/login.rs" });
        let error = json!("the text to replace is not in the file");
        self.call(id, 20, "Edit", ToolStatus::Error, Some(3.0), None, [edit, error]).await;
        let task = json!({ "description": "look for other callers" });
        self.call(
            id,
            30,
            "Task",
            ToolStatus::Success,
            Some(61_000.0),
            None,
            [task, json!({ "agentId": "a1" })],
        )
        .await;
        let start = json!({ "agent_id": "a1", "agent_type": "Explore" });
        self.event(id, 31, "subagent_start", "SubagentStart", Some("a1"), start).await;
        let read = json!({ "file_path": "/home/dev/shop/src/main.rs" });
        self.call(
            id,
            40,
            "Read",
            ToolStatus::Success,
            Some(0.4),
            Some("a1"),
            [read, json!("fn main() {}")],
        )
        .await;
        let push = json!({ "command": "git push --force" });
        self.call(id, 100, "Bash", ToolStatus::Refused, None, None, [push, Value::Null]).await;
        event(120, "notification", "Notification", json!({ "message": "needs your permission" }))
            .await;
        event(
            300,
            "stop",
            "Stop",
            json!({ "last_assistant_message": "Done: the ÉCOLE fixture was old." }),
        )
        .await;
        event(305, "session_end", "SessionEnd", json!({ "reason": "other" })).await;
    }

    async fn docs(&self) {
        let id: SessionId = DOCS.parse().unwrap();
        let session = NewSession::new(SessionStatus::Active)
            .id(id)
            .agent("codex")
            .host("laptop")
            .project_path(
                "/home/dev/a/rather/long/path/to/the/documentation/of/the/whole/shop/2026",
            )
            .start_time(at(90_000))
            .created_at(at(90_000));
        Sessions::new(&self.store).insert(session).await.unwrap();
        let prompt = json!({ "prompt": "=HYPERLINK(\"x\") is no formula" });
        self.event(id, 90_001, "user_prompt", "UserPromptSubmit", None, prompt).await;
        let input = json!({ "command": ["bash", "-lc", "ls"] });
        self.call(id, 90_002, "shell", ToolStatus::Running, None, None, [input, Value::Null]).await;
    }

    async fn event(
        &self,
        session: SessionId,
        seconds: i64,
        kind: &str,
        hook: &str,
        agent: Option<&str>,
        data: Value,
    ) {
        let mut event = NewEvent::new(session, kind, at(seconds))
            .hook_name(hook)
            .data(data)
            .created_at(at(seconds));
        if let Some(agent) = agent {
            event = event.agent_id(agent);
        }
        Events::new(&self.store).insert(event).await.unwrap();
    }

    #[allow(clippy::too_many_arguments, reason = "a row of a table")]
    async fn call(
        &self,
        session: SessionId,
        seconds: i64,
        tool: &str,
        status: ToolStatus,
        milliseconds: Option<f64>,
        agent: Option<&str>,
        [parameters, result]: [Value; 2],
    ) {
        let mut call = NewToolEvent::new(session, tool, status, at(seconds))
            .parameters(parameters)
            .created_at(at(seconds));
        if !result.is_null() {
            call = call.result(result);
        }
        if let Some(milliseconds) = milliseconds {
            call = call.execution_time(milliseconds);
        }
        if let Some(agent) = agent {
            call = call.agent_id(agent);
        }
        ToolEvents::new(&self.store).insert(call).await.unwrap();
    }
}

/// An answer in two lines, and one of a model whose price nobody knows.
fn transcript() -> String {
    let line = |id: &str, model: &str, output: u64| {
        json!({
            "type": "assistant",
            "timestamp": "2026-01-02T10:00:05Z",
            "requestId": id,
            "message": { "id": id, "model": model, "usage": {
                "input_tokens": 1_000,
                "cache_read_input_tokens": 200_000,
                "cache_creation_input_tokens": 10_000,
                "output_tokens": output,
            }},
        })
        .to_string()
    };
    let lines = [
        line("m1", "claude-sonnet-4-5", 1),
        line("m1", "claude-sonnet-4-5", 2_000),
        line("m2", "a-model-of-tomorrow", 5),
        "{ cut off, with \"usage\"".to_owned(),
    ];
    lines.join("\n")
}
