//! [`Verdict`]: what an error of the remote means for a write. The code decides, never the status;
//! what is not listed is not poison.

use crate::{Error, ErrorKind};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The row itself cannot be taken: a closed list of codes.
    Poison,
    /// A row with this key is there.
    DuplicateKey,
    /// The row that it refers to is not there.
    ParentMissing,
    /// Surely not applied, and the server cannot serve. `at_once`: nothing answers.
    NotApplied {
        at_once: bool,
    },
    /// It may be applied, or may be applied later.
    Ambiguous {
        at_once: bool,
    },
    /// Rolled back; the same may pass at once.
    Repeat,
    /// Less of it may pass.
    TooMuch,
    Throttled(Option<Duration>),
    /// The token is dead.
    Unauthenticated,
    /// The server reads, and cannot write: a standby.
    ReadOnly,
    /// The schema, the grants of a schema, or something unknown: nothing that the row can help.
    Drift,
}

impl Verdict {
    /// Whether the server itself said it, and can serve.
    pub(crate) const fn is_answer(&self) -> bool {
        matches!(
            self,
            Self::Poison
                | Self::DuplicateKey
                | Self::ParentMissing
                | Self::Unauthenticated
                | Self::Drift
        )
    }

    pub(crate) fn of(error: &Error) -> Self {
        let code = error.code().unwrap_or_default();
        let class = code.get(..2).unwrap_or_default();
        match (error.kind(), code) {
            (ErrorKind::Timeout, code) => Self::Ambiguous { at_once: code.is_empty() },
            (ErrorKind::Throttled, _) => Self::Throttled(error.retry_after()),
            (ErrorKind::Unauthenticated, _) => Self::Unauthenticated,
            (_, "57014" | "HTTP 413") => Self::TooMuch,
            (ErrorKind::Unavailable, "0A000" | "25006") => Self::ReadOnly,
            (ErrorKind::Unavailable, code) => {
                Self::NotApplied { at_once: matches!(code, "" | "HTTP 402" | "HTTP 540") }
            }
            (ErrorKind::Busy, _) => Self::Repeat,
            (_, "23503") => Self::ParentMissing,
            // Postgres names the constraint of a primary key so, unless it was given another name.
            (_, "23505") if error.constraint().is_some_and(|name| name.ends_with("_pkey")) => {
                Self::DuplicateKey
            }
            (_, "23505" | "23502" | "23514" | "23P01" | "23001" | "42501") => Self::Poison,
            _ if matches!(class, "22" | "44" | "54" | "P0") || code.starts_with("PT4") => {
                Self::Poison
            }
            // The classes that SQL leaves to users' own functions, less those of Postgres itself.
            _ if code.len() == 5
                && !matches!(class, "P0" | "PG" | "PT" | "XX" | "HV" | "F0")
                && code.starts_with(|first: char| matches!(first, '6'..='9' | 'I'..='Z')) =>
            {
                Self::Poison
            }
            _ => Self::Drift,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(kind: ErrorKind, code: &str) -> Verdict {
        let code = (!code.is_empty()).then(|| code.to_owned());
        let constraint = (code.as_deref() == Some("23505")).then(|| "events_pkey".to_owned());
        Verdict::of(&Error::new(kind, "x").with_code(code).with_constraint(constraint))
    }

    #[test]
    fn the_code_decides() {
        use ErrorKind as Kind;
        let not_applied = |at_once| Verdict::NotApplied { at_once };
        let ambiguous = |at_once| Verdict::Ambiguous { at_once };
        for (kind, code, expected) in [
            (Kind::Unavailable, "", not_applied(true)),
            (Kind::Unavailable, "PGRST000", not_applied(false)),
            (Kind::Unavailable, "PGRST002", not_applied(false)),
            (Kind::Unavailable, "53300", not_applied(false)),
            (Kind::Unavailable, "HTTP 540", not_applied(true)),
            (Kind::Unavailable, "0A000", Verdict::ReadOnly),
            (Kind::Unavailable, "25006", Verdict::ReadOnly),
            (Kind::Unavailable, "57014", Verdict::TooMuch),
            (Kind::InvalidInput, "HTTP 413", Verdict::TooMuch),
            (Kind::Timeout, "", ambiguous(true)),
            (Kind::Timeout, "HTTP 502", ambiguous(false)),
            (Kind::Timeout, "PGRST001", ambiguous(false)),
            (Kind::Busy, "40001", Verdict::Repeat),
            (Kind::Throttled, "HTTP 429", Verdict::Throttled(None)),
            (Kind::Unauthenticated, "PGRST301", Verdict::Unauthenticated),
            (Kind::Unique, "23505", Verdict::DuplicateKey),
            (Kind::ForeignKey, "23503", Verdict::ParentMissing),
            (Kind::NotNull, "23502", Verdict::Poison),
            (Kind::Check, "23514", Verdict::Poison),
            (Kind::Check, "P0001", Verdict::Poison),
            (Kind::InvalidInput, "22P02", Verdict::Poison),
            (Kind::Denied, "42501", Verdict::Poison),
            (Kind::Internal, "U0001", Verdict::Poison),
            (Kind::SchemaMismatch, "42P01", Verdict::Drift),
            (Kind::SchemaMismatch, "PGRST204", Verdict::Drift),
            (Kind::SchemaMismatch, "42883", Verdict::Drift),
            (Kind::Internal, "XX000", Verdict::Drift),
            (Kind::Internal, "42P17", Verdict::Drift),
            (Kind::SchemaMismatch, "HTTP 404", Verdict::Drift),
        ] {
            assert_eq!(verdict(kind, code), expected, "{kind:?} {code}");
        }
    }

    #[test]
    fn another_unique_column_is_poison() {
        let error = Error::new(ErrorKind::Unique, "x")
            .with_code(Some("23505".into()))
            .with_constraint(Some("people_email_key".into()));
        assert_eq!(Verdict::of(&error), Verdict::Poison);
    }
}
