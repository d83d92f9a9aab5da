//! Orders, each in a transaction, and additions to stocks, by two stores on one file while the network fails in
//! all ways: what was acknowledged counts once, and of a transaction there is all or nothing.

use crate::entities::order::{self, NewOrder, OrderId, Orders};
use crate::entities::order_item::{self, NewOrderItem, OrderItems};
use crate::entities::part::{self, PartPatch, Parts};
use crate::world::World;
use chronicle::failover::Failover;
use chronicle::{ErrorKind, Record, Store, Table, add};
use chronicle_test_servers::{Fault, Response};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const APPLY: &str = include_str!("../../migration/src/chronicle_apply/up.sql");
const TABLES: [&Table; 3] = [order::Model::TABLE, part::Model::TABLE, order_item::Model::TABLE];
const PARTS: i32 = 4;
const CALLS: usize = 60;

/// What was asked for.
#[derive(Default)]
struct Asked {
    /// Of each part so much, and whether the caller was told that it is done.
    orders: BTreeMap<OrderId, (Vec<(i32, i32)>, bool)>,
    /// A part, what was added to it, and whether the caller was told so.
    additions: Vec<(i32, i32, bool)>,
}

/// Whether it is done; else nobody knows.
fn is_done(outcome: chronicle::Result<()>) -> bool {
    match outcome {
        Ok(()) => true,
        Err(error) => {
            let is_told = [ErrorKind::Timeout, ErrorKind::Unavailable].contains(&error.kind());
            assert!(is_told, "{error:?}");
            false
        }
    }
}

async fn client(store: Store, asked: &Mutex<Asked>, mut chance: fastrand::Rng) {
    for _ in 0..CALLS {
        if chance.bool() {
            let (part, by) = (chance.i32(1..=PARTS), chance.i32(1..1_000));
            let updated = Parts::new(&store).update(part, PartPatch::new().stock(add(by))).await;
            let is_done = is_done(updated.map(|touched| assert_eq!(touched, 1)));
            asked.lock().unwrap().additions.push((part, by, is_done));
        } else {
            let mut parts: Vec<i32> = (1..=PARTS).collect();
            chance.shuffle(&mut parts);
            parts.truncate(chance.usize(1..=3));
            let taken: Vec<_> = parts.into_iter().map(|part| (part, chance.i32(1..20))).collect();
            let id = OrderId::generate();
            let ordered = store.transaction(|writes| {
                writes.of::<Orders>().insert(NewOrder::new("ada").id(id))?;
                for (part, number) in &taken {
                    writes.of::<OrderItems>().insert(NewOrderItem::new(id, *part, *number))?;
                    writes.of::<Parts>().update(*part, PartPatch::new().stock(add(-number)))?;
                }
                Ok(())
            });
            let is_done = is_done(ordered.await);
            asked.lock().unwrap().orders.insert(id, (taken, is_done));
        }
        tokio::time::sleep(Duration::from_millis(chance.u64(0..40))).await;
    }
}

/// The network fails in one way after the other until it is told to stop.
async fn faults(world: &World, is_over: &AtomicBool, mut chance: fastrand::Rng) {
    while !is_over.load(Ordering::Relaxed) {
        let busy = || Response::new(503).json(r#"{"code":"PGRST002","message":"no database"}"#);
        match chance.u8(0..8) {
            0 => world.gateway.fault(Fault::reset_before().method("POST")),
            1 => world.gateway.fault(Fault::reset_after().method("POST")),
            2 => world.gateway.fault(Fault::black_hole_after().method("POST")),
            3 => world.gateway.fault(Fault::hold(Duration::from_millis(2_500)).method("POST")),
            4 => world.gateway.fault(Fault::respond(busy()).method("POST")),
            5 => world.gateway.fault(Fault::respond_after(busy()).method("POST")),
            6 => world.gateway.fault(Fault::truncate(10).method("POST")),
            _ => {
                world.cut().await;
                tokio::time::sleep(Duration::from_millis(chance.u64(50..600))).await;
                world.gateway.heal().await.unwrap();
            }
        }
        tokio::time::sleep(Duration::from_millis(chance.u64(50..500))).await;
    }
    world.gateway.heal().await.unwrap();
}

async fn numbers(world: &World, query: &str) -> Vec<i64> {
    let rows = world.ask(query).await;
    rows.iter().map(|row| row.parse().unwrap()).collect()
}

/// Whether some of these have this sum.
fn have_the_sum(sum: i64, numbers: &[i64]) -> bool {
    let mut sums = BTreeSet::from([0]);
    for number in numbers {
        let more: Vec<i64> = sums.iter().map(|sum| sum + number).collect();
        sums.extend(more);
    }
    sums.contains(&sum)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_counts_once() {
    let seed = std::env::var("CHRONICLE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| fastrand::u64(..));
    let mut chance = fastrand::Rng::with_seed(seed);
    let told = format!("with CHRONICLE_SEED={seed}");
    let world = World::new(&TABLES, APPLY).await;
    let stocked = "insert into parts (id, stock) select id, 100000 from generate_series(1, 4) id";
    world.sql(stocked).await;
    let stores: [Failover; 2] = [world.open().await, world.open().await];
    for store in &stores {
        store.pull::<part::Model>(|_| {}).await.unwrap();
    }
    let asked = Mutex::new(Asked::default());
    let is_over = AtomicBool::new(false);
    let clients = async {
        let clients = stores.iter().flat_map(|store| [store; 3]);
        let clients = clients.map(|store| client(Store::from(store), &asked, chance.fork()));
        futures_util::future::join_all(clients.collect::<Vec<_>>()).await;
        is_over.store(true, Ordering::Relaxed);
    };
    tokio::join!(clients, faults(&world, &is_over, fastrand::Rng::with_seed(seed)));
    for store in &stores {
        let info = world.heal(store).await;
        assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{told}: {info:?}");
    }
    // What was held has arrived.
    tokio::time::sleep(Duration::from_millis(2_600)).await;

    let asked = asked.into_inner().unwrap();
    let there: BTreeSet<String> = world.ask("select id from orders").await.into_iter().collect();
    for (id, (taken, is_done)) in &asked.orders {
        let is_there = there.contains(&id.to_string());
        assert!(is_there || !is_done, "{told}: order {id} is lost");
        let items = format!("select count(*) from order_items where order_id = '{id}'");
        let wanted = if is_there { taken.len() as i64 } else { 0 };
        assert_eq!(numbers(&world, &items).await, [wanted], "{told}: order {id}");
    }
    let stocks = numbers(&world, "select stock from parts order by id").await;
    for (part, stock) in (1..=PARTS).zip(stocks) {
        let ordered =
            format!("select coalesce(sum(number), 0) from order_items where part_id = {part}");
        let ordered = numbers(&world, &ordered).await[0];
        let of_part = || asked.additions.iter().filter(|(to, ..)| *to == part);
        let added: i64 =
            of_part().filter(|(.., done)| *done).map(|(_, by, _)| i64::from(*by)).sum();
        let unknown: Vec<i64> =
            of_part().filter(|(.., done)| !done).map(|(_, by, _)| i64::from(*by)).collect();
        let rest = stock - (100_000 - ordered + added);
        assert!(have_the_sum(rest, &unknown), "{told}: part {part} has {rest} too many");
    }
    // Both stores know what became of it.
    let remote = Parts::new(world.remote()).find().order_by(Parts::ID.asc()).all().await.unwrap();
    world.cut().await;
    for store in &stores {
        let known = Parts::new(store).find().order_by(Parts::ID.asc()).all().await.unwrap();
        assert_eq!(known, remote, "{told}");
    }
}
