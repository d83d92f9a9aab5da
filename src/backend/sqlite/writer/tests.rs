//! What the thread that writes promises, seen from the connection itself.

mod failures;
mod groups;

use super::{Commit, Urgency};
use crate::backend::sqlite::from_rusqlite;
use crate::sqlite::SqliteOptions;
use crate::{Backend, ErrorKind, Result, Sqlite};
use rusqlite::Connection;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PLAIN: Commit = Commit { foreign_keys: true, waits_for_disk: false };

/// Waits without any runtime.
fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return answer;
        }
        std::thread::park();
    }
}

fn file() -> (TempDir, Sqlite) {
    let folder = tempfile::tempdir().expect("a folder");
    let options = SqliteOptions::new(folder.path().join("a.db"));
    let sqlite = wait(options.busy_timeout(Duration::from_millis(300)).open()).expect("a file");
    wait(sqlite.execute_script(
        "create table parents (id integer primary key);
         create table rows (
             id integer primary key,
             parent integer references parents deferrable initially deferred
         );",
    ))
    .expect("tables");
    (folder, sqlite)
}

/// The thread that a look runs on.
fn looks_on(sqlite: &Sqlite) -> Option<String> {
    wait(sqlite.look(|_| Ok(std::thread::current().name().map(str::to_owned)))).expect("a look")
}

#[test]
fn without_readers_the_thread_that_writes_reads() {
    let (folder, sqlite) = file();
    assert_eq!(looks_on(&sqlite).as_deref(), Some("chronicle-read"));
    wait(sqlite.close()).expect("an end");
    let alone = wait(SqliteOptions::new(folder.path().join("a.db")).readers(0).open());
    let alone = alone.expect("the same file");
    assert_eq!(looks_on(&alone).as_deref(), Some("chronicle-write"));
    wait(alone.change(Urgency::Call, PLAIN, insert(1))).expect("a write");
    let rows = wait(alone.look(|connection| {
        connection
            .query_row("select count(*) from rows", [], |row| row.get::<_, i64>(0))
            .map_err(from_rusqlite)
    }));
    assert_eq!(rows.expect("a look"), 1);
    wait(alone.close()).expect("an end");
}

/// A change that stores a row.
fn insert(id: i64) -> impl FnMut(&Connection) -> Result<()> + Send + 'static {
    move |connection| {
        let sql = "insert into rows (id) values (?)";
        connection.execute(sql, [id]).map(drop).map_err(from_rusqlite)
    }
}

fn ids(sqlite: &Sqlite) -> Vec<i64> {
    let all = |connection: &Connection| -> rusqlite::Result<Vec<i64>> {
        let mut statement = connection.prepare_cached("select id from rows order by id")?;
        let ids = statement.query_map([], |row| row.get(0))?;
        ids.collect()
    };
    sqlite.ask(|connection| all(connection).map_err(from_rusqlite)).expect("rows")
}

/// Keeps the thread that writes from going on until it is dropped.
struct Held(#[allow(dead_code, reason = "its end is what counts")] mpsc::Sender<()>);

fn hold(sqlite: &Sqlite) -> Held {
    let (sender, receiver) = mpsc::channel::<()>();
    let (started, start) = mpsc::channel();
    drop(sqlite.outside(move |_| {
        let _ = started.send(());
        let _ = receiver.recv();
        Ok(())
    }));
    start.recv().expect("the thread works");
    Held(sender)
}

/// Counts the commits of the connection that writes.
fn commits(sqlite: &Sqlite) -> Arc<AtomicUsize> {
    let commits = Arc::new(AtomicUsize::new(0));
    let counted = commits.clone();
    wait(sqlite.outside(move |connection| {
        let hook = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            false
        };
        connection.commit_hook(Some(hook)).map_err(from_rusqlite)
    }))
    .expect("a hook");
    commits
}

