//! A part of a table that the file has, as the remote has it.

use crate::entities::node::{self, Nodes};
use crate::entities::note::{self, NewNote, NotePatch, Notes};
use crate::entities::ticket::{self, NewTicket, TicketPatch, Tickets};
use crate::entities::ticket_line::TicketLines;
use crate::world::World;
use chronicle::failover::Failover;
use chronicle::{Backend, ErrorKind, Record, Repository};
use std::fmt::Debug;
use std::time::{Duration, Instant};

const TABLES: [&chronicle::Table; 1] = [note::Model::TABLE];
const HOUR: Duration = Duration::from_secs(3_600);
const SOON: Duration = Duration::from_millis(50);

async fn rows<R: Record>(world: &World) -> Vec<R> {
    Repository::<R>::new(world.plain_file().await).find().all().await.unwrap()
}

/// Notes of the topic "a" with these numbers.
fn notes(ids: std::ops::Range<i32>) -> impl Iterator<Item = NewNote> {
    ids.map(|id| NewNote::new(id, "a", 0))
}

/// Waits until the file is so.
async fn until<R: Record + Debug>(world: &World, so: impl Fn(&[R]) -> bool) {
    let start = Instant::now();
    loop {
        let rows = rows::<R>(world).await;
        if so(&rows) {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{rows:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn kept(failover: &Failover) -> (u64, u64) {
    let done = failover.keep(Notes::TOPIC.eq("a")).now().await.unwrap();
    (done.pulled, done.removed)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_has_what_matches_as_the_remote_has_it() {
    let world = World::new(&TABLES, "").await;
    let remote = Notes::new(world.remote());
    remote.insert_many(notes(0..1_234)).await.unwrap();
    remote.insert_many((5_000..5_010).map(|id| NewNote::new(id, "b", 0))).await.unwrap();
    let failover = world.open().await;
    assert_eq!(kept(&failover).await, (1_234, 0));
    let expected = remote.find().filter(Notes::TOPIC.eq("a")).all().await.unwrap();
    assert_eq!(rows::<note::Model>(&world).await, expected, "and nothing of the other topic");
    world.gateway.clear_requests();
    assert_eq!(kept(&failover).await, (0, 0));
    let requests = world.gateway.requests();
    assert!(requests.len() <= 4, "keys alone, 500 each: {requests:?}");

    for id in [3, 700, 1_233] {
        remote.update(id, NotePatch::new().points(id)).await.unwrap();
    }
    remote.delete_where(Notes::ID.is_in([5, 6])).await.unwrap();
    remote.update(9, NotePatch::new().topic("b")).await.unwrap();
    // It was written by somebody who was offline since then.
    let late = NewNote::new(2_000, "a", 1).updated_at(chronicle::now() - HOUR);
    remote.insert(late).await.unwrap();
    assert_eq!(kept(&failover).await, (4, 2));
    let file = rows::<note::Model>(&world).await;
    let moved = file.iter().find(|note| note.id == 9).unwrap();
    assert_eq!(moved.topic, "b", "it does not match any more, and is as the remote has it");
    let matching: Vec<_> = file.into_iter().filter(|note| note.topic == "a").collect();
    assert_eq!(matching, remote.find().filter(Notes::TOPIC.eq("a")).all().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn rounds_ask_for_what_has_changed_and_go_on_in_the_next_process() {
    let world = World::new(&TABLES, "").await;
    let remote = Notes::new(world.remote());
    let old = chronicle::now() - HOUR;
    remote.insert_many(notes(0..700).map(|note| note.updated_at(old))).await.unwrap();
    let failover = world.open().await;
    let part = || failover.keep(Notes::TOPIC.eq("a")).every(SOON).compare_every(HOUR);
    let mut keeping = part().start();
    assert_eq!(keeping.round().await.unwrap().pulled, 700);
    remote.update(5, NotePatch::new().points(7)).await.unwrap();
    until::<note::Model>(&world, |rows| rows[5].points == 7).await;
    remote.insert(NewNote::new(701, "a", 1)).await.unwrap();
    until::<note::Model>(&world, |rows| rows.len() == 701).await;
    remote.delete(8).await.unwrap();
    keeping.round().await.unwrap();
    keeping.round().await.unwrap();
    world.gateway.clear_requests();
    keeping.round().await.unwrap();
    keeping.round().await.unwrap();
    drop(keeping);
    tokio::time::sleep(4 * SOON).await;
    let requests = world.gateway.requests();
    assert!((1..=8).contains(&requests.len()), "it ends when it is dropped: {requests:?}");
    let paths: Vec<String> = requests.into_iter().map(|request| request.path).collect();
    assert!(paths.iter().all(|path| path.contains("updated_at=gte.")), "{paths:?}");
    failover.close().await.unwrap();
    drop(failover);

    // A minute's overlap alone.
    let failover = world.open().await;
    remote.update(6, NotePatch::new().points(7)).await.unwrap();
    let part = failover.keep(Notes::TOPIC.eq("a")).compare_every(HOUR);
    let mut keeping = part.start();
    assert_eq!(keeping.round().await.unwrap().pulled, 1);
    assert_eq!(rows::<note::Model>(&world).await.len(), 701, "nobody has compared all keys");
    assert_eq!(kept(&failover).await, (0, 1));
    assert_eq!(rows::<note::Model>(&world).await, remote.find().all().await.unwrap());
    // Another filter is another part.
    let other = failover.keep(Notes::POINTS.ge(7)).compare_every(HOUR).start().round().await;
    assert_eq!(other.unwrap().pulled, 0, "which the file has already");
}

/// A wrong clock's time does not hide what is written, with a right one, between two rounds.
#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_is_yet_to_come_is_no_later_than_the_look() {
    let world = World::new(&TABLES, "").await;
    let remote = Notes::new(world.remote());
    remote.insert(NewNote::new(1, "a", 0).updated_at(chronicle::now() + HOUR)).await.unwrap();
    let failover = world.open().await;
    let mut keeping = failover.keep(Notes::TOPIC.eq("a")).every(SOON).compare_every(HOUR).start();
    keeping.round().await.unwrap();
    let looked_at = chronicle::now();
    world.gateway.clear_requests();
    keeping.round().await.unwrap();
    let requests = world.gateway.requests();
    let since = requests[0].path.split_once("updated_at=gte.").expect("a look by the time").1;
    let since = since.split('&').next().unwrap().replace("%3A", ":").replace("%2B", "+");
    let since = since.parse::<chrono::DateTime<chrono::Utc>>().expect(&since);
    assert!(since < looked_at - Duration::from_secs(59), "{since} after {looked_at}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_not_overwritten() {
    let world = World::new(&TABLES, "").await;
    let failover = world.open().await;
    let here = Notes::new(&failover);
    here.insert_many(notes(0..5)).await.unwrap();
    world.cut().await;
    here.update(1, NotePatch::new().points(10)).await.unwrap();
    here.delete(2).await.unwrap();
    here.insert(NewNote::new(9, "a", 90)).await.unwrap();
    world.sql("revoke insert, update, delete on notes from service_role").await;
    world.until_paused(&failover).await;
    let elsewhere = "update notes set points = 77, updated_at = now() where id in (1, 2, 3); \
        delete from notes where id = 4";
    world.sql(elsewhere).await;
    assert_eq!(kept(&failover).await, (1, 1));
    let file: Vec<(i32, i32)> =
        rows::<note::Model>(&world).await.iter().map(|note| (note.id, note.points)).collect();
    assert_eq!(file, [(0, 0), (1, 10), (3, 77), (9, 90)]);
    world.sql("grant insert, update, delete on notes to service_role").await;
    assert_eq!(world.heal(&failover).await.dead_letters, 0);
    kept(&failover).await;
    assert_eq!(
        rows::<note::Model>(&world).await,
        Notes::new(world.remote()).find().all().await.unwrap()
    );
    let points = world.ask("select points from notes order by id").await;
    assert_eq!(points, ["0", "10", "77", "90"]);
}

/// It is read whole.
#[tokio::test(flavor = "multi_thread")]
async fn rows_without_a_time_are_compared_whole() {
    let world = World::new(&[ticket::Model::TABLE], "").await;
    let remote = Tickets::new(world.remote());
    remote.insert_many((0..600).map(NewTicket::new)).await.unwrap();
    let failover = world.open().await;
    let part = failover.keep(Tickets::POINTS.ge(100));
    assert_eq!(part.now().await.unwrap().pulled, 500);
    remote.update_where(Tickets::POINTS.eq(300), TicketPatch::new().slug("x")).await.unwrap();
    remote.delete_where(Tickets::POINTS.eq(301)).await.unwrap();
    remote.update_where(Tickets::POINTS.eq(302), TicketPatch::new().points(1)).await.unwrap();
    let done = part.now().await.unwrap();
    assert_eq!((done.pulled, done.removed), (1, 1));
    let file = rows::<ticket::Model>(&world).await;
    assert_eq!(file.iter().filter(|ticket| ticket.points == 1).count(), 1);
    let expected = remote.find().filter(Tickets::POINTS.ge(100)).all().await.unwrap();
    let matching: Vec<_> = file.into_iter().filter(|ticket| ticket.points >= 100).collect();
    assert_eq!(matching, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_waited_for_and_the_end_of_the_store_ends_it() {
    let world = World::new(&TABLES, "").await;
    let remote = Notes::new(world.remote());
    let failover = world.open().await;
    let mut keeping = failover.keep(Notes::TOPIC.eq("a")).every(SOON).start();
    keeping.round().await.unwrap();
    world.cut().await;
    Notes::new(&failover).insert(NewNote::new(1, "a", 1)).await.unwrap();
    remote.insert(NewNote::new(2, "a", 1)).await.unwrap();
    let error = loop {
        if let Err(error) = keeping.round().await {
            break error;
        }
    };
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    world.heal(&failover).await;
    until::<note::Model>(&world, |rows| rows.len() == 2).await;
    failover.close().await.unwrap();
    let end = async {
        loop {
            let round = keeping.round().await;
            if round.is_err_and(|error| error.message().contains("nothing is kept any more")) {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), end).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_file_cannot_tell_is_not_kept() {
    let world = World::new(
        &[ticket::Model::TABLE, crate::entities::slot::Model::TABLE, node::Model::TABLE],
        "",
    )
    .await;
    let failover = world.open().await;
    let error = failover.keep(Nodes::PLACE.exists()).now().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    let error = failover.keep(TicketLines::POINTS.ge(1)).now().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    let nothing = failover.keep(Tickets::ID.is_in([0_i64; 0])).now().await.unwrap();
    assert_eq!((nothing.pulled, nothing.removed), (0, 0));
}
