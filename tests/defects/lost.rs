//! Acknowledged writes that were lost, or sent to the wrong place.

use crate::child;
use crate::fixture::{World, healed, info, options, postgrest, session, until};
use crate::observe::WriteLock;
use crate::tables::early_note::{NewEarlyNote, Notes as EarlyNotes};
use crate::tables::memo::{MemoPatch, Memos, NewMemo};
use crate::tables::note::{NewNote, NotePatch, Notes};
use crate::tables::reply::{NewReply, Replies};
use crate::tables::ticket::{NewTicket, TicketPatch, Tickets};
use chronicle::failover::{DeadLetterReason, Failover, FailoverOptions, Status, WriteMode};
use chronicle::postgrest::Key;
use chronicle::sqlite::SqliteOptions;
use chronicle::{Backend, Error, ErrorKind};
use chronicle_entity::{Events, NewEvent, NewSession, SessionStatus, Sessions};
use chronicle_test_servers::{Fault, PUBLISHABLE_KEY, Request, SECRET_KEY, Token};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A1.
#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_came_with_a_later_version_arrives() {
    let world = World::new().await;
    let failover = world.open().await;
    let early = EarlyNotes::new(&failover);
    let notes = Notes::new(&failover);
    world.cut().await;
    let id = early.insert(NewEarlyNote::new("early")).await.unwrap().id;
    assert_eq!(notes.update(id, NotePatch::new().mood("glad")).await.unwrap(), 1);
    let whole = notes.insert(NewNote::new("whole").mood("calm")).await.unwrap();
    let again = early.insert(NewEarlyNote::new("again")).await.unwrap().id;
    early.upsert(NewEarlyNote::new("upserted").id(again)).await.unwrap();
    assert_eq!(notes.update(again, NotePatch::new().mood("sad")).await.unwrap(), 1);

    world.heal(&failover).await;
    assert_eq!(healed(&failover).await.dead_letters, 0);
    let remote = Notes::new(world.remote());
    assert_eq!(remote.get(id).await.unwrap().unwrap().mood.as_deref(), Some("glad"));
    assert_eq!(remote.get(whole.id).await.unwrap(), Some(whole));
    let again = remote.get(again).await.unwrap().unwrap();
    assert_eq!((again.title.as_str(), again.mood.as_deref()), ("upserted", Some("sad")));
}

/// A2.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_goes_to_the_schema_of_its_entity() {
    let world = World::new().await;
    let failover = world.open().await;
    let memos = Memos::new(&failover);
    let changed = memos.insert(NewMemo::new("before")).await.unwrap().id;
    let deleted = memos.insert(NewMemo::new("to go")).await.unwrap().id;
    world.cut().await;
    let new = memos.insert(NewMemo::new("new")).await.unwrap().id;
    Replies::new(&failover).insert(NewReply::new(new, "a reply")).await.unwrap();
    assert_eq!(memos.update(changed, MemoPatch::new().title("after")).await.unwrap(), 1);
    assert_eq!(memos.delete(deleted).await.unwrap(), 1);

    world.heal(&failover).await;
    let end = healed(&failover).await;
    assert_eq!(end.dead_letters, 0, "{:?}", failover.dead_letters(9).await);
    assert_eq!(world.ask("select title from public.memos").await, [""; 0]);
    let titles = "select title from private.memos order by title";
    assert_eq!(world.ask(titles).await, ["after", "new"]);
    assert_eq!(world.ask("select title from private.replies").await, ["a reply"]);
}

/// A3.
#[tokio::test(flavor = "multi_thread")]
async fn a_child_waits_for_the_delete_and_the_insert_of_its_paused_parent() {
    let world = World::new().await;
    let failover = world.open().await;
    let parent = session(&failover).await;
    world.cut().await;
    let sessions = Sessions::new(&failover);
    assert_eq!(sessions.delete(parent).await.unwrap(), 1);
    sessions.insert(NewSession::new(SessionStatus::Active).id(parent)).await.unwrap();
    world.migrate("alter table sessions rename column id to number").await;

    world.heal(&failover).await;
    until("the table of the parent is paused", async || !info(&failover).await.paused.is_empty())
        .await;
    let row = NewEvent::new(parent, "stop", chronicle::now());
    let event = Events::new(&failover).insert(row).await.unwrap();
    assert!(!failover.flush(Duration::from_millis(500)).await.unwrap());
    world.migrate("alter table sessions rename column number to id").await;
    failover.resume().await.unwrap();
    let end = healed(&failover).await;
    assert_eq!(end.dead_letters, 0, "{:?}", failover.dead_letters(9).await);
    assert_eq!(Events::new(world.remote()).get(event.id).await.unwrap(), Some(event));
}

