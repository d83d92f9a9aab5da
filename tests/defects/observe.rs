//! Another process's view of the file: it holds the write lock, or measures how long it must wait for it.

use rusqlite::{Connection, ErrorCode};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

fn open(path: &Path, patience: Duration) -> Connection {
    let file = Connection::open(path).unwrap();
    file.busy_timeout(patience).unwrap();
    file
}

/// Holds the file's write lock until it is dropped: nobody else can commit.
pub(crate) struct WriteLock(#[expect(dead_code, reason = "held, not used")] Connection);

impl WriteLock {
    pub(crate) fn take(path: &Path) -> Self {
        let file = open(path, Duration::from_secs(5));
        file.execute_batch("begin immediate").unwrap();
        Self(file)
    }
}

/// Whether the write lock can be had within some time.
pub(crate) fn can_be_written(path: &Path, patience: Duration) -> bool {
    match open(path, patience).execute_batch("begin immediate; rollback") {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy), "{error}");
            false
        }
    }
}

/// Takes and gives back the write lock all the time, as another process that writes would, and notes
/// the longest wait for it.
pub(crate) struct Waits {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Duration>,
}

impl Waits {
    pub(crate) fn measure(path: PathBuf) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let ends = over.clone();
        let thread = std::thread::spawn(move || {
            // SQLite's own wait for a lock grows to 100 ms between two looks.
            let file = open(&path, Duration::ZERO);
            let mut longest = Duration::ZERO;
            while !ends.load(Ordering::Relaxed) {
                let start = Instant::now();
                while file.execute_batch("begin immediate; rollback").is_err() {
                    std::thread::sleep(Duration::from_millis(1));
                }
                longest = longest.max(start.elapsed());
                std::thread::sleep(Duration::from_millis(3));
            }
            longest
        });
        Self { over, thread }
    }

    pub(crate) fn longest(self) -> Duration {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}
