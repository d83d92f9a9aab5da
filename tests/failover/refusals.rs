//! What the remote refuses: told at once where it serves, a dead letter where it was replayed.

use crate::fixture::{Fixture, healed, session, until};
use chronicle::ErrorKind;
use chronicle::failover::{DeadLetterReason, Status};
use chronicle_entity::{
    EventPatch, Events, NewEvent, NewSession, SessionId, SessionStatus, Sessions,
};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_goes_to_the_caller_and_switches_nothing() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let events = Events::new(&failover);
    let orphan = NewEvent::new(SessionId::generate(), "stop", chronicle::now());
    let error = events.insert(orphan).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKey, "{error}");
    let id = session(&failover).await;
    let event = events.insert(NewEvent::new(id, "stop", chronicle::now())).await.unwrap();
    let error = events.insert(event).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unique, "{error}");
    assert_eq!(failover.failover_info().await.unwrap().status, Status::Healthy);
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_stands_alone_and_holds_its_dependants() {
    let fixture = Fixture::new().await;
    let database = fixture.server.database();
    database.execute("alter table sessions add check (git_branch <> 'poison')").await.unwrap();
    let failover = fixture.open().await;
    let sessions = Sessions::new(&failover);
    let events = Events::new(&failover);
    fixture.gateway.refuse().await.unwrap();
    let mut poisoned = None;
    for number in 0..50 {
        let mut row = NewSession::new(SessionStatus::Active);
        if number == 31 {
            row = row.git_branch("poison");
        }
        let id = sessions.insert(row).await.unwrap().id;
        if number == 31 {
            poisoned = Some(id);
        }
        let event = events.insert(NewEvent::new(id, "stop", chronicle::now())).await.unwrap();
        events.update(event.id, EventPatch::new().hook_name("Stop")).await.unwrap();
    }
    fixture.gateway.heal().await.unwrap();
    let info = healed(&failover).await;
    assert_eq!((info.dead_letters, info.outbox_rows, info.held), (1, 2, 2), "{info:?}");
    let letters = failover.dead_letters(10).await.unwrap();
    let told: Vec<_> = letters
        .iter()
        .map(|letter| (letter.table.as_str(), letter.reason, letter.code.as_deref(), letter.holds))
        .collect();
    assert_eq!(told, [("sessions", DeadLetterReason::Refused, Some("23514"), 2)]);
    let remote = Sessions::new(fixture.remote());
    assert_eq!(remote.find().count().await.unwrap(), 49);
    assert_eq!(Events::new(fixture.remote()).find().count().await.unwrap(), 49);

    // Mended at the server: the letter goes again, and what it held goes after it.
    database
        .execute("alter table sessions drop constraint sessions_git_branch_check")
        .await
        .unwrap();
    let letter = letters.iter().find(|letter| letter.reason == DeadLetterReason::Refused).unwrap();
    failover.retry(letter.id).await.unwrap();
    assert!(failover.flush(Duration::from_secs(30)).await.unwrap());
    let info = healed(&failover).await;
    assert_eq!((info.dead_letters, info.outbox_rows), (0, 0), "{info:?}");
    assert!(remote.get(poisoned.unwrap()).await.unwrap().is_some());
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_letter_takes_its_followers_and_its_row() {
    let fixture = Fixture::new().await;
    let database = fixture.server.database();
    database.execute("alter table sessions add check (git_branch <> 'poison')").await.unwrap();
    let failover = fixture.open().await;
    fixture.gateway.refuse().await.unwrap();
    let row = NewSession::new(SessionStatus::Active).git_branch("poison");
    let id = Sessions::new(&failover).insert(row).await.unwrap().id;
    Events::new(&failover).insert(NewEvent::new(id, "stop", chronicle::now())).await.unwrap();
    fixture.gateway.heal().await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 1);
    let letters = failover.dead_letters(10).await.unwrap();
    assert_eq!(failover.drop_letter(letters[0].id).await.unwrap(), 2);
    let info = failover.failover_info().await.unwrap();
    assert_eq!((info.dead_letters, info.outbox_rows), (0, 0), "{info:?}");
    // What is left of their rows in the file is looked up at the remote.
    until(&failover, |info| info.unsure == 0).await;
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_of_a_row_that_vanished_is_a_letter() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    let events = Events::new(&failover);
    let event = events.insert(NewEvent::new(id, "stop", chronicle::now())).await.unwrap();
    fixture.gateway.refuse().await.unwrap();
    events.update(event.id, EventPatch::new().hook_name("Stop")).await.unwrap();
    Events::new(fixture.remote()).delete(event.id).await.unwrap();
    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    let letters = failover.dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].reason, DeadLetterReason::MissingRow);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_insert_that_finds_another_row_is_a_letter_and_draws_nothing() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    fixture.gateway.refuse().await.unwrap();
    let row = NewSession::new(SessionStatus::Active);
    let here = Sessions::new(&failover).insert(row.clone()).await.unwrap();
    Events::new(&failover).insert(NewEvent::new(here.id, "stop", chronicle::now())).await.unwrap();
    // The same session was resumed on another machine.
    Sessions::new(fixture.remote()).insert(row.user_id("somebody")).await.unwrap();
    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    let letters = failover.dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].reason, DeadLetterReason::Conflict);
    assert_eq!(Events::new(fixture.remote()).find().count().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_schema_pauses_and_loses_nothing() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let id = session(&failover).await;
    let database = fixture.server.database();
    fixture.gateway.refuse().await.unwrap();
    let events = Events::new(&failover);
    events.insert(NewEvent::new(id, "stop", chronicle::now())).await.unwrap();
    Sessions::new(&failover).insert(NewSession::new(SessionStatus::Active)).await.unwrap();
    database.execute("alter table events rename column hook_name to hook").await.unwrap();
    fixture.server.reload_schema().await.unwrap();
    fixture.gateway.heal().await.unwrap();
    for _ in 0..100 {
        let info = failover.failover_info().await.unwrap();
        if info.paused.iter().any(|paused| paused.table == "events") && info.outbox_rows == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let info = failover.failover_info().await.unwrap();
    assert_eq!((info.outbox_rows, info.dead_letters), (1, 0), "{info:?}");
    assert_eq!(Sessions::new(fixture.remote()).find().count().await.unwrap(), 2, "others go on");

    database.execute("alter table events rename column hook to hook_name").await.unwrap();
    fixture.server.reload_schema().await.unwrap();
    failover.resume().await.unwrap();
    healed(&failover).await;
    fixture.assert_equal().await;
}
