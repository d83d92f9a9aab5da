//! Answers recorded from the versions of PostgREST, in `versions.json`, where these differ.

use super::super::answer;
use super::super::client::Answer;
use super::super::error::failure;
use super::super::failure::{Failure, Purpose};
use super::table;
use crate::ErrorKind::{self, *};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderMap};
use serde::Deserialize;

const VERSIONS: [&str; 4] = ["12.0.2", "12.2.12", "13.0.8", "14.14"];

#[derive(Deserialize)]
struct Case {
    case: String,
    request: String,
    answers: Vec<Recorded>,
}

#[derive(Deserialize)]
struct Recorded {
    versions: Vec<String>,
    status: u16,
    content_range: Option<String>,
    body: String,
}

/// What the client makes of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// A read's rows.
    Rows(usize),
    /// A write's count, where `Prefer: count=exact` asked for it.
    Touched(u64),
    Stored,
    Failed(ErrorKind),
    /// Refused for its token: another one is asked for.
    Renewed,
}
use Outcome::{Failed, Renewed, Rows, Stored, Touched};

const fn each(outcome: Outcome) -> [Outcome; 4] {
    [outcome; 4]
}

/// What 12.0.2 answers, and what later versions do.
const fn since_12_2(before: Outcome, since: Outcome) -> [Outcome; 4] {
    [before, since, since, since]
}

/// What 12 answers, and what 13 and 14 do.
const fn since_13(before: Outcome, since: Outcome) -> [Outcome; 4] {
    [before, before, since, since]
}

const EXPECTED: &[(&str, [Outcome; 4])] = &[
    // 13.0.8 cuts the body off.
    (
        "page:offset beyond exact",
        [Failed(InvalidInput), Failed(InvalidInput), Failed(Unavailable), Failed(InvalidInput)],
    ),
    ("ins:columns unknown", each(Failed(SchemaMismatch))),
    ("ups:merge dup in batch", each(Failed(InvalidInput))),
    ("upd:unknown col", each(Failed(SchemaMismatch))),
    ("upd:no filter", since_12_2(Touched(4), Touched(6))),
    ("del:no filter", since_12_2(Touched(0), Touched(2))),
    // What an update with `limit=1` changed: the reason why none is sent.
    ("upd:limit count check", since_13(Rows(1), Rows(6))),
    ("max:on POST", since_12_2(Failed(InvalidInput), Stored)),
    ("rpc:raise 53400", each(Failed(Unavailable))),
    ("rpc:raise 54000", each(Failed(InvalidInput))),
    ("rpc:raise 42P17", each(Failed(Internal))),
    ("err:unknown table", each(Failed(SchemaMismatch))),
    ("err:unknown table POST", each(Failed(SchemaMismatch))),
    ("err:unknown table PATCH", each(Failed(SchemaMismatch))),
    // 12 does not say that the path is wrong rather than the table.
    ("err:nested path", since_13(Failed(SchemaMismatch), Failed(InvalidInput))),
    ("err:Accept-Profile bad", each(Failed(SchemaMismatch))),
    ("err:Content-Profile bad", each(Failed(SchemaMismatch))),
    ("jwt:expired", each(Renewed)),
    ("jwt:nbf future", each(Renewed)),
    ("jwt:bad sig", each(Renewed)),
    ("jwt:malformed", each(Renewed)),
    ("jwt:role missing in db", each(Failed(Unauthenticated))),
    ("jwt:empty bearer", since_13(Rows(0), Renewed)),
];

#[test]
fn versions_differ_and_the_outcome_is_known() {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("versions.json")).expect("the fixture is JSON");
    let names: Vec<&str> = cases.iter().map(|case| case.case.as_str()).collect();
    let expected: Vec<&str> = EXPECTED.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, expected);
    for (case, (_, expected)) in cases.iter().zip(EXPECTED) {
        for (version, expected) in VERSIONS.iter().zip(expected) {
            let recorded = case
                .answers
                .iter()
                .find(|answer| answer.versions.iter().any(|name| name == version))
                .expect("each version is recorded");
            let outcome = outcome(&case.request, recorded);
            assert_eq!(outcome, *expected, "{} on {version}", case.case);
        }
    }
}

fn outcome(request: &str, recorded: &Recorded) -> Outcome {
    let purpose = if request.starts_with("GET") { Purpose::Read } else { Purpose::Write };
    let status = StatusCode::from_u16(recorded.status).expect("a status");
    let body = recorded.body.as_bytes();
    let result = if status.is_success() {
        let mut headers = HeaderMap::new();
        if let Some(range) = &recorded.content_range {
            headers.insert(CONTENT_RANGE, range.parse().expect("a header"));
        }
        if !body.is_empty() {
            let json = "application/json; charset=utf-8".parse().expect("a header");
            headers.insert(CONTENT_TYPE, json);
        }
        read(request, &Answer { status, headers: &headers, body }, purpose)
    } else {
        Err(failure(status, body, None, purpose))
    };
    match result {
        Ok(outcome) => outcome,
        Err(failure) if failure.is_token_refused => {
            assert_eq!(failure.error.kind(), Unauthenticated);
            Renewed
        }
        Err(failure) => Failed(failure.error.kind()),
    }
}

/// What the client reads of an answer of success to such a request.
fn read(request: &str, answer: &Answer<'_>, purpose: Purpose) -> Result<Outcome, Failure> {
    if purpose == Purpose::Read {
        let keys: Vec<_> = table().key_columns().collect();
        return answer::rows(answer, Purpose::Read, Some(table()), &keys)
            .map(|rows| Rows(rows.len()));
    }
    answer::check_write(answer, purpose)?;
    if request.starts_with("POST") {
        return Ok(Stored);
    }
    answer::total(answer, purpose).map(Touched)
}
