//! Stores that stood still for ever, or starved others.

use crate::child;
use crate::fixture::{World, healed, info, options, postgrest, session, until};
use crate::observe::{Waits, can_be_written};
use crate::tables::label::{LabelPatch, Labels, NewLabel};
use crate::tables::memo::{Memos, NewMemo};
use crate::tables::note::{NewNote, NotePatch, Notes};
use crate::tables::ticket::{NewTicket, Tickets};
use chronicle::failover::{FailoverOptions, Status, WriteMode};
use chronicle::postgrest::Key;
use chronicle::sqlite::SqliteOptions;
use chronicle::{Backend, ErrorKind};
use chronicle_entity::{Events, NewEvent, NewSession, SessionStatus, Sessions};
use chronicle_test_servers::{Fault, SECRET_KEY};
use sea_orm::JsonValue;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long another process may wait for the file: no transaction takes more than 100 ms, and tests
/// run without optimisation, beside others.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

const REFUSE_POISON: &str = "alter table notes add constraint no_poison check (title <> 'poison')";

/// B1.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_refused_rows_holds_up_no_good_one() {
    let world = World::new().await;
    world.sql(REFUSE_POISON).await;
    let failover = world.open().await;
    let notes = Notes::new(&failover);
    world.cut().await;
    for _ in 0..30 {
        notes.insert(NewNote::new("poison")).await.unwrap();
    }
    for _ in 0..5 {
        notes.insert(NewNote::new("good")).await.unwrap();
    }
    world.heal(&failover).await;
    let end = healed(&failover).await;
    assert_eq!(end.dead_letters, 30);
    assert_eq!(world.ask("select title from notes").await, ["good"; 5]);
}

/// B2.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_with_an_unknown_code_stands_alone() {
    let world = World::new().await;
    world
        .sql(
            "create function refuse() returns trigger language plpgsql as $$ begin
                 if new.title = 'odd' then raise exception 'out of order' using errcode = 'XX000'; end if;
                 return new;
             end $$;
             create trigger refuse before insert on notes for each row execute function refuse()",
        )
        .await;
    let failover = world.open().await;
    let notes = Notes::new(&failover);
    world.cut().await;
    for title in ["good", "good", "odd", "good", "good"] {
        notes.insert(NewNote::new(title)).await.unwrap();
    }
    world.heal(&failover).await;
    // Others are accepted while it is tried again.
    let mut good = 4;
    until("the odd one is a letter", async || {
        notes.insert(NewNote::new("good")).await.unwrap();
        good += 1;
        failover.resume().await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        info(&failover).await.dead_letters == 1
    })
    .await;
    let letters = failover.dead_letters(9).await.unwrap();
    assert_eq!(letters[0].code.as_deref(), Some("XX000"), "{letters:?}");
    assert_eq!(letters[0].values["title"], "odd");
    failover.resume().await.unwrap();
    healed(&failover).await;
    assert_eq!(world.ask("select title from notes").await, vec!["good"; good]);
}

fn local_first(world: &World) -> FailoverOptions {
    world.options().mode(WriteMode::LocalFirst).flush_on_close(Duration::from_millis(100))
}

/// B3.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_right_makes_no_letters_however_short_the_processes_live() {
    let world = World::new().await;
    world.sql("revoke insert on notes from service_role").await;
    for _ in 0..25 {
        let failover = local_first(&world).connect().await.unwrap();
        Notes::new(&failover).insert(NewNote::new("good")).await.unwrap();
        failover.close().await.unwrap();
    }
    let failover = local_first(&world).connect().await.unwrap();
    let letters = failover.dead_letters(99).await.unwrap();
    assert!(letters.is_empty(), "{} letters, one is {:?}", letters.len(), letters[0]);
    world.sql("grant insert on notes to service_role").await;
    failover.resume().await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert!(failover.flush(Duration::from_secs(30)).await.unwrap());
    assert_eq!(world.ask("select title from notes").await.len(), 25);
}

/// B3.
#[tokio::test(flavor = "multi_thread")]
async fn short_lived_processes_learn_together_how_much_a_slow_server_takes() {
    let world = World::new().await;
    let first = local_first(&world).connect().await.unwrap();
    world.cut().await;
    let rows = (0..120).map(|_| NewNote::new("slow"));
    Notes::new(&first).insert_many(rows).await.unwrap();
    first.close().await.unwrap();
    drop(first);
    // All of them take 1.8 s, and a request has 0.7 s.
    world
        .sql(
            "create function linger() returns trigger language plpgsql as
                 $$ begin perform pg_sleep(0.015); return new; end $$;
             create trigger linger before insert on notes for each row execute function linger()",
        )
        .await;
    world.gateway.heal().await.unwrap();
    for _ in 0..15 {
        let failover = local_first(&world).connect().await.unwrap();
        failover.resume().await.unwrap();
        let is_done = failover.flush(Duration::from_millis(1_000)).await.unwrap();
        failover.close().await.unwrap();
        if is_done {
            assert_eq!(world.ask("select title from notes").await.len(), 120);
            return;
        }
    }
    panic!("not done after 15 processes");
}

