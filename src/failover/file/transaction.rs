//! [`Transaction`]: one look at the file, or one change of it, with what the file remembers.

use super::mirror::Written;
use super::state::{Binding, Counts, EVERYTHING, State};
use crate::backend::sqlite::from_rusqlite;
use crate::failover::rules::name::TableName;
use crate::failover::seam::{self, Met, Mutation};
use crate::{Error, ErrorKind, Result};
use rusqlite::{Connection, OptionalExtension, Params, Row};
use std::cell::RefCell;

const READ: &str = "select state, sequence, request, write, row_count, bytes, refused, parentless, unsure, \
    tombstones, entities from chronicle_failover where id = 1";

pub(crate) struct Transaction<'c> {
    pub(super) connection: &'c Connection,
    pub(crate) state: State,
    pub(crate) counts: Counts,
    /// What the file holds of the two.
    stored: (String, Counts),
    /// The last writes, once somebody has asked for them.
    pub(super) written: RefCell<Option<Written>>,
}

impl<'c> Transaction<'c> {
    /// # Errors
    /// `Conflict` where the file belongs to others than `own`.
    pub(super) fn begin(connection: &'c Connection, own: Option<&Binding>) -> Result<Self> {
        let mut statement = connection.prepare_cached(READ).map_err(from_rusqlite)?;
        let read = |row: &Row<'_>| {
            let counts = Counts {
                sequence: row.get(1)?,
                request: row.get(2)?,
                write: row.get(3)?,
                rows: row.get(4)?,
                bytes: row.get(5)?,
                refused: row.get(6)?,
                parentless: row.get(7)?,
                unsure: row.get(8)?,
                tombstones: row.get(9)?,
                entities: row.get(10)?,
            };
            Ok((row.get::<_, String>(0)?, counts))
        };
        let stored = statement.query_row([], read).map_err(from_rusqlite)?;
        let state = serde_json::from_str(&stored.0).map_err(|error| {
            let message = format!("the state of the failover in the file cannot be read: {error}");
            Error::new(ErrorKind::Corrupt, message)
        })?;
        let transaction =
            Self { connection, state, counts: stored.1, stored, written: RefCell::default() };
        if let Some(own) = own {
            transaction.check_binding(own)?;
        }
        Ok(transaction)
    }

    /// Writes what has changed of the state and the counts.
    pub(super) fn finish(mut self) -> Result<()> {
        self.end_idle_pauses()?;
        let counts = self.counts;
        if counts != self.stored.1 {
            let sql = "update chronicle_failover set sequence = ?, request = ?, write = ?, row_count = ?, \
                bytes = ?, refused = ?, parentless = ?, unsure = ?, tombstones = ?, entities = ? \
                where id = 1";
            self.execute(
                sql,
                (
                    counts.sequence,
                    counts.request,
                    counts.write,
                    counts.rows,
                    counts.bytes,
                    counts.refused,
                    counts.parentless,
                    counts.unsure,
                    counts.tombstones,
                    counts.entities,
                ),
            )?;
        }
        let state = serde_json::to_string(&self.state).map_err(internal)?;
        if state != self.stored.0 {
            self.execute("update chronicle_failover set state = ? where id = 1", [state])?;
        }
        Ok(())
    }

    /// A pause of a table of which nothing waits would never be tried.
    fn end_idle_pauses(&mut self) -> Result<()> {
        let paused: Vec<String> = self.state.pauses.keys().cloned().collect();
        for table in paused.into_iter().filter(|table| table != EVERYTHING) {
            if !self.waits_unheld(&TableName::stored(table.clone()))? {
                self.state.pauses.remove(&table);
            }
        }
        Ok(())
    }

    /// Fails where the file belongs to another remote, identity or mode than this store.
    fn check_binding(&self, own: &Binding) -> Result<()> {
        let is_own = self.state.binding.as_ref().is_some_and(|bound| {
            bound.remote == own.remote
                && bound.mode == own.mode
                && (own.identity.is_none()
                    || bound.identity.is_none()
                    || bound.identity == own.identity)
        });
        if is_own || seam::breaks(Mutation::BindingNotChecked) {
            return Ok(());
        }
        seam::met(Met::BindingChanged);
        Err(Error::new(
            ErrorKind::Conflict,
            "the file was bound to another remote, identity or mode meanwhile: nothing was written",
        )
        .with_hint("open the store anew"))
    }

    pub(super) fn execute(&self, sql: &str, values: impl Params) -> Result<usize> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(values))
            .map_err(from_rusqlite)
    }

    pub(super) fn first<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(values, read).optional())
            .map_err(from_rusqlite)
    }

    pub(super) fn list<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map(values, read)?.collect())
            .map_err(from_rusqlite)
    }

    pub(super) fn exists(&self, sql: &str, values: impl Params) -> Result<bool> {
        Ok(self.first(sql, values, |_| Ok(()))?.is_some())
    }
}

pub(crate) fn internal(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Internal, error.to_string())
}
