//! What a search for ways to lose, hide, reorder or hold up writes has found.

use crate::fixture::{World, healed, info, options, postgrest, until};
use crate::observe::{Waits, WriteLock};
use crate::tables::badge::{BadgePatch, Badges, NewBadge};
use crate::tables::link::{Links, NewLink};
use crate::tables::note::{NewNote, NotePatch, Notes};
use crate::tables::person::{NewPerson, People, PersonPatch};
use crate::tables::tag::{NewTag, TagPatch, Tags};
use chronicle::failover::{Failover, Status};
use chronicle::postgrest::Key;
use chronicle::sqlite::SqliteOptions;
use chronicle::{ErrorKind, Result};
use chronicle_test_servers::{Fault, PUBLISHABLE_KEY, Response, Token};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// "Not known" is allowed, another answer than the right one is not.
fn right_or_not_known<T: PartialEq + std::fmt::Debug>(answer: Result<T>, right: &T) {
    match answer {
        Ok(answer) => assert_eq!(answer, *right),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
    }
}

async fn all_is_known(failover: &Failover) {
    until("all rows are known", async || info(failover).await.unsure == 0).await;
}

/// A letter of ours holds a unique value in the file that a row of theirs has at the remote.
async fn theirs_and_ours(world: &World, failover: &Failover) -> [crate::tables::person::Model; 2] {
    let theirs = People::new(world.remote()).insert(NewPerson::new("a@x")).await.unwrap();
    world.cut().await;
    let ours = People::new(failover).insert(NewPerson::new("a@x")).await.unwrap();
    world.heal(failover).await;
    assert_eq!(healed(failover).await.dead_letters, 1);
    [theirs, ours]
}

/// The letter might hold any unique value of a row that the file does not know.
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_of_a_unique_value_hides_no_row_that_the_file_lacks() {
    let world = World::new().await;
    let failover = world.open().await;
    let [theirs, ours] = theirs_and_ours(&world, &failover).await;
    let people = People::new(&failover);
    assert_eq!(people.update(theirs.id, PersonPatch::new().name("known")).await.unwrap(), 1);
    // Theirs goes, and then ours may come.
    assert_eq!(people.delete(theirs.id).await.unwrap(), 1);
    let letter = failover.dead_letters(1).await.unwrap().remove(0);
    failover.retry(letter.id).await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert_eq!(People::new(world.remote()).get(ours.id).await.unwrap(), Some(ours));
    all_is_known(&failover).await;
}

/// It has to be fetched, and cannot be stored.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_a_letter_keeps_out_of_the_file_holds_up_nothing() {
    let world = World::new().await;
    let failover = world.open().await;
    let [theirs, _] = theirs_and_ours(&world, &failover).await;
    let people = People::new(&failover);
    assert_eq!(people.update(theirs.id, PersonPatch::new().name("known")).await.unwrap(), 1);
    let theirs = people.get(theirs.id).await.unwrap();
    assert_eq!(theirs.as_ref().and_then(|row| row.name.as_deref()), Some("known"));
    assert_eq!(failover.pull::<crate::tables::person::Model>(|_| ()).await.unwrap().pulled, 1);
    world.cut().await;
    Notes::new(&failover).insert(NewNote::new("waits")).await.unwrap();
    let id = theirs.as_ref().unwrap().id;
    right_or_not_known(people.get(id).await, &theirs);
    world.heal(&failover).await;
    healed(&failover).await;
    assert_eq!(world.ask("select title from notes").await, ["waits"]);
}

