//! Changes: the requests that make them.

use super::failure::Purpose;
use super::request::{Method, Request};
use super::returning::Returning;
use super::{Postgrest, answer, filter, split};
use crate::change::{Change, ChangeKind};
use crate::operation::Duplicates;
use crate::{Error, Result};
use std::borrow::Cow;

/// What a change touched, and the rows as the server stored them.
#[cfg(feature = "sqlite")]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Applied {
    pub(crate) touched: u64,
    /// Of the rows that were touched; a row that an insert left alone is not among them.
    pub(crate) rows: Vec<crate::RawRow>,
}

impl Postgrest {
    /// Makes a change, and says how many rows it touched. Keys that are too long for one URL go in
    /// several requests, each a transaction of its own.
    #[cfg(feature = "sqlite")]
    pub(crate) async fn apply(&self, change: &Change) -> Result<u64> {
        self.make(change, &Returning::nothing()).await.map(|(touched, _)| touched)
    }

    /// Makes a change, and gives back these columns of the rows as they are stored. It needs the
    /// right to read them. An error with [`rows_stored`](Error::rows_stored) is one of the answer:
    /// the change is made, and what the server stored cannot be read.
    #[cfg(feature = "sqlite")]
    pub(crate) async fn apply_returning(
        &self,
        change: &Change,
        columns: &[&str],
    ) -> Result<Applied> {
        let (touched, rows) = self.make(change, &Returning::objects(columns)).await?;
        Ok(Applied { touched, rows })
    }

    /// Makes a change, in as many requests as its keys need.
    pub(super) async fn make<R: Send>(
        &self,
        change: &Change,
        returning: &Returning<R>,
    ) -> Result<(u64, Vec<R>)> {
        let schema = self.client().schema.as_deref();
        let (mut touched, mut rows) = (0, Vec::new());
        // The last one is sent first.
        let mut waiting = vec![Cow::Borrowed(change)];
        while let Some(change) = waiting.pop() {
            let request = request(&change, schema, returning);
            if split::is_too_long(&request) {
                let Some((first, second)) = change.into_owned().halves_of_keys() else {
                    let message = "the key and the names of its table are too long for a URL";
                    return Err(Error::invalid(message).with_rows_stored(touched));
                };
                waiting.extend([Cow::Owned(second), Cow::Owned(first)]);
                continue;
            }
            let (more, mut stored) =
                self.send_change(&change, request, returning).await.map_err(|error| {
                    let stored = touched + error.rows_stored();
                    error.with_rows_stored(stored)
                })?;
            touched += more;
            rows.append(&mut stored);
        }
        Ok((touched, rows))
    }

    async fn send_change<R>(
        &self,
        change: &Change,
        request: Request,
        returning: &Returning<R>,
    ) -> Result<(u64, Vec<R>)> {
        let (purpose, resolution, is_counted) = match change.kind {
            ChangeKind::Insert(Duplicates::Refuse) => (Purpose::Write, None, false),
            ChangeKind::Insert(Duplicates::Replace) => {
                (Purpose::Write, Some("merge-duplicates"), false)
            }
            ChangeKind::Insert(Duplicates::Ignore) => {
                (Purpose::RepeatableWrite, Some("ignore-duplicates"), true)
            }
            ChangeKind::Update | ChangeKind::Delete => (Purpose::Write, None, true),
        };
        self.client()
            .send(request, purpose, |answer| {
                answer::check_write(answer, purpose)?;
                if let Some(resolution) = resolution {
                    answer::check_resolution(answer, resolution, change.len())?;
                }
                let touched =
                    if is_counted { answer::total(answer, purpose)? } else { change.len() };
                Ok((touched, returning.rows(answer, purpose, touched)?))
            })
            .await
    }
}

/// The request that makes a change. It never has a `limit`, which some versions take and others
/// pass over, changing every row.
pub(super) fn request<R>(
    change: &Change,
    schema: Option<&str>,
    returning: &Returning<R>,
) -> Request {
    let path = format!("/{}", change.table);
    let schema = change.schema.as_deref().or(schema);
    let key = names(&change.key);
    let request = match change.kind {
        ChangeKind::Insert(duplicates) => {
            let request = Request::new(Method::Post, path);
            let request = split::with_names(request, "columns", names(&change.columns));
            match duplicates {
                Duplicates::Refuse => returning.ask(request, ""),
                Duplicates::Ignore => {
                    let request = request.parameter("on_conflict", key);
                    returning.ask(request, ",resolution=ignore-duplicates,count=exact")
                }
                Duplicates::Replace => {
                    let request = request.parameter("on_conflict", key);
                    returning.ask(request, ",resolution=merge-duplicates")
                }
            }
        }
        ChangeKind::Update => {
            let request = of_keys(Request::new(Method::Patch, path), change);
            let request = split::with_names(request, "columns", names(&change.columns));
            returning.ask(request, ",count=exact")
        }
        ChangeKind::Delete => {
            let request = of_keys(Request::new(Method::Delete, path), change);
            returning.ask(request, ",count=exact")
        }
    };
    let request = request.schema(schema);
    match change.body() {
        Some(body) => request.with_body(body),
        None => request,
    }
}

/// Names the rows that are changed: by their keys, and by what a column must hold.
fn of_keys(request: Request, change: &Change) -> Request {
    let request = request.with_parameters(filter::of_keys(&change.key, &change.keys));
    match &change.condition {
        None => request,
        Some((column, None)) => request.parameter(filter::name(column), "is.null"),
        Some((column, Some(value))) => {
            request.parameter(filter::name(column), format!("eq.{value}"))
        }
    }
}

pub(super) fn names(columns: &[Cow<'static, str>]) -> String {
    let names: Vec<String> = columns.iter().map(|column| filter::name(column)).collect();
    names.join(",")
}
