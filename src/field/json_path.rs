//! [`JsonPath`]: a value inside a JSON column, and its operations.

use crate::filter::{Case, Comparison, Expression, Filter, JsonStep, Node, TextMatch};
use crate::{Column, Record};
use std::fmt;
use std::marker::PhantomData;

/// A value inside a JSON column, compared as text: strings without their quotes, numbers and
/// booleans as they are written in JSON. A missing key and JSON's `null` are NULL.
///
/// Not everything has a text that the databases share. Objects and arrays have none: compare what is
/// inside them. Nor have numbers that are written with an exponent, as every `f64` below 1e-5 and
/// from 1e16 on is, and `-0.0`: SQLite keeps the text that was stored (`1e-7`, `1e16`, `-0.0`),
/// Postgres writes the number out (`0.0000001`, `10000000000000000`, `0.0`).
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// let first_page = Tasks::DETAILS.key("pages").index(0);
/// assert_eq!(tasks.find().filter(first_page.eq("12")).count().await?, 1);
/// # Ok(()) }
/// ```
pub struct JsonPath<R> {
    column: &'static Column,
    steps: Vec<JsonStep>,
    record: PhantomData<fn() -> R>,
}

impl<R> Clone for JsonPath<R> {
    fn clone(&self) -> Self {
        Self { column: self.column, steps: self.steps.clone(), record: PhantomData }
    }
}

impl<R> fmt::Debug for JsonPath<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("JsonPath")
            .field("column", &self.column.name)
            .field("steps", &self.steps)
            .finish()
    }
}

impl<R: Record> JsonPath<R> {
    pub(super) fn new(column: &'static Column) -> Self {
        Self { column, steps: Vec::new(), record: PhantomData }
    }

    /// The value under `key` of the object at this path.
    ///
    /// A key with a quotation mark, a backslash or a control character is refused when the query
    /// runs: SQLite's paths cannot name it.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// tasks.insert(NewTask::new("buy", 2).details(serde_json::json!({ "at": { "city": "Ulm" } }))).await?;
    /// let city = Tasks::DETAILS.key("at").key("city");
    /// assert_eq!(tasks.find().filter(city.eq("Ulm")).count().await?, 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.steps.push(JsonStep::Key(key.into()));
        self
    }

    /// The element at `index` (from 0) of the array at this path.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let second_page = Tasks::DETAILS.key("pages").index(1);
    /// assert_eq!(tasks.find().filter(second_page.eq("14")).count().await?, 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn index(mut self, index: u32) -> Self {
        self.steps.push(JsonStep::Index(index));
        self
    }

    fn expression(self) -> Expression {
        Expression::Json { column: self.column, steps: self.steps }
    }

    fn compare(self, comparison: Comparison, text: String) -> Filter<R> {
        Filter::from_node(Node::Compare {
            expression: self.expression(),
            comparison,
            value: text.into(),
        })
    }

    /// Rows where the value's text equals `text`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::DETAILS.key("for").eq("Ada")).count().await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn eq(self, text: impl Into<String>) -> Filter<R> {
        self.compare(Comparison::Equal, text.into())
    }

    /// Rows where there is a value and its text differs from `text`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// // Tasks without such a key are not found.
    /// assert_eq!(tasks.find().filter(Tasks::DETAILS.key("for").ne("Bob")).count().await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn ne(self, text: impl Into<String>) -> Filter<R> {
        self.compare(Comparison::NotEqual, text.into())
    }

    /// Rows where the value's text is one of `texts`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::DETAILS.key("for").is_in(["Ada", "Bob"])).count().await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn is_in<T: Into<String>>(self, texts: impl IntoIterator<Item = T>) -> Filter<R> {
        let values = texts.into_iter().map(|text| text.into().into()).collect();
        Filter::from_node(Node::In { expression: self.expression(), values })
    }

    /// Rows where there is no value, or JSON's `null`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::DETAILS.key("for").is_null()).count().await?, 2);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_null(self) -> Filter<R> {
        Filter::from_node(Node::IsNull(self.expression()))
    }

    /// Rows where there is a value other than JSON's `null`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::DETAILS.key("for").is_not_null()).count().await?, 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_not_null(self) -> Filter<R> {
        !self.is_null()
    }

    /// Rows where the value's text contains `text`, case-sensitive and literal.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::DETAILS.key("for").contains("d")).count().await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn contains(self, text: impl Into<String>) -> Filter<R> {
        Filter::text(self.expression(), TextMatch::Contains, Case::Exact, text.into())
    }

    /// Rows where the value's text starts with `text`, case-sensitive and literal.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::DETAILS.key("for").starts_with("A")).count().await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn starts_with(self, text: impl Into<String>) -> Filter<R> {
        Filter::text(self.expression(), TextMatch::StartsWith, Case::Exact, text.into())
    }

    /// Rows where the value's text ends with `text`, case-sensitive and literal.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::DETAILS.key("for").ends_with("a")).count().await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn ends_with(self, text: impl Into<String>) -> Filter<R> {
        Filter::text(self.expression(), TextMatch::EndsWith, Case::Exact, text.into())
    }

    /// Rows where the value's text contains `text`, whether letters are large or small: as
    /// [`Field::contains_any_case`](crate::Field::contains_any_case).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::DETAILS.key("for").contains_any_case("DA")).count().await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn contains_any_case(self, text: impl Into<String>) -> Filter<R> {
        Filter::text(self.expression(), TextMatch::Contains, Case::Any, text.into())
    }

    /// Rows where the value's text starts with `text`, whether letters are large or small: as
    /// [`Field::contains_any_case`](crate::Field::contains_any_case).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::DETAILS.key("for").starts_with_any_case("a")).count().await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn starts_with_any_case(self, text: impl Into<String>) -> Filter<R> {
        Filter::text(self.expression(), TextMatch::StartsWith, Case::Any, text.into())
    }

    /// Rows where the value's text ends with `text`, whether letters are large or small: as
    /// [`Field::contains_any_case`](crate::Field::contains_any_case).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::DETAILS.key("for").ends_with_any_case("DA")).count().await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn ends_with_any_case(self, text: impl Into<String>) -> Filter<R> {
        Filter::text(self.expression(), TextMatch::EndsWith, Case::Any, text.into())
    }

    /// Rows where the value's text is `text`, whether letters are large or small: as
    /// [`Field::contains_any_case`](crate::Field::contains_any_case).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().filter(Tasks::DETAILS.key("for").eq_any_case("ADA")).count().await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn eq_any_case(self, text: impl Into<String>) -> Filter<R> {
        Filter::text(self.expression(), TextMatch::Whole, Case::Any, text.into())
    }
}
