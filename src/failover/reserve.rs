//! [`Reserve`]: room on the disk that is kept for acknowledgements.
//!
//! On a full disk not even a removal can be committed, so that what was replayed would be sent again
//! for ever, and free nothing. A file beside the database keeps some room: it goes when replay finds
//! the disk full. Until it can be made again, new writes are refused and the mirror stands still.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How much it keeps, in bytes: a write-ahead log up to its checkpoint, which is 4 MB, and as much
/// for the database to grow by.
const SIZE: u64 = 8 * 1024 * 1024;

/// What must be free besides, so that room which was just given up is not taken again at once.
const MARGIN: u64 = 4 * 1024 * 1024;

/// How often making it is tried.
const AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Reserve {
    path: PathBuf,
    tried: Mutex<Option<Instant>>,
}

impl Reserve {
    pub(crate) fn beside(database: &Path) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push("-reserve");
        Self { path: path.into(), tried: Mutex::new(None) }
    }

    /// Whether it is there, or could be made: `false` means that the disk is full.
    pub(crate) async fn hold(&self) -> bool {
        if fs::metadata(&self.path).is_ok_and(|file| file.len() >= SIZE) {
            return true;
        }
        {
            let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
            if tried.is_some_and(|before| before.elapsed() < AGAIN) {
                return false;
            }
            *tried = Some(Instant::now());
        }
        let path = self.path.clone();
        let made = tokio::task::spawn_blocking(move || make(&path)).await;
        match made {
            Ok(Err(error)) if is_full(&error) => false,
            Ok(Err(error)) => {
                // A folder that cannot be written, say: SQLite has more to say of that.
                tracing::warn!(%error, "no room on the disk can be kept");
                true
            }
            Ok(Ok(())) | Err(_) => {
                *self.tried.lock().unwrap_or_else(PoisonError::into_inner) = None;
                true
            }
        }
    }

    /// Gives the room up; `false` when there is none.
    pub(crate) fn free(&self) -> bool {
        let freed = fs::remove_file(&self.path).is_ok();
        if freed {
            tracing::warn!("the disk is full: what was kept for acknowledgements is used");
        }
        freed
    }
}

/// Whether the disk has so many bytes left; `true` where that cannot be asked.
#[cfg(target_os = "linux")]
fn is_free(path: &Path, bytes: u64) -> bool {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    rustix::fs::statvfs(folder.unwrap_or(Path::new(".")))
        .map_or(true, |disk| disk.f_bavail.saturating_mul(disk.f_frsize) >= bytes)
}

#[cfg(not(target_os = "linux"))]
fn is_free(_: &Path, _: u64) -> bool {
    true
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}

fn make(path: &Path) -> io::Result<()> {
    // Trying would leave nothing to those who write meanwhile.
    if !is_free(path, SIZE + MARGIN) {
        return Err(ErrorKind::StorageFull.into());
    }
    let made = File::create(path).and_then(|mut file| {
        // Not zeros: file systems that compress keep no room for those.
        let mut chunk = vec![0; 1024 * 1024];
        for _ in 0..(SIZE + MARGIN) / chunk.len() as u64 {
            fastrand::fill(&mut chunk);
            file.write_all(&chunk)?;
        }
        file.set_len(SIZE)
    });
    if made.is_err() {
        let _ = fs::remove_file(path);
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_made_given_up_and_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("chronicle.db");
        let reserve = Reserve::beside(&database);
        assert!(!reserve.free());
        assert!(reserve.hold().await);
        let file = folder.path().join("chronicle.db-reserve");
        assert_eq!(fs::metadata(&file).unwrap().len(), SIZE);
        assert!(reserve.free());
        assert!(!file.exists());
        // What a process that was killed left of it is not enough.
        fs::write(&file, "begun").unwrap();
        assert!(reserve.hold().await);
        assert_eq!(fs::metadata(&file).unwrap().len(), SIZE);
    }
}
