//! From SQLite's result codes to kinds of error.

use crate::{BackendKind, Error, ErrorKind};

/// The error that rusqlite reports, in this crate's terms.
pub(crate) fn from_rusqlite(error: rusqlite::Error) -> Error {
    use rusqlite::Error as Sql;
    let kind = match error {
        Sql::SqliteFailure(code, Some(message)) => return from_code(code.extended_code, &message),
        Sql::SqliteFailure(code, None) => return from_code(code.extended_code, &code.to_string()),
        Sql::SqlInputError { error, msg, .. } => return from_code(error.extended_code, &msg),
        Sql::FromSqlConversionFailure(..)
        | Sql::IntegralValueOutOfRange(..)
        | Sql::InvalidColumnType(..)
        | Sql::Utf8Error(..) => ErrorKind::SchemaMismatch,
        Sql::NulError(_)
        | Sql::InvalidPath(_)
        | Sql::InvalidParameterName(_)
        | Sql::InvalidParameterCount(..)
        | Sql::MultipleStatement => ErrorKind::InvalidInput,
        _ => ErrorKind::Internal,
    };
    Error::new(kind, error.to_string()).with_backend(BackendKind::Sqlite)
}

/// The error for one of SQLite's extended result codes and its message.
pub(super) fn from_code(code: i32, message: &str) -> Error {
    let kind = kind_of(code, message);
    let mapped = Error::new(kind, message)
        .with_code(Some(code.to_string()))
        .with_constraint(constraint(kind, message))
        .with_backend(BackendKind::Sqlite);
    match kind {
        ErrorKind::SchemaMismatch => mapped.with_hint(
            "run the migrations on this file, or let `create_tables` make what is missing",
        ),
        ErrorKind::Busy => mapped.with_hint("try again: another process writes"),
        ErrorKind::StorageFull => mapped.with_hint("free some space; nothing was stored"),
        _ => mapped,
    }
}

pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Unavailable, "the store is closed: connect a new one")
        .with_backend(BackendKind::Sqlite)
}

/// The thread that worked for a call has ended, which changed nothing.
pub(super) fn thread_ended() -> Error {
    Error::new(ErrorKind::Unavailable, "the connection's thread has ended")
        .with_backend(BackendKind::Sqlite)
}

/// The same where something may have been changed: it may have ended after the commit.
pub(super) fn thread_ended_in_write() -> Error {
    Error::new(
        ErrorKind::Timeout,
        "the connection's thread has ended: whether the change was made is not known",
    )
    .with_backend(BackendKind::Sqlite)
}

/// Extended result codes (<https://sqlite.org/rescode.html>): the low byte is the primary code.
fn kind_of(code: i32, message: &str) -> ErrorKind {
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