/// B4.
#[tokio::test(flavor = "multi_thread")]
async fn writes_that_time_out_at_the_server_are_not_buried() {
    let world = World::new().await;
    let failover = world.open().await;
    world
        .sql(
            "create function cancel() returns trigger language plpgsql as $$ begin
                 raise exception 'canceling statement due to statement timeout' using errcode = '57014';
             end $$;
             create trigger cancel before insert on notes for each row execute function cancel()",
        )
        .await;
    let notes = Notes::new(&failover);
    world.cut().await;
    for _ in 0..3 {
        notes.insert(NewNote::new("good")).await.unwrap();
    }
    world.heal(&failover).await;
    // Far more attempts than five, of each alone.
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        failover.resume().await.unwrap();
    }
    let letters = failover.dead_letters(9).await.unwrap();
    assert!(letters.is_empty(), "{letters:?}");
    world.sql("drop trigger cancel on notes").await;
    // One that was under way may fail once more, and is left alone for a while then.
    until("all are stored", async || {
        failover.resume().await.unwrap();
        world.ask("select title from notes").await.len() == 3
    })
    .await;
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert_eq!(world.ask("select title from notes").await, ["good"; 3]);
}

/// B5.
#[tokio::test(flavor = "multi_thread")]
async fn it_is_healthy_again_while_writers_go_on() {
    let world = World::new().await;
    let failover = world.open().await;
    let over = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for _ in 0..2 {
        for table in 0..3 {
            let (failover, over) = (failover.clone(), over.clone());
            writers.push(tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    match table {
                        0 => drop(Notes::new(&failover).insert(NewNote::new("a")).await.unwrap()),
                        1 => drop(Memos::new(&failover).insert(NewMemo::new("b")).await.unwrap()),
                        _ => {
                            drop(
                                Tickets::new(&failover).insert(NewTicket::new("c")).await.unwrap(),
                            );
                        }
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }));
        }
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    world.cut().await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    world.gateway.heal().await.unwrap();
    world.gateway.fault(Fault::delay(Duration::from_millis(25)).always());
    failover.resume().await.unwrap();
    let start = Instant::now();
    let mut healthy = 0;
    let mut looks = 0;
    while start.elapsed() < Duration::from_secs(8) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        // The time to catch up is not counted.
        if start.elapsed() > Duration::from_secs(4) {
            looks += 1;
            healthy += u32::from(info(&failover).await.status == Status::Healthy);
        }
    }
    over.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(2 * healthy > looks, "healthy at {healthy} of {looks} looks");
    assert_eq!(healed(&failover).await.dead_letters, 0);
}

/// B6.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_paused_costs_those_nothing_that_go() {
    let world = World::new().await;
    let failover = world.open().await;
    let mut sessions = Vec::new();
    for _ in 0..100 {
        sessions.push(session(&failover).await);
    }
    let parent = session(&failover).await;
    world.cut().await;
    let events = Events::new(&failover);
    for _ in 0..10 {
        let rows = (0..2_000).map(|_| NewEvent::new(parent, "stop", chronicle::now()));
        events.insert_many(rows).await.unwrap();
    }
    for id in sessions {
        assert_eq!(Sessions::new(&failover).delete(id).await.unwrap(), 1);
    }
    world.migrate("alter table events rename column hook_name to hook").await;
    let waits = Waits::measure(world.path());
    let start = Instant::now();
    world.heal(&failover).await;
    until("the deletes are there", async || world.ask("select id from sessions").await.len() == 1)
        .await;
    let (time, longest) = (start.elapsed(), waits.longest());
    assert!(longest < LONGEST_WAIT, "another process waited {longest:?}, all took {time:?}");
    assert!(time < Duration::from_secs(8), "{time:?}");
    assert_eq!(info(&failover).await.paused.len(), 1);
}

