//! A full disk, in the middle of a drain too, and a file that may only be read: typed errors, and
//! what was acknowledged stays.

mod small_disk;

use crate::fixture::{Fixture, healed, make_tables, options, postgrest, session};
use chronicle::failover::{Failover, FailoverOptions, Status};
use chronicle::postgrest::Key;
use chronicle::{Backend, Error, ErrorKind};
use chronicle_entity::{Events, NewEvent, NewSession, SessionId, SessionStatus, Sessions};
use chronicle_test_servers::{Fault, SECRET_KEY, until};
use small_disk::SmallDisk;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn on_disk(fixture: &Fixture, path: &Path) -> FailoverOptions {
    options(path, postgrest(&fixture.gateway.url(), Key::new(SECRET_KEY)))
}

async fn open(fixture: &Fixture, disk: &SmallDisk) -> (PathBuf, Failover) {
    let path = disk.path().join("chronicle.db");
    make_tables(&path).await;
    let failover = on_disk(fixture, &path).connect().await.unwrap();
    (path, failover)
}

/// Refuses connections, so that writes are surely not applied.
async fn refuse(fixture: &Fixture) {
    fixture.gateway.refuse().await.unwrap();
    // Until the client has seen that its connections are closed.
    tokio::time::sleep(Duration::from_millis(50)).await;
}

fn reserve(path: &Path) -> PathBuf {
    path.with_extension("db-reserve")
}

fn event(session: SessionId) -> NewEvent {
    NewEvent::new(session, "notification", chronicle::now())
        .data(serde_json::json!({"text": "x".repeat(2_000)}))
}

/// Writes until the file takes no more: how many it took, and what it said then.
async fn write_until_refused(failover: &Failover, session: SessionId) -> (u64, Error) {
    let events = Events::new(failover);
    for written in 0..50_000 {
        if let Err(error) = events.insert(event(session)).await {
            return (written, error);
        }
    }
    panic!("the disk is not full after 50,000 rows");
}

async fn status(failover: &Failover) -> Status {
    failover.failover_info().await.unwrap().status
}

