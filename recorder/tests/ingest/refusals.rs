//! Calls that never answered.

use crate::claude;
use crate::file::Folder;
use serde_json::json;

fn before(folder: &Folder, call: &str, subagent: Option<&str>) {
    let mut more = json!({"tool_name": call, "tool_use_id": call, "tool_input": {}});
    if let Some(subagent) = subagent {
        more["agent_id"] = subagent.into();
    }
    folder.record(&[], claude("PreToolUse", more));
}

fn calls(folder: &Folder) -> Vec<String> {
    folder.rows("select tool_name, status, result from tool_events order by tool_name")
}

#[test]
fn a_batch_tells_what_was_refused() {
    let folder = Folder::new();
    before(&folder, "a", None);
    before(&folder, "b", None);
    let answer =
        json!({"tool_name": "a", "tool_use_id": "a", "tool_response": {"ok": 1}, "duration_ms": 3});
    folder.record(&[], claude("PostToolUse", answer));
    let batch = json!({"tool_calls": [
        {"tool_name": "a", "tool_use_id": "a", "tool_response": "ok"},
        {"tool_name": "b", "tool_use_id": "b", "tool_response": "The user does not want that"},
    ]});
    folder.record(&[], claude("PostToolBatch", batch));
    assert_eq!(
        calls(&folder),
        [r#"a | success | {"ok":1}"#, r#"b | refused | "The user does not want that""#]
    );
    assert_eq!(folder.rows("select execution_time from tool_events where tool_name = 'a'"), ["3"]);
}

#[test]
fn a_denial_ends_a_call() {
    let folder = Folder::new();
    before(&folder, "a", None);
    let denial = json!({"tool_name": "a", "tool_use_id": "a", "reason": "not safe"});
    folder.record(&[], claude("PermissionDenied", denial));
    assert_eq!(calls(&folder), [r#"a | refused | "not safe""#]);
}

#[test]
fn what_follows_ends_the_calls_of_the_same_agent() {
    let folder = Folder::new();
    before(&folder, "main", None);
    before(&folder, "sub1", Some("1"));
    before(&folder, "sub2", Some("2"));
    folder.record(&[], claude("UserPromptSubmit", json!({"prompt": "go on"})));
    assert_eq!(
        calls(&folder),
        ["main | interrupted | -", "sub1 | running | -", "sub2 | running | -"]
    );
    folder.record(&[], claude("SubagentStop", json!({"agent_id": "1"})));
    assert_eq!(calls(&folder)[1..], ["sub1 | interrupted | -", "sub2 | running | -"]);
    // It had only been taken for interrupted.
    folder.record(
        &[],
        claude("PostToolUse", json!({"tool_use_id": "main", "tool_response": "late"})),
    );
    assert_eq!(calls(&folder)[0], r#"main | success | "late""#);
    folder.record(&[], claude("SessionEnd", json!({})));
    assert_eq!(calls(&folder)[2], "sub2 | interrupted | -");
    assert_eq!(folder.rows("select status from sessions"), ["ended"]);
}
