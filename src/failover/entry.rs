//! [`Entry`]: one write that waits for the remote; an operation, not a request.

use serde::{Deserialize, Serialize};

/// What an entry does to its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EntryKind {
    /// A new row.
    Insert,
    /// A new row, unless one with its key is there.
    InsertIfAbsent,
    /// All values of a row, whether or not it is there.
    Upsert,
    /// Some values of a row that is there.
    Update,
    Delete,
}

impl EntryKind {
    /// Whether the row may come into being by it.
    pub(crate) const fn creates(self) -> bool {
        matches!(self, Self::Insert | Self::InsertIfAbsent | Self::Upsert)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::InsertIfAbsent => "insert_if_absent",
            Self::Upsert => "upsert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// A row by its table and its key, the key as text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct RowName(pub(crate) String, pub(crate) String);

/// The version of a row that an update was based on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Base {
    /// The column that tells versions apart.
    pub(crate) column: String,
    /// Its value, as PostgREST compares it; `None` for NULL.
    pub(crate) value: Option<String>,
}

/// What the planner needs to know of an entry; its JSON is read when it is sent.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Entry {
    pub(crate) sequence: i64,
    pub(crate) row: RowName,
    pub(crate) kind: EntryKind,
    /// The name of the table's key column.
    pub(crate) key_column: String,
    /// The columns that its JSON holds, as a JSON list: entries with equal texts fit one request.
    pub(crate) columns: String,
    /// The rows that this row refers to.
    pub(crate) parents: Vec<RowName>,
    /// Whether entries of this table must keep their sequence among each other: it has a unique
    /// column besides the key.
    pub(crate) is_ordered: bool,
    /// Whether a request with it may have left.
    pub(crate) is_sent: bool,
    /// What `updated_at` of the row was when this update was made, where the remote's changes win.
    pub(crate) base: Option<Base>,
    /// How often it failed alone while the server served otherwise.
    pub(crate) failures: u32,
    pub(crate) bytes: u64,
}
