//! [`Query::to_request`]: the request that PostgREST is given.

use super::request::Request;
use super::select::first_request;
use crate::{Query, Record, Result, Selected};

impl<R: Record, T: Selected<R>> Query<R, T> {
    /// The request that PostgREST is given for the rows. A query that needs several (a long list,
    /// more rows than one answer holds) shows the first.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # fn main() -> chronicle::Result<()> {
    /// let request = Tasks::query().filter(Tasks::TITLE.contains("plants")).to_request()?;
    /// assert_eq!((request.method(), request.path()), ("GET", "/tasks"));
    /// assert_eq!(request.parameters()[1], ("title".to_owned(), "like.*plants*".to_owned()));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a value that no database can hold (a
    /// NUL character), a cursor of another order, or a filter that fits no URL.
    pub fn to_request(&self) -> Result<Request> {
        first_request(&self.to_read(self.selection())?)
    }
}
