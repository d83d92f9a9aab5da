//! A reverse proxy that stands where Supabase's gateway stands, and injects scripted faults.

mod access;
mod builder;
mod connection;
mod fault;
mod listening;
mod message;
mod state;
mod upstream;
mod wire;

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

pub use access::{PUBLISHABLE_KEY, SECRET_KEY};
pub use builder::GatewayBuilder;
pub use fault::Fault;
pub use message::{RECORDED_BODY_LIMIT, Request, Response};

use crate::{Error, Postgrest, Result};
use listening::Command;
use state::State;

/// An HTTP/1.1 reverse proxy in front of a [`Postgrest`].
///
/// Without a [`Fault`] it forwards every request and records it. It runs on a thread of its own, so that it serves callers
/// on any runtime, and its delays are real time even in a test that paused tokio's clock. Each request is forwarded on a
/// connection of its own; the client's connection is kept alive.
///
/// It ends when the value is dropped: all its connections are closed.
#[derive(Debug)]
pub struct Gateway {
    port: u16,
    prefix: String,
    state: Arc<State>,
    commands: Option<mpsc::UnboundedSender<Command>>,
    thread: Option<JoinHandle<()>>,
}

impl Gateway {
    /// A gateway as Supabase has it: serves at `/rest/v1`, wants the `apikey` header, and takes [`PUBLISHABLE_KEY`] for
    /// the role `anon` and [`SECRET_KEY`] for `service_role`; JSON web tokens are keys as well.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn supabase(postgrest: &Postgrest) -> Result<Self> {
        Self::builder(&postgrest.url())
            .prefix("/rest/v1")
            .require_api_key()
            .opaque_key(PUBLISHABLE_KEY, &postgrest.anon_key())
            .opaque_key(SECRET_KEY, &postgrest.service_key())
            .start()
            .await
    }

    /// A gateway that serves at `/` and passes everything on, as in front of a PostgREST of one's own.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn plain(postgrest: &Postgrest) -> Result<Self> {
        Self::builder(&postgrest.url()).start().await
    }

    /// Configures a gateway in front of `upstream`, a URL such as `http://127.0.0.1:3000`.
    #[must_use]
    pub fn builder(upstream: &str) -> GatewayBuilder {
        GatewayBuilder::new(upstream)
    }

    /// The base URL for clients, with the prefix and without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.port, self.prefix)
    }

    /// Adds a fault to the script. Each request takes the first fault that is for it and not used up.
    pub fn fault(&self, fault: Fault) {
        self.state.lock().faults.push(fault);
    }

    /// Closes all connections and refuses new ones (nobody listens any more), until [`heal`](Self::heal).
    ///
    /// # Errors
    /// Only when the gateway's thread is gone.
    pub async fn refuse(&self) -> Result<()> {
        self.command("close the gateway's listener", Command::Refuse).await
    }

    /// Clears the script and listens again. Requests that a fault already has stay as they are: what is on hold is still
    /// delivered, a black hole is never answered.
    ///
    /// # Errors
    /// When another program took the port meanwhile.
    pub async fn heal(&self) -> Result<()> {
        self.state.lock().faults.clear();
        self.command("listen on the gateway's port again", Command::Listen).await
    }

    async fn command(
        &self,
        action: &str,
        command: impl FnOnce(oneshot::Sender<io::Result<()>>) -> Command,
    ) -> Result<()> {
        let gone = || {
            Error::Invalid(
                "the gateway's thread is gone: look for its panic in the output".to_owned(),
            )
        };
        let (done, wait) = oneshot::channel();
        let commands = self.commands.as_ref().ok_or_else(gone)?;
        commands.send(command(done)).map_err(|_| gone())?;
        wait.await.map_err(|_| gone())?.map_err(Error::io(action))
    }

    /// Lets all requests go that are on hold until released; returns when each was delivered and its answer came.
    /// Tells how many they were.
    pub async fn release(&self) -> usize {
        let held = std::mem::take(&mut self.state.lock().held);
        let count = held.len();
        for request in held {
            // The receiver may only be gone with the gateway itself.
            let _ = request.go.send(());
            let _ = request.delivered.await;
        }
        count
    }

    /// How many requests are on hold until released.
    #[must_use]
    pub fn held(&self) -> usize {
        self.state.lock().held.len()
    }

    /// All requests that arrived completely, in order, those that met a fault as well.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.state.lock().requests.clone()
    }

    /// Forgets the recorded requests.
    pub fn clear_requests(&self) {
        self.state.lock().requests.clear();
    }

    /// How many connections were accepted since the start.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.state.lock().connections
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Without a sender the thread ends.
        drop(self.commands.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
