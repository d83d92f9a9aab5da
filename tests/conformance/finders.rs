//! The finders that the derive makes of unique and indexed columns and of relations.

use crate::fixture::Fixture;
use crate::sample::{
    Children, NewChild, NewParent, NewWard, ParentId, Parents, SpecimenPatch, Specimens, WardPatch,
    Wards,
};

pub(crate) async fn by_a_unique_column(fixture: &Fixture) {
    let parents = Parents::new(fixture.store());
    let parent = parents.insert(NewParent::new("it's (a), \"b\"")).await.unwrap();
    assert_eq!(parents.get_by_name("it's (a), \"b\"").await.unwrap(), Some(parent));
    assert_eq!(parents.get_by_name("it's").await.unwrap(), None);

    // A unique column that may be NULL.
    let specimens = Specimens::new(fixture.store());
    let first = specimens.insert(crate::kinds::ordinary()).await.unwrap();
    specimens.insert(crate::kinds::ordinary()).await.unwrap();
    specimens.update(first.id, SpecimenPatch::new().maybe_text("code")).await.unwrap();
    let found = specimens.get_by_maybe_text("code").await.unwrap();
    assert_eq!(found.unwrap().id, first.id);
}

pub(crate) async fn children_of_a_parent_and_of_many(fixture: &Fixture) {
    let parents = Parents::new(fixture.store());
    let children = Children::new(fixture.store());
    let keys = parents.insert_many(["a", "b", "c"].map(NewParent::new)).await.unwrap();
    for (parent, count) in keys.iter().zip([2, 3, 0]) {
        let rows = (0..count).map(|rank| NewChild::new(*parent, "child", rank));
        children.insert_many(rows).await.unwrap();
    }
    assert_eq!(children.find_by_parent_id(keys[0]).count().await.unwrap(), 2);
    assert_eq!(children.find_by_parent_id(keys[2]).count().await.unwrap(), 0);
    assert_eq!(children.find_by_parent_id_in(&keys).count().await.unwrap(), 5);
    assert_eq!(children.find_by_parent_id_in(&keys[1..]).count().await.unwrap(), 3);
    assert_eq!(children.find_by_parent_id_in([keys[0], keys[0]]).count().await.unwrap(), 2);
    let none: [ParentId; 0] = [];
    assert_eq!(children.find_by_parent_id_in(none).count().await.unwrap(), 0);

    let find = children.find_by_parent_id_in(&keys).filter(Children::RANK.ge(1));
    let ranks: Vec<_> = find
        .order_by(Children::RANK.desc())
        .limit(2)
        .all()
        .await
        .unwrap()
        .into_iter()
        .map(|child| child.rank)
        .collect();
    assert_eq!(ranks, [2, 1]);
    assert_eq!(children.find_by_rank(1).count().await.unwrap(), 2);
    assert_eq!(children.find_by_rank_in([0, 2]).count().await.unwrap(), 3);
}

pub(crate) async fn children_whose_parent_may_be_missing(fixture: &Fixture) {
    let parents = Parents::new(fixture.store());
    let wards = Wards::new(fixture.store());
    let parent = parents.insert(NewParent::new("a")).await.unwrap().id;
    let ward = wards.insert(NewWard::new("one").parent_id(parent)).await.unwrap().id;
    wards.insert(NewWard::new("two")).await.unwrap();
    assert_eq!(wards.find_by_parent_id(parent).one().await.unwrap().label, "one");
    assert_eq!(wards.find().filter(Wards::PARENT_ID.is_null()).one().await.unwrap().label, "two");
    wards.update(ward, WardPatch::new().clear_parent_id()).await.unwrap();
    assert!(!wards.find_by_parent_id(parent).exists().await.unwrap());
}
