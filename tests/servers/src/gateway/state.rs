//! What the gateway's thread and its owner share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::fault::{Action, Fault};
use super::message::Request;

/// The script and the record.
#[derive(Debug, Default)]
pub(super) struct State(Mutex<Contents>);

#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) faults: Vec<Fault>,
    pub(super) requests: Vec<Request>,
    pub(super) held: Vec<Held>,
    pub(super) connections: u64,
}

/// A request on hold until released.
#[derive(Debug)]
pub(super) struct Held {
    /// Lets it go.
    pub(super) go: oneshot::Sender<()>,
    /// Ends (without a value) when it was delivered and answered.
    pub(super) delivered: oneshot::Receiver<()>,
}

impl State {
    pub(super) fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a request, and takes the fault that is for it from the script.
    pub(super) fn arrived(&self, request: &Request) -> Option<Action> {
        let mut contents = self.lock();
        contents.requests.push(request.to_record());
        let action = contents.faults.iter_mut().find_map(|fault| fault.take_for(request));
        contents.faults.retain(|fault| !fault.is_used_up());
        action
    }
}
