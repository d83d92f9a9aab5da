//! What a store is told when it is opened, and letters in bulk.

use crate::fixture::{World, healed, info, session, until};
use crate::tables::label::{self, Labels, NewLabel};
use crate::tables::note::{self, NewNote, Notes};
use crate::tables::tag::{self, NewTag, Tags};
use chronicle::failover::{
    DeadLetterReason, Failover, FailoverOptions, LetterFilter, Status, WriteMode,
};
use chronicle::postgrest::Key;
use chronicle::sqlite::SqliteOptions;
use chronicle::{Config, Error, ErrorKind, Sqlite, Store};
use chronicle_entity::{Events, NewEvent, NewSession, SessionStatus, Sessions};
use chronicle_test_servers::{Fault, SECRET_KEY};
use std::time::Duration;

/// A file that was used alone: with a note and its tag.
async fn used_alone() -> (World, note::Model) {
    let world = World::new().await;
    let file = world.file().await;
    let note = Notes::new(&file).insert(NewNote::new("before")).await.unwrap();
    Tags::new(&file).insert(NewTag::new(note.id, "first")).await.unwrap();
    (world, note)
}

/// The error names the tables, and what can be done.
fn assert_names(error: &Error, tables: &[&str]) {
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    let text = error.to_string();
    for word in tables.iter().chain(&["adopt", "waive"]) {
        assert!(text.contains(word), "it does not name {word}: {text}");
    }
}

/// A6.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_nobody_spoke_of_are_an_error_of_connect() {
    let (world, _) = used_alone().await;
    let error = world.options().connect().await.map(drop).unwrap_err();
    assert_names(&error, &["notes", "tags"]);
    let error = world.options().adopt::<note::Model>().connect().await.map(drop).unwrap_err();
    assert_names(&error, &["tags"]);
    assert!(!error.to_string().contains("notes"), "they are adopted: {error}");
    let error = world.options().waive::<tag::Model>().connect().await.map(drop).unwrap_err();
    assert_names(&error, &["notes"]);
    // It was not bound, and nothing was queued.
    assert_eq!(world.ask("select title from notes").await, [""; 0]);
    let bound = world.options().adopt::<note::Model>().adopt::<tag::Model>().connect().await;
    healed(&bound.unwrap()).await;
    assert_eq!(world.ask("select word from tags").await, ["first"]);
}

/// A6.
#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_of_the_environment_does_not_pass_over_rows() {
    let (world, _) = used_alone().await;
    let (url, path) = (world.gateway.url(), world.path().display().to_string());
    let config = Config::from_variables(|name| match name {
        "POSTGREST_URL" => Some(url.clone()),
        "SUPABASE_SECRET_KEY" => Some(SECRET_KEY.to_owned()),
        "CHRONICLE_DB" => Some(path.clone()),
        _ => None,
    })
    .unwrap();
    let error = Store::connect(config.clone()).await.map(drop).unwrap_err();
    assert_names(&error, &["notes", "tags"]);
    let adopting = config.failover(|options| options.adopt::<note::Model>().adopt::<tag::Model>());
    let store = Store::connect(adopting).await.unwrap();
    healed(store.failover().unwrap()).await;
    assert_eq!(world.ask("select title from notes").await, ["before"]);
}

/// A6.
#[tokio::test(flavor = "multi_thread")]
async fn rows_are_adopted_parents_first_and_once() {
    let (world, note) = used_alone().await;
    let adopting = || world.options().adopt::<tag::Model>().adopt::<note::Model>();
    let failover = adopting().connect().await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert_eq!(Notes::new(world.remote()).get(note.id).await.unwrap(), Some(note.clone()));
    assert_eq!(world.ask("select word from tags").await, ["first"]);
    drop(failover);
    // What was removed at the remote since then is not brought back.
    world.sql("delete from notes").await;
    let failover = adopting().connect().await.unwrap();
    assert!(failover.flush(Duration::from_secs(30)).await.unwrap());
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert_eq!(world.ask("select title from notes").await, [""; 0]);
}

