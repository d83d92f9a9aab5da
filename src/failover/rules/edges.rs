//! What an entry waits for: [`Wait`], [`Cause`], and when one of them holds.

use serde::{Deserialize, Serialize};

/// An earlier entry that has to be gone first. It is written down with the entry that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wait {
    /// The sequence of the earlier entry.
    pub(crate) before: i64,
    pub(crate) cause: Cause,
}

impl Wait {
    /// It takes a value away by which children name their parent, as a delete does: those are looked up
    /// when it is next.
    pub(crate) const OF_CHILDREN: Self = Self { before: 0, cause: Cause::Child };
}

/// Why an entry waits for an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cause {
    /// It is the newest of the same row.
    Row,
    /// It is the newest that brings or removes a row which this one refers to.
    Parent,
    /// This one deletes a row that it refers to, or changes what it is referred to by. Looked up when
    /// this one is next: there may be 10,000 of them.
    Child,
    /// It is the newest that holds one of this one's unique values.
    Unique,
    /// One of the two may hold any unique value: it changes a row that the file does not know.
    AnyUnique,
    /// It is the delete that took this one's row along in the file.
    Cascade,
    /// The remote refused this one for a unique value that it may give free.
    After,
    /// The two are made together, and the other one is the last of them.
    Together,
}

impl Cause {
    const ALL: [Self; 8] = [
        Self::Row,
        Self::Parent,
        Self::Child,
        Self::Unique,
        Self::AnyUnique,
        Self::Cascade,
        Self::After,
        Self::Together,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Row => "row",
            Self::Parent => "parent",
            Self::Child => "child",
            Self::Unique => "unique",
            Self::AnyUnique => "any_unique",
            Self::Cascade => "cascade",
            Self::After => "after",
            Self::Together => "together",
        }
    }

    /// Whether a refused entry that leaves its row in place still holds who waits for this cause.
    /// Order within a row, and the presence of a parent, do not depend on it any more; children that
    /// a delete would take along, and unique values that it may still hold, do.
    pub(crate) const fn outlives_release(self) -> bool {
        matches!(self, Self::Child | Self::Unique | Self::After | Self::Together)
    }
}

/// How an earlier entry stands in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It waits, or is under way.
    Queued,
    /// It waits for a refused one.
    Held,
    /// The remote refuses it.
    Refused {
        /// It leaves its row in place.
        released: bool,
    },
    /// It was to change a row that is not at the remote.
    Missing,
}

impl Standing {
    /// The causes by which such a letter does not hold who waits for it, by name.
    pub(crate) fn freed_causes(self) -> Vec<&'static str> {
        let is_freed = |cause: &Cause| hold(Some(self), *cause) == Hold::Free;
        Cause::ALL.into_iter().filter(is_freed).map(Cause::name).collect()
    }
}

/// What a wait for an entry does to the one that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Nothing: it may go as far as this one is concerned.
    Free,
    /// It goes once the other has gone.
    Waits,
    /// It goes once somebody has looked at a letter.
    Held,
}

/// Whether an earlier entry that stands so holds who waits for it by `cause`; `None` when it is gone.
pub(crate) fn hold(standing: Option<Standing>, cause: Cause) -> Hold {
    match standing {
        None => Hold::Free,
        Some(Standing::Queued) => Hold::Waits,
        // A whole table would stand still for a value that is most likely another one. Who meets it
        // nevertheless is refused by the remote.
        Some(_) if cause == Cause::AnyUnique => Hold::Free,
        Some(Standing::Refused { released: true }) if !cause.outlives_release() => Hold::Free,
        // A row that is not there holds no unique value, and is nobody's child.
        Some(Standing::Missing) if cause != Cause::Together => Hold::Free,
        Some(Standing::Held | Standing::Refused { .. } | Standing::Missing) => Hold::Held,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_released_letter_holds_children_and_unique_values_only() {
        let released = Some(Standing::Refused { released: true });
        let refused = Some(Standing::Refused { released: false });
        for cause in [Cause::Row, Cause::Parent, Cause::Cascade] {
            assert_eq!(hold(released, cause), Hold::Free);
            assert_eq!(hold(refused, cause), Hold::Held);
        }
        for cause in [Cause::Child, Cause::Unique, Cause::After] {
            assert_eq!(hold(released, cause), Hold::Held);
        }
        for standing in [released, refused, Some(Standing::Held), Some(Standing::Missing)] {
            assert_eq!(hold(standing, Cause::AnyUnique), Hold::Free);
        }
        for cause in Cause::ALL {
            let is_free = hold(Some(Standing::Missing), cause) == Hold::Free;
            assert_eq!(is_free, cause != Cause::Together);
        }
        let freed = ["row", "parent", "any_unique", "cascade"];
        assert_eq!(released.map(Standing::freed_causes), Some(freed.to_vec()));
        assert_eq!(refused.map(Standing::freed_causes), Some(vec!["any_unique"]));
        assert_eq!(hold(None, Cause::Row), Hold::Free);
        assert_eq!(hold(Some(Standing::Queued), Cause::Unique), Hold::Waits);
        assert_eq!(hold(Some(Standing::Held), Cause::Parent), Hold::Held);
    }
}
