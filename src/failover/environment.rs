//! [`Environment`]: time, chance, tasks and the lock that replay needs, given from outside, so that
//! a simulation can decide them.

use futures_util::future::BoxFuture;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Milliseconds by one of the clocks of [`Environment`].
pub(crate) type Moment = i64;

pub(crate) trait Environment: fmt::Debug + Send + Sync + 'static {
    /// By a clock that nobody can set, and that all processes of the machine share. It counts from
    /// the [`boot`](Self::boot).
    fn now(&self) -> Moment;
    /// Since 1970, by the clock on the wall: for people.
    fn date(&self) -> Moment;
    /// Names the start of the machine. Times by [`now`](Self::now) mean nothing after another one.
    fn boot(&self) -> &str;
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()>;
    /// Between 0 and 1, 1 excluded.
    fn random(&self) -> f64;
    /// Runs the work to its end, whether or not somebody waits for it.
    fn spawn(&self, work: BoxFuture<'static, ()>);
    /// The right to replay, if no other process has it. It ends when it is dropped, and with the
    /// process; never by time.
    fn try_lock(&self) -> Option<Box<dyn Send + Sync>>;
}

/// The machine's own clocks, tokio's tasks, and an operating-system lock on a file.
#[derive(Debug)]
pub(crate) struct Machine {
    lock: std::path::PathBuf,
    boot: String,
}

impl Machine {
    pub(crate) fn new(lock: std::path::PathBuf) -> Self {
        Self { lock, boot: boot() }
    }
}

/// Linux names each of its starts, and has a clock that goes on while the machine sleeps.
#[cfg(target_os = "linux")]
fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|name| name.trim().to_owned())
        .unwrap_or_default()
}

/// Elsewhere the clock on the wall serves for both: who moves it moves what waits.
#[cfg(not(target_os = "linux"))]
fn boot() -> String {
    String::new()
}

#[cfg(target_os = "linux")]
fn since_boot() -> Moment {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
}

#[cfg(not(target_os = "linux"))]
fn since_boot() -> Moment {
    chrono::Utc::now().timestamp_millis()
}

impl Environment for Machine {
    fn now(&self) -> Moment {
        if self.boot.is_empty() { self.date() } else { since_boot() }
    }

    fn date(&self) -> Moment {
        chrono::Utc::now().timestamp_millis()
    }

    fn boot(&self) -> &str {
        &self.boot
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn random(&self) -> f64 {
        fastrand::f64()
    }

    fn spawn(&self, work: BoxFuture<'static, ()>) {
        // Without a runtime the program ends.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(work);
        }
    }

    fn try_lock(&self) -> Option<Box<dyn Send + Sync>> {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.lock)
            .ok()?;
        file.try_lock().ok()?;
        Some(Box::new(file))
    }
}

/// How long until a stored time, in milliseconds. A time further ahead than it could have been set
/// is due: it is not of this clock.
pub(crate) fn until(time: Moment, now: Moment, longest: Duration) -> Option<Duration> {
    let rest = u64::try_from(time.saturating_sub(now)).ok().filter(|rest| *rest > 0)?;
    (rest <= longest.as_millis() as u64).then(|| Duration::from_millis(rest))
}

/// Work that runs to its end even if its caller goes away: then it becomes a task of its own.
pub(crate) fn to_its_end<T: Send + 'static>(
    environment: Arc<dyn Environment>,
    work: BoxFuture<'static, T>,
) -> impl Future<Output = T> {
    ToItsEnd { environment, work: Some(work) }
}

struct ToItsEnd<T: Send + 'static> {
    environment: Arc<dyn Environment>,
    work: Option<BoxFuture<'static, T>>,
}

impl<T: Send + 'static> Future for ToItsEnd<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        // Out of it meanwhile: work that panics is not to be continued.
        let Some(mut work) = self.work.take() else { return Poll::Pending };
        let answer = work.as_mut().poll(context);
        if answer.is_pending() {
            self.work = Some(work);
        }
        answer
    }
}

impl<T: Send + 'static> Drop for ToItsEnd<T> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            self.environment.spawn(Box::pin(async move { drop(work.await) }));
        }
    }
}
