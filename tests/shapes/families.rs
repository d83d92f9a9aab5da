//! Rows below rows, by links that go with them or are taken away: after letters are dropped, rows were moved
//! or read again, the file has what the remote has.

use crate::world::World;
use chronicle::failover::{DeadLetterReason, Failover, LetterFilter, WriteMode};
use chronicle::{Backend, ErrorKind, Record, Store, Table};
use std::time::Duration;

const APPLY: &str = include_str!("../../migration/src/chronicle_apply/up.sql");
const TABLES: [&Table; 6] = [
    papa::Model::TABLE,
    kid::Model::TABLE,
    pet::Model::TABLE,
    leaf::Model::TABLE,
    item::Model::TABLE,
    soft::Model::TABLE,
];

macro_rules! family {
    ($module:ident, $table:literal, [$($more:tt)*], ($($attribute:tt)*), { $($relations:tt)* }) => {
        #[allow(dead_code, unreachable_pub, reason = "one shape for all of them")]
        mod $module {
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
            #[sea_orm(table_name = $table)]
            #[repository(name = "Row", repository = "Rows" $($attribute)*)]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub id: i32,
                pub a: Option<i32>,
                pub b: Option<i32>,
                #[sea_orm(unique)]
                pub code: Option<String>,
                pub name: Option<String>,
                pub n: i32,
                $($more)*
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation { $($relations)* }
            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

family!(papa, "papas", [], (), {});
family!(kid, "kids", [], (), {
    #[sea_orm(belongs_to = "super::papa::Entity", from = "Column::A", to = "super::papa::Column::Id", on_delete = "Cascade")]
    A,
});
family!(pet, "pets", [], (), {
    #[sea_orm(belongs_to = "super::papa::Entity", from = "Column::A", to = "super::papa::Column::Id", on_delete = "SetNull")]
    A,
    #[sea_orm(belongs_to = "super::kid::Entity", from = "Column::B", to = "super::kid::Column::Id", on_delete = "Cascade")]
    B,
});
family!(leaf, "leaves", [], (), {
    #[sea_orm(belongs_to = "Entity", from = "Column::A", to = "Column::Id", on_delete = "Cascade")]
    A,
});
family!(item, "items", [pub updated_at: DateTimeUtc,], (, conflict = "remote_wins"), {
    #[sea_orm(belongs_to = "super::papa::Entity", from = "Column::A", to = "super::papa::Column::Id", on_delete = "SetNull")]
    A,
});
family!(soft, "softs", [#[repository(soft_delete)] pub deleted_at: Option<DateTimeUtc>,], (), {
    #[sea_orm(belongs_to = "super::papa::Entity", from = "Column::A", to = "super::papa::Column::Id", on_delete = "Cascade")]
    A,
});

const MODES: [WriteMode; 2] = [WriteMode::RemoteFirst, WriteMode::LocalFirst];

/// A server that refuses what is called `bad`, with these rows.
async fn world(rows: &str) -> World {
    let check = |table: &&Table| {
        let name = table.name;
        format!(" alter table {name} add constraint {name}_bad check (name <> 'bad');")
    };
    let sql: String = std::iter::once(APPLY.to_owned()).chain(TABLES.iter().map(check)).collect();
    World::new(&TABLES, &(sql + rows)).await
}

async fn pulled(world: &World, mode: WriteMode) -> Failover {
    let failover = world.options().mode(mode).connect().await.unwrap();
    failover.pull::<papa::Model>(|_| {}).await.unwrap();
    failover.pull::<kid::Model>(|_| {}).await.unwrap();
    failover.pull::<pet::Model>(|_| {}).await.unwrap();
    failover.pull::<leaf::Model>(|_| {}).await.unwrap();
    failover.pull::<item::Model>(|_| {}).await.unwrap();
    failover.pull::<soft::Model>(|_| {}).await.unwrap();
    failover
}

/// The network serves, and nothing waits but what letters hold; so many letters.
async fn letters(world: &World, failover: &Failover) -> u64 {
    world.heal(failover).await;
    failover.flush(Duration::from_secs(20)).await.unwrap();
    world.heal(failover).await.dead_letters
}

/// The file has the rows of the remote, and nothing waits.
async fn assert_alike(world: &World, failover: &Failover) {
    assert_eq!(letters(world, failover).await, 0);
    let info = world.heal(failover).await;
    assert_eq!((info.outbox_rows, info.unsure), (0, 0), "{info:?}");
    let (file, remote) = (world.plain_file().await, world.remote());
    macro_rules! alike {
        ($module:ident) => {
            let rows = async |store: Store| {
                let rows = $module::Rows::new(store).find().order_by($module::Rows::ID.asc());
                rows.all().await.unwrap()
            };
            assert_eq!(rows(Store::from(&file)).await, rows(Store::from(&remote)).await);
        };
    }
    alike!(papa);
    alike!(kid);
    alike!(pet);
    alike!(leaf);
    alike!(item);
    alike!(soft);
    file.close().await.unwrap();
}

/// Somebody who has seen what others made of a row, or replaces it, writes on top of that.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_conflict_what_was_seen_counts() {
    let world =
        world("insert into items (id, n, updated_at) values (1, 1, '2020-01-01T00:00:00Z')").await;
    let failover = pulled(&world, WriteMode::RemoteFirst).await;
    let items = item::Rows::new(&failover);
    world.cut().await;
    items.update(1, item::RowPatch::new().n(5)).await.unwrap();
    world.sql("update items set n = 9, updated_at = now()").await;
    assert_eq!(letters(&world, &failover).await, 1);
    // Nobody has looked: the others' change still wins.
    items.update(1, item::RowPatch::new().n(6)).await.unwrap();
    assert_eq!(letters(&world, &failover).await, 2);
    assert_eq!(items.get(1).await.unwrap().unwrap().n, 9);
    items.update(1, item::RowPatch::new().n(10)).await.unwrap();
    assert_eq!(letters(&world, &failover).await, 2);
    assert_eq!(world.ask("select n from items").await, ["10"]);
}

/// As the guide says: what one wants to have now is upserted, and the letter dropped.
#[tokio::test(flavor = "multi_thread")]
async fn an_upsert_mends_a_conflict() {
    for (mode, theirs) in [
        (WriteMode::RemoteFirst, "update items set n = 9, updated_at = now()"),
        (WriteMode::LocalFirst, "update items set n = 9, updated_at = now()"),
        (WriteMode::RemoteFirst, "delete from items"),
        (WriteMode::LocalFirst, "delete from items"),
    ] {
        let world =
            world("insert into items (id, n, updated_at) values (1, 1, '2020-01-01T00:00:00Z')")
                .await;
        let failover = pulled(&world, mode).await;
        let items = item::Rows::new(&failover);
        for is_cut in [true, false] {
            world.cut().await;
            items.update(1, item::RowPatch::new().n(5)).await.unwrap();
            world.sql(theirs).await;
            assert_eq!(letters(&world, &failover).await, 1, "{mode:?} {theirs}");
            if is_cut {
                world.cut().await;
            }
            items.upsert(item::NewRow::new(1, 11)).await.unwrap();
            let letter = failover.dead_letters(9).await.unwrap().remove(0);
            failover.drop_letter(letter.id).await.unwrap();
            assert_eq!(letters(&world, &failover).await, 0, "{mode:?} {theirs} {is_cut}");
            assert_eq!(world.ask("select n from items").await, ["11"]);
        }
    }
}

/// A condition that a row meets by what the file has of it may not be met by what the remote has.
#[tokio::test(flavor = "multi_thread")]
async fn a_condition_on_what_is_not_known_is_an_error() {
    let world = world(
        "insert into papas (id, n) values (4, 1); insert into kids (id, a, n) values (1, 4, 1)",
    )
    .await;
    let failover = pulled(&world, WriteMode::RemoteFirst).await;
    let papas = papa::Rows::new(&failover);
    // The remote makes it, and nobody hears of it.
    world.gateway.fault(chronicle_test_servers::Fault::black_hole_after().method("PATCH"));
    world.gateway.fault(chronicle_test_servers::Fault::black_hole_after().method("POST"));
    let lock = rusqlite::Connection::open(world.path()).unwrap();
    lock.execute_batch("begin immediate").unwrap();
    let _ = papas.update(4, papa::RowPatch::new().n(3)).await;
    world.gateway.refuse().await.unwrap();
    lock.execute_batch("rollback").unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let error = papas.get(4).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let error = papas.delete_where(papa::Rows::N.eq(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let patch = papa::RowPatch::new().name("x".to_owned());
    let error = papas.update_where(papa::Rows::N.eq(1), patch).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert_alike(&world, &failover).await;
}

/// What is below a row that is to be moved is at the remote, whatever became of the row above that is new.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_below_a_moved_row_stays() {
    for mode in MODES {
        let world = world(
            "insert into kids (id, n) values (1, 1); insert into pets (id, b, n) values (2, 1, 1)",
        )
        .await;
        let failover = pulled(&world, mode).await;
        world.cut().await;
        papa::Rows::new(&failover).insert(papa::NewRow::new(1, 1)).await.unwrap();
        kid::Rows::new(&failover).update(1, kid::RowPatch::new().a(1)).await.unwrap();
        world.sql("revoke insert on papas from service_role").await;
        world.until_paused(&failover).await;
        // The remote has no such row, and the file has it: it waits.
        let _ = failover.pull::<papa::Model>(|_| {}).await;
        world.sql("grant insert on papas to service_role").await;
        failover.resume().await.unwrap();
        assert_alike(&world, &failover).await;
    }
}

/// What a delete took along that goes with a dropped letter comes back.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_dropped_transaction_took_along_comes_back() {
    const ROWS: &str = "insert into papas (id, n) values (9, 1); \
        insert into kids (id, a, n) values (9, 9, 1); insert into pets (id, a, n) values (9, 9, 1)";
    for mode in MODES {
        // The letter is of the transaction itself.
        let world = world(ROWS).await;
        let failover = pulled(&world, mode).await;
        world.cut().await;
        let store = Store::from(&failover);
        let together = store.transaction(|writes| {
            writes.of::<papa::Rows>().insert(papa::NewRow::new(1, 1).name("bad".to_owned()))?;
            writes.of::<kid::Rows>().insert(kid::NewRow::new(5, 1).a(1))?;
            writes.of::<papa::Rows>().delete(9)
        });
        together.await.unwrap();
        assert_eq!(letters(&world, &failover).await, 3);
        let letter = failover.dead_letters(1).await.unwrap().remove(0);
        assert_eq!(failover.drop_letter(letter.id).await.unwrap(), 3);
        assert_alike(&world, &failover).await;
        assert_eq!(world.ask("select a from pets").await, ["9"]);

        // A child of the letter's row is of a transaction, which goes along.
        world.cut().await;
        let bad = papa::NewRow::new(1, 1).name("bad".to_owned());
        papa::Rows::new(&failover).insert(bad).await.unwrap();
        let store = Store::from(&failover);
        let together = store.transaction(|writes| {
            writes.of::<papa::Rows>().delete(9)?;
            writes.of::<kid::Rows>().insert(kid::NewRow::new(5, 1).a(1)).map(drop)
        });
        together.await.unwrap();
        assert_eq!(letters(&world, &failover).await, 1);
        let letter = failover.dead_letters(1).await.unwrap().remove(0);
        assert_eq!(failover.drop_letter(letter.id).await.unwrap(), 3);
        assert_alike(&world, &failover).await;
        assert_eq!(world.ask("select a from pets").await, ["9"]);
    }
}

/// A row that was read while a delete waits refers to none; it does again when the delete is dropped.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_comes_back_when_the_delete_is_dropped() {
    for mode in MODES {
        let world = world(
            "create function keep() returns trigger language plpgsql as 'begin return null; end'; \
             create trigger keep before delete on papas for each row execute function keep(); \
             insert into papas (id, n) values (9, 1)",
        )
        .await;
        let failover = pulled(&world, mode).await;
        world.sql("insert into pets (id, a, n) values (9, 9, 1)").await;
        world.cut().await;
        papa::Rows::new(&failover).delete(9).await.unwrap();
        assert_eq!(letters(&world, &failover).await, 1);
        failover.pull::<pet::Model>(|_| {}).await.unwrap();
        failover.drop_letters(LetterFilter::all()).await.unwrap();
        assert_alike(&world, &failover).await;
    }
}

/// A row was to be moved below one that is deleted then: the delete did not take it along at the remote.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_dropped_move_left_in_place_comes_back() {
    for mode in MODES {
        let world = world(
            "insert into leaves (id, a, n) values (1, null, 1), (2, null, 1), (3, 2, 1), (4, 3, 1)",
        )
        .await;
        let failover = pulled(&world, mode).await;
        let leaves = leaf::Rows::new(&failover);
        world.cut().await;
        leaves.update(2, leaf::RowPatch::new().a(1).name("bad".to_owned())).await.unwrap();
        leaves.delete(1).await.unwrap();
        assert_eq!(letters(&world, &failover).await, 1);
        failover.drop_letters(LetterFilter::all()).await.unwrap();
        assert_alike(&world, &failover).await;
        assert_eq!(world.ask("select id from leaves order by id").await, ["2", "3", "4"]);
    }
}

