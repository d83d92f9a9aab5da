//! Rows from JSON.

use super::super::rows::{Undecodable, decode};
use super::{id, table};
use crate::{Column, ErrorKind};
use sea_orm::Value;

fn columns() -> Vec<&'static Column> {
    ["id", "stars", "data"]
        .iter()
        .filter_map(|name| table().columns.iter().find(|column| column.name == *name))
        .collect()
}

#[test]
fn members_come_in_any_order_and_number() {
    let body = br#"[
        {"id":"00000000-0000-0000-0000-000000000001","stars":9007199254740993,"data":{"a":[null]}},
        {"more":{"x":[1]},"data":null,"stars":null,"id":"00000000-0000-0000-0000-000000000002"}
    ]"#;
    let rows = decode(&columns(), None, body).unwrap_or_else(|_| panic!("rows expected"));
    assert_eq!(
        rows,
        [
            vec![
                id(1).into(),
                9_007_199_254_740_993_i64.into(),
                serde_json::json!({"a": [null]}).into()
            ],
            vec![id(2).into(), Value::BigInt(None), Value::Json(None)],
        ]
    );
    assert!(matches!(decode(&columns(), None, b"[]"), Ok(rows) if rows.is_empty()));
}

/// Why the body is no rows of [`columns`].
fn refused(body: &str) -> Undecodable {
    let key = table().key_columns().next();
    decode(&columns(), key, body.as_bytes()).expect_err("no rows expected")
}

#[test]
fn a_row_that_cannot_be_held_is_a_mismatch_that_names_it() {
    let id = id(1);
    let deep = format!("{}{}", "[".repeat(126), "]".repeat(126));
    for (body, column) in [
        (format!(r#"[{{"id":"{id}","stars":"many","data":null}}]"#), "`stars`"),
        (format!(r#"[{{"id":"{id}","stars":1.5,"data":null}}]"#), "`stars`"),
        (format!(r#"[{{"id":"{id}","stars":1}}]"#), "`data`"),
        (format!(r#"[{{"id":"{id}","stars":1,"data":{{"n":1e400}}}}]"#), "`data`"),
        (format!(r#"[{{"id":"{id}","stars":1,"data":{deep}}}]"#), "`data`"),
    ] {
        let Undecodable::Mismatch(error) = refused(&body) else {
            panic!("a mismatch expected for {body}");
        };
        assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
        for part in [column, "`id`", &id.to_string()] {
            assert!(error.message().contains(part), "{error}");
        }
        assert!(error.hint().is_some(), "{error}");
    }
    // A row whose key is not read yet has no name.
    let Undecodable::Mismatch(error) = refused(r#"[{"data":1e400,"id":1,"stars":1}]"#) else {
        panic!("a mismatch expected");
    };
    assert!(error.message().contains("`data`") && !error.message().contains("`id`"), "{error}");
}

#[test]
fn what_is_no_array_of_rows_is_foreign() {
    for body in ["<html>", "{}", "null", "[1]", "[] []"] {
        assert!(matches!(refused(body), Undecodable::Foreign), "{body}");
    }
}

#[test]
fn what_ends_before_its_end_is_cut_off() {
    for body in ["", "[", r#"[{"id":"#, r#"[{"id":"0"#, r#"[{"data":[[1"#, r#"[{"data":{"a":"b"#] {
        assert!(matches!(refused(body), Undecodable::CutOff), "{body}");
    }
}
