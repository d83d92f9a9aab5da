//! From SQLite's result codes to kinds of error.

use crate::{BackendKind, Error, ErrorKind};
use sea_orm::sqlx::{self, error::DatabaseError};

/// The error that sqlx reports, in this crate's terms.
pub(crate) fn from_sqlx(error: sqlx::Error) -> Error {
    let mapped = match error {
        sqlx::Error::Database(error) => from_database(&*error),
        sqlx::Error::PoolTimedOut => Error::new(
            ErrorKind::Busy,
            "all connections to the file are in use for too long by this process",
        ),
        sqlx::Error::PoolClosed => closed(),
        sqlx::Error::WorkerCrashed => {
            Error::new(ErrorKind::Unavailable, "the connection's thread has ended")
        }
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => {
            Error::new(ErrorKind::StorageFull, error.to_string())
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            Error::new(ErrorKind::SchemaMismatch, error.to_string())
        }
        error => Error::new(ErrorKind::Internal, error.to_string()),
    };
    mapped.with_backend(BackendKind::Sqlite)
}

/// The same for what may have changed something: its thread may have ended after the commit.
pub(super) fn of_write(error: sqlx::Error) -> Error {
    match error {
        sqlx::Error::WorkerCrashed => Error::new(
            ErrorKind::Timeout,
            "the connection's thread has ended: whether the change was made is not known",
        )
        .with_backend(BackendKind::Sqlite),
        error => from_sqlx(error),
    }
}

pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Unavailable, "the store is closed: connect a new one")
        .with_backend(BackendKind::Sqlite)
}

fn from_database(error: &dyn DatabaseError) -> Error {
    let code = error.code().map(|code| code.into_owned());
    let number: u32 = code.as_deref().and_then(|code| code.parse().ok()).unwrap_or(0);
    let message = error.message();
    let kind = kind_of(number, message);
    let mapped =
        Error::new(kind, message).with_code(code).with_constraint(constraint(kind, message));
    match kind {
        ErrorKind::SchemaMismatch => mapped.with_hint("run the migrations on this file"),
        ErrorKind::Busy => mapped.with_hint("try again: another process writes"),
        ErrorKind::StorageFull => mapped.with_hint("free some space; nothing was stored"),
        _ => mapped,
    }
}

/// Extended result codes (<https://sqlite.org/rescode.html>): the low byte is the primary code.
fn kind_of(code: u32, message: &str) -> ErrorKind {
    match (code & 0xff, code) {
        // SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY, _ROWID
        (19, 2067 | 1555 | 2579) => ErrorKind::Unique,
        // SQLITE_CONSTRAINT_FOREIGNKEY; _TRIGGER is what ON DELETE RESTRICT gives, and RAISE too.
        (19, 787) => ErrorKind::ForeignKey,
        (19, 1811) if message.contains("FOREIGN KEY constraint failed") => ErrorKind::ForeignKey,
        (19, 1299) => ErrorKind::NotNull,
        // SQLITE_CONSTRAINT_CHECK, _DATATYPE, a trigger's own RAISE and the rest
        (19, _) => ErrorKind::Check,
        // SQLITE_BUSY, SQLITE_LOCKED
        (5 | 6, _) => ErrorKind::Busy,
        // SQLITE_FULL; SQLITE_IOERR_SHMSIZE, where the memory beside the log has no room to grow.
        (13, _) | (_, 4874) => ErrorKind::StorageFull,
        // SQLITE_CORRUPT, SQLITE_NOTADB
        (11 | 26, _) => ErrorKind::Corrupt,
        // SQLITE_PERM, SQLITE_READONLY, SQLITE_AUTH
        (3 | 8 | 23, _) => ErrorKind::Denied,
        // SQLITE_CANTOPEN
        (14, _) => ErrorKind::Unavailable,
        // SQLITE_TOOBIG, SQLITE_MISMATCH, SQLITE_RANGE
        (18 | 20 | 25, _) => ErrorKind::InvalidInput,
        // SQLITE_ERROR has no finer code.
        (1, _)
            if message.starts_with("no such ")
                || message.contains("has no column")
                || message.starts_with("ON CONFLICT clause does not match") =>
        {
            ErrorKind::SchemaMismatch
        }
        (1, _) if message.contains("syntax error") || message.contains("malformed JSON") => {
            ErrorKind::InvalidInput
        }
        _ => ErrorKind::Internal,
    }
}

/// What SQLite names after "constraint failed: ": columns, or a check's name.
fn constraint(kind: ErrorKind, message: &str) -> Option<String> {
    matches!(kind, ErrorKind::Unique | ErrorKind::NotNull | ErrorKind::Check)
        .then(|| message.split_once("constraint failed: "))
        .flatten()
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_ended_leaves_a_write_in_doubt() {
        let read = from_sqlx(sqlx::Error::WorkerCrashed);
        assert_eq!((read.kind(), read.is_ambiguous()), (ErrorKind::Unavailable, false));
        let write = of_write(sqlx::Error::WorkerCrashed);
        assert_eq!((write.kind(), write.is_ambiguous()), (ErrorKind::Timeout, true));
    }
}
