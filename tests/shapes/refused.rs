//! Refused writes: what they hold, what goes on, and how they are mended.

use crate::entities::author::{self, Authors, NewAuthor};
use crate::entities::book::{self, BookPatch, Books, NewBook};
use crate::entities::order::{self, NewOrder, Orders};
use crate::entities::order_item::{self, NewOrderItem, OrderItemPatch, OrderItems};
use crate::entities::part::{self, NewPart, PartPatch, Parts};
use crate::entities::slot::{self, NewSlot, SlotPatch, Slots};
use crate::world::World;
use chronicle::failover::{DeadLetter, DeadLetterReason, Failover, LetterFilter};
use chronicle::uuid::Uuid;
use chronicle::{Backend, Record, Store, Table, add};
use chronicle_test_servers::{Fault, until};
use dual::{Duals, NewDual};
use item::{ItemPatch, Items, NewItem};
use leaf::{Leaves, NewLeaf};
use std::time::Duration;

const APPLY: &str = include_str!("../../migration/src/chronicle_apply/up.sql");

/// Deletes of authors, and changes of parts, are passed over without a word.
const KEEPS: &str = "create function keep() returns trigger language plpgsql as 'begin return null; end'; \
    create trigger keep before delete on authors for each row execute function keep(); \
    create trigger keep before update or delete on parts for each row execute function keep();";

/// One whose changes by others win.
mod item {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
    #[sea_orm(table_name = "items")]
    #[repository(name = "Item", conflict = "remote_wins")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub stock: i32,
        pub name: String,
        pub note: Option<String>,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One below two others.
mod dual {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
    #[sea_orm(table_name = "duals")]
    #[repository(name = "Dual")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub author_id: i32,
        pub part_id: i32,
        pub title: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "crate::entities::author::Entity",
            from = "Column::AuthorId",
            to = "crate::entities::author::Column::Id",
            on_delete = "Cascade"
        )]
        Author,
        #[sea_orm(
            belongs_to = "crate::entities::part::Entity",
            from = "Column::PartId",
            to = "crate::entities::part::Column::Id",
            on_delete = "Cascade"
        )]
        Part,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// One below others of its table.
mod leaf {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
    #[sea_orm(table_name = "leaves")]
    #[repository(name = "Leaf", repository = "Leaves")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub above_id: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "Entity",
            from = "Column::AboveId",
            to = "Column::Id",
            on_delete = "Cascade"
        )]
        Above,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A pair that is cut off, whose server has the function and the parts 1 and 2.
async fn cut_off(tables: &[&'static Table], sql: &str) -> (World, Failover) {
    let world = World::new(tables, &format!("{APPLY} {sql}")).await;
    if tables.iter().any(|table| table.name == "parts") {
        world.sql("insert into parts (id, stock) values (1, 10), (2, 10)").await;
    }
    let failover = world.open().await;
    if tables.iter().any(|table| table.name == "parts") {
        failover.pull::<part::Model>(|_| {}).await.unwrap();
    }
    world.cut().await;
    (world, failover)
}

async fn first_letter(failover: &Failover) -> DeadLetter {
    failover.dead_letters(1).await.unwrap().remove(0)
}

/// Nothing is left once the first letter has gone again.
async fn retried(world: &World, failover: &Failover) {
    failover.retry(first_letter(failover).await.id).await.unwrap();
    let info = world.heal(failover).await;
    let letters = failover.dead_letters(9).await.unwrap();
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?} {letters:?}");
}

