//! Writes.

use super::apply::names;
use super::failure::Purpose;
use super::request::{Method, Request};
use super::returning::Returning;
use super::{Postgrest, answer, filter, split};
use crate::change::{self, Change};
use crate::filter::Node;
use crate::key::Key;
use crate::operation::{Target, Write, WriteKind, Written};
use crate::{Column, Error, Result, Table};
use sea_orm::Value;
use std::collections::HashSet;
use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;

/// How long a request is left alone, before the next one is made: on its way it needs processors too.
const HEAD_START: Duration = Duration::from_millis(2);

impl Postgrest {
    pub(super) async fn write_rows(&self, write: Write) -> Result<u64> {
        let table = write.table;
        match write.kind {
            WriteKind::Update { target: Target::Filter(node), assignments, .. }
                // Servers before 14.4 apply a tree once more, to the columns that they give back.
                if split::may_match_twice(&node)
                    && !filter::has_tree(&node)
                    && self.is_cut(table, &node, &assignments)? =>
            {
                let keys = Returning::values(table, table.key_columns().collect());
                let (_, rows) = self.update_where(table, &node, assignments, &keys).await?;
                let keys: HashSet<String> =
                    rows.into_iter().map(|row| Key::new(row).text()).collect();
                Ok(keys.len() as u64)
            }
            kind => {
                let write = Write { kind, ..write };
                self.write_with(write, &Returning::nothing()).await.map(|(touched, _)| touched)
            }
        }
    }

    /// Makes a write, and gives back its rows as they are stored: with what triggers, defaults and
    /// types of less precision made of them. It needs the right to read them. An error with
    /// [`rows_stored`](Error::rows_stored) may be one of the answer: the rows are stored, and cannot
    /// be read.
    ///
    /// Servers before 14.4 apply `or` and nested `and` of a filter once more to what they give back:
    /// rows of an update that match no longer are left out. `touched` is right.
    pub(super) async fn write_returning(&self, write: Write) -> Result<Written> {
        let table = write.table;
        let returning = Returning::values(table, table.columns.iter().collect());
        let (touched, rows) = super::named(self.write_with(write, &returning)).await?;
        Ok(Written { touched, stored: Some(rows) })
    }

    async fn write_with<R: Send>(
        &self,
        write: Write,
        returning: &Returning<R>,
    ) -> Result<(u64, Vec<R>)> {
        let (table, guard) = (write.table, write.guard());
        match write.kind {
            WriteKind::Insert { rows, duplicates } => {
                self.insert(Change::inserts(table, duplicates, rows), returning).await
            }
            WriteKind::Update { target: Target::Key(key), assignments, .. } => {
                let change = Change::update(table, &key, &assignments, &[]).guarded(guard);
                self.make(&change, returning).await
            }
            WriteKind::Delete { target: Target::Key(key) } => {
                self.make(&Change::delete(table, &key), returning).await
            }
            WriteKind::Update { target, assignments, .. } => {
                self.update_where(table, &target.node(table), assignments, returning).await
            }
            WriteKind::Delete { target } => {
                let schema = table.schema.or(self.client().schema.as_deref());
                let requests = split::requests(&target.node(table), &[], &|filter| {
                    let request = Request::new(Method::Delete, format!("/{}", table.name))
                        .with_parameters(filter::parameters(table, filter));
                    returning.ask(request, ",count=exact").schema(schema)
                })?;
                self.send_all(requests, returning).await
            }
        }
    }

    /// Sends the inserts one after the other. One that is too large for the server, or takes it too
    /// long, is sent in halves.
    async fn insert<R: Send>(
        &self,
        mut changes: impl Iterator<Item = Change>,
        returning: &Returning<R>,
    ) -> Result<(u64, Vec<R>)> {
        let (mut touched, mut stored, mut rows) = (0, 0, Vec::new());
        // The last one is sent first.
        let mut waiting = Vec::new();
        while let Some(change) = waiting.pop().or_else(|| changes.next()) {
            let answer = {
                let mut sent = pin!(self.make(&change, returning));
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
                Ok((more, mut returned)) => {
                    touched += more;
                    stored += change.len();
                    rows.append(&mut returned);
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
        Ok((touched, rows))
    }

    /// Changes the rows that match, in several requests where the filter is too long for one.
    pub(super) async fn update_where<R: Send>(
        &self,
        table: &'static Table,
        filter: &Node,
        assignments: Vec<(usize, Value)>,
        returning: &Returning<R>,
    ) -> Result<(u64, Vec<R>)> {
        let requests = self.updates(table, filter, &assignments, returning)?;
        self.send_all(requests, returning).await
    }

    fn updates<R>(
        &self,
        table: &'static Table,
        filter: &Node,
        assignments: &[(usize, Value)],
        returning: &Returning<R>,
    ) -> Result<Vec<Request>> {
        let schema = table.schema.or(self.client().schema.as_deref());
        let (columns, body) = change::assigned(table, assignments);
        let assigned: Vec<(&'static Column, Value)> =
            assignments.iter().map(|(at, value)| (&table.columns[*at], value.clone())).collect();
        split::requests(filter, &assigned, &|filter| {
            let request = Request::new(Method::Patch, format!("/{}", table.name))
                .with_parameters(filter::parameters(table, filter));
            let request = split::with_names(request, "columns", names(&columns));
            returning.ask(request, ",count=exact").schema(schema).with_body(body.clone())
        })
    }

    /// Whether an update goes in several requests.
    fn is_cut(
        &self,
        table: &'static Table,
        filter: &Node,
        assignments: &[(usize, Value)],
    ) -> Result<bool> {
        let requests = self.updates(table, filter, assignments, &Returning::nothing())?;
        Ok(requests.len() > 1)
    }

    /// Sends requests that change the rows of a filter, one after the other.
    async fn send_all<R>(
        &self,
        requests: Vec<Request>,
        returning: &Returning<R>,
    ) -> Result<(u64, Vec<R>)> {
        let (mut touched, mut rows) = (0, Vec::new());
        for request in requests {
            let sent = self.client().send(request, Purpose::Write, |answer| {
                answer::check_write(answer, Purpose::Write)?;
                let touched = answer::total(answer, Purpose::Write)?;
                Ok((touched, returning.rows(answer, Purpose::Write, touched)?))
            });
            let (more, mut returned) = sent.await.map_err(|error| {
                let stored = touched + error.rows_stored();
                error.with_rows_stored(stored)
            })?;
            touched += more;
            rows.append(&mut returned);
        }
        Ok((touched, rows))
    }
}

/// Whether fewer rows at once may pass: the gateway's limit of bytes, the server's limit of time.
fn is_too_much(error: &Error) -> bool {
    matches!(error.code(), Some("HTTP 413" | "57014"))
}
