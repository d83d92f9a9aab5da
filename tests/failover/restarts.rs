//! Processes that end, begin, and share a file.

use crate::fixture::{Fixture, healed, options, postgrest, session, until};
use chronicle::failover::{Status, WriteMode};
use chronicle::postgrest::Key;
use chronicle::sqlite::SqliteOptions;
use chronicle::{Backend, ErrorKind};
use chronicle_entity::{Events, NewEvent, Sessions};
use chronicle_test_servers::SECRET_KEY;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_survives_the_process() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    fixture.gateway.refuse().await.unwrap();
    Events::new(&failover).insert(NewEvent::new(id, "stop", chronicle::now())).await.unwrap();
    failover.close().await.unwrap();
    drop(failover);

    let failover = fixture.open().await;
    assert_eq!(failover.failover_info().await.unwrap().outbox_rows, 1);
    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_share_a_file_through_an_outage() {
    let fixture = Fixture::new().await;
    let id = session(&fixture.open().await).await;
    // Stores of their own stand for processes: they share the file and nothing else.
    let mut writers = Vec::new();
    for _ in 0..8 {
        let failover = fixture.open().await;
        writers.push(tokio::spawn(async move {
            for _ in 0..25 {
                let row = NewEvent::new(id, "stop", chronicle::now());
                Events::new(&failover).insert(row).await.unwrap();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            failover
        }));
    }
    tokio::time::sleep(Duration::from_millis(80)).await;
    fixture.gateway.refuse().await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    fixture.gateway.heal().await.unwrap();
    let mut stores = Vec::new();
    for writer in writers {
        stores.push(writer.await.unwrap());
    }
    healed(&stores[0]).await;
    assert_eq!(Events::new(fixture.remote()).find().count().await.unwrap(), 200);
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_lived_process_writes_to_the_file_and_replays_behind() {
    let fixture = Fixture::new().await;
    let open = || fixture.options().mode(WriteMode::LocalFirst).connect();
    let failover = open().await.unwrap();
    let id = session(&failover).await;
    Events::new(&failover).insert(NewEvent::new(id, "stop", chronicle::now())).await.unwrap();
    assert_eq!(Events::new(&failover).find().count().await.unwrap(), 1);
    assert!(failover.flush(Duration::from_secs(30)).await.unwrap());
    fixture.assert_equal().await;

    fixture.gateway.refuse().await.unwrap();
    Events::new(&failover).insert(NewEvent::new(id, "stop", chronicle::now())).await.unwrap();
    failover.close().await.unwrap();
    drop(failover);
    fixture.gateway.heal().await.unwrap();
    let next = open().await.unwrap();
    assert!(next.flush(Duration::from_secs(20)).await.unwrap());
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_belongs_to_its_remote_identity_and_mode() {
    let fixture = Fixture::new().await;
    drop(fixture.open().await);
    let other_mode = fixture.options().mode(WriteMode::LocalFirst).connect().await.unwrap_err();
    assert_eq!(other_mode.kind(), ErrorKind::Conflict, "{other_mode}");
    let rebound = fixture.options().mode(WriteMode::LocalFirst).rebind().connect().await;
    assert!(rebound.is_ok(), "{rebound:?}");
}

/// Nothing is there, or something that knows no such path.
#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_address_can_be_corrected_as_long_as_nothing_was_sent() {
    is_corrected(|_| "http://127.0.0.1:9".to_owned()).await;
    is_corrected(|fixture| fixture.gateway.url().replace("/rest/v1", "/rest/v2")).await;
}

async fn is_corrected(mistyped: impl Fn(&Fixture) -> String) {
    let fixture = Fixture::new().await;
    let remote = || postgrest(&mistyped(&fixture), Key::new(SECRET_KEY));
    let wrong = || options(&fixture.path(), remote());
    let failover = wrong().connect().await.unwrap();
    let id = session(&failover).await;
    assert_eq!(failover.status(), Status::Degraded);
    let cause = failover.failover_info().await.unwrap().cause;
    assert!(cause.is_some(), "a wrong address is an outage as well");
    failover.close().await.unwrap();
    drop(failover);
    let error = fixture.options().connect().await.expect_err("it belongs to the wrong one");
    assert!(error.hint().is_some_and(|hint| hint.contains("rebind")), "{error}");
    let right = fixture.options().rebind().connect().await.unwrap();
    healed(&right).await;
    assert!(Sessions::new(fixture.remote()).get(id).await.unwrap().is_some());
    fixture.gateway.refuse().await.unwrap();
    session(&right).await;
    right.close().await.unwrap();
    let error = wrong().rebind().connect().await.expect_err("the right one has taken some");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_key_can_be_corrected_as_long_as_nothing_was_sent() {
    let fixture = Fixture::new().await;
    let mistyped = postgrest(&fixture.gateway.url(), Key::new("no-key"));
    let wrong = options(&fixture.path(), mistyped).mode(WriteMode::LocalFirst);
    let failover = wrong.connect().await.unwrap();
    let id = session(&failover).await;
    until(&failover, |info| !info.paused.is_empty()).await;
    failover.close().await.unwrap();
    drop(failover);
    let right = || fixture.options().mode(WriteMode::LocalFirst);
    let error = right().connect().await.expect_err("it belongs to nobody");
    assert!(error.hint().is_some_and(|hint| hint.contains("rebind")), "{error}");
    let right = right().rebind().connect().await.unwrap();
    assert!(right.flush(Duration::from_secs(20)).await.unwrap());
    assert!(Sessions::new(fixture.remote()).get(id).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_a_pair_is_not_written_to_alone_unawares() {
    let fixture = Fixture::new().await;
    drop(fixture.open().await);
    let alone = chronicle::Config::new().sqlite(SqliteOptions::new(fixture.path()));
    let error = chronicle::Store::connect(alone).await.expect_err("no server is configured");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert!(Sessions::new(&fixture.file().await).find().count().await.is_ok(), "on purpose it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_from_before_the_first_remote_are_queued_parents_first() {
    let fixture = Fixture::new().await;
    let file = fixture.file().await;
    let id =
        Sessions::new(&file).insert(chronicle_entity::NewSession::new("active")).await.unwrap().id;
    Events::new(&file).insert(NewEvent::new(id, "stop", chronicle::now())).await.unwrap();
    let failover = fixture
        .options()
        .adopt::<chronicle_entity::event::Model>()
        .adopt::<chronicle_entity::session::Model>()
        .connect()
        .await
        .unwrap();
    let info = healed(&failover).await;
    assert_eq!(info.dead_letters, 0);
    assert_eq!(Events::new(fixture.remote()).find().count().await.unwrap(), 1);
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_outbox_refuses_and_drops_nothing() {
    let fixture = Fixture::new().await;
    let failover = fixture.options().outbox_bound(3, 1 << 20).connect().await.unwrap();
    let id = session(&failover).await;
    fixture.gateway.refuse().await.unwrap();
    let events = Events::new(&failover);
    for _ in 0..3 {
        events.insert(NewEvent::new(id, "stop", chronicle::now())).await.unwrap();
    }
    let error = events.insert(NewEvent::new(id, "stop", chronicle::now())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutboxFull, "{error}");
    assert_eq!(events.find().count().await.unwrap(), 3);
    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    fixture.assert_equal().await;
}
