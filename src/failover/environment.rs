//! [`Environment`]: time, chance, tasks and the lock that replay needs, given from outside, so that
//! a simulation can decide them.

use futures_util::future::BoxFuture;
use std::fmt;
use std::time::Duration;

/// Milliseconds since 1970, by the wall clock: what several processes can compare.
pub(crate) type Moment = i64;

pub(crate) trait Environment: fmt::Debug + Send + Sync + 'static {
    fn now(&self) -> Moment;
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()>;
    /// Between 0 and 1, 1 excluded.
    fn random(&self) -> f64;
    /// Runs the work to its end, whether or not somebody waits for it.
    fn spawn(&self, work: BoxFuture<'static, ()>);
    /// The right to replay, if no other process has it. It ends when it is dropped, and with the
    /// process; never by time.
    fn try_lock(&self) -> Option<Box<dyn Send + Sync>>;
}

/// The machine's own clock, tokio's tasks, and an operating-system lock on a file.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) lock: std::path::PathBuf,
}

impl Environment for Machine {
    fn now(&self) -> Moment {
        chrono::Utc::now().timestamp_millis()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn random(&self) -> f64 {
        fastrand::f64()
    }

    fn spawn(&self, work: BoxFuture<'static, ()>) {
        tokio::spawn(work);
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
/// is due: the clock was changed.
pub(crate) fn until(time: Moment, now: Moment, longest: Duration) -> Option<Duration> {
    let rest = u64::try_from(time.saturating_sub(now)).ok().filter(|rest| *rest > 0)?;
    (rest <= longest.as_millis() as u64).then(|| Duration::from_millis(rest))
}
