//! [`Read`] and [`Write`]: the closed, untyped list of what a backend is asked to do.

use crate::filter::{Comparison, Node};
use crate::query::{Direction, Order};
use crate::{Column, Table};
use sea_orm::Value;

/// A question to a backend: rows of one table, or how many there are.
#[derive(Clone, Debug)]
pub struct Read {
    pub(crate) table: &'static Table,
    pub(crate) selection: Selection,
    /// Reduced ([`Node::reduce`]) before it comes here.
    pub(crate) filter: Node,
    /// A total order: its last term is a unique column. Empty for a count.
    pub(crate) order: Vec<OrderTerm>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
}

/// What a [`Read`] asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// Every column, in the order of the table.
    Rows,
    /// The key alone: whether there are such rows.
    Keys,
}

/// A column to sort by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct OrderTerm {
    pub(crate) column: &'static Column,
    pub(crate) descending: bool,
}

impl OrderTerm {
    pub(crate) fn new<R: crate::Record>(order: Order<R>) -> Self {
        Self { column: &R::TABLE.columns[order.column()], descending: order.is_descending() }
    }

    pub(crate) const fn direction(&self) -> Direction {
        if self.descending { Direction::Descending } else { Direction::Ascending }
    }
}

impl Read {
    /// The table that is read.
    #[must_use]
    pub const fn table(&self) -> &'static Table {
        self.table
    }

    /// The columns of each row of the answer.
    pub(crate) fn columns(&self) -> &'static [Column] {
        match self.selection {
            Selection::Rows => self.table.columns,
            Selection::Keys => std::slice::from_ref(self.table.key_column()),
        }
    }
}

/// A change that a backend is asked to make.
#[derive(Clone, Debug)]
pub struct Write {
    pub(crate) table: &'static Table,
    pub(crate) kind: WriteKind,
}

#[derive(Clone, Debug)]
pub(crate) enum WriteKind {
    /// Whole rows, in the order of the table's columns. Never empty.
    Insert {
        rows: Vec<Vec<Value>>,
        duplicates: Duplicates,
    },
    /// Columns (by position) of the rows that `target` names. Never without an assignment.
    Update {
        target: Target,
        assignments: Vec<(usize, Value)>,
    },
    Delete {
        target: Target,
    },
}

/// What happens to a row whose key is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duplicates {
    /// The write fails with `Unique`, and nothing of it is stored.
    Refuse,
    /// The row that is there stays as it is.
    Ignore,
    /// The row that is there takes all values of the new one.
    Replace,
}

/// The rows that an update or a delete is for.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// The row with this key.
    Key(Value),
    /// Every row that matches. Reduced, and never the constant `true`.
    Filter(Node),
    /// Every row of the table.
    All,
}

impl Write {
    /// The table that is written.
    #[must_use]
    pub const fn table(&self) -> &'static Table {
        self.table
    }

    /// The operation's name, as in spans and metrics: `insert`, `upsert`, `update` or `delete`.
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        match &self.kind {
            WriteKind::Insert { duplicates: Duplicates::Replace, .. } => "upsert",
            WriteKind::Insert { .. } => "insert",
            WriteKind::Update { .. } => "update",
            WriteKind::Delete { .. } => "delete",
        }
    }
}

impl Target {
    /// The rows as a condition; the whole table as "the key is not NULL", since gateways refuse
    /// writes without a condition.
    pub(crate) fn node(&self, table: &'static Table) -> Node {
        match self {
            Self::Key(key) => Node::compare(table.key_column(), Comparison::Equal, key.clone()),
            Self::Filter(node) => node.clone(),
            Self::All => Node::Not(Box::new(Node::IsNull(crate::filter::Expression::Column(
                table.key_column(),
            )))),
        }
    }
}