/// B7.
#[tokio::test(flavor = "multi_thread")]
async fn the_children_of_a_refused_row_are_held_where_they_are() {
    let world = World::new().await;
    world.sql("alter table sessions add constraint no_poison check (git_branch <> 'poison')").await;
    let failover = world.open().await;
    world.cut().await;
    let row = NewSession::new(SessionStatus::Active).git_branch("poison");
    let parent = Sessions::new(&failover).insert(row).await.unwrap().id;
    let events = Events::new(&failover);
    for _ in 0..5 {
        let rows = (0..1_000).map(|_| NewEvent::new(parent, "stop", chronicle::now()));
        events.insert_many(rows).await.unwrap();
    }
    let waits = Waits::measure(world.path());
    world.heal(&failover).await;
    let end = healed(&failover).await;
    let longest = waits.longest();
    assert_eq!(end.dead_letters, 1, "those that are held are no letters");
    assert!(longest < LONGEST_WAIT, "another process waited {longest:?}");
    let letter = failover.dead_letters(1).await.unwrap()[0].id;
    world.sql("alter table sessions drop constraint no_poison").await;
    failover.retry(letter).await.unwrap();
    until("they follow", async || world.ask("select id from events").await.len() == 5_000).await;
    assert_eq!(healed(&failover).await.dead_letters, 0);
}

/// B8.
#[tokio::test(flavor = "multi_thread")]
async fn readers_do_not_starve_writers() {
    let world = World::new().await;
    let failover = world.open().await;
    let parent = session(&failover).await;
    let rows = (0..1_000).map(|_| NewEvent::new(parent, "stop", chronicle::now()));
    let events = Events::new(&failover);
    events.insert_many(rows).await.unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let mut readers = Vec::new();
    for _ in 0..4 {
        let (events, over) = (events.clone(), over.clone());
        readers.push(tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                assert!(events.find().all().await.unwrap().len() >= 1_000);
            }
        }));
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut longest = Duration::ZERO;
    for _ in 0..10 {
        let start = Instant::now();
        events.insert(NewEvent::new(parent, "stop", chronicle::now())).await.unwrap();
        longest = longest.max(start.elapsed());
    }
    over.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
    assert!(longest < Duration::from_secs(3), "a write took {longest:?}");
}

/// B9.
#[test]
fn no_lock_depends_on_the_runtime_of_the_caller() {
    let servers = tokio::runtime::Runtime::new().unwrap();
    let world = servers.block_on(World::new());
    let caller = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let failover = caller.block_on(world.open());
    let notes = Notes::new(&failover);
    // Rows that the mirror has to store behind each read.
    let rows = (0..300).map(|_| NewNote::new("elsewhere"));
    let elsewhere = Notes::new(world.remote());
    servers.block_on(elsewhere.insert_many(rows)).unwrap();
    let free = |what: &str| {
        let is_free = can_be_written(&world.path(), Duration::from_secs(1));
        assert!(is_free, "the file stayed locked after {what} had returned");
    };
    for number in 0..30 {
        let patch = NotePatch::new().mood(number.to_string());
        servers.block_on(elsewhere.update_where(Notes::TITLE.eq("elsewhere"), patch)).unwrap();
        let all = caller.block_on(notes.find().all()).unwrap();
        free("a read of all rows");
        caller.block_on(notes.get(all[0].id)).unwrap();
        free("a read by key");
        let id = caller.block_on(notes.insert(NewNote::new("a"))).unwrap().id;
        free("an insert");
        caller.block_on(notes.update(id, NotePatch::new().title("b"))).unwrap();
        free("an update");
    }
    servers.block_on(world.cut());
    for _ in 0..10 {
        caller.block_on(notes.insert(NewNote::new("a"))).unwrap();
        free("an insert in an outage");
    }
}

/// B10.
#[tokio::test(flavor = "multi_thread")]
async fn many_deletes_of_long_keys_fit_their_requests() {
    let world = World::new().await;
    let failover = world.open().await;
    let labels = Labels::new(&failover);
    let names: Vec<String> = (0..150).map(|number| format!("{number:063}")).collect();
    labels.insert_many(names.iter().map(|name| NewLabel::new(name.as_str()))).await.unwrap();
    world.cut().await;
    for name in &names {
        assert_eq!(labels.delete(name.as_str()).await.unwrap(), 1);
    }
    world.heal(&failover).await;
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert_eq!(world.ask("select name from labels").await, [""; 0]);
}