/// What is deleted softly stays as it is, in an outage as well.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_softly_is_not_deleted_again() {
    let world =
        world("insert into softs (id, n, deleted_at) values (1, 1, '2020-01-01T00:00:00Z')").await;
    let failover = pulled(&world, WriteMode::RemoteFirst).await;
    for is_cut in [false, true] {
        if is_cut {
            world.cut().await;
        }
        let store = Store::from(&failover);
        let together = store.transaction(|writes| {
            writes.of::<soft::Rows>().delete(1)?;
            writes.of::<papa::Rows>().upsert(papa::NewRow::new(1, 1)).map(drop)
        });
        together.await.unwrap();
        assert_eq!(letters(&world, &failover).await, 0);
        let year = "select extract(year from deleted_at)::int from softs";
        assert_eq!(world.ask(year).await, ["2020"], "{is_cut}");
    }
}

/// A letter that cannot go holds up no other one, and is named.
#[tokio::test(flavor = "multi_thread")]
async fn one_letter_holds_up_no_other_one() {
    let world = world("insert into papas (id, n, code) values (1, 1, 'c')").await;
    let failover = pulled(&world, WriteMode::RemoteFirst).await;
    let papas = papa::Rows::new(&failover);
    world.cut().await;
    let bad = papa::RowPatch::new().code("x".to_owned()).name("bad".to_owned());
    papas.update(1, bad).await.unwrap();
    let kid = kid::NewRow::new(1, 1).name("bad".to_owned());
    kid::Rows::new(&failover).insert(kid).await.unwrap();
    assert_eq!(letters(&world, &failover).await, 2);
    papas.update(1, papa::RowPatch::new().code("y".to_owned())).await.unwrap();
    papas.insert(papa::NewRow::new(2, 1).code("x".to_owned())).await.unwrap();
    world.sql("alter table papas drop constraint papas_bad; alter table kids drop constraint kids_bad").await;
    let letter = failover.dead_letters(1).await.unwrap().remove(0);
    assert_eq!(letter.table, "papas");
    let error = failover.retry_letters(LetterFilter::all()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unique, "{error}");
    let words = error.to_string();
    assert!(words.contains(&format!("letter {} does not go again", letter.id)), "{words}");
    assert!(words.contains("1 others go again"), "{words}");
    assert_eq!(letters(&world, &failover).await, 1);
    assert_eq!(world.ask("select id from kids").await, ["1"]);
    let error = failover.retry(letter.id).await.unwrap_err();
    assert!(error.to_string().contains("does not go again"), "{error}");
}

