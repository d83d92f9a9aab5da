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
    let rows = decode(&columns(), body).unwrap_or_else(|_| panic!("rows expected"));
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
    assert!(matches!(decode(&columns(), b"[]"), Ok(rows) if rows.is_empty()));
}

#[test]
fn other_types_and_missing_columns_are_a_mismatch() {
    for (body, column) in [
        (r#"[{"id":"00000000-0000-0000-0000-000000000001","stars":"many","data":null}]"#, "stars"),
        (r#"[{"id":"00000000-0000-0000-0000-000000000001","stars":1}]"#, "data"),
    ] {
        match decode(&columns(), body.as_bytes()) {
            Err(Undecodable::Mismatch(error)) => {
                assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
                assert!(error.message().contains(column), "{error}");
            }
            _ => panic!("a mismatch expected for {body}"),
        }
    }
}

#[test]
fn what_is_no_array_of_rows_is_foreign() {
    for body in ["", "<html>", "{}", "null", "[1]", r#"[{"id":"#, "[] []"] {
        assert!(matches!(decode(&columns(), body.as_bytes()), Err(Undecodable::Foreign)), "{body}");
    }
}
