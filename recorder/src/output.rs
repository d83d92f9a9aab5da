//! What the program says. Everything that is printed is printed here.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its terminal")]

use crate::error::{Error, Result};
use std::fmt::Display;
use std::io::Write;

/// Prints a text to standard output.
pub(crate) fn text(text: &impl Display) -> Result<()> {
    let mut output = std::io::stdout().lock();
    write!(output, "{text}")?;
    Ok(output.flush()?)
}

/// Says on standard error why a command failed.
pub(crate) fn complain(error: &Error) {
    eprintln!("chronicle: {error}");
}
