//! Dead letters: writes that the remote will not take, each with its row and the remote's own words.

use crate::failover::rules::name::TableName;
use crate::{Error, Result};
use sea_orm::JsonValue;
use std::fmt;
use std::str::FromStr;

/// Why a write became a dead letter. It is written as its [name](Self::name), and read from it.
///
/// ```
/// use chronicle::failover::DeadLetterReason;
///
/// let reason: DeadLetterReason = "missing_row".parse()?;
/// assert_eq!(reason, DeadLetterReason::MissingRow);
/// assert_eq!(reason.to_string(), "missing_row");
/// # Ok::<(), chronicle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeadLetterReason {
    /// The remote refuses the row itself: a constraint, a value, row level security.
    Refused,
    /// It was to be a new row, and another one with its key is there; or somebody else has changed
    /// its row, and the remote wins. Sent again it is judged as before: to have it all the same, write
    /// what it says of the row again, and drop the letter.
    Conflict,
    /// It was to change a row that is not there, or that the remote does not show.
    MissingRow,
    /// It refers to a row that is not at the remote. It goes again once that row is, and each minute.
    ParentMissing,
    /// It failed alone five times while others of its table were accepted. It may have been applied.
    Unanswerable,
}

impl DeadLetterReason {
    const ALL: [Self; 5] =
        [Self::Refused, Self::Conflict, Self::MissingRow, Self::ParentMissing, Self::Unanswerable];

    /// The name used in the file, in spans and in metrics.
    ///
    /// ```
    /// use chronicle::failover::DeadLetterReason;
    ///
    /// assert_eq!(DeadLetterReason::ParentMissing.name(), "parent_missing");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Conflict => "conflict",
            Self::MissingRow => "missing_row",
            Self::ParentMissing => "parent_missing",
            Self::Unanswerable => "unanswerable",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

impl fmt::Display for DeadLetterReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for DeadLetterReason {
    type Err = Error;

    /// # Errors
    /// `InvalidInput` for another text, with the names that there are.
    fn from_str(name: &str) -> Result<Self> {
        Self::named(name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::invalid(format!("no dead letter has the reason `{name}`: it is one of {names}"))
        })
    }
}

/// A write that the remote did not take. It stands in the outbox at its place, and what needs its row
/// waits with it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Its number, for [`retry`](super::Failover::retry) and [`drop_letter`](super::Failover::drop_letter).
    pub id: i64,
    /// The table, with its schema where the entity names one.
    pub table: String,
    /// The row's key, as text.
    pub key: String,
    /// What it was to do: `insert`, `insert_if_absent`, `upsert`, `update` or `delete`.
    pub operation: String,
    /// The values that it carries, by column; JSON `null` for a delete.
    pub values: JsonValue,
    /// Those of the columns whose value is not set but added, by name.
    pub added: Vec<String>,
    /// The number that it has in common with those that it is made together with, of one transaction: they
    /// are refused, go again and are dropped as one. `None` for one that goes by itself.
    pub together: Option<i64>,
    /// Why it is here.
    pub reason: DeadLetterReason,
    /// The remote's code, where it gave one.
    pub code: Option<String>,
    /// The remote's own words.
    pub message: String,
    /// Whether a request with it may have been applied all the same: one of them got no answer.
    pub may_be_applied: bool,
    /// How many entries wait for this one, or for another one that does.
    pub holds: u64,
}

/// Which dead letters a question or a change is for.
///
/// ```
/// use chronicle::failover::{DeadLetterReason, LetterFilter};
///
/// let refused_events = LetterFilter::all().table("events").reason(DeadLetterReason::Refused);
/// # let _ = refused_events;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LetterFilter {
    table: Option<TableName>,
    reason: Option<DeadLetterReason>,
}

impl LetterFilter {
    /// All of them.
    ///
    /// ```
    /// use chronicle::failover::LetterFilter;
    ///
    /// let filter = LetterFilter::all();
    /// ```
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Those of one table, by its name as [`DeadLetter::table`] gives it.
    ///
    /// ```
    /// use chronicle::failover::LetterFilter;
    ///
    /// let filter = LetterFilter::all().table("orders");
    /// ```
    #[must_use]
    pub fn table(mut self, table: impl Into<String>) -> Self {
        self.table = Some(TableName::stored(table.into()));
        self
    }

    /// Those with one reason.
    ///
    /// ```
    /// use chronicle::failover::{DeadLetterReason, LetterFilter};
    ///
    /// let filter = LetterFilter::all().reason(DeadLetterReason::Refused);
    /// ```
    #[must_use]
    pub fn reason(mut self, reason: DeadLetterReason) -> Self {
        self.reason = Some(reason);
        self
    }

    pub(crate) fn table_name(&self) -> Option<&str> {
        self.table.as_ref().map(TableName::as_str)
    }

    pub(crate) fn reason_name(&self) -> Option<&'static str> {
        self.reason.map(DeadLetterReason::name)
    }
}
