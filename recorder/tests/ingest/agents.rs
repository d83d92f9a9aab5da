//! Payloads of each agent, in its own words, and what is stored of them.

use crate::file::Folder;
use serde_json::json;

/// Everything but the times of arrival and the machine's name.
fn stored(folder: &Folder) -> String {
    let mut rows = folder.rows(
        "select 'session', agent, project_path, status, transcript_path, start_time like '2026-11-02T%' from sessions
         order by agent, id",
    );
    rows.extend(folder.rows(
        "select 'event', event_type, hook_name, agent_id, timestamp like '2026-11-02T%' from events order by event_type, hook_name",
    ));
    rows.extend(folder.rows(
        "select 'call', tool_name, status, parameters, result, execution_time is not null, agent_id from tool_events
         order by tool_name",
    ));
    rows.extend(folder.rows("select 'unread', reason from unread_payloads"));
    rows.join("\n")
}

fn recorded(arguments: &[&str], payloads: &[serde_json::Value]) -> String {
    let folder = Folder::new();
    for payload in payloads {
        folder.record(arguments, payload.to_string());
    }
    stored(&folder)
}

#[test]
fn claude_code() {
    let of = |hook: &str, more: serde_json::Value| {
        serde_json::from_str::<serde_json::Value>(&crate::claude(hook, more)).unwrap()
    };
    insta::assert_snapshot!(recorded(
        &["--agent", "claude-code"],
        &[
            of("SessionStart", json!({"source": "startup", "model": "opus"})),
            of("UserPromptSubmit", json!({"prompt": "fix it"})),
            of(
                "PreToolUse",
                json!({"tool_name": "Bash", "tool_use_id": "t1", "tool_input": {"command": "ls"}, "agent_id": "a1", "agent_type": "Explore"})
            ),
            of(
                "PostToolUse",
                json!({"tool_name": "Bash", "tool_use_id": "t1", "tool_input": {"command": "ls"}, "tool_response": {"stdout": "x"}, "duration_ms": 12, "agent_id": "a1"})
            ),
            of("SubagentStop", json!({"agent_id": "a1"})),
            of("SessionEnd", json!({"reason": "exit"})),
        ]
    ));
}

#[test]
fn codex() {
    insta::assert_snapshot!(recorded(
        &[],
        &[
            json!({"session_id": "019a2b3c-0000-7000-8000-000000000001", "turn_id": "1", "model": "gpt", "cwd": "/w", "hook_event_name": "PreToolUse", "tool_name": "shell", "tool_use_id": "c1", "tool_input": {"command": ["ls"]}}),
            json!({"session_id": "019a2b3c-0000-7000-8000-000000000001", "turn_id": "1", "model": "gpt", "cwd": "/w", "hook_event_name": "PostToolUse", "tool_name": "shell", "tool_use_id": "c1", "tool_response": "done"}),
            json!({"type": "agent-turn-complete", "thread-id": "019a2b3c-0000-7000-8000-000000000001", "turn-id": "2", "cwd": "/w", "last-assistant-message": "done"}),
        ]
    ));
}

#[test]
fn gemini() {
    let of = |hook: &str, more: serde_json::Value| {
        let mut payload = json!({"session_id": "3f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11", "cwd": "/w", "transcript_path": "/home/ada/.gemini/tmp/chat.json", "hook_event_name": hook, "timestamp": "2026-11-02T08:00:00.123Z"});
        payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        payload
    };
    insta::assert_snapshot!(recorded(
        &[],
        &[
            of("BeforeAgent", json!({"prompt": "hello"})),
            of("BeforeTool", json!({"tool_name": "read_file", "tool_input": {"path": "a"}})),
            of(
                "AfterTool",
                json!({"tool_name": "read_file", "tool_input": {"path": "a"}, "tool_response": {"llmContent": "x"}})
            ),
            of("PreCompress", json!({"trigger": "auto"})),
            of("AfterAgent", json!({"prompt_response": "hi"})),
        ]
    ));
}

#[test]
fn qwen() {
    insta::assert_snapshot!(recorded(
        &["--agent", "qwen"],
        &[
            json!({"session_id": "not-a-uuid", "cwd": "/w", "hook_event_name": "PreToolUse", "tool_name": "edit", "tool_use_id": "q1", "tool_input": {}}),
            json!({"session_id": "not-a-uuid", "cwd": "/w", "hook_event_name": "PostToolUseFailure", "tool_name": "edit", "tool_use_id": "q1", "error": "no such file"}),
        ]
    ));
}

#[test]
fn copilot_in_camel_case_has_its_events_name_as_an_argument() {
    let folder = Folder::new();
    let of = |more: serde_json::Value| {
        let mut payload = json!({"timestamp": 1_793_606_400_000_u64, "cwd": "/w"});
        payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        payload.to_string()
    };
    let agent = ["--agent", "copilot", "--event"];
    folder.record(&[&agent[..], &["sessionStart"]].concat(), of(json!({"source": "new"})));
    folder.record(
        &[&agent[..], &["preToolUse"]].concat(),
        of(json!({"toolName": "bash", "toolArgs": "{\"command\":\"ls\"}"})),
    );
    folder.record(&[&agent[..], &["postToolUse"]].concat(), of(json!({"toolName": "bash", "toolArgs": "{\"command\":\"ls\"}", "toolResult": {"resultType": "denied", "textResultForLlm": "no"}})));
    folder.record(&[&agent[..], &["sessionEnd"]].concat(), of(json!({"reason": "complete"})));
    insta::assert_snapshot!(stored(&folder));
}

