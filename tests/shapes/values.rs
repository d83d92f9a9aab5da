//! What the server makes, while the file serves.

use crate::entities::ticket::{self, NewTicket, Tickets};
use crate::world::World;
use chronicle::Record;

/// A row as the file has it does not know the server's defaults: to write it back overwrites none.
#[tokio::test(flavor = "multi_thread")]
async fn an_upsert_of_a_row_as_it_was_read_keeps_the_servers_defaults() {
    let world = World::new(&[ticket::Model::TABLE], "").await;
    let failover = world.open().await;
    let tickets = Tickets::new(&failover);
    world.cut().await;
    let mut row = tickets.insert(NewTicket::new(1).id(1)).await.unwrap();
    assert_eq!(row.rank, None, "only the server can tell");
    row.points = 2;
    tickets.upsert(row.clone()).await.unwrap();
    assert_eq!(world.heal(&failover).await.dead_letters, 0);
    assert_eq!(world.ask("select points from tickets").await, ["2"]);
    assert_eq!(world.ask("select count(rank) from tickets").await, ["1"]);
    // Nor does a row that was read before.
    tickets.upsert(row).await.unwrap();
    assert_eq!(world.ask("select count(rank) from tickets").await, ["1"]);
}
