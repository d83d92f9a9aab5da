//! Replay: what waits in the outbox goes to the remote, by one process at a time.

mod record;
mod refused;
mod send;
mod together;
mod upkeep;

use super::Engine;
use super::mirror::Fetched;
use super::outage::PAUSE;
use crate::backend::sqlite::Urgency;
use crate::failover::environment::{Lock, Moment, until};
use crate::failover::file::{Chosen, DURABLE, DirectWork, EVERYTHING, Transaction};
use crate::failover::rules::batches::{Batch, Item, MOST_ROWS, UnderWay};
use crate::failover::rules::name::TableName;
use crate::failover::rules::verdict::Verdict;
use crate::failover::seam::{self, Met};
use crate::{ErrorKind, Result};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Entries that are looked at again in one transaction.
pub(crate) const REWORK: usize = 500;
/// How soon it is looked again where nothing tells of a change.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// What one step of replay did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// There is more to do at once.
    Worked,
    /// Nothing may be sent before then.
    Wait(Duration),
    /// Nothing is to be done until somebody writes.
    Idle,
    /// Another process replays, or this one cannot.
    Elsewhere,
}

/// What the replaying process knows besides the file. If it ends, the next one starts afresh.
#[derive(Default)]
pub(crate) struct Replayer {
    lock: Option<Box<dyn Send + Sync>>,
    /// Parts of refused batches, the next one last.
    parts: Vec<Part>,
    /// When whoever flushes wants to be answered.
    pub(crate) ends_at: Option<Moment>,
    /// Whether this process has asked for the server's function.
    has_asked: bool,
    /// Whether the remote has not taken this process's key: another process may have a better one.
    has_dead_key: bool,
    /// Until then it leaves replay to others, since nothing of the file tells that its key is dead.
    leaves_until: Option<Moment>,
    /// Until then it leaves what is to be fetched to those who know the entity, if nothing else is to
    /// be done.
    leaves_strangers_until: Option<Moment>,
    /// Whether the task that replays is to start no request any more.
    ended: Option<watch::Receiver<bool>>,
}

/// A batch that is to be sent.
#[derive(Clone, Debug)]
struct Part {
    batch: Batch,
    /// Its inserts go plain although they may have left before.
    is_plain: bool,
    /// It is tried although its table is paused, or to see whether another one is to blame.
    is_trial: bool,
    /// Others were under way with it: what it lacks may have come with one of them, or the value that
    /// is taken may have gone.
    was_among_others: bool,
    /// The number of the file's last write when it left.
    since: i64,
}

impl Part {
    const fn new(batch: Batch) -> Self {
        Self { batch, is_plain: false, is_trial: false, was_among_others: false, since: i64::MAX }
    }

    fn trial(batch: Batch) -> Self {
        Self { is_trial: true, ..Self::new(batch) }
    }
}

impl std::fmt::Debug for Replayer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Replayer").field("holds_lock", &self.lock.is_some()).finish()
    }
}

impl Replayer {
    /// One that ends when it is told to.
    pub(crate) fn until(ended: watch::Receiver<bool>) -> Self {
        Self { ended: Some(ended), ..Self::default() }
    }

    /// Whether no request may start besides those that are under way.
    fn is_over(&self, now: Moment) -> bool {
        match self.ends_at {
            Some(ends_at) => now >= ends_at,
            None => self.ended.as_ref().is_some_and(|ended| *ended.borrow()),
        }
    }

    fn release(&mut self) {
        self.parts.clear();
        self.lock = None;
    }
}

/// A request with its number.
struct Marked {
    part: Part,
    request: i64,
    /// It goes by the server's function, which makes it once.
    once: bool,
}

/// What there is to do, as the file says.
struct Work {
    is_open: bool,
    probe_wait: Option<Duration>,
    /// For so long nothing is tried by whose key was not taken.
    stands_still: Option<Duration>,
    has_entries: bool,
    has_function: Option<bool>,
    is_drained: bool,
    unsure: bool,
    throttled: Option<Duration>,
    direct: DirectWork,
    /// The pauses that are due.
    due: Vec<String>,
    next_pause: Option<Duration>,
}

impl Engine {
    /// One round of requests, or one probe, or the reason for neither.
    pub(crate) async fn step(self: &Arc<Self>, replayer: &mut Replayer) -> Result<Progress> {
        match self.try_step(replayer).await {
            Err(error) => {
                // What became of a request may not be recorded: it counts as still under way.
                replayer.release();
                if self.file.free_room(&error) { Ok(Progress::Worked) } else { Err(error) }
            }
            progress => progress,
        }
    }

