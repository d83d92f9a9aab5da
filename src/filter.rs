//! [`Filter`]: which rows; a closed tree of conditions under a typed shell.

use crate::{Column, Error, ErrorKind, Record, Result, value};
use sea_orm::Value;
use std::collections::HashSet;
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

    pub(crate) fn text(expression: Expression, position: TextMatch, text: String) -> Self {
        Self::from_node(Node::Text { expression, position, text })
    }

    /// Rows that match both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::from_node(Node::All(vec![self.node, other.node]))
    }

    /// Rows that match one or both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::from_node(Node::Any(vec![self.node, other.node]))
    }

    /// Rows that match every one of `filters`: all rows when there is none.
    pub fn all(filters: impl IntoIterator<Item = Self>) -> Self {
        Self::from_node(Node::All(filters.into_iter().map(|filter| filter.node).collect()))
    }

    /// Rows that match at least one of `filters`: no row when there is none.
    pub fn any(filters: impl IntoIterator<Item = Self>) -> Self {
        Self::from_node(Node::Any(filters.into_iter().map(|filter| filter.node).collect()))
    }
}

/// Rows that do not match. Where the condition is unknown because a column is NULL, its negation
/// is unknown too, and the row is not found (SQL's three-valued logic).
impl<R: Record> Not for Filter<R> {
    type Output = Self;
    fn not(self) -> Self {
        Self::from_node(Node::Not(Box::new(self.node)))
    }
}

/// The tree under [`Filter`]. Each compiler is one exhaustive match over it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Constant(bool),
    Compare { expression: Expression, comparison: Comparison, value: Value },
    In { expression: Expression, values: Vec<Value> },
    IsNull(Expression),
    Text { expression: Expression, position: TextMatch, text: String },
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
}

/// The left side of a condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    Column(&'static Column),
    /// The text at a path of a JSON column.
    Json {
        column: &'static Column,
        steps: Vec<JsonStep>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum JsonStep {
    Key(String),
    Index(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextMatch {
    Contains,
    StartsWith,
    EndsWith,
}

impl Node {
    /// The condition on one column that most callers inside the crate need.
    pub(crate) fn compare(column: &'static Column, comparison: Comparison, value: Value) -> Self {
        Self::Compare { expression: Expression::Column(column), comparison, value }
    }

    /// The same condition in its smallest form, ready to compile: constants are folded away, empty
    /// lists are `false`, a list of one is an equality, values are in their stored form.
    ///
    /// # Errors
    /// `InvalidInput` for a value that cannot be stored, and so not be asked for either;
    /// `Unsupported` for a comparison that the databases would answer differently.
    pub(crate) fn reduce(self) -> Result<Self> {
        Ok(match self {
            Self::Compare { expression, comparison, mut value } => {
                expression.check_comparable()?;
                value::normalize(&mut value).map_err(|error| expression.at(error))?;
                if value::is_null(&value) {
                    return Err(expression.at(Error::invalid(
                        "a comparison with JSON null finds nothing: use `is_null`",
                    )));
                }
                Self::Compare { expression, comparison, value }
            }
            Self::In { expression, values } => {
                expression.check_comparable()?;
                let mut seen = HashSet::new();
                let mut distinct = Vec::with_capacity(values.len());
                for mut value in values {
                    value::normalize(&mut value).map_err(|error| expression.at(error))?;
                    if !value::is_null(&value) && seen.insert(value::to_text(&value)) {
                        distinct.push(value);
                    }
                }
                match distinct.len() {
                    0 => Self::Constant(false),
                    1 => Self::Compare {
                        expression,
                        comparison: Comparison::Equal,
                        value: distinct.remove(0),
                    },
                    _ => Self::In { expression, values: distinct },
                }
            }
            Self::Text { expression, position, text } => {
                expression.check()?;
                value::check_text(&text).map_err(|error| expression.at(error))?;
                // True of every text and unknown for NULL, in the one form that compilers take it in.
                let position = if text.is_empty() { TextMatch::StartsWith } else { position };
                Self::Text { expression, position, text }
            }
            Self::IsNull(expression) => {
                expression.check()?;
                Self::IsNull(expression)
            }
            Self::All(nodes) => Self::reduce_list(nodes, true)?,
            Self::Any(nodes) => Self::reduce_list(nodes, false)?,
            Self::Not(node) => match node.reduce()? {
                Self::Constant(value) => Self::Constant(!value),
                Self::Not(inner) => *inner,
                node => Self::Not(Box::new(node)),
            },
            Self::Constant(value) => Self::Constant(value),
        })
    }

    /// `neutral` is `true` for a conjunction and `false` for a disjunction: the constant that such
    /// a list may leave out, and what it is when it is empty.
    fn reduce_list(nodes: Vec<Self>, neutral: bool) -> Result<Self> {
        let mut reduced = Vec::with_capacity(nodes.len());
        for node in nodes {
            match node.reduce()? {
                Self::Constant(value) if value == neutral => {}
                Self::Constant(value) => return Ok(Self::Constant(value)),
                Self::All(inner) if neutral => reduced.extend(inner),
                Self::Any(inner) if !neutral => reduced.extend(inner),
                node => reduced.push(node),
            }
        }
        Ok(match reduced.len() {
            0 => Self::Constant(neutral),
            1 => reduced.remove(0),
            _ if neutral => Self::All(reduced),
            _ => Self::Any(reduced),
        })
    }
}

impl Expression {
    fn column(&self) -> &'static Column {
        match self {
            Self::Column(column) | Self::Json { column, .. } => column,
        }
    }

    fn at(&self, error: Error) -> Error {
        Error::new(
            error.kind(),
            format!("filter on column `{}`: {}", self.column().name, error.message()),
        )
    }

    /// Refuses whole documents: equal ones are equal texts to SQLite and equal values to Postgres.
    fn check_comparable(&self) -> Result<()> {
        if matches!(self, Self::Column(column) if column.kind() == crate::Kind::Json) {
            return Err(self.at(Error::new(
                ErrorKind::Unsupported,
                "SQLite and Postgres compare JSON documents differently: compare what is inside \
                 by a path, such as `.key(\"name\").eq(\"text\")`",
            )));
        }
        self.check()
    }

    fn check(&self) -> Result<()> {
        if self.column().kind() == crate::Kind::Unsupported {
            return Err(value::unsupported(self.column()));
        }
        let Self::Json { steps, .. } = self else { return Ok(()) };
        for step in steps {
            if let JsonStep::Key(key) = step
                && key.chars().any(|c| c == '"' || c == '\\' || c.is_control())
            {
                return Err(self.at(Error::invalid(format!(
                    "the JSON key {key:?} has a quotation mark, a backslash or a control \
                     character, which SQLite's paths cannot name"
                ))));
            }
        }
        Ok(())
    }
}
