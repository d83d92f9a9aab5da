//! [`Difference`]: where the file's table is not as the entity says.

use crate::{BackendKind, Error, ErrorKind, Result};

#[derive(Debug)]
pub(super) struct Difference {
    pub(super) table: &'static str,
    /// What differs, and what to do where it cannot be mended.
    pub(super) text: String,
    pub(super) weight: Weight,
    pub(super) fix: Option<Fix>,
}

/// What comes of a difference, the gravest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// Queries take longer.
    Slower,
    /// The file takes rows that the server refuses, or deletes otherwise.
    Looser,
    /// Rows cannot be written or read, or are read as others.
    Breaking,
}

/// What mends a difference.
#[derive(Debug)]
pub(super) enum Fix {
    Table { sql: String },
    Column { name: &'static str, sql: String },
    Index { name: Option<&'static str>, columns: Vec<&'static str>, is_unique: bool },
}

const STEPS: &str = "https://sqlite.org/lang_altertable.html#otheralter";

/// Fails for what weighs so much.
pub(super) fn refuse(mut differences: Vec<Difference>, least: Weight) -> Result<()> {
    differences.retain(|difference| difference.weight >= least);
    refused(
        &differences,
        format!(
            "migrate the file: `create_tables` makes tables, columns that may be NULL and indexes; all \
             else needs SQLite's steps ({STEPS})"
        ),
    )
}

/// Fails for what cannot be mended.
pub(super) fn refuse_unfixable(differences: &[Difference]) -> Result<()> {
    let unfixable: Vec<&Difference> =
        differences.iter().filter(|difference| difference.fix.is_none()).collect();
    refused(
        unfixable,
        format!(
            "nothing was changed: migrate the file (SQLite's steps: {STEPS}), or give the entity the \
             form of the file"
        ),
    )
}

fn refused<'d>(differences: impl IntoIterator<Item = &'d Difference>, hint: String) -> Result<()> {
    let mut differences = differences.into_iter().peekable();
    let Some(first) = differences.peek().map(|first| first.table) else { return Ok(()) };
    let mut tables = Vec::new();
    let texts: Vec<&str> = differences
        .inspect(|difference| tables.push(difference.table))
        .map(|difference| difference.text.as_str())
        .collect();
    let error = Error::new(ErrorKind::SchemaMismatch, texts.join("; "))
        .with_backend(BackendKind::Sqlite)
        // SQLite's own, for a table or column that it does not know.
        .with_code(Some("1".to_owned()))
        .with_hint(hint);
    let is_of_one = tables.iter().all(|table| *table == first);
    Err(if is_of_one { error.with_table(first) } else { error })
}
