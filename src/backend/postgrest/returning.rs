//! [`Returning`]: what a write gives back besides a number.

use super::answer;
use super::client::Answer;
use super::failure::{Failure, Purpose};
use super::request::Request;
use super::split::with_names;
use crate::{Column, ErrorKind, RawRow, Table};
use sea_orm::Value;

type Decode<R> = Box<dyn Fn(&Answer<'_>, Purpose) -> Result<Vec<R>, Failure> + Send + Sync>;

/// Which columns of the rows that it wrote a request gives back, as they are stored, and how the
/// answer is read. To give back asks for the right to read.
pub(super) struct Returning<R> {
    /// `None` asks for nothing.
    columns: Option<String>,
    decode: Decode<R>,
}

impl Returning<()> {
    pub(super) fn nothing() -> Self {
        Self { columns: None, decode: Box::new(|_, _| Ok(Vec::new())) }
    }
}

impl Returning<Vec<Value>> {
    /// The values of columns of a table.
    pub(super) fn values(table: &'static Table, columns: Vec<&'static Column>) -> Self {
        let names = super::select::names(&columns);
        let decode = move |answer: &Answer<'_>, purpose| {
            answer::rows(answer, purpose, Some(table), &columns)
        };
        Self { columns: Some(names), decode: Box::new(decode) }
    }
}

impl Returning<RawRow> {
    /// Rows as JSON, with these columns.
    #[cfg(feature = "sqlite")]
    pub(super) fn objects(columns: &[&str]) -> Self {
        let names: Vec<String> = columns.iter().map(|column| super::filter::name(column)).collect();
        Self { columns: Some(names.join(",")), decode: Box::new(answer::raw_rows) }
    }
}

impl<R> Returning<R> {
    /// Asks for the rows, and with `more` preferences.
    pub(super) fn ask(&self, request: Request, more: &str) -> Request {
        let Some(names) = &self.columns else {
            return request.prefer(&format!("return=minimal{more}"));
        };
        with_names(request, "select", names.clone()).prefer(&format!("return=representation{more}"))
    }

    /// The rows of the answer to a write that touched so many. Where they cannot be read, the error
    /// says that they are stored.
    pub(super) fn rows(
        &self,
        answer: &Answer<'_>,
        purpose: Purpose,
        touched: u64,
    ) -> Result<Vec<R>, Failure> {
        (self.decode)(answer, purpose).map_err(|failure| {
            failure.map(|error| match error.kind() {
                ErrorKind::SchemaMismatch => error.with_rows_stored(touched),
                _ => error,
            })
        })
    }
}
