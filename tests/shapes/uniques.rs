//! A letter holds what needs its row, and nothing else.

use crate::entities::slot::{self, NewSlot, Slots};
use crate::entities::ticket::{self, NewTicket, Tickets};
use crate::world::World;
use chronicle::Record;
use chronicle::uuid::Uuid;

const POOR: &str = "alter table tickets add check (points < 100)";

/// An upsert of a row that the file does not know may have changed any unique value. Once it is
/// refused, all others of the table go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_upsert_of_an_unknown_row_holds_nobody() {
    for (rows, why) in [(vec![], "absent"), (vec!["theirs"], "present")] {
        let world = World::new(&[ticket::Model::TABLE], POOR).await;
        for slug in &rows {
            world
                .sql(&format!("insert into tickets (id, points, slug) values (3, 1, '{slug}')"))
                .await;
        }
        let failover = world.open().await;
        let tickets = Tickets::new(&failover);
        tickets.insert(NewTicket::new(1).id(2).slug("b")).await.unwrap();
        world.cut().await;
        tickets.upsert(NewTicket::new(700).id(3)).await.unwrap();
        tickets.insert(NewTicket::new(1).id(9).slug("waits")).await.unwrap();
        assert_eq!(world.heal(&failover).await.dead_letters, 1, "{why}");
        assert_eq!(failover.failover_info().await.unwrap().held, 0, "{why}");

        tickets.insert(NewTicket::new(1).id(10).slug("zz")).await.unwrap();
        tickets.insert(NewTicket::new(1).slug("counted")).await.unwrap();
        tickets.upsert(NewTicket::new(6).id(2).slug("b")).await.unwrap();
        let slugs = world.ask("select slug from tickets where points < 7 order by slug").await;
        let mut expected = vec!["b", "counted", "waits", "zz"];
        expected.extend(&rows);
        expected.sort_unstable();
        assert_eq!(slugs, expected, "{why}");
        assert_eq!(world.ask("select points from tickets where id = 2").await, ["6"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_does_one_with_several_unique_columns() {
    let world =
        World::new(&[slot::Model::TABLE], "alter table slots add check (note <> 'bad')").await;
    let failover = world.open().await;
    let (slots, shelf) = (Slots::new(&failover), Uuid::from_u128(1));
    world.cut().await;
    slots.upsert(NewSlot::new(shelf, "bad", 0, 0).note("bad")).await.unwrap();
    assert_eq!(world.heal(&failover).await.dead_letters, 1);
    for number in 1..4 {
        slots.insert(NewSlot::new(shelf, format!("n{number}"), number, 0)).await.unwrap();
    }
    assert_eq!(failover.failover_info().await.unwrap().outbox_rows, 0);
    assert_eq!(world.ask("select name from slots order by name").await, ["n1", "n2", "n3"]);
}
