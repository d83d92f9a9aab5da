//! Functions of the server's database: `POST /rpc/…`.

use super::failure::Purpose;
use super::request::{Method, Request};
use super::rows::{self, Undecodable};
use super::{Postgrest, answer};
use crate::{Column, Error, ErrorKind, RawRow, Result, Table};
use sea_orm::{JsonValue, Value};

impl Postgrest {
    pub(super) async fn call_function(&self, name: &str, arguments: RawRow) -> Result<Vec<u8>> {
        // A path is read: these would ask for something else.
        if matches!(name, "" | "." | "..") || name.contains('/') {
            let message =
                format!("no function can be called by the name `{}`", name.escape_debug());
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        let request = Request::new(Method::Post, format!("/rpc/{name}"))
            .schema(self.client().schema.as_deref())
            .with_body(JsonValue::Object(arguments).to_string().into_bytes());
        self.client()
            .send(request, Purpose::Write, |answer| answer::of_function(answer, Purpose::Write))
            .await
            .map_err(|error| match error.code() {
                Some("PGRST202") => error.with_hint(
                    "a function is found by its name and the names of its arguments, in the schema that \
                     the server serves; after a migration it reads the schema anew",
                ),
                _ => error,
            })
    }
}

/// The rows of a function's answer: a list of them, one, or none.
pub(crate) fn rows_of(table: &'static Table, answer: &[u8]) -> Result<Vec<Vec<Value>>> {
    let columns: Vec<&'static Column> = table.columns.iter().collect();
    let listed = match answer.trim_ascii() {
        b"null" => return Ok(Vec::new()),
        one if one.starts_with(b"{") => [b"[", one, b"]"].concat(),
        list => list.to_vec(),
    };
    rows::decode(&columns, table.key_columns().next(), &listed).map_err(|why| match why {
        Undecodable::Mismatch(error) => error.with_table(table.name),
        Undecodable::CutOff | Undecodable::Foreign => {
            Error::new(ErrorKind::SchemaMismatch, "the function gives no rows of this table")
                .with_table(table.name)
                .with_hint("take its answer as a `value`")
        }
    })
}