/// A4: of two stores, one has the file by a link.
async fn one_replays(world: &World, link: &Path) {
    let local_first = |options: FailoverOptions| options.mode(WriteMode::LocalFirst).connect();
    let by_name = local_first(world.options()).await.unwrap();
    let by_link = options(SqliteOptions::new(link), world.postgrest());
    let by_link = local_first(by_link).await.unwrap();
    // Each waits for the one before: they cannot travel together.
    world.gateway.fault(Fault::delay(Duration::from_millis(60)).always());
    let notes = Notes::new(&by_link);
    let id = notes.insert(NewNote::new("first")).await.unwrap().id;
    for _ in 0..10 {
        assert_eq!(notes.delete(id).await.unwrap(), 1);
        notes.insert(NewNote::new("again").id(id)).await.unwrap();
    }
    let time = Duration::from_secs(8);
    let (by_name, by_link) = tokio::join!(by_name.flush(time), by_link.flush(time));
    assert!(by_name.unwrap() && by_link.unwrap());
    assert_eq!(world.ask("select title from notes").await, ["again"]);
    // But for the questions whether the server has the function.
    let is_write =
        |request: &Request| request.method != "GET" && !request.path.contains("chronicle_apply");
    let sent = world.gateway.requests().into_iter().filter(is_write).count();
    assert_eq!(sent, 21, "one replays, whatever name the file has");
}

/// A4.
#[tokio::test(flavor = "multi_thread")]
async fn a_symbolic_link_is_no_second_database() {
    let world = World::new().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link.db");
    std::os::unix::fs::symlink(world.path(), &link).unwrap();
    one_replays(&world, &link).await;
    let beside: Vec<_> = std::fs::read_dir(elsewhere.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(beside.len(), 1, "no lock and no reserve stand beside a link: {beside:?}");
}

/// A4.
#[tokio::test(flavor = "multi_thread")]
async fn a_linked_folder_holds_no_second_database() {
    let world = World::new().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = elsewhere.path().join("folder");
    std::os::unix::fs::symlink(world.folder(), &folder).unwrap();
    one_replays(&world, &folder.join("chronicle.db")).await;
}

/// A5.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_file_was_bound_to_another_remote_queues_nothing() {
    let world = World::new().await;
    let other = World::new().await;
    let before = world.open().await;
    let rebound = options(SqliteOptions::new(world.path()), other.postgrest()).rebind();
    let after = rebound.connect().await.unwrap();
    world.cut().await;
    let queued = Notes::new(&before).insert(NewNote::new("for the first remote")).await;
    let error = queued.expect_err("the file is another remote's now");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    Notes::new(&after).insert(NewNote::new("for the second")).await.unwrap();
    assert!(after.flush(Duration::from_secs(2)).await.unwrap());
    let titles = other.ask("select title from notes").await;
    assert_eq!(titles, ["for the second"]);
}

/// What a source of tokens answers, changed while it is in use.
type Answer = Arc<Mutex<chronicle::Result<Option<String>>>>;

fn user() -> Option<String> {
    Some(Token::new("authenticated").subject("a-user").sign())
}

/// A store whose key may little, and whose users sign in.
async fn of_a_user(world: &World, answer: &Answer) -> Failover {
    let source = answer.clone();
    let remote = postgrest(&world.gateway.url(), Key::new(PUBLISHABLE_KEY)).token_source(
        move |_refused: Option<String>| {
            let answer = source.lock().unwrap().clone();
            async move { answer }
        },
    );
    options(SqliteOptions::new(world.path()), remote).connect().await.unwrap()
}

const WRITERS: &str = "select writer from notes";

/// A7.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_user_wrote_is_not_replayed_as_the_role_of_the_key() {
    let world = World::new().await;
    let answer: Answer = Arc::new(Mutex::new(Ok(user())));
    let failover = of_a_user(&world, &answer).await;
    world.cut().await;
    Notes::new(&failover).insert(NewNote::new("the user's")).await.unwrap();
    failover.close().await.unwrap();
    drop(failover);

    // The next process finds nobody signed in.
    *answer.lock().unwrap() = Ok(None);
    let failover = of_a_user(&world, &answer).await;
    world.heal(&failover).await;
    assert!(!failover.flush(Duration::from_millis(1_200)).await.unwrap());
    assert_eq!(world.ask(WRITERS).await, [""; 0]);
    assert_eq!(info(&failover).await.status, Status::Degraded);
    *answer.lock().unwrap() = Ok(user());
    failover.resume().await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert_eq!(world.ask(WRITERS).await, ["authenticated"]);
}

