//! [`Field`]: a typed column, and the operations that its type allows.

mod json_path;

pub use json_path::JsonPath;

use crate::filter::{Case, Comparison, Expression, Filter, Node, TextMatch};
use crate::order::Direction;
use crate::{
    ByBytes, ByType, Column, Comparable, Exact, JsonDocument, List, Operand, Order, Record, Scalar,
    Sorts, Stored, Text,
};
use std::fmt;
use std::marker::PhantomData;

/// What a field's type is stored as.
type As<T> = <<T as Stored>::Scalar as Scalar>::As;

/// A column of the record `R` that holds the type `T`; a const of the repository, such as
/// `Events::SESSION_ID`.
///
/// Comparisons follow SQL: a NULL matches no comparison, not even [`ne`](Self::ne); only
/// [`is_null`](Self::is_null) finds it. A JSON document is not compared as a whole, since SQLite
/// and Postgres differ in which are equal (`{"k":1}` and `{"k":1.0}`): compare what is inside,
/// by [`key`](Self::key) and [`index`](Self::index). An array is asked by [`has`](Self::has).
///
/// `S` is how it sorts: by its type, or, as text that is `#[repository(collate = "C")]`, by its
/// bytes ([`ByBytes`]).
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::Field;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// const PRIORITY: Field<task::Model, i32> = Tasks::PRIORITY;
/// assert_eq!(tasks.find().filter(PRIORITY.eq(3)).count().await?, 1);
/// # Ok(()) }
/// ```
pub struct Field<R, T, S = ByType> {
    column: usize,
    types: PhantomData<fn() -> (R, T)>,
    sorts: PhantomData<fn() -> S>,
}

impl<R, T, S> Clone for Field<R, T, S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R, T, S> Copy for Field<R, T, S> {}

impl<R: Record, T, S> fmt::Debug for Field<R, T, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", R::TABLE.name, self.name())
    }
}

impl<R, T> Field<R, T> {
    /// The column at a position of the record's [`columns`](crate::Table::columns). Written by the derive.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::Field;
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let title: Field<task::Model, String> = Field::new(1);
    /// assert_eq!(title.name(), Tasks::TITLE.name());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn new(column: usize) -> Self {
        Self { column, types: PhantomData, sorts: PhantomData }
    }
}

impl<R, T: Stored> Field<R, T, ByBytes>
where
    As<T>: Text,
{
    /// The column of text at a position, which sorts by its bytes. Written by the derive.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::{ByBytes, Field};
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let title: Field<task::Model, String, ByBytes> = Field::sorted_by_bytes(1);
    /// assert_eq!(title.name(), Tasks::TITLE.name());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn sorted_by_bytes(column: usize) -> Self {
        Self { column, types: PhantomData, sorts: PhantomData }
    }
}

impl<R, T, S> Field<R, T, S> {
    /// Its position among the record's [`columns`](crate::Table::columns).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # fn main() -> chronicle::Result<()> {
    /// assert_eq!((Tasks::ID.position(), Tasks::TITLE.position()), (0, 1));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn position(self) -> usize {
        self.column
    }
}

impl<R: Record, T, S> Field<R, T, S> {
    /// The column's description.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # fn main() -> chronicle::Result<()> {
    /// assert!(Tasks::DONE_AT.column().nullable);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn column(self) -> &'static Column {
        &R::TABLE.columns[self.column]
    }

    /// The column's name in the database.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # fn main() -> chronicle::Result<()> {
    /// assert_eq!(Tasks::DONE_AT.name(), "done_at");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        self.column().name
    }

    fn expression(self) -> Expression {
        Expression::Column(self.column())
    }
}

impl<R: Record, T: Stored, S> Field<R, T, S> {
    fn compare(self, comparison: Comparison, value: impl Operand<T::Scalar>) -> Filter<R> {
        Filter::from_node(Node::Compare {
            expression: self.expression(),
            comparison,
            value: Stored::into_value(value.into_operand()),
        })
    }

    /// Rows whose column equals `value`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::TITLE.eq("call home")).count().await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn eq(self, value: impl Operand<T::Scalar>) -> Filter<R>
    where
        As<T>: Comparable,
    {
        self.compare(Comparison::Equal, value)
    }

    /// Rows whose column is not NULL and differs from `value`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::TITLE.ne("call home")).count().await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn ne(self, value: impl Operand<T::Scalar>) -> Filter<R>
    where
        As<T>: Comparable,
    {
        self.compare(Comparison::NotEqual, value)
    }

