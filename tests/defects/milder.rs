//! Wrong answers and needless waits.

use crate::fixture::{World, healed, info, options, postgrest, session, until};
use crate::observe::WriteLock;
use crate::tables::note::{self, NewNote, NotePatch, Notes};
use crate::tables::tag::{NewTag, Tags};
use chronicle::failover::{DeadLetterReason, Failover, FailoverOptions, WriteMode};
use chronicle::postgrest::Key;
use chronicle::sqlite::SqliteOptions;
use chronicle::{Backend, ErrorKind, Sqlite};
use chronicle_entity::{
    Events, NewEvent, NewSession, SessionPatch, SessionStatus, Sessions, session,
};
use chronicle_test_servers::{Fault, Response, SECRET_KEY};
use std::time::{Duration, Instant};

/// C1.
#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_letter_of_an_update_takes_nothing_else() {
    let world = World::new().await;
    world.sql("alter table sessions add constraint no_poison check (git_branch <> 'poison')").await;
    let failover = world.open().await;
    let sessions = Sessions::new(&failover);
    let id = session(&failover).await;
    world.cut().await;
    let poison = SessionPatch::new().git_branch("poison");
    assert_eq!(sessions.update(id, poison).await.unwrap(), 1);
    world.heal(&failover).await;
    assert_eq!(healed(&failover).await.dead_letters, 1);
    world.cut().await;
    let row = NewEvent::new(id, "stop", chronicle::now());
    let event = Events::new(&failover).insert(row).await.unwrap();
    let letter = failover.dead_letters(1).await.unwrap()[0].id;
    failover.drop_letter(letter).await.unwrap();
    assert_eq!(Events::new(&failover).get(event.id).await.unwrap(), Some(event.clone()));
    world.heal(&failover).await;
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert_eq!(Events::new(world.remote()).get(event.id).await.unwrap(), Some(event));
    let row = sessions.get(id).await.unwrap().unwrap();
    assert_eq!(row.git_branch, None, "what the remote has is there again");
}

/// C2: an event that waits, of a session that is gone at the remote.
async fn waits_without_a_parent(
    world: &World,
    failover: &Failover,
) -> chronicle_entity::event::Model {
    let id = session(failover).await;
    world.cut().await;
    let row = NewEvent::new(id, "stop", chronicle::now());
    let event = Events::new(failover).insert(row).await.unwrap();
    Sessions::new(world.remote()).delete(id).await.unwrap();
    event
}

/// C2.
#[tokio::test(flavor = "multi_thread")]
async fn a_pull_removes_nothing_that_a_waiting_row_refers_to() {
    let world = World::new().await;
    let failover = world.open().await;
    let event = waits_without_a_parent(&world, &failover).await;
    world.migrate("alter table events rename column hook_name to hook").await;
    world.heal(&failover).await;
    until("the table of the child is paused", async || !info(&failover).await.paused.is_empty())
        .await;
    let pulled = failover.pull::<session::Model>(|_| ()).await.unwrap();
    assert_eq!((pulled.pulled, pulled.removed), (0, 0));
    assert_eq!(Events::new(&failover).get(event.id).await.unwrap(), Some(event.clone()));
    world.migrate("alter table events rename column hook to hook_name").await;
    failover.resume().await.unwrap();
    // It cannot arrive without its parent, and it is not lost.
    assert_eq!(healed(&failover).await.dead_letters, 1);
    let letters = failover.dead_letters(9).await.unwrap();
    assert_eq!(letters[0].reason, DeadLetterReason::ParentMissing, "{letters:?}");
    Sessions::new(world.remote())
        .insert(NewSession::new(SessionStatus::Active).id(event.session_id))
        .await
        .unwrap();
    failover.retry(letters[0].id).await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert_eq!(Events::new(world.remote()).get(event.id).await.unwrap(), Some(event));
}

