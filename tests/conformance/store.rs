//! The store itself: `health`, `info`, `close`.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{Fact, FactPatch, Facts, NewFact};
use chronicle::{BackendKind, ErrorKind, Store};
use futures_util::TryStreamExt;
use std::time::{Duration, Instant};

pub(crate) async fn a_store_that_serves_is_healthy(fixture: &Fixture) {
    fixture.store().health().await.unwrap();
    Facts::new(fixture.store()).insert(NewFact::new(1)).await.unwrap();
    fixture.store().health().await.unwrap();
}

pub(crate) async fn info_tells_kind_place_and_version(fixture: &Fixture) {
    Facts::new(fixture.store()).find().count().await.unwrap();
    let info = fixture.store().info().await;
    assert_eq!(info.kind, fixture.store().kind());
    let (place, version) = match info.kind {
        BackendKind::Sqlite if info.location == ":memory:" => (":memory:", "3."),
        BackendKind::Sqlite => ("conformance.db", "3."),
        _ => ("http://127.0.0.1:", "postgrest/"),
    };
    assert!(info.location.contains(place), "{info:?}");
    assert!(info.version.as_deref().unwrap().starts_with(version), "{info:?}");
}

pub(crate) async fn a_closed_store_is_unavailable(fixture: &Fixture) {
    let store: Store = fixture.store().clone();
    let facts = Facts::new(&store);
    facts.insert(NewFact::new(1)).await.unwrap();
    fixture.store().close().await.unwrap();
    store.close().await.unwrap();

    let closed = ErrorKind::Unavailable;
    refused(facts.get(1).await, closed);
    refused(facts.find().all().await, closed);
    refused(facts.find().count().await, closed);
    refused(facts.find().stream().try_next().await, closed);
    refused(facts.insert(NewFact::new(2)).await, closed);
    refused(facts.insert_many((2..5_000).map(NewFact::new)).await, closed);
    refused(facts.upsert(NewFact::new(1)).await, closed);
    refused(facts.update(1, FactPatch::new().number(1)).await, closed);
    refused(facts.delete_all().await, closed);
    refused(store.query_raw("select 1", []).await, closed);
    refused(store.health().await, closed);
    assert_eq!(store.info().await.kind, store.kind());
}

pub(crate) async fn many_operations_at_once(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let tasks = (0..40).map(|id| {
        let facts = Facts::new(fixture.store());
        tokio::spawn(async move {
            facts.insert(NewFact::new(id).number(0)).await.unwrap();
            facts.update(id, FactPatch::new().number(1)).await.unwrap();
            get_known(&facts, id).await.unwrap().number
        })
    });
    for answer in futures_util::future::join_all(tasks).await {
        assert_eq!(answer.unwrap(), Some(1));
    }
    assert_eq!(facts.find().filter(Facts::NUMBER.eq(1)).count().await.unwrap(), 40);
}

/// The row with this key. Between an insert whose answer was lost and the row's fetch, the pair does
/// not know what the remote has, and says so: its hint is to ask again.
async fn get_known(facts: &Facts, id: i64) -> Option<Fact> {
    let start = Instant::now();
    loop {
        match facts.get(id).await {
            Err(error)
                if error.kind() == ErrorKind::Unavailable
                    && error.backend() == Some(BackendKind::Failover)
                    && start.elapsed() < Duration::from_secs(30) =>
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            answer => return answer.unwrap(),
        }
    }
}
