//! What goes wrong, and is nobody's business but `doctor`'s.

use crate::claude;
use crate::file::{Folder, give};
use serde_json::{Value, json};
use std::path::Path;

/// The lines of a file of unread payloads.
fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn beside(folder: &Folder) -> Vec<Value> {
    let mut path = folder.database().into_os_string();
    path.push(".unread.jsonl");
    lines(Path::new(&path))
}

#[test]
fn what_is_no_payload_is_kept_as_it_came() {
    let folder = Folder::new();
    let inputs: [&[u8]; 7] =
        [b"nonsense", b"{\"cut\": ", b"[1]", b"{}", b"\"text\"", b"caf\xe9", b"nul \0"];
    for input in inputs {
        folder.record(&["--agent", "codex", "--event", ""], input);
    }
    assert_eq!(
        folder.rows("select agent, payload, reason from unread_payloads order by id"),
        [
            "codex | nonsense | not JSON: expected ident at line 1 column 2",
            "codex | {\"cut\":  | not JSON: EOF while parsing a value at line 1 column 8",
            "codex | [1] | not a JSON object",
            "codex | {} | no `hook_event_name`, or not a text",
            "codex | \"text\" | not a JSON object",
            "codex | Y2Fm6Q== | not UTF-8 beyond its first 3 bytes (the payload is in base64)",
            "codex | bnVsIAA= | not JSON: expected ident at line 1 column 4 (the payload is in base64)",
        ]
    );
    folder.record(&[], b"");
    folder.record(&[], b" \n");
    assert_eq!(folder.number("select count(*) from unread_payloads"), 7);
}

#[test]
fn no_flag_is_wrong() {
    let folder = Folder::new();
    folder.record(&["--wrong", "--agent"], claude("Stop", json!({})));
    folder.record(&["more", "--event=x", "--agent=pi"], claude("SessionEnd", json!({})));
    assert_eq!(folder.number("select count(*) from events"), 2);
}

#[test]
fn a_panic_is_not_seen() {
    let folder = Folder::new();
    let stop = claude("Stop", json!({}));
    let mut program = folder.program();
    program.arg("record").env("CHRONICLE_TEST_PANIC", "1");
    let output = give(&mut program, stop.as_bytes());
    if cfg!(debug_assertions) {
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let kept = &beside(&folder)[0];
        assert_eq!(kept["payload"], stop);
        assert!(kept["reason"].as_str().unwrap().contains("as it was asked to"), "{kept}");
    }
}

#[test]
fn a_folder_that_cannot_be_is_not_seen() {
    let folder = Folder::new();
    let stop = claude("Stop", json!({}));
    folder.write("file", "");
    let database = folder.path().join("file/chronicle.db");
    folder.record(&["--database", database.to_str().unwrap()], &stop);
    let kept = lines(&folder.path().join("state/chronicle/unread.jsonl"));
    assert_eq!(kept[0]["payload"], stop);
    assert!(kept[0]["reason"].as_str().unwrap().contains("file"), "{kept:?}");
}

#[test]
fn a_database_that_is_none_is_not_seen_and_what_was_kept_can_be_imported() {
    let folder = Folder::new();
    let stop = claude("Stop", json!({}));
    std::fs::create_dir_all(folder.database().parent().unwrap()).unwrap();
    std::fs::write(folder.database(), "no database at all, but long enough to be looked at")
        .unwrap();
    folder.record(&["--agent", "claude-code"], &stop);
    assert_eq!(beside(&folder)[0]["payload"], stop);

    std::fs::remove_file(folder.database()).unwrap();
    let mut path = folder.database().into_os_string();
    path.push(".unread.jsonl");
    folder.import(&[path.to_str().unwrap()]);
    assert_eq!(folder.rows("select hook_name from events"), ["Stop"]);
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_not_seen() {
    let folder = Folder::new();
    folder.record(&[], claude("SessionStart", json!({})));
    // No file may become larger than 16 blocks of 512 bytes: too few for the log of the database.
    let stop = claude("Stop", json!({"text": "x".repeat(2_000)}));
    let output = give(&mut folder.shell("ulimit -f 16; exec \"$0\" record"), stop.as_bytes());
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let in_file = folder.number("select count(*) from events where hook_name = 'Stop'");
    assert_eq!(in_file + beside(&folder).len() as u64, 1);
    folder.record(&[], claude("SessionEnd", json!({})));
    assert_eq!(folder.number("select count(*) from events where hook_name = 'SessionEnd'"), 1);
}

#[test]
fn what_is_too_long_is_cut_at_its_longest_texts() {
    let folder = Folder::new();
    let more = json!({"tool_name": "Read", "tool_use_id": "1", "tool_response": {"content": "é".repeat(1_000_000), "short": "y".repeat(3_000)}});
    folder.record(&[], claude("PostToolUse", more));
    let size = folder.number("select length(cast(data as blob)) from events");
    assert!((900_000..1_100_000).contains(&size), "{size}");
    assert_eq!(
        folder.rows("select data ->> '$._chronicle.cut', length(data ->> '$.tool_response.short') from events"),
        [r#"{"/tool_response/content":2000000} | 3000"#]
    );
}