/// What was fetched is older than what was written to its parent meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_fetched_and_not_stored_is_not_taken_for_known() {
    let world = World::new().await;
    let note = Notes::new(world.remote()).insert(NewNote::new("parent")).await.unwrap();
    let tag = Tags::new(world.remote()).insert(NewTag::new(note.id, "old")).await.unwrap();
    let failover = world.open().await;
    let (notes, tags) = (Notes::new(&failover), Tags::new(&failover));
    notes.get(note.id).await.unwrap();
    let late = Fault::delay_answer(Duration::from_millis(450));
    world.gateway.fault(late.method("GET").path_contains("/tags"));
    assert_eq!(tags.update(tag.id, TagPatch::new().word("new")).await.unwrap(), 1);
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(notes.update(note.id, NotePatch::new().mood("glad")).await.unwrap(), 1);
    all_is_known(&failover).await;
    world.cut().await;
    let word = tags.get(tag.id).await.unwrap().map(|row| row.word);
    assert_eq!(word.as_deref(), Some("new"));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_rows_of_a_bulk_insert_are_known_at_once() {
    let world = World::new().await;
    let failover = world.open().await;
    let notes = Notes::new(&failover);
    let rows = (0..1_400).map(|n| NewNote::new(format!("{n}")));
    let rows = notes.insert_many(rows).await.unwrap();
    assert_eq!(info(&failover).await.unsure, 0);
    world.cut().await;
    assert_eq!(notes.list().count().await.unwrap(), rows.len() as u64);
}

/// Requests for one table get no answer, as while somebody has locked it.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_does_not_answer_holds_up_no_other_one() {
    let world = World::new().await;
    let failover = world.open().await;
    world.cut().await;
    People::new(&failover).insert(NewPerson::new("waits")).await.unwrap();
    Notes::new(&failover).insert(NewNote::new("goes")).await.unwrap();
    world.gateway.heal().await.unwrap();
    world.gateway.fault(Fault::black_hole().always().method("POST").path_contains("/people"));
    failover.resume().await.unwrap();
    until("the other one is there", async || {
        failover.resume().await.unwrap();
        world.ask("select title from notes").await == ["goes"]
    })
    .await;
    until("its entry is gone", async || info(&failover).await.outbox_rows == 1).await;
}

