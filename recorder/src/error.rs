//! What can go wrong, in words that say what to do.

use std::fmt;

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Error {
    /// What was asked cannot be, as these words say.
    Refused(String),
    /// A file or the terminal.
    Io(std::io::Error),
    /// A file or a folder, by its name.
    File { path: std::path::PathBuf, source: std::io::Error },
    /// The database.
    Store(chronicle::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(words) => formatter.write_str(words),
            Self::Io(error) => error.fmt(formatter),
            Self::File { path, source } => write!(formatter, "{}: {source}", path.display()),
            Self::Store(error) => error.fmt(formatter),
        }
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<chronicle::Error> for Error {
    fn from(error: chronicle::Error) -> Self {
        Self::Store(error)
    }
}
