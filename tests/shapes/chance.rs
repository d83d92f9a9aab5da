//! Orders, each in a transaction, and additions to stocks, while the network fails in all ways: by two stores on
//! one file, and by processes that are killed. What was acknowledged counts once, and of a transaction there is
//! all or nothing. Some orders are refused until the server is mended.

use crate::entities::order::{self, NewOrder, OrderId, Orders};
use crate::entities::order_item::{self, NewOrderItem, OrderItems};
use crate::entities::part::{self, PartPatch, Parts};
use crate::world::{World, pair, server};
use chronicle::failover::{Failover, LetterFilter, WriteMode};
use chronicle::{Backend, ErrorKind, Record, Store, Table, add};
use chronicle_test_servers::{Fault, Response, until};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const APPLY: &str = include_str!("../../migration/src/chronicle_apply/up.sql");
const TABLES: [&Table; 3] = [order::Model::TABLE, part::Model::TABLE, order_item::Model::TABLE];
const PARTS: i32 = 4;
const CALLS: usize = 60;
/// Processes of each place that are killed, one after the other.
const KILLS: usize = 10;
/// What a child is told: the server, the file, its log, the mode and a seed.
const CHILD: &str = "CHRONICLE_TEST_ORDERS";

/// What a caller was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Done,
    Refused,
    /// Nobody knows, or it was killed before.
    Nothing,
}

/// What was asked for.
#[derive(Default)]
struct Asked {
    /// Of each part so much.
    orders: BTreeMap<OrderId, (Vec<(i32, i32)>, Told)>,
    /// A part, and what was added to it.
    additions: Vec<(i32, i32, Told)>,
}

impl Asked {
    /// Reads what one client has told.
    fn read(&mut self, lines: &str) {
        let with = |word: &str| -> BTreeSet<String> {
            let lines = lines.lines().filter_map(|line| line.strip_prefix(word));
            lines.map(str::to_owned).collect()
        };
        let (done, refused) = (with("done "), with("refused "));
        for line in lines.lines().filter_map(|line| line.strip_prefix("try ")) {
            let mut words = line.split(' ');
            let mut word = || words.next().unwrap();
            let (number, kind) = (word(), word());
            let told = match number {
                number if done.contains(number) => Told::Done,
                number if refused.contains(number) => Told::Refused,
                _ => Told::Nothing,
            };
            if kind == "add" {
                let (part, by) = (word().parse().unwrap(), word().parse().unwrap());
                self.additions.push((part, by, told));
            } else {
                let id: OrderId = word().parse().unwrap();
                let taken = words.map(|taken| {
                    let (part, number) = taken.split_once(':').unwrap();
                    (part.parse().unwrap(), number.parse().unwrap())
                });
                self.orders.insert(id, (taken.collect(), told));
            }
        }
    }
}

fn told(outcome: chronicle::Result<()>) -> Told {
    match outcome {
        Ok(()) => Told::Done,
        Err(error) if error.kind() == ErrorKind::Check => Told::Refused,
        Err(error) => {
            let is_told = [ErrorKind::Timeout, ErrorKind::Unavailable].contains(&error.kind());
            assert!(is_told, "{error:?}");
            Told::Nothing
        }
    }
}