/// Both databases hold the same rows, each of them once, and nothing waits or is dead.
async fn assert_all_arrived(fixture: &Fixture, path: &Path, failover: &Failover, events: u64) {
    let info = healed(failover).await;
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
    let remote = Events::new(fixture.remote()).find().all().await.unwrap();
    assert_eq!(remote.len() as u64, events);
    // What a full file could not take was noted once there was room, and is fetched.
    let file = Events::new(chronicle::Sqlite::open(path).await.unwrap());
    until("the rows in the file are those", async || file.find().all().await.unwrap() == remote)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_writes_and_keeps_what_was_acknowledged() {
    const NAME: &str = "disk::a_full_disk_refuses_writes_and_keeps_what_was_acknowledged";
    let Some(disk) = SmallDisk::mount(NAME, 32) else { return };
    let fixture = Fixture::new().await;
    let (path, failover) = open(&fixture, &disk).await;
    let id = session(&failover).await;
    refuse(&fixture).await;
    let events = Events::new(&failover);
    for _ in 0..100 {
        events.insert(event(id)).await.unwrap();
    }
    disk.fill();
    let (more, error) = write_until_refused(&failover, id).await;
    assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
    assert!(!error.is_ambiguous() && error.hint().is_some(), "{error}");
    let info = failover.failover_info().await.unwrap();
    assert_eq!(info.status, Status::Failed);
    assert!(info.cause.is_some(), "{info:?}");
    // Reads go on, nothing of the refused write is there, and all else is.
    let acknowledged = 100 + more;
    assert_eq!(events.find().count().await.unwrap(), acknowledged);
    assert_eq!(info.outbox_rows, acknowledged);
    let bulk = events.insert_many((0..500).map(|_| event(id))).await.unwrap_err();
    assert_eq!(bulk.kind(), ErrorKind::StorageFull, "{bulk}");
    assert_eq!(events.find().count().await.unwrap(), acknowledged);

    // The next process finds the same.
    failover.close().await.unwrap();
    let failover = on_disk(&fixture, &path).connect().await.unwrap();
    let events = Events::new(&failover);
    assert_eq!(failover.failover_info().await.unwrap().outbox_rows, acknowledged);
    assert_eq!(events.insert(event(id)).await.unwrap_err().kind(), ErrorKind::StorageFull);

    disk.make_room();
    until("the file takes writes", async || events.insert(event(id)).await.is_ok()).await;
    assert_eq!(status(&failover).await, Status::Degraded);
    fixture.gateway.heal().await.unwrap();
    failover.resume().await.unwrap();
    assert_all_arrived(&fixture, &path, &failover, acknowledged + 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_ends_on_a_disk_that_gets_full_in_its_middle() {
    const NAME: &str = "disk::a_drain_ends_on_a_disk_that_gets_full_in_its_middle";
    let Some(disk) = SmallDisk::mount(NAME, 64) else { return };
    let fixture = Fixture::new().await;
    let (path, failover) = open(&fixture, &disk).await;
    let id = session(&failover).await;
    refuse(&fixture).await;
    let events = Events::new(&failover);
    for _ in 0..4 {
        events.insert_many((0..1_000).map(|_| event(id))).await.unwrap();
    }
    // The last connection removes the write-ahead log, in which there might be room.
    failover.close().await.unwrap();
    let failover = on_disk(&fixture, &path).connect().await.unwrap();
    let events = Events::new(&failover);
    assert!(reserve(&path).exists());
    fixture.gateway.heal().await.unwrap();
    fixture.gateway.fault(Fault::hold_until_released().method("POST"));
    failover.resume().await.unwrap();
    until("a batch is under way", async || fixture.gateway.held() > 0).await;
    disk.fill();
    fixture.gateway.release().await;

    assert_all_arrived(&fixture, &path, &failover, 4_000).await;
    assert!(!reserve(&path).exists(), "acknowledgements fitted without it");
    // While there is no room the remote serves, and the mirror stands still.
    events.insert(event(id)).await.unwrap();
    assert_eq!(events.find().count().await.unwrap(), 4_001);
    assert_eq!(status(&failover).await, Status::Healthy);
    // In an outage nothing can be taken.
    refuse(&fixture).await;
    let error = events.insert(event(id)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
    assert_eq!(status(&failover).await, Status::Failed);

    disk.make_room();
    until("the file takes writes", async || events.insert(event(id)).await.is_ok()).await;
    assert!(reserve(&path).exists(), "made again");
    fixture.gateway.heal().await.unwrap();
    failover.resume().await.unwrap();
    healed(&failover).await;
    assert_eq!(events.find().all().await.unwrap().len(), 4_002);
    // What the mirror missed came with that read.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let remote = Events::new(fixture.remote());
    assert_eq!(remote.find().count().await.unwrap(), 4_002);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_for_acknowledgements_replay_waits_and_loses_nothing() {
    const NAME: &str = "disk::without_room_for_acknowledgements_replay_waits_and_loses_nothing";
    let Some(disk) = SmallDisk::mount(NAME, 64) else { return };
    let fixture = Fixture::new().await;
    let (path, failover) = open(&fixture, &disk).await;
    let id = session(&failover).await;
    refuse(&fixture).await;
    let events = Events::new(&failover);
    for _ in 0..4 {
        events.insert_many((0..1_000).map(|_| event(id))).await.unwrap();
    }
    // The last connection removes the write-ahead log, in which there might be room.
    failover.close().await.unwrap();
    let failover = on_disk(&fixture, &path).connect().await.unwrap();
    let events = Events::new(&failover);
    fixture.gateway.heal().await.unwrap();
    fixture.gateway.fault(Fault::hold_until_released().method("POST"));
    failover.resume().await.unwrap();
    until("a batch is under way", async || fixture.gateway.held() > 0).await;
    // Whoever fills the disk takes what is kept too.
    std::fs::remove_file(reserve(&path)).unwrap();
    disk.fill();
    fixture.gateway.release().await;

    until("the status tells", async || failover.status() == Status::Failed).await;
    let info = failover.failover_info().await.unwrap();
    assert!(info.status == Status::Failed && info.outbox_rows > 0, "{info:?}");
    assert!(info.cause.unwrap().contains("full"));
    let requests = fixture.gateway.requests().len();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let sent = fixture.gateway.requests().len() - requests;
    assert!(sent <= 3, "{sent} requests whose answer cannot be recorded");
    // What waits for nothing needs no room: the remote takes it.
    events.insert(event(id)).await.unwrap();

    disk.make_room();
    failover.resume().await.unwrap();
    assert_all_arrived(&fixture, &path, &failover, 4_001).await;
    until("made again", async || {
        events.insert(event(id)).await.unwrap();
        reserve(&path).exists()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_only_be_read_fails_writes_until_it_may_be_written() {
    const NAME: &str = "disk::a_file_that_may_only_be_read_fails_writes_until_it_may_be_written";
    let Some(disk) = SmallDisk::mount(NAME, 64) else { return };
    let fixture = Fixture::new().await;
    let (_, elsewhere) = open(&fixture, &disk).await;
    let id = session(&elsewhere).await;
    let view = disk.read_only_view();
    let seen = view.path().join("chronicle.db");
    let failover = on_disk(&fixture, &seen).connect().await.unwrap();
    let events = Events::new(&failover);

    // The remote serves, and the mirror stands still.
    let first = events.insert(event(id)).await.unwrap();
    assert_eq!(events.get(first.id).await.unwrap(), Some(first));
    assert_eq!(status(&failover).await, Status::Healthy);

    refuse(&fixture).await;
    let error = events.insert(event(id)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    let info = failover.failover_info().await.unwrap();
    assert_eq!((info.status, info.outbox_rows), (Status::Failed, 0), "{info:?}");
    assert!(info.cause.is_some(), "{info:?}");
    until("the status tells", async || failover.status() == Status::Failed).await;
    // What the file has can be read: the row that was not mirrored is not among it.
    assert_eq!(events.find().count().await.unwrap(), 0);
    assert!(Sessions::new(&failover).get(id).await.unwrap().is_some());

    fixture.gateway.heal().await.unwrap();
    assert_eq!(events.find().count().await.unwrap(), 1, "the remote serves again");
    events.insert(event(id)).await.unwrap();
    assert_eq!(status(&failover).await, Status::Healthy);

    refuse(&fixture).await;
    assert_eq!(events.insert(event(id)).await.unwrap_err().kind(), ErrorKind::Denied);
    view.make_writable();
    events.insert(event(id)).await.unwrap();
    assert_eq!(status(&failover).await, Status::Degraded);
    fixture.gateway.heal().await.unwrap();
    failover.resume().await.unwrap();
    let info = healed(&failover).await;
    assert_eq!(info.dead_letters, 0);
    assert_eq!(Events::new(fixture.remote()).find().count().await.unwrap(), 3);
    assert_eq!(events.find().count().await.unwrap(), 3);
    elsewhere.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_alone_takes_bulk_writes_again_once_there_is_room() {
    const NAME: &str = "disk::a_file_alone_takes_bulk_writes_again_once_there_is_room";
    let Some(disk) = SmallDisk::mount(NAME, 16) else { return };
    let path = disk.path().join("chronicle.db");
    make_tables(&path).await;
    let file = chronicle::Sqlite::open(&path).await.unwrap();
    let session = NewSession::new(SessionStatus::Active);
    let id = Sessions::new(&file).insert(session).await.unwrap().id;
    let events = Events::new(&file);
    let bulk = async || events.insert_many((0..3_000).map(|_| event(id))).await;
    disk.fill();
    for _ in 0..2 {
        let error = bulk().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        assert_eq!(events.find().count().await.unwrap(), 0);
    }
    disk.make_room();
    bulk().await.unwrap();
    assert_eq!(events.find().count().await.unwrap(), 3_000);
}
