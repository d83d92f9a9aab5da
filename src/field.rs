//! [`Field`]: a typed column, and the operations that its type allows.

use crate::filter::{Comparison, Expression, Filter, JsonStep, Node, TextMatch};
use crate::query::{Direction, Order};
use crate::{Column, JsonDocument, Operand, Ordered, Record, Scalar, Stored, Text};
use std::fmt;
use std::marker::PhantomData;

/// A column of the record `R` that holds the type `T`; a const of the repository, such as
/// `Events::SESSION_ID`.
///
/// Comparisons follow SQL: a NULL matches no comparison, not even [`ne`](Self::ne); only
/// [`is_null`](Self::is_null) finds it. A JSON document is not compared as a whole, since SQLite
/// and Postgres differ in which are equal (`{"k":1}` and `{"k":1.0}`): a query that does is refused with
/// [`Unsupported`](crate::ErrorKind::Unsupported) before it is sent. Compare what is inside,
/// by [`key`](Self::key) and [`index`](Self::index).
pub struct Field<R, T> {
    column: usize,
    types: PhantomData<fn() -> (R, T)>,
}

impl<R, T> Clone for Field<R, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R, T> Copy for Field<R, T> {}

impl<R: Record, T> fmt::Debug for Field<R, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", R::TABLE.name, self.name())
    }
}

impl<R, T> Field<R, T> {
    /// The column at a position of the record's [`columns`](crate::Table::columns). Written by the derive.
    #[must_use]
    pub const fn new(column: usize) -> Self {
        Self { column, types: PhantomData }
    }

    pub(crate) const fn position(self) -> usize {
        self.column
    }
}

impl<R: Record, T> Field<R, T> {
    /// The column's description.
    #[must_use]
    pub fn column(self) -> &'static Column {
        &R::TABLE.columns[self.column]
    }

    /// The column's name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.column().name
    }

    fn expression(self) -> Expression {
        Expression::Column(self.column())
    }
}

impl<R: Record, T: Stored> Field<R, T> {
    fn compare(self, comparison: Comparison, value: impl Operand<T::Scalar>) -> Filter<R> {
        Filter::from_node(Node::Compare {
            expression: self.expression(),
            comparison,
            value: Stored::into_value(value.into_operand()),
        })
    }

    /// Rows whose column equals `value`.
    pub fn eq(self, value: impl Operand<T::Scalar>) -> Filter<R> {
        self.compare(Comparison::Equal, value)
    }

    /// Rows whose column is not NULL and differs from `value`.
    pub fn ne(self, value: impl Operand<T::Scalar>) -> Filter<R> {
        self.compare(Comparison::NotEqual, value)
    }

    /// Rows whose column equals one of `values`; none when the list is empty. Lists may be long:
    /// thousands of values are sent in as many statements or requests as that takes. On PostgREST,
    /// though, a filter with a list inside of `or` or `not` has to fit one URL (6,000 bytes, some
    /// 140 UUIDs), and is [`InvalidInput`](crate::ErrorKind::InvalidInput) where it does not.
    pub fn is_in<V: Operand<T::Scalar>>(self, values: impl IntoIterator<Item = V>) -> Filter<R> {
        Filter::from_node(Node::In {
            expression: self.expression(),
            values: values
                .into_iter()
                .map(|value| Stored::into_value(value.into_operand()))
                .collect(),
        })
    }
}

impl<R: Record, T: Stored> Field<R, T> {
    /// Rows whose column is less than `value`.
    pub fn lt(self, value: impl Operand<T::Scalar>) -> Filter<R>
    where
        T::Scalar: Ordered,
    {
        self.compare(Comparison::Less, value)
    }

    /// Rows whose column is less than or equal to `value`.
    pub fn le(self, value: impl Operand<T::Scalar>) -> Filter<R>
    where
        T::Scalar: Ordered,
    {
        self.compare(Comparison::LessOrEqual, value)
    }

    /// Rows whose column is greater than `value`.
    pub fn gt(self, value: impl Operand<T::Scalar>) -> Filter<R>
    where
        T::Scalar: Ordered,
    {
        self.compare(Comparison::Greater, value)
    }

    /// Rows whose column is greater than or equal to `value`.
    pub fn ge(self, value: impl Operand<T::Scalar>) -> Filter<R>
    where
        T::Scalar: Ordered,
    {
        self.compare(Comparison::GreaterOrEqual, value)
    }

    /// Rows whose column lies between `low` and `high`, both included.
    pub fn between(self, low: impl Operand<T::Scalar>, high: impl Operand<T::Scalar>) -> Filter<R>
    where
        T::Scalar: Ordered,
    {
        self.ge(low).and(self.le(high))
    }

    /// Smallest first. NULL counts as smaller than every value, on both databases.
    #[must_use]
    pub fn asc(self) -> Order<R>
    where
        T::Scalar: Ordered,
    {
        Order::new(self.position(), Direction::Ascending)
    }

    /// Largest first. NULL counts as smaller than every value, so it comes last.
    #[must_use]
    pub fn desc(self) -> Order<R>
    where
        T::Scalar: Ordered,
    {
        Order::new(self.position(), Direction::Descending)
    }
}

