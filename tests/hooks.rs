//! Hook payloads, recorded on a file and on a server by the same code.
#![cfg(all(feature = "sqlite", feature = "postgrest"))]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use chronicle::postgrest::Key;
use chronicle::{Postgrest, Sqlite, Store};
use chronicle_entity::hook::{
    Delivery, NUL_MARK, Occurrences, Payload, Recorded, Recorder, Sender, Stream, restore_nul,
};
use chronicle_entity::{
    EventType, Events, SessionId, SessionStatus, Sessions, ToolEvents, ToolStatus,
};
use chronicle_migration::{Migrator, MigratorTrait};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::Database;
use serde_json::json;

const SAMPLE: &str = include_str!("../examples/quickstart/hooks.jsonl");
const FIRST: &str = "4eba8c92-2631-4f71-a80d-cd55187bc7a5";

/// A store on a file and one on a server, and what must live as long as they do.
struct Stores {
    stores: [Store; 2],
    _server: chronicle_test_servers::Postgrest,
}

async fn stores() -> Stores {
    let sqlite = Sqlite::memory().await.unwrap();
    Migrator::up(sqlite.connection(), None).await.unwrap();
    let postgres = chronicle_test_servers::Postgres::shared().await.unwrap();
    let database = postgres.create_database().await.unwrap();
    let connection = Database::connect(database.url()).await.unwrap();
    Migrator::up(&connection, None).await.unwrap();
    connection.close().await.unwrap();
    let server = chronicle_test_servers::Postgrest::start(&database).await.unwrap();
    let postgrest = Postgrest::new(server.url(), Key::new(server.service_key())).unwrap();
    Stores { stores: [sqlite.into(), postgrest.into()], _server: server }
}

async fn record_sample(store: &Store) -> (usize, usize) {
    let mut recorder = Recorder::new(store);
    let (mut new, mut repeated) = (0, 0);
    let mut seen = Occurrences::default();
    for found in Stream::new(SAMPLE.as_bytes(), Sender::new()) {
        let found = found.unwrap();
        let payload = found.payload.unwrap();
        let nth = seen.nth(&payload, found.byte);
        let delivery = Delivery::nth(chronicle::now(), "sample", nth);
        match recorder.record(&payload, delivery).await.unwrap() {
            Recorded::New => new += 1,
            Recorded::Repeated => repeated += 1,
        }
    }
    (new, repeated)
}

async fn counts(store: &Store) -> [u64; 3] {
    [
        Sessions::new(store).find().count().await.unwrap(),
        Events::new(store).find().count().await.unwrap(),
        ToolEvents::new(store).find().count().await.unwrap(),
    ]
}

fn payload(document: serde_json::Value) -> Payload {
    Payload::from_json(document).unwrap()
}

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 123_456_000).unwrap()
}

#[tokio::test]
async fn the_sample_becomes_sessions_events_and_tool_events() {
    let stores = stores().await;
    for store in &stores.stores {
        assert_eq!(record_sample(store).await, (29, 0));
        assert_eq!(counts(store).await, [2, 29, 10]);

        let sessions = Sessions::new(store);
        let first = sessions.get(FIRST.parse::<SessionId>().unwrap()).await.unwrap().unwrap();
        assert_eq!(first.status, SessionStatus::Ended);
        assert!(first.end_time.unwrap() >= first.start_time.unwrap());
        assert_eq!(first.project_path.as_deref(), Some("/home/dev/shop"));
        let second = sessions.find().filter(Sessions::ID.ne(first.id)).one().await.unwrap();
        assert_eq!(second.status, SessionStatus::Active, "first seen half-way, and not ended");

        let tools = ToolEvents::new(store);
        let done = tools.find().order_by(ToolEvents::TIMESTAMP.asc()).all().await.unwrap();
        let statuses: Vec<_> = done.iter().map(|tool| tool.status.as_str()).collect();
        assert_eq!(statuses.iter().filter(|status| **status == "success").count(), 9);
        assert_eq!(statuses.iter().filter(|status| **status == "error").count(), 1);
        for tool in &done {
            assert!(tool.parameters.is_some() && tool.result.is_some(), "{tool:?}");
            assert!(tool.execution_time.unwrap() >= 0.0);
        }
        let issue = tools.find_by_tool_name("mcp__tracker__create_issue").one().await.unwrap();
        assert_eq!(issue.parameters.unwrap()["points"], json!(9_007_199_254_740_993_u64));
        assert_eq!(issue.result.unwrap()[0]["text"], "Created SHOP-118");
    }
}

