//! Whether the server can serve.

use super::failure::Purpose;
use super::request::{Method, Request};
use super::{Postgrest, answer, filter};
use crate::Result;

/// No table: that the server says so proves that it serves, and takes the key.
const NO_TABLE: &str = "chronicle_no_such_table";

impl Postgrest {
    /// Reads no row of a table: through the gateway, the key and the database, down to the grants.
    pub(super) async fn probe(&self) -> Result<()> {
        self.probe_by(None).await
    }

    /// The same, by the table with this schema and name where the options name none.
    pub(crate) async fn probe_by(&self, table: Option<(Option<&str>, &str)>) -> Result<()> {
        let mut schema = self.client().schema.as_deref();
        let request = |path: &str| Request::new(Method::Get, format!("/{path}"));
        let mut is_real = true;
        let request = match (self.probe_table(), table, self.last_table()) {
            (Some(name), ..) => request(name),
            (None, Some((own, name)), _) => {
                schema = own.or(schema);
                request(name)
            }
            (None, None, Some(table)) => {
                schema = table.schema.or(schema);
                request(table.name)
                    .parameter("select", filter::name(table.naming_columns()[0].name))
            }
            (None, None, None) => {
                is_real = false;
                request(NO_TABLE)
            }
        };
        let request = request.parameter("limit", "0").schema(schema);
        let answer = self
            .client()
            .send(request, Purpose::Read, |answer| {
                answer::rows(answer, Purpose::Read, None, &[]).map(drop)
            })
            .await;
        match answer {
            Err(error) if !is_real && matches!(error.code(), Some("PGRST205" | "42P01")) => Ok(()),
            answer => answer,
        }
    }
}
