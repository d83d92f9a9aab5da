//! [`Entry`]: a change of one row that waits for the remote; an operation, not a request.

use super::edges::{Cause, Wait};
use super::name::RowName;
use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// What an entry does to its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
    pub(crate) const ALL: [Self; 5] =
        [Self::Insert, Self::InsertIfAbsent, Self::Upsert, Self::Update, Self::Delete];

    /// Whether the row may come into being by it.
    pub(crate) const fn creates(self) -> bool {
        matches!(self, Self::Insert | Self::InsertIfAbsent | Self::Upsert)
    }

    /// Whether it may be sent again while an earlier request may still arrive.
    pub(crate) const fn is_insert(self) -> bool {
        matches!(self, Self::Insert | Self::InsertIfAbsent)
    }

    /// The name used in the file, in spans and in metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::InsertIfAbsent => "insert_if_absent",
            Self::Upsert => "upsert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// The kind with this name; one of a newer version of the library has none.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The kind with the name that the outbox has.
    ///
    /// # Errors
    /// `Unsupported` for one of a newer version of the library.
    pub(crate) fn stored(name: &str) -> Result<Self> {
        Self::named(name).ok_or_else(|| {
            let message = format!("the outbox has an entry of a kind of a newer version: `{name}`");
            Error::new(ErrorKind::Unsupported, message)
                .with_hint("open the file with that version, which replays it")
        })
    }
}

/// The version of a row that a change was based on, where the remote's changes win.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Base {
    /// The column that tells versions apart.
    pub(crate) column: String,
    /// What it held, as the server compares it.
    pub(crate) version: Version,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Version {
    /// The row was there with this value, `None` for NULL.
    Stored(Option<String>),
    /// The file knew no such row.
    Absent,
    /// Whatever the row's entry before this one made of it: filled in when that one is accepted.
    OfEntryBefore,
    /// Whatever it is: who replaces the row knows that others have changed it.
    Any,
}

/// An entry as replay sends it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) sequence: i64,
    pub(crate) row: RowName,
    pub(crate) kind: EntryKind,
    /// The names of the table's key columns, sorted.
    pub(crate) key_columns: Vec<String>,
    /// The columns that it sets, as a JSON list.
    pub(crate) columns: String,
    /// Its values, as a JSON object; empty for a delete.
    pub(crate) body: Arc<str>,
    /// The columns whose values are to be read back: the database makes them, or they are added to.
    pub(crate) made: Vec<String>,
    /// Those of the columns that it adds to.
    pub(crate) added: Vec<String>,
    /// What the server's function `chronicle_apply` knows it by.
    pub(crate) id: Uuid,
    /// The last one of the entries that are made together, all or none.
    pub(crate) together: Option<i64>,
    /// The version of the entity that made it.
    pub(crate) version: String,
    /// The request that it may have left in.
    pub(crate) request: Option<i64>,
    pub(crate) waits: Vec<Wait>,
    pub(crate) base: Option<Base>,
    /// How often it failed alone while another entry of its table was accepted.
    pub(crate) failures: u32,
    pub(crate) bytes: u64,
    /// The entry that has gone which it was parked at, where it is ready as it is.
    pub(crate) opened_by: Option<i64>,
}

impl Entry {
    /// Whether another entry of its row was before it.
    pub(crate) fn follows_its_row(&self) -> bool {
        self.waits.iter().any(|wait| wait.cause == Cause::Row)
    }
}