#[tokio::test]
async fn a_repeated_delivery_changes_nothing() {
    let stores = stores().await;
    for store in &stores.stores {
        record_sample(store).await;
        let everything = async || {
            (
                Sessions::new(store).find().all().await.unwrap(),
                Events::new(store).find().all().await.unwrap(),
                ToolEvents::new(store).find().all().await.unwrap(),
            )
        };
        let before = everything().await;
        assert_eq!(record_sample(store).await, (0, 29));
        assert_eq!(everything().await, before);
    }
}

#[tokio::test]
async fn every_payload_is_kept_whole() {
    let stores = stores().await;
    for store in &stores.stores {
        record_sample(store).await;
        let mut stored: Vec<_> = Events::new(store)
            .find()
            .all()
            .await
            .unwrap()
            .into_iter()
            .map(|event| {
                let mut data = event.data.unwrap();
                restore_nul(&mut data);
                data.to_string()
            })
            .collect();
        let mut sent: Vec<_> = SAMPLE
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap().to_string())
            .collect();
        stored.sort();
        sent.sort();
        assert_eq!(stored, sent);
    }
}

#[tokio::test]
async fn nul_characters_are_replaced_and_marked() {
    let stores = stores().await;
    for store in &stores.stores {
        record_sample(store).await;
        let event = Events::new(store)
            .find()
            .filter(Events::DATA.key(NUL_MARK).is_not_null())
            .one()
            .await
            .unwrap();
        let data = event.data.unwrap();
        assert_eq!(data["tool_response"]["stdout"], "a\u{2400}b");
        assert_eq!(data[NUL_MARK], json!({ "/tool_response/stdout": [1] }));
    }
}

#[tokio::test]
async fn the_hooks_of_a_call_are_joined_in_either_order() {
    let call = |hook: &str, more: serde_json::Value| {
        let mut document = json!({
            "session_id": FIRST, "hook_event_name": hook, "tool_name": "Bash",
            "tool_input": {"command": "true"}, "tool_use_id": "call 1",
        });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        payload(document)
    };
    let before = call("PreToolUse", json!({}));
    let after = call("PostToolUse", json!({"tool_response": {"stdout": "", "interrupted": true}}));

    let stores = stores().await;
    for store in &stores.stores {
        let mut recorder = Recorder::new(store);
        let tools = ToolEvents::new(store);
        recorder.record(&before, Delivery::at(time(0))).await.unwrap();
        let running = tools.find().one().await.unwrap();
        assert_eq!((running.status, running.execution_time), (ToolStatus::Running, None));

        let end = time(1) + TimeDelta::microseconds(500_250);
        recorder.record(&after, Delivery::at(end)).await.unwrap();
        let done = tools.find().one().await.unwrap();
        assert_eq!(done.status, ToolStatus::Interrupted);
        assert_eq!(done.execution_time, Some(1_500.25));
        assert_eq!(done.timestamp, time(0));

        let (late, early) = (Delivery::at(time(90)), Delivery::at(time(80)));
        assert_eq!(recorder.record(&after, late).await.unwrap(), Recorded::Repeated);
        assert_eq!(recorder.record(&before, early).await.unwrap(), Recorded::Repeated);
        assert_eq!(tools.find().one().await.unwrap(), done);

        tools.delete_all().await.unwrap();
        Events::new(store).delete_all().await.unwrap();
        recorder.record(&after, Delivery::at(end)).await.unwrap();
        let alone = tools.find().one().await.unwrap();
        assert_eq!((alone.timestamp, alone.execution_time), (end, None));

        recorder.record(&before, Delivery::at(time(0))).await.unwrap();
        let joined = tools.find().one().await.unwrap();
        assert_eq!((joined.timestamp, joined.execution_time), (time(0), Some(1_500.25)));
        assert_eq!(joined.status, ToolStatus::Interrupted);
        assert_eq!(joined.parameters, Some(json!({"command": "true"})));
        for repeated in [&before, &after] {
            recorder.record(repeated, Delivery::at(time(-90))).await.unwrap();
            assert_eq!(tools.find().one().await.unwrap(), joined);
        }
    }
}

