//! Queries of a pair whose rows come again after each change.

use crate::entities::author::{self, Authors, NewAuthor};
use crate::entities::book::{self, Books, NewBook};
use crate::entities::node::{self, NewNode, Nodes};
use crate::entities::slot;
use crate::entities::ticket::{self, NewTicket, TicketPatch, Tickets};
use crate::world::World;
use chronicle::failover::{Failover, WriteMode};
use chronicle::futures::{BoxStream, StreamExt};
use chronicle::{Backend, Keyed, Record, Repository, Result, Store};
use chronicle_test_servers::until;
use std::time::Duration;

const TABLES: [&chronicle::Table; 1] = [ticket::Model::TABLE];
/// How long a change may take to be told: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

fn watched(store: impl Into<Store>) -> BoxStream<'static, Result<Vec<ticket::Model>>> {
    Tickets::new(store).find().order_by(Tickets::POINTS.asc()).watch()
}

/// Waits for rows with these points.
async fn until_given(lists: &mut BoxStream<'static, Result<Vec<ticket::Model>>>, expected: &[i32]) {
    let mut given = Vec::new();
    let work = async {
        loop {
            let rows = lists.next().await.unwrap().unwrap();
            let points: Vec<i32> = rows.iter().map(|ticket| ticket.points).collect();
            given.push(points);
            if given.last().is_some_and(|points| points == expected) {
                break;
            }
        }
    };
    let is_in_time = tokio::time::timeout(PATIENCE, work).await.is_ok();
    assert!(is_in_time, "wanted {expected:?}, not {given:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_any_process_writes_is_seen_and_what_others_have() {
    let world = World::new(&TABLES, "").await;
    // No help from asking every so often, but for what others have.
    let slow = world.watching(Duration::from_secs(3_600)).connect().await.unwrap();
    let quick = world.watching(Duration::from_millis(100)).connect().await.unwrap();
    let (mut of_slow, mut of_quick) = (watched(&slow), watched(&quick));
    until_given(&mut of_slow, &[]).await;
    until_given(&mut of_quick, &[]).await;

    let second = world.open().await;
    let id = Tickets::new(&second).insert(NewTicket::new(1)).await.unwrap().id;
    until_given(&mut of_slow, &[1]).await;
    Tickets::new(&slow).update(id, TicketPatch::new().points(2)).await.unwrap();
    until_given(&mut of_slow, &[2]).await;
    until_given(&mut of_quick, &[2]).await;

    Tickets::new(world.remote()).insert(NewTicket::new(3)).await.unwrap();
    until_given(&mut of_quick, &[2, 3]).await;
    // It has read the row, which is in the file now.
    until_given(&mut of_slow, &[2, 3]).await;
    slow.close().await.unwrap();
    assert!(of_slow.next().await.is_none());
    Tickets::new(&second).delete(id).await.unwrap();
    until_given(&mut of_quick, &[3]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_no_end_and_what_is_replayed_is_seen() {
    let world = World::new(&TABLES, "").await;
    let failover = world.watching(Duration::from_secs(3_600)).connect().await.unwrap();
    let second = world.open().await;
    let mut lists = watched(&failover);
    let tickets = Tickets::new(&failover);
    tickets.insert(NewTicket::new(1).id(1)).await.unwrap();
    until_given(&mut lists, &[1]).await;
    world.cut().await;
    tickets.insert(NewTicket::new(2).id(2)).await.unwrap();
    until_given(&mut lists, &[1, 2]).await;
    Tickets::new(&second).insert(NewTicket::new(3).id(3)).await.unwrap();
    until_given(&mut lists, &[1, 2, 3]).await;
    // A trigger at the server changes what was queued: it comes with the replay.
    world
        .sql(
            "create function more() returns trigger language plpgsql as \
             $$ begin new.points := new.points * 10; return new; end $$; \
             create trigger more before insert on tickets for each row execute function more()",
        )
        .await;
    Tickets::new(world.remote()).insert(NewTicket::new(4).id(4)).await.unwrap();
    world.heal(&failover).await;
    until_given(&mut lists, &[1, 20, 30, 40]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_pull_brings_is_seen() {
    let world = World::new(&TABLES, "").await;
    let options = world.watching(Duration::from_millis(20)).mode(WriteMode::LocalFirst);
    let failover = options.connect().await.unwrap();
    let mut lists = watched(&failover);
    until_given(&mut lists, &[]).await;
    let remote = Tickets::new(world.remote());
    remote.insert_many((1..4).map(NewTicket::new)).await.unwrap();
    let quiet = tokio::time::timeout(Duration::from_millis(300), lists.next()).await;
    assert!(quiet.is_err(), "the file alone is read");
    failover.pull::<ticket::Model>(|_| ()).await.unwrap();
    until_given(&mut lists, &[1, 2, 3]).await;
    remote.delete_where(Tickets::POINTS.eq(2)).await.unwrap();
    failover.pull::<ticket::Model>(|_| ()).await.unwrap();
    until_given(&mut lists, &[1, 3]).await;
    let requests = world.gateway.requests().len();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(world.gateway.requests().len(), requests, "nothing is asked");
}

/// What a watch reads is kept in the file, which is no change to be read.
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_does_not_go_round() {
    let world = World::new(&[author::Model::TABLE, book::Model::TABLE], "").await;
    let failover = world.watching(Duration::from_secs(3_600)).connect().await.unwrap();
    let second = world.watching(Duration::from_secs(3_600)).connect().await.unwrap();
    world.cut().await;
    Books::new(&failover).insert(NewBook::new(1, 1, "missing", "t")).await.unwrap();
    assert_eq!(world.heal(&failover).await.dead_letters, 1);
    let some = [NewAuthor::new(1, 1, "a"), NewAuthor::new(2, 1, "b")];
    Authors::new(world.remote()).insert_many(some).await.unwrap();
    let watch = |failover: &Failover| {
        let mut lists = Authors::new(failover).find().watch();
        tokio::spawn(async move {
            let mut given = 0;
            while lists.next().await.is_some() {
                given += 1;
            }
            given
        })
    };
    let watches = [watch(&failover), watch(&second)];
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.gateway.clear_requests();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let requests = world.gateway.requests();
    assert!(requests.len() < 4, "{requests:?}");
    // Many writes are few reads.
    for number in 10..60 {
        Authors::new(&failover).insert(NewAuthor::new(number, number, "c")).await.unwrap();
    }
    let reads = world.gateway.requests().into_iter().filter(|request| request.method == "GET");
    let reads = reads.count();
    assert!(reads < 60, "{reads}");
    failover.close().await.unwrap();
    second.close().await.unwrap();
    for watch in watches {
        assert!(watch.await.unwrap() > 1);
    }
}

/// How many requests a watch makes in a second in which nobody changes anything.
async fn requests_of_a_watch<R: Keyed + Clone + std::fmt::Debug>(
    world: &World,
    failover: &Failover,
) -> usize {
    let mut lists = Repository::<R>::new(failover).find().watch();
    let watch = tokio::spawn(async move { while lists.next().await.is_some() {} });
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.gateway.clear_requests();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let requests = world.gateway.requests().len();
    failover.close().await.unwrap();
    watch.await.unwrap();
    requests
}

/// What the file cannot hold is read again and again, and noted once.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_the_file_cannot_hold_do_not_make_it_go_round() {
    let hour = Duration::from_secs(3_600);
    // A unique value that a letter holds.
    let world = World::new(&TABLES, "").await;
    let failover = world.watching(hour).connect().await.unwrap();
    world.cut().await;
    Tickets::new(&failover).insert(NewTicket::new(1).id(1).slug("a")).await.unwrap();
    Tickets::new(world.remote()).insert(NewTicket::new(2).id(2).slug("a")).await.unwrap();
    world.gateway.heal().await.unwrap();
    failover.resume().await.unwrap();
    until("it is refused", async || failover.failover_info().await.unwrap().dead_letters > 0).await;
    let requests = requests_of_a_watch::<ticket::Model>(&world, &failover).await;
    assert!(requests < 4, "held by a letter: {requests}");

    // The file's own rules.
    let world = World::new(&TABLES, "").await;
    let strict = "create table tickets (id integer primary key not null, \
        points integer not null check (points < 100), slug text unique, rank integer, twice integer)";
    let file = world.plain_file().await;
    file.execute_script(strict).await.unwrap();
    file.close().await.unwrap();
    let failover = world.watching(hour).connect().await.unwrap();
    Tickets::new(world.remote()).insert(NewTicket::new(700)).await.unwrap();
    let requests = requests_of_a_watch::<ticket::Model>(&world, &failover).await;
    assert!(requests < 4, "refused by the file: {requests}");

    // A delete that the remote refuses, and that has taken a link away in the file.
    let keeps = "create function keep() returns trigger language plpgsql as $$ begin return null; end $$; \
        create trigger keep before delete on nodes for each row execute function keep()";
    let world = World::new(&[slot::Model::TABLE, node::Model::TABLE], keeps).await;
    let linked = "create table nodes (id integer primary key not null, \
        above_id integer references nodes (id) on delete set null, shelf blob, slot text, \
        foreign key (shelf, slot) references slots (shelf, name))";
    let file = world.plain_file().await;
    file.execute_script(linked).await.unwrap();
    file.close().await.unwrap();
    let failover = world.watching(hour).connect().await.unwrap();
    let nodes = Nodes::new(&failover);
    nodes.insert_many([NewNode::new(1), NewNode::new(2).above_id(1)]).await.unwrap();
    world.cut().await;
    nodes.delete(1).await.unwrap();
    assert_eq!(world.heal(&failover).await.dead_letters, 1);
    let requests = requests_of_a_watch::<node::Model>(&world, &failover).await;
    assert!(requests < 4, "linked to what was deleted: {requests}");
}

/// Nor does it depend on the runtime of whoever waits.
#[test]
fn a_watch_needs_no_clock_of_the_caller() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (_world, failover) = runtime.block_on(async {
        let world = World::new(&TABLES, "").await;
        let failover = world.watching(Duration::from_millis(50)).connect().await.unwrap();
        Tickets::new(world.remote()).insert(NewTicket::new(1)).await.unwrap();
        (world, failover)
    });
    let plain = tokio::runtime::Builder::new_current_thread().build().unwrap();
    plain.block_on(async {
        let mut lists = watched(&failover);
        assert_eq!(lists.next().await.unwrap().unwrap().len(), 1);
        Tickets::new(&failover).insert(NewTicket::new(2)).await.unwrap();
        assert_eq!(lists.next().await.unwrap().unwrap().len(), 2);
    });
}
