//! [`Summary`]: what becomes of the rows of a query, as one or group by group.

use super::groups::GroupColumns;
use super::{Aggregates, As, Groups};
use crate::aggregation::{Aggregation, Reckoner};
use crate::filter::Node;
use crate::operation::Selection;
use crate::{Error, Field, Find, Query, Record, Result, Selected, Sorts, Stored, Summable, Values};
use sea_orm::Value;
use std::cmp::Ordering;
use std::fmt;

/// What becomes of the rows of a query; made by [`Find::aggregate`].
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
/// use chronicle::count;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let (customers, orders) = shop().await?;
/// let summary = orders.find().aggregate((count(), Orders::TOTAL.sum(), Orders::TOTAL.max()));
/// let by_customer = summary.group_by(Orders::CUSTOMER_ID).all().await?;
/// assert_eq!(by_customer, [(1, (2, 40, Some(30))), (2, (1, 20, Some(20)))]);
/// # Ok(()) }
/// ```
#[must_use = "a query does nothing until it is run, by `one()` or `all()`"]
pub struct Summary<R: Record, A, G = ()> {
    find: Find<R>,
    aggregates: A,
    groups: G,
}

impl<R: Record, A: Clone, G: Clone> Clone for Summary<R, A, G> {
    fn clone(&self) -> Self {
        Self {
            find: self.find.clone(),
            aggregates: self.aggregates.clone(),
            groups: self.groups.clone(),
        }
    }
}

impl<R: Record, A: fmt::Debug, G: fmt::Debug> fmt::Debug for Summary<R, A, G> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Summary")
            .field("find", &*self.find)
            .field("aggregates", &self.aggregates)
            .field("groups", &self.groups)
            .finish()
    }
}

impl<R: Record, A: Aggregates<R>, G: GroupColumns<R>> Summary<R, A, G> {
    fn aggregation(&self) -> Result<Aggregation> {
        let query: &Query<R> = &self.find;
        if !query.is_of_all_rows() {
            return Err(Error::invalid(
                "sums and counts are of all rows that match: leave out `limit`, `offset` and `after`",
            )
            .with_table(R::TABLE.name));
        }
        let read = query.to_read(Selection::Rows)?;
        Ok(Aggregation::of(read, self.groups.columns(), self.aggregates.functions().0))
    }

    /// The statement that SQLite is given. Where it selects rows, what is made of them is made here:
    /// SQLite has no exact numbers with a fraction.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let summary = tasks.find().aggregate(Tasks::PRIORITY.sum());
    /// assert_eq!(summary.to_sql()?.sql, "SELECT sum(`priority`) FROM `tasks`");
    /// let sql = "SELECT `title`, sum(`priority`) FROM `tasks` GROUP BY `title`";
    /// assert_eq!(summary.group_by(Tasks::TITLE).to_sql()?.sql, sql);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Query::to_sql`].
    #[cfg(feature = "sqlite")]
    pub fn to_sql(&self) -> Result<sea_orm::Statement> {
        Ok(crate::backend::sqlite::aggregate(&self.aggregation()?))
    }

    /// The request that PostgREST is given first. A server that has no aggregates, and one that is
    /// asked for a condition on related rows, is asked for the rows instead.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let request = tasks.find().aggregate(Tasks::PRIORITY.sum()).to_request()?;
    /// assert_eq!(request.url_path(), "/tasks?select=f0:priority.sum()::text");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Query::to_request`].
    #[cfg(feature = "postgrest")]
    pub fn to_request(&self) -> Result<crate::postgrest::Request> {
        crate::backend::postgrest::aggregate_request(&self.aggregation()?)
    }

    async fn rows(&self, aggregation: &Aggregation) -> Result<Vec<Vec<Value>>> {
        if aggregation.rows.filter == Node::Constant(false) {
            return Reckoner::new(aggregation).finish();
        }
        self.find.store().aggregate(aggregation).await
    }

    fn decode(&self, made: Vec<Value>) -> Result<A::Output> {
        let output = self.aggregates.decode(&mut made.into_iter());
        output.map_err(|error| error.with_table(R::TABLE.name))
    }
}