/// B10.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_taken_can_be_sent() {
    let world = World::new().await;
    let failover = world.open().await;
    let labels = Labels::new(&failover);
    let texts = [("x", 500), ("x", 2_000), ("é", 700), ("x", 5_000), ("é", 2_000), ("x", 20_000)];
    let mut taken = Vec::new();
    for (text, times) in texts {
        let name = text.repeat(times);
        world.heal(&failover).await;
        match labels.insert(NewLabel::new(name.as_str()).color("red")).await {
            Ok(_) => taken.push(name),
            Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}"),
        }
        // What is refused at the door is refused in an outage too.
        world.cut().await;
        let name = format!("{}y", text.repeat(times - 1));
        match labels.insert(NewLabel::new(name.as_str()).color("red")).await {
            Ok(_) => taken.push(name),
            Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}"),
        }
        world.heal(&failover).await;
        healed(&failover).await;
    }
    assert!(taken.len() >= 2, "a key of 500 bytes is taken");
    world.cut().await;
    for name in &taken {
        let patch = LabelPatch::new().color("blue");
        assert_eq!(labels.update(name.as_str(), patch).await.unwrap(), 1);
    }
    world.heal(&failover).await;
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert_eq!(world.ask("select color from labels").await, vec!["blue"; taken.len()]);
    world.cut().await;
    for name in &taken {
        assert_eq!(labels.delete(name.as_str()).await.unwrap(), 1);
    }
    world.heal(&failover).await;
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert_eq!(world.ask("select name from labels").await, [""; 0]);
}

/// B11.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_cannot_be_had_is_reported() {
    let world = World::new().await;
    // What stands in the lock's place is no file.
    std::fs::create_dir(world.folder().join("chronicle.db-replay")).unwrap();
    let failover = match local_first(&world).connect().await {
        Ok(failover) => failover,
        Err(error) => return assert!(error.message().contains("-replay"), "{error}"),
    };
    Notes::new(&failover).insert(NewNote::new("good")).await.unwrap();
    until("it is replayed, or the cause is told", async || {
        let info = info(&failover).await;
        info.outbox_rows == 0 || (info.status != Status::Healthy && info.cause.is_some())
    })
    .await;
}

/// A JSON document of that many arrays in each other.
fn nested(depth: usize) -> JsonValue {
    (1..depth).fold(JsonValue::Array(Vec::new()), |inner, _| JsonValue::Array(vec![inner]))
}

/// B12.
#[tokio::test(flavor = "multi_thread")]
async fn a_deeply_nested_document_holds_up_nothing() {
    let world = World::new().await;
    let failover = world.open().await;
    let notes = Notes::new(&failover);
    for depth in [125, 126, 127, 128, 200] {
        let id = notes.insert(NewNote::new("first")).await.unwrap().id;
        world.cut().await;
        match notes.update(id, NotePatch::new().data(nested(depth))).await {
            Ok(touched) => assert_eq!(touched, 1),
            Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}"),
        }
        assert_eq!(notes.update(id, NotePatch::new().mood("glad")).await.unwrap(), 1);
        let other = notes.insert(NewNote::new("other")).await.unwrap();
        world.heal(&failover).await;
        failover.flush(Duration::from_secs(5)).await.unwrap();
        healed(&failover).await;
        let remote = Notes::new(world.remote());
        assert_eq!(remote.get(other.id).await.unwrap(), Some(other), "{depth} deep");
        let moods = format!("select mood from notes where id = '{id}'");
        assert_eq!(world.ask(&moods).await, ["glad"], "{depth} deep");
    }
}

/// B13.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_was_taken_can_be_read() {
    let world = World::new().await;
    let failover = world.open().await;
    let notes = Notes::new(&failover);
    for depth in [100, 120, 124, 125, 126, 127, 128, 200] {
        match notes.insert(NewNote::new("deep").data(nested(depth))).await {
            Ok(row) => assert_eq!(notes.get(row.id).await.unwrap(), Some(row), "{depth} deep"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidInput, "{depth}: {error}"),
        }
    }
    assert!(notes.find().count().await.unwrap() >= 2, "120 arrays in each other are taken");
    let (end, all) = (info(&failover).await, notes.find().all().await.unwrap());
    assert_eq!((end.status, end.dead_letters), (Status::Healthy, 0), "{end:?}");
    assert_eq!(all.len() as u64, notes.find().count().await.unwrap());
}

/// B13.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_read_is_a_mismatch_and_switches_nothing() {
    let world = World::new().await;
    let failover = world.open().await;
    let notes = Notes::new(&failover);
    let good = notes.insert(NewNote::new("good")).await.unwrap();
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    for document in [r#"{"n": 1e400}"#, &deep] {
        let id = chronicle::uuid::Uuid::now_v7();
        let row =
            format!("insert into notes (id, title, data) values ('{id}', 'bad', '{document}')");
        world.sql(&row).await;
        for _ in 0..4 {
            let read = notes.find().all().await;
            let error = read.map(|rows| rows.len()).expect_err("a row cannot be read");
            assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
            assert_eq!(info(&failover).await.status, Status::Healthy);
            assert_eq!(notes.get(good.id).await.unwrap().as_ref(), Some(&good));
        }
        world.sql("delete from notes where title = 'bad'").await;
    }
}

