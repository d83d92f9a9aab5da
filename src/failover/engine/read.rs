//! Reads: by the remote, which the mirror learns from, or by the file.

use super::Engine;
use super::outage::Outage;
use super::write::not_known;
use crate::backend::sqlite::Urgency;
use crate::failover::WriteMode;
use crate::failover::file::MIRROR;
use crate::failover::rules::name::RowName;
use crate::failover::rules::route::{self, Route};
use crate::failover::seam::{self, Met, Mutation};
use crate::filter::{Comparison, Expression, Node};
use crate::key::Key;
use crate::operation::{Read, Selection};
use crate::{Aggregation, Backend, Column, Error, ErrorKind, RawRow, Result, Table};
use futures_util::future::BoxFuture;
use sea_orm::Value;
use std::sync::Arc;

/// Most rows of one read that are kept.
const MOST_KEPT: usize = 1_000;

impl Engine {
    pub(crate) async fn read(self: &Arc<Self>, read: &Read) -> Result<Vec<Vec<Value>>> {
        if read.table.key.is_empty() {
            return self
                .of_remote_alone(read, |engine, read| {
                    Box::pin(async move { engine.remote.read(&read).await })
                })
                .await;
        }
        self.know_all(read).await?;
        let (route, since) = self.route_of_read(read)?;
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
                _ => {
                    self.note_seen(read.table, &rows, since).await;
                    self.keep_read(read.table, &rows[..rows.len().min(MOST_KEPT)], since);
                }
            }
        }
        Ok(rows)
    }

    /// Who reads a row after a change of it was refused has seen what others made of it: what is written from
    /// now on is based on that.
    async fn note_seen(self: &Arc<Self>, table: &'static Table, rows: &[Vec<Value>], since: i64) {
        if !table.has_versions() {
            return;
        }
        let refused = self.file.ask(|transaction| transaction.released_letters(table));
        let refused = refused.unwrap_or_default();
        let is_refused = |row: &&Vec<Value>| refused.contains(&RowName::of_values(table, row));
        let seen: Vec<Vec<Value>> = match refused.is_empty() {
            true => return,
            false => rows.iter().filter(is_refused).cloned().collect(),
        };
        if seen.is_empty() {
            return;
        }
        let noted = self.file.change(Urgency::Call, MIRROR, move |transaction| {
            transaction.note_seen(table, &seen, since)
        });
        if let Err(error) = noted.await {
            super::mirror::count_failure(&error);
        }
    }

    pub(crate) async fn count(self: &Arc<Self>, read: &Read) -> Result<u64> {
        let asked = read.clone();
        self.said_of(read, move |backend| {
            let asked = asked.clone();
            Box::pin(async move { backend.count(&asked).await })
        })
        .await
    }

    pub(crate) async fn aggregate(
        self: &Arc<Self>,
        aggregation: &Aggregation,
    ) -> Result<Vec<Vec<Value>>> {
        let asked = aggregation.clone();
        self.said_of(&aggregation.rows, move |backend| {
            let asked = asked.clone();
            Box::pin(async move { backend.aggregate(&asked).await })
        })
        .await
    }

    /// What one of the two says of rows that it does not give.
    async fn said_of<T: Send + 'static>(
        self: &Arc<Self>,
        rows: &Read,
        ask: impl for<'b> Fn(&'b dyn Backend) -> BoxFuture<'b, Result<T>>
        + Send
        + Sync
        + Clone
        + 'static,
    ) -> Result<T> {
        let of_remote = ask.clone();
        if rows.table.key.is_empty() {
            return self
                .of_remote_alone(rows, move |engine, _| {
                    Box::pin(async move { of_remote(&*engine.remote).await })
                })
                .await;
        }
        self.know_all(rows).await?;
        if self.route_of_read(rows)?.0 == Route::Remote {
            let engine = self.clone();
            let answer = self
                .to_its_end(Box::pin(async move {
                    engine.check_identity().await?;
                    of_remote(&*engine.remote).await
                }))
                .await;
            if let Some(said) = self.served(answer).await? {
                return Ok(said);
            }
        }
        self.check_known(rows)?;
        let said = ask(self.file.sqlite()).await?;
        self.check_known(rows)?;
        Ok(said)
    }

    pub(crate) async fn query_raw(
        self: &Arc<Self>,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Vec<RawRow>> {
        self.check_alike("SQL of your own")?;
        let (engine, sql) = (self.clone(), sql.to_owned());
        self.to_its_end(Box::pin(async move { engine.remote.query_raw(&sql, values).await })).await
    }

    pub(crate) async fn call(
        self: &Arc<Self>,
        function: &str,
        arguments: RawRow,
    ) -> Result<Vec<u8>> {
        self.check_alike("a function")?;
        let (engine, function) = (self.clone(), function.to_owned());
        self.to_its_end(Box::pin(async move { engine.remote.call(&function, arguments).await }))
            .await
    }

    /// Fails where the remote is out of reach, or something waits that it does not know.
    fn check_alike(self: &Arc<Self>, what: &str) -> Result<()> {
        let waits = self.file.ask(|transaction| {
            Ok(transaction.state.breaker.is_open() || !transaction.is_drained()?)
        })?;
        if waits {
            return Err(Error::new(
                ErrorKind::Unavailable,
                format!("{what} needs the remote, which is out of reach, or behind the file"),
            ));
        }
        Ok(())
    }

    async fn know_all(&self, read: &Read) -> Result<()> {
        for table in tables_of(read) {
            if table.key.is_empty() {
                let message = format!(
                    "the rows of `{}` have no key, and so the file has none to compare with",
                    table.name
                );
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
            self.file.know(table).await?;
        }
        Ok(())
    }

    fn route_of_read(&self, read: &Read) -> Result<(Route, i64)> {
        if self.settings.mode == WriteMode::LocalFirst {
            return Ok((Route::File, 0));
        }
        let relations = self.file.relations();
        self.file.ask(|transaction| {
            let mut route = Route::Remote;
            for table in tables_of(read) {
                let facts = transaction.facts_of_read(&relations, table)?;
                if route::of_read(facts) == Route::File {
                    route = Route::File;
                }
            }
            Ok((route, transaction.counts.write))
        })
    }

    async fn read_file(&self, read: &Read) -> Result<Vec<Vec<Value>>> {
        self.check_known(read)?;
        let rows = self.file.sqlite().read(read).await?;
        // A row may have become one that is not known since.
        self.check_known(read)?;
        Ok(rows)
    }

    /// Fails where the file is asked by its key for a row whose state it does not know.
    fn check_known(&self, read: &Read) -> Result<()> {
        for table in read.filter.related_tables() {
            self.check_named(table, &Node::Constant(true))?;
        }
        self.check_named(read.table, &read.filter)
    }

    /// As [`check_known`](Self::check_known), of the rows that a condition names by their keys.
    pub(super) fn check_named(&self, table: &'static Table, filter: &Node) -> Result<()> {
        let rows: Vec<RowName> =
            named_keys(filter, table).iter().map(|key| RowName::of(table, key)).collect();
        let (lacks_columns, is_unsure) = self.file.ask(|transaction| {
            let lacks_columns = transaction.has_rows_without_columns(table)?;
            let mut is_unsure = false;
            for row in &rows {
                is_unsure |= transaction.is_unsure(row)?;
            }
            Ok((lacks_columns, is_unsure))
        })?;
        if lacks_columns {
            return Err(without_columns(table));
        }
        if is_unsure || rows.iter().any(|row| self.is_missed(row)) {
            seam::met(Met::ReadUnsure);
            return Err(not_known());
        }
        Ok(())
    }

    /// The remote's answer to a read of rows without a key, of which the file keeps none.
    async fn of_remote_alone<T: Send + 'static>(
        self: &Arc<Self>,
        read: &Read,
        ask: impl FnOnce(Arc<Self>, Read) -> BoxFuture<'static, Result<T>> + Send + 'static,
    ) -> Result<T> {
        let (engine, read) = (self.clone(), read.clone());
        let table = read.table.name;
        let answer = self
            .to_its_end(Box::pin(async move {
                engine.check_identity().await?;
                ask(engine, read).await
            }))
            .await;
        self.served(answer).await?.ok_or_else(|| {
            let message =
                format!("the rows of `{table}` have no key, and so are at the remote alone");
            Error::new(ErrorKind::Unavailable, message)
                .with_hint("ask again once the remote can be reached")
        })
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

/// The tables whose rows a read asks for or compares.
fn tables_of(read: &Read) -> Vec<&'static Table> {
    [read.table].into_iter().chain(read.filter.related_tables()).collect()
}

/// The rows of the file are from before the entity had all its columns.
fn without_columns(table: &Table) -> Error {
    let message = format!(
        "the file has rows of `{}` from before this entity was used with it: what the remote has in \
         its other columns is not known",
        table.name
    );
    Error::new(ErrorKind::Unavailable, message)
        .with_table(table.name)
        .with_hint("ask again once the remote can be reached: the rows are fetched then")
}

/// The key that a plain read asks for: without an offset, and with any limit but none of it, so that
/// "no row" means that there is none.
fn key_of(read: &Read) -> Option<Key> {
    if seam::breaks(Mutation::AbsenceOfAnyRead) {
        return named_key(&read.filter, read.table);
    }
    (read.offset == 0 && read.limit != Some(0)).then(|| named_key(&read.filter, read.table))?
}

/// The key that a filter asks for, if it asks for one row by its key and nothing else.
fn named_key(filter: &Node, table: &'static Table) -> Option<Key> {
    let terms = match filter {
        Node::All(terms) => terms.as_slice(),
        node => std::slice::from_ref(node),
    };
    if terms.len() != table.key.len() {
        return None;
    }
    let value = |key: &'static Column| terms.iter().find_map(|term| equals(term, key)).cloned();
    Some(Key::new(table.key_columns().map(value).collect::<Option<Vec<_>>>()?))
}

/// The value that a condition asks a column for.
fn equals<'f>(term: &'f Node, key: &Column) -> Option<&'f Value> {
    match term {
        Node::Compare {
            expression: Expression::Column(column),
            comparison: Comparison::Equal,
            value,
        } if *column == key => Some(value),
        _ => None,
    }
}

/// The keys that a filter asks for: no row with another one matches.
pub(super) fn named_keys(filter: &Node, table: &'static Table) -> Vec<Key> {
    match filter {
        Node::Keys { keys, .. } => keys.clone(),
        Node::In { expression: Expression::Column(column), values }
            if table.key.len() == 1 && table.columns[table.key[0]] == **column =>
        {
            values.iter().cloned().map(Key::from).collect()
        }
        Node::All(terms) => {
            let value =
                |key: &'static Column| terms.iter().find_map(|term| equals(term, key)).cloned();
            match table.key_columns().map(value).collect::<Option<Vec<_>>>() {
                Some(key) if !key.is_empty() => vec![Key::new(key)],
                _ => terms
                    .iter()
                    .map(|term| named_keys(term, table))
                    .find(|keys| !keys.is_empty())
                    .unwrap_or_default(),
            }
        }
        node => named_key(node, table).into_iter().collect(),
    }
}