#[test]
fn what_is_queued_is_done_also_if_nobody_waits() {
    let (_folder, sqlite) = file();
    for id in 0..100 {
        drop(sqlite.change(Urgency::Call, PLAIN, insert(id)));
    }
    wait(sqlite.close()).expect("closed");
    let error = wait(sqlite.change(Urgency::Call, PLAIN, insert(100))).expect_err("closed");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    for error in [
        wait(sqlite.outside(|_| Ok(()))).expect_err("closed"),
        wait(sqlite.look(|_| Ok(()))).expect_err("closed"),
        sqlite.ask(|_| Ok(())).expect_err("closed"),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
    let again = wait(Sqlite::open(sqlite.path().expect("a path"))).expect("opened");
    assert_eq!(ids(&again), (0..100).collect::<Vec<_>>());
}

#[test]
fn no_runtime_is_needed_and_the_end_of_one_ends_nothing() {
    let (_folder, sqlite) = file();
    let runtime = || tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime().block_on(sqlite.change(Urgency::Call, PLAIN, insert(1))).expect("stored");
    runtime().block_on(async { drop(sqlite.change(Urgency::Call, PLAIN, insert(2))) });
    wait(sqlite.change(Urgency::Call, PLAIN, insert(3))).expect("stored");
    assert_eq!(ids(&sqlite), [1, 2, 3]);
}

#[test]
fn a_look_sees_one_state_and_leaves_no_transaction() {
    let (_folder, sqlite) = file();
    let (written, wrote) = mpsc::channel();
    let (began, begun) = mpsc::channel();
    let look = sqlite.look(move |connection| {
        let count = |connection: &Connection| {
            connection.query_one("select count(*) from rows", [], |row| row.get::<_, i64>(0))
        };
        connection.execute_batch("begin").map_err(from_rusqlite)?;
        let before = count(connection).map_err(from_rusqlite)?;
        let _ = began.send(());
        let _ = wrote.recv();
        Ok((before, count(connection).map_err(from_rusqlite)?))
    });
    begun.recv().expect("it has begun");
    wait(sqlite.change(Urgency::Call, PLAIN, insert(1))).expect("stored");
    written.send(()).expect("it waits");
    assert_eq!(wait(look).expect("counts"), (0, 0));
    let is_free = |connection: &Connection| Ok(connection.is_autocommit());
    assert!(wait(sqlite.look(is_free)).expect("asked"));
    sqlite
        .ask(|connection| connection.execute_batch("begin").map_err(from_rusqlite))
        .expect("begun");
    assert!(sqlite.ask(is_free).expect("asked"));
}

#[test]
fn inline_all_is_done_at_once() {
    let (_folder, threads) = file();
    let path = threads.path().expect("a path");
    let open = || Connection::open(path).expect("a connection");
    let sqlite = Sqlite::inline("inline".to_owned(), open(), open());
    drop(sqlite.change(Urgency::Behind, PLAIN, insert(1)));
    assert_eq!(ids(&sqlite), [1]);
    let refused = sqlite.change(Urgency::Call, PLAIN, insert(1));
    assert_eq!(wait(refused).expect_err("it is there").kind(), ErrorKind::Unique);
    drop(
        sqlite.outside(|connection| {
            connection.execute_batch("delete from rows").map_err(from_rusqlite)
        }),
    );
    let count = |connection: &Connection| {
        let sql = "select count(*) from rows";
        connection.query_one(sql, [], |row| row.get::<_, i64>(0)).map_err(from_rusqlite)
    };
    assert_eq!(wait(sqlite.look(count)).expect("counted"), 0);
}

/// The threads of this process by their names.
#[cfg(target_os = "linux")]
fn threads(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("threads");
    tasks
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|found| found.trim() == name)
        .count()
}

#[cfg(target_os = "linux")]
#[test]
fn threads_end_with_the_last_clone() {
    // Alone in a process of its own, since other tests have such threads too.
    const NAME: &str = "backend::sqlite::writer::tests::threads_end_with_the_last_clone";
    const INNER: &str = "CHRONICLE_TEST_INNER";
    if std::env::var_os(INNER).is_none() {
        let test = std::process::Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", NAME, "--nocapture"])
            .env(INNER, "1")
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&test.stdout);
        assert!(test.status.success() && said.contains("1 passed"), "{test:?}");
        return;
    }
    let (_folder, sqlite) = file();
    wait(sqlite.look(|_| Ok(()))).expect("a reader");
    let clone = sqlite.clone();
    drop(sqlite);
    assert_eq!((threads("chronicle-write"), threads("chronicle-read")), (1, 1));
    drop(clone);
    let start = Instant::now();
    while threads("chronicle-write") + threads("chronicle-read") > 0 {
        assert!(start.elapsed() < Duration::from_secs(10), "the threads go on");
        std::thread::sleep(Duration::from_millis(5));
    }
}
