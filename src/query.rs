//! [`Query`]: filter, order and page of one record.

mod cursor;

pub(crate) use crate::keyset;
pub use cursor::{Cursor, Page};

use crate::filter::Node;
use crate::operation::{Read, Selection};
use crate::order::{Direction, OrderTerm};
use crate::{Column, Filter, Order, Record, Result, Selected, SoftDelete};
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
/// Keys of text come as the database sorts text: SQLite by bytes, Postgres by the column's collation,
/// which is by bytes, too, where the field is `#[repository(collate = "C")]`.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::Query;
///
/// # fn main() -> chronicle::Result<()> {
/// let open = Query::<task::Model>::new().filter(Tasks::DONE_AT.is_null()).limit(10);
/// assert!(open.to_sql()?.sql.ends_with("WHERE `done_at` IS NULL ORDER BY `id` ASC LIMIT 10"));
/// assert!(open.to_request()?.url_path().ends_with("done_at=is.null&order=id.asc&limit=10"));
/// # Ok(()) }
/// ```
pub struct Query<R, T = R> {
    filters: Vec<Node>,
    order: Vec<Order<R>>,
    limit: Option<u64>,
    offset: u64,
    after: Option<Cursor>,
    with_deleted: bool,
    selected: PhantomData<fn() -> T>,
}

impl<R, T> Clone for Query<R, T> {
    fn clone(&self) -> Self {
        Self {
            filters: self.filters.clone(),
            order: self.order.clone(),
            limit: self.limit,
            offset: self.offset,
            after: self.after.clone(),
            with_deleted: self.with_deleted,
            selected: PhantomData,
        }
    }
}

impl<R, T> Default for Query<R, T> {
    fn default() -> Self {
        Self {
            filters: Vec::new(),
            order: Vec::new(),
            limit: None,
            offset: 0,
            after: None,
            with_deleted: false,
            selected: PhantomData,
        }
    }
}

