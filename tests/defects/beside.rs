//! Rows beside those that are deleted or pruned, and processes beside the one that replays.

use crate::fixture::{World, healed, info, options, postgrest, until};
use crate::tables::label::{Labels, NewLabel};
use crate::tables::link::{self, LinkPatch, Links, NewLink};
use crate::tables::note::{self, NewNote, NoteId, NotePatch, Notes};
use crate::tables::tag::{NewTag, Tags};
use chronicle::Backend;
use chronicle::failover::{Failover, WriteMode};
use chronicle::postgrest::Key;
use chronicle::sqlite::SqliteOptions;
use chronicle_test_servers::{Fault, Token};
use std::time::Duration;

/// From now on the file serves.
async fn outage(world: &World, failover: &Failover) {
    world.cut().await;
    Notes::new(failover).insert(NewNote::new("opens the breaker")).await.unwrap();
}

/// What refers to a row whose delete waits, and stays at the remote without it, stays in the file.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_a_waiting_delete_unlinks_stays_in_the_file() {
    let world = World::new().await;
    let failover = world.open().await;
    let (notes, links) = (Notes::new(&failover), Links::new(&failover));
    let note = notes.insert(NewNote::new("goes")).await.unwrap().id;
    let link = links.insert(NewLink::new("stays").note_id(note)).await.unwrap().id;
    world.sql("revoke delete on notes from service_role").await;
    world.cut().await;
    notes.delete(note).await.unwrap();
    world.heal(&failover).await;
    until("its table is paused", async || !info(&failover).await.paused.is_empty()).await;
    failover.pull::<link::Model>(|_| {}).await.unwrap();
    let read = links.get(link).await.unwrap().expect("the link");
    assert_eq!(read.note_id, None, "the delete is this process's own");
    world.sql("grant delete on notes to service_role").await;
    failover.resume().await.unwrap();
    healed(&failover).await;
    assert_eq!(world.ask("select title from links where note_id is null").await, ["stays"]);
    outage(&world, &failover).await;
    assert_eq!(links.get(link).await.unwrap(), Some(read));
}

/// The same where nothing but the process's own insert was sent, and its answer was lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_sent_before_its_parents_delete_stays_in_the_file() {
    let world = World::new().await;
    let options = world.options().mode(WriteMode::LocalFirst).settle(Duration::from_secs(2));
    let failover = options.connect().await.unwrap();
    let (notes, links) = (Notes::new(&failover), Links::new(&failover));
    let note = notes.insert(NewNote::new("goes")).await.unwrap().id;
    assert!(failover.flush(Duration::from_secs(20)).await.unwrap());
    world.gateway.fault(Fault::reset_after().method("POST").path_contains("links"));
    let link = links.insert(NewLink::new("stays").note_id(note)).await.unwrap().id;
    let sent = "select title from links";
    until("it is sent", async || world.ask(sent).await.len() == 1).await;
    notes.delete(note).await.unwrap();
    failover.resume().await.unwrap();
    until("all is sent", async || info(&failover).await.outbox_rows == 0).await;
    until("all rows are known", async || info(&failover).await.unsure == 0).await;
    assert!(links.get(link).await.unwrap().is_some());
    assert_eq!(links.update(link, LinkPatch::new().title("changed")).await.unwrap(), 1);
}

/// To prune rows changes no other row of the file, and nothing of the remote by way of it.
#[tokio::test(flavor = "multi_thread")]
async fn to_prune_changes_no_other_row() {
    let world = World::new().await;
    let failover = world.options().mode(WriteMode::LocalFirst).connect().await.unwrap();
    let (notes, links) = (Notes::new(&failover), Links::new(&failover));
    let note = notes.insert(NewNote::new("old")).await.unwrap().id;
    let link = links.insert(NewLink::new("link").note_id(note)).await.unwrap();
    let tag = Tags::new(&failover).insert(NewTag::new(note, "tag")).await.unwrap();
    assert!(failover.flush(Duration::from_secs(20)).await.unwrap());
    assert_eq!(failover.prune::<note::Model>(Notes::TITLE.eq("old")).await.unwrap(), 1);
    assert_eq!(notes.get(note).await.unwrap(), None);
    assert_eq!(links.get(link.id).await.unwrap(), Some(link.clone()));
    assert_eq!(Tags::new(&failover).get(tag.id).await.unwrap(), Some(tag));
    links.upsert(link::Model { title: "changed".to_owned(), ..link }).await.unwrap();
    assert!(failover.flush(Duration::from_secs(20)).await.unwrap());
    assert_eq!(world.ask("select note_id from links").await, [note.to_string()]);
}