/// C2.
#[tokio::test(flavor = "multi_thread")]
async fn that_a_row_is_gone_takes_no_child_that_has_a_letter() {
    let world = World::new().await;
    let failover = world.open().await;
    let event = waits_without_a_parent(&world, &failover).await;
    world.heal(&failover).await;
    assert_eq!(healed(&failover).await.dead_letters, 1);
    assert_eq!(Sessions::new(&failover).get(event.session_id).await.unwrap(), None);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let file = Events::new(world.file().await);
    assert_eq!(file.get(event.id).await.unwrap(), Some(event));
}

/// C4.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_changed_is_known_in_the_next_outage() {
    let world = World::new().await;
    let id = Notes::new(world.remote()).insert(NewNote::new("elsewhere")).await.unwrap().id;
    let failover = world.open().await;
    let notes = Notes::new(&failover);
    assert_eq!(notes.update(id, NotePatch::new().mood("glad")).await.unwrap(), 1);
    let file = Notes::new(world.file().await);
    until("the file has it", async || file.get(id).await.unwrap().is_some()).await;
    world.cut().await;
    let row = notes.get(id).await.unwrap().expect("it was changed by this process");
    assert_eq!((row.title.as_str(), row.mood.as_deref()), ("elsewhere", Some("glad")));
    assert_eq!(notes.update(id, NotePatch::new().mood("calm")).await.unwrap(), 1);
    world.heal(&failover).await;
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert_eq!(world.ask("select mood from notes").await, ["calm"]);
}

/// C5.
#[tokio::test(flavor = "multi_thread")]
async fn a_pull_leaves_rows_that_were_read_while_it_ran() {
    let world = World::new().await;
    let elsewhere = Notes::new(world.remote());
    elsewhere.insert(NewNote::new("before")).await.unwrap();
    let failover = world.open().await;
    // The page is read, and its answer comes late.
    let late = Fault::delay_answer(Duration::from_millis(500));
    world.gateway.fault(late.method("GET").path_contains("order="));
    let pull = failover.pull::<note::Model>(|_| ());
    let read = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let row = elsewhere.insert(NewNote::new("meanwhile")).await.unwrap();
        let read = Notes::new(&failover).get(row.id).await.unwrap();
        assert_eq!(read.as_ref(), Some(&row));
        row
    };
    let (pulled, row) = tokio::join!(pull, read);
    assert_eq!(pulled.unwrap().removed, 0);
    let file = Notes::new(world.file().await);
    assert_eq!(file.get(row.id).await.unwrap(), Some(row));
}

fn local_first(world: &World) -> FailoverOptions {
    world.options().mode(WriteMode::LocalFirst)
}

/// C6.
#[tokio::test(flavor = "multi_thread")]
async fn no_request_starts_after_the_deadline_of_close() {
    let world = World::new().await;
    let time = Duration::from_millis(500);
    let failover = local_first(&world).flush_on_close(time).connect().await.unwrap();
    world.cut().await;
    let notes = Notes::new(&failover);
    let first = notes.insert(NewNote::new("first")).await.unwrap().id;
    // Each waits for the one before: they cannot travel together.
    for _ in 0..12 {
        notes.delete(first).await.unwrap();
        notes.insert(NewNote::new("again").id(first)).await.unwrap();
    }
    world.gateway.heal().await.unwrap();
    world.gateway.fault(Fault::delay(Duration::from_millis(350)).always());
    world.gateway.clear_requests();
    failover.resume().await.unwrap();
    let close = failover.close();
    let look = async {
        tokio::time::sleep(time + Duration::from_millis(120)).await;
        world.gateway.requests().len()
    };
    let (closed, by_the_deadline) = tokio::join!(close, look);
    closed.unwrap();
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert!(by_the_deadline > 0);
    assert_eq!(world.gateway.requests().len(), by_the_deadline, "{:#?}", world.gateway.requests());
}

