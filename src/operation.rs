//! [`Read`] and [`Write`]: the closed, untyped list of what a backend is asked to do.

pub(crate) use crate::order::OrderTerm;

use crate::filter::{Comparison, Expression, Node};
use crate::{Column, Table};
use sea_orm::Value;

/// A question to a backend: rows of one table, or how many there are.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::Read;
///
/// # fn main() -> chronicle::Result<()> {
/// /// What a backend of your own may ask of a read.
/// fn label(read: &Read) -> String {
///     format!("read {}", read.table().name)
/// }
/// # Ok(()) }
/// ```
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

impl Read {
    /// The table that is read.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # fn main() -> chronicle::Result<()> {
    /// fn reads_tasks(read: &chronicle::Read) -> bool {
    ///     read.table().name == "tasks"
    /// }
    /// # Ok(()) }
    /// ```
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
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::Write;
///
/// # fn main() -> chronicle::Result<()> {
/// /// What a backend of your own may ask of a write.
/// fn label(write: &Write) -> String {
///     format!("{} {}", write.operation(), write.table().name)
/// }
/// # Ok(()) }
/// ```
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

/// What a backend has made of a [`Write`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// How many rows it touched.
    pub touched: u64,
    /// The rows as they are stored, with their values in the order of the table's columns, where the
    /// backend was asked for them because they may differ from what was sent.
    pub stored: Option<Vec<Vec<Value>>>,
}

impl Written {
    /// A write that touched so many rows, which are stored as they were sent.
    #[must_use]
    pub const fn touched(rows: u64) -> Self {
        Self { touched: rows, stored: None }
    }
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
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # fn main() -> chronicle::Result<()> {
    /// fn writes_tasks(write: &chronicle::Write) -> bool {
    ///     write.table().name == "tasks"
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn table(&self) -> &'static Table {
        self.table
    }

    /// Whether its rows are to be given back as they are stored: where the remote's changes win, the
    /// version of a row is what the server made of it.
    #[cfg(feature = "postgrest")]
    pub(crate) fn reads_back(&self) -> bool {
        self.table.has_versions()
            && match &self.kind {
                WriteKind::Insert { .. } => true,
                WriteKind::Update { target, .. } => matches!(target, Target::Key(_)),
                WriteKind::Delete { .. } => false,
            }
    }

    /// The operation's name, as in spans and metrics: `insert`, `upsert`, `update` or `delete`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # fn main() -> chronicle::Result<()> {
    /// fn is_delete(write: &chronicle::Write) -> bool {
    ///     write.operation() == "delete"
    /// }
    /// # Ok(()) }
    /// ```
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
            Self::All => Node::Not(Box::new(Node::IsNull(Expression::Column(table.key_column())))),
        }
    }
}