/// A7: who is not signed in leaves replay to another process, and is healthy when that is done.
#[tokio::test(flavor = "multi_thread")]
async fn another_process_replays_for_who_is_not_signed_in() {
    let world = World::new().await;
    let answer: Answer = Arc::new(Mutex::new(Ok(user())));
    let failover = of_a_user(&world, &answer).await;
    *answer.lock().unwrap() = Ok(None);
    Notes::new(&failover).insert(NewNote::new("the user's")).await.unwrap();
    until("it is told", async || {
        info(&failover).await.cause.is_some_and(|cause| cause.contains("signed in"))
    })
    .await;
    let other = of_a_user(&world, &Arc::new(Mutex::new(Ok(user())))).await;
    until("the other one replays", async || info(&other).await.outbox_rows == 0).await;
    failover.resume().await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert_eq!(world.ask(WRITERS).await, ["authenticated"]);
}

/// A7: a healthy write.
async fn is_queued_without_a_token(without: chronicle::Result<Option<String>>) {
    let world = World::new().await;
    let answer: Answer = Arc::new(Mutex::new(without));
    let failover = of_a_user(&world, &answer).await;
    let note = Notes::new(&failover).insert(NewNote::new("the user's")).await.unwrap();
    assert_eq!(Notes::new(&failover).get(note.id).await.unwrap(), Some(note));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(world.ask(WRITERS).await, [""; 0]);
    assert_eq!(info(&failover).await.outbox_rows, 1);
    *answer.lock().unwrap() = Ok(user());
    failover.resume().await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 0);
    assert_eq!(world.ask(WRITERS).await, ["authenticated"]);
}

/// A7.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_queued_while_nobody_is_signed_in() {
    is_queued_without_a_token(Ok(None)).await;
}

/// A7.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_queued_while_no_token_can_be_had() {
    // Sources are code of the user's own, and so are their errors.
    for kind in [ErrorKind::Unavailable, ErrorKind::Unauthenticated, ErrorKind::Internal] {
        let error = Error::new(kind, "the server of tokens cannot be reached");
        is_queued_without_a_token(Err(error)).await;
    }
}

/// A8.
#[tokio::test(flavor = "multi_thread")]
async fn the_remote_wins_over_an_upsert_and_a_delete_that_waited() {
    let world = World::new().await;
    let failover = world.open().await;
    let tickets = Tickets::new(&failover);
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(tickets.insert(NewTicket::new("first")).await.unwrap().id);
    }
    let [upserted, deleted, our_upsert, our_delete] = ids[..] else { unreachable!() };
    world.cut().await;
    for id in [upserted, our_upsert] {
        tickets.upsert(NewTicket::new("ours").id(id)).await.unwrap();
    }
    for id in [deleted, our_delete] {
        assert_eq!(tickets.delete(id).await.unwrap(), 1);
    }
    let elsewhere = Tickets::new(world.remote());
    for id in [upserted, deleted] {
        elsewhere.update(id, TicketPatch::new().title("theirs")).await.unwrap();
    }
    world.heal(&failover).await;
    healed(&failover).await;
    let title = async |id| elsewhere.get(id).await.unwrap().map(|row| row.title);
    assert_eq!(title(upserted).await.as_deref(), Some("theirs"));
    assert_eq!(title(deleted).await.as_deref(), Some("theirs"));
    assert_eq!(title(our_upsert).await.as_deref(), Some("ours"));
    assert_eq!(title(our_delete).await, None);
    let mut letters: Vec<_> = failover.dead_letters(9).await.unwrap();
    letters.sort_by_key(|letter| letter.operation.clone());
    let told: Vec<_> =
        letters.iter().map(|letter| (letter.operation.as_str(), letter.reason)).collect();
    assert_eq!(
        told,
        [("delete", DeadLetterReason::Conflict), ("upsert", DeadLetterReason::Conflict)]
    );
}