/// C6.
#[tokio::test(flavor = "multi_thread")]
async fn no_request_starts_after_the_deadline_of_flush() {
    let world = World::new().await;
    let failover = world.open().await;
    world.cut().await;
    Notes::new(&failover).insert(NewNote::new("first")).await.unwrap();
    world.gateway.heal().await.unwrap();
    world.gateway.fault(Fault::delay(Duration::from_millis(500)).always());
    failover.resume().await.unwrap();
    let start = Instant::now();
    failover.flush(Duration::from_millis(100)).await.unwrap();
    // One request may be under way at the deadline.
    assert!(start.elapsed() < Duration::from_millis(1_000), "{:?}", start.elapsed());
}

/// C6.
#[tokio::test(flavor = "multi_thread")]
async fn close_closes_although_it_cannot_flush() {
    let world = World::new().await;
    let sqlite = SqliteOptions::new(world.path()).busy_timeout(Duration::from_millis(200));
    let failover =
        options(sqlite, world.postgrest()).mode(WriteMode::LocalFirst).connect().await.unwrap();
    let notes = Notes::new(&failover);
    world.cut().await;
    notes.insert(NewNote::new("first")).await.unwrap();
    world.gateway.heal().await.unwrap();
    let lock = WriteLock::take(&world.path());
    // It tells that it could not, or not: it is closed.
    drop(failover.close().await);
    drop(lock);
    let error = notes.find().count().await.expect_err("it is closed");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let next = local_first(&world).connect().await.unwrap();
    next.resume().await.unwrap();
    assert!(next.flush(Duration::from_secs(30)).await.unwrap());
    assert_eq!(world.ask("select title from notes").await, ["first"]);
}

/// The connection that writes closes last, and brings the log into the file: a copy of a closed file
/// is whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_file_has_no_log() {
    let world = World::new().await;
    world.cut().await;
    let mut log = world.path().into_os_string();
    log.push("-wal");
    for round in 0..100 {
        let failover = world.open().await;
        Notes::new(&failover).insert(NewNote::new("first")).await.unwrap();
        failover.close().await.unwrap();
        assert!(!std::path::Path::new(&log).exists(), "round {round}");
    }
}

/// C7.
#[tokio::test(flavor = "multi_thread")]
async fn no_write_waits_a_second_for_a_short_queue() {
    let world = World::new().await;
    let failover = world.open().await;
    let notes = Notes::new(&failover);
    let mut longest = Duration::ZERO;
    for _ in 0..3 {
        world.cut().await;
        notes.insert(NewNote::new("waits")).await.unwrap();
        world.heal(&failover).await;
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(1_200) {
            let start = Instant::now();
            notes.insert(NewNote::new("goes on")).await.unwrap();
            longest = longest.max(start.elapsed());
        }
    }
    assert!(longest < Duration::from_millis(950), "a write took {longest:?}");
}

