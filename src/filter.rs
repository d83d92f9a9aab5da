//! [`Filter`]: which rows; the typed shell of a closed tree of conditions.

pub(crate) mod folding;
mod node;

pub(crate) use node::{Case, Comparison, Expression, JsonStep, Node, TextMatch};

use crate::Record;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Not;

/// A condition on rows of the record `R`, made by the operations of its [fields](crate::Field).
///
/// A filter of one record does not fit the query of another:
///
/// ```compile_fail
/// # use chronicle::{Filter, Query, Record};
/// fn mixed<A: Record, B: Record>(query: Query<A>, filter: Filter<B>) -> Query<A> {
///     query.filter(filter)
/// }
/// ```
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::Filter;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// let open: Filter<task::Model> = Tasks::DONE_AT.is_null();
/// assert_eq!(tasks.find().filter(open.and(Tasks::PRIORITY.eq(3))).count().await?, 1);
/// # Ok(()) }
/// ```
pub struct Filter<R> {
    node: Node,
    record: PhantomData<fn() -> R>,
}

impl<R> Clone for Filter<R> {
    fn clone(&self) -> Self {
        Self { node: self.node.clone(), record: PhantomData }
    }
}

impl<R> fmt::Debug for Filter<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Filter").field(&self.node).finish()
    }
}

impl<R: Record> Filter<R> {
    pub(crate) const fn from_node(node: Node) -> Self {
        Self { node, record: PhantomData }
    }

    pub(crate) fn into_node(self) -> Node {
        self.node
    }

    pub(crate) fn text(
        expression: Expression,
        position: TextMatch,
        case: Case,
        text: String,
    ) -> Self {
        Self::from_node(Node::Text { expression, position, case, text })
    }

    /// Rows that match both.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let filter = Tasks::DONE_AT.is_null().and(Tasks::PRIORITY.lt(3));
    /// assert_eq!(titles(&tasks.find().filter(filter).all().await?), ["write the report"]);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::from_node(Node::All(vec![self.node, other.node]))
    }

    /// Rows that match one or both.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let filter = Tasks::DONE_AT.is_not_null().or(Tasks::PRIORITY.eq(3));
    /// assert_eq!(tasks.find().filter(filter).count().await?, 2);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::from_node(Node::Any(vec![self.node, other.node]))
    }

    /// Rows that match every one of `filters`: all rows when there is none.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::Filter;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let words = ["the", "report"];
    /// let filter = Filter::all(words.map(|word| Tasks::TITLE.contains(word)));
    /// assert_eq!(titles(&tasks.find().filter(filter).all().await?), ["write the report"]);
    /// # Ok(()) }
    /// ```
    pub fn all(filters: impl IntoIterator<Item = Self>) -> Self {
        Self::from_node(Node::All(filters.into_iter().map(|filter| filter.node).collect()))
    }

    /// Rows that match at least one of `filters`: no row when there is none.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::Filter;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let words = ["plants", "report"];
    /// let filter = Filter::any(words.map(|word| Tasks::TITLE.contains(word)));
    /// assert_eq!(tasks.find().filter(filter).count().await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn any(filters: impl IntoIterator<Item = Self>) -> Self {
        Self::from_node(Node::Any(filters.into_iter().map(|filter| filter.node).collect()))
    }
}

/// Rows that do not match. Where the condition is unknown because a column is NULL, its negation
/// is unknown too, and the row is not found (SQL's three-valued logic).
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// let filter = !Tasks::TITLE.contains("the");
/// assert_eq!(titles(&tasks.find().filter(filter).all().await?), ["call home"]);
/// # Ok(()) }
/// ```
impl<R: Record> Not for Filter<R> {
    type Output = Self;
    fn not(self) -> Self {
        Self::from_node(Node::Not(Box::new(self.node)))
    }
}
