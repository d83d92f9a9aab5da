//! [`Read`] and [`Write`]: the closed, untyped list of what a backend is asked to do.

mod merge;

pub use merge::Merge;

pub(crate) use crate::order::OrderTerm;

use crate::filter::{Expression, Node};
use crate::key::Key;
use crate::{Column, Source, Table, value};
use sea_orm::Value;
use std::ops::Deref;

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
    /// A total order: the key, or all that can be sorted where there is none, ends it. Empty for a
    /// count.
    pub(crate) order: Vec<OrderTerm>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
}

/// What a [`Read`] asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// Every column, in the order of the table.
    Rows,
    /// The columns at these positions, the key's among them where there is one.
    Columns(Vec<usize>),
}

impl Selection {
    /// The key alone: whether there are such rows.
    pub(crate) fn keys(table: &Table) -> Self {
        Self::Columns(if table.key.is_empty() { vec![0] } else { table.key.to_vec() })
    }

    pub(crate) fn columns(&self, table: &'static Table) -> Vec<&'static Column> {
        match self {
            Self::Rows => table.columns.iter().collect(),
            Self::Columns(positions) => positions.iter().map(|at| &table.columns[*at]).collect(),
        }
    }
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
    pub(crate) fn columns(&self) -> Vec<&'static Column> {
        self.selection.columns(self.table)
    }

    /// The key of a row of the answer.
    #[cfg(feature = "postgrest")]
    pub(crate) fn key_of(&self, row: &[Value]) -> Key {
        let Selection::Columns(positions) = &self.selection else {
            return self.table.key_of(row);
        };
        let value = |key: &usize| positions.iter().position(|at| at == key).map(|at| &row[at]);
        Key::new(self.table.key.iter().filter_map(value).cloned().collect::<Vec<_>>())
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
    /// Whether the caller wants the row of an update by key as it is stored.
    pub(crate) is_read_back: bool,
    /// Whether an update by key leaves a row alone that is deleted softly.
    pub(crate) is_of_live: bool,
    /// Whether it is an update that deletes softly.
    pub(crate) is_soft_delete: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum WriteKind {
    /// Never empty.
    Insert {
        rows: Vec<NewRow>,
        duplicates: Duplicates,
    },
    /// Columns (by position) of the rows that `target` names. Never without any of the two.
    Update {
        target: Target,
        assignments: Assignments,
        /// What is added to what columns hold.
        additions: Assignments,
    },
    Delete {
        target: Target,
    },
}

/// Values for columns, which are named by their positions.
pub(crate) type Assignments = Vec<(usize, Value)>;

/// A row to insert: its values in the order of the table's columns. Some may be left to the database;
/// in their places is NULL.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NewRow {
    values: Vec<Value>,
    left_out: Vec<usize>,
}

impl NewRow {
    /// A row whose columns are all given.
    #[cfg(all(feature = "postgrest", any(test, feature = "sqlite")))]
    pub(crate) const fn whole(values: Vec<Value>) -> Self {
        Self { values, left_out: Vec::new() }
    }

    /// The row that sends these values, `None` for those that the database makes: among them what only
    /// it makes, and NULL in place of its default.
    pub(crate) fn sent(table: &Table, values: impl IntoIterator<Item = Option<Value>>) -> Self {
        let mut left_out = Vec::new();
        let values = values.into_iter().zip(table.columns).enumerate();
        let values = values.map(|(at, (value, column))| {
            let is_given = |value: &Value| match column.source {
                Source::Client => true,
                Source::Default => !value::is_null(value),
                Source::Server => false,
            };
            value.filter(is_given).unwrap_or_else(|| {
                left_out.push(at);
                column.kind.null()
            })
        });
        let values = values.collect();
        Self { values, left_out }
    }

    #[cfg(all(feature = "postgrest", feature = "sqlite"))]
    pub(crate) const fn new(values: Vec<Value>, left_out: Vec<usize>) -> Self {
        Self { values, left_out }
    }

    /// The values that it gives, each with the position of its column.
    pub(crate) fn given(&self) -> impl Iterator<Item = (usize, &Value)> + Clone {
        self.values.iter().enumerate().filter(|(at, _)| self.gives(*at))
    }

    /// Whether it gives a value for the column at this position.
    pub(crate) fn gives(&self, at: usize) -> bool {
        !self.left_out.contains(&at)
    }

    /// Whether it has its key: one that is counted up is made by the database.
    pub(crate) fn has_key(&self, table: &Table) -> bool {
        table.key.iter().all(|at| self.gives(*at))
    }

    /// The positions of the columns that it leaves to the database.
    pub(crate) fn left_out(&self) -> &[usize] {
        &self.left_out
    }

    pub(crate) fn values_mut(&mut self) -> &mut [Value] {
        &mut self.values
    }

