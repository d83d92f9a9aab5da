//! [`Order`]: a column to sort by, and in which direction.

use crate::{Column, Record, Table, value};
use sea_orm::Value;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
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

/// Which way a column sorts, and on which side NULL is: by default it is the smallest value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Direction {
    #[serde(rename = "asc")]
    Ascending,
    #[serde(rename = "asc.nullslast")]
    AscendingNullsLast,
    #[serde(rename = "desc")]
    Descending,
    #[serde(rename = "desc.nullsfirst")]
    DescendingNullsFirst,
}

impl Direction {
    pub(crate) const fn is_descending(self) -> bool {
        matches!(self, Self::Descending | Self::DescendingNullsFirst)
    }

    pub(crate) const fn is_nulls_first(self) -> bool {
        matches!(self, Self::Ascending | Self::DescendingNullsFirst)
    }

    /// The same with NULL as the smallest value.
    pub(crate) const fn plain(self) -> Self {
        if self.is_descending() { Self::Descending } else { Self::Ascending }
    }
}

impl<R> Order<R> {
    pub(crate) const fn new(column: usize, direction: Direction) -> Self {
        Self { column, direction, record: PhantomData }
    }

    /// Rows whose column is NULL come before all others.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let open_first = tasks.find().order_by(Tasks::DONE_AT.desc().nulls_first());
    /// assert_eq!(open_first.first().await?.unwrap().done_at, None);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn nulls_first(self) -> Self {
        let direction = match self.direction.plain() {
            Direction::Descending => Direction::DescendingNullsFirst,
            plain => plain,
        };
        Self::new(self.column, direction)
    }

    /// Rows whose column is NULL come behind all others.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let done_first = tasks.find().order_by(Tasks::DONE_AT.asc().nulls_last());
    /// assert_eq!(titles(&done_first.limit(1).all().await?), ["water the plants"]);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn nulls_last(self) -> Self {
        let direction = match self.direction.plain() {
            Direction::Ascending => Direction::AscendingNullsLast,
            plain => plain,
        };
        Self::new(self.column, direction)
    }

    /// The same without the type of the rows.
    pub(crate) fn term(self) -> OrderTerm
    where
        R: Record,
    {
        OrderTerm::new(&R::TABLE.columns[self.column], self.direction)
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
        write!(formatter, "{} {:?}", R::TABLE.columns[self.column].name, self.direction)
    }
}

/// An [`Order`] as backends are given it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct OrderTerm {
    pub(crate) column: &'static Column,
    pub(crate) direction: Direction,
}

impl OrderTerm {
    /// Where no value is NULL, it has no side.
    pub(crate) fn new(column: &'static Column, direction: Direction) -> Self {
        Self { column, direction: if column.nullable { direction } else { direction.plain() } }
    }

    /// The order by the key, or by all that can be sorted where there is none.
    pub(crate) fn of_key(table: &'static Table, direction: Direction) -> Vec<Self> {
        let columns = table.ordering_columns().into_iter();
        columns.map(|column| Self::new(column, direction)).collect()
    }

    /// How two values of the column follow each other: text by its bytes.
    pub(crate) fn compare(&self, left: &Value, right: &Value) -> Ordering {
        let order = value::compare(left, right);
        let is_by_null = value::is_null(left) || value::is_null(right);
        let is_turned = if is_by_null {
            !self.direction.is_nulls_first()
        } else {
            self.direction.is_descending()
        };
        if is_turned { order.reverse() } else { order }
    }
}