/// Tells what it asks for before it does, and what it was told.
async fn client(
    store: Store,
    mut tell: impl FnMut(String),
    mut chance: fastrand::Rng,
    calls: usize,
) {
    for call in 0..calls {
        let told = if chance.bool() {
            let (part, by) = (chance.i32(1..=PARTS), chance.i32(1..1_000));
            tell(format!("try {call} add {part} {by}\n"));
            let updated = Parts::new(&store).update(part, PartPatch::new().stock(add(by))).await;
            told(updated.map(|touched| assert_eq!(touched, 1)))
        } else {
            let mut parts: Vec<i32> = (1..=PARTS).collect();
            chance.shuffle(&mut parts);
            parts.truncate(chance.usize(1..=3));
            let taken: Vec<_> = parts.into_iter().map(|part| (part, chance.i32(1..20))).collect();
            let id = OrderId::generate();
            let mut line = format!("try {call} order {id}");
            for (part, number) in &taken {
                write!(line, " {part}:{number}").unwrap();
            }
            tell(line + "\n");
            let ordered = store.transaction(|writes| {
                writes.of::<Orders>().insert(NewOrder::new("ada").id(id))?;
                for (part, number) in &taken {
                    writes.of::<OrderItems>().insert(NewOrderItem::new(id, *part, *number))?;
                    writes.of::<Parts>().update(*part, PartPatch::new().stock(add(-number)))?;
                }
                Ok(())
            });
            told(ordered.await)
        };
        match told {
            Told::Done => tell(format!("done {call}\n")),
            Told::Refused => tell(format!("refused {call}\n")),
            Told::Nothing => {}
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

/// A world with stocks, which all stores know.
async fn stocked(mode: WriteMode) -> World {
    let world = World::new(&TABLES, APPLY).await;
    let stocked = "insert into parts (id, stock) select id, 100000 from generate_series(1, 4) id";
    world.sql(stocked).await;
    world.sql("alter table order_items add constraint unlucky check (number <> 13)").await;
    let first = world.options().mode(mode).connect().await.unwrap();
    first.pull::<part::Model>(|_| {}).await.unwrap();
    // It has the function, as the file knows from now on.
    Parts::new(&first).update(1, PartPatch::new().stock(add(0))).await.unwrap();
    world.heal(&first).await;
    first.close().await.unwrap();
    world
}

/// Of each order all or nothing is there; of what was refused nothing.
async fn all_or_nothing(world: &World, asked: &Asked, told: &str) {
    let there: BTreeSet<String> = world.ask("select id from orders").await.into_iter().collect();
    for (id, (taken, outcome)) in &asked.orders {
        let is_there = there.contains(&id.to_string());
        assert!(!is_there || *outcome != Told::Refused, "{told}: order {id} was refused");
        let items = format!("select count(*) from order_items where order_id = '{id}'");
        let wanted = if is_there { taken.len() as i64 } else { 0 };
        assert_eq!(numbers(world, &items).await, [wanted], "{told}: order {id}");
    }
}

/// Of orders all or nothing is there, and the stocks are what they must be; and the stores know it.
#[allow(clippy::print_stdout, reason = "chance decides how much there is")]
async fn check(world: &World, stores: &[Failover], asked: &Asked, told: &str) {
    for store in stores {
        world.heal(store).await;
        store.flush(Duration::from_secs(60)).await.unwrap();
        let info = world.heal(store).await;
        assert_eq!(info.outbox_rows, 0, "{told}: {info:?}");
    }
    // What was held has arrived.
    tokio::time::sleep(Duration::from_millis(2_600)).await;
    all_or_nothing(world, asked, told).await;

    world.sql("alter table order_items drop constraint unlucky").await;
    // One of those that wait as letters is dropped: it is gone with all that goes with it.
    let of_orders = LetterFilter::all().table("orders");
    let dropped: Option<OrderId> = match stores[0].find_letters(of_orders, 1).await.unwrap().first()
    {
        Some(letter) => {
            assert!(stores[0].drop_letter(letter.id).await.unwrap() > 0);
            Some(letter.key.parse().unwrap())
        }
        None => None,
    };
    let again = stores[0].retry_letters(LetterFilter::all()).await.unwrap();
    println!(
        "{} orders, {} additions, {again} refused writes",
        asked.orders.len(),
        asked.additions.len()
    );
    for store in stores {
        assert!(store.flush(Duration::from_secs(60)).await.unwrap(), "{told}");
        let info = world.heal(store).await;
        assert_eq!((info.outbox_rows, info.dead_letters), (0, 0), "{told}: {info:?}");
    }
    all_or_nothing(world, asked, told).await;
    let there: BTreeSet<String> = world.ask("select id from orders").await.into_iter().collect();
    for (id, (_, outcome)) in &asked.orders {
        let is_there = there.contains(&id.to_string());
        let is_dropped = dropped == Some(*id);
        assert!(is_there || is_dropped || *outcome != Told::Done, "{told}: order {id} is lost");
        assert!(!(is_there && is_dropped), "{told}: order {id} was dropped");
    }
    let stocks = numbers(world, "select stock from parts order by id").await;
    for (part, stock) in (1..=PARTS).zip(stocks) {
        let ordered =
            format!("select coalesce(sum(number), 0) from order_items where part_id = {part}");
        let ordered = numbers(world, &ordered).await[0];
        let of_part = || asked.additions.iter().filter(|(to, ..)| *to == part);
        let added: i64 = of_part()
            .filter(|(.., told)| *told == Told::Done)
            .map(|(_, by, _)| i64::from(*by))
            .sum();
        let unknown: Vec<i64> = of_part()
            .filter(|(.., told)| *told != Told::Done)
            .map(|(_, by, _)| i64::from(*by))
            .collect();
        let rest = stock - (100_000 - ordered + added);
        assert!(have_the_sum(rest, &unknown), "{told}: part {part} has {rest} too many");
    }
    // All stores know what became of it.
    let remote = Parts::new(world.remote()).find().order_by(Parts::ID.asc()).all().await.unwrap();
    let orders = Orders::new(world.remote()).find().order_by(Orders::ID.asc()).all().await.unwrap();
    world.cut().await;
    for store in stores {
        let known = Parts::new(store).find().order_by(Parts::ID.asc()).all().await.unwrap();
        assert_eq!(known, remote, "{told}");
        // An order without answer that was made may never have been heard of here.
        for order in Orders::new(store).find().all().await.unwrap() {
            assert!(orders.contains(&order), "{told}: {order:?}");
        }
    }
}

/// What chance decides, and how to have it again.
fn chance() -> (u64, String) {
    let seed = std::env::var("CHRONICLE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| fastrand::u64(..));
    (seed, format!("with CHRONICLE_SEED={seed}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_counts_once() {
    let (seed, told) = chance();
    let mut chance = fastrand::Rng::with_seed(seed);
    let world = stocked(WriteMode::RemoteFirst).await;
    let stores: [Failover; 2] = [world.open().await, world.open().await];
    let is_over = AtomicBool::new(false);
    let clients = async {
        let clients = stores.iter().flat_map(|store| [store; 3]).map(|store| {
            let (store, chance) = (Store::from(store), chance.fork());
            async move {
                let mut lines = String::new();
                client(store, |line| lines.push_str(&line), chance, CALLS).await;
                lines
            }
        });
        let lines = futures_util::future::join_all(clients.collect::<Vec<_>>()).await;
        is_over.store(true, Ordering::Relaxed);
        lines
    };
    let (lines, ()) =
        tokio::join!(clients, faults(&world, &is_over, fastrand::Rng::with_seed(seed)));
    let mut asked = Asked::default();
    for lines in &lines {
        asked.read(lines);
    }
    check(&world, &stores, &asked, &told).await;
}

/// Writes until it is killed, if it was started as a child of the tests below; else it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_orders() {
    let Ok(order) = std::env::var(CHILD) else { return };
    let [url, file, log, mode, seed] = order.split('\n').collect::<Vec<_>>()[..] else {
        panic!("an order of {order:?}");
    };
    let mode = if mode == "LocalFirst" { WriteMode::LocalFirst } else { WriteMode::RemoteFirst };
    let mut log = File::options().create(true).append(true).open(log).unwrap();
    let options = pair(Path::new(file), server(url, &TABLES), &TABLES).mode(mode);
    let failover = options.connect().await.unwrap();
    let tell = |line: String| log.write_all(line.as_bytes()).unwrap();
    let chance = fastrand::Rng::with_seed(seed.parse().unwrap());
    client(Store::from(&failover), tell, chance, usize::MAX).await;
}

/// One process after the other, each killed while it writes; gives their logs.
async fn killed_in_one_place(
    world: &World,
    mode: WriteMode,
    place: usize,
    mut chance: fastrand::Rng,
) -> Vec<PathBuf> {
    use std::os::unix::process::ExitStatusExt;
    let mut logs = Vec::new();
    for number in 0..KILLS {
        let log = world.path().with_file_name(format!("orders-{place}-{number}.log"));
        let order = [
            world.gateway.url(),
            world.path().display().to_string(),
            log.display().to_string(),
            format!("{mode:?}"),
            chance.u64(..).to_string(),
        ];
        let mut child = tokio::process::Command::new(std::env::current_exe().unwrap())
            .args(["chance::child_that_orders", "--exact", "--nocapture", "--test-threads=1"])
            .env(CHILD, order.join("\n"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let wanted = if number % 3 == 0 { "done" } else { "try" };
        until("a child writes", async || {
            std::fs::read_to_string(&log).is_ok_and(|told| told.contains(wanted))
        })
        .await;
        tokio::time::sleep(Duration::from_millis(chance.u64(0..200))).await;
        child.start_kill().unwrap();
        let status = child.wait().await.unwrap();
        assert_eq!(status.signal(), Some(9), "{status}: {}", log.display());
        logs.push(log);
    }
    logs
}

async fn killed(mode: WriteMode) {
    let (seed, told) = chance();
    let mut chance = fastrand::Rng::with_seed(seed);
    let world = stocked(mode).await;
    let is_over = AtomicBool::new(false);
    let places = async {
        let places: Vec<_> =
            (0..3).map(|place| killed_in_one_place(&world, mode, place, chance.fork())).collect();
        let logs = futures_util::future::join_all(places).await;
        is_over.store(true, Ordering::Relaxed);
        logs.concat()
    };
    let (logs, ()) = tokio::join!(places, faults(&world, &is_over, fastrand::Rng::with_seed(seed)));
    let mut asked = Asked::default();
    for log in logs {
        asked.read(&std::fs::read_to_string(log).unwrap());
    }
    let told = format!("{mode:?} {told}");
    let next = world.options().mode(mode).connect().await.unwrap();
    check(&world, &[next], &asked, &told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_processes_that_are_killed_too() {
    killed(WriteMode::RemoteFirst).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_processes_that_write_to_the_file_first_too() {
    killed(WriteMode::LocalFirst).await;
}
