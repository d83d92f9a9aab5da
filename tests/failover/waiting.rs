//! What waits, one by one.

use crate::fixture::{Fixture, healed, session};
use chronicle_entity::{EventPatch, Events, NewEvent, NewSession, SessionStatus, Sessions};
use serde_json::Value;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn the_outbox_tells_what_waits_since_when_and_for_what() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    assert_eq!(failover.outbox(10).await.unwrap(), []);
    fixture.gateway.refuse().await.unwrap();
    let before = chrono::Utc::now() - Duration::from_millis(1);
    let id = session(&failover).await;
    let events = Events::new(&failover);
    let event = events.insert(NewEvent::new(id, "stop", chronicle::now())).await.unwrap();
    events.update(event.id, EventPatch::new().hook_name("Stop")).await.unwrap();
    events.delete(event.id).await.unwrap();

    let waiting = failover.outbox(10).await.unwrap();
    let [parent, child, update, delete] = waiting.as_slice() else { panic!("{waiting:?}") };
    assert_eq!((parent.table.as_str(), parent.operation.as_str()), ("sessions", "insert"));
    assert_eq!((&*parent.key, parent.waits_for), (&*id.to_string(), None));
    assert_eq!(parent.values["status"], "active");
    assert_eq!((child.table.as_str(), child.waits_for), ("events", Some(parent.id)));
    assert_eq!((update.operation.as_str(), update.waits_for), ("update", Some(child.id)));
    assert_eq!(update.values, serde_json::json!({ "hook_name": "Stop" }));
    assert_eq!((&delete.values, &*delete.operation), (&Value::Null, "delete"));
    for entry in &waiting {
        assert!((before..=chrono::Utc::now()).contains(&entry.queued_at), "{entry:?}");
        assert!(!entry.is_held && !entry.may_be_applied, "{entry:?}");
    }
    assert_eq!(failover.outbox(2).await.unwrap(), waiting[..2]);
    assert_eq!(failover.outbox_entry(child.id).await.unwrap().as_ref(), Some(child));
    assert_eq!(failover.outbox_entry(delete.id + 1).await.unwrap(), None);

    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    assert_eq!(failover.outbox(10).await.unwrap(), []);
    assert_eq!(failover.outbox_entry(child.id).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_found_by_its_number_and_is_no_entry_of_the_outbox() {
    let fixture = Fixture::new().await;
    let database = fixture.server.database();
    database.execute("alter table sessions add check (git_branch <> 'poison')").await.unwrap();
    let failover = fixture.open().await;
    fixture.gateway.refuse().await.unwrap();
    let poison = NewSession::new(SessionStatus::Active).git_branch("poison");
    let id = Sessions::new(&failover).insert(poison).await.unwrap().id;
    let event = NewEvent::new(id, "stop", chronicle::now());
    Events::new(&failover).insert(event).await.unwrap();
    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;

    let letters = failover.dead_letters(10).await.unwrap();
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!(failover.dead_letter(letter.id).await.unwrap().as_ref(), Some(letter));
    assert_eq!(failover.outbox_entry(letter.id).await.unwrap(), None);
    let waiting = failover.outbox(10).await.unwrap();
    let [held] = waiting.as_slice() else { panic!("{waiting:?}") };
    assert_eq!((held.waits_for, held.is_held, &*held.table), (Some(letter.id), true, "events"));
    assert_eq!(failover.dead_letter(held.id).await.unwrap(), None);
}
