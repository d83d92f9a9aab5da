//! [`Node`]: the untyped tree of conditions that backends compile.

use crate::key::{Key, KeyColumns};
use crate::related::Join;
use crate::{Column, Error, ErrorKind, Result, Table, value};
use sea_orm::Value;
use std::collections::HashSet;

/// The tree under [`Filter`](crate::Filter). Each compiler is one exhaustive match over it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Constant(bool),
    Compare {
        expression: Expression,
        comparison: Comparison,
        value: Value,
    },
    In {
        expression: Expression,
        values: Vec<Value>,
    },
    /// The rows of several keys, each of several columns.
    Keys {
        columns: KeyColumns,
        keys: Vec<Key>,
    },
    IsNull(Expression),
    /// An array that has this element.
    Has {
        column: &'static Column,
        value: Value,
    },
    Text {
        expression: Expression,
        position: TextMatch,
        case: Case,
        text: String,
    },
    /// Rows beside which there is one that matches. Without a join the relation does not fit the
    /// entities.
    Related {
        join: Option<Join>,
        filter: Box<Self>,
    },
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
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
    Whole,
}

/// How letters are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Exact,
    Any,
}

/// Longest text that is looked for in any case, in characters: as a pattern it fits a URL.
const LONGEST_ANY_CASE: usize = 200;

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
                expression.check()?;
                value::normalize(&mut value).map_err(|error| expression.at(&error))?;
                if value::is_null(&value) {
                    return Err(expression.at(&Error::invalid(
                        "a comparison with JSON null finds nothing: use `is_null`",
                    )));
                }
                Self::Compare { expression, comparison, value }
            }
            Self::In { expression, values } => {
                expression.check()?;
                let mut seen = HashSet::new();
                let mut distinct = Vec::with_capacity(values.len());
                for mut value in values {
                    value::normalize(&mut value).map_err(|error| expression.at(&error))?;
                    // Both zeros are one number to a database, and two texts.
                    match &mut value {
                        Value::Double(Some(number)) if *number == 0.0 => *number = 0.0,
                        Value::Float(Some(number)) if *number == 0.0 => *number = 0.0,
                        _ => {}
                    }
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
            Self::Has { column, mut value } => {
                value::normalize(&mut value)
                    .map_err(|error| Expression::Column(column).at(&error))?;
                Self::Has { column, value }
            }
            // Keys are in their stored form when they come here.
            Self::Keys { columns, keys } => Self::Keys { columns, keys },
            Self::Text { expression, position, case, text } => {
                expression.check()?;
                value::check_text(&text).map_err(|error| expression.at(&error))?;
                if case == Case::Any && text.chars().count() > LONGEST_ANY_CASE {
                    return Err(expression.at(&Error::invalid(format!(
                        "a text to be found in any case has {LONGEST_ANY_CASE} characters at most"
                    ))));
                }
                if text.is_empty() && position != TextMatch::Whole {
                    // True of every text and unknown for NULL, in the one form that compilers take it in.
                    Self::Text {
                        expression,
                        position: TextMatch::StartsWith,
                        case: Case::Exact,
                        text,
                    }
                } else {
                    Self::Text { expression, position, case, text }
                }
            }
            Self::IsNull(expression) => {
                expression.check()?;
                Self::IsNull(expression)
            }
            Self::Related { join: None, .. } => {
                return Err(Error::new(
                    ErrorKind::SchemaMismatch,
                    "SeaORM's relation names a column that the entity does not have",
                ));
            }
            Self::Related { join, filter } => match filter.reduce()? {
                Self::Constant(false) => Self::Constant(false),
                filter => Self::Related { join, filter: Box::new(filter) },
            },
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

    /// Those of the rows that are not deleted softly.
    pub(crate) fn of_live(self, table: &'static Table) -> Self {
        let Some(at) = table.soft_delete else { return self };
        let is_live = Self::IsNull(Expression::Column(&table.columns[at]));
        match self {
            Self::Constant(true) => is_live,
            Self::All(mut nodes) => {
                nodes.push(is_live);
                Self::All(nodes)
            }
            node => Self::All(vec![node, is_live]),
        }
    }

    /// The tables of related rows that it asks for, through all levels.
    pub(crate) fn related_tables(&self) -> Vec<&'static Table> {
        match self {
            Self::Related { join, filter } => {
                let own = join.iter().map(|join| join.table);
                own.chain(filter.related_tables()).collect()
            }
            Self::All(nodes) | Self::Any(nodes) => {
                nodes.iter().flat_map(Self::related_tables).collect()
            }
            Self::Not(node) => node.related_tables(),
            Self::Constant(_)
            | Self::Compare { .. }
            | Self::In { .. }
            | Self::Keys { .. }
            | Self::IsNull(_)
            | Self::Has { .. }
            | Self::Text { .. } => Vec::new(),
        }
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

    fn at(&self, error: &Error) -> Error {
        Error::new(
            error.kind(),
            format!("filter on column `{}`: {}", self.column().name, error.message()),
        )
    }

    fn check(&self) -> Result<()> {
        let Self::Json { steps, .. } = self else { return Ok(()) };
        for step in steps {
            match step {
                JsonStep::Key(key)
                    if key.chars().any(|c| c == '"' || c == '\\' || c.is_control()) =>
                {
                    return Err(self.at(&Error::invalid(format!(
                        "the JSON key {key:?} has a quotation mark, a backslash or a control \
                         character, which SQLite's paths cannot name"
                    ))));
                }
                JsonStep::Index(index) if i32::try_from(*index).is_err() => {
                    return Err(self.at(&Error::invalid(format!(
                        "the index {index} is beyond {}, the last one that Postgres takes",
                        i32::MAX
                    ))));
                }
                JsonStep::Key(_) | JsonStep::Index(_) => {}
            }
        }
        Ok(())
    }
}
