//! [`Engine`]: the flow of calls and of replay, on top of the file and the rules.

mod changes;
mod direct;
pub(crate) mod keep;
mod letters;
mod merge;
mod mirror;
mod open;
mod outage;
mod pull;
mod read;
pub(crate) mod replay;
mod together;
mod write;

use super::environment::Environment;
use super::file::File;
use super::options::Settings;
use super::remote::Remote;
use super::status::Status;
use super::turns::Turns;
use crate::{Error, ErrorKind, Result};
use futures_util::future::BoxFuture;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, RwLock, oneshot, watch};

/// What a failover store is made of; everything but its thread.
pub(crate) struct Engine {
    pub(crate) file: File,
    pub(crate) remote: Arc<dyn Remote>,
    pub(crate) environment: Arc<dyn Environment>,
    pub(crate) settings: Settings,
    turns: Turns,
    pub(crate) woken: Notify,
    pub(crate) status: watch::Sender<Status>,
    /// Why the file did not take the last write that it should have taken.
    refusal: Mutex<Option<ErrorKind>>,
    /// Rows that were read and wait to be stored.
    rows_to_store: AtomicUsize,
    /// What the mirror missed, until the file knows of it.
    missed: mirror::Missed,
    /// Why this process does not replay although nobody else does.
    pub(crate) obstacle: Mutex<Option<String>>,
    /// Whether the remote has the function `chronicle_apply`, as this process last heard.
    has_function: AtomicBool,
    /// Whether a direct write has asked for it.
    is_function_asked_for: AtomicBool,
    /// By what the file knows the direct writes of this process.
    process: String,
    /// Shared by the calls that are on their way to the remote; alone by who closes.
    calls: RwLock<()>,
}

impl Engine {
    pub(crate) fn wake(&self) {
        self.woken.notify_one();
    }

    fn knows_function(&self, has_function: Option<bool>) {
        self.has_function.store(has_function == Some(true), Ordering::Relaxed);
    }

    fn has_function(&self) -> bool {
        self.has_function.load(Ordering::Relaxed)
    }

    /// The remote serves a direct write: whether it has the function is worth a question.
    fn ask_for_function_once(&self) {
        if !self.is_function_asked_for.swap(true, Ordering::Relaxed) {
            self.wake();
        }
    }

    fn is_function_asked_for(&self) -> bool {
        self.is_function_asked_for.load(Ordering::Relaxed)
    }

    pub(crate) fn note_refusal(&self, change: impl FnOnce(Option<ErrorKind>) -> Option<ErrorKind>) {
        let mut refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        *refusal = change(*refusal);
    }

    pub(crate) fn refusal(&self) -> Option<ErrorKind> {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no call is on its way to the remote: what became of one is recorded in the file.
    /// Each ends by its own time limit.
    pub(crate) async fn calls_have_ended(&self) {
        drop(self.calls.write().await);
    }

    /// Runs work where it goes on to its end, whoever waits for it.
    pub(crate) fn to_its_end<T: Send + 'static>(
        &self,
        work: BoxFuture<'static, Result<T>>,
    ) -> impl Future<Output = Result<T>> + Send + 'static {
        let (answer, waiting) = oneshot::channel();
        self.environment.spawn(Box::pin(async move {
            // Nobody may wait any more.
            let _ = answer.send(work.await);
        }));
        async move {
            waiting.await.unwrap_or_else(|_| {
                Err(Error::new(
                    ErrorKind::Timeout,
                    "the store was closed while the call was under way: it may have been made",
                ))
            })
        }
    }
}

/// The kind of an error of the file that says that it takes no write at all.
pub(crate) fn refusal_of(error: &Error) -> Option<ErrorKind> {
    let takes_none = matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::OutboxFull | ErrorKind::Denied | ErrorKind::Corrupt
    );
    takes_none.then(|| error.kind())
}
