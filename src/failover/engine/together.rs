//! Writes that are made together, and those that add to columns: by the remote's function where nothing
//! is in their way, else in the file, with entries that go together.

use super::outage::Outage;
use super::{Engine, mirror, refusal_of};
use crate::backend::postgrest::ID_IS_TAKEN;
use crate::backend::sqlite::Urgency;
use crate::change::Ids;
use crate::failover::WriteMode;
use crate::failover::file::{
    Answer, DURABLE, DURABLE_DELETE, LocalTogether, MIRROR, Sent, Transaction, internal,
};
use crate::failover::rules::route::{self, Route};
use crate::failover::rules::verdict::Verdict;
use crate::failover::seam::{self, Met};
use crate::operation::{Write, WriteKind, Written};
use crate::{Error, ErrorKind, Result};
use std::sync::Arc;
use uuid::Uuid;

/// Rows whose way is looked up on the caller's own thread.
const FEW_ROWS: u64 = 16;
/// Rows of the mirror that are stored in one transaction.
const MOST_ROWS: u64 = 500;

/// How often a direct write goes anew whose id somebody has taken; then it is queued.
const MOST_TIMES: u32 = 8;

/// Writes by the server's function, which makes them once.
#[derive(Clone)]
struct Together {
    ids: Arc<Ids>,
    writes: Arc<[Write]>,
    /// Whether an update that finds no row is an error.
    must_be_there: bool,
}

impl Engine {
    /// Makes writes of rows that they name, all of them or none.
    pub(crate) async fn write_together(self: &Arc<Self>, writes: Vec<Write>) -> Result<()> {
        let ids = Ids::Whole(Uuid::now_v7());
        self.write_by_function(ids, writes, true).await.map(drop)
    }

    /// Makes a write of rows that it names by the remote's function, so that it is made once.
    pub(crate) async fn write_once(self: &Arc<Self>, write: Write) -> Result<Written> {
        let ids = Ids::Each((0..write.rows()).map(|_| Uuid::now_v7()).collect());
        let mut written = self.write_by_function(ids, vec![write], false).await?;
        written.pop().ok_or_else(|| internal("a write without an answer"))
    }

    async fn write_by_function(
        self: &Arc<Self>,
        ids: Ids,
        writes: Vec<Write>,
        must_be_there: bool,
    ) -> Result<Vec<Written>> {
        for write in &writes {
            self.file.know(write.table).await?;
        }
        let ids = Arc::new(ids);
        let together = Together { ids, writes: writes.into(), must_be_there };
        if self.settings.mode == WriteMode::LocalFirst {
            return self.keep_together(together, Sent::No, None).await;
        }
        if self.route_together(&together).await?.0 == Route::File {
            return self.keep_together(together, Sent::No, None).await;
        }
        let engine = self.clone();
        self.to_its_end(Box::pin(async move {
            let _call = engine.calls.read().await;
            let _turn = engine.turns.lock_all(&together.writes).await;
            let mut together = together;
            for _ in 0..MOST_TIMES {
                // Last thing before it is sent.
                let (route, since) = engine.leave(&together.writes, &together.ids).await?;
                if route == Route::File {
                    break;
                }
                let answer = Answer { since, own: None };
                match engine.send_together(together.clone(), answer).await {
                    // Somebody took this process for one that has ended.
                    Err(error) if error.code() == Some(ID_IS_TAKEN) => {
                        seam::met(Met::DirectAnew);
                        together.ids = Arc::new(together.ids.anew());
                    }
                    sent => return sent,
                }
            }
            engine.keep_together(together, Sent::No, None).await
        }))
        .await
    }

