//! From sqlx's errors to this crate's.

use crate::backend::sqlite::error;
use crate::{BackendKind, Error, ErrorKind};
use sea_orm::sqlx;

/// The error that sqlx reports, in this crate's terms.
pub(super) fn from_sqlx(error: sqlx::Error) -> Error {
    let (kind, message) = match error {
        sqlx::Error::Database(error) => {
            let code = error.code().and_then(|code| code.parse().ok()).unwrap_or(0);
            return error::from_code(code, error.message());
        }
        sqlx::Error::PoolTimedOut => (
            ErrorKind::Busy,
            "all connections to the file are in use for too long by this process".to_owned(),
        ),
        sqlx::Error::PoolClosed => return error::closed(),
        sqlx::Error::WorkerCrashed => return error::thread_ended(),
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => {
            (ErrorKind::StorageFull, error.to_string())
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            (ErrorKind::SchemaMismatch, error.to_string())
        }
        error => (ErrorKind::Internal, error.to_string()),
    };
    Error::new(kind, message).with_backend(BackendKind::Sqlite)
}

/// The same for what may have changed something.
pub(super) fn of_write(error: sqlx::Error) -> Error {
    match error {
        sqlx::Error::WorkerCrashed => error::thread_ended_in_write(),
        error => from_sqlx(error),
    }
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