const PARTS: [&Table; 1] = [part::Model::TABLE];
const NO_BAD_PART: &str = "alter table parts add check (name <> 'bad');";
const BAD_PART: &str = "alter table parts drop constraint parts_name_check";

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_with_a_delete_goes_again() {
    let (world, failover) = cut_off(&PARTS, NO_BAD_PART).await;
    let store = Store::from(&failover);
    let together = store.transaction(|writes| {
        writes.of::<Parts>().delete(1)?;
        writes.of::<Parts>().insert(NewPart::new(3, 5).name("bad")).map(drop)
    });
    together.await.unwrap();
    assert_eq!(world.heal(&failover).await.dead_letters, 2);
    world.sql(BAD_PART).await;
    retried(&world, &failover).await;
    assert_eq!(world.ask("select id from parts order by id").await, ["2", "3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_go_again_beside_a_row_that_was_deleted_since() {
    let (world, failover) = cut_off(&PARTS, NO_BAD_PART).await;
    let parts = Parts::new(&failover);
    parts.insert(NewPart::new(3, 1).name("bad")).await.unwrap();
    parts.insert(NewPart::new(4, 5).name("bad")).await.unwrap();
    parts.delete(4).await.unwrap();
    assert_eq!(world.heal(&failover).await.dead_letters, 2);
    world.sql(BAD_PART).await;
    assert_eq!(failover.retry_letters(LetterFilter::all()).await.unwrap(), 2);
    let info = world.heal(&failover).await;
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
    assert_eq!(world.ask("select id from parts order by id").await, ["1", "2", "3"]);
}

/// The letters of a transaction are one: each can be named, also when it goes again with another one.
#[tokio::test(flavor = "multi_thread")]
async fn each_letter_of_a_transaction_can_be_retried() {
    let (world, failover) = cut_off(&PARTS, NO_BAD_PART).await;
    let store = Store::from(&failover);
    let together = store.transaction(|writes| {
        writes.of::<Parts>().insert(NewPart::new(3, 5).name("bad"))?;
        writes.of::<Parts>().update(1, PartPatch::new().stock(add(-2)))
    });
    together.await.unwrap();
    world.heal(&failover).await;
    let letters = failover.dead_letters(9).await.unwrap();
    assert_eq!(letters[0].together, letters[1].together);
    assert_eq!(
        (letters[0].added.len(), letters[1].added.as_slice()),
        (0, &["stock".to_owned()][..])
    );
    world.sql(BAD_PART).await;
    for letter in &letters {
        failover.retry(letter.id).await.unwrap();
    }
    assert_eq!(world.heal(&failover).await.outbox_rows, 0);
    assert_eq!(world.ask("select stock from parts order by id").await, ["8", "10", "5"]);
    let error = failover.drop_letter(letters[1].id).await.unwrap_err();
    assert_eq!(error.message(), format!("no dead letter {}", letters[1].id));
}

/// What a refused transaction was to add holds no other write of that row.
#[tokio::test(flavor = "multi_thread")]
async fn an_addition_of_a_refused_transaction_holds_nobody() {
    let (world, failover) = cut_off(&PARTS, NO_BAD_PART).await;
    let (store, parts) = (Store::from(&failover), Parts::new(&failover));
    let together = store.transaction(|writes| {
        writes.of::<Parts>().insert(NewPart::new(3, 5).name("bad"))?;
        writes.of::<Parts>().update(1, PartPatch::new().stock(add(-2)))
    });
    together.await.unwrap();
    parts.update(1, PartPatch::new().stock(add(-1))).await.unwrap();
    assert_eq!(world.heal(&failover).await.outbox_rows, 0);
    parts.update(1, PartPatch::new().name("known")).await.unwrap();
    let next = store.transaction(|writes| {
        writes.of::<Parts>().update(1, PartPatch::new().stock(add(-1)))?;
        writes.of::<Parts>().insert(NewPart::new(4, 5)).map(drop)
    });
    next.await.unwrap();
    assert_eq!(world.heal(&failover).await.outbox_rows, 0);
    let first = "select stock || coalesce(name, '') from parts order by id";
    assert_eq!(world.ask(first).await, ["8known", "10", "5"]);
    world.sql(BAD_PART).await;
    retried(&world, &failover).await;
    assert_eq!(world.ask(first).await, ["6known", "10", "5bad", "5"]);
}

/// A row below another one of its transaction is mended as any.
#[tokio::test(flavor = "multi_thread")]
async fn an_item_of_a_refused_order_is_mended() {
    let tables = [order::Model::TABLE, part::Model::TABLE, order_item::Model::TABLE];
    let (world, failover) =
        cut_off(&tables, "alter table order_items add check (number > 0);").await;
    let store = Store::from(&failover);
    let together = store.transaction(|writes| {
        let id = writes.of::<Orders>().insert(NewOrder::new("ada"))?;
        writes.of::<OrderItems>().insert(NewOrderItem::new(id, 1, 0))
    });
    let id = together.await.unwrap();
    assert_eq!(world.heal(&failover).await.dead_letters, 2);
    let items = OrderItems::new(&failover);
    items.update(id, OrderItemPatch::new().number(3)).await.unwrap();
    retried(&world, &failover).await;
    assert_eq!(world.ask("select number from order_items").await, ["3"]);
}

/// What mends a row is made all the same where others have made that row meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn what_mends_a_row_is_not_lost_with_it() {
    let (world, failover) = cut_off(&PARTS, NO_BAD_PART).await;
    let parts = Parts::new(&failover);
    let store = Store::from(&failover);
    let together = store.transaction(|writes| {
        writes.of::<Parts>().insert_if_absent(NewPart::new(3, 5).name("bad"))?;
        writes.of::<Parts>().update(1, PartPatch::new().stock(add(1)))
    });
    together.await.unwrap();
    parts.insert(NewPart::new(4, 5).name("bad")).await.unwrap();
    parts.update(4, PartPatch::new().stock(add(1))).await.unwrap();
    world.heal(&failover).await;
    for id in [3, 4] {
        parts.update(id, PartPatch::new().name("mine")).await.unwrap();
    }
    world
        .sql("insert into parts (id, stock, name) values (3, 7, 'theirs'), (4, 7, 'theirs')")
        .await;
    failover.retry_letters(LetterFilter::all()).await.unwrap();
    world.heal(&failover).await;
    let letters = failover.dead_letters(9).await.unwrap();
    assert_eq!(
        letters.iter().map(|letter| letter.reason).collect::<Vec<_>>(),
        [DeadLetterReason::Conflict]
    );
    let there = "select stock || name from parts where id > 2 order by id";
    assert_eq!(world.ask(there).await, ["7mine", "8mine"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_may_be_there_is_mended() {
    let (world, failover) = cut_off(&PARTS, NO_BAD_PART).await;
    let parts = Parts::new(&failover);
    parts.insert_if_absent(NewPart::new(3, 5).name("bad")).await.unwrap();
    world.heal(&failover).await;
    parts.update(3, PartPatch::new().name("good")).await.unwrap();
    retried(&world, &failover).await;
    assert_eq!(world.ask("select name from parts where id = 3").await, ["good"]);
}

/// Columns that make one value together are mended together, or not at all.
#[tokio::test(flavor = "multi_thread")]
async fn no_half_of_a_value_is_mended() {
    let tables = [author::Model::TABLE, part::Model::TABLE, book::Model::TABLE, slot::Model::TABLE];
    let sql = "alter table slots add check (note <> 'bad'); alter table books add check (title <> 'bad');";
    let (world, failover) = cut_off(&tables, sql).await;
    world
        .sql("insert into authors (id, house, code) values (1, 1, 'a'), (2, 2, 'b'), (3, 2, 'a')")
        .await;
    let shelf = Uuid::from_u128(1);
    let (slots, books) = (Slots::new(&failover), Books::new(&failover));
    let key = |name: &str| (shelf, name.to_owned());
    slots.insert(NewSlot::new(shelf, "other", 1, 5)).await.unwrap();
    slots.insert(NewSlot::new(shelf, "it", 1, 1).note("bad")).await.unwrap();
    world.heal(&failover).await;
    failover.pull::<author::Model>(|_| {}).await.unwrap();
    world.cut().await;
    books.insert(NewBook::new(1, 1, "a", "bad")).await.unwrap();
    let store = Store::from(&failover);
    let together = store.transaction(|writes| {
        writes.of::<Slots>().update(key("it"), SlotPatch::new().x(2))?;
        writes.of::<Books>().update(1, BookPatch::new().house(2))?;
        writes.of::<Parts>().insert(NewPart::new(9, 1)).map(drop)
    });
    together.await.unwrap();
    slots.update(key("it"), SlotPatch::new().y(5).note("good")).await.unwrap();
    books.update(1, BookPatch::new().code("b").title("good")).await.unwrap();
    world.heal(&failover).await;
    failover.retry_letters(LetterFilter::all()).await.unwrap();
    let info = world.heal(&failover).await;
    let letters = failover.dead_letters(9).await.unwrap();
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?} {letters:?}");
    assert_eq!(
        world.ask("select name || x || y from slots order by name").await,
        ["it25", "other15"]
    );
    assert_eq!(world.ask("select house || code || title from books").await, ["2bgood"]);
}

/// A transaction that lacks a parent goes again, whatever it ends with.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_lacks_a_parent_goes_again() {
    let tables = [author::Model::TABLE, part::Model::TABLE, book::Model::TABLE];
    let (world, failover) = cut_off(&tables, "").await;
    world.heal(&failover).await;
    let authors = Authors::new(&failover);
    authors.insert(NewAuthor::new(1, 1, "a")).await.unwrap();
    world.cut().await;
    let store = Store::from(&failover);
    let together = store.transaction(|writes| {
        writes.of::<Books>().insert(NewBook::new(1, 1, "a", "precious"))?;
        writes.of::<Parts>().update(1, PartPatch::new().stock(add(1)))
    });
    together.await.unwrap();
    world.sql("delete from authors").await;
    world.heal(&failover).await;
    assert_eq!(first_letter(&failover).await.reason, DeadLetterReason::ParentMissing);
    authors.upsert(NewAuthor::new(1, 1, "a")).await.unwrap();
    world.heal(&failover).await;
    let info = failover.failover_info().await.unwrap();
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{info:?}");
    assert_eq!(world.ask("select title from books").await, ["precious"]);
}

/// A delete that the remote refuses takes no letter along.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_kept_delete_was_to_take_along_stays() {
    let tables = [author::Model::TABLE, part::Model::TABLE, dual::Model::TABLE];
    let (world, failover) = cut_off(&tables, KEEPS).await;
    world.heal(&failover).await;
    let (authors, parts, duals) =
        (Authors::new(&failover), Parts::new(&failover), Duals::new(&failover));
    authors.insert(NewAuthor::new(1, 1, "a")).await.unwrap();
    world.cut().await;
    duals.insert(NewDual::new(1, 1, 1, "precious")).await.unwrap();
    parts.update(2, PartPatch::new().name("precious")).await.unwrap();
    assert_eq!(authors.delete(1).await.unwrap() + parts.delete(2).await.unwrap(), 2);
    world
        .sql(
            "alter table parts disable trigger keep; delete from parts where id = 1; \
        alter table parts enable trigger keep",
        )
        .await;
    world.heal(&failover).await;
    let letters = failover.dead_letters(9).await.unwrap();
    let told: Vec<_> =
        letters.iter().map(|letter| (letter.operation.as_str(), letter.reason)).collect();
    assert_eq!(
        told,
        [
            ("insert", DeadLetterReason::ParentMissing),
            ("update", DeadLetterReason::MissingRow),
            ("delete", DeadLetterReason::Refused),
            ("delete", DeadLetterReason::Refused),
        ]
    );
    failover.drop_letter(letters[2].id).await.unwrap();
    parts.upsert(NewPart::new(1, 1)).await.unwrap();
    world.heal(&failover).await;
    assert_eq!(world.ask("select title from duals").await, ["precious"]);
}

/// A transaction that replaces a row stays where it is, although a row with that key is there.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_replacement_goes_before_what_was_written_later() {
    let (world, failover) = cut_off(&PARTS, NO_BAD_PART).await;
    let parts = Parts::new(&failover);
    let store = Store::from(&failover);
    let together = store.transaction(|writes| {
        writes.of::<Parts>().delete(1)?;
        writes.of::<Parts>().insert(NewPart::new(1, 5).name("bad")).map(drop)
    });
    together.await.unwrap();
    parts.upsert(NewPart::new(1, 36).name("newer")).await.unwrap();
    world.heal(&failover).await;
    failover.resume().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(failover.failover_info().await.unwrap().held, 1);
    world.sql(BAD_PART).await;
    retried(&world, &failover).await;
    assert_eq!(world.ask("select stock || name from parts where id = 1").await, ["36newer"]);
    world.cut().await;
    assert_eq!(parts.get(1).await.unwrap().unwrap().stock, 36);
}

