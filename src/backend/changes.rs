//! Changes that nobody tells of: it is time to look, every so often.

use futures_util::stream::{self, BoxStream, StreamExt};
use std::time::Duration;

/// How often rows are read again that nobody tells of.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);

/// An item every so often.
pub(crate) fn every(interval: Duration) -> BoxStream<'static, ()> {
    let next = move |()| async move {
        tokio::time::sleep(interval).await;
        Some(((), ()))
    };
    stream::unfold((), next).boxed()
}

/// The same until this is `true`.
#[cfg(any(feature = "sqlite", feature = "postgrest"))]
pub(crate) fn every_until(
    interval: Duration,
    mut is_closed: tokio::sync::watch::Receiver<bool>,
) -> BoxStream<'static, ()> {
    let end = async move {
        // Without its sender there is nobody to ask either.
        let _ = is_closed.wait_for(|is_closed| *is_closed).await;
    };
    every(interval).take_until(end).boxed()
}
