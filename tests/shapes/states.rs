//! What has become of the writes of a row.

use crate::entities::slot::{self, NewSlot, Slots};
use crate::entities::ticket::{self, NewTicket, TicketPatch, Tickets};
use crate::world::World;
use chronicle::failover::{DeadLetterReason, RowState};
use chronicle::uuid::Uuid;
use chronicle::{ErrorKind, Record, Sqlite};

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_stored_or_waits_or_was_refused() {
    let poor = "alter table tickets add check (points < 100)";
    let world = World::new(&[ticket::Model::TABLE, slot::Model::TABLE], poor).await;
    let failover = world.open().await;
    let (tickets, slots) = (Tickets::new(&failover), Slots::new(&failover));
    tickets.insert(NewTicket::new(1).id(1)).await.unwrap();
    assert_eq!(tickets.state_of([1, 2]).await.unwrap(), [RowState::Stored, RowState::Stored]);
    world.cut().await;
    tickets.insert(NewTicket::new(1).id(2)).await.unwrap();
    tickets.insert(NewTicket::new(700).id(3)).await.unwrap();
    tickets.update(3, TicketPatch::new().slug("later")).await.unwrap();
    let shelf = Uuid::now_v7();
    slots.insert(NewSlot::new(shelf, "a", 1, 1)).await.unwrap();
    let states = tickets.state_of([3, 1, 2, 9]).await.unwrap();
    let waiting = RowState::Waiting;
    assert_eq!(states, [waiting.clone(), RowState::Stored, waiting.clone(), RowState::Stored]);
    let keys = [(shelf, "a".to_owned()), (shelf, "b".to_owned())];
    assert_eq!(slots.state_of(keys.clone()).await.unwrap(), [waiting, RowState::Stored]);

    assert_eq!(world.heal(&failover).await.dead_letters, 1);
    assert_eq!(slots.state_of(keys).await.unwrap(), [RowState::Stored, RowState::Stored]);
    let states = tickets.state_of([2, 3]).await.unwrap();
    let [RowState::Stored, RowState::Refused(letter)] = &states[..] else { panic!("{states:?}") };
    assert_eq!(**letter, failover.dead_letters(1).await.unwrap()[0]);
    assert_eq!((letter.reason, letter.code.as_deref()), (DeadLetterReason::Refused, Some("23514")));
    tickets.update(3, TicketPatch::new().points(7)).await.unwrap();
    failover.retry(letter.id).await.unwrap();
    world.heal(&failover).await;
    assert_eq!(tickets.state_of([3]).await.unwrap(), [RowState::Stored]);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_one_database_all_is_stored() {
    let world = World::new(&[slot::Model::TABLE], "").await;
    let shelf = Uuid::now_v7();
    let file = Sqlite::memory().await.unwrap();
    file.create_tables(&[slot::Model::TABLE]).await.unwrap();
    for slots in [Slots::new(world.remote()), Slots::new(file)] {
        slots.insert(NewSlot::new(shelf, "a", 1, 1)).await.unwrap();
        let states = slots.state_of([(shelf, "a".to_owned())]).await.unwrap();
        assert_eq!(states, [RowState::Stored]);
        let error = slots.state_of([(shelf, "a\0".to_owned())]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
}