/// A6.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_may_be_adopted_later() {
    let (world, note) = used_alone().await;
    let waiving = world.options().waive::<note::Model>().waive::<tag::Model>();
    let failover = waiving.connect().await.unwrap();
    // What is written now goes to the remote as ever.
    Notes::new(&failover).insert(NewNote::new("after")).await.unwrap();
    drop(failover);
    // It was said once.
    let failover = world.options().connect().await.unwrap();
    assert!(failover.flush(Duration::from_secs(1)).await.unwrap());
    assert_eq!(world.ask("select title from notes").await, ["after"]);
    drop(failover);
    let adopting = world.options().adopt::<note::Model>();
    let failover = adopting.connect().await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert!(failover.flush(Duration::from_secs(30)).await.unwrap());
    assert_eq!(Notes::new(world.remote()).get(note.id).await.unwrap(), Some(note));
    let titles = "select title from notes order by title";
    assert_eq!(world.ask(titles).await, ["after", "before"]);
    assert_eq!(world.ask("select word from tags").await, [""; 0], "those are waived still");
}

/// A6.
#[tokio::test(flavor = "multi_thread")]
async fn a_pull_removes_nothing_that_was_never_at_the_remote() {
    let (world, note) = used_alone().await;
    let waiving = world.options().waive::<note::Model>().waive::<tag::Model>();
    let failover = waiving.connect().await.unwrap();
    let gone = Notes::new(&failover).insert(NewNote::new("gone")).await.unwrap();
    world.sql("delete from notes").await;
    let pulled = failover.pull::<note::Model>(|_| ()).await.unwrap();
    assert_eq!(pulled.removed, 1, "the one that was at the remote");
    let file = world.file().await;
    assert_eq!(Notes::new(&file).get(gone.id).await.unwrap(), None);
    assert_eq!(Notes::new(&file).get(note.id).await.unwrap(), Some(note));
    assert_eq!(Tags::new(&file).find().count().await.unwrap(), 1);
}

/// Section 3: an unmigrated file.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_file_lacks_of_its_entities_is_told_at_connect() {
    let world = World::new().await;
    let declared = |options: FailoverOptions| options.table::<note::Model>().table::<tag::Model>();
    assert!(declared(world.options()).connect().await.is_ok());
    let path = world.folder().join("incomplete.db");
    let file = Sqlite::open(&path).await.unwrap();
    file.execute_script("create table notes (id text primary key not null, title text not null)")
        .await
        .unwrap();
    let incomplete =
        || declared(FailoverOptions::new(SqliteOptions::new(&path), world.postgrest()));
    let error = incomplete().connect().await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
    let text = error.to_string();
    for word in ["notes", "mood", "data", "tags"] {
        assert!(text.contains(word), "it does not name {word}: {text}");
    }
    file.execute_script(
        "alter table notes add mood text;
         alter table notes add data text;
         create table tags (id text primary key not null, note_id text not null, word text not null)",
    )
    .await
    .unwrap();
    assert!(incomplete().connect().await.is_ok());
}

const REFUSE_POISON: &str = "alter table notes add constraint no_poison check (title <> 'poison')";

/// B7: a refused note with two tags, and another one with none; refused labels too.
async fn with_letters() -> (World, Failover) {
    let world = World::new().await;
    world.sql(REFUSE_POISON).await;
    world.sql("alter table labels add constraint no_poison check (color <> 'poison')").await;
    let failover = world.open().await;
    world.cut().await;
    let notes = Notes::new(&failover);
    let parent = notes.insert(NewNote::new("poison")).await.unwrap().id;
    for word in ["one", "two"] {
        Tags::new(&failover).insert(NewTag::new(parent, word)).await.unwrap();
    }
    notes.insert(NewNote::new("poison")).await.unwrap();
    for name in ["a", "b", "c"] {
        Labels::new(&failover).insert(NewLabel::new(name).color("poison")).await.unwrap();
    }
    world.heal(&failover).await;
    let end = healed(&failover).await;
    assert_eq!((end.dead_letters, end.held), (5, 2), "{:?}", failover.dead_letters(9).await);
    (world, failover)
}

