//! Rows that are told from others by unique columns beside their key: the remote alone knows which row that
//! is, so it decides, and the file takes what it has stored.

use super::Engine;
use super::outage::Outage;
use crate::failover::WriteMode;
use crate::failover::file::Answer;
use crate::failover::rules::route::Route;
use crate::operation::{Duplicates, Merge, NewRow, Target, Write, WriteKind, Written};
use crate::{Error, ErrorKind, Result};
use sea_orm::Value;
use std::sync::Arc;

impl Engine {
    pub(crate) async fn merge(self: &Arc<Self>, merge: Merge) -> Result<Vec<Value>> {
        self.file.know(merge.table).await?;
        // Which row it changes is not known here: it waits for what a write by a condition waits for.
        let write = Arc::new(by_condition(&merge));
        if self.settings.mode == WriteMode::LocalFirst || self.route(&write).await?.0 == Route::File
        {
            return Err(needs_remote(&merge));
        }
        let engine = self.clone();
        self.to_its_end(Box::pin(async move {
            let _call = engine.calls.read().await;
            let _turn = engine.turns.lock(&write).await;
            let (route, since) = engine.leave_plainly(&write).await?;
            if route == Route::File {
                return Err(needs_remote(&merge));
            }
            engine.merge_at_remote(merge, write, Answer { since, own: None }).await
        }))
        .await
    }

    async fn merge_at_remote(
        self: &Arc<Self>,
        merge: Merge,
        write: Arc<Write>,
        answer: Answer,
    ) -> Result<Vec<Value>> {
        let result = match self.check_identity().await {
            Ok(()) => self.remote.merge(merge.clone()).await,
            Err(error) => Err(error),
        };
        let error = match result {
            Ok(stored) => {
                self.note_refusal(|_| None);
                let rows = vec![NewRow::whole(stored.clone())];
                let kind = WriteKind::Insert { rows, duplicates: Duplicates::Replace };
                let put = Arc::new(Write::new(merge.table, kind));
                let written = Written { touched: 1, stored: Some(vec![stored.clone()]) };
                if let Err(error) = self.accepted(&put, &written, answer).await {
                    super::mirror::count_failure(&error);
                    self.note_missed(&put);
                }
                return Ok(stored);
            }
            Err(error) => error,
        };
        match Outage::of(&error) {
            Some(outage) if outage.is_ambiguous => {
                Err(self.leave_ghost(&write, outage, &error).await)
            }
            Some(outage) => {
                self.note_outage(outage).await;
                Err(needs_remote(&merge))
            }
            None => {
                // It is stored, and cannot be read.
                if error.rows_stored() > 0 {
                    self.note_missed(&write);
                }
                Err(error)
            }
        }
    }
}

/// The same as a write of the rows that match.
fn by_condition(merge: &Merge) -> Write {
    let target = Target::Filter(merge.condition());
    let assignments = merge.row.given().map(|(at, value)| (at, value.clone())).collect();
    Write::new(merge.table, WriteKind::Update { target, assignments, additions: Vec::new() })
}

fn needs_remote(merge: &Merge) -> Error {
    let name = merge.unique.first().map_or("?", |at| merge.table.columns[*at].name);
    let message = format!(
        "which row has this `{name}` is known by the remote alone, which is out of reach, or behind the file"
    );
    Error::new(ErrorKind::Unsupported, message).with_table(merge.table.name).with_hint(format!(
        "make the key of the value: a UUID version 5 of `{name}` (`Uuid::new_v5`), and `upsert` by the key, \
         which the file takes too"
    ))
}