#[tokio::test]
async fn equal_payloads_at_two_times_are_two_events() {
    let stop = payload(json!({"session_id": FIRST, "hook_event_name": "Stop"}));
    let stores = stores().await;
    for store in &stores.stores {
        let mut recorder = Recorder::new(store);
        let outcomes = [time(0), time(1), time(0)].map(Delivery::at);
        let mut recorded = Vec::new();
        for delivery in outcomes {
            recorded.push(recorder.record(&stop, delivery).await.unwrap());
        }
        assert_eq!(recorded, [Recorded::New, Recorded::New, Recorded::Repeated]);
        assert_eq!(counts(store).await, [1, 2, 0]);
    }
}

#[tokio::test]
async fn a_session_that_is_resumed_is_active_again() {
    let start =
        payload(json!({"session_id": FIRST, "hook_event_name": "SessionStart", "cwd": "/a"}));
    let end = payload(json!({"session_id": FIRST, "hook_event_name": "SessionEnd"}));
    let stores = stores().await;
    for store in &stores.stores {
        let mut recorder = Recorder::new(store);
        let sessions = Sessions::new(store);
        recorder.record(&start, Delivery::at(time(0))).await.unwrap();
        recorder.record(&end, Delivery::at(time(10))).await.unwrap();
        let ended = sessions.find().one().await.unwrap();
        assert_eq!((ended.status, ended.end_time), (SessionStatus::Ended, Some(time(10))));

        recorder.record(&start, Delivery::at(time(20))).await.unwrap();
        let resumed = sessions.find().one().await.unwrap();
        assert_eq!((resumed.status, resumed.end_time), (SessionStatus::Active, None));
        assert_eq!(resumed.start_time, Some(time(0)));

        recorder.record(&end, Delivery::at(time(10))).await.unwrap();
        let still = sessions.find().one().await.unwrap();
        assert_eq!(still.status, SessionStatus::Active, "an old end, delivered again");
    }
}

#[tokio::test]
async fn unknown_hooks_survive_with_their_payload() {
    let document = json!({"session_id": FIRST, "hook_event_name": "Elicitation🛒", "new": {"deep": [1, null]}});
    let stores = stores().await;
    for store in &stores.stores {
        let delivery = Delivery::at(time(0));
        Recorder::new(store).record(&payload(document.clone()), delivery).await.unwrap();
        let event = Events::new(store).find().one().await.unwrap();
        assert_eq!(event.event_type, EventType::Other("Elicitation🛒".to_owned()));
        assert_eq!(event.hook_name.as_deref(), Some("Elicitation🛒"));
        assert_eq!(event.data, Some(document.clone()));
    }
}

#[tokio::test]
async fn equal_payloads_in_two_files_are_two_events() {
    let stop = payload(json!({"session_id": FIRST, "hook_event_name": "Stop"}));
    let stores = stores().await;
    for store in &stores.stores {
        let mut recorder = Recorder::new(store);
        let mut recorded = Vec::new();
        for source in ["a.jsonl", "b.jsonl", "a.jsonl"] {
            let delivery = Delivery::nth(chronicle::now(), source, 0);
            recorded.push(recorder.record(&stop, delivery).await.unwrap());
        }
        assert_eq!(recorded, [Recorded::New, Recorded::New, Recorded::Repeated]);
    }
}

#[tokio::test]
async fn a_session_that_was_deleted_is_made_again() {
    let of = |hook: &str, call: &str| {
        payload(json!({"session_id": FIRST, "hook_event_name": hook, "tool_use_id": call}))
    };
    let stores = stores().await;
    for store in &stores.stores {
        let mut recorder = Recorder::new(store);
        let sessions = Sessions::new(store);
        recorder.record(&of("Stop", "1"), Delivery::at(time(0))).await.unwrap();
        for (second, next) in (1..).zip(["Stop", "PreToolUse", "PostToolUse", "SessionEnd"]) {
            assert_eq!(sessions.delete(FIRST.parse::<SessionId>().unwrap()).await.unwrap(), 1);
            let delivery = Delivery::at(time(second));
            let recorded = recorder.record(&of(next, next), delivery).await.unwrap();
            assert_eq!(recorded, Recorded::New, "{next}");
            assert_eq!(counts(store).await[..2], [1, 1], "{next}");
        }
        assert_eq!(sessions.find().one().await.unwrap().status, SessionStatus::Ended);
    }
}
