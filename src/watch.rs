//! Queries that give their rows again after each change: [`Find::watch`] and [`FindWith::watch`].

use crate::find::decode_selected;
use crate::{Error, Find, Record, Result, Selected, Store};
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{self, BoxStream, StreamExt};
use sea_orm::Value;

impl<R: Record, T: Selected<R>> Find<R, T> {
    /// The rows at once, and then again after each change of them. What it finds is not given twice in a
    /// row, and changes that come together are one. To drop the stream ends its work, and to close the
    /// store ends the stream.
    ///
    /// - **SQLite**: what this store changes is told at once, what other connections and processes change
    ///   within about 50 ms. On a connection [of your own](crate::Sqlite::from_connection) the query is run
    ///   again each second.
    /// - **PostgREST** tells of no change: the query is asked again every five seconds, or
    ///   [as often as you say](crate::postgrest::PostgrestOptions::watch_interval).
    /// - **A failover pair** tells of what any process writes, reads or pulls through its file, and of what
    ///   is replayed, as SQLite does, ten times a second at most. What others change at the remote is seen
    ///   when it is asked again, as often as PostgREST is. With `LocalFirst` the file is all that is read,
    ///   and nothing is asked.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::futures::TryStreamExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let mut lists = tasks.find().filter(Tasks::DONE_AT.is_null()).watch();
    /// assert_eq!(lists.try_next().await?.map(|open| open.len()), Some(2));
    /// tasks.insert(NewTask::new("buy bread", 2)).await?;
    /// assert_eq!(lists.try_next().await?.map(|open| open.len()), Some(3));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// An item is an error as of [`all`](Self::all), and the stream goes on: an outage of a server alone is
    /// one such item, and the rows come again after it. The stream ends where there is nothing to wait
    /// with: the store is closed, or the system gives no thread.
    #[must_use = "a stream does nothing until it is read"]
    pub fn watch(self) -> BoxStream<'static, Result<Vec<T>>> {
        watch(self)
    }
}

impl<R: Record, T: Selected<R>> Watched for Find<R, T> {
    type Found = Vec<Vec<Value>>;
    type Row = T;

    fn store(&self) -> &Store {
        self.store()
    }

    fn find(&self) -> BoxFuture<'_, Result<Self::Found>> {
        Box::pin(self.rows())
    }

    fn rows(&self, found: Self::Found) -> Result<Vec<T>> {
        found.into_iter().map(decode_selected).collect()
    }
}

/// A query that is read again after each change.
pub(crate) trait Watched: Send + Sync + 'static {
    /// What it has found, to compare with what it found before.
    type Found: Clone + PartialEq + Send;
    type Row;

    fn store(&self) -> &Store;
    fn find(&self) -> BoxFuture<'_, Result<Self::Found>>;
    fn rows(&self, found: Self::Found) -> Result<Vec<Self::Row>>;
}

struct Watch<Q: Watched> {
    query: Q,
    /// From before the first read on, so that no change is missed.
    changes: Option<BoxStream<'static, ()>>,
    /// A change is to be read that was told already.
    is_told: bool,
    last: Option<Result<Q::Found>>,
}

pub(crate) fn watch<Q: Watched>(query: Q) -> BoxStream<'static, Result<Vec<Q::Row>>> {
    let watch = Watch { query, changes: None, is_told: true, last: None };
    stream::unfold(Some(watch), |watch| async move { watch?.next().await }).boxed()
}

type Item<Q> = Result<Vec<<Q as Watched>::Row>>;

impl<Q: Watched> Watch<Q> {
    /// The next rows that are unlike the last ones, and what comes after them.
    async fn next(mut self) -> Option<(Item<Q>, Option<Self>)> {
        loop {
            let changes = match &mut self.changes {
                Some(changes) => changes,
                None => match self.query.store().changes() {
                    Ok(changes) => self.changes.insert(changes),
                    Err(error) => return Some((Err(error), None)),
                },
            };
            if !std::mem::take(&mut self.is_told) {
                changes.next().await?;
            }
            let found = self.query.find().await;
            if found.is_err() {
                // Because it was closed, perhaps: then this is over.
                if let Some(told) = changes.next().now_or_never() {
                    told?;
                    self.is_told = true;
                }
            }
            if self.last.as_ref().is_some_and(|last| is_same(last, &found)) {
                continue;
            }
            self.last = Some(found.clone());
            let rows = found.and_then(|found| self.query.rows(found));
            return Some((rows, Some(self)));
        }
    }
}

fn is_same<F: PartialEq>(last: &Result<F>, found: &Result<F>) -> bool {
    let words = |error: &Error| (error.kind(), error.message().to_owned());
    match (last, found) {
        (Ok(last), Ok(found)) => last == found,
        (Err(last), Err(found)) => words(last) == words(found),
        _ => false,
    }
}
