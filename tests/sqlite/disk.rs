//! A full disk, and a file that may only be read.

#[path = "../failover/disk/small_disk.rs"]
mod small_disk;

use crate::{event, migrated, session};
use chronicle::{Backend, ErrorKind, Sqlite};
use chronicle_entity::{Events, NewEvent, SessionId, Sessions};
use small_disk::SmallDisk;

fn large(session: SessionId) -> NewEvent {
    event(session).data(serde_json::json!("x".repeat(20_000)))
}

#[tokio::test]
async fn after_a_full_disk_a_store_is_of_use_again() {
    const NAME: &str = "disk::after_a_full_disk_a_store_is_of_use_again";
    let Some(disk) = SmallDisk::mount(NAME, 16) else { return };
    let sqlite = migrated(&disk.path().join("chronicle.db")).await;
    let id = session(&sqlite).await;
    let events = Events::new(&sqlite);
    disk.fill();
    let refused = loop {
        if let Err(error) = events.insert(large(id)).await {
            break error;
        }
    };
    assert_eq!(refused.kind(), ErrorKind::StorageFull, "{refused}");
    let count = events.find().count().await.unwrap();
    let at_once = (0..8).map(|_| events.insert(large(id)));
    for answer in futures_util::future::join_all(at_once).await {
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::StorageFull);
    }
    let bulk = events.insert_many((0..500).map(|_| large(id))).await.unwrap_err();
    assert_eq!(bulk.kind(), ErrorKind::StorageFull, "{bulk}");
    assert_eq!(events.find().count().await.unwrap(), count);
    disk.make_room();
    events.insert(large(id)).await.unwrap();
    events.insert_many((0..10).map(|_| event(id))).await.unwrap();
    assert_eq!(events.find().count().await.unwrap(), count + 11);
}

#[tokio::test]
async fn a_read_only_file_system_is_named() {
    const NAME: &str = "disk::a_read_only_file_system_is_named";
    let Some(disk) = SmallDisk::mount(NAME, 16) else { return };
    migrated(&disk.path().join("chronicle.db")).await.close().await.unwrap();
    let view = disk.read_only_view();
    for name in ["chronicle.db", "new.db", "folder/new.db"] {
        let error = Sqlite::open(view.path().join(name)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{name}: {error}");
        assert!(error.to_string().contains("Read-only file system"), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_file_that_was_opened_to_read_is_written_once_it_may_be() {
    const NAME: &str = "disk::a_file_that_was_opened_to_read_is_written_once_it_may_be";
    let Some(disk) = SmallDisk::mount(NAME, 16) else { return };
    let elsewhere = migrated(&disk.path().join("chronicle.db")).await;
    let id = session(&elsewhere).await;
    let view = disk.read_only_view();
    let sqlite = Sqlite::open(view.path().join("chronicle.db")).await.unwrap();
    let events = Events::new(&sqlite);
    for _ in 0..2 {
        let error = events.insert(event(id)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    }
    assert!(Sessions::new(&sqlite).get(id).await.unwrap().is_some());
    view.make_writable();
    events.insert(event(id)).await.unwrap();
    assert_eq!(Events::new(&elsewhere).find().count().await.unwrap(), 1);
}