/// A9.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_answer_is_waited_for_as_long_as_its_sender_said() {
    let world = World::new().await;
    let writer = world.options().settle(Duration::from_secs(5)).connect().await.unwrap();
    let notes = Notes::new(&writer);
    let id = notes.insert(NewNote::new("first")).await.unwrap().id;
    // The network keeps the request, and delivers it when it likes.
    world.gateway.fault(Fault::hold_until_released().method("PATCH"));
    let sent = Instant::now();
    assert_eq!(notes.update(id, NotePatch::new().title("old")).await.unwrap(), 1);
    assert_eq!(notes.update(id, NotePatch::new().title("new")).await.unwrap(), 1);
    writer.close().await.unwrap();
    drop(writer);

    let replayer = world.options().settle(Duration::from_millis(100)).connect().await.unwrap();
    world.heal(&replayer).await;
    let is_done = replayer.flush(Duration::from_millis(1_500)).await.unwrap();
    assert_eq!(world.gateway.release().await, 1);
    assert!(sent.elapsed() < Duration::from_secs(5), "too late to tell anything");
    assert!(!is_done, "it was not waited for");
    healed(&replayer).await;
    assert_eq!(world.ask("select title from notes").await, ["new"]);
}

const STAMP_EACH_UPDATE: &str = "
    create function stamp() returns trigger language plpgsql as
        $$ begin new.updated_at = clock_timestamp() + interval '1 second'; return new; end $$;
    create trigger stamp before update on tickets for each row execute function stamp();
";

const ROUND_TIMES: &str = "alter table tickets alter updated_at type timestamptz(3)";

/// A10: updates that nobody disputes, of rows whose version is not the one that was sent.
async fn offline_edits_are_no_conflicts(remote: &str) {
    let world = World::new().await;
    world.migrate(remote).await;
    let failover = world.open().await;
    let tickets = Tickets::new(&failover);
    let id = tickets.insert(NewTicket::new("first")).await.unwrap().id;
    for title in ["second", "third"] {
        assert_eq!(tickets.update(id, TicketPatch::new().title(title)).await.unwrap(), 1);
    }
    for outage in ["in an outage", "in another outage", "in a third"] {
        if outage == "in a third" {
            let all = TicketPatch::new().title("by a condition");
            assert_eq!(tickets.update_all(all).await.unwrap(), 1);
        }
        world.cut().await;
        for title in ["a word", outage] {
            assert_eq!(tickets.update(id, TicketPatch::new().title(title)).await.unwrap(), 1);
        }
        world.heal(&failover).await;
        healed(&failover).await;
        let letters = failover.dead_letters(9).await.unwrap();
        assert!(letters.is_empty(), "{letters:?}");
        assert_eq!(world.ask("select title from tickets").await, [outage]);
    }
}

/// A10.
#[tokio::test(flavor = "multi_thread")]
async fn the_version_of_a_row_is_what_the_servers_trigger_made_of_it() {
    offline_edits_are_no_conflicts(STAMP_EACH_UPDATE).await;
}

/// A10.
#[tokio::test(flavor = "multi_thread")]
async fn the_version_of_a_row_is_the_rounded_one_that_is_stored() {
    offline_edits_are_no_conflicts(ROUND_TIMES).await;
}

/// A10.
#[tokio::test(flavor = "multi_thread")]
async fn an_insert_answers_with_the_version_that_is_stored() {
    let world = World::new().await;
    world.migrate(ROUND_TIMES).await;
    let failover = world.open().await;
    let time: chrono::DateTime<chrono::Utc> = "2026-03-04T05:06:07.123456Z".parse().unwrap();
    let row = NewTicket::new("rounded").updated_at(time);
    let told = Tickets::new(&failover).insert(row).await.unwrap();
    let stored = Tickets::new(world.remote()).get(told.id).await.unwrap().unwrap();
    assert_eq!(told, stored);
    world.cut().await;
    assert_eq!(Tickets::new(&failover).get(told.id).await.unwrap(), Some(stored));
}

/// A11.
#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_write_does_not_wait_for_a_busy_file_again_and_again() {
    const BUSY: Duration = Duration::from_millis(1_500);
    let world = World::new().await;
    let sqlite = SqliteOptions::new(world.path()).busy_timeout(BUSY);
    let failover = options(sqlite, world.postgrest()).connect().await.unwrap();
    let notes = Notes::new(&failover);
    notes.insert(NewNote::new("first")).await.unwrap();
    let lock = WriteLock::take(&world.path());
    let start = Instant::now();
    notes.insert(NewNote::new("second")).await.unwrap();
    let time = start.elapsed();
    drop(lock);
    assert!(time < BUSY + Duration::from_millis(900), "a healthy write took {time:?}");
}

