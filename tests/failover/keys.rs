//! Keys that come from a source, which takes its time: a store is opened and written to without it.

use crate::fixture::{Fixture, options, postgrest, session, until};
use chronicle::Backend;
use chronicle::failover::{Failover, FailoverOptions, WriteMode};
use chronicle::postgrest::{Key, PostgrestOptions};
use chronicle_entity::Sessions;
use chronicle_test_servers::{PUBLISHABLE_KEY, SECRET_KEY};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn asked_for(fixture: &Fixture, key: &'static str) -> (PostgrestOptions, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let remote = postgrest(&fixture.gateway.url(), Key::none()).key_source(
        move |_refused: Option<String>| {
            count.fetch_add(1, Ordering::SeqCst);
            async move { Ok(Some(key.to_owned())) }
        },
    );
    (remote, asked)
}

fn quiet(fixture: &Fixture, remote: PostgrestOptions) -> FailoverOptions {
    options(&fixture.path(), remote)
        .mode(WriteMode::LocalFirst)
        .flush_on_close(Duration::ZERO)
        .replay_behind(false)
}

async fn flushed(failover: &Failover) -> bool {
    failover.flush(Duration::from_secs(20)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_asked_for_when_something_is_sent() {
    let fixture = Fixture::new().await;
    let (remote, asked) = asked_for(&fixture, SECRET_KEY);
    let failover = quiet(&fixture, remote).connect().await.unwrap();
    session(&failover).await;
    // Long enough for whatever works behind the callers.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    assert_eq!(fixture.gateway.requests().len(), 0);

    assert!(flushed(&failover).await);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(Sessions::new(fixture.remote()).find().count().await.unwrap(), 1);
    failover.close().await.unwrap();
}

/// The first request binds the file to whom its key stands for.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_with_one_key_is_not_sent_with_that_of_somebody_else() {
    let fixture = Fixture::new().await;
    let (remote, _) = asked_for(&fixture, SECRET_KEY);
    let failover = quiet(&fixture, remote).connect().await.unwrap();
    session(&failover).await;
    assert!(flushed(&failover).await);
    session(&failover).await;
    failover.close().await.unwrap();

    fixture.gateway.clear_requests();
    let (other, asked) = asked_for(&fixture, PUBLISHABLE_KEY);
    let failover = quiet(&fixture, other).connect().await.unwrap();
    session(&failover).await;
    assert!(!failover.flush(Duration::from_secs(2)).await.unwrap());
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(fixture.gateway.requests().len(), 0);
    let info = failover.failover_info().await.unwrap();
    assert!(info.cause.is_some_and(|cause| cause.contains("somebody else")), "{:?}", info.status);
    assert_eq!(info.outbox_rows, 2);
    failover.close().await.unwrap();

    // The same key, given this time.
    let given = postgrest(&fixture.gateway.url(), Key::new(SECRET_KEY));
    let failover = quiet(&fixture, given).connect().await.unwrap();
    assert!(flushed(&failover).await);
    assert_eq!(Sessions::new(fixture.remote()).find().count().await.unwrap(), 3);
    failover.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_be_had_loses_nothing() {
    let fixture = Fixture::new().await;
    let remote = postgrest(&fixture.gateway.url(), Key::none())
        .key_source(|_: Option<String>| async { Ok(None) });
    let failover = quiet(&fixture, remote).replay_behind(true).connect().await.unwrap();
    session(&failover).await;
    let info = until(&failover, |info| info.cause.is_some()).await;
    assert!(info.cause.is_some_and(|cause| cause.contains("the key source has no key")));
    assert_eq!((info.outbox_rows, info.dead_letters), (1, 0));
    assert_eq!(fixture.gateway.requests().len(), 0);
    failover.close().await.unwrap();
}
