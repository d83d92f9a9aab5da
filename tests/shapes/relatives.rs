//! Relations of a table to itself, and over several columns.

use crate::entities::node::{self, NewNode, Nodes};
use crate::entities::odd::{self, NewOdd, Odds};
use crate::entities::owner::{self, NewOwner, Owners};
use crate::entities::slot::{self, NewSlot, Slots};
use crate::world::World;
use chronicle::uuid::Uuid;
use chronicle::{Record, Sqlite, Store};

async fn used(store: &Store) {
    let (slots, nodes) = (Slots::new(store), Nodes::new(store));
    let shelf = Uuid::from_u128(1);
    slots
        .insert_many([NewSlot::new(shelf, "a", 1, 1), NewSlot::new(shelf, "b", 2, 1)])
        .await
        .unwrap();
    let rows = [
        NewNode::new(1).shelf(shelf).slot("a"),
        NewNode::new(2).above_id(1).shelf(shelf).slot("b"),
        NewNode::new(3).above_id(2).shelf(shelf),
    ];
    nodes.insert_many(rows).await.unwrap();
    let rows = nodes.find().with(Nodes::ABOVE).with(Nodes::PLACE).all().await.unwrap();
    let found: Vec<_> = rows
        .iter()
        .map(|(node, above, place)| {
            (node.id, above.as_ref().map(|it| it.id), place.as_ref().map(|it| it.x))
        })
        .collect();
    assert_eq!(found, [(1, None, Some(1)), (2, Some(1), Some(2)), (3, Some(2), None)]);

    let ids = async |filter| {
        let rows = nodes.find().filter(filter).all().await.unwrap();
        rows.into_iter().map(|node| node.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(Nodes::PLACE.is(Slots::X.eq(2))).await, [2]);
    assert_eq!(ids(!Nodes::PLACE.exists()).await, [3]);
    assert_eq!(ids(Nodes::ABOVE.is(Nodes::ID.eq(1))).await, [2]);
    assert_eq!(ids(Nodes::ABOVE.is(Nodes::ABOVE.is(Nodes::ID.eq(1)))).await, [3]);
    assert_eq!(ids(Nodes::ABOVE.is(Nodes::PLACE.is(Slots::X.eq(1)))).await, [2]);
    assert_eq!(ids(!Nodes::ABOVE.exists()).await, [1]);
}

async fn oddly_named(store: &Store) {
    let (owners, odds) = (Owners::new(store), Odds::new(store));
    owners.insert_many([NewOwner::new(1), NewOwner::new(2)]).await.unwrap();
    let rows = [
        NewOdd::new(1).owners(1).second_owner(2),
        NewOdd::new(2).above(1).related0(7).owners(2),
        NewOdd::new(3).above(2).related0(7).second_owner(1),
    ];
    odds.insert_many(rows).await.unwrap();
    let ids = async |filter| {
        let rows = odds.find().filter(filter).all().await.unwrap();
        rows.into_iter().map(|odd| odd.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(Odds::RELATED0.is_null().and(Odds::FIRST.exists())).await, [1]);
    assert_eq!(ids(Odds::RELATED0.is_null().or(Odds::SECOND.is(Owners::ID.eq(1)))).await, [1, 3]);
    assert_eq!(ids(Odds::RELATED0.is_not_null().and(!Odds::FIRST.exists())).await, [3]);
    assert_eq!(ids(Odds::FIRST.is(Owners::ID.eq(2))).await, [2]);
    assert_eq!(ids(Odds::UPPER.exists()).await, [2, 3]);
    assert_eq!(ids(Odds::UPPER.is(Odds::UPPER.exists())).await, [3]);
    assert_eq!(ids(Odds::UPPER.is(Odds::FIRST.is(Owners::ID.eq(1)))).await, [2]);
    let rows = odds.find().with(Odds::SECOND).all().await.unwrap();
    let second: Vec<_> = rows.iter().map(|(_, owner)| owner.as_ref().map(|it| it.id)).collect();
    assert_eq!(second, [Some(2), None, Some(1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_the_same_everywhere() {
    let tables = [slot::Model::TABLE, node::Model::TABLE, owner::Model::TABLE, odd::Model::TABLE];
    let used = async |store: &Store| {
        used(store).await;
        oddly_named(store).await;
    };
    let sqlite = Sqlite::memory().await.unwrap();
    sqlite.create_tables(&tables).await.unwrap();
    used(&sqlite.into()).await;
    used(&World::new(&tables, "").await.remote().into()).await;
    let world = World::new(&tables, "").await;
    used(&world.open().await.into()).await;
    let world = World::new(&tables, "").await;
    let failover = world.open().await;
    world.cut().await;
    used(&failover.into()).await;
}
