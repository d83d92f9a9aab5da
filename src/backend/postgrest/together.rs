//! Several changes in one request, each of them once: the server's function `chronicle_apply`.

use super::failure::Purpose;
use super::request::{Method, Request};
use super::rows::{self, Undecodable};
use super::{Postgrest, answer};
#[cfg(feature = "sqlite")]
use crate::RawRow;
use crate::change::{Change, Ids, Operation};
use crate::operation::{Target, Write, WriteKind, Written};
use crate::{Column, Error, ErrorKind, Result, Table};
use sea_orm::Value;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

/// The code of an update that did not find its row.
pub(crate) const NO_SUCH_ROW: &str = "CHR01";

/// The code of a change whose id was taken without it.
#[cfg(feature = "sqlite")]
pub(crate) const ID_IS_TAKEN: &str = "CHR02";

/// The code of an update that an earlier request with its id found no row for.
pub(crate) const FOUND_NO_ROW: &str = "CHR03";

/// What the function has made of its operations.
#[derive(Deserialize)]
pub(crate) struct Together {
    /// Whether this call has made them: not where its id was known already.
    pub(crate) applied: bool,
    #[serde(default)]
    pub(crate) answers: Vec<Answer>,
}

/// What it has made of one operation.
#[derive(Deserialize)]
pub(crate) struct Answer {
    /// Rows that it has touched, now or when its ids came before.
    pub(crate) touched: u64,
    /// How many rows or keys were left out, since their ids were known already.
    pub(crate) left_out: u64,
    rows: Box<RawValue>,
}

impl Answer {
    /// The rows that it gave back, with all columns of their table.
    fn values(&self, table: &'static Table) -> Result<Vec<Vec<Value>>> {
        let columns: Vec<&'static Column> = table.columns.iter().collect();
        let rows = self.rows.get().as_bytes();
        rows::decode(&columns, table.key_columns().next(), rows).map_err(|why| {
            let error = match why {
                Undecodable::Mismatch(error) => error,
                Undecodable::CutOff | Undecodable::Foreign => unreadable("no rows of this table"),
            };
            error.with_table(table.name).with_rows_stored(self.touched)
        })
    }

    /// The rows that it gave back, as they are.
    #[cfg(feature = "sqlite")]
    pub(crate) fn rows(&self) -> Result<Vec<RawRow>> {
        serde_json::from_str(self.rows.get()).map_err(unreadable)
    }
}

impl Postgrest {
    /// Makes several writes of rows that they name, in one transaction: they are made once, however
    /// often they are sent with these ids. What became of each; `None` where an earlier attempt of this
    /// call has made them, whose answer was lost.
    pub(crate) async fn write_together(
        &self,
        ids: &Ids,
        writes: &[Write],
        must_be_there: bool,
    ) -> Result<Option<Vec<Written>>> {
        let changes = writes.iter().map(changes_of).collect::<Result<Vec<_>>>()?;
        let returning: Vec<Vec<String>> = writes
            .iter()
            .map(|write| match write.reads_back() || write.is_relative() {
                true => write.table.columns.iter().map(|column| column.name.to_owned()).collect(),
                false => Vec::new(),
            })
            .collect();
        let (id, mut each) = match ids {
            Ids::Whole(id) => (Some(*id), [].as_slice()),
            #[cfg(feature = "sqlite")]
            Ids::Each(ids) => (None, ids.as_slice()),
        };
        let mut operations = Vec::with_capacity(writes.len());
        for ((changes, returning), write) in changes.iter().zip(&returning).zip(writes) {
            let must_be_there = must_be_there && write.must_find();
            for change in changes {
                let ids;
                (ids, each) = each.split_at(each.len().min(change.len() as usize));
                operations.push(Operation { change, ids, must_be_there, returning });
            }
        }
        let together = self.apply_together(id, &operations).await;
        if together.as_ref().is_err_and(|error| error.code() == Some(FOUND_NO_ROW)) {
            return Ok(Some(writes.iter().map(|_| Written::default()).collect()));
        }
        let together = together.map_err(|error| of_missing_row(error, writes))?;
        if !together.applied || together.answers.iter().any(|answer| answer.left_out > 0) {
            return Ok(None);
        }
        let mut answers = together.answers.into_iter();
        let mut all = Vec::with_capacity(writes.len());
        for ((write, changes), returning) in writes.iter().zip(&changes).zip(&returning) {
            let mut written =
                Written { touched: 0, stored: (!returning.is_empty()).then(Vec::new) };
            for _ in changes {
                let answer = answers.next().ok_or_else(|| unreadable("an answer is missing"))?;
                written.touched += answer.touched;
                if let Some(stored) = &mut written.stored {
                    stored.append(&mut answer.values(write.table)?);
                }
            }
            all.push(written);
        }
        Ok(Some(all))
    }

