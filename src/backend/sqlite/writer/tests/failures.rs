//! Transactions that are lost, panics, threads that die, and files that are in use.

use super::*;
use crate::Error;

#[test]
fn a_lost_transaction_is_made_again_one_by_one() {
    let (_folder, sqlite) = file();
    let runs = Arc::new(AtomicUsize::new(0));
    let held = hold(&sqlite);
    let counted = runs.clone();
    let mut store = insert(1);
    let first = sqlite.change(Urgency::Call, PLAIN, move |connection| {
        counted.fetch_add(1, Ordering::Relaxed);
        store(connection)
    });
    // As SQLite does by itself on a full disk.
    let mut store = insert(2);
    let ends = sqlite.change(Urgency::Call, PLAIN, move |connection| {
        store(connection)?;
        connection.execute_batch("rollback").map_err(from_rusqlite)?;
        Err::<(), _>(Error::new(ErrorKind::StorageFull, "no room"))
    });
    let last = sqlite.change(Urgency::Call, PLAIN, insert(3));
    drop(held);
    wait(first).expect("stored");
    let error = wait(ends).expect_err("its transaction is gone");
    assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
    wait(last).expect("stored");
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    assert_eq!(ids(&sqlite), [1, 3]);
}

#[test]
fn a_commit_that_fails_fails_only_what_is_to_blame() {
    let (_folder, sqlite) = file();
    let held = hold(&sqlite);
    let first = sqlite.change(Urgency::Call, PLAIN, insert(1));
    // The foreign key is checked at the commit.
    let orphan = sqlite.change(Urgency::Call, PLAIN, |connection| {
        let sql = "insert into rows values (2, 7)";
        connection.execute(sql, []).map(drop).map_err(from_rusqlite)
    });
    let last = sqlite.change(Urgency::Call, PLAIN, insert(3));
    drop(held);
    wait(first).expect("stored");
    assert_eq!(wait(orphan).expect_err("no parent").kind(), ErrorKind::ForeignKey);
    wait(last).expect("stored");
    assert_eq!(ids(&sqlite), [1, 3]);
}

#[test]
fn a_full_file_fails_what_does_not_fit() {
    let (_folder, sqlite) = file();
    wait(sqlite.outside(|connection| {
        let pages: i64 = connection
            .pragma_query_value(None, "page_count", |row| row.get(0))
            .map_err(from_rusqlite)?;
        connection
            .pragma_update_and_check(None, "max_page_count", pages + 2, |_| Ok(()))
            .map_err(from_rusqlite)?;
        connection.execute_batch("create table blobs (bytes)").map_err(from_rusqlite)
    }))
    .expect("a limit");
    let held = hold(&sqlite);
    let first = sqlite.change(Urgency::Call, PLAIN, insert(1));
    let large = sqlite.change(Urgency::Call, PLAIN, |connection| {
        let sql = "insert into blobs values (zeroblob(100000))";
        connection.execute(sql, []).map(drop).map_err(from_rusqlite)
    });
    let last = sqlite.change(Urgency::Call, PLAIN, insert(2));
    drop(held);
    wait(first).expect("stored");
    assert_eq!(wait(large).expect_err("no room").kind(), ErrorKind::StorageFull);
    wait(last).expect("stored");
    assert_eq!(ids(&sqlite), [1, 2]);
}

#[test]
fn a_panic_is_an_error_and_takes_its_changes_back() {
    let (_folder, sqlite) = file();
    let held = hold(&sqlite);
    let panics = |id| {
        let mut insert = insert(id);
        sqlite.change(Urgency::Call, PLAIN, move |connection| -> Result<()> {
            insert(connection)?;
            panic!("on purpose")
        })
    };
    let alone = panics(0);
    let first = sqlite.change(Urgency::Call, PLAIN, insert(1));
    let shared = panics(2);
    drop(held);
    wait(first).expect("stored");
    for answer in [alone, shared] {
        assert_eq!(wait(answer).expect_err("a panic").kind(), ErrorKind::Internal);
    }
    for answer in [
        wait(sqlite.outside(|_| -> Result<()> { panic!("on purpose") })),
        wait(sqlite.look(|_| -> Result<()> { panic!("on purpose") })),
    ] {
        assert_eq!(answer.expect_err("a panic").kind(), ErrorKind::Internal);
    }
    assert_eq!(ids(&sqlite), [1]);
}

/// An answer that panics when nobody takes it.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "on purpose");
    }
}

#[test]
fn a_thread_that_dies_starts_again() {
    let (_folder, sqlite) = file();
    let held = hold(&sqlite);
    let mut store = insert(1);
    drop(sqlite.change(Urgency::Call, PLAIN, move |connection| store(connection).map(|()| Bomb)));
    let with_it = sqlite.change(Urgency::Call, PLAIN, insert(2));
    drop(held);
    // It was committed, but whoever waits cannot know.
    let error = wait(with_it).expect_err("its thread died");
    assert_eq!((error.kind(), error.is_ambiguous()), (ErrorKind::Timeout, true));
    wait(sqlite.change(Urgency::Call, PLAIN, insert(3))).expect("stored");
    assert_eq!(ids(&sqlite), [1, 2, 3]);

    let held = hold(&sqlite);
    drop(sqlite.look(|_| Ok(Bomb)));
    drop(held);
    let count = |connection: &Connection| {
        connection
            .query_one("select count(*) from rows", [], |row| row.get(0))
            .map_err(from_rusqlite)
    };
    assert_eq!(wait(sqlite.look::<i64>(count)).expect("counted"), 3);
    wait(sqlite.close()).expect("closed");
}

#[test]
fn a_file_in_use_is_waited_for_and_no_longer() {
    let (_folder, sqlite) = file();
    let other = Connection::open(sqlite.path().expect("a path")).expect("a connection");
    other.execute_batch("begin immediate").expect("begun");
    let start = Instant::now();
    let answers: Vec<_> =
        (0..10).map(|id| sqlite.change(Urgency::Call, PLAIN, insert(id))).collect();
    std::thread::sleep(Duration::from_millis(150));
    let later = sqlite.change(Urgency::Call, PLAIN, insert(10));
    for answer in answers {
        assert_eq!(wait(answer).expect_err("in use").kind(), ErrorKind::Busy);
    }
    let waited = start.elapsed();
    assert!((300..450).contains(&waited.as_millis()), "{waited:?}");
    assert_eq!(wait(later).expect_err("in use").kind(), ErrorKind::Busy);
    let waited = start.elapsed();
    assert!((430..600).contains(&waited.as_millis()), "{waited:?}");

    let soon = sqlite.change(Urgency::Call, PLAIN, insert(11));
    std::thread::sleep(Duration::from_millis(50));
    other.execute_batch("rollback").expect("ended");
    wait(soon).expect("stored");
    assert_eq!(ids(&sqlite), [11]);
}

#[test]
fn a_transaction_of_a_script_is_joined() {
    let (_folder, sqlite) = file();
    wait(sqlite.execute_script("begin")).expect("begun");
    wait(sqlite.change(Urgency::Call, PLAIN, insert(1))).expect("stored");
    assert!(wait(sqlite.change(Urgency::Call, PLAIN, insert(1))).is_err());
    wait(sqlite.execute_script("rollback")).expect("ended");
    assert!(ids(&sqlite).is_empty());
}