/// A11.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_mirror_missed_is_not_guessed() {
    let world = World::new().await;
    let sqlite = SqliteOptions::new(world.path()).busy_timeout(Duration::from_millis(200));
    let failover = options(sqlite, world.postgrest()).connect().await.unwrap();
    let notes = Notes::new(&failover);
    let changed = notes.insert(NewNote::new("old")).await.unwrap().id;
    let deleted = notes.insert(NewNote::new("to go")).await.unwrap().id;
    let lock = WriteLock::take(&world.path());
    assert_eq!(notes.update(changed, NotePatch::new().title("new")).await.unwrap(), 1);
    assert_eq!(notes.delete(deleted).await.unwrap(), 1);
    let inserted = notes.insert(NewNote::new("inserted")).await.unwrap().id;
    world.cut().await;
    drop(lock);

    let titles = |note: Option<crate::tables::note::Model>| note.map(|note| note.title);
    for (id, right) in [(changed, Some("new")), (deleted, None), (inserted, Some("inserted"))] {
        match notes.get(id).await.map(titles) {
            Ok(title) => assert_eq!(title.as_deref(), right),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
        }
    }
    world.heal(&failover).await;
    healed(&failover).await;
    for (id, right) in [(changed, Some("new")), (deleted, None), (inserted, Some("inserted"))] {
        assert_eq!(notes.get(id).await.map(titles).unwrap().as_deref(), right);
    }
}

/// A12.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_of_other_rows_than_the_one_by_key_tells_nothing_of_absence() {
    let world = World::new().await;
    let failover = world.open().await;
    let sessions = Sessions::new(&failover);
    let id = session(&failover).await;
    let row = NewEvent::new(id, "stop", chronicle::now());
    let event = Events::new(&failover).insert(row).await.unwrap();
    let by_key = || sessions.find().filter(Sessions::ID.eq(id));
    assert!(by_key().offset(1).all().await.unwrap().is_empty());
    assert_eq!(by_key().offset(1).first().await.unwrap(), None);
    assert!(by_key().limit(0).all().await.unwrap().is_empty());
    let ended = Sessions::STATUS.eq(SessionStatus::Ended);
    assert!(by_key().filter(ended).all().await.unwrap().is_empty());
    tokio::time::sleep(Duration::from_millis(300)).await;
    world.cut().await;
    assert!(sessions.get(id).await.unwrap().is_some(), "the row left the file");
    assert_eq!(Events::new(&failover).get(event.id).await.unwrap(), Some(event));
}

/// A13.
#[tokio::test(flavor = "multi_thread")]
async fn a_relative_path_names_the_same_file_when_the_program_changes_its_folder() {
    let world = World::new().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let mut child = child::start(
        "relative path",
        &[
            &world.gateway.url(),
            &world.folder().display().to_string(),
            &elsewhere.path().display().to_string(),
        ],
    );
    let status = child.wait().await.unwrap();
    let made: Vec<_> = std::fs::read_dir(elsewhere.path()).unwrap().map(Result::unwrap).collect();
    assert!(status.success(), "{status}");
    assert!(made.is_empty(), "{made:?}");
    let file = Notes::new(world.file().await).find().all().await.unwrap();
    assert_eq!(file.len(), 2, "{file:?}");
    assert_eq!(world.ask("select title from notes").await.len(), 2);
}

/// What the child of the test above does.
pub(crate) async fn change_the_folder([url, folder, elsewhere]: [&str; 3]) {
    std::env::set_current_dir(folder).unwrap();
    let sqlite = SqliteOptions::new("chronicle.db");
    let remote = postgrest(url, Key::new(SECRET_KEY));
    let failover = options(sqlite, remote).connect().await.unwrap();
    std::env::set_current_dir(elsewhere).unwrap();
    let notes = Notes::new(&failover);
    let first = notes.insert(NewNote::new("in another folder")).await.unwrap();
    assert_eq!(notes.get(first.id).await.unwrap(), Some(first.clone()));
    failover.close().await.unwrap();
    // The options are made here, and the file is opened from elsewhere.
    std::env::set_current_dir(folder).unwrap();
    let sqlite = SqliteOptions::new("chronicle.db");
    let options = options(sqlite, postgrest(url, Key::new(SECRET_KEY)));
    std::env::set_current_dir(elsewhere).unwrap();
    let failover = options.connect().await.unwrap();
    Notes::new(&failover).insert(NewNote::new("once more")).await.unwrap();
    failover.close().await.unwrap();
}
