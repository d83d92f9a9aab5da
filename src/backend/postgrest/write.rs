//! Writes.

use super::failure::Purpose;
use super::request::{Method, Request};
use super::{Postgrest, answer, filter, split};
use crate::change::{self, Change, ChangeKind};
use crate::filter::Node;
use crate::operation::{Duplicates, Target, Write, WriteKind};
use crate::{Column, Error, Result, Table};
use sea_orm::Value;
use std::borrow::Cow;
use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;

/// How long a request is left alone, before the next one is made: on its way it needs processors too.
const HEAD_START: Duration = Duration::from_millis(2);

impl Postgrest {
    pub(super) async fn write_rows(&self, write: Write) -> Result<u64> {
        let table = write.table;
        match write.kind {
            WriteKind::Insert { rows, duplicates } => {
                self.insert(Change::inserts(table, duplicates, rows)).await
            }
            WriteKind::Update { target: Target::Key(key), assignments } => {
                self.apply(&Change::update(table, &key, &assignments)).await
            }
            WriteKind::Delete { target: Target::Key(key) } => {
                self.apply(&Change::delete(table, &key)).await
            }
            WriteKind::Update { target, assignments } => {
                let (columns, body) = change::assigned(table, &assignments);
                let assigned: Vec<(&'static Column, Value)> = assignments
                    .into_iter()
                    .map(|(at, value)| (&table.columns[at], value))
                    .collect();
                self.write_where(table, &target.node(table), &assigned, &|filter| {
                    Request::new(Method::Patch, format!("/{}", table.name))
                        .with_parameters(filter)
                        .parameter("columns", names(&columns))
                        .with_body(body.clone())
                })
                .await
            }
            WriteKind::Delete { target } => {
                self.write_where(table, &target.node(table), &[], &|filter| {
                    Request::new(Method::Delete, format!("/{}", table.name)).with_parameters(filter)
                })
                .await
            }
        }
    }

    /// Sends the inserts one after the other. One that is too large for the server, or takes it too
    /// long, is sent in halves.
    async fn insert(&self, mut changes: impl Iterator<Item = Change>) -> Result<u64> {
        let (mut touched, mut stored) = (0, 0);
        // The last one is sent first.
        let mut waiting = Vec::new();
        while let Some(change) = waiting.pop().or_else(|| changes.next()) {
            let answer = {
                let mut sent = pin!(self.apply(&change));
                match timeout(HEAD_START, &mut sent).await {
                    Ok(answer) => answer,
                    Err(_) => {
                        // The next rows are made ready while the server stores these.
                        if waiting.is_empty() {
                            waiting.extend(changes.next());
                        }
                        sent.await
                    }
                }
            };
            match answer {
                Ok(rows) => {
                    touched += rows;
                    stored += change.len();
                }
                Err(error) => match change.halves().filter(|_| is_too_much(&error)) {
                    Some((first, second)) => waiting.extend([second, first]),
                    None => {
                        let stored = stored + error.rows_stored();
                        return Err(error.with_rows_stored(stored));
                    }
                },
            }
        }
        Ok(touched)
    }

    /// Makes a change, and says how many rows it touched.
    pub(crate) async fn apply(&self, change: &Change) -> Result<u64> {
        let schema = self.client().schema.as_deref();
        let request = request(change, schema);
        if split::is_too_long(&request) {
            return Err(Error::invalid("the keys are too long for a URL"));
        }
        let ChangeKind::Insert(duplicates) = change.kind else {
            return self.send_counted(request, Purpose::Write).await;
        };
        let (purpose, resolution) = match duplicates {
            Duplicates::Refuse => (Purpose::Write, None),
            Duplicates::Ignore => (Purpose::RepeatableWrite, Some("ignore-duplicates")),
            Duplicates::Replace => (Purpose::Write, Some("merge-duplicates")),
        };
        self.client()
            .send(request, purpose, |answer| {
                answer::check_write(answer, purpose)?;
                if let Some(resolution) = resolution {
                    answer::check_resolution(answer, resolution, change.len())?;
                }
                if duplicates == Duplicates::Ignore {
                    answer::total(answer, purpose)
                } else {
                    Ok(change.len())
                }
            })
            .await
    }

    /// Changes or deletes the rows that match, in several requests where the filter is too long
    /// for one.
    async fn write_where(
        &self,
        table: &'static Table,
        filter: &Node,
        assigned: &[(&'static Column, Value)],
        build: &(dyn Fn(Vec<(String, String)>) -> Request + Sync),
    ) -> Result<u64> {
        let schema = table.schema.or(self.client().schema.as_deref());
        let requests = split::requests(filter, assigned, &|filter| {
            build(filter::parameters(table, filter))
                .schema(schema)
                .prefer("return=minimal,count=exact")
        })?;
        let mut touched = 0;
        for request in requests {
            touched += self
                .send_counted(request, Purpose::Write)
                .await
                .map_err(|error| error.with_rows_stored(touched))?;
        }
        Ok(touched)
    }

    async fn send_counted(&self, request: Request, purpose: Purpose) -> Result<u64> {
        self.client()
            .send(request, purpose, |answer| {
                answer::check_write(answer, purpose)?;
                answer::total(answer, purpose)
            })
            .await
    }
}

/// The request that makes a change. It never has a `limit`, which some versions take and others
/// pass over, changing every row.
pub(super) fn request(change: &Change, schema: Option<&str>) -> Request {
    let path = format!("/{}", change.table);
    let schema = change.schema.as_deref().or(schema);
    let key = filter::name(&change.key);
    let condition = || match change.keys.as_slice() {
        [one] => format!("eq.{one}"),
        keys => format!("in.{}", filter::list(keys)),
    };
    let request = match change.kind {
        ChangeKind::Insert(duplicates) => {
            let request =
                Request::new(Method::Post, path).parameter("columns", names(&change.columns));
            match duplicates {
                Duplicates::Refuse => request.prefer("return=minimal"),
                Duplicates::Ignore => request
                    .parameter("on_conflict", key)
                    .prefer("return=minimal,resolution=ignore-duplicates,count=exact"),
                Duplicates::Replace => request
                    .parameter("on_conflict", key)
                    .prefer("return=minimal,resolution=merge-duplicates"),
            }
        }
        ChangeKind::Update => Request::new(Method::Patch, path)
            .parameter(key, condition())
            .parameter("columns", names(&change.columns))
            .prefer("return=minimal,count=exact"),
        ChangeKind::Delete => Request::new(Method::Delete, path)
            .parameter(key, condition())
            .prefer("return=minimal,count=exact"),
    };
    let request = match &change.condition {
        None => request,
        Some((column, value)) => {
            let value = value.as_ref().map_or("is.null".to_owned(), |value| format!("eq.{value}"));
            request.parameter(filter::name(column), value)
        }
    };
    let request = request.schema(schema);
    match change.body() {
        Some(body) => request.with_body(body),
        None => request,
    }
}

fn names(columns: &[Cow<'static, str>]) -> String {
    let names: Vec<String> = columns.iter().map(|column| filter::name(column)).collect();
    names.join(",")
}

/// Whether fewer rows at once may pass: the gateway's limit of bytes, the server's limit of time.
fn is_too_much(error: &Error) -> bool {
    matches!(error.code(), Some("HTTP 413" | "57014"))
}