const NO_BAD_ITEM: &str =
    "alter table items add constraint items_name_check check (name <> 'bad');";
const BAD_ITEM: &str = "alter table items drop constraint items_name_check;";

/// Where the remote's changes win, a refusal makes no conflict with oneself.
#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_no_conflict_with_oneself() {
    let (world, failover) = cut_off(&[item::Model::TABLE], NO_BAD_ITEM).await;
    let items = Items::new(&failover);
    items.insert(NewItem::new(1, 1, "bad")).await.unwrap();
    items.upsert(NewItem::new(1, 2, "good")).await.unwrap();
    world.heal(&failover).await;
    world.sql(BAD_ITEM).await;
    retried(&world, &failover).await;
    assert_eq!(world.ask("select name from items").await, ["good"]);

    world.sql(NO_BAD_ITEM).await;
    world.cut().await;
    items.update(1, ItemPatch::new().name("bad")).await.unwrap();
    world.heal(&failover).await;
    items.update(1, ItemPatch::new().note("later")).await.unwrap();
    world.heal(&failover).await;
    world.sql(BAD_ITEM).await;
    retried(&world, &failover).await;
    assert_eq!(world.ask("select name || note from items").await, ["badlater"]);
}

/// Nor does it let a later update go over what others have written.
#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_no_leave_to_overwrite_others() {
    let (world, failover) = cut_off(&[item::Model::TABLE], NO_BAD_ITEM).await;
    let items = Items::new(&failover);
    items.insert(NewItem::new(1, 1, "bad")).await.unwrap();
    let store = Store::from(&failover);
    let together = store.transaction(|writes| {
        writes.of::<Items>().update(1, ItemPatch::new().name("mine"))?;
        writes.of::<Items>().insert(NewItem::new(2, 1, "beside")).map(drop)
    });
    together.await.unwrap();
    world.heal(&failover).await;
    let theirs = "create function theirs() returns trigger language plpgsql as $$ begin \
          update items set name = 'theirs', updated_at = now() + interval '1 hour' where id = 1; \
          return null; end $$; \
        create trigger theirs after insert on items for each row when (new.id = 1) \
          execute function theirs();";
    world.sql(&format!("{BAD_ITEM} {theirs}")).await;
    failover.retry(first_letter(&failover).await.id).await.unwrap();
    world.heal(&failover).await;
    let reasons: Vec<_> =
        failover.dead_letters(9).await.unwrap().iter().map(|letter| letter.reason).collect();
    assert_eq!(reasons, [DeadLetterReason::Conflict; 2]);
    assert_eq!(world.ask("select name from items").await, ["theirs"]);
}

