//! [`Find`]: a query bound to a store, and the ways to run it.

use crate::filter::Node;
use crate::key::Key;
use crate::operation::Selection;
use crate::{
    Cursor, Error, ErrorKind, Filter, Order, Page, Query, Record, Result, Selected, SoftDelete,
    Store, Values,
};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use sea_orm::Value;
use std::ops::Deref;

/// Rows per request or statement of [`Find::stream`].
const STREAM_PAGE: u64 = 500;

/// A [`Query`] bound to a store; made by [`Repository::find`](crate::Repository::find).
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// let find = tasks.find().filter(Tasks::PRIORITY.ge(2)).order_by(Tasks::PRIORITY.desc()).limit(1);
/// assert_eq!(titles(&find.all().await?), ["call home"]);
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "a query does nothing until it is run, by `all()` for example"]
pub struct Find<R: Record, T = R> {
    store: Store,
    query: Query<R, T>,
}

impl<R: Record, T> Clone for Find<R, T> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), query: self.query.clone() }
    }
}

/// `to_sql` and `to_request` of the [`Query`].
impl<R: Record, T> Deref for Find<R, T> {
    type Target = Query<R, T>;
    fn deref(&self) -> &Query<R, T> {
        &self.query
    }
}

impl<R: Record, T: Selected<R>> Find<R, T> {
    pub(crate) const fn new(store: Store, query: Query<R, T>) -> Self {
        Self { store, query }
    }

    fn map(self, change: impl FnOnce(Query<R, T>) -> Query<R, T>) -> Self {
        Self { store: self.store, query: change(self.query) }
    }

    /// Gives some columns of each row, as a struct that is [`Selected`]. A failover pair keeps nothing
    /// of what is read so.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// #[derive(Debug, PartialEq, chronicle::Selected)]
    /// #[repository(of = "Tasks")]
    /// struct Line {
    ///     title: String,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let lines = tasks.find().filter(Tasks::PRIORITY.eq(3)).select::<Line>().all().await?;
    /// assert_eq!(lines, [Line { title: "call home".to_owned() }]);
    /// # Ok(()) }
    /// ```
    pub fn select<S: Selected<R>>(self) -> Find<R, S> {
        Find { store: self.store, query: self.query.select() }
    }