    async fn try_step(self: &Arc<Self>, replayer: &mut Replayer) -> Result<Progress> {
        let work = match self.work() {
            Ok(work) => work,
            Err(error) if error.kind() == ErrorKind::Conflict => {
                // The file is another remote's now: whoever has bound it replays.
                replayer.release();
                self.set_obstacle(Some(error.message().to_owned()));
                return Ok(Progress::Wait(LOOK_AGAIN));
            }
            Err(error) => return Err(error),
        };
        self.knows_function(work.has_function);
        let is_asked_for = work.has_entries || self.is_function_asked_for();
        if is_asked_for && work.has_function != Some(true) && !work.is_open && !replayer.has_asked {
            // What somebody else may call says nothing of whom the file belongs to.
            if let Some(why) = self.not_signed_in().await? {
                replayer.release();
                self.set_obstacle(Some(why));
                return Ok(Progress::Wait(PAUSE));
            }
            replayer.has_asked = true;
            self.ask_for_function().await;
            return Ok(Progress::Worked);
        }
        let next_look = [work.next_pause, work.direct.next].into_iter().flatten().min();
        let is_idle = !work.has_entries && !work.is_open && !work.unsure && work.due.is_empty();
        if is_idle && work.direct.to_take.is_empty() {
            replayer.release();
            self.set_obstacle(None);
            return Ok(next_look.map_or(Progress::Idle, Progress::Wait));
        }
        if let Some(why) = self.not_signed_in().await? {
            // Another process may be.
            replayer.release();
            self.set_obstacle(Some(why));
            return Ok(Progress::Wait(PAUSE));
        }
        if let Some(wait) = work.stands_still.filter(|_| replayer.has_dead_key) {
            replayer.release();
            return Ok(Progress::Wait(wait));
        }
        let now = self.environment.now();
        let strangers = replayer.leaves_strangers_until.filter(|_| work.is_drained);
        for left in [replayer.leaves_until, strangers] {
            if let Some(wait) = left.and_then(|at| until(at, now, PAUSE)) {
                return Ok(Progress::Wait(wait));
            }
        }
        if replayer.lock.is_none() {
            match self.environment.try_lock() {
                Lock::Got(lock) => replayer.lock = Some(lock),
                Lock::Held => {
                    self.set_obstacle(None);
                    return Ok(Progress::Elsewhere);
                }
                Lock::Impossible(why) => {
                    self.set_obstacle(Some(why));
                    return Ok(Progress::Elsewhere);
                }
            }
            self.set_obstacle(None);
            replayer.has_dead_key = false;
            if self.take_over().await? {
                return Ok(Progress::Worked);
            }
        }
        if work.is_open {
            replayer.parts.clear();
            return self.probe(work.probe_wait).await;
        }
        if let Some(wait) = work.throttled {
            return Ok(Progress::Wait(wait));
        }
        if !work.direct.to_take.is_empty() {
            self.end_direct(work.direct.to_take).await?;
            return Ok(Progress::Worked);
        }
        if let Some(paused) = work.due.into_iter().next() {
            return self.try_paused(replayer, paused).await;
        }
        let kept_up = async {
            let fetched = match work.unsure {
                true => self.fetch_unsure(work.is_drained).await?,
                false => Fetched::default(),
            };
            Ok((fetched, !fetched.goes_on && self.keep_up(work.has_entries).await?))
        };
        let (fetched, goes_on) = match kept_up.await {
            Err(error) if Verdict::of(&error) == Verdict::Unauthenticated => {
                replayer.release();
                replayer.leaves_until = Some(now + PAUSE.as_millis() as Moment);
                return Ok(Progress::Wait(PAUSE));
            }
            kept_up => kept_up?,
        };
        if fetched.goes_on || goes_on {
            return Ok(Progress::Worked);
        }
        let progress = self.send_next(replayer).await?;
        if fetched.has_strangers && work.is_drained && progress != Progress::Worked {
            replayer.release();
            replayer.leaves_strangers_until = Some(now + PAUSE.as_millis() as Moment);
        }
        Ok(match (progress, next_look) {
            (Progress::Idle, Some(wait)) => Progress::Wait(wait),
            (Progress::Idle, None) if work.has_entries => {
                // Letters are asked for, and what lacks a parent is tried, each minute.
                Progress::Wait(LOOK_AGAIN)
            }
            (Progress::Wait(wait), Some(pause)) => Progress::Wait(wait.min(pause)),
            (progress, _) => progress,
        })
    }

