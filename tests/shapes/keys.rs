//! Keys of other kinds than ids.

use crate::entities::blob::{self, Blobs, NewBlob};
use crate::entities::owner::{self, NewOwner, Owners};
use crate::entities::ticket::{self, NewTicket, TicketPatch, Tickets};
use crate::world::World;
use chronicle::failover::DeadLetterReason;
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

/// Directly it is an error; in replay nobody is there to be told but who looks at letters.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_server_has_changed_is_a_letter() {
    let trigger = "create function other_key() returns trigger language plpgsql as \
        $$ begin new.id := new.id + 1000; return new; end $$; \
        create trigger other_key before insert on tickets for each row \
        when (new.points = 7) execute function other_key()";
    let world = World::new(&[ticket::Model::TABLE], trigger).await;
    let failover = world.open().await;
    let tickets = Tickets::new(&failover);
    let error = tickets.insert(NewTicket::new(7).id(1)).await.unwrap_err();
    assert!(error.message().contains("has changed the key"), "{error}");
    world.cut().await;
    tickets.insert(NewTicket::new(6).id(2)).await.unwrap();
    tickets.insert(NewTicket::new(7).id(3)).await.unwrap();
    tickets.update(3, TicketPatch::new().slug("later")).await.unwrap();
    tickets.insert(NewTicket::new(6).id(4)).await.unwrap();
    assert_eq!(world.heal(&failover).await.dead_letters, 1);
    let letters = failover.dead_letters(1).await.unwrap();
    assert_eq!(letters[0].reason, DeadLetterReason::Refused, "{letters:?}");
    assert!(letters[0].message.contains("has changed the key"), "{letters:?}");
    let stored = world.ask("select id from tickets order by id").await;
    assert_eq!(stored, ["2", "4", "1001", "1003"]);
    failover.drop_letter(letters[0].id).await.unwrap();
    assert_eq!(world.heal(&failover).await.held, 0);
}
