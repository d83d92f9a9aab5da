//! The rules, broken one at a time on purpose: each must be seen to break.

/// A rule that is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutation {
    /// The breaker alone decides who serves; the outbox is not asked.
    RouteByBreaker,
    /// What got no answer is taken for lost at once.
    NoSettling,
    /// Replayed inserts replace a row that is there.
    InsertsAsMerge,
    /// An update that finds no row counts as done.
    ZeroRowsSucceed,
    /// Entries are marked after their request, not before.
    MarkAfterSend,
    /// The right to replay is lost by time.
    TimedLock,
    /// The mirror stores over rows that wait, or were written since.
    NoMirrorGuard,
    /// A write takes the state that it last saw for the present one.
    SeenStateTrusted,
}