/// Of a transaction that was not made, the letters say which row is to blame, and for what.
#[tokio::test(flavor = "multi_thread")]
async fn the_row_that_is_to_blame_is_named() {
    for is_item_last in [true, false] {
        for is_leaf_to_blame in [true, false] {
            let world = world(
                "insert into leaves (id, n) values (1, 1); \
                 insert into items (id, n, updated_at) values (1, 1, '2020-01-01T00:00:00Z')",
            )
            .await;
            let failover = pulled(&world, WriteMode::RemoteFirst).await;
            world.cut().await;
            let store = Store::from(&failover);
            let together = store.transaction(|writes| {
                if !is_item_last {
                    writes.of::<item::Rows>().update(1, item::RowPatch::new().n(2))?;
                }
                writes.of::<leaf::Rows>().update(1, leaf::RowPatch::new().n(2))?;
                if is_item_last {
                    writes.of::<item::Rows>().update(1, item::RowPatch::new().n(2))?;
                }
                Ok(())
            });
            together.await.unwrap();
            let (theirs, reason, row) = match is_leaf_to_blame {
                true => ("delete from leaves", DeadLetterReason::MissingRow, "leaves [\"1\"]"),
                false => (
                    "update items set n = 9, updated_at = now()",
                    DeadLetterReason::Conflict,
                    "items [\"1\"]",
                ),
            };
            world.sql(theirs).await;
            assert_eq!(letters(&world, &failover).await, 2);
            for letter in failover.dead_letters(9).await.unwrap() {
                assert_eq!(letter.reason, reason, "{letter:?}");
                assert!(letter.message.ends_with(row), "{letter:?}");
            }
        }
    }
}
