//! SQL of the caller's own, through the function `execute_sql`.

use super::failure::Purpose;
use super::request::{Method, Request};
use super::{Postgrest, answer};
use crate::{Error, ErrorKind, RawRow, Result, value};
use sea_orm::{JsonValue, Value};
use serde_json::json;

impl Postgrest {
    pub(super) async fn execute_sql(
        &self,
        sql: &str,
        parameters: Vec<Value>,
    ) -> Result<Vec<RawRow>> {
        let parameters: Vec<JsonValue> = parameters.iter().map(value::to_json).collect();
        let body = json!({ "query": sql, "params": parameters }).to_string().into_bytes();
        let request = Request::new(Method::Post, "/rpc/execute_sql")
            .schema(self.client().schema.as_deref())
            .with_body(body);
        self.client()
            .send(request, Purpose::Write, |answer| answer::raw_rows(answer, Purpose::Write))
            .await
            .map_err(|error| if is_missing(&error) { missing(&error) } else { error })
    }
}

/// Whether the function is not there. The caller's SQL may name other functions that are not.
fn is_missing(error: &Error) -> bool {
    match error.code() {
        Some("PGRST202") => true,
        Some("HTTP 404") => error.kind() == ErrorKind::SchemaMismatch,
        Some("42883") => error.message().contains("execute_sql"),
        _ => false,
    }
}

fn missing(error: &Error) -> Error {
    Error::new(ErrorKind::Unsupported, "the server has no function `execute_sql`")
        .with_code(error.code().map(str::to_owned))
        .with_hint(
            "install it: `cargo run -p chronicle-migration -- sql execute-sql` prints its SQL",
        )
}
