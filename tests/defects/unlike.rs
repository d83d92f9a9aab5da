//! The remote did otherwise than the file thought: it is asked, or it is told.

use crate::fixture::{World, healed, info, options, postgrest, until};
use crate::observe::WriteLock;
use crate::tables::label::{Labels, NewLabel};
use crate::tables::note::{NewNote, NotePatch, Notes};
use crate::tables::person::{NewPerson, People, PersonPatch};
use crate::tables::tag::{NewTag, TagPatch, Tags};
use crate::tables::ticket::{NewTicket, TicketPatch, Tickets};
use chronicle::ErrorKind;
use chronicle::failover::{DeadLetterReason, Status};
use chronicle::postgrest::Key;
use chronicle::sqlite::SqliteOptions;
use chronicle_test_servers::{Fault, PUBLISHABLE_KEY};
use std::time::Duration;

/// One letter of a table is no reason to judge its conditions by what the file has seen.
#[tokio::test(flavor = "multi_thread")]
async fn the_remote_judges_conditions_although_there_are_letters() {
    let world = World::new().await;
    let failover = world.open().await;
    let (people, elsewhere) = (People::new(&failover), People::new(world.remote()));
    let ours = people.insert(NewPerson::new("me@x").name("trash")).await.unwrap();
    elsewhere.insert(NewPerson::new("a@x").name("theirs")).await.unwrap();
    world.cut().await;
    people.insert(NewPerson::new("a@x")).await.unwrap();
    world.heal(&failover).await;
    assert_eq!(healed(&failover).await.dead_letters, 1);
    elsewhere.update(ours.id, PersonPatch::new().name("keep")).await.unwrap();
    assert_eq!(people.delete_where(People::NAME.eq("trash")).await.unwrap(), 0);
    let patch = PersonPatch::new().name("changed");
    assert_eq!(people.update_where(People::NAME.eq("theirs"), patch).await.unwrap(), 1);
    assert_eq!(world.ask("select name from people order by name").await, ["changed", "keep"]);
}

/// A policy or a trigger that keeps a row makes no error: its delete was taken for done.
#[tokio::test(flavor = "multi_thread")]
async fn a_delete_that_the_remote_does_not_make_is_a_letter() {
    let world = World::new().await;
    world
        .migrate(
            "grant all on labels to anon; alter table labels enable row level security;
             create policy s on labels for select to anon using (true);
             create policy i on labels for insert to anon with check (true)",
        )
        .await;
    let remote = postgrest(&world.gateway.url(), Key::new(PUBLISHABLE_KEY));
    let failover = options(SqliteOptions::new(world.path()), remote).connect().await.unwrap();
    let labels = Labels::new(&failover);
    for name in ["a", "b"] {
        labels.insert(NewLabel::new(name)).await.unwrap();
    }
    // Directly it is told at once, and the file keeps the row.
    assert_eq!(labels.delete("b".to_owned()).await.unwrap(), 0);
    until("it was fetched", async || info(&failover).await.unsure == 0).await;
    world.cut().await;
    assert!(labels.get("b".to_owned()).await.unwrap().is_some());
    assert_eq!(labels.delete("a".to_owned()).await.unwrap(), 1);
    world.heal(&failover).await;
    assert_eq!(healed(&failover).await.dead_letters, 1);
    let letters = failover.dead_letters(1).await.unwrap();
    assert_eq!(letters[0].reason, DeadLetterReason::Refused, "{letters:?}");
    assert_eq!(world.ask("select name from labels order by name").await, ["a", "b"]);
}

