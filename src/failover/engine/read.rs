//! Reads: by the remote, which the mirror learns from, or by the file.

use super::Engine;
use super::outage::Outage;
use super::write::not_known;
use crate::failover::WriteMode;
use crate::failover::rules::name::RowName;
use crate::failover::rules::route::{self, Route};
use crate::failover::seam::{self, Met, Mutation};
use crate::filter::{Comparison, Expression, Node};
use crate::operation::{Read, Selection};
use crate::{Backend, Error, ErrorKind, RawRow, Result, Table};
use sea_orm::Value;
use std::sync::Arc;

/// Most rows of one read that are kept.
const MOST_KEPT: usize = 1_000;

impl Engine {
    pub(crate) async fn read(self: &Arc<Self>, read: &Read) -> Result<Vec<Vec<Value>>> {
        self.file.know(read.table)?;
        let (route, since) = self.route_of_read(read.table)?;
        if route == Route::File {
            return self.read_file(read).await;
        }
        let (engine, asked) = (self.clone(), read.clone());
        let answer = self
            .to_its_end(Box::pin(async move {
                engine.check_identity().await?;
                engine.remote.read(&asked).await
            }))
            .await;
        let Some(rows) = self.served(answer).await? else { return self.read_file(read).await };
        if read.selection == Selection::Rows {
            match key_of(read) {
                Some(key) if rows.is_empty() => {
                    seam::met(Met::AbsenceLearned);
                    self.keep_absence(read.table, key, since);
                }
                _ if rows.is_empty() => {}
                _ => self.keep_read(read.table, &rows[..rows.len().min(MOST_KEPT)], since),
            }
        }
        Ok(rows)
    }

    pub(crate) async fn count(self: &Arc<Self>, read: &Read) -> Result<u64> {
        self.file.know(read.table)?;
        if self.route_of_read(read.table)?.0 == Route::Remote {
            let (engine, asked) = (self.clone(), read.clone());
            let answer = self
                .to_its_end(Box::pin(async move {
                    engine.check_identity().await?;
                    engine.remote.count(&asked).await
                }))
                .await;
            if let Some(count) = self.served(answer).await? {
                return Ok(count);
            }
        }
        self.check_known(read)?;
        self.file.sqlite().count(read).await
    }

    pub(crate) async fn query_raw(
        self: &Arc<Self>,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Vec<RawRow>> {
        let waits = self.file.ask(|transaction| {
            Ok(transaction.state.breaker.is_open() || !transaction.is_drained()?)
        })?;
        if waits {
            return Err(Error::new(
                ErrorKind::Unavailable,
                "SQL of your own needs the remote, which is out of reach, or behind the file",
            ));
        }
        let (engine, sql) = (self.clone(), sql.to_owned());
        self.to_its_end(Box::pin(async move { engine.remote.query_raw(&sql, values).await })).await
    }

    fn route_of_read(&self, table: &'static Table) -> Result<(Route, i64)> {
        if self.settings.mode == WriteMode::LocalFirst {
            return Ok((Route::File, 0));
        }
        let relations = self.file.relations();
        self.file.ask(|transaction| {
            let facts = transaction.facts_of_read(&relations, table)?;
            Ok((route::of_read(facts), transaction.counts.write))
        })
    }

    async fn read_file(&self, read: &Read) -> Result<Vec<Vec<Value>>> {
        self.check_known(read)?;
        self.file.sqlite().read(read).await
    }

    /// Fails where the file is asked by its key for a row whose state it does not know.
    fn check_known(&self, read: &Read) -> Result<()> {
        self.check_named(read.table, &read.filter)
    }

    /// As [`check_known`](Self::check_known), of the rows that a condition names by their keys.
    pub(super) fn check_named(&self, table: &'static Table, filter: &Node) -> Result<()> {
        for key in named_keys(filter, table) {
            let row = RowName::of(table, key);
            if self.is_missed(&row) || self.file.ask(|transaction| transaction.is_unsure(&row))? {
                seam::met(Met::ReadUnsure);
                return Err(not_known());
            }
        }
        Ok(())
    }

    /// The remote's answer to a read; nothing when it cannot serve, and the file is to.
    async fn served<T>(self: &Arc<Self>, answer: Result<T>) -> Result<Option<T>> {
        let error = match answer {
            Ok(answer) => return Ok(Some(answer)),
            Err(error) => error,
        };
        let Some(outage) = Outage::of(&error) else { return Err(error) };
        self.note_outage(outage.of_read()).await;
        Ok(None)
    }
}

/// The key that a plain read asks for: without an offset, and with any limit but none of it, so that
/// "no row" means that there is none.
fn key_of(read: &Read) -> Option<Value> {
    if seam::breaks(Mutation::AbsenceOfAnyRead) {
        return named_key(&read.filter, read.table);
    }
    (read.offset == 0 && read.limit != Some(0)).then(|| named_key(&read.filter, read.table))?
}

/// The key that a filter asks for, if it asks for one row by its key and nothing else.
fn named_key(filter: &Node, table: &'static Table) -> Option<Value> {
    match filter {
        Node::Compare {
            expression: Expression::Column(column),
            comparison: Comparison::Equal,
            value,
        } if *column == table.key_column() => Some(value.clone()),
        _ => None,
    }
}

/// The keys that a filter asks for: no row with another one matches.
fn named_keys<'f>(filter: &'f Node, table: &'static Table) -> &'f [Value] {
    let is_key = |expression: &Expression| matches!(expression, Expression::Column(column) if *column == table.key_column());
    match filter {
        Node::Compare { expression, comparison: Comparison::Equal, value }
            if is_key(expression) =>
        {
            std::slice::from_ref(value)
        }
        Node::In { expression, values } if is_key(expression) => values,
        Node::All(terms) => terms
            .iter()
            .map(|term| named_keys(term, table))
            .find(|keys| !keys.is_empty())
            .unwrap_or_default(),
        _ => &[],
    }
}
