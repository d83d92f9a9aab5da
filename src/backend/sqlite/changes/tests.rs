use super::*;
use crate::backend::sqlite::options::Synchronous;
use crate::backend::sqlite::place::Place;
use std::time::Instant;

fn is_looking(changes: &Changes) -> bool {
    changes.lock().thread.is_some()
}

fn until(so: impl Fn() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn connector(folder: &tempfile::TempDir) -> Connector {
    let place = Place::File(folder.path().join("a.db")).make().unwrap();
    let busy_timeout = Duration::from_secs(5);
    Connector { place, busy_timeout, synchronous: Synchronous::Normal }
}

/// The one thread for all who wait ends with the last of them; a later one starts another.
#[tokio::test]
async fn nothing_looks_once_nobody_waits() {
    let folder = tempfile::tempdir().unwrap();
    let connector = connector(&folder);
    let writer = connector.writer().unwrap();
    let changes = Arc::new(Changes::new(&connector));
    for round in 0..3 {
        assert!(!is_looking(&changes));
        let mut some = changes.since_now().unwrap();
        let mut others = changes.since_now().unwrap();
        // There may have been a change since.
        assert_eq!((some.next().await, others.next().await), (Some(()), Some(())));
        drop(others);
        writer.execute_batch(&format!("create table t{round} (a)")).unwrap();
        assert_eq!(some.next().await, Some(()));
        assert!(is_looking(&changes));
        drop(some);
        until(|| !is_looking(&changes));
    }
    let mut some = changes.since_now().unwrap();
    assert_eq!(some.next().await, Some(()));
    changes.close();
    assert_eq!(some.next().await, None);
    changes.wait();
    assert!(!is_looking(&changes) && changes.since_now().is_err());
}

/// A change that was told and not yet seen does not keep a stream from its end.
#[tokio::test]
async fn what_is_closed_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let changes = Arc::new(Changes::new(&connector(&folder)));
    let mut some = changes.since_now().unwrap();
    // The first look tells a change.
    std::thread::sleep(2 * LOOK);
    changes.close();
    assert_eq!(some.next().await, None);
    changes.wait();
}

/// Without a thread no change would be told: those who wait are sent home, and a later one is told again.
#[tokio::test]
async fn those_who_wait_end_with_the_thread() {
    let folder = tempfile::tempdir().unwrap();
    let connector = connector(&folder);
    let changes = Arc::new(Changes::new(&connector));
    // As after a panic of the thread.
    changes.lock().thread = Some(std::thread::current());
    let mut some = changes.since_now().unwrap();
    changes.end();
    assert_eq!(some.next().await, None);
    let mut later = changes.since_now().unwrap();
    assert_eq!(later.next().await, Some(()));
    changes.close();
    changes.wait();
}