    /// Notes why this process cannot replay.
    fn set_obstacle(&self, why: Option<String>) {
        let mut obstacle = self.obstacle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = why.as_ref().filter(|why| Some(*why) != obstacle.as_ref()) {
            tracing::error!(why, "this process cannot replay");
        }
        *obstacle = why;
    }

    fn work(&self) -> Result<Work> {
        let now = self.environment.now();
        self.file.ask(|transaction| {
            let state = &transaction.state;
            // The longest that a pause is ever given: see `unanswered`.
            let longest = PAUSE + self.settings.settle;
            let rest = |at: Moment| until(at, now, longest);
            Ok(Work {
                is_open: state.breaker.is_open(),
                probe_wait: state.breaker.wait(now),
                stands_still: state.pauses.get(EVERYTHING).and_then(|pause| rest(pause.try_at)),
                has_entries: transaction.counts.rows > 0,
                has_function: state.has_function,
                is_drained: transaction.is_drained()?,
                unsure: transaction.counts.unsure > 0,
                throttled: rest(state.throttled_until),
                direct: transaction.direct_work(&self.process, now)?,
                due: state
                    .pauses
                    .iter()
                    .filter(|(_, pause)| rest(pause.try_at).is_none())
                    .map(|(table, _)| table.clone())
                    .collect(),
                next_pause: state.pauses.values().filter_map(|pause| rest(pause.try_at)).min(),
            })
        })
    }

    /// Whether nothing waits that could go.
    pub(crate) fn is_drained(&self) -> Result<bool> {
        let work = self.work()?;
        Ok(work.is_drained && !work.is_open && work.due.is_empty() && work.next_pause.is_none())
    }

    /// Whoever replayed before may have ended with requests under way, or have met a server that did
    /// not take its key, which may not be this process's. `true` where that is to be tried now.
    async fn take_over(self: &Arc<Self>) -> Result<bool> {
        let engine = self.clone();
        self.file
            .acknowledge(DURABLE, move |transaction| {
                let now = engine.environment.now();
                let was_under_way = transaction.take_over()?;
                // What went by the function takes effect once.
                if was_under_way && transaction.state.has_function != Some(true) {
                    transaction.state.settle(now, engine.settings.settle);
                }
                let Some(pause) = transaction.state.pauses.get_mut(EVERYTHING) else {
                    return Ok(false);
                };
                pause.try_at = now;
                Ok(true)
            })
            .await
    }

    async fn probe(self: &Arc<Self>, wait: Option<Duration>) -> Result<Progress> {
        if let Some(wait) = wait {
            return Ok(Progress::Wait(wait));
        }
        let engine = self.clone();
        let table = self
            .file
            .acknowledge(DURABLE, move |transaction| {
                let (now, random) = (engine.environment.now(), engine.environment.random());
                let claimed = transaction.state.breaker.claim_probe(now, random);
                Ok(if claimed { Some(transaction.some_table()?) } else { None })
            })
            .await?;
        let Some(table) = table else { return Ok(Progress::Worked) };
        let answer = self.remote.probe(table).await;
        // A server that refuses the question is there: what it says to an entry is reported then.
        let is_answer = match &answer {
            Ok(()) => true,
            Err(error) => {
                let verdict = Verdict::of(error);
                // Who is not signed in cannot ask: the entries' own requests tell.
                verdict.is_answer() || verdict == Verdict::SignedOut
            }
        };
        seam::met(if is_answer { Met::ProbeAnswered } else { Met::ProbeFailed });
        let outcome = if is_answer { "ok" } else { "failed" };
        metrics::counter!("chronicle_probes_total", "outcome" => outcome).increment(1);
        if is_answer {
            self.file
                .acknowledge(DURABLE, |transaction| {
                    transaction.state.breaker.probe_succeeded();
                    Ok(())
                })
                .await?;
        }
        Ok(Progress::Worked)
    }

    async fn send_next(self: &Arc<Self>, replayer: &mut Replayer) -> Result<Progress> {
        let part = replayer.parts.pop();
        match self.mark(part).await? {
            Next::Nothing(wait) => Ok(wait.map_or(Progress::Idle, Progress::Wait)),
            Next::Changed => {
                replayer.parts.clear();
                Ok(Progress::Worked)
            }
            Next::Send(marked) => {
                self.send_all(replayer, marked).await?;
                Ok(Progress::Worked)
            }
        }
    }

