//! What a run has met: the branches of the core, and what no rule closes.

use crate::failover::seam::Met;
use std::collections::BTreeMap;

/// What no rule of the failover closes. It is recognised by the history of that very row, counted,
/// and not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Gap {
    /// A process was killed with a direct request under way, which nobody else knows of.
    KilledUnderWay,
    /// The remote took a direct change whose caller was told that it failed, or was killed, so that
    /// the file does not know whom its row refers to.
    TakenUntold,
    /// The state of a row was told as not known.
    NotKnown,
    /// A direct update of a row that a waiting delete takes along in the file.
    BelowWaitingDelete,
    /// A delete took a row along over a row between them that another machine has made, and that the
    /// file did not know.
    BelowUnknownRow,
    /// An insert without answer was taken for applied, since a row with its key was there.
    SwallowedInsert,
    /// The file keeps a row that the remote has deleted, since a letter needs one below it.
    KeptForLetters,
    /// A delete took along a row below one that another machine made, and that the file never saw.
    UnseenParent,
    /// A write names a parent that a waiting delete had taken along in the file, and that another
    /// delete took along at the remote later.
    GoneBefore,
    /// An earlier version of the program fetched a row, without the columns that it does not know.
    EarlierVersion,
    /// All of a table that can be sent is refused with codes that judge nobody, so that nothing tells
    /// whether the rows or the table are to blame: it stands still until somebody looks at it.
    StandsStill,
    /// The file took no write at all, so that what the mirror missed could not be noted.
    NothingNoted,
}

/// How often each was met.
#[derive(Clone, Debug, Default)]
pub(super) struct Coverage {
    pub(super) met: BTreeMap<Met, u64>,
    pub(super) gaps: BTreeMap<Gap, u64>,
}

impl Coverage {
    pub(super) fn gap(&mut self, gap: Gap) {
        *self.gaps.entry(gap).or_default() += 1;
    }

    pub(super) fn join(&mut self, other: &Self) {
        for (met, count) in &other.met {
            *self.met.entry(*met).or_default() += count;
        }
        for (gap, count) in &other.gaps {
            *self.gaps.entry(*gap).or_default() += count;
        }
    }
}