    /// Keeps the rows that match. Several filters must all match.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let find = tasks.find().filter(Tasks::PRIORITY.ge(2)).filter(Tasks::DONE_AT.is_null());
    /// assert_eq!(find.count().await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn filter(self, filter: Filter<R>) -> Self {
        self.map(|query| query.filter(filter))
    }

    /// Sorts by a column, after those given before.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let find = tasks.find().order_by(Tasks::PRIORITY.desc());
    /// assert_eq!(titles(&find.all().await?), ["call home", "write the report", "water the plants"]);
    /// # Ok(()) }
    /// ```
    pub fn order_by(self, order: Order<R>) -> Self {
        self.map(|query| query.order_by(order))
    }

    /// At most this many rows; 0 means none.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().limit(2).all().await?.len(), 2);
    /// # Ok(()) }
    /// ```
    pub fn limit(self, rows: u64) -> Self {
        self.map(|query| query.limit(rows))
    }

    /// Leaves out this many rows at the start (see [`Query::offset`]).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let rest = tasks.find().order_by(Tasks::PRIORITY.asc()).offset(2).all().await?;
    /// assert_eq!(titles(&rest), ["call home"]);
    /// # Ok(()) }
    /// ```
    pub fn offset(self, rows: u64) -> Self {
        self.map(|query| query.offset(rows))
    }

    /// Finds the rows as well that are deleted softly (see [`Query::with_deleted`]).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_deleted.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let notes = notes().await?;
    /// notes.delete_where(Notes::TEXT.eq("buy bread")).await?;
    /// assert_eq!(notes.find().count().await?, 1);
    /// assert_eq!(notes.find().with_deleted().count().await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn with_deleted(self) -> Self
    where
        R: SoftDelete,
    {
        self.map(Query::with_deleted)
    }

    /// Starts behind the row that the cursor stands on (see [`Query::after`]).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let find = tasks.find().order_by(Tasks::PRIORITY.asc());
    /// let page = find.clone().page(1).await?;
    /// let rest = find.after(page.next.unwrap()).all().await?;
    /// assert_eq!(titles(&rest), ["write the report", "call home"]);
    /// # Ok(()) }
    /// ```
    pub fn after(self, cursor: Cursor) -> Self {
        self.map(|query| query.after(cursor))
    }

    async fn values(&self, selection: Selection) -> Result<Vec<Vec<Value>>> {
        let read = self.query.to_read(selection)?;
        if read.limit == Some(0) || read.filter == Node::Constant(false) {
            return Ok(Vec::new());
        }
        self.store.read(&read).await
    }

    pub(crate) async fn rows(&self) -> Result<Vec<Vec<Value>>> {
        self.values(self.query.selection()).await
    }

    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// Every row, complete also beyond the number that a server gives in one answer.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let open = tasks.find().filter(Tasks::DONE_AT.is_null()).all().await?;
    /// assert_eq!(open.len(), 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of a read: `Unavailable`, `Timeout`, `Denied`, `SchemaMismatch`, `InvalidInput` …
    pub async fn all(self) -> Result<Vec<T>> {
        self.rows().await?.into_iter().map(decode_selected).collect()
    }

    /// The first row in the query's order, if there is one.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let first = tasks.find().order_by(Tasks::PRIORITY.asc()).first().await?;
    /// assert_eq!(first.map(|task| task.title), Some("water the plants".to_owned()));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn first(self) -> Result<Option<T>> {
        self.first_values().await?.map(decode_selected).transpose()
    }

    pub(crate) async fn first_values(self) -> Result<Option<Vec<Value>>> {
        let limit = self.query.row_limit().map_or(1, |limit| limit.min(1));
        Ok(self.limit(limit).rows().await?.pop())
    }

    /// The row, where the query finds no more than one.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let none = tasks.find().filter(Tasks::TITLE.eq("sleep")).optional().await?;
    /// assert_eq!(none, None);
    /// let error = tasks.find().optional().await.unwrap_err();
    /// assert_eq!(error.kind(), chronicle::ErrorKind::Conflict, "there are three tasks");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Conflict` when there is more than one row; otherwise as [`all`](Self::all).
    pub async fn optional(self) -> Result<Option<T>> {
        self.only_values().await?.map(decode_selected).transpose()
    }

    pub(crate) async fn only_values(self) -> Result<Option<Vec<Value>>> {
        let limit = self.query.row_limit().map_or(2, |limit| limit.min(2));
        let mut rows = self.limit(limit).rows().await?;
        if rows.len() > 1 {
            return Err(Error::new(
                ErrorKind::Conflict,
                "more than one row matches: narrow the filter, or take the `first()`",
            )
            .with_table(R::TABLE.name));
        }
        Ok(rows.pop())
    }

    /// The one row that the query finds.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let task = tasks.find().filter(Tasks::TITLE.eq("call home")).one().await?;
    /// assert_eq!(task.priority, 3);
    /// let error = tasks.find().filter(Tasks::TITLE.eq("sleep")).one().await.unwrap_err();
    /// assert_eq!(error.kind(), chronicle::ErrorKind::NotFound);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `NotFound` when there is none, `Conflict` when there is more than one; otherwise as
    /// [`all`](Self::all).
    pub async fn one(self) -> Result<T> {
        self.optional().await?.ok_or_else(not_found::<R>)
    }

    /// How many rows the query finds; its limit and offset count.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::DONE_AT.is_null()).count().await?, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn count(self) -> Result<u64> {
        let read = self.query.to_read(Selection::keys(R::TABLE))?;
        if read.filter == Node::Constant(false) {
            return Ok(0);
        }
        let matching = self.store.count(&read).await?.saturating_sub(read.offset);
        Ok(read.limit.map_or(matching, |limit| matching.min(limit)))
    }

    /// Whether the query finds a row.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert!(tasks.find().filter(Tasks::TITLE.starts_with("water")).exists().await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn exists(self) -> Result<bool> {
        let limit = self.query.row_limit().map_or(1, |limit| limit.min(1));
        Ok(!self.limit(limit).values(Selection::keys(R::TABLE)).await?.is_empty())
    }

    /// The first `size` rows, and the cursor behind them.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let newest = tasks.list().page(2).await?;
    /// assert_eq!(newest.rows.len(), 2);
    /// let older = tasks.list().after(newest.next.unwrap()).page(2).await?;
    /// assert_eq!((older.rows.len(), older.next), (1, None));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`all`](Self::all); `InvalidInput` when `size` is 0.
    pub async fn page(self, size: u64) -> Result<Page<T>> {
        let (values, next) = self.page_of_values(size).await?;
        let rows = values.into_iter().map(decode_selected).collect::<Result<_>>()?;
        Ok(Page { rows, next })
    }

    pub(crate) async fn page_of_values(
        self,
        size: u64,
    ) -> Result<(Vec<Vec<Value>>, Option<Cursor>)> {
        if size == 0 {
            return Err(Error::invalid("a page must have room for at least one row"));
        }
        let order = self.query.total_order();
        let limit = self.query.row_limit();
        let offset = self.query.first_row();
        let within = limit.map_or(size, |limit| limit.min(size));
        // One row more than asked for tells whether there is a next page.
        let ask =
            if limit.is_some_and(|limit| limit <= size) { within } else { size.saturating_add(1) };
        let find = self.limit(ask);
        let columns = find.query.columns();
        let mut values = find.rows().await?;
        let more = values.len() as u64 > size;
        values.truncate(usize::try_from(within).unwrap_or(usize::MAX));
        let next = values.last().filter(|_| more).map(|row| match R::TABLE.key {
            [] => Cursor::of_offset(offset + values.len() as u64),
            _ => Cursor::of(&order, &columns, row),
        });
        Ok((values, next))
    }

    /// Every row in pages of `size`, each asked for when it is wanted. Nothing is held open between
    /// two pages: rows that are inserted behind the present place are seen, earlier ones are not.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::futures::TryStreamExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let mut pages = tasks.find().order_by(Tasks::PRIORITY.asc()).pages(2);
    /// let mut sizes = Vec::new();
    /// while let Some(page) = pages.try_next().await? {
    ///     sizes.push(page.rows.len());
    /// }
    /// assert_eq!(sizes, [2, 1]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// An item is an error as of [`page`](Self::page), and the stream ends with it.
    #[must_use = "a stream does nothing until it is read"]
    pub fn pages(self, size: u64) -> BoxStream<'static, Result<Page<T>>> {
        stream::try_unfold(Some(self), move |find| async move {
            let Some(find) = find else { return Ok(None) };
            if find.query.row_limit() == Some(0) {
                return Ok(None);
            }
            let page = find.clone().page(size).await?;
            let following = page.next.clone().map(|cursor| {
                let read = page.rows.len() as u64;
                let rest = find.query.row_limit().map(|limit| limit - read);
                let next = find.offset(0).after(cursor);
                match rest {
                    Some(rest) => next.limit(rest),
                    None => next,
                }
            });
            Ok(Some((page, following)))
        })
        .try_filter(|page: &Page<T>| std::future::ready(!page.rows.is_empty()))
        .boxed()
    }

    /// Every row, read in pages of 500 as they are wanted.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::futures::TryStreamExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let mut rows = tasks.find().order_by(Tasks::PRIORITY.asc()).stream();
    /// while let Some(task) = rows.try_next().await? {
    ///     println!("{} {}", task.priority, task.title);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`pages`](Self::pages).
    #[must_use = "a stream does nothing until it is read"]
    pub fn stream(self) -> BoxStream<'static, Result<T>> {
        self.pages(STREAM_PAGE)
            .map_ok(|page| stream::iter(page.rows.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }
}

pub(crate) fn not_found<R: Record>() -> Error {
    Error::new(ErrorKind::NotFound, "no row matches").with_table(R::TABLE.name)
}

pub(crate) fn decode_selected<R: Record, T: Selected<R>>(values: Vec<Value>) -> Result<T> {
    let values = match T::COLUMNS {
        None => Values::new(R::TABLE, values),
        Some(columns) => Values::of_columns(R::TABLE, columns, values),
    };
    T::from_selected(values).map_err(|error| error.with_table(R::TABLE.name))
}

/// The row with a key. Whether it is deleted softly is looked at here: the file of a pair learns from a
/// read by the key alone that a row is not there, or deleted.
pub(crate) async fn by_key<R: Record>(store: Store, key: &Key) -> Result<Option<R>> {
    let query = Query::new().of_all().filter(Filter::from_node(key.node(R::TABLE)));
    let row = Find::<R>::new(store, query).first_values().await?;
    row.filter(|row| !R::TABLE.is_deleted(row)).map(decode).transpose()
}

pub(crate) fn decode<R: Record>(values: Vec<Value>) -> Result<R> {
    R::from_values(Values::new(R::TABLE, values)).map_err(|error| error.with_table(R::TABLE.name))
}