    /// Calls the function. What it takes under an id may be sent again.
    pub(crate) async fn apply_together(
        &self,
        id: Option<Uuid>,
        operations: &[Operation<'_>],
    ) -> Result<Together> {
        let schema = self.client().schema.as_deref();
        let mut body = Vec::new();
        let id = id.map_or("null".to_owned(), |id| format!("\"{id}\""));
        body.extend_from_slice(format!("{{\"id\":{id},\"operations\":[").as_bytes());
        for (number, operation) in operations.iter().enumerate() {
            if number > 0 {
                body.push(b',');
            }
            operation.write_json(schema, &mut body);
        }
        body.extend_from_slice(b"]}");
        let request =
            Request::new(Method::Post, "/rpc/chronicle_apply").schema(schema).with_body(body);
        let purpose = Purpose::RepeatableWrite;
        let answer = self
            .client()
            .send(request, purpose, |answer| answer::of_function(answer, purpose))
            .await
            .map_err(not_installed)?;
        serde_json::from_slice(&answer).map_err(unreadable)
    }
}

/// The changes of a write, each of rows that it names.
fn changes_of(write: &Write) -> Result<Vec<Change>> {
    let table = write.table;
    Ok(match &write.kind {
        WriteKind::Insert { rows, duplicates } => {
            Change::inserts(table, *duplicates, rows.clone()).collect()
        }
        WriteKind::Update { target: Target::Key(key), assignments, additions } => {
            let change = Change::update(table, key, assignments, additions);
            vec![change.guarded(write.guard())]
        }
        WriteKind::Delete { target: Target::Key(key) } => vec![Change::delete(table, key)],
        WriteKind::Update { .. } | WriteKind::Delete { .. } => {
            let message = "over PostgREST only rows that are named by their keys are added to, or \
                           written together with others";
            return Err(Error::new(ErrorKind::Unsupported, message)
                .with_table(table.name)
                .with_hint("find the rows first, and write them by their keys"));
        }
    })
}

/// An update did not find its row: the message ends with the table's name.
fn of_missing_row(error: Error, writes: &[Write]) -> Error {
    if error.code() != Some(NO_SUCH_ROW) {
        return error;
    }
    let is_of = |write: &&Write| error.message().ends_with(&format!(" in {}", write.table.name));
    match writes.iter().find(is_of).map(|write| write.table.name) {
        Some(table) => error.with_table(table),
        None => error,
    }
}

fn not_installed(error: Error) -> Error {
    let is_missing = match error.code() {
        Some("PGRST202") => true,
        Some("HTTP 404") => error.kind() == ErrorKind::SchemaMismatch,
        Some("42883") => error.message().contains("chronicle_apply"),
        _ => false,
    };
    if !is_missing {
        return error;
    }
    Error::new(ErrorKind::Unsupported, "the server has no function `chronicle_apply`")
        .with_code(error.code().map(str::to_owned))
        .with_hint(
            "install it: `cargo run -p chronicle-migration -- sql chronicle-apply` prints its SQL",
        )
}

fn unreadable(why: impl std::fmt::Display) -> Error {
    let message = format!("the answer of `chronicle_apply` cannot be read: {why}");
    Error::new(ErrorKind::SchemaMismatch, message)
        .with_hint("install the function of this version of the library")
}
