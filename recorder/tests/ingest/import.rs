//! Files as people have them.

use crate::claude;
use crate::file::Folder;
use serde_json::{Value, json};

fn stop(number: u64) -> String {
    claude("Stop", json!({ "n": number }))
}

fn pretty(text: &str) -> String {
    serde_json::to_string_pretty(&serde_json::from_str::<Value>(text).unwrap()).unwrap()
}

/// Imports a text, twice, and gives the numbers of the payloads in it, and what was said of the rest.
fn imported(text: impl AsRef<[u8]>) -> (Vec<String>, String) {
    let folder = Folder::new();
    let path = folder.write("log.jsonl", text);
    let (first, left_out) = folder.import(&[&path]);
    let numbers =
        folder.rows("select data ->> '$.n' from events order by timestamp, data ->> '$.n'");
    let recorded = numbers.len();
    assert!(first.starts_with(&format!("{recorded} recorded, 0 were there already")), "{first}");
    let (second, _) = folder.import(&[&path]);
    assert!(second.starts_with(&format!("0 recorded, {recorded} were there already")), "{second}");
    assert_eq!(folder.number("select count(*) from events") as usize, recorded);
    (numbers, left_out)
}

#[test]
fn lines_with_and_without_something_before_them() {
    let (a, b, c, d) = (stop(1), stop(2), stop(3), stop(4));
    let text = format!(
        "\u{feff}{a}\r\n\n2026-06-22T06:38:24.144Z {b}\nPre-tool use: {c}\nhook {{started}} {d}\nend"
    );
    let (numbers, left_out) = imported(text);
    // The one with a time of its own is the oldest.
    assert_eq!(numbers, ["2", "1", "3", "4"]);
    assert_eq!(left_out, "");
}

#[test]
fn documents_over_several_lines_one_behind_the_other_and_in_arrays() {
    let (a, b, c, d) = (pretty(&stop(1)), pretty(&stop(2)), stop(3), pretty(&stop(4)));
    let (numbers, left_out) = imported(format!("{a}{b}\n{c}{c}\n[{d},\n {c}]"));
    assert_eq!(numbers, ["1", "2", "3", "3", "4", "3"]);
    assert_eq!(left_out, "");
}

#[test]
fn payloads_inside_other_objects() {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let mut text = String::new();
    for (number, name) in (1..).zip(["input", "payload", "data", "raw_input"]) {
        text += &pretty(&json!({ "at": 1, name: parse(&stop(number)) }).to_string());
    }
    text += &json!({ "payload": stop(5), "timestamp": "2026-11-02T00:00:00Z" }).to_string();
    text += &json!({ "events": [parse(&stop(6)), { "deep": parse(&stop(7)) }] }).to_string();
    let (numbers, left_out) = imported(text);
    assert_eq!(numbers, ["5", "1", "2", "3", "4", "6", "7"]);
    assert_eq!(left_out, "");
}

#[test]
fn lone_surrogates_are_no_reason_to_leave_one_out() {
    let text = stop(1).replace("default", r"\ud83d");
    assert_eq!(imported(text), (vec!["1".to_owned()], String::new()));
}

#[test]
fn what_is_left_out_is_said_with_its_place() {
    let (a, b) = (stop(1), stop(2));
    let text =
        format!("{a}\n{{\"no\": {{\"hook\": 1}}}}\n{{\"cut\": \"off\n{b}\n{{\"half\": {b}\n{a}");
    let (numbers, left_out) = imported(&text);
    assert_eq!(numbers, ["1", "2", "2", "1"]);
    let left_out = left_out.replace(&format!("byte {}", a.len() + 1), "byte A");
    let place = |part: &str| text.find(part).unwrap();
    assert_eq!(
        left_out,
        format!(
            "~/log.jsonl:2 (byte A) is left out: no `hook_event_name`, or not a text\n\
             ~/log.jsonl:3 (byte {}) is left out: not JSON: control character (\\u0000-\\u001F) found while parsing a string at line 1 column 12\n\
             ~/log.jsonl:5 (byte {}) is left out: not JSON: expected `,` or `}}` at line 2 column 1\n",
            place("{\"cut"),
            place("{\"half")
        )
    );
}

#[test]
fn a_transcript_is_no_log_of_hooks() {
    let line = json!({"type": "user", "sessionId": crate::SESSION, "message": {"content": [{"type": "tool_result", "tool_use_id": "t"}]}});
    let (numbers, left_out) = imported(line.to_string());
    assert!(numbers.is_empty());
    assert!(left_out.contains("log.jsonl:1 (byte 0) is left out"), "{left_out}");
}

#[test]
fn json_tells_the_same() {
    let folder = Folder::new();
    let path = folder.write("log", format!("{}\n{{\"no\": 1}}", stop(1)));
    let (told, _) = folder.import(&["--json", &path]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["recorded"], &told["left_out"]), (&json!(1), &json!(1)));
    assert_eq!(told["places"][0]["line"], 2);
}

#[test]
fn a_file_that_is_not_there_is_told_before_anything_is_done() {
    let folder = Folder::new();
    let path = folder.write("log", stop(1));
    let output = folder.run(&["import", &path, "/no/such/file"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("/no/such/file"));
    assert!(!folder.database().exists());
}

#[test]
fn what_was_recorded_live_is_not_there_twice_when_it_has_the_id_of_a_call() {
    let folder = Folder::new();
    let call =
        claude("PreToolUse", json!({"tool_name": "Bash", "tool_use_id": "1", "tool_input": {}}));
    folder.record(&[], &call);
    let path = folder.write("log", &call);
    let (told, _) = folder.import(&[&path]);
    assert_eq!(told, "0 recorded, 1 were there already, 0 left out\n");
}
