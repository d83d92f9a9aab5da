//! What a test may break in the core, and what it may watch: nothing of it is left in a release.

/// From so many on, those that wait for an entry alone are not freed one by one when it has gone.
pub(crate) const MANY_FOLLOWERS: i64 = if cfg!(test) { 2 } else { 8 };
/// How many gone entries at once are kept for such followers.
pub(crate) const MOST_OPENED: i64 = if cfg!(test) { 2 } else { 1_000 };

/// A rule of the core that a test may leave out, to see that somebody notices.
#[cfg_attr(not(test), allow(dead_code, reason = "tests alone make them"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mutation {
    /// An entry in the way of a write does not route it: only the breaker does.
    RouteByBreaker,
    /// A write by a condition goes to the remote whatever waits.
    FilterWritesGoDirect,
    /// A read goes to the remote whatever waits in its table.
    ReadsIgnoreEntries,
    /// No ghost is kept after a write without answer that no entry guards.
    NoGhost,
    /// A direct write is not noted in the file before it leaves.
    DirectNotNoted,
    /// Deletes go while an earlier request may still arrive.
    NoSettleForDeletes,
    /// Replay does not wait until an earlier request can no longer arrive.
    NoSettle,
    /// An entry does not wait for the earlier one of its row.
    NoRowEdge,
    /// An entry does not wait for its parent's.
    NoParentEdge,
    /// A delete does not wait for the entries of children.
    NoChildEdge,
    /// An entry does not wait for who holds its unique value.
    NoUniqueEdge,
    /// What a delete takes along in the file is not remembered.
    NoTombstone,
    /// What an entry of a paused table holds may go.
    PausedEntriesHoldNothing,
    /// A refused entry holds nothing.
    LettersHoldNothing,
    /// A refused update holds what comes after it.
    RefusedUpdatesHold,
    /// An update travels with another entry although it waits for something else.
    FoldOverOtherWaits,
    /// An update travels with an entry that may have left before.
    FoldIntoSent,
    /// The columns of a request are those before folding.
    FoldOtherColumns,
    /// Entries are not marked before they leave.
    NoMarkBeforeSend,
    /// An insert that is sent again overwrites the row that is there.
    InsertsAsMerge,
    /// An update that found no row is taken for done.
    ZeroRowsSucceed,
    /// The binding of the file is not looked at again.
    BindingNotChecked,
    /// What replay learned is forgotten with the process.
    LearnedForgotten,
    /// Any empty answer to a read by key is taken for absence.
    AbsenceOfAnyRead,
    /// What was read is stored whatever was written meanwhile.
    NoMirrorGuard,
    /// A direct answer is stored whatever was written meanwhile.
    NoUnsureRows,
    /// A row is removed although something waits for it, or below it.
    RemoveWhatWaits,
    /// Errors of our own about an entry stop its table.
    OwnErrorsPause,
    /// A change where the remote wins does not carry its base.
    NoBase,
    /// Dropping a letter drops whatever waits for it.
    DropAllThatWaits,
    /// Retrying a letter that holds nothing keeps its old place.
    RetryReleasedInPlace,
}

#[cfg(test)]
impl Mutation {
    pub(crate) const ALL: &[Self] = &[
        Self::RouteByBreaker,
        Self::FilterWritesGoDirect,
        Self::ReadsIgnoreEntries,
        Self::NoGhost,
        Self::DirectNotNoted,
        Self::NoSettleForDeletes,
        Self::NoSettle,
        Self::NoRowEdge,
        Self::NoParentEdge,
        Self::NoChildEdge,
        Self::NoUniqueEdge,
        Self::NoTombstone,
        Self::PausedEntriesHoldNothing,
        Self::LettersHoldNothing,
        Self::RefusedUpdatesHold,
        Self::FoldOverOtherWaits,
        Self::FoldIntoSent,
        Self::FoldOtherColumns,
        Self::NoMarkBeforeSend,
        Self::InsertsAsMerge,
        Self::ZeroRowsSucceed,
        Self::BindingNotChecked,
        Self::LearnedForgotten,
        Self::AbsenceOfAnyRead,
        Self::NoMirrorGuard,
        Self::NoUnsureRows,
        Self::RemoveWhatWaits,
        Self::OwnErrorsPause,
        Self::NoBase,
        Self::DropAllThatWaits,
        Self::RetryReleasedInPlace,
    ];
}

/// A branch of the core that a run of the simulation must have met.
#[cfg_attr(not(test), allow(dead_code, reason = "tests alone read them"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Met {
    WriteDirect,
    WriteWhileOpen,
    WriteWhilePaused,
    WriteUnderGhost,
    DeleteWhileSettling,
    WriteBehindEntry,
    FilterWriteDirect,
    FilterWriteBehindEntry,
    ReadDirect,
    ReadWhileOpen,
    ReadBehindEntry,
    ReadBelowDelete,
    ReadUnsure,
    WaitsForRow,
    WaitsForParent,
    WaitsForChild,
    WaitsForUnique,
    WaitsForCascade,
    WaitsAfter,
    HeldAtAppend,
    HeldLater,
    FreedLater,
    Opened,
    SentFromOpened,
    Halved,
    Unfolded,
    Folded,
    OtherForm,
    GhostHeldBack,
    SettleHeldBack,
    TookOver,
    SentAgain,
    LeftBesides,
    JudgedAlone,
    DuplicatesIgnored,
    PlainAfterDenied,
    Throttled,
    Repeated,
    NotApplied,
    Ambiguous,
    FailedAlone,
    TriedAnother,
    Paused,
    PausedEverything,
    PauseTried,
    Learned,
    LearnedMore,
    LetterRefused,
    LetterConflict,
    LetterMissingRow,
    LetterParentMissing,
    LetterUnanswerable,
    LetterReleased,
    LetterReleasedLater,
    ParentCame,
    ParentlessTriedAgain,
    ForgottenWithDelete,
    BehindUniqueHolder,
    BaseKept,
    BaseLost,
    BaseOwn,
    QueuedSent,
    QueuedNotSent,
    TimeoutGhost,
    GhostStaysUnsure,
    Mirrored,
    MirroredInPart,
    MirrorUnsure,
    MirrorBelowDelete,
    ReadStored,
    NarrowUpdate,
    ReadSkippedEntry,
    ReadSkippedNewer,
    ReadBelowWaitingDelete,
    StaleHolderGone,
    UnsureFetched,
    AbsenceLearned,
    RemovalGuarded,
    Retried,
    RetriedAnew,
    Dropped,
    WaitInherited,
    DroppedAlong,
    OutboxFull,
    ProbeFailed,
    ProbeAnswered,
    BindingChanged,
    IdTaken,
    DirectTaken,
    DirectAnew,
}

