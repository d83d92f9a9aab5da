//! Filling the file from the remote, and emptying it.

use super::Engine;
use super::entry::RowName;
use super::file::ForeignKeys;
use super::outbox::{internal, schema_version};
use crate::backend::sqlite::{apply, from_sqlx};
use crate::filter::Node;
use crate::operation::{OrderTerm, Read, Selection, Target, Write, WriteKind};
use crate::query::keyset;
use crate::{Error, ErrorKind, Result, Table, value};
use sea_orm::sqlx::{self, Row};
use sea_orm::{JsonValue, Value};
use std::collections::HashSet;

/// Rows of one transaction: other processes write between two.
const PAGE: u64 = 500;

/// How far a pull has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PullProgress {
    /// Rows that were read from the remote so far.
    pub pulled: u64,
    /// Rows that were removed from the file because the remote does not have them; known at the end.
    pub removed: u64,
}

impl Engine {
    /// Reads the table from the remote, largest keys first, and stores its rows; at the end it
    /// removes those that the remote does not have.
    pub(super) async fn pull(
        &self,
        table: &'static Table,
        mut tell: impl FnMut(PullProgress),
    ) -> Result<PullProgress> {
        let mut progress = PullProgress { pulled: 0, removed: 0 };
        let order = vec![OrderTerm { column: table.key_column(), descending: true }];
        let began = self.file.state().await?.writes;
        let mut seen: HashSet<String> = HashSet::new();
        let mut filter = Node::Constant(true);
        loop {
            let read = Read {
                table,
                selection: Selection::Rows,
                filter,
                order: order.clone(),
                limit: Some(PAGE),
                offset: 0,
            };
            let since = self.file.state().await?.writes;
            let rows = self.remote.read(&read).await?;
            let Some(last) = rows.last().map(|row| row[table.key].clone()) else { break };
            progress.pulled += rows.len() as u64;
            seen.extend(rows.iter().map(|row| value::to_text(&row[table.key])));
            self.file.room().await?;
            let mut transaction = self.file.begin(ForeignKeys::Off).await?;
            transaction.store_rows(table, rows, Some(since)).await?;
            transaction.commit().await?;
            tell(progress);
            filter = keyset::after(&order, &[last]).reduce()?;
        }
        let keys = {
            let mut transaction = self.file.begin(ForeignKeys::Off).await?;
            transaction.touched_keys(table, &Target::All).await?
        };
        let gone: Vec<Value> =
            keys.into_iter().filter(|key| !seen.contains(&value::to_text(key))).collect();
        for keys in gone.chunks(PAGE as usize) {
            let mut transaction = self.file.begin(ForeignKeys::On).await?;
            for key in keys {
                if transaction.forget_row(table, key.clone(), began).await? {
                    progress.removed += 1;
                }
            }
            transaction.commit().await?;
        }
        tell(progress);
        Ok(progress)
    }

    /// Removes rows that match from the file, unless something waits for them.
    pub(super) async fn prune(&self, table: &'static Table, filter: Node) -> Result<u64> {
        let target = match filter.reduce()? {
            Node::Constant(false) => return Ok(0),
            Node::Constant(true) => Target::All,
            node => Target::Filter(node),
        };
        let keys = {
            let mut transaction = self.file.begin(ForeignKeys::Off).await?;
            transaction.touched_keys(table, &target).await?
        };
        let mut pruned = 0;
        for keys in keys.chunks(PAGE as usize) {
            let mut transaction = self.file.begin(ForeignKeys::Off).await?;
            for key in keys {
                let name = RowName(table.name.to_owned(), value::to_text(key));
                if transaction.waits(&name).await? || transaction.is_letter(&name).await? {
                    continue;
                }
                let kind = WriteKind::Delete { target: Target::Key(key.clone()) };
                pruned += apply(transaction.connection().await?, Write { table, kind }).await?;
            }
            transaction.commit().await?;
        }
        Ok(pruned)
    }

    /// Gives the values of entries and letters that an earlier version of the entity queued the form
    /// of this one.
    pub(super) async fn convert(
        &self,
        table: &'static Table,
        mut change: impl FnMut(&mut serde_json::Map<String, JsonValue>),
    ) -> Result<u64> {
        let version = schema_version(table);
        let mut converted = 0;
        let mut transaction = self.file.begin(ForeignKeys::Off).await?;
        for (select, update) in [
            (
                "select sequence, body from chronicle_outbox \
                 where table_name = $1 and schema_version <> $2 and body <> ''",
                "update chronicle_outbox set body = $2, columns = $3, schema_version = $4 \
                 where sequence = $1",
            ),
            (
                "select id, body from chronicle_dead_letters \
                 where table_name = $1 and schema_version <> $2 and body <> ''",
                "update chronicle_dead_letters set body = $2, columns = $3, schema_version = $4 \
                 where id = $1",
            ),
        ] {
            let rows = sqlx::query(select)
                .bind(table.name)
                .bind(&version)
                .fetch_all(transaction.connection().await?)
                .await
                .map_err(from_sqlx)?;
            for row in rows {
                let number: i64 = row.try_get(0).map_err(from_sqlx)?;
                let body: String = row.try_get(1).map_err(from_sqlx)?;
                let mut values = serde_json::from_str(&body).map_err(internal)?;
                change(&mut values);
                let columns: Vec<&String> = values.keys().collect();
                if let Some(unknown) = columns
                    .iter()
                    .find(|name| table.columns.iter().all(|column| column.name != name.as_str()))
                {
                    return Err(Error::new(
                        ErrorKind::SchemaMismatch,
                        format!(
                            "`{unknown}` is no column of `{}`: nothing was converted",
                            table.name
                        ),
                    ));
                }
                let columns = serde_json::to_string(&columns).map_err(internal)?;
                let body = serde_json::to_string(&values).map_err(internal)?;
                let values: Vec<Value> =
                    vec![number.into(), body.into(), columns.into(), version.clone().into()];
                transaction.execute(update, values).await?;
                converted += 1;
            }
        }
        transaction.commit().await?;
        self.wake();
        Ok(converted)
    }
}
