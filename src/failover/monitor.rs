//! [`Monitor`]: the task that replays behind the callers, probes, and tells the status.

use super::direct::refusal;
use super::replay::{Progress, Replayer};
use super::{Engine, WriteMode};
use crate::Result;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How soon what other processes do is seen.
const LOOK: Duration = Duration::from_secs(1);

/// How long a process that writes to its file first is left alone: one that lives for milliseconds
/// has better things to do than to wait for requests.
const HEAD_START: Duration = Duration::from_millis(100);

pub(crate) struct Monitor {
    replayer: Arc<Mutex<Replayer>>,
    task: JoinHandle<()>,
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Monitor {
    pub(super) fn start(engine: &Arc<Engine>) -> Self {
        let replayer = Arc::new(Mutex::new(Replayer::default()));
        let task = tokio::spawn(run(Arc::downgrade(engine), replayer.clone()));
        Self { replayer, task }
    }

    /// Ends the task once its request has been answered.
    pub(super) async fn end(&self) {
        let mut replayer = self.replayer.lock().await;
        self.task.abort();
        *replayer = Replayer::default();
    }

    pub(super) async fn flush(&self, engine: &Engine, time: Duration) -> Result<bool> {
        let deadline = Instant::now() + time;
        loop {
            if engine.file.state().await?.waiting.rows == 0 {
                engine.refresh_status().await;
                return Ok(true);
            }
            if Instant::now() >= deadline {
                return Ok(false);
            }
            let progress = engine.step(&mut *self.replayer.lock().await).await?;
            let rest = deadline.saturating_duration_since(Instant::now());
            match progress {
                Progress::Worked | Progress::Idle => {}
                Progress::Wait(wait) => tokio::time::sleep(wait.min(rest)).await,
                Progress::Elsewhere => tokio::time::sleep(LOOK.min(rest) / 10).await,
            }
        }
    }
}

async fn run(engine: std::sync::Weak<Engine>, replayer: Arc<Mutex<Replayer>>) {
    let is_local_first =
        engine.upgrade().is_some_and(|engine| engine.settings.mode == WriteMode::LocalFirst);
    if is_local_first {
        tokio::time::sleep(HEAD_START).await;
    }
    let mut failures = 0_u32;
    loop {
        let Some(engine) = engine.upgrade() else { return };
        let progress = engine.step(&mut *replayer.lock().await).await;
        if let Some(refusal) = progress.as_ref().err().and_then(refusal) {
            engine.note_refusal(|_| Some(refusal));
        }
        engine.refresh_status().await;
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
        // Another process may have written, or ended.
        while !rest.is_zero() {
            let look = rest.min(LOOK);
            if tokio::time::timeout(look, engine.woken.notified()).await.is_ok() {
                break;
            }
            rest -= look;
            let before = *engine.status.borrow();
            if engine.refresh_status().await != before {
                break;
            }
        }
    }
}
