//! Writes that are made together, and columns that are added to: at the remote, in an outage, and when
//! the remote refuses them.

use crate::entities::order::{self, NewOrder, OrderId, OrderPatch, Orders};
use crate::entities::order_item::{self, NewOrderItem, OrderItemPatch, OrderItems};
use crate::entities::part::{self, NewPart, PartPatch, Parts};
use crate::world::World;
use chronicle::failover::{DeadLetterReason, Failover, RowState, Status, WriteMode};
use chronicle::{ErrorKind, Patch, Record, Result, Store, Table};
use chronicle_test_servers::{Fault, until};
use thing::{NewThing, Things};

const APPLY: &str = include_str!("../../migration/src/chronicle_apply/up.sql");
const TABLES: [&Table; 3] = [order::Model::TABLE, part::Model::TABLE, order_item::Model::TABLE];

async fn world() -> World {
    let sql = format!("{APPLY} alter table parts add check (stock >= 0);");
    let world = World::new(&TABLES, &sql).await;
    world.sql("insert into parts (id, stock) values (1, 10), (2, 10)").await;
    world
}

mod thing {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
    #[sea_orm(table_name = "things")]
    #[repository(name = "Thing")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub updated_at: DateTimeUtc,
        #[repository(soft_delete)]
        pub deleted_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A pair whose file knows the parts.
async fn stocked(world: &World) -> Failover {
    let failover = world.open().await;
    failover.pull::<part::Model>(|_| {}).await.unwrap();
    failover
}

fn add(difference: i32) -> Patch<part::Model> {
    let mut patch = Patch::new();
    patch.add(Parts::STOCK, difference);
    patch
}

/// An order of so many of each of these parts.
async fn order(store: &Store, customer: &str, parts: &[(i32, i32)]) -> Result<OrderId> {
    store
        .transaction(|writes| {
            let id = writes.of::<Orders>().insert(NewOrder::new(customer))?;
            for (part, number) in parts {
                writes.of::<OrderItems>().insert(NewOrderItem::new(id, *part, *number))?;
                writes.of::<Parts>().update(*part, add(-number))?;
            }
            Ok(id)
        })
        .await
}

async fn stock(world: &World) -> Vec<String> {
    world.ask("select id || ': ' || stock from parts order by id").await
}

async fn counts(world: &World) -> Vec<String> {
    world
        .ask("select (select count(*) from orders) || ' ' || (select count(*) from order_items)")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_remote_makes_them_and_the_file_knows() {
    let world = world().await;
    let failover = stocked(&world).await;
    let store = Store::from(&failover);
    order(&store, "ada", &[(1, 3), (2, 1)]).await.unwrap();
    assert_eq!(stock(&world).await, ["1: 7", "2: 9"]);
    let error = order(&store, "bob", &[(1, 1), (2, 100)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Check, "{error}");
    assert_eq!(counts(&world).await, ["1 2"]);
    world.cut().await;
    let parts = Parts::new(&failover);
    let known = parts.find().order_by(Parts::ID.asc()).all().await.unwrap();
    assert_eq!(known.iter().map(|part| part.stock).collect::<Vec<_>>(), [7, 9]);
    assert_eq!(OrderItems::new(&failover).find().count().await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_outage_they_wait_as_one_and_both_sides_count() {
    let world = world().await;
    let failover = stocked(&world).await;
    let store = Store::from(&failover);
    let parts = Parts::new(&failover);
    world.cut().await;
    parts.insert(NewPart::new(3, 5)).await.unwrap();
    let id = order(&store, "ada", &[(1, 3), (3, 1)]).await.unwrap();
    order(&store, "bob", &[(1, 2)]).await.unwrap();
    parts.update(1, PartPatch::new().name("bolt")).await.unwrap();
    parts.update(2, add(1)).await.unwrap();
    OrderItems::new(&failover)
        .update_where(OrderItems::PART_ID.eq(3), OrderItemPatch::new().number(4))
        .await
        .unwrap();
    assert_eq!(parts.get(1).await.unwrap().unwrap().stock, 5);
    world.sql("update parts set stock = stock - 4 where id = 1").await;
    let info = world.heal(&failover).await;
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
    assert_eq!(stock(&world).await, ["1: 1", "2: 11", "3: 4"]);
    assert_eq!(counts(&world).await, ["2 3"]);
    let items = format!("select number from order_items where order_id = '{id}' order by 1");
    assert_eq!(world.ask(&items).await, ["3", "4"]);
    // The file has what the remote made of it.
    world.cut().await;
    let known = parts.find().order_by(Parts::ID.asc()).all().await.unwrap();
    let known: Vec<_> = known.iter().map(|part| (part.stock, part.name.as_deref())).collect();
    assert_eq!(known, [(1, Some("bolt")), (11, None), (4, None)]);
}

/// Whether it is there the remote alone knows.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_the_file_never_saw_is_deleted_with_the_others() {
    let world = world().await;
    let failover = world.open().await;
    failover.keep(Parts::ID.eq(1)).now().await.unwrap();
    world.cut().await;
    let store = Store::from(&failover);
    store
        .transaction(|writes| {
            writes.of::<Parts>().delete(2)?;
            writes.of::<Parts>().delete(99)?;
            writes.of::<Parts>().update(1, add(10))
        })
        .await
        .unwrap();
    let states = Parts::new(&failover).state_of([1, 2]).await.unwrap();
    assert!(states.iter().all(|state| matches!(state, RowState::Waiting)), "{states:?}");
    let info = world.heal(&failover).await;
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
    assert_eq!(stock(&world).await, ["1: 20"]);
}

/// A row that somebody has deleted for good meanwhile is deleted: neither a letter nor a reason to refuse
/// what is written beside.
#[tokio::test(flavor = "multi_thread")]
async fn soft_deletes_of_rows_that_are_gone() {
    let world = World::new(&[thing::Model::TABLE], APPLY).await;
    let failover = world.open().await;
    let things = Things::new(&failover);
    things.insert_many((1..4).map(NewThing::new)).await.unwrap();
    world.cut().await;
    let store = Store::from(&failover);
    store
        .transaction(|writes| {
            writes.of::<Things>().delete(1)?;
            writes.of::<Things>().delete(77)?;
            writes.of::<Things>().insert(NewThing::new(5)).map(drop)
        })
        .await
        .unwrap();
    assert_eq!(things.delete(2).await.unwrap(), 1);
    world.sql("delete from things where id < 3").await;
    let info = world.heal(&failover).await;
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
    let there = "select id || ' ' || (deleted_at is null) from things order by id";
    assert_eq!(world.ask(there).await, ["3 true", "5 true"]);
    world.cut().await;
    let known: Vec<i32> = things.find().all().await.unwrap().iter().map(|thing| thing.id).collect();
    assert_eq!(known, [3, 5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_refused_retried_and_dropped_as_one() {
    let world = world().await;
    let failover = stocked(&world).await;
    let store = Store::from(&failover);
    world.cut().await;
    let refused = order(&store, "ada", &[(1, 9), (2, 1)]).await.unwrap();
    world.sql("update parts set stock = 4 where id = 1").await;
    let info = world.heal(&failover).await;
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 5), "{info:?}");
    assert_eq!(
        (stock(&world).await, counts(&world).await),
        (vec!["1: 4".into(), "2: 10".into()], vec!["0 0".into()])
    );
    let letters = failover.dead_letters(10).await.unwrap();
    assert!(letters.iter().all(|letter| letter.code.as_deref() == Some("23514")), "{letters:?}");

    // Somebody has brought what lacked.
    world.sql("update parts set stock = 20 where id = 1").await;
    failover.retry(letters[2].id).await.unwrap();
    let info = world.heal(&failover).await;
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
    assert_eq!(stock(&world).await, ["1: 11", "2: 9"]);
    assert_eq!(world.ask("select id from orders").await, [refused.to_string()]);

    world.cut().await;
    order(&store, "bob", &[(1, 9)]).await.unwrap();
    world.sql("update parts set stock = 3 where id = 1").await;
    assert_eq!(world.heal(&failover).await.dead_letters, 3);
    let letter = failover.dead_letters(1).await.unwrap().remove(0);
    assert_eq!(failover.drop_letter(letter.id).await.unwrap(), 3, "with those that went with it");
    let info = world.heal(&failover).await;
    assert_eq!((info.outbox_rows, info.unsure), (0, 0), "{info:?}");
    world.cut().await;
    assert_eq!(Orders::new(&failover).find().count().await.unwrap(), 1);
    assert_eq!(Parts::new(&failover).get(1).await.unwrap().unwrap().stock, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_with_a_letter_takes_those_along_that_went_with_it() {
    let world = world().await;
    world.sql("alter table orders add check (customer <> 'bad')").await;
    let failover = stocked(&world).await;
    let store = Store::from(&failover);
    world.cut().await;
    let bad = Orders::new(&failover).insert(NewOrder::new("bad")).await.unwrap();
    let item_first = |is_first: bool| {
        store.transaction(move |writes| {
            let item = NewOrderItem::new(bad.id, 1, 1);
            if is_first {
                writes.of::<OrderItems>().insert(item.clone())?;
            }
            writes.of::<Parts>().update(1, add(-1))?;
            if !is_first {
                writes.of::<OrderItems>().insert(item)?;
            }
            Ok(())
        })
    };
    item_first(true).await.unwrap();
    item_first(false).await.unwrap();
    assert_eq!(world.heal(&failover).await.dead_letters, 1);
    let letter = failover.dead_letters(1).await.unwrap().remove(0);
    assert_eq!(failover.drop_letter(letter.id).await.unwrap(), 5, "nothing of the two is left");
    let info = world.heal(&failover).await;
    assert_eq!((info.outbox_rows, info.held, info.unsure), (0, 0, 0), "{info:?}");
    Parts::new(&failover).update(1, add(1)).await.unwrap();
    assert_eq!(stock(&world).await, ["1: 11", "2: 10"]);
    assert_eq!(Parts::new(&failover).get(1).await.unwrap().unwrap().stock, 11);
}

/// What is written over a refused row goes into it, also where an addition stands between, and a
/// transaction; what depends on those comes after them.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_row_is_mended_over_what_was_added() {
    let world = world().await;
    world.sql("alter table parts add check (name <> 'bad')").await;
    let failover = stocked(&world).await;
    let (store, parts) = (Store::from(&failover), Parts::new(&failover));
    world.cut().await;
    parts.insert(NewPart::new(3, 5).name("bad")).await.unwrap();
    parts.update(3, add(2)).await.unwrap();
    store
        .transaction(|writes| {
            writes.of::<Parts>().update(3, add(1))?;
            writes.of::<Parts>().update(1, add(-1))
        })
        .await
        .unwrap();
    assert_eq!(world.heal(&failover).await.dead_letters, 1);
    let letter = failover.dead_letters(1).await.unwrap().remove(0);
    assert_eq!(letter.holds, 3);
    parts.update(3, PartPatch::new().name("good")).await.unwrap();
    failover.retry(letter.id).await.unwrap();
    let info = world.heal(&failover).await;
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
    assert_eq!(stock(&world).await, ["1: 9", "2: 10", "3: 8"]);
    assert_eq!(world.ask("select name from parts where id = 3").await, ["good"]);

    world.cut().await;
    parts.insert(NewPart::new(4, 5).name("bad")).await.unwrap();
    parts.update(4, add(2)).await.unwrap();
    parts.update(4, PartPatch::new().name("good")).await.unwrap();
    parts.update(4, PartPatch::new().stock(50)).await.unwrap();
    parts.update(4, PartPatch::new().name("better")).await.unwrap();
    assert_eq!(world.heal(&failover).await.dead_letters, 1);
    let letter = failover.dead_letters(1).await.unwrap().remove(0);
    failover.retry(letter.id).await.unwrap();
    let info = world.heal(&failover).await;
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
    assert_eq!(world.ask("select stock || name from parts where id = 4").await, ["50better"]);
    world.cut().await;
    let known = parts.get(4).await.unwrap().unwrap();
    assert_eq!((known.stock, known.name.as_deref()), (50, Some("better")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_transaction_is_mended() {
    let world = world().await;
    world.sql("alter table orders add check (customer <> 'bad')").await;
    let failover = stocked(&world).await;
    let store = Store::from(&failover);
    world.cut().await;
    let id = order(&store, "bad", &[(1, 9)]).await.unwrap();
    assert_eq!(world.heal(&failover).await.dead_letters, 3);
    let letters = failover.dead_letters(3).await.unwrap();
    Orders::new(&failover).update(id, OrderPatch::new().customer("good")).await.unwrap();
    failover.retry(letters[1].id).await.unwrap();
    let info = world.heal(&failover).await;
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
    assert_eq!(world.ask("select customer from orders").await, ["good"]);
    assert_eq!(
        (stock(&world).await, counts(&world).await),
        (vec!["1: 1".into(), "2: 10".into()], vec!["1 1".into()])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_letters_of_several_go_again_at_once() {
    let world = world().await;
    let failover = stocked(&world).await;
    let store = Store::from(&failover);
    world.cut().await;
    order(&store, "ada", &[(1, 9)]).await.unwrap();
    order(&store, "bob", &[(2, 9)]).await.unwrap();
    world.sql("update parts set stock = 4").await;
    assert_eq!(world.heal(&failover).await.dead_letters, 6);
    world.sql("update parts set stock = 9").await;
    failover.retry_letters(chronicle::failover::LetterFilter::all()).await.unwrap();
    let info = world.heal(&failover).await;
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
    assert_eq!(
        (stock(&world).await, counts(&world).await),
        (vec!["1: 0".into(), "2: 0".into()], vec!["2 2".into()])
    );
    // Of updates alone nothing holds anybody: they are made anew, behind what came since.
    world.cut().await;
    let parts = Parts::new(&failover);
    parts.update(1, add(2)).await.unwrap();
    store
        .transaction(|writes| {
            writes.of::<Parts>().update(1, add(-2))?;
            writes.of::<Parts>().update(2, add(7))
        })
        .await
        .unwrap();
    world.sql("delete from order_items; delete from parts where id = 2").await;
    let info = world.heal(&failover).await;
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 2), "{info:?}");
    let letters = failover.dead_letters(10).await.unwrap();
    assert!(letters.iter().all(|one| one.reason == DeadLetterReason::MissingRow), "{letters:?}");
    assert_eq!(stock(&world).await, ["1: 2"]);
    world.sql("insert into parts (id, stock) values (2, 1)").await;
    failover.retry(letters[1].id).await.unwrap();
    let info = world.heal(&failover).await;
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
    assert_eq!(stock(&world).await, ["1: 0", "2: 8"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_with_its_items() {
    let world = world().await;
    let failover = stocked(&world).await;
    let store = Store::from(&failover);
    let items = OrderItems::new(&failover);
    let id = order(&store, "ada", &[(1, 1), (2, 1)]).await.unwrap();
    world.cut().await;
    // Entries of its rows wait before, and what follows waits for it.
    let all = items.find().filter(OrderItems::ORDER_ID.eq(id)).all().await.unwrap();
    items.update(all[0].id, OrderItemPatch::new().number(5)).await.unwrap();
    store
        .transaction(|writes| {
            for item in &all {
                writes.of::<OrderItems>().delete(item.id)?;
            }
            writes.of::<Orders>().delete(id)
        })
        .await
        .unwrap();
    Orders::new(&failover).insert(NewOrder::new("again").id(id)).await.unwrap();
    let info = world.heal(&failover).await;
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
    assert_eq!(counts(&world).await, ["1 0"]);
    assert_eq!(world.ask("select customer from orders").await, ["again"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_makes_nothing_twice() {
    for fault in [Fault::reset_after(), Fault::black_hole_after(), Fault::reset_before()] {
        let world = world().await;
        let failover = stocked(&world).await;
        let store = Store::from(&failover);
        let parts = Parts::new(&failover);
        let again = fault.clone();
        world.gateway.fault(fault.clone().path_contains("chronicle_apply").times(1));
        parts.update(1, add(-1)).await.unwrap();
        world.heal(&failover).await;
        world.gateway.fault(fault.path_contains("chronicle_apply").times(1));
        order(&store, "ada", &[(1, 3)]).await.unwrap();
        let info = world.heal(&failover).await;
        assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
        // A transaction of one update, and the delete of a row that the file does not know.
        world.gateway.fault(again.clone().path_contains("chronicle_apply").times(1));
        let one = store.transaction(|writes| writes.of::<Parts>().update(2, add(0)));
        one.await.unwrap();
        let info = world.heal(&failover).await;
        assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
        world.sql("insert into parts (id, stock) values (9, 1)").await;
        world.gateway.fault(again.path_contains("chronicle_apply").times(1));
        let error = parts.delete(9).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        world.heal(&failover).await;
        world.sql("delete from parts where id = 9").await;
        assert_eq!(
            (stock(&world).await, counts(&world).await),
            (vec!["1: 6".into(), "2: 10".into()], vec!["1 1".into()])
        );
        assert_eq!(parts.get(1).await.unwrap().unwrap().stock, 6);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_arrives_late_does_nothing() {
    let world = world().await;
    let failover = stocked(&world).await;
    let store = Store::from(&failover);
    world.gateway.fault(Fault::hold_until_released().path_contains("chronicle_apply").times(1));
    order(&store, "ada", &[(1, 3)]).await.unwrap();
    world.heal(&failover).await;
    assert_eq!(stock(&world).await, ["1: 7", "2: 10"]);
    Parts::new(&failover).update(1, PartPatch::new().stock(100)).await.unwrap();
    assert_eq!(world.gateway.release().await, 1);
    assert_eq!(
        (stock(&world).await, counts(&world).await),
        (vec!["1: 100".into(), "2: 10".into()], vec!["1 1".into()])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_function_it_is_told_how_to_get_it() {
    let world = World::new(&TABLES, "insert into parts (id, stock) values (1, 10)").await;
    let failover = stocked(&world).await;
    let store = Store::from(&failover);
    let parts = Parts::new(&failover);
    // Not asked yet: what waits for it waits, with all that comes after it.
    world.cut().await;
    parts.update(1, add(-1)).await.unwrap();
    order(&store, "ada", &[(1, 3)]).await.unwrap();
    world.until_paused(&failover).await;
    let info = failover.failover_info().await.unwrap();
    assert!(matches!(info.status, Status::Degraded), "{info:?}");
    assert_eq!((info.outbox_rows, info.dead_letters), (4, 0), "{info:?}");
    assert!(info.paused.iter().any(|one| one.message.contains("chronicle_apply")), "{info:?}");
    let told = |error: chronicle::Error| {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.hint().unwrap().contains("sql chronicle-apply"), "{error}");
    };
    told(parts.update(1, add(-1)).await.unwrap_err());
    told(order(&store, "bob", &[(1, 1)]).await.unwrap_err());
    told(order(&world.remote().into(), "bob", &[(1, 1)]).await.unwrap_err());
    world.migrate(APPLY).await;
    let info = world.heal(&failover).await;
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
    assert_eq!(
        (stock(&world).await, counts(&world).await),
        (vec!["1: 6".into()], vec!["1 1".into()])
    );
    order(&store, "bob", &[(1, 1)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_writes_to_the_file_first() {
    let world = world().await;
    let failover = world.options().mode(WriteMode::LocalFirst).connect().await.unwrap();
    failover.pull::<part::Model>(|_| {}).await.unwrap();
    let store = Store::from(&failover);
    world.gateway.clear_requests();
    order(&store, "ada", &[(1, 3), (2, 1)]).await.unwrap();
    let error = order(&store, "bob", &[(9, 1)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    store.close().await.unwrap();
    assert_eq!(
        (stock(&world).await, counts(&world).await),
        (vec!["1: 7".into(), "2: 9".into()], vec!["1 2".into()])
    );
}

/// The answer of the first request takes the ids of what was in it.
#[tokio::test(flavor = "multi_thread")]
async fn updates_that_travel_together_and_find_no_row_are_letters() {
    let world = world().await;
    let failover = stocked(&world).await;
    let parts = Parts::new(&failover);
    world.cut().await;
    for name in ["bolt", "nut", "gear"] {
        parts.update(1, PartPatch::new().name(name)).await.unwrap();
    }
    world.sql("delete from parts where id = 1").await;
    let info = world.heal(&failover).await;
    assert_eq!(info.outbox_rows, 0, "{info:?}");
    let letters = failover.dead_letters(10).await.unwrap();
    let reasons: Vec<_> = letters.iter().map(|letter| letter.reason).collect();
    assert_eq!(reasons, [DeadLetterReason::MissingRow; 3], "{letters:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deletes_that_travel_together_and_are_kept_by_a_trigger_are_letters() {
    let keeps = "create function keep() returns trigger language plpgsql as 'begin return null; end'; \
        create trigger keep before delete on parts for each row when (old.id < 3) execute function keep();";
    let world = world().await;
    world.sql(keeps).await;
    world.sql("insert into parts (id, stock) values (3, 1), (4, 1)").await;
    let failover = stocked(&world).await;
    let parts = Parts::new(&failover);
    world.cut().await;
    for id in 1..5 {
        assert_eq!(parts.delete(id).await.unwrap(), 1);
    }
    let info = world.heal(&failover).await;
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 2), "{info:?}");
    assert_eq!(stock(&world).await, ["1: 10", "2: 10"]);
}

/// Deletes parts in an outage, in which others run this SQL; then they are sent, and no answer comes.
async fn delete_unheard(world: &World, failover: &Failover, deleted: &[i32], theirs: &str) {
    world.cut().await;
    for id in deleted {
        assert_eq!(Parts::new(failover).delete(*id).await.unwrap(), 1);
    }
    world.sql(theirs).await;
    world.gateway.heal().await.unwrap();
    let lost = Fault::black_hole_after().method("POST").path_contains("/chronicle_apply");
    world.gateway.fault(lost);
    failover.resume().await.unwrap();
}

/// It was made, nobody heard of it, and others have made such a row anew since.
#[tokio::test(flavor = "multi_thread")]
async fn a_delete_that_was_made_is_not_made_again() {
    let world = world().await;
    world.sql("insert into parts (id, stock) values (3, 1), (4, 1)").await;
    let failover = stocked(&world).await;
    let parts = Parts::new(&failover);
    // The pair knows that the server has the function.
    parts.update(4, add(1)).await.unwrap();
    // Alone, and of several.
    for deleted in [vec![1], vec![2, 3]] {
        delete_unheard(&world, &failover, &deleted, "").await;
        let made = format!("select count(*) from parts where id = {}", deleted[0]);
        until("they are deleted", async || world.ask(&made).await == ["0"]).await;
        world.sql(&format!("insert into parts (id, stock) values ({}, 77)", deleted[0])).await;
        let info = world.heal(&failover).await;
        assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
        assert_eq!(world.ask(&made).await, ["1"], "{deleted:?}");
        world.cut().await;
        assert_eq!(parts.get(deleted[0]).await.unwrap().unwrap().stock, 77);
    }
    assert_eq!(stock(&world).await, ["1: 77", "2: 77", "4: 2"]);
}

/// The row was gone already, nobody heard of it, and others have made such a row anew since.
#[tokio::test(flavor = "multi_thread")]
async fn a_delete_that_found_nothing_is_not_made_again() {
    let world = world().await;
    world.sql("insert into parts (id, stock) values (3, 1), (4, 1)").await;
    let failover = stocked(&world).await;
    let parts = Parts::new(&failover);
    parts.update(4, add(1)).await.unwrap();
    // Alone, and of several.
    let mut found_nothing = 0;
    for deleted in [vec![1], vec![2, 3]] {
        let theirs = format!("delete from parts where id in ({}, 3)", deleted[0]);
        delete_unheard(&world, &failover, &deleted, &theirs).await;
        found_nothing += deleted.len();
        let known = "select count(*) from chronicle_applied where touched = 0";
        let wanted = [found_nothing.to_string()];
        until("they have found nothing", async || world.ask(known).await == wanted).await;
        world.sql(&format!("insert into parts (id, stock) values ({}, 77)", deleted[0])).await;
        let info = world.heal(&failover).await;
        assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
        world.cut().await;
        assert_eq!(parts.get(deleted[0]).await.unwrap().unwrap().stock, 77);
    }
    assert_eq!(stock(&world).await, ["1: 77", "2: 77", "4: 2"]);
}

/// The delete came to the remote before what was to bring its row, which is sent again: it is made after that.
#[tokio::test(flavor = "multi_thread")]
async fn a_delete_that_came_too_early_is_made() {
    let world = world().await;
    let failover = stocked(&world).await;
    let parts = Parts::new(&failover);
    parts.update(1, add(1)).await.unwrap();
    world.cut().await;
    parts.insert(NewPart::new(8, 5)).await.unwrap();
    assert_eq!(parts.delete(8).await.unwrap(), 1);
    let file = rusqlite::Connection::open(world.path()).unwrap();
    let id = "select id from chronicle_outbox where kind = 'delete'";
    let id: String = file.query_row(id, [], |row| row.get(0)).unwrap();
    let early = format!(
        "do $$ begin perform chronicle_apply(null, '[{{\"kind\": \"delete\", \"table\": \"parts\", \
           \"key\": [\"id\"], \"keys\": [{{\"id\": 8}}], \"ids\": [\"{id}\"]}}]'); end $$"
    );
    world.sql(&early).await;
    let info = world.heal(&failover).await;
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
    assert_eq!(world.ask("select id from parts where id = 8").await, [""; 0]);
}
