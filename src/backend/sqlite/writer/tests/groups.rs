//! Which changes share a transaction, and in which order they go.

use super::*;
use std::sync::Mutex;

#[test]
fn changes_that_wait_share_a_commit() {
    let (_folder, sqlite) = file();
    let commits = commits(&sqlite);
    let held = hold(&sqlite);
    let answers: Vec<_> =
        (0..64).map(|id| sqlite.change(Urgency::Call, PLAIN, insert(id))).collect();
    drop(held);
    for answer in answers {
        wait(answer).expect("stored");
    }
    assert_eq!(commits.load(Ordering::Relaxed), 1);
    assert_eq!(ids(&sqlite).len(), 64);
}

#[test]
fn none_is_answered_before_the_commit() {
    let (_folder, sqlite) = file();
    let held = hold(&sqlite);
    let first = sqlite.change(Urgency::Call, PLAIN, insert(1));
    let (go, gone) = mpsc::channel::<()>();
    let (began, begun) = mpsc::channel();
    let second = sqlite.change(Urgency::Call, PLAIN, move |_| {
        let _ = began.send(());
        let _ = gone.recv();
        Ok(())
    });
    drop(held);
    begun.recv().expect("the second runs");
    let mut first = pin!(first);
    assert!(first.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert!(ids(&sqlite).is_empty());
    drop(go);
    wait(second).expect("done");
    wait(first).expect("stored");
}

#[test]
fn an_error_takes_back_its_own_changes_only() {
    let (_folder, sqlite) = file();
    let commits = commits(&sqlite);
    let held = hold(&sqlite);
    // The first, one in the middle and the last.
    let fails = |id| id == 0 || id == 5 || id == 9;
    let answers: Vec<_> = (0..10)
        .map(|id| {
            let mut insert = insert(id);
            sqlite.change(Urgency::Call, PLAIN, move |connection| {
                insert(connection)?;
                if fails(id) { insert(connection) } else { Ok(()) }
            })
        })
        .collect();
    drop(held);
    for (id, answer) in (0..).zip(answers) {
        assert_eq!(wait(answer).is_err(), fails(id), "{id}");
    }
    assert_eq!(ids(&sqlite), [1, 2, 3, 4, 6, 7, 8]);
    assert_eq!(commits.load(Ordering::Relaxed), 1);
}

/// What the connection is told for a change, as the change finds it.
fn pragmas(connection: &Connection) -> Result<(bool, i64)> {
    let ask = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let both = ask("foreign_keys").and_then(|keys| Ok((keys == 1, ask("synchronous")?)));
    both.map_err(from_rusqlite)
}

#[test]
fn what_asks_for_other_foreign_keys_has_another_transaction() {
    let (_folder, sqlite) = file();
    let commits = commits(&sqlite);
    let held = hold(&sqlite);
    let answers = [(true, false), (true, true), (false, false), (false, true), (true, false)].map(
        |(foreign_keys, waits_for_disk)| {
            let mut insert = insert(10 * i64::from(foreign_keys) + i64::from(waits_for_disk));
            let commit = Commit { foreign_keys, waits_for_disk };
            sqlite.change(Urgency::Call, commit, move |connection| {
                let _ = insert(connection);
                pragmas(connection)
            })
        },
    );
    drop(held);
    // 1 is NORMAL, 2 is FULL: one that waits for the disk makes all wait that it shares the commit with.
    let expected = [(true, 2), (true, 2), (false, 2), (false, 2), (true, 1)];
    for (answer, expected) in answers.into_iter().zip(expected) {
        assert_eq!(wait(answer).expect("asked"), expected);
    }
    assert_eq!(commits.load(Ordering::Relaxed), 3);
    // What is no change finds the connection as it was opened.
    let off = Commit { foreign_keys: false, waits_for_disk: true };
    wait(sqlite.change(Urgency::Call, off, |_| Ok(()))).expect("done");
    assert_eq!(wait(sqlite.outside(pragmas)).expect("asked"), (true, 1));
}

/// The order in which so many calls and one change behind them were made.
fn order(sqlite: &Sqlite, calls: usize, pause: Duration) -> Vec<&'static str> {
    let order = Arc::new(Mutex::new(Vec::new()));
    let note = |name| {
        let order = order.clone();
        move |_: &Connection| {
            order.lock().expect("no panic").push(name);
            std::thread::sleep(pause);
            Ok(())
        }
    };
    let held = hold(sqlite);
    let behind = sqlite.change(Urgency::Behind, PLAIN, note("behind"));
    let calls: Vec<_> =
        (0..calls).map(|_| sqlite.change(Urgency::Call, PLAIN, note("call"))).collect();
    drop(held);
    wait(behind).expect("done");
    for call in calls {
        wait(call).expect("done");
    }
    order.lock().expect("no panic").clone()
}

#[test]
fn calls_go_before_what_nobody_waits_for_and_not_for_ever() {
    let (_folder, sqlite) = file();
    assert_eq!(order(&sqlite, 3, Duration::ZERO), ["call", "call", "call", "behind"]);
    // Of 500 ms of calls the first 100 go before it, and what then is in their transaction.
    let order = order(&sqlite, 50, Duration::from_millis(10));
    let place = order.iter().position(|name| *name == "behind").expect("it was made");
    assert!((5..40).contains(&place), "{place}");
}

#[test]
fn a_long_queue_is_several_transactions() {
    let (_folder, sqlite) = file();
    let commits = commits(&sqlite);
    let held = hold(&sqlite);
    let answers: Vec<_> =
        (0..200).map(|id| sqlite.change(Urgency::Call, PLAIN, insert(id))).collect();
    drop(held);
    for answer in answers {
        wait(answer).expect("stored");
    }
    assert!(commits.load(Ordering::Relaxed) >= 4, "{commits:?}");
    assert_eq!(ids(&sqlite), (0..200).collect::<Vec<_>>());
}
