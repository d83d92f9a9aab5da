//! [`Answer`]: what a caller waits for.

use crate::{Error, Result};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::sync::oneshot;

/// The answer of a thread. To drop it cancels nothing.
#[derive(Debug)]
pub(crate) struct Answer<T> {
    receiver: oneshot::Receiver<Result<T>>,
    /// What it is if the thread ends without it.
    otherwise: fn() -> Error,
    /// Others go between the work and its answer.
    #[cfg(test)]
    lets_others_go: bool,
}

impl<T> Answer<T> {
    pub(crate) fn new(otherwise: fn() -> Error) -> (oneshot::Sender<Result<T>>, Self) {
        let (sender, receiver) = oneshot::channel();
        let answer = Self {
            receiver,
            otherwise,
            #[cfg(test)]
            lets_others_go: false,
        };
        (sender, answer)
    }

    /// The answer, after whoever else can go on: work that was done at once has been done on another
    /// thread.
    #[cfg(test)]
    pub(crate) fn after_others(mut self) -> Self {
        self.lets_others_go = true;
        self
    }

    /// An answer that is there already.
    pub(crate) fn now(answer: Result<T>) -> Self {
        let (sender, this) = Self::new(crate::backend::sqlite::error::thread_ended);
        let _ = sender.send(answer);
        this
    }

    pub(crate) fn refused(error: Error) -> Self {
        Self::now(Err(error))
    }
}

impl<T> Future for Answer<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        #[cfg(test)]
        if std::mem::take(&mut self.lets_others_go) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let answer = ready!(Pin::new(&mut self.receiver).poll(context));
        Poll::Ready(answer.unwrap_or_else(|_| Err((self.otherwise)())))
    }
}
