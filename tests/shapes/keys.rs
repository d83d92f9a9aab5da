//! Keys of other kinds than ids.

use crate::entities::blob::{self, Blobs, NewBlob};
use crate::entities::owner::{self, NewOwner, Owners};
use crate::entities::ticket::{self, NewTicket, Tickets};
use crate::world::World;
use chronicle::{ErrorKind, Record};

/// 16 bytes are no UUID because they might be one.
#[tokio::test(flavor = "multi_thread")]
async fn a_hash_that_comes_back_waits_for_the_delete_that_took_it() {
    for length in [15, 16] {
        let world = World::new(&[owner::Model::TABLE, blob::Model::TABLE], "").await;
        let failover = world.open().await;
        let (owners, blobs) = (Owners::new(&failover), Blobs::new(&failover));
        owners.insert_many([NewOwner::new(1), NewOwner::new(2)]).await.unwrap();
        let hash = vec![0xab_u8; length];
        blobs.insert(NewBlob::new(hash.clone(), 1)).await.unwrap();
        world.cut().await;
        assert_eq!(owners.delete(1).await.unwrap(), 1);
        blobs.insert(NewBlob::new(hash, 2)).await.unwrap();
        world.sql("revoke delete on owners from service_role").await;
        world.until_paused(&failover).await;
        world.sql("grant delete on owners to service_role").await;
        assert_eq!(world.heal(&failover).await.dead_letters, 0, "{length} bytes");
        assert_eq!(world.ask("select owner_id from blobs").await, ["2"], "{length} bytes");
    }
}

/// To give keys is the advice for an outage. The server's count does not follow them.
#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_is_behind_given_keys_is_told() {
    let world = World::new(&[ticket::Model::TABLE], "").await;
    let failover = world.open().await;
    let tickets = Tickets::new(&failover);
    world.cut().await;
    let error = tickets.insert(NewTicket::new(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    tickets.insert(NewTicket::new(1).id(1)).await.unwrap();
    world.heal(&failover).await;
    let error = tickets.insert(NewTicket::new(2)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unique, "{error}");
    let statement = error.hint().unwrap().split_once(": ").unwrap().1.to_owned();
    world.sql(&statement).await;
    assert_eq!(tickets.insert(NewTicket::new(2)).await.unwrap().id, 2);
}
