//! Processes that share a file, and that are killed: at random, and at every point where what they do
//! is half done.

mod child;
mod history;
mod kill_points;
mod late;

use crate::fixture::{Fixture, healed, session};
use child::{Child, Order};
use chronicle::Backend;
use chronicle::failover::WriteMode;
use chronicle_entity::SessionId;
use chronicle_test_servers::{Fault, Gateway, Response};
use history::History;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long an abandoned request may still arrive here: the machine may be busy.
const SETTLE: Duration = Duration::from_secs(2);

/// Writes its order, if it was started as a child of one of these tests; else it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_writer() {
    child::run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_processes_write_through_an_outage() {
    let fixture = Fixture::new().await;
    let history = History::begin(&fixture).await;
    let open = || fixture.options().settle(SETTLE).connect();
    let first = open().await.unwrap();
    let mut sessions = Vec::new();
    for _ in 0..8 {
        sessions.push(session(&first).await);
    }
    first.close().await.unwrap();
    drop(first);
    let mut children: Vec<Child> = Vec::new();
    for session in sessions {
        children.push(Child::start(&fixture, &Order { rows: 80, ..Order::of(session) }));
    }
    for child in &mut children {
        child.until_it_writes().await;
    }
    tokio::time::sleep(Duration::from_millis(150)).await;
    fixture.gateway.refuse().await.unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
    fixture.gateway.heal().await.unwrap();
    for child in &mut children {
        assert!(child.wait().await.success(), "a writer failed: {}", child.told());
    }
    let failover = open().await.unwrap();
    let info = healed(&failover).await;
    assert_eq!((info.outbox_rows, info.dead_letters), (0, 0));
    fixture.assert_equal().await;
    let checked = history.check(&fixture, children.iter().map(Child::log)).await;
    assert_eq!(checked.acknowledged, 8 * 80);
    assert_eq!(checked.unacknowledged, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn services_that_are_killed_at_random_lose_nothing() {
    killed_at_random(WriteMode::RemoteFirst, 110).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_that_are_killed_at_random_lose_nothing() {
    killed_at_random(WriteMode::LocalFirst, 110).await;
}

/// Four places, in each of which one process after the other is killed, while the network fails in
/// all ways.
#[allow(clippy::print_stdout, reason = "chance decides how many kills there are")]
async fn killed_at_random(mode: WriteMode, kills: usize) {
    let fixture = Arc::new(Fixture::new().await);
    let history = History::begin(&fixture).await;
    let open = || fixture.options().settle(SETTLE).mode(mode).connect();
    let first = open().await.unwrap();
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.push(session(&first).await);
    }
    assert!(first.flush(Duration::from_secs(20)).await.unwrap());
    first.close().await.unwrap();
    drop(first);

    let start = Instant::now();
    let over = Arc::new(AtomicBool::new(false));
    let weather = tokio::spawn(weather(fixture.clone(), over.clone()));
    let places = sessions.into_iter().enumerate().map(|(place, session)| {
        let fixture = fixture.clone();
        tokio::spawn(killed_in_one_place(fixture, mode, place, session, kills.div_ceil(4)))
    });
    let mut logs = Vec::new();
    for place in futures_util::future::join_all(places).await {
        logs.extend(place.unwrap());
    }
    over.store(true, Ordering::Relaxed);
    weather.await.unwrap();
    let killed = start.elapsed();
    let failover = open().await.unwrap();
    assert!(failover.flush(Duration::from_secs(40)).await.unwrap());
    let info = healed(&failover).await;
    assert_eq!(
        (info.outbox_rows, info.dead_letters),
        (0, 0),
        "{:?}",
        failover.dead_letters(9).await
    );
    let number = logs.len();
    assert!(number >= kills);
    let checked = history.check(&fixture, logs).await;
    println!("{number} kills in {killed:?} ({mode:?}): {checked:?}");
    assert!(checked.acknowledged >= number as u64 / 4, "{checked:?}");
}

async fn killed_in_one_place(
    fixture: Arc<Fixture>,
    mode: WriteMode,
    place: usize,
    session: SessionId,
    kills: usize,
) -> Vec<std::path::PathBuf> {
    let mut random = numbers(place as u64 + 1);
    let mut logs = Vec::new();
    for number in 0..kills {
        let order = Order { mode, first: number * 10_000, ..Order::of(session) };
        let mut child = Child::start(&fixture, &order);
        // A machine that is busy lets few get that far by themselves.
        child.until(if number % 4 == 0 { "ack" } else { "try" }).await;
        tokio::time::sleep(Duration::from_millis(random() % 150)).await;
        child.kill().await;
        logs.push(child.log());
    }
    logs
}

/// Faults of all kinds, one after the other, until it is over; then none.
async fn weather(fixture: Arc<Fixture>, over: Arc<AtomicBool>) {
    let mut random = numbers(99);
    let gateway = &fixture.gateway;
    while !over.load(Ordering::Relaxed) {
        fault(gateway, random() % 8).await;
        tokio::time::sleep(Duration::from_millis(50 + random() % 200)).await;
        // Another program may have the port for a moment.
        while gateway.heal().await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tokio::time::sleep(Duration::from_millis(random() % 200)).await;
    }
}

async fn fault(gateway: &Gateway, kind: u64) {
    let database = r#"{"code":"PGRST002","message":"no database"}"#;
    gateway.fault(match kind {
        0 => return gateway.refuse().await.unwrap(),
        1 => Fault::reset_before().times(3),
        2 => Fault::reset_after().times(3),
        3 => Fault::hold(Duration::from_millis(300)).times(4),
        4 => Fault::black_hole().times(2),
        5 => Fault::black_hole_after().times(2),
        6 => Fault::truncate(0).times(2),
        _ => Fault::respond(Response::new(503).json(database)).times(2),
    });
}

/// Numbers that look random, the same in each run (xorshift, Marsaglia 2003).
fn numbers(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 8
    }
}
