//! What the program says. Everything that is printed is printed here.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its terminal")]

use crate::cli::{Color, Globals};
use crate::error::{Error, Result};
use serde::Serialize;
use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal, Write};

/// Prints a text to standard output.
pub(crate) fn text(text: &impl Display) -> Result<()> {
    let mut output = std::io::stdout().lock();
    write!(output, "{text}")?;
    Ok(output.flush()?)
}

/// Prints a document to standard output.
pub(crate) fn json(document: &impl Serialize) -> Result<()> {
    let mut output = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut output, document).map_err(std::io::Error::from)?;
    output.write_all(b"\n")?;
    Ok(output.flush()?)
}

/// Prints a document on one line, for lists that have no end.
pub(crate) fn json_line(document: &impl Serialize) -> Result<()> {
    let mut output = std::io::stdout().lock();
    serde_json::to_writer(&mut output, document).map_err(std::io::Error::from)?;
    output.write_all(b"\n")?;
    Ok(output.flush()?)
}

/// Says on standard error why a command failed.
pub(crate) fn complain(error: &Error) {
    match error {
        // Whoever read has seen enough.
        Error::Io(error) if error.kind() == ErrorKind::BrokenPipe => {}
        error => eprintln!("chronicle: {error}"),
    }
}

/// A note on standard error, beside what is asked for.
pub(crate) fn note(text: &str) {
    eprintln!("{text}");
}

/// How far a long work has come: one line on a terminal's standard error, which is gone at the end.
#[derive(Debug)]
pub(crate) struct Progress {
    is_shown: bool,
}

impl Progress {
    pub(crate) fn new(globals: &Globals) -> Self {
        Self { is_shown: std::io::stderr().is_terminal() && !globals.json }
    }

    pub(crate) fn tell(&self, words: &str) {
        if self.is_shown {
            eprint!("\r\x1b[2K{words}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.tell("");
    }
}

/// What standard output is shown on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    /// How many columns it has; `None` where nobody looks.
    pub(crate) width: Option<usize>,
    is_coloured: bool,
}

impl Screen {
    pub(crate) fn of(globals: &Globals) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_coloured = match globals.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                is_terminal
                    && !is_set("NO_COLOR")
                    && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let real = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let width = columns.or_else(|| if is_terminal { real() } else { None });
        Self { width: width.filter(|width| *width > 0), is_coloured }
    }

    /// Without colours.
    #[cfg(test)]
    pub(crate) const fn plain(width: Option<usize>) -> Self {
        Self { width, is_coloured: false }
    }

    /// The text in a colour, where colours are.
    pub(crate) fn paint(&self, paint: Paint, text: &str) -> String {
        if self.is_coloured && !text.is_empty() {
            format!("\x1b[{}m{text}\x1b[0m", paint as u8)
        } else {
            text.to_owned()
        }
    }
}

/// A colour, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    Bold = 1,
    Faint = 2,
    Red = 31,
    Green = 32,
    Yellow = 33,
    Blue = 34,
    Cyan = 36,
}

/// A number with its word.
pub(crate) fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A size, in the unit that suits it.
pub(crate) fn bytes(size: u64) -> String {
    let mut number = size as f64;
    for unit in ["bytes", "kB", "MB"] {
        if number < 1_000.0 {
            let digits = usize::from(unit != "bytes" && number < 10.0);
            return format!("{number:.digits$} {unit}");
        }
        number /= 1_000.0;
    }
    format!("{number:.1} GB")
}

/// Adds to a text that is to be printed.
pub(crate) fn add(text: &mut String, more: std::fmt::Arguments<'_>) {
    // A text takes whatever is written to it.
    _ = std::fmt::Write::write_fmt(text, more);
}
