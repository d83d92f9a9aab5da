//! Functions of the server's database.

use crate::entities::ticket::{self, NewTicket, Tickets};
use crate::world::World;
use chronicle::{ErrorKind, Record, Sqlite, Store};

const FUNCTIONS: &str = "
create function points_over(above integer) returns bigint language sql stable as
    $$ select coalesce(sum(points), 0) from tickets where points > above $$;
create function tickets_over(above integer, slugs text[]) returns setof tickets language sql stable as
    $$ select * from tickets where points > above and slug = any(slugs) order by id $$;
create function best_ticket() returns tickets language sql stable as
    $$ select * from tickets order by points desc limit 1 $$;
create function close_all() returns void language sql as
    $$ update tickets set points = 0 where true $$;
create function refuse() returns void language plpgsql as
    $$ begin raise exception 'not today' using errcode = '23514'; end $$;";

async fn used(store: &Store) {
    let tickets = Tickets::new(store);
    let rows = [(1, "a"), (2, "b"), (3, "c, {d}")];
    tickets
        .insert_many(rows.map(|(points, slug)| NewTicket::new(points).slug(slug)))
        .await
        .unwrap();
    let sum: i64 = store.call("points_over").argument("above", 1).value().await.unwrap();
    assert_eq!(sum, 5);
    let slugs = serde_json::json!(["b", "c, {d}"]);
    let over = store.call("tickets_over").argument("above", 1).argument("slugs", slugs);
    let over: Vec<ticket::Model> = over.rows().await.unwrap();
    assert_eq!(over.iter().map(|ticket| ticket.points).collect::<Vec<_>>(), [2, 3]);
    let best: Vec<ticket::Model> = store.call("best_ticket").rows().await.unwrap();
    assert_eq!(best, over[1..]);
    store.call("close_all").run().await.unwrap();
    assert_eq!(tickets.find().filter(Tickets::POINTS.eq(0)).count().await.unwrap(), 3);

    let error = store.call("refuse").run().await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Check, "not today"));
    let error = store.call("points_over").argument("most", 1).run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
    assert!(error.hint().unwrap().contains("names of its arguments"), "{error}");
    let error = store.call("points_over").argument("above", 1).rows::<ticket::Model>().await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::SchemaMismatch);
    let error = store.call("points_over").argument("above", 1).value::<String>().await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::SchemaMismatch);
    for name in ["", "..", "../tickets", "a/b"] {
        let error = store.call(name).run().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name}: {error}");
    }
    let error = store.call("a?b=%2e").run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
    let error = store.call("points_over").argument("above", "a\0").run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert!(error.message().contains("`above`"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_called_where_the_remote_is() {
    let tables = [ticket::Model::TABLE];
    used(&World::new(&tables, FUNCTIONS).await.remote().into()).await;
    let world = World::new(&tables, FUNCTIONS).await;
    let failover = world.open().await;
    let store = Store::from(&failover);
    used(&store).await;
    world.cut().await;
    let error = store.call("close_all").run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    Tickets::new(&store).insert(NewTicket::new(7).id(7)).await.unwrap();
    // The remote is there again, but until the next probe without the ticket that waits.
    world.gateway.heal().await.unwrap();
    let error = store.call("close_all").run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.message().contains("behind the file"), "{error}");
    world.heal(&failover).await;
    store.call("close_all").run().await.unwrap();

    let sqlite = Store::from(Sqlite::memory().await.unwrap());
    let error = sqlite.call("close_all").run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
}