/// The server rolls a later request of it back: the same may pass at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_insert_is_not_in_its_own_way() {
    let world = World::new().await;
    let failover = world.open().await;
    let deadlock = Response::new(500)
        .json(r#"{"code":"40P01","message":"deadlock detected","details":null,"hint":null}"#);
    world.gateway.fault(Fault::respond(deadlock).after(1).method("POST"));
    let rows = (0..3_000).map(|n| NewNote::new(format!("{n}")));
    assert_eq!(Notes::new(&failover).insert_many(rows).await.unwrap().len(), 3_000);
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert_eq!(world.ask("select count(*) from notes").await, ["3000"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_next_outage_no_row_refers_to_one_that_was_deleted() {
    let world = World::new().await;
    let failover = world.open().await;
    let (notes, links) = (Notes::new(&failover), Links::new(&failover));
    let mut of_each = Vec::new();
    for title in ["by key", "by a condition"] {
        let note = notes.insert(NewNote::new(title)).await.unwrap();
        let link = links.insert(NewLink::new("stays").note_id(note.id)).await.unwrap();
        of_each.push((note.id, link.id));
    }
    assert_eq!(notes.delete(of_each[0].0).await.unwrap(), 1);
    let rest = notes.delete_where(Notes::TITLE.eq("by a condition")).await.unwrap();
    assert_eq!(rest, 1);
    world.cut().await;
    for (_, link) in of_each {
        let note = links.get(link).await.map(|row| row.map(|row| row.note_id));
        right_or_not_known(note, &Some(None));
    }
}

/// The remote refuses the delete for the sake of rows that the file does not know.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_dropped_delete_took_along_in_the_file_is_fetched() {
    let world = World::new().await;
    let failover = world.open().await;
    let (notes, tags) = (Notes::new(&failover), Tags::new(&failover));
    let note = notes.insert(NewNote::new("stays")).await.unwrap();
    let tag = tags.insert(NewTag::new(note.id, "stays")).await.unwrap();
    world
        .sql(
            "create table holds (note_id uuid references notes (id));
             insert into holds select id from notes",
        )
        .await;
    world.cut().await;
    assert_eq!(notes.delete(note.id).await.unwrap(), 1);
    world.heal(&failover).await;
    assert_eq!(healed(&failover).await.dead_letters, 1);
    let letter = failover.dead_letters(1).await.unwrap().remove(0);
    failover.drop_letter(letter.id).await.unwrap();
    all_is_known(&failover).await;
    world.cut().await;
    assert_eq!(notes.get(note.id).await.unwrap(), Some(note));
    assert_eq!(tags.get(tag.id).await.unwrap(), Some(tag));
}

/// Somebody has deleted the parent: one of the rows tells for all of them.
#[tokio::test(flavor = "multi_thread")]
async fn rows_without_their_parent_are_not_tried_one_by_one() {
    const ROWS: u64 = 100;
    let world = World::new().await;
    let failover = world.open().await;
    let (notes, tags) = (Notes::new(&failover), Tags::new(&failover));
    let note = notes.insert(NewNote::new("goes")).await.unwrap();
    world.cut().await;
    let rows = (0..ROWS).map(|n| NewTag::new(note.id, format!("{n}")));
    tags.insert_many(rows).await.unwrap();
    world.sql("delete from notes").await;
    world.heal(&failover).await;
    until("all are letters", async || info(&failover).await.dead_letters == ROWS).await;
    world.gateway.clear_requests();
    // They are tried again, as they are each minute.
    failover.resume().await.unwrap();
    until("one was tried", async || !world.gateway.requests().is_empty()).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let requests = world.gateway.requests().len();
    assert!(requests < 10, "{requests} requests");
    Notes::new(world.remote()).insert(NewNote::new("is back").id(note.id)).await.unwrap();
    failover.resume().await.unwrap();
    until("they have gone", async || info(&failover).await.dead_letters == 0).await;
    healed(&failover).await;
    assert_eq!(world.ask("select count(*) from tags").await, [ROWS.to_string()]);
}

/// A delete that waits takes along the row that holds the value.
#[tokio::test(flavor = "multi_thread")]
async fn a_unique_value_that_goes_with_a_parent_is_waited_for() {
    let world = World::new().await;
    let failover = world.open().await;
    let (notes, badges) = (Notes::new(&failover), Badges::new(&failover));
    let old = notes.insert(NewNote::new("old")).await.unwrap();
    let new = notes.insert(NewNote::new("new")).await.unwrap();
    badges.insert(NewBadge::new(old.id, 7)).await.unwrap();
    // Until an update without answer can no longer arrive no delete goes.
    world.gateway.fault(Fault::reset_after().method("PATCH"));
    assert_eq!(notes.update(new.id, NotePatch::new().mood("glad")).await.unwrap(), 1);
    assert_eq!(notes.delete(old.id).await.unwrap(), 1);
    badges.insert(NewBadge::new(new.id, 7)).await.unwrap();
    failover.resume().await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert_eq!(world.ask("select count(*) from badges").await, ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_question_for_a_row_by_its_key_is_answered_by_a_guess() {
    let world = World::new().await;
    let sqlite = SqliteOptions::new(world.path()).busy_timeout(Duration::from_millis(200));
    let failover = options(sqlite, world.postgrest()).connect().await.unwrap();
    let notes = Notes::new(&failover);
    notes.insert(NewNote::new("first")).await.unwrap();
    let lock = WriteLock::take(&world.path());
    let id = notes.insert(NewNote::new("missed")).await.unwrap().id;
    world.cut().await;
    drop(lock);
    let find = || notes.find();
    right_or_not_known(find().filter(Notes::ID.eq(id)).count().await, &1);
    right_or_not_known(find().filter(Notes::ID.eq(id)).exists().await, &true);
    let titled = Notes::ID.eq(id).and(Notes::TITLE.eq("missed"));
    right_or_not_known(find().filter(titled).count().await, &1);
    let rows = find().filter(Notes::ID.is_in([id])).all().await;
    right_or_not_known(rows.map(|rows| rows.len()), &1);
}

/// The mirror of a change by a condition is made a part at a time.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_many_rows_lets_others_write() {
    let world = World::new().await;
    let failover = world.open().await;
    let notes = Notes::new(&failover);
    let rows = (0..8_000).map(|n| NewNote::new(format!("{n}")));
    notes.insert_many(rows).await.unwrap();
    let waits = Waits::measure(world.path());
    assert_eq!(notes.update_all(NotePatch::new().mood("x")).await.unwrap(), 8_000);
    let file = Notes::new(world.file().await);
    assert_eq!(file.find().filter(Notes::MOOD.eq("x")).count().await.unwrap(), 8_000);
    assert_eq!(notes.delete_all().await.unwrap(), 8_000);
    assert_eq!(file.list().count().await.unwrap(), 0);
    assert_eq!(info(&failover).await.unsure, 0);
    let longest = waits.longest();
    assert!(longest < Duration::from_secs(3), "another process waited {longest:?}");
}

/// The token is refused, and the next one is somebody else's.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_user_writes_is_not_sent_as_another() {
    let world = World::new().await;
    let of = |who: &str| Token::new("authenticated").subject(who).sign();
    let token = Arc::new(Mutex::new(of("one")));
    let source = token.clone();
    let remote = postgrest(&world.gateway.url(), Key::new(PUBLISHABLE_KEY)).token_source(
        move |_refused: Option<String>| {
            let token = source.lock().unwrap().clone();
            async move { Ok(Some(token)) }
        },
    );
    world
        .sql(
            "alter table notes alter column writer \
             set default (current_setting('request.jwt.claims', true)::json ->> 'sub')",
        )
        .await;
    let failover = options(SqliteOptions::new(world.path()), remote).connect().await.unwrap();
    let notes = Notes::new(&failover);
    notes.insert(NewNote::new("first")).await.unwrap();
    world.cut().await;
    notes.insert(NewNote::new("waits")).await.unwrap();
    *token.lock().unwrap() = of("two");
    let expired = Response::new(401)
        .json(r#"{"code":"PGRST303","message":"JWT expired","details":null,"hint":null}"#);
    world.gateway.heal().await.unwrap();
    world.gateway.fault(Fault::respond(expired).method("POST"));
    failover.resume().await.unwrap();
    let start = Instant::now();
    until("it was tried", async || {
        world.gateway.requests().iter().any(|request| request.method == "POST")
            && start.elapsed() > Duration::from_secs(1)
    })
    .await;
    let error = notes.insert(NewNote::new("as two")).await;
    assert!(error.is_err() || info(&failover).await.outbox_rows == 2);
    assert_eq!(world.ask("select distinct writer from notes").await, ["one"]);
    assert!(info(&failover).await.outbox_rows >= 1);
}

/// Two parents are refused; the row was to move from one to the other.
async fn with_refused_parents(
    world: &World,
    failover: &Failover,
) -> [crate::tables::tag::Model; 2] {
    world.sql("alter table notes add constraint no_poison check (title <> 'poison')").await;
    let (notes, tags) = (Notes::new(failover), Tags::new(failover));
    world.cut().await;
    let one = notes.insert(NewNote::new("poison")).await.unwrap().id;
    let other = notes.insert(NewNote::new("poison")).await.unwrap().id;
    let first = tags.insert(NewTag::new(one, "first")).await.unwrap();
    let second = tags.upsert(NewTag::new(other, "second").id(first.id)).await.unwrap();
    world.heal(failover).await;
    assert_eq!(healed(failover).await.dead_letters, 2);
    [first, second]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_dropped_is_not_left_in_the_file_when_earlier_writes_wait() {
    let world = World::new().await;
    let failover = world.open().await;
    let [first, _] = with_refused_parents(&world, &failover).await;
    let letters = failover.dead_letters(2).await.unwrap();
    assert_eq!(failover.drop_letter(letters[1].id).await.unwrap(), 2, "with the second one");
    world.sql("alter table notes drop constraint no_poison").await;
    failover.retry(letters[0].id).await.unwrap();
    healed(&failover).await;
    all_is_known(&failover).await;
    assert_eq!(world.ask("select word from tags").await, ["first"]);
    world.cut().await;
    assert_eq!(Tags::new(&failover).get(first.id).await.unwrap(), Some(first));
}

/// The parent stays in the file as long as something refers to it.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_dropped_goes_with_the_last_one_that_refers_to_it() {
    let world = World::new().await;
    let failover = world.open().await;
    let [first, _] = with_refused_parents(&world, &failover).await;
    let tags = Tags::new(&failover);
    world.cut().await;
    // No child that came by its parent, but one that waits for nothing of it.
    assert_eq!(tags.delete(first.id).await.unwrap(), 1);
    world.heal(&failover).await;
    let letters = failover.dead_letters(2).await.unwrap();
    for letter in letters.iter().rev() {
        failover.drop_letter(letter.id).await.unwrap();
        healed(&failover).await;
    }
    all_is_known(&failover).await;
    world.cut().await;
    assert_eq!(Notes::new(&failover).list().all().await.unwrap(), []);
    assert_eq!(tags.list().all().await.unwrap(), []);
}

/// A row of it has to be fetched before anything else.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_cannot_be_read_holds_up_no_other_one() {
    let world = World::new().await;
    let theirs = People::new(world.remote()).insert(NewPerson::new("a@x")).await.unwrap();
    let failover = world.open().await;
    let hangs = Fault::black_hole().always().method("GET");
    world.gateway.fault(hangs.path_contains("/people"));
    let patch = PersonPatch::new().name("known");
    assert_eq!(People::new(&failover).update(theirs.id, patch).await.unwrap(), 1);
    until("it is tried", async || info(&failover).await.status != Status::Healthy).await;
    Notes::new(&failover).insert(NewNote::new("goes")).await.unwrap();
    until("the other one is there", async || {
        failover.resume().await.unwrap();
        world.ask("select title from notes").await == ["goes"]
    })
    .await;
}

/// An entry of a kind that only a newer version of the library knows waits for that version: it holds
/// nothing else up, and no hand takes it for what it is not.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_of_a_newer_version_waits_for_that_version() {
    let world = World::new().await;
    let failover = world.open().await;
    let notes = Notes::new(&failover);
    world.cut().await;
    for title in ["of a newer version", "plain"] {
        notes.insert(NewNote::new(title)).await.unwrap();
    }
    let file = rusqlite::Connection::open(world.path()).unwrap();
    let first = "(select min(sequence) from chronicle_outbox)";
    let change = |what: &str| {
        let sql = format!("update chronicle_outbox set {what} where sequence = {first}");
        assert_eq!(file.execute(&sql, []).unwrap(), 1);
    };
    change("kind = 'merge'");
    world.heal(&failover).await;
    until("the other one is stored", async || {
        world.ask("select title from notes").await == ["plain"]
    })
    .await;
    until("it alone waits", async || info(&failover).await.outbox_rows == 1).await;
    change("reason = 'refused', message = 'as told by that version'");
    let letter = failover.dead_letters(9).await.unwrap().remove(0);
    assert_eq!(letter.operation, "merge");
    for error in [
        failover.retry(letter.id).await.expect_err("its kind is not known"),
        failover.drop_letter(letter.id).await.expect_err("its kind is not known"),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
}

/// Such an upsert may hold any unique value: it does not stand for who holds a certain one.
#[tokio::test(flavor = "multi_thread")]
async fn an_upsert_of_an_unknown_row_hides_no_holder_of_a_unique_value() {
    let world = World::new().await;
    let failover = world.open().await;
    let (notes, badges) = (Notes::new(&failover), Badges::new(&failover));
    let one = notes.insert(NewNote::new("one")).await.unwrap().id;
    let badge = badges.insert(NewBadge::new(one, 1)).await.unwrap().id;
    world.sql("revoke insert on notes from service_role").await;
    world.cut().await;
    let two = notes.insert(NewNote::new("two")).await.unwrap().id;
    badges.update(badge, BadgePatch::new().note_id(two).number(4)).await.unwrap();
    badges.delete(badge).await.unwrap();
    badges.upsert(NewBadge::new(one, 9)).await.unwrap();
    badges.insert(NewBadge::new(one, 4)).await.unwrap();
    world.heal(&failover).await;
    until("notes are paused", async || !info(&failover).await.paused.is_empty()).await;
    world.sql("grant insert on notes to service_role").await;
    failover.resume().await.unwrap();
    let healed = healed(&failover).await;
    assert_eq!(healed.dead_letters, 0, "{:?}", failover.dead_letters(9).await);
    assert_eq!(world.ask("select number from badges order by number").await, ["4", "9"]);
}

/// What the mirror could not store while another program held the file is noted before the end.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_mirror_missed_outlives_an_orderly_end() {
    let world = World::new().await;
    let sqlite = SqliteOptions::new(world.path()).busy_timeout(Duration::from_millis(200));
    let failover = options(sqlite, world.postgrest()).connect().await.unwrap();
    let notes = Notes::new(&failover);
    let id = notes.insert(NewNote::new("old")).await.unwrap().id;
    let lock = WriteLock::take(&world.path());
    assert_eq!(notes.update(id, NotePatch::new().title("new")).await.unwrap(), 1);
    // Until it was tried to note it, in vain, and before it is tried again.
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(lock);
    chronicle::Backend::close(&failover).await.unwrap();
    drop((notes, failover));
    world.cut().await;
    let next = world.open().await;
    let title = Notes::new(&next).get(id).await.map(|note| note.unwrap().title);
    right_or_not_known(title, &"new".to_owned());
}

/// A row that is not there holds no unique value: what brings it again is not held by its letter.
#[tokio::test(flavor = "multi_thread")]
async fn the_letter_of_a_missing_row_is_in_nobodys_way() {
    let world = World::new().await;
    let failover = world.open().await;
    let (notes, badges) = (Notes::new(&failover), Badges::new(&failover));
    let note = notes.insert(NewNote::new("one")).await.unwrap().id;
    let badge = badges.insert(NewBadge::new(note, 1)).await.unwrap();
    world.cut().await;
    badges.update(badge.id, BadgePatch::new().number(2)).await.unwrap();
    world.sql("delete from badges").await;
    world.heal(&failover).await;
    assert_eq!(healed(&failover).await.dead_letters, 1);
    badges.upsert(badge).await.unwrap();
    let healed = healed(&failover).await;
    assert_eq!((healed.dead_letters, healed.held), (1, 0));
    assert_eq!(world.ask("select number from badges").await, ["1"]);
}

/// That a key is not taken is told of the process that had it: another one tries with its own.
#[tokio::test(flavor = "multi_thread")]
async fn another_process_tries_with_its_own_key_at_once() {
    let world = World::new().await;
    let failover = world.open().await;
    world.cut().await;
    Notes::new(&failover).insert(NewNote::new("waits")).await.unwrap();
    let dead = Response::new(401)
        .json(r#"{"code":"PGRST303","message":"JWT expired","details":null,"hint":null}"#);
    world.gateway.heal().await.unwrap();
    world.gateway.fault(Fault::respond(dead).method("POST").always());
    failover.resume().await.unwrap();
    until("all stands still", async || !info(&failover).await.paused.is_empty()).await;
    chronicle::Backend::close(&failover).await.unwrap();
    drop(failover);
    world.gateway.heal().await.unwrap();
    let next = world.open().await;
    assert!(next.flush(Duration::from_secs(30)).await.unwrap(), "{:?}", info(&next).await);
    assert_eq!(world.ask("select title from notes").await, ["waits"]);
}

/// Who has a dead key leaves replay to others, also while it lives.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_dead_key_does_not_keep_replay() {
    let world = World::new().await;
    let expired = Token::new("service_role").expired_since(Duration::from_secs(600));
    let dead = postgrest(&world.gateway.url(), Key::new(expired.sign()));
    let stale = options(SqliteOptions::new(world.path()), dead).connect().await.unwrap();
    world.cut().await;
    Notes::new(&stale).insert(NewNote::new("waits")).await.unwrap();
    world.heal(&stale).await;
    until("all stands still", async || !info(&stale).await.paused.is_empty()).await;
    let next = world.open().await;
    assert!(next.flush(Duration::from_secs(20)).await.unwrap(), "{:?}", info(&next).await);
    assert_eq!(world.ask("select title from notes").await, ["waits"]);
}
