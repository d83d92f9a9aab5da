//! Rows as JSON, of a table that needs no Rust type.

use super::failure::Purpose;
use super::request::{Method, Request};
use super::{Postgrest, answer, filter, named, split};
use crate::{Error, RawRow, Result};

impl Postgrest {
    /// The rows with these keys, with all their columns, in any order.
    pub(crate) async fn objects(
        &self,
        schema: Option<&str>,
        table: &str,
        key: &[String],
        keys: &[Vec<String>],
    ) -> Result<Vec<RawRow>> {
        let schema = schema.or(self.client().schema.as_deref());
        let mut rows = Vec::new();
        let mut waiting = vec![keys];
        while let Some(keys) = waiting.pop() {
            if keys.is_empty() {
                continue;
            }
            let request = Request::new(Method::Get, format!("/{table}"))
                .with_parameters(filter::of_keys(key, keys))
                .schema(schema);
            if split::is_too_long(&request) {
                let (first, second) = keys.split_at(keys.len() / 2);
                if first.is_empty() {
                    return Err(Error::invalid("the key is too long for a URL"));
                }
                waiting.extend([second, first]);
                continue;
            }
            let send = self
                .client()
                .send(request, Purpose::Read, |answer| answer::raw_rows(answer, Purpose::Read));
            rows.append(&mut named(send).await?);
        }
        Ok(rows)
    }
}