impl<R: Record, T: Scalar> Field<R, Option<T>> {
    /// Rows whose column is NULL.
    #[must_use]
    pub fn is_null(self) -> Filter<R> {
        Filter::from_node(Node::IsNull(self.expression()))
    }

    /// Rows whose column is not NULL.
    #[must_use]
    pub fn is_not_null(self) -> Filter<R> {
        !self.is_null()
    }
}

impl<R: Record, T: Stored> Field<R, T> {
    /// Rows whose text contains `text`: case-sensitive and literal, so `%`, `_` and `*` stand for
    /// themselves. Every text that is not NULL contains the empty text.
    pub fn contains(self, text: impl Into<String>) -> Filter<R>
    where
        T::Scalar: Text,
    {
        Filter::text(self.expression(), TextMatch::Contains, text.into())
    }

    /// Rows whose text starts with `text`: case-sensitive and literal.
    pub fn starts_with(self, text: impl Into<String>) -> Filter<R>
    where
        T::Scalar: Text,
    {
        Filter::text(self.expression(), TextMatch::StartsWith, text.into())
    }

    /// Rows whose text ends with `text`: case-sensitive and literal.
    pub fn ends_with(self, text: impl Into<String>) -> Filter<R>
    where
        T::Scalar: Text,
    {
        Filter::text(self.expression(), TextMatch::EndsWith, text.into())
    }
}

impl<R: Record, T: Stored> Field<R, T> {
    /// The value under `key` of a JSON object, as text.
    ///
    /// ```
    /// # mod event {
    /// #   use chronicle::Repository; use sea_orm::entity::prelude::*;
    /// #   #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    /// #   #[sea_orm(table_name = "events")] #[repository(name = "Event")]
    /// #   pub struct Model { #[sea_orm(primary_key, auto_increment = false)] pub id: Uuid, pub data: Option<Json> }
    /// #   #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)] pub enum Relation {}
    /// #   impl ActiveModelBehavior for ActiveModel {}
    /// # }
    /// # use event::Events;
    /// let edits = Events::query().filter(Events::DATA.key("tool_input").key("path").eq("src/lib.rs"));
    /// ```
    pub fn key(self, key: impl Into<String>) -> JsonPath<R>
    where
        T::Scalar: JsonDocument,
    {
        JsonPath::new(self.column()).key(key)
    }

    /// The element at `index` (from 0) of a JSON array, as text.
    #[must_use]
    pub fn index(self, index: u32) -> JsonPath<R>
    where
        T::Scalar: JsonDocument,
    {
        JsonPath::new(self.column()).index(index)
    }
}

/// A value inside a JSON column, compared as text: strings without their quotes, numbers and
/// booleans as they are written in JSON. A missing key and JSON's `null` are NULL.
///
/// Not everything has a text that the databases share. Objects and arrays have none: compare what is
/// inside them. Nor have numbers that are written with an exponent, as every `f64` below 1e-5 and
/// from 1e16 on is, and `-0.0`: SQLite keeps the text that was stored (`1e-7`, `1e16`, `-0.0`),
/// Postgres writes the number out (`0.0000001`, `10000000000000000`, `0.0`).
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
    fn new(column: &'static Column) -> Self {
        Self { column, steps: Vec::new(), record: PhantomData }
    }

    /// The value under `key` of the object at this path.
    ///
    /// A key with a quotation mark, a backslash or a control character is refused when the query
    /// runs: SQLite's paths cannot name it.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.steps.push(JsonStep::Key(key.into()));
        self
    }

    /// The element at `index` (from 0) of the array at this path.
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
    pub fn eq(self, text: impl Into<String>) -> Filter<R> {
        self.compare(Comparison::Equal, text.into())
    }

    /// Rows where there is a value and its text differs from `text`.
    pub fn ne(self, text: impl Into<String>) -> Filter<R> {
        self.compare(Comparison::NotEqual, text.into())
    }

    /// Rows where the value's text is one of `texts`.
    pub fn is_in<T: Into<String>>(self, texts: impl IntoIterator<Item = T>) -> Filter<R> {
        let values = texts.into_iter().map(|text| text.into().into()).collect();
        Filter::from_node(Node::In { expression: self.expression(), values })
    }

    /// Rows where there is no value, or JSON's `null`.
    #[must_use]
    pub fn is_null(self) -> Filter<R> {
        Filter::from_node(Node::IsNull(self.expression()))
    }

    /// Rows where there is a value other than JSON's `null`.
    #[must_use]
    pub fn is_not_null(self) -> Filter<R> {
        !self.is_null()
    }

    /// Rows where the value's text contains `text`, case-sensitive and literal.
    pub fn contains(self, text: impl Into<String>) -> Filter<R> {
        Filter::text(self.expression(), TextMatch::Contains, text.into())
    }

    /// Rows where the value's text starts with `text`, case-sensitive and literal.
    pub fn starts_with(self, text: impl Into<String>) -> Filter<R> {
        Filter::text(self.expression(), TextMatch::StartsWith, text.into())
    }

    /// Rows where the value's text ends with `text`, case-sensitive and literal.
    pub fn ends_with(self, text: impl Into<String>) -> Filter<R> {
        Filter::text(self.expression(), TextMatch::EndsWith, text.into())
    }
}