/// A delete that was refused and is forgotten: what referred to its row does so again.
#[tokio::test(flavor = "multi_thread")]
async fn a_delete_that_is_dropped_gives_the_links_back() {
    let world = World::new().await;
    world
        .sql(
            "create function keep() returns trigger language plpgsql as \
             $$ begin raise exception 'kept'; end $$; \
             create trigger keep before delete on notes for each row execute function keep()",
        )
        .await;
    let failover = world.open().await;
    let (notes, links, tags) = (Notes::new(&failover), Links::new(&failover), Tags::new(&failover));
    let note = notes.insert(NewNote::new("kept")).await.unwrap().id;
    let link = links.insert(NewLink::new("link").note_id(note)).await.unwrap();
    let tag = tags.insert(NewTag::new(note, "tag")).await.unwrap();
    world.cut().await;
    assert_eq!(notes.delete(note).await.unwrap(), 1);
    world.heal(&failover).await;
    assert_eq!(healed(&failover).await.dead_letters, 1);
    let letter = failover.dead_letters(1).await.unwrap().remove(0);
    failover.drop_letter(letter.id).await.unwrap();
    until("all rows are known", async || info(&failover).await.unsure == 0).await;
    outage(&world, &failover).await;
    assert!(notes.get(note).await.unwrap().is_some());
    assert_eq!(tags.get(tag.id).await.unwrap(), Some(tag));
    assert_eq!(links.get(link.id).await.unwrap(), Some(link));
}

/// A process leaves a letter, for whose sake another one holds the right to replay.
async fn leave_a_letter(world: &World) {
    world.sql("alter table labels add constraint no_poison check (name <> 'poison')").await;
    let failover = world.open().await;
    world.cut().await;
    Labels::new(&failover).insert(NewLabel::new("poison")).await.unwrap();
    world.heal(&failover).await;
    assert_eq!(healed(&failover).await.dead_letters, 1);
    failover.close().await.unwrap();
}

/// A row that another machine has made, and this one changes, is fetched although somebody else has
/// the right to replay.
async fn is_fetched(world: &World) {
    let failover = world.open().await;
    let notes = Notes::new(&failover);
    let id = NoteId::generate();
    world.sql(&format!("insert into notes (id, title) values ('{id}', 'theirs')")).await;
    assert_eq!(notes.update(id, NotePatch::new().title("ours")).await.unwrap(), 1);
    until("all rows are known", async || info(&failover).await.unsure == 0).await;
    outage(world, &failover).await;
    let seen = notes.get(id).await.unwrap();
    assert_eq!(seen.map(|note| note.title).as_deref(), Some("ours"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_fetched_beside_a_dead_key() {
    let world = World::new().await;
    leave_a_letter(&world).await;
    let expired = Token::new("service_role").expired_since(Duration::from_secs(600));
    let dead = postgrest(&world.gateway.url(), Key::new(expired.sign()));
    let stale = options(SqliteOptions::new(world.path()), dead).connect().await.unwrap();
    // It knows the entity, and would fetch what is not known.
    let _ = Notes::new(&stale).find().count().await;
    until("it replays", async || info(&stale).await.replayer.is_some()).await;
    is_fetched(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_fetched_beside_who_does_not_know_their_entity() {
    let world = World::new().await;
    leave_a_letter(&world).await;
    let stranger = world.open().await;
    until("it replays", async || info(&stranger).await.replayer.is_some()).await;
    is_fetched(&world).await;
}

/// A call that is on its way while the store is closed is recorded in the file.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_under_way_is_recorded_before_the_file_is_closed() {
    let world = World::new().await;
    let failover = world.open().await;
    let notes = Notes::new(&failover);
    notes.insert(NewNote::new("old")).await.unwrap();
    let id = NoteId::generate();
    world.gateway.fault(Fault::delay_answer(Duration::from_millis(300)).method("POST"));
    let slow = tokio::spawn({
        let notes = notes.clone();
        async move { notes.insert(NewNote::new("new").id(id)).await }
    });
    let made = format!("select title from notes where id = '{id}'");
    until("it is made", async || world.ask(&made).await.len() == 1).await;
    failover.close().await.unwrap();
    slow.await.unwrap().unwrap();
    let next = world.open().await;
    outage(&world, &next).await;
    assert_eq!(Notes::new(&next).get(id).await.unwrap().expect("the note").title, "new");
}