#[test]
fn copilot_in_snake_case_and_vs_code() {
    insta::assert_snapshot!(recorded(
        &[],
        &[
            json!({"hook_event_name": "PostToolUse", "session_id": "4f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11", "cwd": "/w", "timestamp": "2026-11-02T08:00:00Z", "tool_name": "bash", "tool_input": {"command": "ls"}, "tool_result": {"result_type": "success", "text_result_for_llm": "x"}}),
            json!({"hook_event_name": "PostToolUse", "session_id": "5f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11", "cwd": "/w", "timestamp": "2026-11-02T08:00:00Z", "tool_name": "run_in_terminal", "tool_use_id": "call_abc__vscode-1", "tool_response": "x"}),
        ]
    ));
}

#[test]
fn cursor_gets_its_answer() {
    let folder = Folder::new();
    let of = |hook: &str, more: serde_json::Value| {
        let mut payload = json!({"conversation_id": "6f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11", "generation_id": "g", "hook_event_name": hook, "workspace_roots": ["/w"], "cwd": ""});
        payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        payload.to_string()
    };
    for payload in [
        of("beforeSubmitPrompt", json!({"prompt": "hello"})),
        of("beforeShellExecution", json!({"command": "ls"})),
        of("afterShellExecution", json!({"command": "ls", "output": "x", "duration": 5})),
        of(
            "afterFileEdit",
            json!({"file_path": "/w/a", "edits": [{"old_string": "a", "new_string": "b"}]}),
        ),
        of("stop", json!({"status": "completed"})),
    ] {
        let output = folder.run(&["record"], payload.as_bytes());
        assert!(output.status.success());
        assert_eq!(output.stdout, b"{}\n");
    }
    let output = folder.run(&["record", "--agent", "cursor"], b"no payload");
    assert_eq!((output.status.code(), output.stdout), (Some(0), b"{}\n".to_vec()));
    insta::assert_snapshot!(stored(&folder));
}

/// Its hooks for one kind of tool come beside those for all, and are told of the same calls.
#[test]
fn a_call_of_cursor_counts_once() {
    let of = |hook: &str, more: serde_json::Value| {
        let mut payload = json!({"conversation_id": "6f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11", "generation_id": "g", "hook_event_name": hook, "workspace_roots": ["/w"], "cwd": ""});
        payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        payload.to_string()
    };
    let run =
        |tool: &str, id: &str, input: serde_json::Value, own: [(&str, serde_json::Value); 2]| {
            let [before, after] = own.map(|(hook, more)| of(hook, more));
            let call = json!({"tool_name": tool, "tool_use_id": id, "tool_input": input});
            let mut answered = call.clone();
            answered["tool_output"] = json!("x");
            [of("preToolUse", call), before, after, of("postToolUse", answered)]
        };
    let shell = |command: &str| {
        let after = json!({"command": command, "output": "x", "duration": 5});
        [("beforeShellExecution", json!({"command": command})), ("afterShellExecution", after)]
    };
    let edit = json!({"file_path": "/w/a", "edits": [{"old_string": "a", "new_string": "b"}]});
    let edits = [("beforeReadFile", json!({"file_path": "/w/a"})), ("afterFileEdit", edit)];
    let payloads = [
        run("Shell", "c1", json!({"command": "ls"}), shell("ls")),
        run("Shell", "c2", json!({"command": "ls -l"}), shell("ls -l")),
        run("Write", "c3", json!({"file_path": "/w/a"}), edits),
    ]
    .concat();

    let folder = Folder::new();
    for payload in &payloads {
        folder.run(&["record"], payload.as_bytes());
    }
    let imported = Folder::new();
    let file = imported.write("cursor.jsonl", payloads.join("\n"));
    imported.import(&[&file]);
    for folder in [folder, imported] {
        let calls = "select tool_name, status, count(*) from tool_events group by 1, 2 order by 1";
        assert_eq!(folder.rows(calls), ["Shell | success | 2", "Write | success | 1"]);
        assert_eq!(folder.number("select count(*) from events"), payloads.len() as u64);
    }
}

#[test]
fn grok_opencode_and_pi() {
    insta::assert_snapshot!(recorded(
        &[],
        &[
            json!({"hookEventName": "pre_tool_use", "sessionId": "7f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11", "cwd": "/w", "toolName": "bash", "toolInput": {"command": "ls"}, "toolUseId": "g1", "timestamp": "2026-11-02T08:00:00Z"}),
            json!({"hookEventName": "post_tool_use", "sessionId": "7f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11", "cwd": "/w", "toolName": "bash", "toolResponse": "x", "toolUseId": "g1", "timestamp": "2026-11-02T08:00:01Z"}),
            json!({"type": "session_start", "session_id": "ses_1a2b3c", "cwd": "/w"}),
            json!({"type": "session.idle", "sessionID": "ses_1a2b3c"}),
            json!({"type": "something.new", "sessionID": "ses_1a2b3c"}),
        ]
    ));
    insta::assert_snapshot!(recorded(
        &["--agent", "pi"],
        &[
            json!({"type": "session_start", "cwd": "/w"}),
            json!({"type": "tool_result", "cwd": "/w", "toolName": "bash", "input": {"command": "ls"}, "result": "x"}),
        ]
    ));
}
