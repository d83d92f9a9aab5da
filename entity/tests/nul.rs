//! NUL characters in payloads: none is stored, and none is lost.

#![allow(clippy::unwrap_used)]

use chronicle_entity::hook::{NUL_MARK, Payload, restore_nul};
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

/// Texts in which NUL characters, their picture and the signs of JSON pointers are likely.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        vec(prop::sample::select(vec!['\0', '\u{2400}', 'a', '🛒', '~', '/', '0']), 0..4)
            .prop_map(String::from_iter),
        Just(NUL_MARK.to_owned()),
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
