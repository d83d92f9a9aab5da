//! Who serves a call: a pure function of what the file says of it.

use crate::failover::seam::{self, Met, Mutation};

/// Who serves a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Remote,
    File,
}

/// What the file says of the rows that a write names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowFacts {
    pub(crate) breaker_is_open: bool,
    /// Its table, or everything, is paused.
    pub(crate) is_paused: bool,
    /// A request without answer may still change the row or its table.
    pub(crate) is_ghost: bool,
    pub(crate) is_delete: bool,
    /// A request without answer may still arrive somewhere.
    pub(crate) is_settling: bool,
    /// An entry stands in its way: of its row, of a parent, of a child of what it deletes, of one of
    /// its unique values, or a delete that took its row along.
    pub(crate) waits: bool,
}

/// Who serves a write of rows that it names.
pub(crate) fn of_rows(facts: RowFacts) -> Route {
    let is_free = [
        (facts.breaker_is_open, Met::WriteWhileOpen),
        (facts.is_paused, Met::WriteWhilePaused),
        (facts.is_ghost && !seam::breaks(Mutation::NoGhost), Met::WriteUnderGhost),
        (
            facts.is_delete && facts.is_settling && !seam::breaks(Mutation::NoSettleForDeletes),
            Met::DeleteWhileSettling,
        ),
        (facts.waits && !seam::breaks(Mutation::RouteByBreaker), Met::WriteBehindEntry),
    ]
    .into_iter()
    .all(|(holds, met)| {
        if holds {
            seam::met(met);
        }
        !holds
    });
    if is_free {
        seam::met(Met::WriteDirect);
        Route::Remote
    } else {
        Route::File
    }
}

/// What the file says of the table that a write by a condition is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FilterFacts {
    pub(crate) breaker_is_open: bool,
    pub(crate) is_paused: bool,
    pub(crate) is_ghost: bool,
    pub(crate) is_delete: bool,
    pub(crate) is_settling: bool,
    /// An entry of its table, refused and held ones as well.
    pub(crate) table_has_entries: bool,
    /// A delete waits or is held in a table that it refers to, through all levels.
    pub(crate) parent_is_deleted: bool,
    /// It makes rows refer to one that an entry brings or removes.
    pub(crate) parent_waits: bool,
    /// An entry refers to a row of its table, or of one below it.
    pub(crate) children_have_entries: bool,
}

/// Who serves a write by a condition.
pub(crate) fn of_filter(facts: FilterFacts) -> Route {
    let waits = facts.table_has_entries
        || facts.parent_is_deleted
        || facts.parent_waits
        || (facts.is_delete && (facts.children_have_entries || facts.is_settling));
    if waits && !seam::breaks(Mutation::FilterWritesGoDirect) {
        seam::met(Met::FilterWriteBehindEntry);
        return Route::File;
    }
    if facts.breaker_is_open
        || facts.is_paused
        || (facts.is_ghost && !seam::breaks(Mutation::NoGhost))
    {
        return Route::File;
    }
    seam::met(Met::FilterWriteDirect);
    Route::Remote
}

/// What the file says of a table that is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReadFacts {
    pub(crate) breaker_is_open: bool,
    /// An entry of its table waits that no letter holds.
    pub(crate) table_waits: bool,
    /// A delete that no letter holds waits in a table above it.
    pub(crate) delete_above: bool,
}

/// Who serves a read. By table, never by key: a row that is read must be as its writer left it, and
/// a list as well.
pub(crate) fn of_read(facts: ReadFacts) -> Route {
    if facts.breaker_is_open {
        seam::met(Met::ReadWhileOpen);
        return Route::File;
    }
    if (facts.table_waits || facts.delete_above) && !seam::breaks(Mutation::ReadsIgnoreEntries) {
        seam::met(if facts.table_waits { Met::ReadBehindEntry } else { Met::ReadBelowDelete });
        return Route::File;
    }
    seam::met(Met::ReadDirect);
    Route::Remote
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_nothing_goes_direct() {
        assert_eq!(of_rows(RowFacts::default()), Route::Remote);
        let settling = RowFacts { is_settling: true, ..RowFacts::default() };
        assert_eq!(of_rows(settling), Route::Remote, "an update may go while it settles");
        assert_eq!(of_rows(RowFacts { is_delete: true, ..settling }), Route::File);
        for facts in [
            RowFacts { breaker_is_open: true, ..RowFacts::default() },
            RowFacts { is_paused: true, ..RowFacts::default() },
            RowFacts { is_ghost: true, ..RowFacts::default() },
            RowFacts { waits: true, ..RowFacts::default() },
        ] {
            assert_eq!(of_rows(facts), Route::File, "{facts:?}");
        }
    }

    #[test]
    fn a_write_by_a_condition_goes_by_the_state_of_its_table() {
        assert_eq!(of_filter(FilterFacts::default()), Route::Remote);
        let children = FilterFacts { children_have_entries: true, ..FilterFacts::default() };
        assert_eq!(of_filter(children), Route::Remote, "an update takes no child along");
        assert_eq!(of_filter(FilterFacts { is_delete: true, ..children }), Route::File);
        for facts in [
            FilterFacts { table_has_entries: true, ..FilterFacts::default() },
            FilterFacts { parent_is_deleted: true, ..FilterFacts::default() },
            FilterFacts { parent_waits: true, ..FilterFacts::default() },
            FilterFacts { is_delete: true, is_settling: true, ..FilterFacts::default() },
            FilterFacts { is_ghost: true, ..FilterFacts::default() },
        ] {
            assert_eq!(of_filter(facts), Route::File, "{facts:?}");
        }
    }

    #[test]
    fn a_read_goes_by_its_table_and_the_deletes_above() {
        assert_eq!(of_read(ReadFacts::default()), Route::Remote);
        for facts in [
            ReadFacts { breaker_is_open: true, ..ReadFacts::default() },
            ReadFacts { table_waits: true, ..ReadFacts::default() },
            ReadFacts { delete_above: true, ..ReadFacts::default() },
        ] {
            assert_eq!(of_read(facts), Route::File, "{facts:?}");
        }
    }
}