    /// Notes which requests leave next, before they do.
    async fn mark(self: &Arc<Self>, part: Option<Part>) -> Result<Next> {
        let engine = self.clone();
        self.file
            .acknowledge(DURABLE, move |transaction| {
                let now = engine.environment.now();
                let Some(part) = &part else {
                    return mark_next(transaction, &engine.process, now, &UnderWay::default());
                };
                let may_go = !transaction.state.breaker.is_open()
                    && transaction.direct_work(&engine.process, now)?.to_take.is_empty()
                    && (part.batch.is_insert() || transaction.state.settling(now).is_none())
                    // Unless it was changed by hand, or another process has replayed meanwhile.
                    && transaction.may_still_go(&part.batch)?;
                if !may_go {
                    return Ok(Next::Changed);
                }
                Ok(Next::Send(vec![mark_one(transaction, part.clone())?]))
            })
            .await
    }

    /// A pause is due: one entry of its table is tried, and another one with it.
    async fn try_paused(
        self: &Arc<Self>,
        replayer: &mut Replayer,
        paused: String,
    ) -> Result<Progress> {
        seam::met(Met::PauseTried);
        replayer.parts.clear();
        if paused == EVERYTHING {
            // The next request tells.
            self.file
                .change(Urgency::Call, DURABLE, |transaction| {
                    transaction.state.pauses.remove(EVERYTHING);
                    Ok(())
                })
                .await?;
            return Ok(Progress::Worked);
        }
        let engine = self.clone();
        let table = TableName::stored(paused);
        let marked = self
            .file
            .acknowledge(DURABLE, move |transaction| {
                let now = engine.environment.now();
                let mut marked = Vec::new();
                if !transaction.direct_work(&engine.process, now)?.to_take.is_empty() {
                    return Ok(marked);
                }
                let first = transaction.choose_one(&table, &[], now)?;
                let besides: Vec<_> = first
                    .iter()
                    .flat_map(|batch| &batch.items)
                    .map(|item| item.entry.row.clone())
                    .collect();
                let second = match &first {
                    Some(_) => transaction.choose_one(&table, &besides, now)?,
                    None => None,
                };
                for batch in [first, second].into_iter().flatten() {
                    marked.push(mark_one(transaction, Part::trial(batch))?);
                }
                let settling = transaction.state.settling(now);
                let pause = transaction.state.pauses.get_mut(table.as_str());
                match pause {
                    // Until then nobody else tries.
                    Some(pause) if !marked.is_empty() => {
                        pause.try_at = now + PAUSE.as_millis() as Moment;
                    }
                    // What could be tried may overtake a request that still arrives.
                    Some(pause) if let Some(rest) = settling => {
                        pause.try_at = now + rest.min(PAUSE).as_millis() as Moment;
                    }
                    // Nothing of it may go now: a new write to it tells.
                    _ => {
                        transaction.state.pauses.remove(table.as_str());
                    }
                }
                Ok(marked)
            })
            .await?;
        if marked.is_empty() {
            return Ok(Progress::Worked);
        }
        self.send_all(replayer, marked).await?;
        Ok(Progress::Worked)
    }
}

/// What is sent next.
enum Next {
    Send(Vec<Marked>),
    /// What was to be sent has changed meanwhile.
    Changed,
    Nothing(Option<Duration>),
}

/// Notes the next requests besides those that are under way.
fn mark_next(
    transaction: &mut Transaction<'_>,
    process: &str,
    now: Moment,
    under_way: &UnderWay,
) -> Result<Next> {
    let has_direct = !transaction.direct_work(process, now)?.to_take.is_empty();
    if transaction.state.breaker.is_open() || has_direct {
        return Ok(Next::Changed);
    }
    match transaction.choose(now, under_way)? {
        Chosen::Batches(batches) => {
            let rows = batches.iter().map(|batch| batch.items.len()).sum::<usize>();
            if !under_way.is_empty() && rows < MOST_ROWS && transaction.is_rework_due()? {
                // First all that is free now, so that it leaves in few requests.
                return Ok(Next::Changed);
            }
            let parts = batches.into_iter().map(Part::new);
            parts.map(|part| mark_one(transaction, part)).collect::<Result<_>>().map(Next::Send)
        }
        Chosen::Nothing(wait) => Ok(Next::Nothing(wait)),
    }
}

fn mark_one(transaction: &mut Transaction<'_>, mut part: Part) -> Result<Marked> {
    part.since = transaction.counts.write;
    if part.batch.is_sent {
        seam::met(Met::SentAgain);
    }
    let request = transaction.mark(&part.batch.sequences())?;
    let once = transaction.state.has_function == Some(true)
        || part.batch.items.iter().any(Item::needs_function);
    Ok(Marked { part, request, once })
}
