//! Reads: by the remote, which the mirror learns from, or by the file.

use super::{Outage, Route};
use crate::failover::Engine;
use crate::failover::verdict::Verdict;
use crate::filter::{Comparison, Expression, Node};
use crate::operation::{Read, Selection};
use crate::{Error, ErrorKind, RawRow, Result, Table};
use sea_orm::Value;
use std::sync::Arc;

/// Most rows of one read that are kept.
const MOST_KEPT: usize = 1_000;

impl Engine {
    pub(in crate::failover) async fn read(
        self: &Arc<Self>,
        read: &Read,
    ) -> Result<Vec<Vec<Value>>> {
        let state = self.file.state().await?;
        if self.route(&state) == Route::File {
            return self.file.read(read).await;
        }
        let rows = match self.served(self.remote.read(read)).await? {
            Some(rows) => rows,
            None => return self.file.read(read).await,
        };
        if read.selection == Selection::Rows {
            let engine = self.clone();
            let (table, since) = (read.table, state.writes);
            match (rows.is_empty(), key_of(table, &read.filter)) {
                (true, Some(key)) => self.environment.spawn(Box::pin(async move {
                    engine.keep_absence(table, key, since).await;
                })),
                (true, None) => {}
                (false, _) => {
                    let kept = rows.iter().take(MOST_KEPT).cloned().collect();
                    self.environment.spawn(Box::pin(async move {
                        engine.keep_read(table, kept, since).await;
                    }));
                }
            }
        }
        Ok(rows)
    }

    pub(in crate::failover) async fn count(&self, read: &Read) -> Result<u64> {
        let state = self.file.state().await?;
        if self.route(&state) == Route::Remote
            && let Some(count) = self.served(self.remote.count(read)).await?
        {
            return Ok(count);
        }
        self.file.count(read).await
    }

    pub(in crate::failover) async fn query_raw(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Vec<RawRow>> {
        let state = self.file.state().await?;
        if state.waiting.rows > 0 || state.breaker.is_open() {
            return Err(Error::new(
                ErrorKind::Unavailable,
                "SQL of your own needs the remote, which is out of reach, or behind the file",
            ));
        }
        self.remote.query_raw(sql, values).await
    }

    /// The remote's answer to a read; nothing when it cannot serve, and the file is to.
    async fn served<T>(&self, work: impl Future<Output = Result<T>>) -> Result<Option<T>> {
        let error = match work.await {
            Ok(answer) => return Ok(Some(answer)),
            Err(error) => error,
        };
        let at_once = match Verdict::of(&error) {
            Verdict::NotApplied { at_once } | Verdict::Ambiguous { at_once } => at_once,
            Verdict::Throttled(_) | Verdict::ReadOnly | Verdict::Repeat => return Ok(None),
            _ => return Err(error),
        };
        // A read leaves nothing behind that could arrive later.
        self.note_outage(&Outage { ambiguous: false, at_once, error: &error }).await;
        Ok(None)
    }
}

/// The key that a filter asks for, if it asks for one row by its key.
fn key_of(table: &'static Table, filter: &Node) -> Option<Value> {
    match filter {
        Node::Compare {
            expression: Expression::Column(column),
            comparison: Comparison::Equal,
            value,
        } if *column == table.key_column() => Some(value.clone()),
        _ => None,
    }
}
