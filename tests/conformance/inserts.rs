//! `insert`, `insert_many` and their `…_if_absent`.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{
    ChildFields, Children, Documents, Facts, Labels, NewChild, NewDocument, NewFact, NewLabel,
    NewParent, ParentFields, ParentId, Parents, ids,
};
use chronicle::ErrorKind;

pub(crate) async fn what_insert_returns_is_what_get_returns(fixture: &Fixture) {
    let parents = Parents::new(fixture.store());
    let stored = parents.insert(NewParent::new("Ada").note("first").weight(7)).await.unwrap();
    assert_eq!((stored.name.as_str(), stored.weight), ("Ada", Some(7)));
    assert_eq!(parents.get(stored.id).await.unwrap(), Some(stored.clone()));

    let children = Children::new(fixture.store());
    let child = children.insert(NewChild::new(stored.id, "one", 3)).await.unwrap();
    assert_eq!(children.get(child.id).await.unwrap(), Some(child));

    let documents = Documents::new(fixture.store());
    let document = documents.insert(NewDocument::new(serde_json::json!({"a": [1]}))).await.unwrap();
    assert_eq!(documents.get(document.id).await.unwrap(), Some(document));
}

pub(crate) async fn a_key_may_be_given(fixture: &Fixture) {
    let parents = Parents::new(fixture.store());
    let id = ParentId::generate();
    assert_eq!(parents.insert(NewParent::new("given").id(id)).await.unwrap().id, id);
    assert!(parents.get(id).await.unwrap().is_some());

    let facts = Facts::new(fixture.store());
    for id in [i64::MIN, -1, 0, 1 << 53, (1 << 53) + 1, i64::MAX] {
        facts.insert(NewFact::new(id)).await.unwrap();
        assert_eq!(facts.get(id).await.unwrap().unwrap().id, id);
    }
    assert_eq!(facts.find().count().await.unwrap(), 6);
}

pub(crate) async fn a_missing_row_is_none(fixture: &Fixture) {
    assert_eq!(Facts::new(fixture.store()).get(1).await.unwrap(), None);
    assert_eq!(Parents::new(fixture.store()).get(ParentId::generate()).await.unwrap(), None);
    assert_eq!(Documents::new(fixture.store()).get(uuid::Uuid::nil()).await.unwrap(), None);
    assert!(Labels::new(fixture.store()).get("").await.unwrap().is_none());
}

pub(crate) async fn insert_many_gives_the_keys_in_the_order_of_the_rows(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let keys = [5, 3, 9, 1];
    let given = facts.insert_many(keys.map(|id| NewFact::new(id).number(id as i32))).await.unwrap();
    assert_eq!(given, keys);
    assert_eq!(ids(&facts.find().all().await.unwrap()), [1, 3, 5, 9]);

    let parents = Parents::new(fixture.store());
    let given = parents.insert_many(["a", "b"].map(NewParent::new)).await.unwrap();
    assert_eq!(parents.get(given[0]).await.unwrap().unwrap().name, "a");
    assert_eq!(parents.get(given[1]).await.unwrap().unwrap().name, "b");
}

pub(crate) async fn no_rows_are_stored_without_asking(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let none: [NewFact; 0] = [];
    assert!(facts.insert_many(none.clone()).await.unwrap().is_empty());
    assert_eq!(facts.insert_many_if_absent(none.clone()).await.unwrap(), 0);
    assert!(facts.upsert_many(none).await.unwrap().is_empty());
    assert_eq!(facts.find().count().await.unwrap(), 0);
}

pub(crate) async fn a_small_batch_is_stored_whole_or_not_at_all(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert(NewFact::new(2)).await.unwrap();
    let error = refused(facts.insert_many([1, 2, 3].map(NewFact::new)).await, ErrorKind::Unique);
    assert_eq!(error.rows_stored(), 0);
    assert_eq!(ids(&facts.find().all().await.unwrap()), [2]);
}

pub(crate) async fn a_row_that_is_there_stays_as_it_is(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    assert!(facts.insert_if_absent(NewFact::new(1).text("old")).await.unwrap());
    assert!(!facts.insert_if_absent(NewFact::new(1).text("new")).await.unwrap());
    let stored = facts
        .insert_many_if_absent([1, 2, 3, 3].map(|id| NewFact::new(id).text("new")))
        .await
        .unwrap();
    assert_eq!(stored, 2);
    assert_eq!(facts.get(1).await.unwrap().unwrap().text.as_deref(), Some("old"));
    assert_eq!(facts.get(2).await.unwrap().unwrap().text.as_deref(), Some("new"));
    assert_eq!(facts.find().count().await.unwrap(), 3);
}

pub(crate) async fn absence_of_the_key_is_not_absence_of_other_values(fixture: &Fixture) {
    let parents = Parents::new(fixture.store());
    parents.insert(NewParent::new("taken")).await.unwrap();
    refused(parents.insert_if_absent(NewParent::new("taken")).await, ErrorKind::Unique);
    assert_eq!(parents.find().count().await.unwrap(), 1);
}

pub(crate) async fn a_table_of_keys_alone(fixture: &Fixture) {
    let labels = Labels::new(fixture.store());
    labels.insert(NewLabel::new("a")).await.unwrap();
    assert!(!labels.insert_if_absent(NewLabel::new("a")).await.unwrap());
    labels.upsert(NewLabel::new("a")).await.unwrap();
    labels.upsert_many(["a", "b", "b", ""].map(NewLabel::new)).await.unwrap();
    assert_eq!(labels.find().count().await.unwrap(), 3);
    assert_eq!(labels.get("").await.unwrap().unwrap().label, "");
    assert_eq!(labels.delete("a").await.unwrap(), 1);
}

pub(crate) async fn required_columns_by_their_names(fixture: &Fixture) {
    let parents = Parents::new(fixture.store());
    let parent = parents.insert(ParentFields { name: "a".to_owned() }).await.unwrap();
    assert_eq!(parents.get(parent.id).await.unwrap(), Some(parent.clone()));

    let children = Children::new(fixture.store());
    let fields = |rank| ChildFields { rank, parent_id: parent.id, label: "child".to_owned() };
    let id = children.insert(NewChild::from(fields(1))).await.unwrap().id;
    let keys = children.insert_many([fields(2), fields(3)]).await.unwrap();
    assert_eq!(children.find_by_parent_id(parent.id).count().await.unwrap(), 3);
    let named = children.upsert(NewChild::from(fields(4)).id(id)).await.unwrap();
    assert_eq!((named.id, named.rank), (id, 4));
    assert_eq!(keys.len(), 2);
}
