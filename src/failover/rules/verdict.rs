//! [`Verdict`]: what an error of the remote means for a write. The code decides, never the status;
//! what is not listed is not the row's fault.

use crate::failover::seam::{self, Mutation};
use crate::{Error, ErrorKind};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The row itself cannot be taken: a closed list of codes.
    Row,
    /// A row with this key is there.
    DuplicateKey,
    /// Another row holds one of its unique values.
    UniqueTaken,
    /// A row that it refers to is not there; of a delete: rows refer to it.
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
    /// Nobody is signed in.
    SignedOut,
    /// The token is dead.
    Unauthenticated,
    /// The server reads, and cannot write: a standby.
    ReadOnly,
    /// The schema, the rights of the role, or something unknown: nothing that is known to be the
    /// row's fault.
    Table,
}

/// The code of an error of a token source that has no token.
pub(crate) const NO_TOKEN: &str = "NO_TOKEN";

impl Verdict {
    /// Whether the server itself said it, and can serve.
    pub(crate) const fn is_answer(&self) -> bool {
        matches!(
            self,
            Self::Row
                | Self::DuplicateKey
                | Self::UniqueTaken
                | Self::ParentMissing
                | Self::Unauthenticated
                | Self::Table
        )
    }

    /// What an error means where nobody has to know whether a key or another unique value is taken.
    pub(crate) fn of(error: &Error) -> Self {
        Self::of_row(error, &[])
    }

    /// What an error means for a row with these key columns.
    pub(crate) fn of_row(error: &Error, key_columns: &[String]) -> Self {
        let code = error.code().unwrap_or_default();
        let class = code.get(..2).unwrap_or_default();
        match (error.kind(), code) {
            (_, NO_TOKEN) => Self::SignedOut,
            (_, "53100" | "53200" | "53300" | "53400") => Self::NotApplied { at_once: false },
            (_, "57014" | "HTTP 413") => Self::TooMuch,
            (ErrorKind::Timeout, code) => Self::Ambiguous { at_once: code.is_empty() },
            (ErrorKind::Throttled, _) => Self::Throttled(error.retry_after()),
            (ErrorKind::Unauthenticated, _) => Self::Unauthenticated,
            (_, "25006") | (ErrorKind::Unavailable, "0A000") => Self::ReadOnly,
            (ErrorKind::Unavailable, code) => Self::NotApplied {
                at_once: matches!(code, "" | "HTTP 402" | "HTTP 404" | "HTTP 540"),
            },
            (ErrorKind::Busy, _) | (_, "40001" | "40P01" | "55P03") => Self::Repeat,
            (_, "23503") => Self::ParentMissing,
            (_, "23505") if error.is_key_conflict(key_columns) == Some(true) => Self::DuplicateKey,
            // An exclusion constraint is one more way to say that two rows may not have the same.
            (_, "23505" | "23P01") => Self::UniqueTaken,
            (_, "23502" | "23514" | "23001" | "23000") => Self::Row,
            // Row level security judges the row; a missing right, which has the same code, the role.
            (ErrorKind::Denied, "42501") if error.message().contains("row-level security") => {
                Self::Row
            }
            _ if matches!(class, "22" | "44" | "54" | "P0") || code.starts_with("PT4") => Self::Row,
            // The classes that SQL leaves to users' own functions, less those of Postgres itself.
            _ if code.len() == 5
                && !matches!(class, "P0" | "PG" | "PT" | "XX" | "HV" | "F0")
                && code.starts_with(|first: char| matches!(first, '6'..='9' | 'I'..='Z')) =>
            {
                Self::Row
            }
            // Our own word about this one row: it cannot be sent, or what came back not be read.
            (ErrorKind::InvalidInput | ErrorKind::Internal, "")
                if !seam::breaks(Mutation::OwnErrorsPause) =>
            {
                Self::Row
            }
            _ => Self::Table,
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
            (Kind::StorageFull, "53100", not_applied(false)),
            (Kind::Unavailable, "HTTP 540", not_applied(true)),
            (Kind::Unavailable, "HTTP 404", not_applied(true)),
            (Kind::Unavailable, "0A000", Verdict::ReadOnly),
            (Kind::Unavailable, "25006", Verdict::ReadOnly),
            (Kind::Unavailable, "57014", Verdict::TooMuch),
            (Kind::Unavailable, NO_TOKEN, Verdict::SignedOut),
            (Kind::InvalidInput, "HTTP 413", Verdict::TooMuch),
            (Kind::Timeout, "", ambiguous(true)),
            (Kind::Timeout, "HTTP 502", ambiguous(false)),
            (Kind::Timeout, "PGRST001", ambiguous(false)),
            (Kind::Busy, "40001", Verdict::Repeat),
            (Kind::Throttled, "HTTP 429", Verdict::Throttled(None)),
            (Kind::Unauthenticated, "PGRST301", Verdict::Unauthenticated),
            (Kind::Unique, "23505", Verdict::DuplicateKey),
            (Kind::Check, "23P01", Verdict::UniqueTaken),
            (Kind::ForeignKey, "23503", Verdict::ParentMissing),
            (Kind::NotNull, "23502", Verdict::Row),
            (Kind::Check, "23514", Verdict::Row),
            (Kind::Check, "P0001", Verdict::Row),
            (Kind::InvalidInput, "22P02", Verdict::Row),
            (Kind::InvalidInput, "", Verdict::Row),
            (Kind::Denied, "42501", Verdict::Table),
            (Kind::Internal, "U0001", Verdict::Row),
            (Kind::SchemaMismatch, "42P01", Verdict::Table),
            (Kind::SchemaMismatch, "PGRST204", Verdict::Table),
            (Kind::SchemaMismatch, "42883", Verdict::Table),
            (Kind::Internal, "XX000", Verdict::Table),
            (Kind::Internal, "42P17", Verdict::Table),
            (Kind::SchemaMismatch, "HTTP 404", Verdict::Table),
        ] {
            assert_eq!(verdict(kind, code), expected, "{kind:?} {code}");
        }
    }

    #[test]
    fn another_unique_column_is_no_duplicate_key() {
        let error = Error::new(ErrorKind::Unique, "x")
            .with_code(Some("23505".into()))
            .with_constraint(Some("people_email_key".into()));
        assert_eq!(Verdict::of(&error), Verdict::UniqueTaken);
    }

    #[test]
    fn row_level_security_judges_the_row_and_a_missing_right_the_role() {
        let denied = |message| {
            Verdict::of(&Error::new(ErrorKind::Denied, message).with_code(Some("42501".into())))
        };
        assert_eq!(
            denied("new row violates row-level security policy for table \"events\""),
            Verdict::Row
        );
        assert_eq!(denied("permission denied for table events"), Verdict::Table);
    }
}
