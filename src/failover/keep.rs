//! [`Keep`]: a part of a table that the file has, as the remote has it.

use super::engine::keep::Part;
use super::{Failover, PullProgress};
use crate::{Error, ErrorKind, Filter, Keyed, Result};
use futures_util::future::{Either, select};
use std::fmt;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often what has changed is fetched.
const EVERY: Duration = Duration::from_secs(60);

/// How often all rows are compared.
const COMPARE_EVERY: Duration = Duration::from_secs(5 * 60);

impl Failover {
    /// A part of the table of `R` to be kept in the file, for the next outage or for
    /// [`LocalFirst`](super::WriteMode::LocalFirst): [`now`](Keep::now), or [from now on](Keep::start).
    ///
    /// - **What changed** is found by `updated_at`, and fetched. Rows from a minute before the newest one
    ///   are looked at again, since the clocks of those who write differ.
    /// - **All keys are compared**, with `updated_at`, by [`now`](Keep::now), and by a round that finds the
    ///   last comparison [five minutes](Keep::compare_every) ago: that finds what was deleted or does not
    ///   match any more, and what came with an old `updated_at`, from somebody who was offline. Rows that
    ///   others change without moving `updated_at` are not noticed.
    /// - An entity **without `updated_at`** is read whole each time: let it be a small part.
    ///
    /// The filter is on the columns of its own rows: `Unsupported` for one on related rows, which the file may
    /// not have. [`start`](Keep::start) says so in its first [`round`](Keeping::round).
    ///
    /// What waits in the outbox is never overwritten, nor what is written meanwhile, and a row that
    /// matches no more is left in the file as the remote has it. How far it has come is noted in the file:
    /// the next process goes on there.
    ///
    /// ```no_run
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # async fn look(failover: chronicle::failover::Failover) -> chronicle::Result<()> {
    /// let open = failover.keep(Tasks::DONE_AT.is_null());
    /// let kept = open.now().await?;
    /// println!("{} rows are new or others, {} are gone", kept.pulled, kept.removed);
    /// let keeping = open.every(std::time::Duration::from_secs(30)).start();
    /// # drop(keeping);
    /// # Ok(()) }
    /// # fn main() {}
    /// ```
    pub fn keep<R: Keyed>(&self, filter: Filter<R>) -> Keep<R> {
        let part = Part::new(R::TABLE, filter.into_node());
        let (every, compare_every) = (EVERY, COMPARE_EVERY);
        Keep { failover: self.clone(), part, every, compare_every, record: PhantomData }
    }
}

/// A part of a table that is to be kept in the file; made by [`Failover::keep`].
#[must_use = "nothing is kept until `now()` or `start()`"]
pub struct Keep<R> {
    failover: Failover,
    part: Part,
    every: Duration,
    compare_every: Duration,
    record: PhantomData<fn() -> R>,
}

impl<R> fmt::Debug for Keep<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Keep")
            .field("part", &self.part)
            .field("every", &self.every)
            .field("compare_every", &self.compare_every)
            .finish_non_exhaustive()
    }
}

impl<R: Keyed> Keep<R> {
    /// How long it rests between two rounds, in which it fetches what has changed. Default: a minute.
    ///
    /// ```no_run
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # async fn look(failover: chronicle::failover::Failover) {
    /// let keeping = failover.keep(Tasks::PRIORITY.lt(3)).every(std::time::Duration::from_secs(10)).start();
    /// # drop(keeping);
    /// # }
    /// # fn main() {}
    /// ```
    pub const fn every(mut self, time: Duration) -> Self {
        self.every = time;
        self
    }

    /// How often a round compares the keys of all rows. Default: every five minutes, counted from the last
    /// comparison of any process with this file. The rows of some 500 keys are one request.
    ///
    /// ```no_run
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # async fn look(failover: chronicle::failover::Failover) {
    /// let hour = std::time::Duration::from_secs(3_600);
    /// let keeping = failover.keep(Tasks::PRIORITY.lt(3)).compare_every(hour).start();
    /// # drop(keeping);
    /// # }
    /// # fn main() {}
    /// ```
    pub const fn compare_every(mut self, time: Duration) -> Self {
        self.compare_every = time;
        self
    }

    /// Compares all rows now, and says how many of them were fetched since the file had them otherwise,
    /// and how many it has lost.
    ///
    /// ```no_run
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # async fn look(failover: chronicle::failover::Failover) -> chronicle::Result<()> {
    /// failover.keep(Tasks::PRIORITY.lt(3)).now().await?;
    /// # Ok(()) }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// Those of a read at the remote, and `Unavailable` while it is known to be out of reach; what has
    /// come until then stays. `Unsupported` for a condition on related rows, which the file may not have,
    /// and where another entity of the table has more columns: keep that one.
    pub async fn now(&self) -> Result<PullProgress> {
        self.failover.engine.keep_part(&self.part, Duration::ZERO).await
    }

    /// Goes on in rounds, the first one now, on the store's own thread: until what this gives back is
    /// dropped, or the store is closed. A round that is under way is done.
    ///
    /// ```no_run
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # async fn look(failover: chronicle::failover::Failover) -> chronicle::Result<()> {
    /// let mut keeping = failover.keep(Tasks::PRIORITY.lt(3)).start();
    /// let first = keeping.round().await?;
    /// println!("{} rows", first.pulled);
    /// # Ok(()) }
    /// # fn main() {}
    /// ```
    pub fn start(self) -> Keeping {
        let (told, rounds) = watch::channel(None);
        let mut ended = self.failover.monitor.ended();
        let environment = self.failover.engine.environment.clone();
        // The store ends with its last clone, whoever keeps a part of it.
        let engine = Arc::downgrade(&self.failover.engine);
        let (part, every, compare_every) = (self.part, self.every, self.compare_every);
        let clock = environment.clone();
        let work = async move {
            while let Some(engine) = engine.upgrade() {
                let round = engine.keep_part(&part, compare_every).await;
                drop(engine);
                if let Err(error) = &round {
                    if error.kind() == ErrorKind::Unsupported {
                        tracing::warn!(%error, table = part.table().name, "a part cannot be kept");
                    } else {
                        tracing::debug!(%error, table = part.table().name, "a part was not kept");
                    }
                }
                told.send_replace(Some(round));
                let is_over = async {
                    let is_closed = pin!(ended.wait_for(|ended| *ended));
                    drop(select(is_closed, pin!(told.closed())).await);
                };
                if let Either::Left(_) = select(pin!(is_over), clock.sleep(every)).await {
                    return;
                }
            }
        };
        environment.spawn_behind(Box::pin(work));
        Keeping { rounds }
    }
}

/// A part of a table that is kept in the file for as long as this lives; made by [`Keep::start`].
#[derive(Debug)]
#[must_use = "it ends when it is dropped"]
pub struct Keeping {
    rounds: watch::Receiver<Option<Result<PullProgress>>>,
}

impl Keeping {
    /// Waits until a round has ended that was not told of yet, and says what came of it.
    ///
    /// ```no_run
    /// # async fn look(mut keeping: chronicle::failover::Keeping) -> chronicle::Result<()> {
    /// println!("{} rows are new or others", keeping.round().await?.pulled);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Keep::now`]; it goes on all the same. `Unavailable` once the store is closed.
    pub async fn round(&mut self) -> Result<PullProgress> {
        let is_told = self.rounds.changed().await.is_ok();
        let round = if is_told { self.rounds.borrow_and_update().clone() } else { None };
        round.unwrap_or_else(|| {
            Err(Error::new(ErrorKind::Unavailable, "the store is closed: nothing is kept any more"))
        })
    }
}
