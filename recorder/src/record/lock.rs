//! [`Lock`]: one recorder after the other. What they read of a session stays so until they have written.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::time::{Duration, Instant};

/// A recorder that was stopped with the lock must not stop the others.
const LONGEST: Duration = Duration::from_millis(400);
const PAUSE: Duration = Duration::from_micros(200);

/// Held until it is dropped, or the process ends.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "it is held")] Option<File>);

impl Lock {
    /// The lock beside a database. Where there can be none, nobody has it, and nobody waits for it.
    pub(crate) fn beside(database: &Path) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let Ok(file) = options.open(path) else { return Self(None) };
        let start = Instant::now();
        while let Err(std::fs::TryLockError::WouldBlock) = file.try_lock() {
            if start.elapsed() > LONGEST {
                return Self(None);
            }
            std::thread::sleep(PAUSE);
        }
        Self(Some(file))
    }
}
