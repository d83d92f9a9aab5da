//! `upsert` and `upsert_many`.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{Facts, NewFact, NewParent, Parents};
use chronicle::ErrorKind;

pub(crate) async fn a_row_is_stored_or_replaced_whole(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let first = facts.upsert(NewFact::new(1).text("old").number(5)).await.unwrap();
    assert_eq!(facts.get(1).await.unwrap(), Some(first));
    let second = facts.upsert(NewFact::new(1).text("new")).await.unwrap();
    assert_eq!(second.number, None);
    assert_eq!(facts.get(1).await.unwrap(), Some(second));
    assert_eq!(facts.find().count().await.unwrap(), 1);
}

pub(crate) async fn new_and_known_rows_in_one(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert_many((1..=3).map(|id| NewFact::new(id).text("old"))).await.unwrap();
    let keys = facts.upsert_many((3..=5).map(|id| NewFact::new(id).text("new"))).await.unwrap();
    assert_eq!(keys, [3, 4, 5]);
    let texts: Vec<_> =
        facts.find().all().await.unwrap().into_iter().map(|fact| fact.text.unwrap()).collect();
    assert_eq!(texts, ["old", "old", "new", "new", "new"]);
}

pub(crate) async fn of_several_rows_with_one_key_the_last_counts(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let rows = [(1, "a"), (2, "b"), (1, "c"), (2, "d"), (1, "e")];
    let keys = facts.upsert_many(rows.map(|(id, text)| NewFact::new(id).text(text))).await.unwrap();
    assert_eq!(keys, [1, 2, 1, 2, 1]);
    assert_eq!(facts.find().count().await.unwrap(), 2);
    assert_eq!(facts.get(1).await.unwrap().unwrap().text.as_deref(), Some("e"));
    assert_eq!(facts.get(2).await.unwrap().unwrap().text.as_deref(), Some("d"));
}

pub(crate) async fn another_unique_value_is_no_key(fixture: &Fixture) {
    let parents = Parents::new(fixture.store());
    let taken = parents.insert(NewParent::new("taken")).await.unwrap();
    refused(parents.upsert(NewParent::new("taken")).await, ErrorKind::Unique);
    parents.upsert(NewParent::new("taken").id(taken.id).weight(1)).await.unwrap();
    assert_eq!(parents.get(taken.id).await.unwrap().unwrap().weight, Some(1));
}

pub(crate) async fn children_survive_the_upsert_of_their_parent(fixture: &Fixture) {
    use crate::sample::{Children, NewChild};
    let parents = Parents::new(fixture.store());
    let children = Children::new(fixture.store());
    let parent = parents.insert(NewParent::new("a")).await.unwrap();
    children.insert(NewChild::new(parent.id, "child", 1)).await.unwrap();
    parents.upsert(NewParent::new("b").id(parent.id)).await.unwrap();
    assert_eq!(children.find_by_parent_id(parent.id).count().await.unwrap(), 1);
}