    /// The remote serves them if it serves each of them; and the number of the last write that the file
    /// knows.
    async fn route_together(&self, together: &Together) -> Result<(Route, i64)> {
        let relations = self.file.relations();
        let now = self.environment.now();
        let facts = move |transaction: &Transaction<'_>, writes: &[Write]| {
            for write in writes {
                let facts = transaction.facts_of_rows(&relations, write, now)?;
                if route::of_rows(facts) == Route::File {
                    return Ok((Route::File, transaction.counts.write));
                }
            }
            Ok((Route::Remote, transaction.counts.write))
        };
        if together.writes.iter().map(Write::rows).sum::<u64>() <= FEW_ROWS {
            return self.file.ask(|transaction| facts(transaction, &together.writes));
        }
        let writes = together.writes.clone();
        self.file.look(move |transaction| facts(transaction, &writes)).await
    }

    async fn send_together(
        self: &Arc<Self>,
        together: Together,
        answer: Answer,
    ) -> Result<Vec<Written>> {
        let Together { ids, writes, must_be_there } = &together;
        let send = || self.remote.write_together(ids, writes, *must_be_there);
        let mut result = match self.check_identity().await {
            Ok(()) => send().await,
            Err(error) => Err(error),
        };
        if let Err(error) = &result
            && Verdict::of(error) == Verdict::Repeat
        {
            result = send().await;
        }
        self.note_function(&result).await;
        let error = match result {
            Ok(Some(written)) => {
                self.note_refusal(|_| None);
                self.accepted_together(&together, &written, answer).await;
                return Ok(written);
            }
            Ok(None) => {
                // An attempt without answer has made them: what they stored is fetched.
                self.note_refusal(|_| None);
                self.doubt_together(&together).await;
                return Ok(writes.iter().map(|write| Written::touched(write.rows())).collect());
            }
            Err(error) => error,
        };
        let Some(outage) = Outage::of(&error).map(Outage::of_once) else {
            self.forget_direct(ids).await;
            return Err(error);
        };
        let sent = if outage.is_ambiguous { Sent::Maybe } else { Sent::No };
        match self.keep_together(together.clone(), sent, Some(outage.clone())).await {
            Err(local) if sent == Sent::Maybe => {
                tracing::warn!(kind = local.kind().name(), "the file could not take writes");
                let mut told = error.clone();
                for write in writes.iter() {
                    let write = Arc::new(write.clone());
                    told = self.leave_ghost(&write, outage.clone(), &error).await;
                }
                Err(told)
            }
            Err(local) => {
                self.note_outage(outage).await;
                Err(local)
            }
            queued => queued,
        }
    }

    /// Keeps what the remote has made together, in one transaction where that is possible.
    async fn accepted_together(
        self: &Arc<Self>,
        Together { ids, writes, .. }: &Together,
        written: &[Written],
        answer: Answer,
    ) {
        let relations = self.file.relations();
        let is_plain = |(write, written): (&Write, &Written)| {
            written.touched == write.rows() && !relations.makes_more(write.table)
        };
        let rows: u64 = writes.iter().map(Write::rows).sum();
        let mut kept = Ok(false);
        if rows <= MOST_ROWS && writes.iter().zip(written).all(is_plain) {
            let stored = writes.iter().zip(written);
            let stored: Vec<Arc<Write>> = stored
                .map(|(write, written)| super::write::as_stored(&Arc::new(write.clone()), written))
                .collect();
            let (engine, ids) = (self.clone(), ids.clone());
            let keep = move |transaction: &mut Transaction<'_>| {
                transaction.forget_direct(ids.as_slice())?;
                // Then whatever is newer than the answer is of these very writes.
                let is_alone = transaction.counts.write == answer.since;
                let mut wakes = false;
                for write in &stored {
                    let since = if is_alone { transaction.counts.write } else { answer.since };
                    wakes |=
                        engine.keep(transaction, &relations, write, Answer { since, ..answer })?;
                }
                Ok(wakes)
            };
            kept = match self.file.room().await {
                Ok(()) => self.file.change(Urgency::Call, MIRROR, keep).await,
                Err(error) => Err(error),
            };
            if matches!(kept, Ok(true)) {
                self.wake();
            }
        } else {
            for (write, written) in writes.iter().zip(written) {
                let one = self.accepted(&Arc::new(write.clone()), written, answer).await;
                kept = kept.and(one.map(|()| false));
            }
            self.forget_direct(ids).await;
        }
        if let Err(error) = kept {
            mirror::count_failure(&error);
            for write in writes.iter() {
                self.note_missed(&Arc::new(write.clone()));
            }
        }
    }

    async fn doubt_together(self: &Arc<Self>, together: &Together) {
        let (relations, writes) = (self.file.relations(), together.writes.clone());
        let ids = together.ids.clone();
        let doubted = self.file.acknowledge(DURABLE, move |transaction| {
            transaction.forget_direct(ids.as_slice())?;
            writes.iter().try_for_each(|write| transaction.doubt_write(&relations, write))
        });
        if let Err(error) = doubted.await {
            mirror::count_failure(&error);
            for write in together.writes.iter() {
                self.note_missed(&Arc::new(write.clone()));
            }
        }
        self.wake();
    }

    /// Makes them in the file, with entries that go together.
    async fn keep_together(
        self: &Arc<Self>,
        together: Together,
        sent: Sent,
        outage: Option<Outage>,
    ) -> Result<Vec<Written>> {
        let result = self.try_keep_together(together, sent, outage).await;
        self.note_refusal(|_| result.as_ref().err().and_then(refusal_of));
        result
    }

    async fn try_keep_together(
        self: &Arc<Self>,
        together: Together,
        sent: Sent,
        outage: Option<Outage>,
    ) -> Result<Vec<Written>> {
        self.file.room().await?;
        let relations = self.file.refresh_relations()?;
        let engine = self.clone();
        let deletes = |write: &Write| matches!(write.kind, WriteKind::Delete { .. });
        let commit = if together.writes.iter().any(deletes) { DURABLE_DELETE } else { DURABLE };
        let keep = move |transaction: &mut Transaction<'_>| {
            if let Some(outage) = &outage {
                engine.learn(&mut transaction.state, outage);
            }
            let Together { ids, writes, must_be_there } = &together;
            transaction.forget_direct(ids.as_slice())?;
            let (bound, date) = (engine.settings.bound, engine.environment.date());
            let local = transaction.write_and_queue_together(
                &relations,
                writes,
                (sent, ids),
                bound,
                date,
            )?;
            let written = match local {
                LocalTogether::Queued(written) => written,
                LocalTogether::Unknown => return Err(super::write::not_known()),
                LocalTogether::InTheWay => return Err(super::write::in_the_way()),
            };
            let is_group = matches!(**ids, Ids::Whole(_));
            for (write, written) in writes.iter().zip(&written) {
                let may_be_none = write.inserts() || is_group && write.deletes_by_key();
                if sent == Sent::Maybe && written.touched == 0 && !may_be_none {
                    return Err(Error::new(ErrorKind::NotFound, "the file has no such row"));
                }
                if *must_be_there {
                    write.check_found(written.touched)?;
                }
            }
            // While the remote is out of reach, replay knows what it waits for.
            let is_news = outage.is_some() || !transaction.state.breaker.is_open();
            Ok((written, is_news))
        };
        let (written, is_news) = self.file.change(Urgency::Call, commit, keep).await?;
        if is_news {
            self.wake();
            self.refresh_status();
        }
        Ok(written)
    }
}