/// A killed process's delete that arrives late does not take along what was written below since, in a
/// table that refers to itself either.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_delete_takes_no_row_of_its_own_table_along() {
    let (world, failover) = cut_off(&[leaf::Model::TABLE], "").await;
    world.heal(&failover).await;
    let leaves = Leaves::new(&failover);
    leaves.insert_many([NewLeaf::new(1), NewLeaf::new(2)]).await.unwrap();
    // The server has the function, as each process knows that has written by it.
    let store = Store::from(&failover);
    store.transaction(|writes| writes.of::<Leaves>().upsert(NewLeaf::new(2))).await.unwrap();
    let other = world.open().await;
    let late = Uuid::now_v7();
    // As the killed process noted it: like one that is under way now.
    let held = Fault::hold_until_released().method("POST").path_contains("/chronicle_apply");
    world.gateway.fault(held);
    let under_way = async { drop(leaves.delete(2).await) };
    let meanwhile = async {
        until("the delete is under way", async || world.gateway.held() > 0).await;
        let note = format!(
            "insert into chronicle_direct \
               (id, table_name, row_key, local_key, is_delete, process, ends, length) \
             select '{late}', table_name, '[\"1\"]', 1, is_delete, 'dead', ends, length \
             from chronicle_direct"
        );
        let file = world.plain_file().await;
        file.execute_script(&note).await.unwrap();
        file.close().await.unwrap();
        Leaves::new(&other).insert(NewLeaf::new(3).above_id(1)).await.unwrap();
        let delete = format!(
            "do $$ begin perform chronicle_apply(null, '[{{\"kind\": \"delete\", \"table\": \"leaves\", \
               \"key\": [\"id\"], \"keys\": [{{\"id\": 1}}], \"ids\": [\"{late}\"]}}]'); \
             exception when sqlstate 'CHR02' then null; end $$"
        );
        world.sql(&delete).await;
        world.ask("select id from leaves where id <> 2 order by id").await
    };
    let ((), there) = tokio::join!(under_way, meanwhile);
    assert_eq!(there, ["1", "3"]);
}