/// An answer in PostgREST's words.
fn answer(status: u16, code: &str) -> Response {
    Response::new(status).json(&format!(r#"{{"code":"{code}","message":"as the test wants it"}}"#))
}

/// C8.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_of_the_server_is_an_outage() {
    let world = World::new().await;
    world
        .sql(
            "create function refuse() returns trigger language plpgsql as $$ begin
                 raise exception 'could not extend file: No space left' using errcode = '53100';
             end $$;
             create trigger refuse before insert on notes for each row execute function refuse()",
        )
        .await;
    let failover = world.open().await;
    Notes::new(&failover).insert(NewNote::new("good")).await.unwrap();
    assert_eq!(info(&failover).await.outbox_rows, 1);
    world.sql("drop trigger refuse on notes").await;
    failover.resume().await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert_eq!(world.ask("select title from notes").await, ["good"]);
}

/// C8.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_answers_is_no_outage() {
    let serialization = answer(500, "40001");
    let throttled = Response::new(429).header("Retry-After", "1").json("{}");
    for (name, response) in
        [("429", throttled), ("25006", answer(400, "25006")), ("40001", serialization)]
    {
        let world = World::new().await;
        let failover = world.open().await;
        let notes = Notes::new(&failover);
        world.gateway.fault(Fault::respond(response).method("POST").always());
        // Each is asked for before the first is answered.
        let writes = (0..6).map(|_| notes.insert(NewNote::new("good")));
        for written in futures_util::future::join_all(writes).await {
            written.expect(name);
        }
        for _ in 0..10 {
            let now = info(&failover).await;
            assert_eq!(now.since, None, "{name}: the breaker is open: {now:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        world.heal(&failover).await;
        assert_eq!(healed(&failover).await.dead_letters, 0, "{name}");
    }
}

/// C9.
#[tokio::test(flavor = "multi_thread")]
async fn local_first_probes_a_table_that_there_is() {
    let world = World::new().await;
    let remote =
        chronicle::postgrest::PostgrestOptions::new(world.gateway.url(), Key::new(SECRET_KEY))
            .timeouts(Duration::from_millis(500), Duration::from_millis(700));
    let failover = options(SqliteOptions::new(world.path()), remote)
        .mode(WriteMode::LocalFirst)
        .connect()
        .await
        .unwrap();
    world.cut().await;
    Notes::new(&failover).insert(NewNote::new("good")).await.unwrap();
    until("the breaker is open", async || info(&failover).await.since.is_some()).await;
    world.gateway.clear_requests();
    world.heal(&failover).await;
    healed(&failover).await;
    let probes: Vec<_> =
        world.gateway.requests().into_iter().filter(|request| request.method == "GET").collect();
    assert!(!probes.is_empty(), "it is probed before it is sent to");
    for probe in probes {
        let names = ["notes", "sessions", "events", "tool_events"];
        let is_real = names.iter().any(|name| probe.path.contains(&format!("/{name}?")));
        assert!(is_real, "{}", probe.path);
    }
}

/// C12.
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_key_that_the_file_alone_knows_keeps_the_order() {
    let world = World::new().await;
    let failover = world.open().await;
    let notes = Notes::new(&failover);
    let tags = Tags::new(&failover);
    let [stays, comes_again] = [
        notes.insert(NewNote::new("stays")).await.unwrap().id,
        notes.insert(NewNote::new("comes again")).await.unwrap().id,
    ];
    world.cut().await;
    tags.insert(NewTag::new(stays, "one")).await.unwrap();
    assert_eq!(notes.delete(comes_again).await.unwrap(), 1);
    notes.insert(NewNote::new("again").id(comes_again)).await.unwrap();
    tags.insert(NewTag::new(comes_again, "two")).await.unwrap();
    let new = notes.insert(NewNote::new("new")).await.unwrap().id;
    tags.insert(NewTag::new(new, "three")).await.unwrap();
    world.heal(&failover).await;
    let end = healed(&failover).await;
    assert_eq!(end.dead_letters, 0, "{:?}", failover.dead_letters(9).await);
    let words = world.ask("select word from tags order by word").await;
    assert_eq!(words, ["one", "three", "two"]);
}

/// C13.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_go_goes_while_a_table_is_paused() {
    let world = World::new().await;
    let failover = local_first(&world).connect().await.unwrap();
    let parent = session(&failover).await;
    assert!(failover.flush(Duration::from_secs(30)).await.unwrap());
    world.migrate("alter table events rename column hook_name to hook").await;
    let row = NewEvent::new(parent, "stop", chronicle::now());
    Events::new(&failover).insert(row).await.unwrap();
    until("the table is paused", async || !info(&failover).await.paused.is_empty()).await;
    for number in 1..4 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let start = Instant::now();
        Notes::new(&failover).insert(NewNote::new("good")).await.unwrap();
        until("it arrives", async || world.ask("select id from notes").await.len() == number).await;
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    }
}