/// B14.
#[test]
fn replay_outlives_the_runtime_that_connected() {
    let servers = tokio::runtime::Runtime::new().unwrap();
    let world = servers.block_on(World::new());
    let first = tokio::runtime::Runtime::new().unwrap();
    let failover = first.block_on(world.open());
    drop(first);
    let second = tokio::runtime::Runtime::new().unwrap();
    second.block_on(async {
        world.cut().await;
        Notes::new(&failover).insert(NewNote::new("good")).await.unwrap();
        world.heal(&failover).await;
        // Nobody but the store's own replay sends it.
        assert_eq!(healed(&failover).await.dead_letters, 0);
        assert_eq!(world.ask("select title from notes").await, ["good"]);
    });
}

/// B14.
#[tokio::test(flavor = "multi_thread")]
async fn replay_starts_again_after_a_panic_in_a_token_source() {
    let world = World::new().await;
    let panics = Arc::new(AtomicBool::new(true));
    let source = panics.clone();
    let remote = world.postgrest().token_source(move |_refused: Option<String>| {
        assert!(!source.load(Ordering::Relaxed), "a mistake of the user's code");
        async { Ok(Some(chronicle_test_servers::Token::new("service_role").sign())) }
    });
    let failover = options(SqliteOptions::new(world.path()), remote)
        .mode(WriteMode::LocalFirst)
        .connect()
        .await
        .unwrap();
    Notes::new(&failover).insert(NewNote::new("good")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(800)).await;
    panics.store(false, Ordering::Relaxed);
    until("it is replayed", async || {
        failover.resume().await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        world.ask("select title from notes").await == ["good"]
    })
    .await;
}

/// B15.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_store_of_certificates_writes_are_taken() {
    let world = World::new().await;
    let url = world.gateway.url();
    let path = world.path().display().to_string();
    let mut command = child::command("no certificates", &[&url, &path]);
    let nowhere = world.folder().join("nowhere");
    command.env("SSL_CERT_FILE", &nowhere).env("SSL_CERT_DIR", &nowhere);
    let status = command.spawn().unwrap().wait().await.unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(world.ask("select title from notes").await, ["good"], "`http` needs no certificate");
}

/// What the child of the test above does.
pub(crate) async fn write_without_certificates([url, path]: [&str; 2]) {
    let remote = postgrest(url, Key::new(SECRET_KEY));
    let failover = options(SqliteOptions::new(path), remote).connect().await.unwrap();
    let note = Notes::new(&failover).insert(NewNote::new("good")).await.unwrap();
    assert_eq!(Notes::new(&failover).get(note.id).await.unwrap(), Some(note));
    failover.close().await.unwrap();
    // Where certificates are needed, the file takes over, and the reason is told.
    let other = Path::new(path).with_file_name("other.db");
    crate::fixture::make_tables(&other).await;
    let remote = postgrest(&url.replace("http:", "https:"), Key::new(SECRET_KEY));
    let failover = options(SqliteOptions::new(other), remote).connect().await.unwrap();
    Notes::new(&failover).insert(NewNote::new("queued")).await.unwrap();
    let info = info(&failover).await;
    assert_eq!((info.status, info.outbox_rows), (Status::Degraded, 1), "{info:?}");
    assert!(info.cause.is_some());
}

/// B15.
#[tokio::test(flavor = "multi_thread")]
async fn without_descriptors_the_file_takes_over() {
    let world = World::new().await;
    let url = world.gateway.url();
    let path = world.path().display().to_string();
    let status = child::start("no descriptors", &[&url, &path]).wait().await.unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(world.ask("select title from notes").await, ["good"]);
}

/// What the child of the test above does.
pub(crate) async fn write_without_descriptors([url, path]: [&str; 2]) {
    let remote = postgrest(url, Key::new(SECRET_KEY));
    let failover = options(SqliteOptions::new(path), remote).connect().await.unwrap();
    // What the file needs is open; to the server no connection was ever made.
    info(&failover).await;
    let mut taken = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        taken.push(file);
    }
    let note = Notes::new(&failover).insert(NewNote::new("good")).await;
    let info = failover.failover_info().await;
    drop(taken);
    note.unwrap();
    let info = info.unwrap();
    assert_eq!((info.status, info.outbox_rows), (Status::Degraded, 1), "{info:?}");
    assert!(info.cause.is_some());
    failover.resume().await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 0);
    failover.close().await.unwrap();
}
