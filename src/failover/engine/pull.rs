//! Filling the file from the remote.

use super::Engine;
use crate::backend::sqlite::Urgency;
use crate::failover::PullProgress;
use crate::failover::file::{MIRROR, version_of};
use crate::failover::rules::name::RowKey;
use crate::filter::Node;
use crate::operation::{OrderTerm, Read, Selection, Target};
use crate::order::Direction;
use crate::query::keyset;
use crate::{Error, ErrorKind, Result, Table};
use sea_orm::JsonValue;
use std::collections::HashSet;
use std::sync::Arc;

/// Rows of one request, and of one transaction: other processes write between two.
const PAGE: u64 = 500;
/// Rows that are removed in one transaction.
const ROWS_OF_REMOVAL: usize = 200;

impl Engine {
    /// Reads the table from the remote, largest keys first, and stores its rows; at the end it
    /// removes those that the remote does not have.
    pub(crate) async fn pull(
        self: &Arc<Self>,
        table: &'static Table,
        mut tell: impl FnMut(PullProgress),
    ) -> Result<PullProgress> {
        self.know_whole(table).await?;
        let mut progress = PullProgress { pulled: 0, removed: 0 };
        let order = OrderTerm::of_key(table, Direction::Descending);
        let began = self.file.ask(|transaction| Ok(transaction.counts.write))?;
        // What is there at the end but was not when it began was read or written meanwhile.
        let keys_before =
            self.file.look(move |transaction| transaction.keys(table, &Target::All)).await?;
        let mut seen: HashSet<RowKey> = HashSet::new();
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
            let (rows, since) = self.read_as_of(read).await?;
            let Some(last) = rows.last().map(|row| table.key_of(row)) else { break };
            progress.pulled += rows.len() as u64;
            seen.extend(rows.iter().map(|row| RowKey::of_row(table, row)));
            self.file.room().await?;
            let relations = self.file.relations();
            let wakes = self
                .file
                .change(Urgency::Call, MIRROR, move |transaction| {
                    transaction.store_read(&relations, table, &rows, since)
                })
                .await?;
            if wakes {
                self.wake();
            }
            tell(progress);
            filter = keyset::after(&order, last.values()).reduce()?;
        }
        let gone: Vec<_> =
            keys_before.into_iter().filter(|key| !seen.contains(&RowKey::of(table, key))).collect();
        for keys in gone.chunks(ROWS_OF_REMOVAL) {
            let (keys, relations) = (keys.to_vec(), self.file.relations());
            progress.removed += self
                .file
                .change(Urgency::Call, MIRROR, move |transaction| {
                    let mut removed = 0;
                    for key in &keys {
                        removed +=
                            u64::from(transaction.forget_row(&relations, table, key, began)?);
                    }
                    Ok(removed)
                })
                .await?;
        }
        tell(progress);
        Ok(progress)
    }

    /// Fails where another entity has more columns of the table: what is read of this one is no whole row.
    pub(super) async fn know_whole(self: &Arc<Self>, table: &'static Table) -> Result<()> {
        self.file.know(table).await?;
        let relations = self.file.relations();
        if self.file.ask(|transaction| transaction.is_narrow(&relations, table))? {
            let message =
                "another entity has more columns of this table, and the file keeps rows whole";
            return Err(Error::new(ErrorKind::Unsupported, message)
                .with_table(table.name)
                .with_hint("take the entity that has all its columns"));
        }
        Ok(())
    }

    /// Gives the values of entries that an earlier version of the entity queued the form of this one.
    pub(crate) async fn convert(
        self: &Arc<Self>,
        table: &'static Table,
        mut change: impl FnMut(&mut serde_json::Map<String, JsonValue>) + Send + 'static,
    ) -> Result<u64> {
        let version = version_of(table);
        let converted = self
            .file
            .change(Urgency::Call, crate::failover::file::DURABLE, move |transaction| {
                transaction.convert(table, &version, &mut change)
            })
            .await?;
        self.wake();
        Ok(converted)
    }
}