/// A change of the row that was refused does not switch the comparison off.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_change_is_no_leave_to_overwrite_others() {
    let (world, failover) = cut_off(&[item::Model::TABLE], NO_BAD_ITEM).await;
    world.heal(&failover).await;
    let items = Items::new(&failover);
    items.insert_many([NewItem::new(1, 1, "a"), NewItem::new(2, 1, "b")]).await.unwrap();
    world.cut().await;
    for id in [1, 2] {
        items.update(id, ItemPatch::new().name("bad")).await.unwrap();
    }
    assert_eq!(world.heal(&failover).await.dead_letters, 2);
    // This one is known to have been changed here.
    items.update(2, ItemPatch::new().stock(2)).await.unwrap();
    world.cut().await;
    for id in [1, 2] {
        items.update(id, ItemPatch::new().note("mine")).await.unwrap();
    }
    let theirs =
        "update items set note = 'theirs', updated_at = now() + interval '1 hour' where id = 1";
    world.sql(theirs).await;
    assert_eq!(world.heal(&failover).await.dead_letters, 3);
    assert_eq!(world.ask("select note from items order by id").await, ["theirs", "mine"]);
}

/// A transaction that held nobody does not go again over what was written since.
#[tokio::test(flavor = "multi_thread")]
async fn what_held_nobody_does_not_go_again_by_itself() {
    let (world, failover) = cut_off(&[leaf::Model::TABLE, part::Model::TABLE], "").await;
    world.heal(&failover).await;
    let (leaves, parts) = (Leaves::new(&failover), Parts::new(&failover));
    leaves.insert_many([NewLeaf::new(1), NewLeaf::new(3)]).await.unwrap();
    world.cut().await;
    let store = Store::from(&failover);
    let together = store.transaction(|writes| {
        writes.of::<Leaves>().upsert(NewLeaf::new(3).above_id(1))?;
        writes.of::<Parts>().update(1, PartPatch::new().name("old"))
    });
    together.await.unwrap();
    world.sql("delete from leaves where id = 1").await;
    assert_eq!(world.heal(&failover).await.dead_letters, 2);
    parts.update(1, PartPatch::new().name("new")).await.unwrap();
    leaves.upsert(NewLeaf::new(1)).await.unwrap();
    world.heal(&failover).await;
    failover.resume().await.unwrap();
    assert_eq!(world.heal(&failover).await.dead_letters, 2);
    assert_eq!(world.ask("select name from parts where id = 1").await, ["new"]);
}