/// C13.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_go_goes_while_a_request_may_still_arrive() {
    let world = World::new().await;
    let settle = Duration::from_secs(3);
    let failover = local_first(&world).settle(settle).connect().await.unwrap();
    let notes = Notes::new(&failover);
    let id = notes.insert(NewNote::new("first")).await.unwrap().id;
    assert!(failover.flush(Duration::from_secs(30)).await.unwrap());
    world.gateway.fault(Fault::black_hole().method("PATCH"));
    notes.update(id, NotePatch::new().title("second")).await.unwrap();
    until("it got no answer", async || info(&failover).await.since.is_some()).await;
    let start = Instant::now();
    failover.resume().await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    notes.insert(NewNote::new("other")).await.unwrap();
    until("the other arrives", async || world.ask("select id from notes").await.len() == 2).await;
    assert!(start.elapsed() + Duration::from_millis(800) < settle, "{:?}", start.elapsed());
    until("the first follows", async || {
        world.ask("select id from notes where title = 'second'").await.len() == 1
    })
    .await;
    let time = start.elapsed();
    assert!(time < settle + Duration::from_secs(3), "{time:?}");
}

/// Section 3: ten processes that open a new file.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_that_is_in_use_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    // Another process makes it, and has not come to its write-ahead log.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("create table t (a); begin immediate; insert into t values (1)").unwrap();
    let opened = tokio::spawn(Sqlite::open(path));
    tokio::time::sleep(Duration::from_millis(400)).await;
    other.execute_batch("commit").unwrap();
    opened.await.unwrap().expect("it waits as long as the busy timeout says");
}

/// Section 3: ten processes that open a new file.
#[tokio::test(flavor = "multi_thread")]
async fn stores_may_open_a_new_file_at_once() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new.db");
        let all = (0..10).map(|_| tokio::spawn(Sqlite::open(path.clone())));
        for opened in futures_util::future::join_all(all).await {
            opened.unwrap().unwrap();
        }
    }
}

/// Section 3: addresses.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_the_same_however_it_is_written() {
    let world = World::new().await;
    drop(world.open().await);
    let url = world.gateway.url();
    let others = [
        format!("{url}/"),
        format!("  {url}  "),
        url.replace("http://", "HTTP://"),
        url.replace("/rest/v1", "/./rest/v1"),
    ];
    for other in others {
        let remote = postgrest(&other, Key::new(SECRET_KEY));
        let opened = options(SqliteOptions::new(world.path()), remote).connect().await;
        assert!(opened.is_ok(), "{other}: {opened:?}");
    }
}

/// Section 3: primary keys by another name.
#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_is_a_conflict_whatever_its_constraint_is_called() {
    let world = World::new().await;
    world.sql("alter table notes rename constraint notes_pkey to the_key_of_notes").await;
    let failover = world.open().await;
    let notes = Notes::new(&failover);
    world.cut().await;
    let ours = notes.insert(NewNote::new("ours")).await.unwrap();
    let theirs = NewNote::new("theirs").id(ours.id);
    Notes::new(world.remote()).insert(theirs).await.unwrap();
    world.heal(&failover).await;
    healed(&failover).await;
    let letters = failover.dead_letters(9).await.unwrap();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].reason, DeadLetterReason::Conflict, "{letters:?}");
    assert_eq!(world.ask("select title from notes").await, ["theirs"]);
}

/// Section 3: `flush` while the breaker is open.
#[tokio::test(flavor = "multi_thread")]
async fn flush_asks_again_although_the_breaker_is_open() {
    let world = World::new().await;
    let failover = world.open().await;
    let notes = Notes::new(&failover);
    world.cut().await;
    notes.insert(NewNote::new("good")).await.unwrap();
    // Until the next probe is far away.
    until("the next probe is far away", async || {
        let next = info(&failover).await.next_probe;
        let is_far = next.is_some_and(|at| at - chronicle::now() > chrono::TimeDelta::seconds(4));
        if !is_far {
            failover.resume().await.unwrap();
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        is_far
    })
    .await;
    world.gateway.heal().await.unwrap();
    assert!(failover.flush(Duration::from_secs(30)).await.unwrap());
    assert_eq!(world.ask("select title from notes").await, ["good"]);
}

/// Section 3: messages.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_tables_is_told_at_connect() {
    let world = World::new().await;
    let empty = world.folder().join("empty.db");
    let opened = options(SqliteOptions::new(&empty), world.postgrest()).connect().await;
    let error = opened.map(drop).expect_err("nothing can be stored in it");
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
}
