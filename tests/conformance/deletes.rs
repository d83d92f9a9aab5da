//! `delete`, `delete_where`, `delete_all`.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{Children, Facts, NewChild, NewFact, NewParent, Parents, ids};
use chronicle::{ErrorKind, Filter};

pub(crate) async fn rows_are_counted(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert_many((1..=10).map(|id| NewFact::new(id).number(id))).await.unwrap();
    assert_eq!(facts.delete(1).await.unwrap(), 1);
    assert_eq!(facts.delete(1).await.unwrap(), 0);
    assert_eq!(facts.delete_where(Facts::NUMBER.between(3, 5)).await.unwrap(), 3);
    assert_eq!(facts.delete_where(Facts::NUMBER.between(3, 5)).await.unwrap(), 0);
    assert_eq!(ids(&facts.find().all().await.unwrap()), [2, 6, 7, 8, 9, 10]);
    assert_eq!(facts.delete_all().await.unwrap(), 6);
    assert_eq!(facts.delete_all().await.unwrap(), 0);
}

pub(crate) async fn a_filter_of_everything_asks_for_delete_all(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert(NewFact::new(1)).await.unwrap();
    for everything in
        [Filter::all([]), !Facts::ID.is_in([0_i64; 0]), Filter::all([!Filter::any([])])]
    {
        refused(facts.delete_where(everything).await, ErrorKind::InvalidInput);
    }
    for nothing in [Filter::any([]), Facts::ID.is_in([0_i64; 0]), !Filter::all([])] {
        assert_eq!(facts.delete_where(nothing).await.unwrap(), 0);
    }
    assert_eq!(facts.find().count().await.unwrap(), 1);
}

pub(crate) async fn only_what_matches_for_certain_is_deleted(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert(NewFact::new(1)).await.unwrap();
    facts.insert(NewFact::new(2).text("a,b)")).await.unwrap();
    facts.insert(NewFact::new(3).text("*")).await.unwrap();
    assert_eq!(facts.delete_where(!Facts::TEXT.eq("*")).await.unwrap(), 1);
    assert_eq!(ids(&facts.find().all().await.unwrap()), [1, 3]);
    assert_eq!(facts.delete_where(Facts::TEXT.is_null()).await.unwrap(), 1);
    assert_eq!(facts.delete_where(Facts::TEXT.contains("*")).await.unwrap(), 1);
}

pub(crate) async fn children_go_with_their_parent(fixture: &Fixture) {
    let parents = Parents::new(fixture.store());
    let children = Children::new(fixture.store());
    let keys = parents.insert_many(["a", "b"].map(NewParent::new)).await.unwrap();
    for parent in &keys {
        children
            .insert_many((0..3).map(|rank| NewChild::new(*parent, "child", rank)))
            .await
            .unwrap();
    }
    // The children are not counted.
    assert_eq!(parents.delete(keys[0]).await.unwrap(), 1);
    assert_eq!(children.find().count().await.unwrap(), 3);
    assert_eq!(children.find_by_parent_id(keys[0]).count().await.unwrap(), 0);
}
