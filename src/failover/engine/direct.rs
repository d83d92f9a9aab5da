//! Direct writes that leave for the remote, and those of processes that ended while one was under way.

use super::Engine;
use super::outage::Outage;
use crate::backend::sqlite::Urgency;
use crate::change::Ids;
use crate::failover::environment::Moment;
use crate::failover::file::{MIRROR, Relations, Stamp, Transaction};
use crate::failover::rules::route::{self, Route};
use crate::operation::Write;
use crate::{Error, ErrorKind, Result};
use futures_util::StreamExt;
use futures_util::stream;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// Ids that are taken at once.
const AT_ONCE: usize = 8;

/// What becomes of writes that are to leave.
enum Leave {
    /// The remote serves them, as of this write of the file.
    ToRemote(i64),
    ToFile(i64),
    /// First these ids have to be taken.
    Behind(BTreeSet<Uuid>),
}

/// What became of ids that were to be taken.
struct Taken {
    /// No request with them takes effect any more.
    taken: Vec<Uuid>,
    /// The remote has no function to take them with.
    never: Vec<Uuid>,
    /// It could not be asked about these, or did not take them.
    not_now: Vec<Uuid>,
    why: Option<Error>,
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
        // What leaves while others are called off is not older than these writes.
        let mut calls_off = true;
        loop {
            let (engine, relations) = (self.clone(), self.file.relations());
            let (to_note, by) = (writes.clone(), ids.clone());
            let leave = move |transaction: &mut Transaction<'_>| {
                let now = engine.environment.now();
                let process = &engine.process;
                let leave = transaction.leave(&relations, &to_note, process, now, calls_off)?;
                if matches!(leave, Leave::ToRemote(_)) {
                    let lasts = (now, engine.settings.settle);
                    transaction.note_direct(&to_note, &by, process, lasts)?;
                }
                Ok(leave)
            };
            let left = match self.file.change(Urgency::Call, MIRROR, leave).await {
                // The remote serves all the same.
                Err(error) if error.kind() != ErrorKind::Conflict => {
                    tracing::debug!(%error, "a direct write is not noted in the file");
                    let (relations, now) = (self.file.relations(), self.environment.now());
                    self.file.ask(|transaction| {
                        transaction.leave(&relations, writes, &self.process, now, calls_off)
                    })?
                }
                left => left?,
            };
            match left {
                Leave::ToRemote(since) => return Ok((Route::Remote, since)),
                Leave::ToFile(since) => return Ok((Route::File, since)),
                Leave::Behind(ids) => {
                    if let Some(way) = self.call_off(ids).await? {
                        return Ok(way);
                    }
                    calls_off = false;
                }
            }
        }
    }

    /// The same of a write that goes without the function.
    pub(super) async fn leave_plainly(
        self: &Arc<Self>,
        write: &Arc<Write>,
    ) -> Result<(Route, i64)> {
        let way = self.route(write).await?;
        if way.0 == Route::File {
            return Ok(way);
        }
        let relations = self.file.relations();
        let before = self
            .file
            .ask(|transaction| transaction.direct_before(&relations, write, &self.process))?;
        if before.is_empty() {
            return Ok(way);
        }
        match self.call_off(before).await? {
            Some(way) => Ok(way),
            None => self.route(write).await,
        }
    }

    /// Sees to it that direct writes of processes that may have ended take no effect any more. The way of
    /// those that come after them, where that is not known now.
    ///
    /// # Errors
    /// `Unauthenticated` where this process's key is not taken.
    async fn call_off(self: &Arc<Self>, ids: BTreeSet<Uuid>) -> Result<Option<(Route, i64)>> {
        let taken = self.take_direct(ids.into_iter().collect()).await;
        let are_all_taken = taken.never.is_empty() && taken.not_now.is_empty();
        let why = match self.note_taken(taken).await {
            // What was taken is, whether or not the file could note it.
            Err(error) if are_all_taken => {
                tracing::debug!(%error, "it is not noted which direct writes were called off");
                return Ok(None);
            }
            why => why?,
        };
        match why {
            None => Ok(None),
            Some(error) if error.kind() == ErrorKind::Unauthenticated => Err(error),
            Some(_) => {
                let since = self.file.ask(|transaction| Ok(transaction.counts.write))?;
                Ok(Some((Route::File, since)))
            }
        }
    }

    /// The same for replay; what could not be seen to is left alone for a while, and all else goes on.
    pub(super) async fn end_direct(self: &Arc<Self>, ids: Vec<Uuid>) -> Result<()> {
        let taken = self.take_direct(ids).await;
        self.note_taken(taken).await.map(drop)
    }

    async fn take_direct(self: &Arc<Self>, ids: Vec<Uuid>) -> Taken {
        let mut all =
            Taken { taken: Vec::new(), never: Vec::new(), not_now: Vec::new(), why: None };
        if let Err(error) = self.check_identity().await {
            return Taken { not_now: ids, why: Some(error), ..all };
        }
        let take = async |id: Uuid| (id, self.remote.apply_together(Some(id), &[]).await);
        let mut answers = stream::iter(ids).map(take).buffer_unordered(AT_ONCE);
        while let Some((id, answered)) = answers.next().await {
            self.note_function(&answered).await;
            match answered {
                Ok(_) => all.taken.push(id),
                Err(error) if error.kind() == ErrorKind::Unsupported => all.never.push(id),
                Err(error) => {
                    all.not_now.push(id);
                    all.why = Some(error);
                }
            }
        }
        all
    }

    /// Notes what became of ids that were to be taken; why some of them were not.
    async fn note_taken(self: &Arc<Self>, all: Taken) -> Result<Option<Error>> {
        let Taken { taken, never, not_now, why } = all;
        let now = self.environment.now();
        let stamp = Stamp::new(now, self.settings.settle);
        let outage = why.as_ref().and_then(Outage::of);
        // Where nothing was reached it is asked again as soon as the remote answers; what hangs or is refused
        // holds up its own rows alone.
        let is_unreached = outage.as_ref().is_some_and(|outage| !outage.is_ambiguous);
        let guarded = if is_unreached { Vec::new() } else { not_now };
        let relations = self.file.relations();
        self.file
            .acknowledge(MIRROR, move |transaction| {
                transaction.end_direct(&relations, &taken)?;
                transaction.state.end_ghosts(now);
                transaction.guard_direct(&never, stamp)?;
                transaction.forget_direct(&never)?;
                transaction.guard_direct(&guarded, stamp)
            })
            .await?;
        if let Some(outage) = outage {
            self.note_outage(outage.of_read()).await;
        }
        self.wake();
        Ok(why)
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
        calls_off: bool,
    ) -> Result<Leave> {
        let mut before = BTreeSet::new();
        for write in writes {
            if route::of_rows(self.facts_of_rows(relations, write, now)?) == Route::File {
                return Ok(Leave::ToFile(self.counts.write));
            }
            if calls_off {
                before.extend(self.direct_before(relations, write, process)?);
            }
        }
        Ok(match before.is_empty() {
            true => Leave::ToRemote(self.counts.write),
            false => Leave::Behind(before),
        })
    }
}
