//! [`Compared`]: what a file of a pair remembers of having been compared, so that a process that
//! lives for milliseconds need not do it again.

use super::difference::{self, Weight};
use super::{compare, entities};
use crate::backend::sqlite::from_rusqlite;
use crate::schema::entity::Fnv;
use crate::{Result, Sqlite, Table};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Programs of some versions may share a file.
const MOST: usize = 16;

/// The entities that the file's tables were found fit for, or made for, and in which state of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Compared {
    /// `pragma schema_version`.
    version: i64,
    fit: BTreeSet<u64>,
}

/// What a file is compared for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be used as it is.
    Serve,
    /// To be given what it lacks.
    Create,
}

impl Purpose {
    /// The number under which the file remembers that it is fit for these.
    ///
    /// # Errors
    /// As of [`Sqlite::check_tables`], for what the entities alone tell.
    pub(crate) fn mark(self, tables: &[&'static Table]) -> Result<u64> {
        let mut fingerprints: Vec<u64> =
            entities(tables)?.iter().map(crate::schema::entity::Entity::fingerprint).collect();
        fingerprints.sort_unstable();
        let mut hash = Fnv::of("");
        // Hashing cannot fail.
        let _ = write!(hash, "{self:?} {fingerprints:?}");
        Ok(hash.number())
    }
}

impl Compared {
    pub(crate) fn covers(&self, version: i64, mark: u64) -> bool {
        self.version == version && self.fit.contains(&mark)
    }

    pub(crate) fn note(&mut self, version: i64, mark: u64) {
        if self.version != version || self.fit.len() >= MOST {
            *self = Self { version, fit: BTreeSet::new() };
        }
        self.fit.insert(mark);
    }
}

/// A number that SQLite changes with each change of a table.
pub(crate) fn version(connection: &Connection) -> Result<i64> {
    let mut version = connection.prepare_cached("pragma schema_version").map_err(from_rusqlite)?;
    version.query_row([], |row| row.get(0)).map_err(from_rusqlite)
}

impl Sqlite {
    /// Fails where rows of these entities could not be written and read; what the file takes and the
    /// server refuses is told in the log.
    pub(crate) fn check_served(&self, tables: &[&'static Table]) -> Result<()> {
        let entities = entities(tables)?;
        self.ask(|connection| {
            let differences = compare::differences(connection, &entities)?;
            for difference in differences.iter().filter(|found| found.weight == Weight::Looser) {
                tracing::warn!(table = difference.table, "{}", difference.text);
            }
            difference::refuse(differences, Weight::Breaking)
        })
    }
}