    /// Rows whose column equals one of `values`; none when the list is empty. Lists may be long:
    /// thousands of values are sent in as many statements or requests as that takes. On PostgREST,
    /// though, a filter with a list inside of `or` or `not` has to fit one URL (6,000 bytes, some
    /// 140 UUIDs), and is [`InvalidInput`](crate::ErrorKind::InvalidInput) where it does not.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::PRIORITY.is_in([1, 3, 5])).count().await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn is_in<V: Operand<T::Scalar>>(self, values: impl IntoIterator<Item = V>) -> Filter<R>
    where
        As<T>: Comparable,
    {
        Filter::from_node(Node::In {
            expression: self.expression(),
            values: values
                .into_iter()
                .map(|value| Stored::into_value(value.into_operand()))
                .collect(),
        })
    }
}

impl<R: Record, T: Stored, S> Field<R, T, S> {
    /// Rows whose column is less than `value`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::PRIORITY.lt(2)).count().await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn lt(self, value: impl Operand<T::Scalar>) -> Filter<R>
    where
        S: Sorts<As<T>>,
    {
        self.compare(Comparison::Less, value)
    }

    /// Rows whose column is less than or equal to `value`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::PRIORITY.le(2)).count().await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn le(self, value: impl Operand<T::Scalar>) -> Filter<R>
    where
        S: Sorts<As<T>>,
    {
        self.compare(Comparison::LessOrEqual, value)
    }

    /// Rows whose column is greater than `value`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::CREATED_AT.gt(chronicle::now())).count().await?, 0);
    /// # Ok(()) }
    /// ```
    pub fn gt(self, value: impl Operand<T::Scalar>) -> Filter<R>
    where
        S: Sorts<As<T>>,
    {
        self.compare(Comparison::Greater, value)
    }

    /// Rows whose column is greater than or equal to `value`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::PRIORITY.ge(2)).count().await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn ge(self, value: impl Operand<T::Scalar>) -> Filter<R>
    where
        S: Sorts<As<T>>,
    {
        self.compare(Comparison::GreaterOrEqual, value)
    }

    /// Rows whose column lies between `low` and `high`, both included.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::PRIORITY.between(2, 3)).count().await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn between(self, low: impl Operand<T::Scalar>, high: impl Operand<T::Scalar>) -> Filter<R>
    where
        S: Sorts<As<T>>,
    {
        self.ge(low).and(self.le(high))
    }

    /// Smallest first. NULL counts as smaller than every value, on both databases.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let by_time_of_end = tasks.find().order_by(Tasks::DONE_AT.asc()).all().await?;
    /// assert_eq!(by_time_of_end[0].done_at, None);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn asc(self) -> Order<R>
    where
        S: Sorts<As<T>>,
    {
        Order::new(self.position(), Direction::Ascending)
    }

    /// Largest first. NULL counts as smaller than every value, so it comes last.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let last_done = tasks.find().order_by(Tasks::DONE_AT.desc()).first().await?;
    /// assert_eq!(last_done.map(|task| task.title), Some("water the plants".to_owned()));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn desc(self) -> Order<R>
    where
        S: Sorts<As<T>>,
    {
        Order::new(self.position(), Direction::Descending)
    }
}

impl<R: Record, T: Scalar, S> Field<R, Option<T>, S> {
    /// Rows whose column is NULL.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::DONE_AT.is_null()).count().await?, 2);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_null(self) -> Filter<R> {
        Filter::from_node(Node::IsNull(self.expression()))
    }

    /// Rows whose column is not NULL.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::DONE_AT.is_not_null()).count().await?, 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_not_null(self) -> Filter<R> {
        !self.is_null()
    }
}

impl<R: Record, T: Stored, S> Field<R, T, S> {
    /// Rows whose text contains `text`: case-sensitive and literal, so `%`, `_` and `*` stand for
    /// themselves. Every text that is not NULL contains the empty text.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::TITLE.contains("the")).count().await?, 2);
    /// assert_eq!(tasks.find().filter(Tasks::TITLE.contains("%")).count().await?, 0);
    /// # Ok(()) }
    /// ```
    pub fn contains(self, text: impl Into<String>) -> Filter<R>
    where
        As<T>: Text,
    {
        Filter::text(self.expression(), TextMatch::Contains, Case::Exact, text.into())
    }

    /// Rows whose text starts with `text`: case-sensitive and literal.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::TITLE.starts_with("w")).count().await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn starts_with(self, text: impl Into<String>) -> Filter<R>
    where
        As<T>: Text,
    {
        Filter::text(self.expression(), TextMatch::StartsWith, Case::Exact, text.into())
    }

