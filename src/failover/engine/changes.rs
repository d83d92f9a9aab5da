//! When a watched query is read again.

use super::Engine;
use crate::failover::WriteMode;
use crate::{Backend, Result};
use futures_util::future::{Either, select};
use futures_util::stream::{self, BoxStream, StreamExt};
use std::time::Duration;

/// The shortest time between two reads: one of the remote costs more than one of the file, and what it
/// brings changes the file.
const REST: Duration = Duration::from_millis(100);

impl Engine {
    /// The file tells of what is written through it, replayed, read or pulled, by any process. What
    /// others change at the remote nobody tells: where it may serve, it is asked every so often.
    pub(crate) fn changes(&self) -> Result<BoxStream<'static, ()>> {
        let file = self.file.sqlite().changes()?;
        if self.settings.mode == WriteMode::LocalFirst {
            return Ok(file);
        }
        let (environment, interval) = (self.environment.clone(), self.settings.watch_interval);
        let next = move |(mut file, last): (BoxStream<'static, ()>, _)| {
            let environment = environment.clone();
            async move {
                let time = environment.sleep(interval);
                if let Either::Left((None, _)) = select(file.next(), time).await {
                    return None;
                }
                let since = u64::try_from(environment.now() - last).unwrap_or(0);
                let rest = REST.saturating_sub(Duration::from_millis(since));
                if !rest.is_zero() {
                    environment.sleep(rest).await;
                }
                Some(((), (file, environment.now())))
            }
        };
        Ok(stream::unfold((file, self.environment.now()), next).boxed())
    }
}
