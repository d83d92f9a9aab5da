//! The program as an agent runs it: `record` and `import`.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` is written where it is given")]

mod agents;
mod file;
mod import;
mod killed;
mod large;
mod mishaps;
mod redaction;
mod refusals;
mod speed;
mod twice;

use file::Folder;

pub(crate) const SESSION: &str = "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11";

/// A payload of Claude Code's.
pub(crate) fn claude(hook: &str, more: serde_json::Value) -> String {
    let mut payload = serde_json::json!({
        "session_id": SESSION,
        "transcript_path": "/home/ada/.claude/projects/-shop/0f0a6a52.jsonl",
        "cwd": "/home/ada/shop",
        "permission_mode": "default",
        "hook_event_name": hook,
    });
    payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    payload.to_string()
}

#[test]
fn a_bare_program_with_something_piped_in_records_it() {
    let folder = Folder::new();
    let output = folder.run(&[], claude("Stop", serde_json::json!({})).as_bytes());
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty());
    assert_eq!(folder.rows("select hook_name from events"), ["Stop"]);
}
