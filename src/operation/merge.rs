//! [`Merge`]: a row that is told from others by unique columns beside its key.

use super::{Duplicates, NewRow};
use crate::filter::{Comparison, Node};
use crate::{Error, ErrorKind, Table};
use sea_orm::Value;

/// A row that a backend is asked to store, or to give to the row that has its values in unique columns,
/// which keeps its key and `created_at`.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// # fn main() {
/// fn merges_tasks(merge: &chronicle::Merge) -> bool {
///     merge.table().name == "tasks"
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Merge {
    pub(crate) table: &'static Table,
    pub(crate) row: NewRow,
    /// The positions of the unique columns, all of which the row gives.
    pub(crate) unique: &'static [usize],
    /// What becomes of the row that is there: it stays as it is, or takes the values.
    pub(crate) duplicates: Duplicates,
}

impl Merge {
    /// The table that is written.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # fn main() {
    /// fn name(merge: &chronicle::Merge) -> &'static str {
    ///     merge.table().name
    /// }
    /// # }
    /// ```
    #[must_use]
    pub const fn table(&self) -> &'static Table {
        self.table
    }

    /// The operation's name, as in spans and metrics: `insert` or `upsert`.
    pub(crate) const fn operation(&self) -> &'static str {
        match self.duplicates {
            Duplicates::Replace => "upsert",
            Duplicates::Refuse | Duplicates::Ignore => "insert",
        }
    }

    /// The row that is there, as a condition.
    pub(crate) fn condition(&self) -> Node {
        let equals = |at: &usize| {
            Node::compare(&self.table.columns[*at], Comparison::Equal, self.row[*at].clone())
        };
        let mut terms: Vec<Node> = self.unique.iter().map(equals).collect();
        if terms.len() == 1 { terms.remove(0) } else { Node::All(terms) }
    }

    /// What the row that is there takes, by position; nothing where it stays as it is.
    pub(crate) fn assignments(&self) -> Vec<(usize, Value)> {
        if self.duplicates != Duplicates::Replace {
            return Vec::new();
        }
        let stays = |at: usize| {
            self.table.is_key(at) || self.unique.contains(&at) || self.table.created_at == Some(at)
        };
        let given = self.row.given().filter(|(at, _)| !stays(*at));
        given.map(|(at, value)| (at, value.clone())).collect()
    }

    /// That the row could neither be stored nor found.
    pub(crate) fn not_found(&self) -> Error {
        let names = self.unique.iter().map(|at| format!("`{}`", self.table.columns[*at].name));
        let names = names.collect::<Vec<_>>().join(", ");
        let message = format!("a row with the same {names} is there, and is not found");
        Error::new(ErrorKind::Conflict, message).with_table(self.table.name).with_hint(
            "a policy may hide it, a trigger may change these values, or it was deleted meanwhile: then try again",
        )
    }
}