/// What was moved below a refused row is still where it was at the remote: a delete there does not take it
/// along, so that it is not forgotten with that.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_moved_below_a_refused_row_is_not_forgotten() {
    let (world, failover) = cut_off(&[leaf::Model::TABLE], "").await;
    world.heal(&failover).await;
    let leaves = Leaves::new(&failover);
    leaves.insert_many([NewLeaf::new(1), NewLeaf::new(9)]).await.unwrap();
    leaves.insert(NewLeaf::new(3).above_id(9)).await.unwrap();
    world.cut().await;
    leaves.insert(NewLeaf::new(4).above_id(9)).await.unwrap();
    leaves.insert(NewLeaf::new(2).above_id(1)).await.unwrap();
    for id in [3, 4] {
        leaves.update(id, leaf::LeafPatch::new().above_id(2)).await.unwrap();
    }
    assert_eq!(leaves.delete(1).await.unwrap(), 1);
    world.sql("delete from leaves where id = 1").await;
    let info = world.heal(&failover).await;
    assert_eq!((info.dead_letters, info.held), (1, 3), "{info:?}");
    // With the parent all goes its way.
    world.sql("insert into leaves (id) values (1)").await;
    failover.retry(first_letter(&failover).await.id).await.unwrap();
    let info = world.heal(&failover).await;
    assert_eq!((info.dead_letters, info.outbox_rows), (0, 0), "{info:?}");
    assert_eq!(world.ask("select id from leaves").await, ["9"]);
}

/// A letter that goes with a delete and is due does not keep anything else from going.
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_goes_with_a_delete_holds_nothing_up() {
    let tables = [author::Model::TABLE, part::Model::TABLE, book::Model::TABLE];
    let (world, failover) = cut_off(&tables, "").await;
    world.heal(&failover).await;
    let (authors, parts) = (Authors::new(&failover), Parts::new(&failover));
    authors.insert(NewAuthor::new(1, 1, "a")).await.unwrap();
    world.cut().await;
    Books::new(&failover).insert(NewBook::new(1, 1, "a", "old")).await.unwrap();
    world.sql("delete from authors").await;
    assert_eq!(world.heal(&failover).await.dead_letters, 1);
    world.cut().await;
    parts.insert(NewPart::new(3, 5)).await.unwrap();
    assert_eq!(authors.delete(1).await.unwrap(), 1);
    let info = world.heal(&failover).await;
    assert_eq!((info.dead_letters, info.outbox_rows), (0, 0), "{info:?}");
    assert_eq!(world.ask("select count(*) from parts").await, ["3"]);
}
