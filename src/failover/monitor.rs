//! [`Monitor`]: the task that replays behind the callers, probes, and tells the status. It runs on
//! the store's own thread, is watched, and starts again.

use super::engine::replay::{Progress, Replayer};
use super::engine::{Engine, refusal_of};
use super::environment::Moment;
use super::worker::Worker;
use crate::{Error, ErrorKind, Result};
use futures_util::future::{Either, select};
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{Mutex, oneshot, watch};
use tokio::time::Instant;

/// How soon what other processes do is seen.
const LOOK: Duration = Duration::from_secs(1);

/// How long a process that writes to its file first is left alone: one that lives for milliseconds
/// has better things to do than to wait for requests.
const HEAD_START: Duration = Duration::from_millis(100);

/// How soon a task that panicked starts again.
const START_AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Monitor {
    replayer: Arc<Mutex<Replayer>>,
    worker: Arc<Worker>,
    ended: watch::Sender<bool>,
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.ended.send_replace(true);
    }
}

impl Monitor {
    pub(super) fn start(engine: &Arc<Engine>, worker: Arc<Worker>) -> Self {
        let ended = watch::Sender::new(false);
        let replayer = Arc::new(Mutex::new(Replayer::until(ended.subscribe())));
        if engine.settings.replays_behind {
            let (weak, known, ends) = (Arc::downgrade(engine), replayer.clone(), ended.subscribe());
            worker.spawn_behind(Box::pin(supervise(weak, known, ends)));
        }
        Self { replayer, worker, ended }
    }

    /// Becomes `true` with the end of the store.
    pub(super) fn ended(&self) -> watch::Receiver<bool> {
        self.ended.subscribe()
    }

    /// The task starts no request any more.
    pub(super) fn stop(&self) {
        self.ended.send_replace(true);
    }

    /// Ends the task once its request has been answered.
    pub(super) async fn end(&self) {
        self.stop();
        *self.replayer.lock().await = Replayer::default();
    }

    pub(super) async fn flush(&self, engine: &Arc<Engine>, time: Duration) -> Result<bool> {
        let (engine, replayer) = (engine.clone(), self.replayer.clone());
        let (answer, waiting) = oneshot::channel();
        self.worker.spawn(Box::pin(async move {
            let _ = answer.send(flush(&engine, &replayer, time).await);
        }));
        waiting.await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Internal, "the replay ended before its time"))
        })
    }
}

async fn flush(engine: &Arc<Engine>, replayer: &Mutex<Replayer>, time: Duration) -> Result<bool> {
    let deadline = Instant::now() + time;
    // Whoever flushes believes that the remote is there: it is asked once, whatever was known.
    engine.probe_soon().await?;
    loop {
        if engine.is_drained()? {
            engine.refresh_status();
            return Ok(true);
        }
        let rest = deadline.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            return Ok(false);
        }
        // The monitor's own request may be under way.
        let Ok(mut replayer) = tokio::time::timeout(rest, replayer.lock()).await else {
            return Ok(false);
        };
        let rest = deadline.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            return Ok(false);
        }
        let ends_at = engine.environment.now() + rest.as_millis() as Moment;
        replayer.ends_at = Some(ends_at);
        let progress = engine.step(&mut replayer).await;
        replayer.ends_at = None;
        drop(replayer);
        let progress = progress?;
        let rest = deadline.saturating_duration_since(Instant::now());
        match progress {
            Progress::Worked => {}
            // Another call's request may have to end first.
            Progress::Idle => tokio::time::sleep(LOOK.min(rest) / 100).await,
            Progress::Wait(wait) => {
                let woken = engine.woken.notified();
                let _ = tokio::time::timeout(wait.min(rest).min(LOOK), woken).await;
                engine.probe_soon().await?;
            }
            Progress::Elsewhere => tokio::time::sleep(LOOK.min(rest) / 10).await,
        }
    }
}

/// Keeps the task alive: a panic, in a token source say, does not end replay.
async fn supervise(
    engine: Weak<Engine>,
    replayer: Arc<Mutex<Replayer>>,
    mut ended: watch::Receiver<bool>,
) {
    loop {
        let task = tokio::spawn(run(engine.clone(), replayer.clone(), ended.clone()));
        if task.await.is_ok() {
            return;
        }
        tracing::error!("the task that replays has panicked, and starts again");
        // What it had under way is unknown now.
        *replayer.lock().await = Replayer::until(ended.clone());
        if tokio::time::timeout(START_AGAIN, ended.wait_for(|ended| *ended)).await.is_ok() {
            return;
        }
    }
}

async fn run(
    engine: Weak<Engine>,
    replayer: Arc<Mutex<Replayer>>,
    mut ended: watch::Receiver<bool>,
) {
    let is_local_first =
        engine.upgrade().is_some_and(|engine| engine.settings.mode == super::WriteMode::LocalFirst);
    if is_local_first && wait_or_end(&mut ended, HEAD_START).await {
        return;
    }
    let mut failures = 0_u32;
    loop {
        let Some(engine) = engine.upgrade() else { return };
        let progress = {
            let mut replayer = replayer.lock().await;
            if *ended.borrow() {
                return;
            }
            engine.step(&mut replayer).await
        };
        if let Some(refusal) = progress.as_ref().err().and_then(refusal_of) {
            engine.note_refusal(|_| Some(refusal));
        }
        engine.refresh_status();
        let wait = match progress {
            Ok(Progress::Worked) => {
                failures = 0;
                continue;
            }
            Ok(Progress::Wait(wait)) => wait.min(engine.settings.interval),
            Ok(Progress::Elsewhere) => LOOK,
            Ok(Progress::Idle) => engine.settings.interval,
            Err(error) => {
                failures = failures.saturating_add(1);
                tracing::warn!(kind = error.kind().name(), "replay could not use the file");
                LOOK * failures.min(30)
            }
        };
        let mut rest = wait;
        let newest = engine.newest();
        // Another process may have written, or ended.
        while !rest.is_zero() {
            let look = rest.min(LOOK);
            let news = pin!(engine.woken.notified());
            let end = pin!(ended.wait_for(|ended| *ended));
            match tokio::time::timeout(look, select(news, end)).await {
                Err(_) => {}
                Ok(Either::Left(_)) => break,
                Ok(Either::Right(_)) => return,
            }
            rest -= look;
            let before = *engine.status.borrow();
            if engine.refresh_status() != before || engine.newest() != newest {
                break;
            }
        }
    }
}

async fn wait_or_end(ended: &mut watch::Receiver<bool>, time: Duration) -> bool {
    tokio::time::timeout(time, ended.wait_for(|ended| *ended)).await.is_ok()
}
