//! `chronicle record`: one payload from standard input.

use std::ffi::OsString;

/// Whether a command line asks for this: `record`, or nothing at all with something piped in.
pub(crate) fn is_meant(arguments: &[OsString]) -> bool {
    arguments.get(1).is_some_and(|argument| argument == "record")
}

/// Records what is piped in, and never fails.
pub(crate) fn run(_arguments: &[OsString]) {}
