//! [`Query`]: filter, order and page of one record.

mod cursor;
pub(crate) mod keyset;

pub use cursor::{Cursor, Page};

use crate::filter::Node;
use crate::operation::{OrderTerm, Read, Selection};
use crate::{Filter, Record, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::marker::PhantomData;

/// The largest integer of both databases. No table has more rows.
const MOST_ROWS: u64 = i64::MAX as u64;

/// Which rows of the record `R`, in which order, and how many: not bound to a database.
///
/// [`Repository::find`](crate::Repository::find) starts one that is bound and runs; this one shows
/// its compiled forms, for snapshot tests and logs.
///
/// Rows always come in a total order, the same on every backend: the key follows the given
/// columns, in the direction of the last of them, and alone it sorts a query without an order.
pub struct Query<R> {
    filters: Vec<Node>,
    order: Vec<Order<R>>,
    limit: Option<u64>,
    offset: u64,
    after: Option<Cursor>,
}

impl<R> Clone for Query<R> {
    fn clone(&self) -> Self {
        Self {
            filters: self.filters.clone(),
            order: self.order.clone(),
            limit: self.limit,
            offset: self.offset,
            after: self.after.clone(),
        }
    }
}

impl<R> Default for Query<R> {
    fn default() -> Self {
        Self { filters: Vec::new(), order: Vec::new(), limit: None, offset: 0, after: None }
    }
}

impl<R: Record> fmt::Debug for Query<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Query")
            .field("table", &R::TABLE.name)
            .field("filters", &self.filters)
            .field("order", &self.order)
            .field("limit", &self.limit)
            .field("offset", &self.offset)
            .field("after", &self.after)
            .finish()
    }
}

impl<R: Record> Query<R> {
    /// All rows, in the order of their keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps the rows that match. Several filters must all match.
    #[must_use]
    pub fn filter(mut self, filter: Filter<R>) -> Self {
        self.filters.push(filter.into_node());
        self
    }

    /// Sorts by a column, after those given before.
    #[must_use]
    pub fn order_by(mut self, order: Order<R>) -> Self {
        self.order.push(order);
        self
    }

    /// At most this many rows; 0 means none.
    #[must_use]
    pub fn limit(mut self, rows: u64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Leaves out this many rows at the start. Meant for people who leaf through a list: the cost
    /// grows with the offset, and rows inserted meanwhile shift it. Programs use
    /// [`after`](Self::after), [pages](crate::Find::pages) or a [stream](crate::Find::stream).
    #[must_use]
    pub fn offset(mut self, rows: u64) -> Self {
        self.offset = rows;
        self
    }

    /// Starts behind the row that the cursor stands on. The order must be the one that the cursor
    /// was made with.
    #[must_use]
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.after = Some(cursor);
        self
    }

    /// The statement that SQLite is given for the rows.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a value that no database can hold (a
    /// NUL character), or a cursor of another order.
    #[cfg(feature = "sqlite")]
    pub fn to_sql(&self) -> Result<sea_orm::Statement> {
        Ok(crate::backend::sqlite::select(&self.to_read(Selection::Rows)?))
    }

    /// The request that PostgREST is given for the rows. A query that needs several (a long list,
    /// more rows than one answer holds) shows the first.
    ///
    /// # Errors
    /// As [`to_sql`](Self::to_sql), and `InvalidInput` for a filter that fits no URL.
    #[cfg(feature = "postgrest")]
    pub fn to_request(&self) -> Result<crate::backend::postgrest::Request> {
        crate::backend::postgrest::first_request(&self.to_read(Selection::Rows)?)
    }

    /// The order that rows come in: the given columns, then the key.
    pub(crate) fn total_order(&self) -> Vec<OrderTerm> {
        let mut terms: Vec<OrderTerm> = Vec::with_capacity(self.order.len() + 1);
        for order in &self.order {
            let term = OrderTerm::new(*order);
            // A second term of one column cannot change the order.
            if terms.iter().all(|earlier| earlier.column != term.column) {
                terms.push(term);
            }
        }
        let key = R::TABLE.key_column();
        if terms.iter().all(|term| term.column != key) {
            let descending = terms.last().is_some_and(|term| term.descending);
            terms.push(OrderTerm { column: key, descending });
        }
        terms
    }

    pub(crate) fn to_read(&self, selection: Selection) -> Result<Read> {
        let order = self.total_order();
        let mut filters = self.filters.clone();
        if let Some(cursor) = &self.after {
            filters.push(keyset::after(&order, &cursor.values(&order)?));
        }
        let table = R::TABLE;
        if let Some(column) =
            table.columns.iter().find(|column| column.kind() == crate::Kind::Unsupported)
        {
            return Err(crate::value::unsupported(column).with_table(table.name));
        }
        let filter = Node::All(filters).reduce().map_err(|error| error.with_table(table.name))?;
        let limit = self.limit.map(|rows| rows.min(MOST_ROWS));
        let offset = self.offset.min(MOST_ROWS);
        Ok(Read { table, selection, filter, order, limit, offset })
    }

    pub(crate) fn row_limit(&self) -> Option<u64> {
        self.limit
    }
}

/// A column to sort by, made by [`Field::asc`](crate::Field::asc) and [`Field::desc`](crate::Field::desc).
pub struct Order<R> {
    column: usize,
    direction: Direction,
    record: PhantomData<fn() -> R>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Direction {
    #[serde(rename = "asc")]
    Ascending,
    #[serde(rename = "desc")]
    Descending,
}

impl<R> Order<R> {
    pub(crate) const fn new(column: usize, direction: Direction) -> Self {
        Self { column, direction, record: PhantomData }
    }

    pub(crate) const fn column(self) -> usize {
        self.column
    }

    pub(crate) const fn is_descending(self) -> bool {
        matches!(self.direction, Direction::Descending)
    }
}

impl<R> Clone for Order<R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R> Copy for Order<R> {}

impl<R: Record> fmt::Debug for Order<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = if self.is_descending() { "desc" } else { "asc" };
        write!(formatter, "{} {direction}", R::TABLE.columns[self.column].name)
    }
}