/// B7.
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_tells_what_it_holds() {
    let (_world, failover) = with_letters().await;
    let letters = failover.dead_letters(9).await.unwrap();
    let mut held: Vec<_> =
        letters.iter().map(|letter| (letter.table.as_str(), letter.holds)).collect();
    held.sort_unstable();
    let expected = [("labels", 0), ("labels", 0), ("labels", 0), ("notes", 0), ("notes", 2)];
    assert_eq!(held, expected, "{letters:?}");
    assert!(letters.iter().all(|letter| letter.reason == DeadLetterReason::Refused));
    assert!(letters.iter().all(|letter| letter.code.as_deref() == Some("23514")));
    assert_eq!(info(&failover).await.status, Status::Healthy);
}

/// B4.
#[tokio::test(flavor = "multi_thread")]
async fn letters_are_retried_in_bulk() {
    let (world, failover) = with_letters().await;
    world.sql("alter table notes drop constraint no_poison").await;
    world.sql("alter table labels drop constraint no_poison").await;
    let none = LetterFilter::all().table("notes").reason(DeadLetterReason::MissingRow);
    assert_eq!(failover.retry_letters(none).await.unwrap(), 0);
    let notes = LetterFilter::all().table("notes").reason(DeadLetterReason::Refused);
    assert_eq!(failover.retry_letters(notes).await.unwrap(), 2);
    until("what they held follows", async || info(&failover).await.dead_letters == 3).await;
    let end = healed(&failover).await;
    assert_eq!((end.dead_letters, end.held), (3, 0));
    assert_eq!(world.ask("select title from notes").await.len(), 2);
    assert_eq!(world.ask("select word from tags order by word").await, ["one", "two"]);
    assert_eq!(failover.retry_letters(LetterFilter::all()).await.unwrap(), 3);
    until("all are there", async || world.ask("select name from labels").await.len() == 3).await;
    assert_eq!(healed(&failover).await.dead_letters, 0);
}

/// C1.
#[tokio::test(flavor = "multi_thread")]
async fn letters_are_dropped_in_bulk() {
    let (world, failover) = with_letters().await;
    let labels = LetterFilter::all().table("labels");
    assert_eq!(failover.drop_letters(labels).await.unwrap(), 3);
    assert_eq!(info(&failover).await.dead_letters, 2);
    assert_eq!(failover.drop_letters(LetterFilter::all()).await.unwrap(), 2);
    let end = healed(&failover).await;
    assert_eq!((end.dead_letters, end.held, end.outbox_rows), (0, 0, 0));
    // What came by them went with them: the file is as the remote.
    until("the file is as the remote", async || {
        let file = world.file().await;
        Labels::new(&file).find().count().await.unwrap() == 0
            && Tags::new(&file).find().count().await.unwrap() == 0
            && Notes::new(&file).find().count().await.unwrap() == 0
    })
    .await;
    assert_eq!(failover.drop_letters(LetterFilter::all()).await.unwrap(), 0);
}

/// B6: many letters by hand cost other processes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn many_letters_by_hand_let_others_write() {
    let world = World::new().await;
    world.sql(REFUSE_POISON).await;
    let failover = world.open().await;
    world.cut().await;
    let rows = (0..300).map(|_| NewNote::new("poison"));
    Notes::new(&failover).insert_many(rows).await.unwrap();
    world.heal(&failover).await;
    until("all are letters", async || info(&failover).await.dead_letters == 300).await;
    let waits = crate::observe::Waits::measure(world.path());
    world.sql("alter table notes drop constraint no_poison").await;
    assert_eq!(failover.retry_letters(LetterFilter::all()).await.unwrap(), 300);
    assert_eq!(healed(&failover).await.dead_letters, 0);
    let longest = waits.longest();
    assert!(longest < Duration::from_secs(3), "another process waited {longest:?}");
    until("all are there", async || world.ask("select id from notes").await.len() == 300).await;
}

