//! [`Environment`]: time, chance, tasks and the lock that replay needs, given from outside, so that
//! a simulation can decide them.

use super::worker::Worker;
use futures_util::future::BoxFuture;
use std::fmt;
use std::io::Write;
use std::sync::Arc;
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
    /// Runs work that ends with the store, whether or not it is done.
    fn spawn_behind(&self, work: BoxFuture<'static, ()>);
    /// The right to replay, if no other process has it. It ends when it is dropped, and with the
    /// process; never by time.
    fn try_lock(&self) -> Lock;
    /// Who has the right to replay now, as far as that can be told.
    fn lock_holder(&self) -> Option<String>;
}

/// The answer to whoever asks for the right to replay.
pub(crate) enum Lock {
    Got(Box<dyn Send + Sync>),
    /// Another process has it.
    Held,
    /// Nobody can have it: why.
    Impossible(String),
}

/// The machine's own clocks, the store's own thread, and an operating-system lock on a file.
#[derive(Debug)]
pub(crate) struct Machine {
    lock: std::path::PathBuf,
    boot: String,
    worker: Arc<Worker>,
}

impl Machine {
    /// `database`: its path, absolute and without links, so that each name of it gives one lock.
    pub(crate) fn new(database: &std::path::Path, worker: Arc<Worker>) -> Self {
        let mut lock = database.as_os_str().to_owned();
        lock.push("-replay");
        Self { lock: lock.into(), boot: boot(), worker }
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
        self.worker.sleep(time)
    }

    fn random(&self) -> f64 {
        fastrand::f64()
    }

    fn spawn(&self, work: BoxFuture<'static, ()>) {
        self.worker.spawn(work);
    }

    fn spawn_behind(&self, work: BoxFuture<'static, ()>) {
        self.worker.spawn_behind(work);
    }

    fn try_lock(&self) -> Lock {
        let options = || {
            let mut options = std::fs::OpenOptions::new();
            options.create(true).truncate(false).read(true).write(true);
            options
        };
        let impossible = |error: &dyn fmt::Display| {
            Lock::Impossible(format!("the lock {} cannot be had: {error}", self.lock.display()))
        };
        let mut file = match options().open(&self.lock) {
            Ok(file) => file,
            Err(error) => return impossible(&error),
        };
        match file.try_lock() {
            Ok(()) => {
                // For people: the lock itself is the system's.
                let named = format!("process {}\n", std::process::id());
                let _ = file.set_len(0).and_then(|()| file.write_all(named.as_bytes()));
                Lock::Got(Box::new(file))
            }
            Err(std::fs::TryLockError::WouldBlock) => Lock::Held,
            Err(std::fs::TryLockError::Error(error)) => impossible(&error),
        }
    }

    fn lock_holder(&self) -> Option<String> {
        let file = std::fs::File::open(&self.lock).ok()?;
        match file.try_lock_shared() {
            Err(std::fs::TryLockError::WouldBlock) => self.named_in_lock(),
            _ => None,
        }
    }
}

impl Machine {
    fn named_in_lock(&self) -> Option<String> {
        let text = std::fs::read_to_string(&self.lock).ok()?;
        // Whoever has just got the lock may not have told its name yet.
        Some(text.trim().to_owned()).filter(|name| !name.is_empty())
    }
}

/// How long until a stored time, in milliseconds. A time further ahead than it could have been set
/// is due: it is not of this clock.
pub(crate) fn until(time: Moment, now: Moment, longest: Duration) -> Option<Duration> {
    let rest = u64::try_from(time.saturating_sub(now)).ok().filter(|rest| *rest > 0)?;
    (rest <= longest.as_millis() as u64).then(|| Duration::from_millis(rest))
}
