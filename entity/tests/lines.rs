//! Files of payloads, good ones and bad ones.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use chronicle_entity::hook::lines;

const GOOD: &str =
    r#"{"session_id": "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11", "hook_event_name": "Stop"}"#;

/// What is read of the file, where `GOOD` stands for a payload.
fn read(file: impl AsRef<[u8]>) -> String {
    let told: Vec<String> = lines(file.as_ref())
        .into_iter()
        .map(|line| match line.payload {
            Ok(_) => format!("{} good, equal ones before it: {}", line.number, line.nth),
            Err(reason) => format!("{} {reason}", line.number),
        })
        .collect();
    told.join("\n")
}

fn of(file: &str) -> String {
    read(file.replace("GOOD", GOOD))
}

#[test]
fn bad_lines_are_told_by_number_and_reason() {
    let file = "\u{feff}GOOD\r\n\n{\n[1]\n{\"hook_event_name\": \"Stop\"}\n\
                {\"session_id\": \"x\"}\n  \r\nGOOD\n";
    insta::assert_snapshot!(of(file), @r#"
    1 good, equal ones before it: 0
    3 not JSON: EOF while parsing an object at line 1 column 1
    4 not a JSON object
    5 good, equal ones before it: 0
    6 no `hook_event_name`, or not a text
    8 good, equal ones before it: 1
    "#);
}

#[test]
fn a_line_that_is_not_utf8_is_a_bad_line() {
    let mut file = format!("{GOOD}\n{GOOD}\n{GOOD}\n").into_bytes();
    file[GOOD.len() + 6] = 0xff;
    insta::assert_snapshot!(read(&file), @r#"
    1 good, equal ones before it: 0
    2 not UTF-8 beyond its first 5 bytes
    3 good, equal ones before it: 1
    "#);

    let mut array = format!("[{GOOD},{GOOD},{GOOD}]").into_bytes();
    array[GOOD.len() + 7] = 0xff;
    insta::assert_snapshot!(read(&array), @r#"
    1 good, equal ones before it: 0
    2 not UTF-8 beyond its first 5 bytes
    3 good, equal ones before it: 1
    "#);
}

#[test]
fn the_elements_of_an_array_are_read_one_by_one() {
    insta::assert_snapshot!(of("\u{feff} [GOOD,\n 5, 1e999, {\"a\": \"\\ud800\"} ,GOOD\n] \n"), @r#"
    1 good, equal ones before it: 0
    2 not a JSON object
    3 not JSON: number out of range at line 1 column 5
    4 no `hook_event_name`, or not a text
    5 good, equal ones before it: 1
    "#);
    assert_eq!(of("[]"), "");
    assert_eq!(of(" [ ] "), "");
}

#[test]
fn what_stands_before_the_mistake_in_an_array_counts() {
    let files = [
        "[GOOD, GOOD, {\"a\": oops}, GOOD]",
        "[\nGOOD,\nGOOD,\n{\"a\":\nGOOD\n]",
        "[GOOD GOOD]",
        "[GOOD, GOOD",
        "[GOOD, GOOD,",
        "[GOOD, GOOD, {\"a\": ",
        "[GOOD, ]",
        "[GOOD, GOOD] and more",
        "[",
    ];
    let told: Vec<String> = files.iter().map(|file| format!("{file}\n{}\n", of(file))).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    [GOOD, GOOD, {"a": oops}, GOOD]
    1 good, equal ones before it: 0
    2 good, equal ones before it: 1
    3 not JSON: expected value at line 1 column 7

    [
    GOOD,
    GOOD,
    {"a":
    GOOD
    ]
    1 good, equal ones before it: 0
    2 good, equal ones before it: 1
    3 not JSON: expected `,` or `}` at line 3 column 1

    [GOOD GOOD]
    1 good, equal ones before it: 0
    2 not JSON: no comma before it

    [GOOD, GOOD
    1 good, equal ones before it: 0
    2 good, equal ones before it: 1
    3 not JSON: the array is cut off

    [GOOD, GOOD,
    1 good, equal ones before it: 0
    2 good, equal ones before it: 1
    3 not JSON: the array is cut off

    [GOOD, GOOD, {"a": 
    1 good, equal ones before it: 0
    2 good, equal ones before it: 1
    3 not JSON: EOF while parsing a value at line 1 column 6

    [GOOD, ]
    1 good, equal ones before it: 0
    2 not JSON: expected value at line 1 column 1

    [GOOD, GOOD] and more
    1 good, equal ones before it: 0
    2 good, equal ones before it: 1
    3 not JSON: there is more after the array's end

    [
    1 not JSON: the array is cut off
    "#);
}

#[test]
fn lines_of_which_the_first_begins_like_an_array_are_lines() {
    let files = ["[1]\nGOOD\nGOOD\n", "[info] started\nGOOD\n", "[GOOD\nGOOD\nGOOD"];
    let told: Vec<String> = files.iter().map(|file| format!("{file}\n{}\n", of(file))).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    [1]
    GOOD
    GOOD

    1 not a JSON object
    2 good, equal ones before it: 0
    3 good, equal ones before it: 1

    [info] started
    GOOD

    1 not JSON: expected value at line 1 column 2
    2 good, equal ones before it: 0

    [GOOD
    GOOD
    GOOD
    1 not JSON: EOF while parsing a list at line 1 column 82
    2 good, equal ones before it: 0
    3 good, equal ones before it: 1
    "#);
}
