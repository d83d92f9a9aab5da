//! What refusals mean.

use super::super::error::failure;
use super::super::failure::{Failure, Purpose};
use crate::ErrorKind;
use reqwest::StatusCode;
use std::time::Duration;

fn of(status: u16, body: &str, purpose: Purpose) -> Failure {
    let status = StatusCode::from_u16(status).expect("a status");
    failure(status, body.as_bytes(), None, purpose)
}

fn with_code(status: u16, code: &str, purpose: Purpose) -> Failure {
    of(status, &format!(r#"{{"code":"{code}","message":"m","details":null,"hint":null}}"#), purpose)
}

#[test]
fn the_code_decides() {
    use ErrorKind::*;
    for (code, kind) in [
        ("23505", Unique),
        ("23503", ForeignKey),
        ("23502", NotNull),
        ("23514", Check),
        ("23P01", Check),
        ("44000", Check),
        ("P0001", Check),
        ("PT409", Check),
        ("22P02", InvalidInput),
        ("22P05", InvalidInput),
        ("21000", InvalidInput),
        ("54001", InvalidInput),
        ("PGRST100", InvalidInput),
        ("PGRST122", InvalidInput),
        ("42501", Denied),
        ("0P000", Denied),
        ("28000", Unauthenticated),
        ("PGRST300", Unauthenticated),
        ("PGRST301", Unauthenticated),
        ("PGRST106", SchemaMismatch),
        ("PGRST205", SchemaMismatch),
        ("42P01", SchemaMismatch),
        ("42703", SchemaMismatch),
        ("42P10", SchemaMismatch),
        ("428C9", SchemaMismatch),
        ("42804", SchemaMismatch),
        ("PGRST000", Unavailable),
        ("PGRST003", Unavailable),
        ("53300", Unavailable),
        ("57P03", Unavailable),
        ("57014", Unavailable),
        ("53100", StorageFull),
        ("53200", Unavailable),
        ("25006", Unavailable),
        ("40001", Busy),
        ("40P01", Busy),
        ("55P03", Busy),
        ("0A000", Unsupported),
        ("XX000", Internal),
        ("XX001", Corrupt),
        ("XX002", Corrupt),
        ("PGRST121", Internal),
    ] {
        for status in [400, 401, 403, 500, 503] {
            let failure = with_code(status, code, Purpose::Write);
            assert_eq!(failure.error.kind(), kind, "{code} with {status}");
            assert_eq!(failure.error.code(), Some(code));
        }
    }
}

#[test]
fn lost_answers_are_ambiguous_for_writes_alone() {
    let bodies = [
        (400, r#"{"code":"","details":null,"hint":null,"message":""}"#),
        (503, r#"{"code":"PGRST001","message":"m"}"#),
        (503, r#"{"code":"57P01","message":"terminating connection"}"#),
        (503, r#"{"code":"08006","message":"m"}"#),
        (502, "<html>Bad gateway</html>"),
        (503, "upstream connect error or disconnect/reset before headers"),
        (504, "upstream request timeout"),
        (520, "<html>"),
        (544, r#"{"message":"gateway time limit"}"#),
        (408, ""),
    ];
    for (status, body) in bodies {
        let write = of(status, body, Purpose::Write);
        assert_eq!(write.error.kind(), ErrorKind::Timeout, "{status} {body}");
        assert_eq!(write.repeat(Purpose::Write), None, "{status} {body}");
        let read = of(status, body, Purpose::Read);
        assert_eq!(read.error.kind(), ErrorKind::Unavailable, "{status} {body}");
        assert!(read.repeat(Purpose::Read).is_some(), "{status} {body}");
    }
}

#[test]
fn what_was_surely_not_executed_is_sent_again() {
    for (status, body) in [
        (503, r#"{"code":"PGRST000","message":"m"}"#),
        (503, r#"{"code":"PGRST002","message":"m"}"#),
        (504, r#"{"code":"PGRST003","message":"m"}"#),
        (503, r#"{"code":"53300","message":"m"}"#),
        (429, r#"{"message":"slow down"}"#),
        (500, r#"{"code":"40P01","message":"deadlock"}"#),
    ] {
        assert!(of(status, body, Purpose::Write).repeat(Purpose::Write).is_some(), "{body}");
    }
    for code in ["23505", "42501", "PGRST205", "57014", "25006", "53100"] {
        assert_eq!(with_code(500, code, Purpose::Read).repeat(Purpose::Read), None, "{code}");
    }
}

#[test]
fn gateways_without_a_code() {
    for (status, body, kind) in [
        (401, r#"{"message":"Invalid API key"}"#, ErrorKind::Unauthenticated),
        (401, "Unauthorized", ErrorKind::Unauthenticated),
        (403, r#"{"message":"Access to schema is forbidden"}"#, ErrorKind::Denied),
        (413, "<html>", ErrorKind::InvalidInput),
        (414, "", ErrorKind::InvalidInput),
        (431, "", ErrorKind::InvalidInput),
        (429, "", ErrorKind::Throttled),
        (540, "", ErrorKind::Unavailable),
        (302, "", ErrorKind::Unavailable),
        (404, "<html>Tunnel not found</html>", ErrorKind::Unavailable),
        (404, "{}", ErrorKind::SchemaMismatch),
    ] {
        let failure = of(status, body, Purpose::Write);
        assert_eq!(failure.error.kind(), kind, "{status}");
        assert_eq!(failure.error.code(), Some(format!("HTTP {status}").as_str()));
    }
}

#[test]
fn standby_servers_are_unavailable() {
    let body = r#"{"code":"0A000","message":"cannot do this during recovery"}"#;
    assert_eq!(of(500, body, Purpose::Write).error.kind(), ErrorKind::Unavailable);
    let body = r#"{"code":"22023","message":"role \"ghost\" does not exist"}"#;
    assert_eq!(of(400, body, Purpose::Write).error.kind(), ErrorKind::Unauthenticated);
}

#[test]
fn constraints_and_hints_are_carried() {
    let body = r#"{"code":"23505","message":"duplicate key value violates unique constraint \"entries_pkey\"","details":"Key (id)=(secret) already exists.","hint":null}"#;
    let error = of(409, body, Purpose::Write).error;
    assert_eq!(error.constraint(), Some("entries_pkey"));
    assert!(!error.to_string().contains("secret"));
    let body = r#"{"code":"23502","message":"null value in column \"title\" of relation \"entries\" violates not-null constraint","hint":"h"}"#;
    let error = of(400, body, Purpose::Write).error;
    assert_eq!(error.constraint(), Some("entries.title"));
    assert_eq!(error.hint(), Some("h"));
    let odd = r#"{"code":"PGRST201","message":"m","details":[{"a":1}],"hint":["x"]}"#;
    assert_eq!(of(300, odd, Purpose::Read).error.kind(), ErrorKind::SchemaMismatch);
}

/// What the failover has to tell apart.
#[test]
fn a_server_that_cannot_serve_says_how() {
    use ErrorKind::*;
    let wait = Some(Duration::from_secs(3));
    for (status, code, kind, is_transient) in [
        (503, "53100", StorageFull, false),
        (503, "53200", Unavailable, true),
        (503, "53300", Unavailable, true),
        (405, "25006", Unavailable, true),
        (500, "40001", Busy, true),
        (500, "40P01", Busy, true),
        (429, "PT429", Throttled, true),
        (503, "PT503", Unavailable, true),
        (409, "PT409", Check, false),
    ] {
        let body = format!(r#"{{"code":"{code}","message":"m"}}"#);
        let status = StatusCode::from_u16(status).expect("a status");
        let error = failure(status, body.as_bytes(), wait, Purpose::Write).error;
        assert_eq!((error.kind(), error.code()), (kind, Some(code)));
        assert_eq!((error.is_transient(), error.retry_after()), (is_transient, wait), "{code}");
        assert!(!error.is_ambiguous(), "{code}");
    }
}

#[test]
fn duplicates_of_the_key_are_told_from_others() {
    let error = |constraint: &str, details: &str| {
        let body = format!(
            r#"{{"code":"23505","message":"duplicate key value violates unique constraint \"{constraint}\"","details":{details}}}"#
        );
        of(409, &body, Purpose::Write).error
    };
    let key = &["id"][..];
    for (constraint, details, key, expected) in [
        ("the_key", r#""Key (id)=(7) already exists.""#, key, Some(true)),
        ("the_key", r#""Schlüssel »(id)=(7)« existiert bereits.""#, key, Some(true)),
        ("people_email", r#""Key (email)=(id)=(7) already exists.""#, key, Some(false)),
        ("odd_pkey", r#""Key (lower(id))=(7) already exists.""#, key, Some(false)),
        ("the_key", r#""Key (\"the key\")=(7) already exists.""#, &["the key"], Some(true)),
        ("the_key", r#""Key (a, b)=(7, 8) already exists.""#, &["b", "a"], Some(true)),
        ("the_key", r#""Key (a, b)=(7, 8) already exists.""#, &["a"], Some(false)),
        ("people_pkey", "null", key, Some(true)),
        ("the_key", "null", key, None),
        ("the_key", "[1]", key, None),
    ] {
        let error = error(constraint, details);
        assert_eq!(error.is_key_conflict(key), expected, "{constraint} {details}");
        assert!(!error.to_string().contains('7'), "{error}");
    }
    assert_eq!(with_code(409, "23503", Purpose::Write).error.is_key_conflict(key), Some(false));
}

#[test]
fn long_bodies_are_cut() {
    let error = of(502, &"é".repeat(5_000), Purpose::Read).error;
    assert!(error.message().len() < 1_024, "{}", error.message().len());
    let wait = Some(Duration::from_secs(7));
    let failure = failure(StatusCode::TOO_MANY_REQUESTS, b"", wait, Purpose::Write);
    assert_eq!(failure.error.retry_after(), wait);
}
