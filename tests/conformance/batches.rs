//! Writes of thousands of rows.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{Documents, FactPatch, Facts, NewDocument, NewFact};
use chronicle::{Ability, ErrorKind};

fn row(id: i64) -> NewFact {
    NewFact::new(id).number(i32::try_from(id % 100).unwrap()).text(format!("fact {id}"))
}

pub(crate) async fn fifty_thousand_rows(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let keys = facts.insert_many((0..50_000).map(row)).await.unwrap();
    assert_eq!(keys, (0..50_000).collect::<Vec<_>>());
    assert_eq!(facts.find().count().await.unwrap(), 50_000);
    assert_eq!(facts.find().filter(Facts::NUMBER.eq(42)).count().await.unwrap(), 500);
    assert_eq!(facts.get(49_999).await.unwrap().unwrap().text.as_deref(), Some("fact 49999"));
    let changed = facts.update_where(Facts::NUMBER.lt(50), FactPatch::new().flag(true)).await;
    assert_eq!(changed.unwrap(), 25_000);
    assert_eq!(facts.delete_all().await.unwrap(), 50_000);
}

pub(crate) async fn upserts_of_new_and_known_rows(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert_many((0..2_000).map(|id| row(id).flag(true))).await.unwrap();
    // The second thousand is there already; each key stands twice, and its second row counts.
    let rows = (1_000..4_000).map(|id| row(id).text("first"));
    let again = (1_000..4_000).map(|id| row(id).text("second"));
    let keys = facts.upsert_many(rows.chain(again)).await.unwrap();
    assert_eq!(keys.len(), 6_000);
    assert_eq!(facts.find().count().await.unwrap(), 4_000);
    assert_eq!(facts.find().filter(Facts::TEXT.eq("second")).count().await.unwrap(), 3_000);
    assert_eq!(facts.find().filter(Facts::FLAG.is_null()).count().await.unwrap(), 3_000);
}

pub(crate) async fn what_is_there_is_not_counted(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert_many((0..5_000).step_by(2).map(row)).await.unwrap();
    let rows = (0..5_000).map(|id| row(id).text("new"));
    assert_eq!(facts.insert_many_if_absent(rows).await.unwrap(), 2_500);
    assert_eq!(facts.find().filter(Facts::TEXT.eq("new")).count().await.unwrap(), 2_500);
    assert_eq!(facts.insert_many_if_absent((0..5_000).map(row)).await.unwrap(), 0);
}

pub(crate) async fn a_bad_row_in_the_middle(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let rows = (0..3_500).chain([0]).chain(3_500..5_000).map(row);
    let error = refused(facts.insert_many(rows).await, ErrorKind::Unique);
    let stored = facts.find().count().await.unwrap();
    assert_eq!(error.rows_stored(), stored);
    let bulk_is_atomic = fixture.capabilities().bulk_is_atomic;
    if bulk_is_atomic == Ability::Always {
        assert_eq!(stored, 0);
    } else {
        // The rows of whole requests before it, from the first on.
        assert!(stored > 0 || bulk_is_atomic == Ability::Sometimes);
        assert!(stored <= 3_500, "{stored}");
        let before = Facts::ID.lt(i64::try_from(stored).unwrap());
        assert_eq!(facts.find().filter(before).count().await.unwrap(), stored);
        let rest = facts.insert_many_if_absent((0..5_000).map(row)).await.unwrap();
        assert_eq!(rest, 5_000 - stored);
    }
}

pub(crate) async fn a_row_that_cannot_be_stored_stops_all(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let rows = (0..5_000).map(row).chain([NewFact::new(5_000).text("\0")]);
    let error = refused(facts.insert_many(rows).await, ErrorKind::InvalidInput);
    assert_eq!(error.rows_stored(), 0);
    assert_eq!(facts.find().count().await.unwrap(), 0);
}

pub(crate) async fn rows_of_many_bytes(fixture: &Fixture) {
    let documents = Documents::new(fixture.store());
    let text = "0123456789".repeat(5_000);
    let rows = (0..200).map(|at| NewDocument::new(serde_json::json!({"at": at, "text": text})));
    let keys = documents.insert_many(rows).await.unwrap();
    assert_eq!(documents.find().count().await.unwrap(), 200);
    let last = documents.get(keys[199]).await.unwrap().unwrap();
    assert_eq!(last.data["at"], 199);
    let all = documents.find().all().await.unwrap();
    assert!(all.iter().all(|row| row.data["text"].as_str() == Some(&text)));
}