/// B11.
#[tokio::test(flavor = "multi_thread")]
async fn who_replays_is_told() {
    let world = World::new().await;
    let local_first = || world.options().mode(WriteMode::LocalFirst).connect();
    let (one, other) = (local_first().await.unwrap(), local_first().await.unwrap());
    world.gateway.fault(Fault::delay(Duration::from_millis(300)).always());
    let notes = Notes::new(&one);
    let id = notes.insert(NewNote::new("first")).await.unwrap().id;
    for _ in 0..3 {
        assert_eq!(notes.delete(id).await.unwrap(), 1);
        notes.insert(NewNote::new("again").id(id)).await.unwrap();
    }
    until("it is told", async || info(&other).await.replayer.is_some()).await;
    assert!(one.flush(Duration::from_secs(8)).await.unwrap());
}

/// B11.
#[tokio::test(flavor = "multi_thread")]
async fn that_a_lock_cannot_be_had_is_told_apart_from_that_it_is_held() {
    let world = World::new().await;
    std::fs::create_dir(world.folder().join("chronicle.db-replay")).unwrap();
    let failover = match world.options().mode(WriteMode::LocalFirst).connect().await {
        Ok(failover) => failover,
        Err(error) => return assert!(error.message().contains("-replay"), "{error}"),
    };
    Notes::new(&failover).insert(NewNote::new("good")).await.unwrap();
    until("it is told", async || {
        let info = info(&failover).await;
        let told = info.cause.is_some_and(|cause| cause.contains("-replay"));
        told && info.replayer.is_none() && info.status != Status::Healthy
    })
    .await;
}

/// C1: held children of a refused parent go with it, and nothing else does.
#[tokio::test(flavor = "multi_thread")]
async fn dropping_an_insert_takes_its_children_alone() {
    let world = World::new().await;
    world.sql("alter table sessions add constraint no_poison check (git_branch <> 'poison')").await;
    let failover = world.open().await;
    let good = session(&failover).await;
    world.cut().await;
    let row = NewSession::new(SessionStatus::Active).git_branch("poison");
    let bad = Sessions::new(&failover).insert(row).await.unwrap().id;
    let events = Events::new(&failover);
    let row = |session| NewEvent::new(session, "stop", chronicle::now());
    let goes = events.insert(row(bad)).await.unwrap().id;
    let stays = events.insert(row(good)).await.unwrap().id;
    world.heal(&failover).await;
    let end = healed(&failover).await;
    assert_eq!((end.dead_letters, end.held), (1, 1));
    let letter = &failover.dead_letters(1).await.unwrap()[0];
    assert_eq!(letter.holds, 1);
    failover.drop_letter(letter.id).await.unwrap();
    let end = healed(&failover).await;
    assert_eq!((end.dead_letters, end.held, end.outbox_rows), (0, 0, 0));
    assert_eq!(events.get(goes).await.unwrap(), None);
    assert!(events.get(stays).await.unwrap().is_some());
    until("all rows are known", async || info(&failover).await.unsure == 0).await;
    world.cut().await;
    assert_eq!(events.get(goes).await.unwrap(), None);
    assert_eq!(Sessions::new(&failover).get(bad).await.unwrap(), None);
    assert!(events.get(stays).await.unwrap().is_some());
}

/// The key is shown by no error of `connect`.
#[tokio::test(flavor = "multi_thread")]
async fn errors_of_connect_tell_no_key() {
    let (world, _) = used_alone().await;
    Labels::new(world.file().await).insert(NewLabel::new("x")).await.unwrap();
    let error = world.options().connect().await.map(drop).unwrap_err();
    assert_names(&error, &["notes", "tags", "labels"]);
    assert!(!format!("{error} {error:?}").contains(SECRET_KEY));
    let waiving = world.options().waive::<note::Model>().waive::<tag::Model>();
    let waiving = waiving.waive::<label::Model>();
    assert!(waiving.connect().await.is_ok());
    let other = crate::fixture::postgrest("http://127.0.0.1:9", Key::new(SECRET_KEY));
    let other = FailoverOptions::new(SqliteOptions::new(world.path()), other);
    let error = other.connect().await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert!(!format!("{error} {error:?}").contains(SECRET_KEY));
}
