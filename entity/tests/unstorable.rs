//! NUL characters and lone surrogates in payloads: none is stored, and none is lost.
#![allow(clippy::unwrap_used, reason = "a failure here is the failure of the test")]

use chronicle_entity::hook::{NUL_MARK, Payload, SURROGATE_MARK, Sender, Stream, restore_nul};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

const SESSION: &str = "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11";

fn stored(more: &Value) -> Value {
    let mut sent = json!({ "session_id": SESSION, "hook_event_name": "Stop" });
    sent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut stored = Payload::from_json(sent.clone()).unwrap().to_json();
    let answer = stored.clone();
    assert!(!answer.to_string().contains("\\u0000"), "{answer}");
    restore_nul(&mut stored);
    assert_eq!(stored, sent);
    answer
}

#[test]
fn places_and_names_are_noted() {
    let document = stored(&json!({ "a/\0": { "~": ["x\0\0", "\u{2400}"] } }));
    assert_eq!(document["a/\u{2400}"]["~"][0], "x\u{2400}\u{2400}");
    assert_eq!(
        document[NUL_MARK],
        json!({ "": { "a/\u{2400}": ["a/", ""] }, "/a~1\u{2400}/~0/0": [1, 2] })
    );
}

#[test]
fn names_do_not_collide() {
    let document =
        stored(&json!({ "a\0": 1, "a\u{2400}": 2, "a\u{2400}\u{2400}": 3, "a\0\u{2400}": 4 }));
    assert_eq!(document["a\u{2400}"], 2);
    assert_eq!(document.as_object().unwrap().len(), 2 + 4 + 1);
}

#[test]
fn a_member_with_the_marks_own_name_is_kept() {
    for own in [json!("text"), json!({ "/hook_event_name": [0] }), json!({ "\0": "\0" })] {
        stored(&json!({ NUL_MARK: own }));
        stored(&json!({ NUL_MARK: own, "chronicle:nul\u{2400}": "\0" }));
    }
    let inner = json!({ "inner": { NUL_MARK: 1 } });
    assert_eq!(stored(&inner)["inner"], inner["inner"], "only the outermost one is the mark");
}

#[test]
fn a_mark_that_is_none_is_left_alone() {
    for document in [json!({ NUL_MARK: 5 }), json!([1]), json!("\u{2400}"), json!({ "a": 1 })] {
        let mut restored = document.clone();
        restore_nul(&mut restored);
        assert_eq!(restored, document);
    }
}

/// A payload as it came from an agent whose tool cut a text in the middle of a character.
const CUT: &str = r#"{"session_id":"0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11","transcript_path":"/home/ada/.claude/projects/-work/0f0a6a52.jsonl","cwd":"/work","permission_mode":"default","hook_event_name":"PostToolUse","tool_name":"Bash","tool_input":{"command":"head -c 30 menu.txt"},"tool_response":{"stdout":"caf\u00e9 \ud83c\udf70 \uD83D","stderr":"","interrupted":false},"tool_use_id":"toolu_01A09q90qw90lq917835lq9"}"#;

#[test]
fn halves_of_characters_are_replaced_and_noted() {
    let payload = CUT.parse::<Payload>().unwrap();
    let stored = payload.to_json();
    assert_eq!(stored["tool_response"]["stdout"], "café 🍰 \u{fffd}");
    assert_eq!(stored[SURROGATE_MARK], json!({ "/tool_response/stdout": { "7": "d83d" } }));
    assert_eq!(stored.as_object().unwrap().len(), 10);
    // One that was cut elsewhere is another payload.
    let other = CUT.replace("\\uD83D", "\\uD83E").parse::<Payload>().unwrap();
    assert_ne!(other, payload);
    assert_eq!(Payload::try_from(CUT.as_bytes()).unwrap(), payload);
    // Pairs, and backslashes that escape nothing but themselves, are left alone.
    for text in [r"\ud83c\udf70", r"\\ud83d", r"\\\ud83c\udf70\\udf70"] {
        let whole = CUT.replace("\\uD83D", text);
        let stored = whole.parse::<Payload>().unwrap().to_json();
        assert_eq!(stored, serde_json::from_str::<Value>(&whole).unwrap(), "{text}");
    }
}

#[test]
fn halves_of_characters_in_files() {
    for file in [format!("{CUT}\n{CUT}\n"), format!("[{CUT},\n{CUT}]")] {
        let found = Stream::new(file.as_bytes(), Sender::new());
        assert_eq!(
            found.filter(|found| found.as_ref().unwrap().payload.is_ok()).count(),
            2,
            "{file}"
        );
    }
}

#[test]
fn halves_in_names_do_not_collide() {
    let sent = format!(
        r#"{{"session_id":"{SESSION}","hook_event_name":"Stop","a\udc00":1,"a\udc01":2,"a\ufffd":3,
            "\udbff\u0000":{{"b\udfff\udfff/":"\u0000\ud800\u0000"}},"chronicle:surrogate":4,
            "f":"\udb80\udc00 and \ud801"}}"#
    );
    let mut stored = sent.parse::<Payload>().unwrap().to_json();
    let members = stored.as_object().unwrap();
    let mut numbers: Vec<u64> = members.values().filter_map(Value::as_u64).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert_eq!(stored["f"], "\u{f0000} and \u{fffd}", "a text may have the signs of private use");
    let inner = "/\u{fffd}\u{2400}/b\u{fffd}\u{fffd}~1";
    assert_eq!(stored.pointer(inner).unwrap(), "\u{2400}\u{fffd}\u{2400}");
    let notes = &stored[SURROGATE_MARK];
    assert_eq!(notes[inner], json!({ "1": "d800" }));
    assert_eq!(
        notes["/\u{fffd}\u{2400}"],
        json!({ "b\u{fffd}\u{fffd}/": { "1": "dfff", "2": "dfff" } })
    );
    assert_eq!(notes["/f"], json!({ "6": "d801" }));
    assert_eq!(notes[""]["\u{fffd}\u{2400}"], json!({ "0": "dbff" }));
    assert_eq!(notes[""].as_object().unwrap().len(), 3);
    assert_eq!(stored[NUL_MARK][inner], json!([0, 2]));
    restore_nul(&mut stored);
    assert_eq!(stored["chronicle:surrogate"], 4);
    assert_eq!(stored["\u{fffd}\0"]["b\u{fffd}\u{fffd}/"], "\0\u{fffd}\0");
}

#[test]
fn what_is_no_json_stays_so() {
    for text in [
        r#"{"a":"\ud83d"#,
        r#"{"a":"\ud83d",}"#,
        r#"{"a":"\ud8"}"#,
        r#"{"a":"\ud83d\u+123"}"#,
        "\\ud83d",
        "\\",
        r#"["\ud83d"]"#,
    ] {
        assert!(text.parse::<Payload>().is_err(), "{text}");
    }
}

/// Texts in which NUL characters, their picture and the signs of JSON pointers are likely.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        vec(prop::sample::select(vec!['\0', '\u{2400}', 'a', '🛒', '~', '/', '0']), 0..4)
            .prop_map(String::from_iter),
        prop::sample::select(vec![NUL_MARK, SURROGATE_MARK]).prop_map(str::to_owned),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![text().prop_map(Value::from), any::<i64>().prop_map(Value::from)];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(text(), inner, 0..5).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn every_document_survives(members in btree_map(text(), document(), 0..5)) {
        stored(&members.into_iter().collect());
    }
}
