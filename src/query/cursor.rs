//! [`Cursor`]: a place in a query's order, and [`Page`]: the rows up to it.

use crate::order::{Direction, OrderTerm};
use crate::{Column, Error, Result, value};
use sea_orm::{JsonValue, Value};
use std::fmt;
use std::str::FromStr;

/// A place in the order of a query: behind the last row of a [`Page`].
///
/// Its text form is JSON, and survives a trip through a URL or a web client. It holds the name,
/// the direction and the value of each order column and nothing else; it is no secret and no proof
/// of anything.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::Cursor;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// let page = tasks.find().order_by(Tasks::PRIORITY.desc()).page(2).await?;
/// let text = page.next.unwrap().to_string(); // to the client of a web service, and back
/// let cursor: Cursor = text.parse()?;
/// let rest = tasks.find().order_by(Tasks::PRIORITY.desc()).after(cursor).all().await?;
/// assert_eq!(titles(&rest), ["water the plants"]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    terms: Vec<(String, Direction, JsonValue)>,
}

/// Some rows of a query, and where the next ones start.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// let page = tasks.find().order_by(Tasks::PRIORITY.asc()).page(10).await?;
/// assert_eq!(page.rows.len(), 3);
/// assert_eq!(page.next, None, "there are no more");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Page<R> {
    /// The rows, in the query's order.
    pub rows: Vec<R>,
    /// The place behind the last row; `None` when there are no further rows.
    pub next: Option<Cursor>,
}

impl Cursor {
    /// The place of a row, given by its values of these columns.
    pub(crate) fn of(order: &[OrderTerm], columns: &[&Column], row: &[Value]) -> Self {
        let terms = order
            .iter()
            .filter_map(|term| {
                let at = columns.iter().position(|column| *column == term.column)?;
                let value = value::to_json(row.get(at)?);
                Some((term.column.name.to_owned(), term.direction, value))
            })
            .collect();
        Self { terms }
    }

    /// The place behind so many rows, where no key tells them apart.
    pub(crate) fn of_offset(rows: u64) -> Self {
        Self { terms: vec![(String::new(), Direction::Ascending, rows.into())] }
    }

    /// How many rows come before it, if it is such a place.
    pub(crate) fn offset(&self) -> Option<u64> {
        match self.terms.as_slice() {
            [(name, _, rows)] if name.is_empty() => rows.as_u64(),
            _ => None,
        }
    }

    /// The values for the columns of `order`.
    ///
    /// # Errors
    /// `InvalidInput` when the cursor was made with another order.
    pub(crate) fn values(&self, order: &[OrderTerm]) -> Result<Vec<Value>> {
        let fits = self.terms.len() == order.len()
            && self.terms.iter().zip(order).all(|((name, direction, _), term)| {
                name == term.column.name && *direction == term.direction
            });
        if !fits {
            return Err(Error::invalid("the cursor belongs to a query with another order"));
        }
        self.terms
            .iter()
            .zip(order)
            .map(|((_, _, json), term)| {
                value::from_json(term.column, json.clone())
                    .map_err(|error| Error::invalid(format!("cursor: {}", error.message())))
            })
            .collect()
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(&self.terms).map_err(|_| fmt::Error)?;
        formatter.write_str(&text)
    }
}

impl FromStr for Cursor {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        serde_json::from_str(text)
            .map(|terms| Self { terms })
            .map_err(|_| Error::invalid("not a cursor: take the text of an earlier page's `next`"))
    }
}
