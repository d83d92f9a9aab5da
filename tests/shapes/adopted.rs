//! Rows from before there was a remote.

use crate::entities::ticket::{self, NewTicket, Tickets};
use crate::entities::ticket_line;
use crate::world::World;
use chronicle::{Backend, ErrorKind, Record};

/// The other columns would be gone everywhere.
#[tokio::test(flavor = "multi_thread")]
async fn an_entity_with_few_columns_adopts_nothing() {
    let world = World::new(&[ticket::Model::TABLE], "").await;
    let file = world.file().await;
    Tickets::new(&file).insert(NewTicket::new(1).slug("kept")).await.unwrap();
    file.close().await.unwrap();
    for options in [
        world.options().table::<ticket::Model>().adopt::<ticket_line::Model>(),
        world.options().adopt::<ticket_line::Model>().table::<ticket::Model>(),
    ] {
        let error = options.connect().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
    let failover = world.options().adopt::<ticket::Model>().connect().await.unwrap();
    world.heal(&failover).await;
    assert_eq!(world.ask("select slug from tickets").await, ["kept"]);
}

/// What the file has made in place of the server is not sent.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_makes_is_not_adopted() {
    let generated = "alter table tickets drop column twice; alter table tickets add column twice \
        integer generated always as (points * 2) stored";
    let world = World::new(&[ticket::Model::TABLE], generated).await;
    let file = world.file().await;
    for points in 1..4 {
        Tickets::new(&file).insert(NewTicket::new(points)).await.unwrap();
    }
    file.close().await.unwrap();
    let failover = world.options().adopt::<ticket::Model>().connect().await.unwrap();
    assert_eq!(world.heal(&failover).await.dead_letters, 0);
    assert_eq!(world.ask("select twice from tickets order by id").await, ["2", "4", "6"]);
    let made = "select count(*) from tickets where rank is not null";
    assert_eq!(world.ask(made).await, ["3"], "the server's default");
    let here = Tickets::new(&failover).find().order_by(Tickets::ID.asc()).all().await.unwrap();
    let there = Tickets::new(world.remote()).find().all().await.unwrap();
    assert_eq!(here, there);
}
