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

/// The one thread for all who wait ends with the last of them; a later one starts another.
#[tokio::test]
async fn nothing_looks_once_nobody_waits() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::File(folder.path().join("a.db")).make().unwrap();
    let busy_timeout = Duration::from_secs(5);
    let connector = Connector { place, busy_timeout, synchronous: Synchronous::Normal };
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
