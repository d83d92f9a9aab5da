//! The one error of this package.

use std::{io, path::PathBuf};

/// The result of reading a database or writing files.
pub type Result<T> = std::result::Result<T, Error>;

/// Why entities could not be written. No message repeats a URL's password or a key.
///
/// ```
/// use chronicle_generate::{Error, Options, from_openapi};
///
/// let error = from_openapi("no document", &Options::new()).unwrap_err();
/// assert!(matches!(error, Error::Document(_)));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The options contradict each other or the database.
    #[error("{0}")]
    Invalid(String),
    /// The database could not be reached or asked.
    #[error("the database cannot be read: {0}")]
    Database(#[from] sqlx::Error),
    /// The server could not be reached.
    #[error("the server cannot be asked: {0}")]
    Request(#[source] reqwest::Error),
    /// The server refused.
    #[error("the server answered {status}: {message}")]
    Refused {
        /// The status of HTTP.
        status: u16,
        /// The beginning of its answer.
        message: String,
    },
    /// What was read is not what the server's version is known to tell.
    #[error("the description is not understood: {0}")]
    Document(#[from] serde_json::Error),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file stands in the way that this program did not write.
    #[error("{0} was not written by chronicle-generate: move it away, or choose another --output")]
    Foreign(PathBuf),
}