    /// Rows whose text ends with `text`: case-sensitive and literal.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::TITLE.ends_with("home")).count().await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn ends_with(self, text: impl Into<String>) -> Filter<R>
    where
        As<T>: Text,
    {
        Filter::text(self.expression(), TextMatch::EndsWith, Case::Exact, text.into())
    }

    /// Rows whose text contains `text`, whether letters are large or small.
    ///
    /// The letters of all scripts count as equal to their lower-case form, where that is one character
    /// (`ß` is not `SS`), on both databases. `text` has 200 characters at most; a longer one is
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::TITLE.contains_any_case("THE")).count().await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn contains_any_case(self, text: impl Into<String>) -> Filter<R>
    where
        As<T>: Text,
    {
        Filter::text(self.expression(), TextMatch::Contains, Case::Any, text.into())
    }

    /// Rows whose text starts with `text`, whether letters are large or small.
    /// As [`contains_any_case`](Self::contains_any_case) otherwise.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::TITLE.starts_with_any_case("W")).count().await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn starts_with_any_case(self, text: impl Into<String>) -> Filter<R>
    where
        As<T>: Text,
    {
        Filter::text(self.expression(), TextMatch::StartsWith, Case::Any, text.into())
    }

    /// Rows whose text ends with `text`, whether letters are large or small.
    /// As [`contains_any_case`](Self::contains_any_case) otherwise.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::TITLE.ends_with_any_case("Home")).count().await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn ends_with_any_case(self, text: impl Into<String>) -> Filter<R>
    where
        As<T>: Text,
    {
        Filter::text(self.expression(), TextMatch::EndsWith, Case::Any, text.into())
    }

    /// Rows whose text is `text`, whether letters are large or small.
    /// As [`contains_any_case`](Self::contains_any_case) otherwise.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::TITLE.eq_any_case("Call Home")).count().await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn eq_any_case(self, text: impl Into<String>) -> Filter<R>
    where
        As<T>: Text,
    {
        Filter::text(self.expression(), TextMatch::Whole, Case::Any, text.into())
    }
}

impl<R: Record, T: Stored, S> Field<R, T, S>
where
    T::Scalar: List,
{
    /// Rows whose array has an element that equals `value`. NULL has none, and nor is it without.
    ///
    /// ```
    /// mod note {
    ///     use sea_orm::entity::prelude::*;
    ///
    ///     #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
    ///     #[sea_orm(table_name = "notes")]
    ///     #[repository(name = "Note")]
    ///     pub struct Model {
    ///         #[sea_orm(primary_key, auto_increment = false)]
    ///         pub id: Uuid,
    ///         pub tags: Vec<String>,
    ///     }
    ///
    ///     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    ///     pub enum Relation {}
    ///     impl ActiveModelBehavior for ActiveModel {}
    /// }
    /// use note::{NewNote, Notes};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// let sqlite = chronicle::Sqlite::memory().await?;
    /// sqlite.execute_script("create table notes (id blob primary key, tags text)").await?;
    /// let notes = Notes::new(&sqlite);
    /// notes.insert(NewNote::new(vec!["green".to_owned(), "blue".to_owned()])).await?;
    /// assert_eq!(notes.find().filter(Notes::TAGS.has("blue")).count().await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn has(self, value: impl Operand<<T::Scalar as List>::Item>) -> Filter<R>
    where
        As<<T::Scalar as List>::Item>: Exact,
    {
        let value = value.into_operand().encode();
        Filter::from_node(Node::Has { column: self.column(), value })
    }
}

impl<R: Record, T: Stored, S> Field<R, T, S> {
    /// The value under `key` of a JSON object, as text.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::DETAILS.key("for").eq("Ada")).count().await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn key(self, key: impl Into<String>) -> JsonPath<R>
    where
        As<T>: JsonDocument,
    {
        JsonPath::new(self.column()).key(key)
    }

    /// The element at `index` (from 0) of a JSON array, as text. A query with an index beyond `i32`
    /// fails with `InvalidInput`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// tasks.insert(NewTask::new("buy", 2).details(serde_json::json!(["bread", "milk"]))).await?;
    /// assert_eq!(tasks.find().filter(Tasks::DETAILS.index(0).eq("bread")).count().await?, 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn index(self, index: u32) -> JsonPath<R>
    where
        As<T>: JsonDocument,
    {
        JsonPath::new(self.column()).index(index)
    }
}