#[cfg(test)]
impl Met {
    pub(crate) const ALL: &[Self] = &[
        Self::WriteDirect,
        Self::WriteWhileOpen,
        Self::WriteWhilePaused,
        Self::WriteUnderGhost,
        Self::DeleteWhileSettling,
        Self::WriteBehindEntry,
        Self::FilterWriteDirect,
        Self::FilterWriteBehindEntry,
        Self::ReadDirect,
        Self::ReadWhileOpen,
        Self::ReadBehindEntry,
        Self::ReadBelowDelete,
        Self::ReadUnsure,
        Self::WaitsForRow,
        Self::WaitsForParent,
        Self::WaitsForChild,
        Self::WaitsForUnique,
        Self::WaitsForCascade,
        Self::WaitsAfter,
        Self::HeldAtAppend,
        Self::HeldLater,
        Self::FreedLater,
        Self::Opened,
        Self::SentFromOpened,
        Self::Halved,
        Self::Unfolded,
        Self::Folded,
        Self::OtherForm,
        Self::GhostHeldBack,
        Self::SettleHeldBack,
        Self::TookOver,
        Self::SentAgain,
        Self::LeftBesides,
        Self::JudgedAlone,
        Self::DuplicatesIgnored,
        Self::PlainAfterDenied,
        Self::Throttled,
        Self::Repeated,
        Self::NotApplied,
        Self::Ambiguous,
        Self::FailedAlone,
        Self::TriedAnother,
        Self::Paused,
        Self::PausedEverything,
        Self::PauseTried,
        Self::Learned,
        Self::LearnedMore,
        Self::LetterRefused,
        Self::LetterConflict,
        Self::LetterMissingRow,
        Self::LetterParentMissing,
        Self::LetterUnanswerable,
        Self::LetterReleased,
        Self::LetterReleasedLater,
        Self::ParentCame,
        Self::ParentlessTriedAgain,
        Self::ForgottenWithDelete,
        Self::BehindUniqueHolder,
        Self::BaseKept,
        Self::BaseLost,
        Self::BaseOwn,
        Self::QueuedSent,
        Self::QueuedNotSent,
        Self::TimeoutGhost,
        Self::GhostStaysUnsure,
        Self::Mirrored,
        Self::MirroredInPart,
        Self::MirrorUnsure,
        Self::MirrorBelowDelete,
        Self::ReadStored,
        Self::NarrowUpdate,
        Self::ReadSkippedEntry,
        Self::ReadSkippedNewer,
        Self::ReadBelowWaitingDelete,
        Self::StaleHolderGone,
        Self::UnsureFetched,
        Self::AbsenceLearned,
        Self::RemovalGuarded,
        Self::Retried,
        Self::RetriedAnew,
        Self::Dropped,
        Self::WaitInherited,
        Self::DroppedAlong,
        Self::OutboxFull,
        Self::ProbeFailed,
        Self::ProbeAnswered,
        Self::BindingChanged,
        Self::IdTaken,
        Self::DirectTaken,
        Self::DirectAnew,
    ];
}

/// Whether a test has asked for this rule to be left out.
#[cfg(not(test))]
#[inline(always)]
pub(crate) const fn breaks(_: Mutation) -> bool {
    false
}

/// Tells a test that this branch was taken.
#[cfg(not(test))]
#[inline(always)]
pub(crate) const fn met(_: Met) {}

#[cfg(test)]
pub(crate) use watched::{breaks, met, reset, take_met};

#[cfg(test)]
mod watched {
    use super::{Met, Mutation};
    use std::cell::{Cell, RefCell};
    use std::collections::BTreeMap;

    thread_local! {
        static BROKEN: Cell<Option<Mutation>> = const { Cell::new(None) };
        static MET: RefCell<BTreeMap<Met, u64>> = const { RefCell::new(BTreeMap::new()) };
    }

    /// Leaves a rule out on this thread, or none.
    pub(crate) fn reset(broken: Option<Mutation>) {
        BROKEN.set(broken);
        MET.take();
    }

    /// How often each branch was met on this thread since the last reset.
    pub(crate) fn take_met() -> BTreeMap<Met, u64> {
        MET.take()
    }

    pub(crate) fn breaks(mutation: Mutation) -> bool {
        BROKEN.get() == Some(mutation)
    }

    pub(crate) fn met(branch: Met) {
        MET.with_borrow_mut(|counts| *counts.entry(branch).or_default() += 1);
    }
}