impl<R: Record, T> fmt::Debug for Query<R, T> {
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
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let all = Tasks::query(); // that is `Query::new()`
    /// assert_eq!(tasks.run(all).count().await?, 3);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl<R: Record, T: Selected<R>> Query<R, T> {
    /// Gives some columns of each row, as a struct that is [`Selected`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// #[derive(chronicle::Selected)]
    /// #[repository(of = "Tasks")]
    /// struct Line {
    ///     title: String,
    /// }
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let query = Tasks::query().select::<Line>();
    /// assert!(query.to_sql()?.sql.starts_with("SELECT `title`, `id` FROM"), "with the key");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn select<S: Selected<R>>(self) -> Query<R, S> {
        let Self { filters, order, limit, offset, after, with_deleted, .. } = self;
        Query { filters, order, limit, offset, after, with_deleted, selected: PhantomData }
    }

    /// Keeps the rows that match. Several filters must all match.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # fn main() -> chronicle::Result<()> {
    /// let query = Tasks::query().filter(Tasks::PRIORITY.lt(3)).filter(Tasks::DONE_AT.is_null());
    /// assert!(query.to_sql()?.sql.contains("WHERE `priority` < ? AND `done_at` IS NULL"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn filter(mut self, filter: Filter<R>) -> Self {
        self.filters.push(filter.into_node());
        self
    }

    /// Sorts by a column, after those given before.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # fn main() -> chronicle::Result<()> {
    /// let query = Tasks::query().order_by(Tasks::PRIORITY.desc()).order_by(Tasks::CREATED_AT.asc());
    /// assert!(query.to_sql()?.sql.ends_with("ORDER BY `priority` DESC, `created_at` ASC, `id` ASC"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn order_by(mut self, order: Order<R>) -> Self {
        self.order.push(order);
        self
    }

    /// At most this many rows; 0 means none.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # fn main() -> chronicle::Result<()> {
    /// let query = Tasks::query().limit(10);
    /// assert!(query.to_sql()?.sql.ends_with("LIMIT 10"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn limit(mut self, rows: u64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Leaves out this many rows at the start. Meant for people who leaf through a list: the cost
    /// grows with the offset, and rows inserted meanwhile shift it. Programs use
    /// [`after`](Self::after), [pages](crate::Find::pages) or a [stream](crate::Find::stream).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # fn main() -> chronicle::Result<()> {
    /// let query = Tasks::query().limit(10).offset(20);
    /// assert!(query.to_sql()?.sql.ends_with("LIMIT 10 OFFSET ?"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn offset(mut self, rows: u64) -> Self {
        self.offset = rows;
        self
    }

    /// Finds the rows as well that are deleted softly, by `#[repository(soft_delete)]`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_deleted.rs"));
    /// # fn main() -> chronicle::Result<()> {
    /// assert!(Notes::query().to_sql()?.sql.contains("WHERE `deleted_at` IS NULL"));
    /// let deleted = Notes::query().with_deleted().filter(Notes::DELETED_AT.is_not_null());
    /// assert!(deleted.to_sql()?.sql.contains("WHERE `deleted_at` IS NOT NULL"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with_deleted(self) -> Self
    where
        R: SoftDelete,
    {
        self.of_all()
    }

    pub(crate) fn of_all(self) -> Self {
        Self { with_deleted: true, ..self }
    }

    /// Starts behind the row that the cursor stands on. The order must be the one that the cursor
    /// was made with.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let query = Tasks::query().order_by(Tasks::PRIORITY.asc());
    /// let page = tasks.run(query.clone()).page(2).await?;
    /// let rest = tasks.run(query.after(page.next.unwrap())).all().await?;
    /// assert_eq!(titles(&rest), ["call home"]);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.after = Some(cursor);
        self
    }

    /// The order that rows come in: the given columns, then the key.
    pub(crate) fn total_order(&self) -> Vec<OrderTerm> {
        let mut terms: Vec<OrderTerm> = Vec::with_capacity(self.order.len() + 1);
        for order in &self.order {
            let term = order.term();
            // A second term of one column cannot change the order.
            if terms.iter().all(|earlier| earlier.column != term.column) {
                terms.push(term);
            }
        }
        let direction = terms.last().map_or(Direction::Ascending, |term| term.direction.plain());
        for column in R::TABLE.ordering_columns() {
            if terms.iter().all(|term| term.column != column) {
                terms.push(OrderTerm::new(column, direction));
            }
        }
        terms
    }

    /// The columns of its rows; behind those that were asked for the ones by which rows are sorted,
    /// and so the key.
    pub(crate) fn selection(&self) -> Selection {
        let Some(columns) = T::COLUMNS else { return Selection::Rows };
        let mut positions = columns.to_vec();
        let position = |column| R::TABLE.columns.iter().position(|one| one == column);
        for at in self.total_order().iter().filter_map(|term| position(term.column)) {
            if !positions.contains(&at) {
                positions.push(at);
            }
        }
        Selection::Columns(positions)
    }

    /// The columns of [`selection`](Self::selection).
    pub(crate) fn columns(&self) -> Vec<&'static Column> {
        self.selection().columns(R::TABLE)
    }

    pub(crate) fn to_read(&self, selection: Selection) -> Result<Read> {
        let order = self.total_order();
        let mut filters = self.filters.clone();
        let table = R::TABLE;
        if let Some(cursor) = &self.after
            && !table.key.is_empty()
        {
            filters.push(keyset::after(&order, &cursor.values(&order)?));
        }
        let filter = Node::All(filters);
        let filter = if self.with_deleted { filter } else { filter.of_live(table) };
        let filter = filter.reduce().map_err(|error| error.with_table(table.name))?;
        let limit = self.limit.map(|rows| rows.min(MOST_ROWS));
        let offset = self.first_row().min(MOST_ROWS);
        Ok(Read { table, selection, filter, order, limit, offset })
    }

    /// How many of the rows are passed over: without a key a cursor tells no more than that.
    pub(crate) fn first_row(&self) -> u64 {
        let before = self.after.as_ref().and_then(Cursor::offset).unwrap_or(0);
        self.offset.saturating_add(before)
    }

    /// Whether no row that matches is left out.
    pub(crate) fn is_of_all_rows(&self) -> bool {
        self.limit.is_none() && self.offset == 0 && self.after.is_none()
    }

    pub(crate) fn row_limit(&self) -> Option<u64> {
        self.limit
    }
}