/// The version of a row that somebody has changed after our insert is none of ours.
#[tokio::test(flavor = "multi_thread")]
async fn the_remote_wins_after_an_insert_whose_answer_was_lost() {
    let world = World::new().await;
    let failover = world.open().await;
    let tickets = Tickets::new(&failover);
    world.gateway.fault(Fault::reset_after().method("POST"));
    let row = tickets.insert(NewTicket::new("ours")).await.unwrap();
    world.cut().await;
    tickets.update(row.id, TicketPatch::new().title("ours later")).await.unwrap();
    let theirs = TicketPatch::new().title("theirs");
    assert_eq!(Tickets::new(world.remote()).update(row.id, theirs).await.unwrap(), 1);
    world.heal(&failover).await;
    assert_eq!(healed(&failover).await.dead_letters, 1);
    let letters = failover.dead_letters(1).await.unwrap();
    assert_eq!(letters[0].reason, DeadLetterReason::Conflict, "{letters:?}");
    assert_eq!(world.ask("select title from tickets").await, ["theirs"]);
}

/// Two updates left as one, which may be made: the first of them alone would undo the second.
#[tokio::test(flavor = "multi_thread")]
async fn what_left_as_one_leaves_as_one_again() {
    let world = World::new().await;
    world
        .sql(
            "create table history (number bigserial primary key, title text);
             create function note_title() returns trigger language plpgsql security definer as
                 $$ begin insert into history (title) values (new.title); return new; end $$;
             create trigger note_title after insert or update on notes for each row
                 execute function note_title()",
        )
        .await;
    let failover = world.open().await;
    let notes = Notes::new(&failover);
    let id = notes.insert(NewNote::new("0")).await.unwrap().id;
    world.cut().await;
    notes.update(id, NotePatch::new().title("1")).await.unwrap();
    notes.update(id, NotePatch::new().title("2")).await.unwrap();
    notes.insert(NewNote::new("other")).await.unwrap();
    world.gateway.heal().await.unwrap();
    world.gateway.fault(Fault::reset_after().method("PATCH").times(2));
    until("it is healthy", async || {
        failover.resume().await.unwrap();
        info(&failover).await.status == Status::Healthy
    })
    .await;
    let titles =
        world.ask("select title from history where title <> 'other' order by number").await;
    assert_eq!(titles, ["0", "2", "2", "2"]);
}

/// A condition that names a row by its key asks for it as `get` does.
#[tokio::test(flavor = "multi_thread")]
async fn a_condition_guesses_nothing_of_a_row_that_it_names() {
    let world = World::new().await;
    let sqlite = SqliteOptions::new(world.path()).busy_timeout(Duration::from_millis(200));
    let failover = options(sqlite, world.postgrest()).connect().await.unwrap();
    let notes = Notes::new(&failover);
    let lock = WriteLock::take(&world.path());
    let id = notes.insert(NewNote::new("missed")).await.unwrap().id;
    world.cut().await;
    drop(lock);
    let error = notes.delete_where(Notes::ID.eq(id)).await.expect_err("it is not known");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let patch = NotePatch::new().title("changed");
    let error = notes.update_where(Notes::ID.eq(id), patch).await.expect_err("it is not known");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

/// The remote has the row elsewhere than the file, below a delete that waits: it goes with that.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_moved_in_vain_goes_with_its_parent() {
    let world = World::new().await;
    world.sql("alter table tags add constraint no_poison check (word <> 'poison')").await;
    let failover = world.open().await;
    let (notes, tags) = (Notes::new(&failover), Tags::new(&failover));
    let one = notes.insert(NewNote::new("one")).await.unwrap().id;
    let two = notes.insert(NewNote::new("two")).await.unwrap().id;
    let tag = tags.insert(NewTag::new(one, "word")).await.unwrap().id;
    world.cut().await;
    tags.update(tag, TagPatch::new().note_id(two).word("poison")).await.unwrap();
    notes.delete(one).await.unwrap();
    world.heal(&failover).await;
    assert_eq!(healed(&failover).await.dead_letters, 1);
    let letter = failover.dead_letters(1).await.unwrap().remove(0);
    failover.drop_letter(letter.id).await.unwrap();
    until("the delete has gone", async || {
        let info = info(&failover).await;
        info.outbox_rows == 0 && info.unsure == 0
    })
    .await;
    assert_eq!(world.ask("select word from tags").await, [""; 0]);
    assert_eq!(Tags::new(&world.file().await).find().count().await.unwrap(), 0);
}
