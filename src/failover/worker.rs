//! [`Worker`]: the thread and the runtime of a failover store. What has to go on does not depend on
//! whether the caller's runtime is driven, or is there at all.

use crate::{Error, ErrorKind, Result};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::sync::Notify;

/// How long a store that was dropped waits for the requests that are under way.
const LAST_WORDS: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Worker {
    handle: Handle,
    tasks: Arc<Tasks>,
}

#[derive(Debug, Default)]
struct Tasks {
    running: AtomicUsize,
    ended: Notify,
    stop: Notify,
}

/// Counts a task as long as it lives, also if it panics.
struct Running(Arc<Tasks>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
        self.0.ended.notify_one();
    }
}

impl Worker {
    /// # Errors
    /// `Unavailable` when the system gives no thread, or nothing to wait with.
    pub(crate) fn start() -> Result<Self> {
        let cannot = |error: std::io::Error| {
            let message = format!("the thread that replays cannot be started: {error}");
            Error::new(ErrorKind::Unavailable, message)
        };
        let runtime = Builder::new_current_thread().enable_all().build().map_err(cannot)?;
        let (handle, tasks) = (runtime.handle().clone(), Arc::<Tasks>::default());
        let watched = tasks.clone();
        std::thread::Builder::new()
            .name("chronicle-failover".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    watched.stop.notified().await;
                    let _ = tokio::time::timeout(LAST_WORDS, watched.all_ended()).await;
                });
                // What has not ended by then is a request without answer.
                runtime.shutdown_background();
            })
            .map_err(cannot)?;
        Ok(Self { handle, tasks })
    }

    /// By the clock of this thread: whoever waits needs no runtime.
    pub(crate) fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        let _clock = self.handle.enter();
        Box::pin(tokio::time::sleep(time))
    }

    /// Runs a task to its end.
    pub(crate) fn spawn(&self, work: BoxFuture<'static, ()>) {
        self.tasks.running.fetch_add(1, Ordering::AcqRel);
        let running = Running(self.tasks.clone());
        self.handle.spawn(async move {
            let _running = running;
            work.await;
        });
    }

    /// Runs a task that ends with the store.
    pub(crate) fn spawn_behind(&self, work: BoxFuture<'static, ()>) {
        self.handle.spawn(work);
    }
}

impl Tasks {
    async fn all_ended(&self) {
        while self.running.load(Ordering::Acquire) > 0 {
            self.ended.notified().await;
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.tasks.stop.notify_one();
    }
}
