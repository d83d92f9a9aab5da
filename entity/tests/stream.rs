//! Files of any layout, as a stream.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use chronicle_entity::hook::{Sender, Stream};
use proptest::prelude::*;
use std::io::Read;

const GOOD: &str = r#"{"session_id": "s", "hook_event_name": "Stop", "text": "a } in \" it {"}"#;

/// Gives a file in pieces of any size.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(self.0.len()).min(into.len());
        let (now, rest) = self.0.split_at(count);
        into[..count].copy_from_slice(now);
        self.0 = rest;
        Ok(count)
    }
}

/// The places of what is good, and of what is left out.
fn places(file: &[u8], piece: usize) -> (Vec<u64>, Vec<u64>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for found in Stream::new(Pieces(file, piece), Sender::new()) {
        let found = found.unwrap();
        if found.payload.is_ok() { good.push(found.byte) } else { bad.push(found.byte) }
    }
    (good, bad)
}

proptest! {
    #[test]
    fn every_payload_is_found_whatever_stands_between(
        parts in proptest::collection::vec((any::<bool>(), "[a-z{}\\[\\],:\" \\n]{0,20}"), 0..12),
        piece in 1_usize..200,
    ) {
        let mut file = Vec::new();
        let mut expected = Vec::new();
        for (is_payload, between) in parts {
            file.extend_from_slice(between.as_bytes());
            // A brace and a quotation mark would make the payload a part of a broken text.
            file.extend_from_slice(b"\n");
            if is_payload {
                expected.push(file.len() as u64);
                file.extend_from_slice(GOOD.as_bytes());
                file.extend_from_slice(b"\n");
            }
        }
        prop_assert_eq!(places(&file, piece).0, expected);
    }

    #[test]
    fn no_file_makes_it_panic_or_go_on_for_ever(file in "[\\[\\]{}\":,a1 \\n\\\\]{0,200}", piece in 1_usize..50) {
        places(file.as_bytes(), piece);
    }
}

/// What is read of the file, where `GOOD` stands for a payload.
fn told(file: &[u8]) -> String {
    let told = Stream::new(file, Sender::new()).map(|found| {
        let found = found.unwrap();
        match found.payload {
            Ok(_) => format!("{} good", found.line),
            Err(reason) => format!("{} {reason}", found.line),
        }
    });
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_no_payload_is_told_by_line_and_reason() {
    let files = [
        "\u{feff}GOOD\r\n\n{\n[1]\n{\"hook_event_name\": \"Stop\"}\n{\"session_id\": \"x\"}\n  \r\nGOOD\n",
        "\u{feff} [GOOD,\n 5, {\"n\": 1e999}, {\"a\": \"\\ud800\"} ,GOOD\n] \n",
        "[\nGOOD,\nGOOD,\n{\"a\":\nGOOD\n]",
        "[GOOD, GOOD, {\"a\": oops}, GOOD]",
        "[GOOD GOOD",
        "[info] started\nGOOD\n",
    ];
    let told =
        files.map(|file| format!("{file}\n{}\n", told(file.replace("GOOD", GOOD).as_bytes())));
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_is_not_utf8_is_told() {
    let mut lines = format!("{GOOD}\n{GOOD}\n{GOOD}\n").into_bytes();
    lines[GOOD.len() + 6] = 0xff;
    insta::assert_snapshot!(told(&lines), @r"
    1 good
    2 not UTF-8 beyond its first 5 bytes
    3 good
    ");
}

#[test]
fn what_is_broken_at_the_end_is_told() {
    let file = format!("{GOOD}{{\"a\": {GOOD}");
    assert_eq!(
        places(file.as_bytes(), 7),
        (vec![0, GOOD.len() as u64 + 6], vec![GOOD.len() as u64])
    );
}

#[test]
fn an_object_without_an_end_does_not_fill_the_memory() {
    let long = format!("{{\"a\": \"{}", "x".repeat(20_000_000));
    let file = format!("{long}\n{GOOD}");
    assert_eq!(places(file.as_bytes(), 100_000), (vec![long.len() as u64 + 1], vec![0]));
}
