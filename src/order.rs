//! [`Order`]: a column to sort by, and in which direction.

use crate::{Column, Record, Table};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::marker::PhantomData;

/// A column to sort by, made by [`Field::asc`](crate::Field::asc) and [`Field::desc`](crate::Field::desc).
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// # fn main() -> chronicle::Result<()> {
/// let newest_first = Tasks::CREATED_AT.desc();
/// let query = Tasks::query().order_by(Tasks::PRIORITY.asc()).order_by(newest_first);
/// assert!(query.to_sql()?.sql.ends_with("ORDER BY `priority` ASC, `created_at` DESC, `id` DESC"));
/// # Ok(()) }
/// ```
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

    /// The same without the type of the rows.
    pub(crate) fn term(self) -> OrderTerm
    where
        R: Record,
    {
        OrderTerm { column: &R::TABLE.columns[self.column], descending: self.is_descending() }
    }

    const fn is_descending(self) -> bool {
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

/// An [`Order`] as backends are given it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct OrderTerm {
    pub(crate) column: &'static Column,
    pub(crate) descending: bool,
}

impl OrderTerm {
    /// The order by the key, or by all that can be sorted where there is none.
    pub(crate) fn of_key(table: &'static Table, descending: bool) -> Vec<Self> {
        let columns = table.ordering_columns().into_iter();
        columns.map(|column| Self { column, descending }).collect()
    }

    pub(crate) const fn direction(&self) -> Direction {
        if self.descending { Direction::Descending } else { Direction::Ascending }
    }
}
