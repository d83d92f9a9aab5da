//! What was recorded, as the commands show it.

use crate::home::Home;
use crate::recorded::{DOCS, SHOP, record};
use insta::assert_snapshot;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

fn recorded() -> Home {
    let home = Home::new();
    record(&home);
    home
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn without_a_file_commands_say_how_to_begin() {
    let home = Home::new();
    assert_snapshot!(home.error(&["sessions"]));
    assert!(!home.database().exists(), "looking makes nothing");
}

#[test]
fn sessions_are_listed() {
    let home = recorded();
    assert_snapshot!("sessions", home.ok(&["sessions"]));
    assert_snapshot!("sessions_active", home.ok(&["sessions", "--active"]));
    let list = json(&home.ok(&["sessions", "--json"]));
    assert_eq!(list[0]["id"], DOCS);
    assert_eq!(list[1]["tool_calls"], 5);
}

#[test]
fn a_session_is_a_tree() {
    let home = recorded();
    assert_snapshot!("show", home.ok(&["show", SHOP]));
    assert_snapshot!("show_last", home.ok(&["show", "last"]));
    assert_snapshot!("show_colours", home.ok(&["show", "0f0b", "--color", "always"]));
    let tree = json(&home.ok(&["show", "0f0a", "--json"]));
    assert_eq!(tree["items"][4]["items"][0]["kind"], "subagent", "{tree:#}");
    assert_snapshot!("show_ambiguous", home.error(&["show", "0f0"]));
    assert_snapshot!("show_none", home.error(&["show", "abc"]));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let home = recorded();
    for columns in [40, 60, 80, 200] {
        for command in [&["sessions"][..], &["show", SHOP], &["stats"], &["search", "login"]] {
            let said = home.said(home.command(command).env("COLUMNS", columns.to_string()));
            assert_eq!(said.code, Some(0), "{said:?}");
            if command[0] == "stats" {
                continue; // Its sentences are for reading.
            }
            for line in said.out.lines() {
                assert!(line.width() <= columns, "{command:?} in {columns}: {line}");
            }
        }
    }
}

#[test]
fn a_text_is_found() {
    let home = recorded();
    assert_snapshot!("search", home.ok(&["search", "LOGIN"]));
    assert_snapshot!("search_other_case", home.ok(&["search", "école"]));
    assert_snapshot!("search_nothing", home.ok(&["search", "no such text"]));
    assert_eq!(
        json(&home.ok(&["search", "why it", "--json"]))["hits"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn statistics_count() {
    let home = recorded();
    assert_snapshot!("stats", home.ok(&["stats"]));
    assert_snapshot!("stats_of_now", home.ok(&["stats", "--since", "1h"]));
    assert_snapshot!("stats_age", home.error(&["stats", "--since", "soon"]));
}

#[test]
fn status_tells_what_is_there() {
    let home = recorded();
    let status = home.ok(&["status"]);
    let status: String =
        status.lines().filter(|line| !line.starts_with("file")).map(|l| format!("{l}\n")).collect();
    assert_snapshot!(status);
}

#[test]
fn exports_are_whole() {
    let home = recorded();
    assert_snapshot!(
        "export_markdown",
        home.ok(&["export", "--format", "markdown", "--session", SHOP])
    );
    assert_snapshot!("export_csv", home.ok(&["export", "--format", "csv"]));
    let lines = home.ok(&["export", "--format", "jsonl"]);
    let kinds = |kind: &str| lines.lines().filter(|line| json(line)["kind"] == kind).count();
    assert_eq!((kinds("session"), kinds("event"), kinds("tool_event")), (2, 9, 6));
    let all = json(&home.ok(&["export", "--format", "json"]));
    assert_eq!(all.as_array().unwrap().len(), 2);
    let page = home.path("page.html");
    let said = home.run(&["export", "--format", "html", "--output", page.to_str().unwrap()]);
    assert_eq!(said.err, "2 sessions in ~/page.html\n");
    let page = home.read("page.html");
    assert!(page.contains("Fix the &lt;b&gt;login&lt;/b&gt; test"), "{page}");
    assert!(
        !page.contains("<script") && !page.contains("http:") && !page.contains("https:"),
        "{page}"
    );
    assert_snapshot!("export_html", page.split_once("<h1>").unwrap().1);
}

#[test]
fn texts_of_several_lines_stand_as_they_are_in_a_page() {
    use std::io::Write;
    let home = Home::new();
    let payload = serde_json::json!({
        "session_id": SHOP, "cwd": "/shop", "hook_event_name": "PostToolUse",
        "tool_name": "Grep", "tool_use_id": "1", "tool_input": { "path": "src", "pattern": "total" },
        "tool_response": { "stdout": "one\n<two>", "code": 0 },
    });
    let mut record = home.command(&["record"]);
    let mut child = record.stdin(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(payload.to_string().as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    let page = home.ok(&["export", "--format", "html"]);
    for part in [
        "<b>Grep</b> <code>total</code>",
        "<pre>{\n  &quot;code&quot;: 0\n}</pre>",
        "<div class=\"name\">stdout</div><pre>one\n&lt;two&gt;</pre>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn what_another_process_records_is_shown_as_it_comes() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::Stdio;
    let home = recorded();
    let mut tail =
        home.command(&["tail", "--session", SHOP]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines().map(Result::unwrap);
    let before: Vec<String> = lines.by_ref().take(8).collect();
    assert_snapshot!("tail", before.join("\n"));
    let payload =
        format!(r#"{{"session_id":"{SHOP}","hook_event_name":"Notification","message":"hello"}}"#);
    let mut record = home.command(&["record"]).stdin(Stdio::piped()).spawn().unwrap();
    record.stdin.take().unwrap().write_all(payload.as_bytes()).unwrap();
    assert!(record.wait().unwrap().success());
    let line = lines.next().unwrap();
    assert!(line.ends_with("0f0a6a52  Notification hello"), "{line}");
    tail.kill().unwrap();
    tail.wait().unwrap();
}

#[test]
fn what_is_old_is_removed() {
    let home = recorded();
    assert!(home.ok(&["prune", "--older-than", "9000d"]).starts_with("0 sessions"));
    assert!(home.ok(&["prune", "--older-than", "1s"]).starts_with("2 sessions"));
    assert_eq!(home.ok(&["sessions"]), "no session is recorded yet\n");
    assert!(home.error(&["prune", "--older-than", "ninety days"]).contains("no age"));
}

#[test]
fn without_a_server_nothing_waits() {
    let home = recorded();
    assert_eq!(home.ok(&["outbox", "list"]), "nothing waits for the server\n");
    assert_snapshot!("letters_without_a_server", home.ok(&["letters"]));
    assert_eq!(home.ok(&["outbox"]), home.ok(&["outbox", "list"]));
    assert_snapshot!(
        "letters_retried_without_a_server",
        home.error(&["letters", "retry", "--table", "events"])
    );
    assert!(home.error(&["flush"]).contains("no server is configured"));
    assert!(home.error(&["pull"]).contains("no server is configured"));
    assert!(home.ok(&["migrate"]).ends_with("is up to date\n"));
}

#[test]
fn doctor_says_what_is_wrong() {
    let home = recorded();
    let said = home.run(&["doctor"]);
    assert_eq!(said.code, Some(1));
    let findings: String = said
        .out
        .lines()
        .filter(|line| !line.contains("rights") && !line.contains("chmod"))
        .map(|l| format!("{l}\n"))
        .collect();
    assert_snapshot!("doctor", without_size(&findings));
    home.ok(&["install", "--agent", "claude-code"]);
    let said = home.run(&["doctor"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.out);
}

#[test]
fn doctor_finds_what_keeps_hooks_from_running() {
    let home = recorded();
    let malformed = r#"{"disableAllHooks": true, "hooks": {"PreToolUse": [{"matcher": "Bash"}], "Stop": [
        {"hooks": [{"type": "command", "command": "/gone/chronicle record --agent claude-code"}]},
        {"hooks": [{"type": "command", "command": "chronicle record"}]}]}}"#;
    home.write(".claude/settings.json", malformed);
    home.write(
        "project/.claude/settings.local.json",
        r#"{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "chronicle record"}]}]}}"#,
    );
    home.write(".gemini/settings.json", "{\"hooks\": [");
    home.write("data/chronicle/chronicle.db.unread.jsonl", "{cut\n{off\n");
    let said = home.run(&["doctor"]);
    assert_eq!(said.code, Some(1));
    let findings: String = said
        .out
        .lines()
        .filter(|line| !line.contains("rights") && !line.contains("chmod"))
        .map(|l| format!("{l}\n"))
        .collect();
    assert_snapshot!("doctor_hooks", without_size(&findings));
}

/// The file's size depends on SQLite.
fn without_size(text: &str) -> String {
    let line = |line: &str| match line.find("is sound (") {
        Some(at) => format!("{}is sound\n", &line[..at]),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}
