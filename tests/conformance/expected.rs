//! What tests expect of an error.

use chronicle::{Error, ErrorKind, Result};
use std::fmt::Debug;

/// The error of a result that has to be one of this kind.
#[track_caller]
pub(crate) fn refused<T: Debug>(result: Result<T>, kind: ErrorKind) -> Error {
    let error = result.expect_err("an error was expected");
    assert_eq!(error.kind(), kind, "{error}");
    error
}