impl<R: Record, A: Aggregates<R>> Summary<R, A> {
    /// Makes it of each group of rows that have the same in these columns.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let priorities = tasks.find().aggregate(Tasks::PRIORITY.sum()).group_by(Tasks::TITLE);
    /// assert_eq!(priorities.all().await?[0], ("call home".to_owned(), 3));
    /// # Ok(()) }
    /// ```
    pub fn group_by<G: Groups<R>>(self, groups: G) -> Summary<R, A, G> {
        Summary { find: self.find, aggregates: self.aggregates, groups }
    }

    /// What becomes of all rows.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let ends = tasks.find().aggregate((Tasks::PRIORITY.min(), Tasks::PRIORITY.max()));
    /// assert_eq!(ends.one().await?, (Some(1), Some(3)));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Find::all`]; `InvalidInput` for a sum that its type cannot hold, and for a query with a
    /// limit, an offset or a cursor.
    pub async fn one(self) -> Result<A::Output> {
        let aggregation = self.aggregation()?;
        let made = self.rows(&aggregation).await?.pop();
        self.decode(made.unwrap_or_default())
    }
}

impl<R: Record, A: Aggregates<R>, G: Groups<R>> Summary<R, A, G> {
    /// The groups, each with what becomes of its rows: in the order of what they have in common, NULL
    /// first and text by its bytes, on every database.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::count;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let ends = tasks.find().aggregate(count()).group_by(Tasks::DONE_AT).all().await?;
    /// assert_eq!(ends[0], (None, 2));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Summary::one`].
    pub async fn all(self) -> Result<Vec<(G::Values, A::Output)>> {
        let aggregation = self.aggregation()?;
        let width = aggregation.groups.len();
        let mut rows = self.rows(&aggregation).await?;
        let order = aggregation.order();
        rows.sort_by(|left, right| {
            let pairs = order.iter().zip(left.iter().zip(right));
            let mut orders = pairs.map(|(term, (left, right))| term.compare(left, right));
            orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        });
        let decode = |mut row: Vec<Value>| {
            let made = row.split_off(width.min(row.len()));
            let group = G::decode(&mut Values::of_listed(aggregation.groups.clone(), row))
                .map_err(|error| error.with_table(R::TABLE.name))?;
            Ok((group, self.decode(made)?))
        };
        rows.into_iter().map(decode).collect()
    }
}

impl<R: Record, T: Selected<R>> Find<R, T> {
    /// Counts, adds and compares the rows in place of giving them: one [`Aggregate`](crate::Aggregate), or a tuple of them.
    /// Its [`one`](Summary::one) is of all rows, `group_by(…).all()` of each group.
    ///
    /// The databases do it where they can. PostgREST has aggregates if `db-aggregates-enabled` is on,
    /// which Supabase leaves off; where it is not, and for conditions on related rows, the columns that
    /// it takes are read page by page and reckoned here, to the same answer.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::count;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let open = tasks.find().filter(Tasks::DONE_AT.is_null());
    /// let (number, priority) = open.aggregate((count(), Tasks::PRIORITY.sum())).one().await?;
    /// assert_eq!((number, priority), (2, 5));
    /// # Ok(()) }
    /// ```
    pub fn aggregate<A: Aggregates<R>>(self, aggregates: A) -> Summary<R, A> {
        Summary { find: self.select::<R>(), aggregates, groups: () }
    }

    /// The sum of a column, as [`Field::sum`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().sum(Tasks::PRIORITY).await?, 6);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Summary::one`].
    pub async fn sum<F: Stored, S>(self, field: Field<R, F, S>) -> Result<<As<F> as Summable>::Sum>
    where
        As<F>: Summable,
    {
        self.aggregate(field.sum()).one().await
    }

    /// The smallest value of a column, as [`Field::min`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().min(Tasks::PRIORITY).await?, Some(1));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Summary::one`].
    pub async fn min<F: Stored, S>(self, field: Field<R, F, S>) -> Result<Option<F::Scalar>>
    where
        S: Sorts<As<F>>,
    {
        self.aggregate(field.min()).one().await
    }

    /// The largest value of a column, as [`Field::max`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let last_done = tasks.find().max(Tasks::DONE_AT).await?;
    /// assert!(last_done.is_some());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Summary::one`].
    pub async fn max<F: Stored, S>(self, field: Field<R, F, S>) -> Result<Option<F::Scalar>>
    where
        S: Sorts<As<F>>,
    {
        self.aggregate(field.max()).one().await
    }
}
