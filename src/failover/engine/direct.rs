//! Direct writes that leave for the remote, and those of processes that ended while one was under way.

use super::Engine;
use super::outage::Outage;
use crate::backend::sqlite::Urgency;
use crate::change::Ids;
use crate::failover::environment::Moment;
use crate::failover::file::{MIRROR, Relations, Stamp, Transaction};
use crate::failover::rules::route::{self, Route};
use crate::operation::Write;
use crate::{ErrorKind, Result};
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// What becomes of writes that are to leave.
enum Leave {
    /// The remote serves them, as of this write of the file.
    ToRemote(i64),
    ToFile(i64),
    /// First these ids have to be taken.
    Behind(Vec<Uuid>),
}

impl Engine {
    /// Who serves writes that the server's function makes once, and the number of the last write that the
    /// file knows. Of what leaves for the remote the file has the ids before: should this process end without
    /// an answer, others see to it that it does not arrive late.
    pub(super) async fn leave(
        self: &Arc<Self>,
        writes: &Arc<[Write]>,
        ids: &Arc<Ids>,
    ) -> Result<(Route, i64)> {
        loop {
            let (engine, relations) = (self.clone(), self.file.relations());
            let (to_note, by) = (writes.clone(), ids.clone());
            let leave = move |transaction: &mut Transaction<'_>| {
                let now = engine.environment.now();
                let leave = transaction.leave(&relations, &to_note, &engine.process, now)?;
                if matches!(leave, Leave::ToRemote(_)) {
                    let stamp = Stamp::new(now, engine.settings.settle);
                    transaction.note_direct(&relations, &to_note, &by, &engine.process, stamp)?;
                }
                Ok(leave)
            };
            let left = self.file.change(Urgency::Call, MIRROR, leave).await;
            let left = match left {
                // The remote serves all the same.
                Err(error) if error.kind() != ErrorKind::Conflict => {
                    tracing::debug!(%error, "a direct write is not noted in the file");
                    let (relations, now) = (self.file.relations(), self.environment.now());
                    self.file.ask(|transaction| {
                        transaction.leave(&relations, writes, &self.process, now)
                    })?
                }
                left => left?,
            };
            if let Some(way) = self.way_of(left).await? {
                return Ok(way);
            }
        }
    }

    /// The same of a write that goes without the function.
    pub(super) async fn leave_plainly(
        self: &Arc<Self>,
        write: &Arc<Write>,
    ) -> Result<(Route, i64)> {
        loop {
            let (route, since) = self.route(write).await?;
            let before = match route {
                Route::File => BTreeSet::new(),
                Route::Remote => {
                    let relations = self.file.relations();
                    self.file.ask(|transaction| {
                        transaction.direct_before(&relations, write, &self.process)
                    })?
                }
            };
            if before.is_empty() {
                return Ok((route, since));
            }
            if let Some(way) = self.way_of(Leave::Behind(before.into_iter().collect())).await? {
                return Ok(way);
            }
        }
    }

    /// The way of writes; nothing where it has to be asked for again.
    async fn way_of(self: &Arc<Self>, leave: Leave) -> Result<Option<(Route, i64)>> {
        let ids = match leave {
            Leave::ToRemote(since) => return Ok(Some((Route::Remote, since))),
            Leave::ToFile(since) => return Ok(Some((Route::File, since))),
            Leave::Behind(ids) => ids,
        };
        let Err(error) = self.take_direct(ids).await else { return Ok(None) };
        let Some(outage) = Outage::of(&error) else { return Err(error) };
        self.note_outage(outage.of_read()).await;
        Ok(Some((Route::File, self.file.ask(|transaction| Ok(transaction.counts.write))?)))
    }

    /// Sees to it that direct writes of processes that may have ended do not take effect any more.
    ///
    /// # Errors
    /// Those of an outage, and of the file.
    pub(super) async fn take_direct(self: &Arc<Self>, ids: Vec<Uuid>) -> Result<()> {
        self.check_identity().await?;
        let mut settle = None;
        for id in &ids {
            let answered = self.remote.apply_together(Some(*id), &[]).await;
            self.note_function(&answered).await;
            match answered {
                Ok(_) => {}
                Err(error) if Outage::of(&error).is_some() => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "a direct write without answer cannot be called off");
                    settle = Some(Stamp::new(self.environment.now(), self.settings.settle));
                }
            }
        }
        self.file
            .acknowledge(MIRROR, move |transaction| transaction.end_direct(&ids, settle))
            .await?;
        self.wake();
        Ok(())
    }

    /// What became of direct writes is known.
    pub(super) async fn forget_direct(self: &Arc<Self>, ids: &Arc<Ids>) {
        let ids = ids.clone();
        let forgotten = self
            .file
            .acknowledge(MIRROR, move |transaction| transaction.forget_direct(ids.as_slice()));
        if let Err(error) = forgotten.await {
            // Replay asks the remote later.
            tracing::debug!(%error, "a direct write stays noted in the file");
        }
    }
}

impl Transaction<'_> {
    fn leave(
        &self,
        relations: &Relations,
        writes: &[Write],
        process: &str,
        now: Moment,
    ) -> Result<Leave> {
        let mut before = BTreeSet::new();
        for write in writes {
            if route::of_rows(self.facts_of_rows(relations, write, now)?) == Route::File {
                return Ok(Leave::ToFile(self.counts.write));
            }
            before.extend(self.direct_before(relations, write, process)?);
        }
        Ok(match before.is_empty() {
            true => Leave::ToRemote(self.counts.write),
            false => Leave::Behind(before.into_iter().collect()),
        })
    }
}
