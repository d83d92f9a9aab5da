//! Accepting connections, or refusing them.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time;

use super::connection;
use super::state::State;
use super::upstream::Upstream;

/// What the owner of a gateway asks its thread for; each is answered when it is done.
#[derive(Debug)]
pub(super) enum Command {
    /// Close the listener and all connections.
    Refuse(oneshot::Sender<io::Result<()>>),
    /// Listen again.
    Listen(oneshot::Sender<io::Result<()>>),
}

/// Runs a gateway until its owner drops the sender of commands.
pub(super) async fn run(
    listener: std::net::TcpListener,
    upstream: Arc<Upstream>,
    state: Arc<State>,
    mut commands: mpsc::UnboundedReceiver<Command>,
) {
    let (Ok(address), Ok(listener)) = (listener.local_addr(), TcpListener::from_std(listener))
    else {
        return;
    };
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            command = commands.recv() => match command {
                None => return,
                Some(Command::Refuse(done)) => {
                    listener = None;
                    connections.shutdown().await;
                    let _ = done.send(Ok(()));
                }
                Some(Command::Listen(done)) => {
                    if listener.is_none() {
                        match TcpListener::bind(address).await {
                            Ok(bound) => listener = Some(bound),
                            Err(error) => {
                                let _ = done.send(Err(error));
                                continue;
                            }
                        }
                    }
                    let _ = done.send(Ok(()));
                }
            },
            accepted = accept(listener.as_ref()) => {
                let Ok((stream, _)) = accepted else {
                    // About the one connection, or too many open files, which would come again at once.
                    time::sleep(Duration::from_millis(10)).await;
                    continue;
                };
                let number = {
                    let mut contents = state.lock();
                    contents.connections += 1;
                    contents.connections
                };
                connections.spawn(connection::serve(stream, Arc::clone(&upstream), Arc::clone(&state), number));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn accept(
    listener: Option<&TcpListener>,
) -> io::Result<(tokio::net::TcpStream, std::net::SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}
