//! What a gateway does with one client's connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time;

use super::fault::Action;
use super::message::{Request, Response};
use super::state::{Held, State};
use super::upstream::Upstream;
use super::wire::Wire;

/// Serves a connection until it is closed. An error is the client's: it closed in the middle, or does not speak HTTP/1.1.
pub(super) async fn serve(
    stream: TcpStream,
    upstream: Arc<Upstream>,
    state: Arc<State>,
    number: u64,
) -> io::Result<()> {
    let mut wire = Wire::new(stream)?;
    while let Some(request) = wire.read_request(number).await? {
        let response = match state.arrived(&request) {
            None => upstream.answer(&request).await,
            Some(Action::BlackHole) => {
                wire.closed().await;
                return Ok(());
            }
            Some(Action::BlackHoleAfter) => {
                upstream.answer(&request).await;
                wire.closed().await;
                return Ok(());
            }
            Some(Action::Delay(delay)) => {
                tokio::select! {
                    () = wire.closed() => return Ok(()),
                    () = time::sleep(delay) => upstream.answer(&request).await,
                }
            }
            Some(Action::DelayAnswer(delay)) => {
                let response = upstream.answer(&request).await;
                tokio::select! {
                    () = wire.closed() => return Ok(()),
                    () = time::sleep(delay) => response,
                }
            }
            Some(Action::ResetBefore) => return wire.reset(),
            Some(Action::ResetAfter) => {
                upstream.answer(&request).await;
                return wire.reset();
            }
            Some(Action::Truncate(bytes)) => {
                let response = upstream.answer(&request).await;
                wire.write_response(&response, &request.method, bytes).await?;
                return wire.close().await;
            }
            Some(Action::Respond(response)) => response,
            Some(Action::RespondAfter(response)) => {
                upstream.answer(&request).await;
                response
            }
            Some(Action::Hold(delay)) => {
                let Ok(response) = hold(&request, delay, &upstream, &state).await else {
                    return Ok(());
                };
                response
            }
        };
        wire.write_response(&response, &request.method, usize::MAX).await?;
        if request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
            return wire.close().await;
        }
    }
    Ok(())
}

/// Delivers a request later, by a task of its own, which goes on when the client's connection is closed.
fn hold(
    request: &Request,
    delay: Option<Duration>,
    upstream: &Arc<Upstream>,
    state: &State,
) -> oneshot::Receiver<Response> {
    let (answer, receiver) = oneshot::channel();
    let (request, upstream) = (request.clone(), Arc::clone(upstream));
    if let Some(delay) = delay {
        tokio::spawn(async move {
            time::sleep(delay).await;
            let _ = answer.send(upstream.answer(&request).await);
        });
    } else {
        let (go, released) = oneshot::channel();
        let (delivering, delivered) = oneshot::channel();
        state.lock().held.push(Held { go, delivered });
        tokio::spawn(async move {
            if released.await.is_ok() {
                // The client may be gone.
                let _ = answer.send(upstream.answer(&request).await);
            }
            let _ = delivering.send(());
        });
    }
    receiver
}