    pub(crate) fn into_values(self) -> Vec<Value> {
        self.values
    }
}

impl Deref for NewRow {
    type Target = [Value];
    fn deref(&self) -> &[Value] {
        &self.values
    }
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
    ///
    /// ```
    /// assert_eq!(chronicle::Written::touched(3).touched, 3);
    /// ```
    #[must_use]
    pub const fn touched(rows: u64) -> Self {
        Self { touched: rows, stored: None }
    }
}

/// The rows that an update or a delete is for.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// The row with this key.
    Key(Key),
    /// Every row that matches. Reduced, and never the constant `true`.
    Filter(Node),
    /// Every row of the table.
    All,
}

impl Write {
    pub(crate) const fn new(table: &'static Table, kind: WriteKind) -> Self {
        Self { table, kind, is_read_back: false, is_of_live: false, is_soft_delete: false }
    }

    /// The same, whose row is given back as it is stored.
    pub(crate) fn read_back(self) -> Self {
        Self { is_read_back: true, ..self }
    }

    /// The same, of a row that is not deleted softly.
    pub(crate) fn of_live(self) -> Self {
        Self { is_of_live: true, ..self }
    }

    /// The column that has to be NULL for a row to be changed.
    pub(crate) fn guard(&self) -> Option<&'static Column> {
        // A condition says so itself.
        let is_by_key = matches!(self.kind, WriteKind::Update { target: Target::Key(_), .. });
        let at = self.table.soft_delete.filter(|_| self.is_of_live && is_by_key)?;
        Some(&self.table.columns[at])
    }

    /// The rows of its target as a condition.
    #[cfg(feature = "sqlite")]
    pub(crate) fn condition(&self, target: &Target) -> Node {
        match target {
            Target::All => Node::Constant(true),
            target if self.guard().is_some() => target.node(self.table).of_live(self.table),
            target => target.node(self.table),
        }
    }

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

    /// How many rows it names.
    #[cfg(all(feature = "postgrest", feature = "sqlite"))]
    pub(crate) fn rows(&self) -> u64 {
        match &self.kind {
            WriteKind::Insert { rows, .. } => rows.len() as u64,
            WriteKind::Update { .. } | WriteKind::Delete { .. } => 1,
        }
    }

    /// Whether it brings rows.
    #[cfg(all(feature = "postgrest", feature = "sqlite"))]
    pub(crate) const fn inserts(&self) -> bool {
        matches!(self.kind, WriteKind::Insert { .. })
    }

    /// Whether it deletes the row with a key, softly or for good.
    #[cfg(all(feature = "sqlite", feature = "postgrest"))]
    pub(crate) const fn deletes_by_key(&self) -> bool {
        match &self.kind {
            WriteKind::Delete { target: Target::Key(_) } => true,
            WriteKind::Update { target: Target::Key(_), .. } => self.is_soft_delete,
            _ => false,
        }
    }

    /// Whether it says which rows it is for; else a condition does.
    #[cfg(all(feature = "sqlite", feature = "postgrest"))]
    pub(crate) const fn names_rows(&self) -> bool {
        match &self.kind {
            WriteKind::Insert { .. } => true,
            WriteKind::Update { target, .. } | WriteKind::Delete { target } => {
                matches!(target, Target::Key(_))
            }
        }
    }

    /// Whether it adds to what columns hold.
    #[cfg(feature = "postgrest")]
    pub(crate) fn is_relative(&self) -> bool {
        matches!(&self.kind, WriteKind::Update { additions, .. } if !additions.is_empty())
    }

    /// An update of one row among several changes has to find it, or none of them is made.
    #[cfg(feature = "sqlite")]
    pub(crate) fn check_found(&self, touched: u64) -> crate::Result<()> {
        if touched > 0 || !self.must_find() {
            return Ok(());
        }
        let message = "a row that the transaction updates is not there";
        Err(crate::Error::new(crate::ErrorKind::NotFound, message).with_table(self.table.name))
    }

    /// Whether it has to find its row, among several changes.
    pub(crate) fn must_find(&self) -> bool {
        let is_by_key = matches!(self.kind, WriteKind::Update { target: Target::Key(_), .. });
        is_by_key && !self.is_soft_delete
    }

    /// Whether its rows are to be given back as they are stored: where the caller wants them, where the
    /// database makes some of their values, and where the remote's changes win, since the version of a
    /// row is what the server made of it.
    pub(crate) fn reads_back(&self) -> bool {
        (self.is_read_back || self.table.has_versions() || self.table.has_made_values())
            && match &self.kind {
                WriteKind::Insert { .. } => true,
                WriteKind::Update { target, .. } => matches!(target, Target::Key(_)),
                WriteKind::Delete { .. } => false,
            }
    }

    /// Whether it inserts rows whose key the database counts up.
    #[cfg(feature = "postgrest")]
    pub(crate) fn leaves_key(&self) -> bool {
        match &self.kind {
            WriteKind::Insert { rows, .. } => rows.iter().any(|row| !row.has_key(self.table)),
            WriteKind::Update { .. } | WriteKind::Delete { .. } => false,
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
            _ if self.is_soft_delete => "delete",
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
            Self::Key(key) => key.node(table),
            Self::Filter(node) => node.clone(),
            Self::All => {
                Node::Not(Box::new(Node::IsNull(Expression::Column(table.naming_columns()[0]))))
            }
        }
    }
}
