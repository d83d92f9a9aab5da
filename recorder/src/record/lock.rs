//! [`Lock`]: one recorder after the other. What they read of a session stays so until they have written.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

/// A recorder that was stopped with the lock must not stop the others.
const LONGEST: Duration = Duration::from_millis(400);

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
        match file.try_lock() {
            Ok(()) => Self(Some(file)),
            Err(TryLockError::WouldBlock) => Self(in_turn(file)),
            Err(TryLockError::Error(_)) => Self(None),
        }
    }
}

/// Waits in the system's own queue, which is fair, but not for ever.
fn in_turn(file: File) -> Option<File> {
    let (sender, locked) = mpsc::channel();
    std::thread::Builder::new()
        .spawn(move || {
            if file.lock().is_ok() {
                // If nobody waits any more, it is given back.
                let _ = sender.send(file);
            }
        })
        .ok()?;
    locked.recv_timeout(LONGEST).ok()
}
