//! Rows that are read with related ones, and conditions on those.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{
    Children, NewChild, NewParent, NewWard, ParentId, ParentPatch, Parents, Wards, child, parent,
};
use chronicle::{ErrorKind, Filter};

/// "ada" has the children a1 and a2, and a ward; "bob" has b1; "eve" has none. One ward has no parent.
async fn family(fixture: &Fixture) -> (Parents, Children, Wards, [ParentId; 3]) {
    let (parents, children) = (Parents::new(fixture.store()), Children::new(fixture.store()));
    let wards = Wards::new(fixture.store());
    let rows = [("ada", 1), ("bob", 2), ("eve", 3)];
    let rows = rows.map(|(name, weight)| NewParent::new(name).weight(weight));
    let ids: [ParentId; 3] = parents.insert_many(rows).await.unwrap().try_into().unwrap();
    let rows = [(0, "a1", 5), (0, "a2", 7), (1, "b1", 6)];
    let rows = rows.map(|(parent, label, rank)| NewChild::new(ids[parent], label, rank));
    children.insert_many(rows).await.unwrap();
    wards.insert_many([NewWard::new("w1").parent_id(ids[0]), NewWard::new("w2")]).await.unwrap();
    (parents, children, wards, ids)
}

fn labels(children: &[child::Model]) -> Vec<&str> {
    children.iter().map(|child| child.label.as_str()).collect()
}

fn names(parents: &[parent::Model]) -> Vec<&str> {
    let mut names: Vec<&str> = parents.iter().map(|parent| parent.name.as_str()).collect();
    names.sort_unstable();
    names
}

pub(crate) async fn rows_come_with_related_ones(fixture: &Fixture) {
    let (parents, children, wards, ids) = family(fixture).await;
    let by_weight = || parents.find().order_by(Parents::WEIGHT.asc());
    let by_rank = Parents::CHILDREN.order_by(Children::RANK.desc());
    let rows = by_weight().with(by_rank.clone()).with(Parents::WARDS).all().await.unwrap();
    let found: Vec<_> = rows
        .iter()
        .map(|(parent, children, wards)| (parent.name.as_str(), labels(children), wards.len()))
        .collect();
    assert_eq!(found, [("ada", vec!["a2", "a1"], 1), ("bob", vec!["b1"], 0), ("eve", vec![], 0)]);
    let few = by_rank.filter(Children::RANK.ge(6));
    let (_, high) = by_weight().with(few).first().await.unwrap().unwrap();
    assert_eq!(labels(&high), ["a2"]);

    let up = children.find().order_by(Children::RANK.asc()).with(Children::PARENT);
    let rows = up.clone().all().await.unwrap();
    let found: Vec<_> = rows
        .iter()
        .map(|(child, parent)| (child.label.as_str(), parent.as_ref().map(|it| it.id)))
        .collect();
    assert_eq!(found, [("a1", Some(ids[0])), ("b1", Some(ids[1])), ("a2", Some(ids[0]))]);
    let page = up.page(2).await.unwrap();
    assert_eq!(page.rows.len(), 2);
    let rest = children.find().order_by(Children::RANK.asc()).after(page.next.unwrap());
    assert_eq!(rest.with(Children::PARENT).one().await.unwrap().0.label, "a2");

    let with_parents = wards.find().with(Wards::PARENT).all().await.unwrap();
    let mut there: Vec<bool> = with_parents.iter().map(|(_, parent)| parent.is_some()).collect();
    there.sort_unstable();
    assert_eq!(there, [false, true], "NULL refers to none");
    let none = parents.find().filter(Parents::NAME.eq("nobody")).with(Parents::CHILDREN);
    assert!(none.clone().all().await.unwrap().is_empty());
    refused(none.one().await.map(drop), ErrorKind::NotFound);
}

pub(crate) async fn many_rows_with_related_ones(fixture: &Fixture) {
    let (parents, children) = (Parents::new(fixture.store()), Children::new(fixture.store()));
    let rows = (0..600).map(|number| NewParent::new(format!("p{number}")).weight(number));
    let ids = parents.insert_many(rows).await.unwrap();
    let rows = (0..1_200).map(|number| NewChild::new(ids[number % 600], format!("c{number}"), 1));
    children.insert_many(rows).await.unwrap();
    let rows = parents.find().with(Parents::CHILDREN).all().await.unwrap();
    assert_eq!(rows.len(), 600);
    for (parent, children) in rows {
        let expected = parent.weight.unwrap();
        let mut numbers: Vec<i32> = children
            .iter()
            .map(|child| child.label.trim_start_matches('c').parse().unwrap())
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [expected, expected + 600]);
    }
}

pub(crate) async fn conditions_on_related_rows(fixture: &Fixture) {
    let (parents, children, wards, _) = family(fixture).await;
    let high = || Parents::CHILDREN.any(Children::RANK.ge(6));
    let found = async |filter: Filter<parent::Model>| {
        let rows = parents.find().filter(filter.clone()).all().await.unwrap();
        let count = parents.find().filter(filter.clone()).count().await.unwrap();
        assert_eq!(count, rows.len() as u64, "{filter:?}");
        names(&rows).join(" ")
    };
    assert_eq!(found(high()).await, "ada bob");
    assert_eq!(found(!high()).await, "eve");
    assert_eq!(found(Parents::CHILDREN.exists()).await, "ada bob");
    assert_eq!(found(!Parents::CHILDREN.exists()).await, "eve");
    assert_eq!(found(high().and(Parents::NAME.eq("bob"))).await, "bob");
    assert_eq!(found(high().or(Parents::NAME.eq("eve"))).await, "ada bob eve");
    assert_eq!(found((!high()).or(Parents::NAME.eq("bob"))).await, "bob eve");
    // Each condition is on a row of its own, and together they are on one.
    let low = || Parents::CHILDREN.any(Children::RANK.lt(6));
    assert_eq!(found(high().and(low())).await, "ada");
    let between = Children::RANK.ge(6).and(Children::RANK.lt(7));
    assert_eq!(found(Parents::CHILDREN.any(between)).await, "bob");
    let either = Children::LABEL.eq("a1").or(Children::LABEL.eq("x, (y)"));
    assert_eq!(found(Parents::CHILDREN.any(either)).await, "ada");
    assert_eq!(found(Parents::CHILDREN.any(!Children::LABEL.is_in(["a1", "a2"]))).await, "bob");
    assert_eq!(found(Parents::CHILDREN.exists().and(Parents::WARDS.exists())).await, "ada");
    assert_eq!(found(Parents::CHILDREN.any(Filter::any([]))).await, "");

    let of_ada = || Children::PARENT.is(Parents::NAME.eq("ada"));
    let rows = children.find().filter(of_ada()).order_by(Children::RANK.asc()).all().await.unwrap();
    assert_eq!(labels(&rows), ["a1", "a2"]);
    let page =
        children.find().filter(of_ada()).order_by(Children::RANK.asc()).page(1).await.unwrap();
    let rest = children.find().filter(of_ada()).order_by(Children::RANK.asc());
    assert_eq!(labels(&rest.after(page.next.unwrap()).all().await.unwrap()), ["a2"]);
    // Siblings: down again from the parent.
    let beside_a1 = Children::PARENT.is(Parents::CHILDREN.any(Children::LABEL.eq("a1")));
    let rows =
        children.find().filter(beside_a1).order_by(Children::RANK.asc()).all().await.unwrap();
    assert_eq!(labels(&rows), ["a1", "a2"]);
    assert_eq!(wards.find().filter(!Wards::PARENT.exists()).count().await.unwrap(), 1);
    assert!(children.find().filter(of_ada()).exists().await.unwrap());
}

/// Over PostgREST it would be a condition on what is given back.
pub(crate) async fn an_offset_counts_rows_and_not_related_ones(fixture: &Fixture) {
    let (parents, _, _, _) = family(fixture).await;
    let with_children = parents.find().filter(Parents::CHILDREN.exists());
    let with_children = with_children.order_by(Parents::WEIGHT.asc());
    let second = with_children.clone().offset(1).all().await.unwrap();
    assert_eq!(names(&second), ["bob"]);
    assert_eq!(with_children.offset(1).limit(5).all().await.unwrap().len(), 1);
    let any = Parents::CHILDREN.any(Children::RANK.ge(5));
    assert!(parents.find().filter(any).offset(2).all().await.unwrap().is_empty());
}

pub(crate) async fn writes_take_no_condition_on_related_rows(fixture: &Fixture) {
    let (parents, ..) = family(fixture).await;
    let high = || Parents::CHILDREN.any(Children::RANK.ge(6));
    let patch = ParentPatch::new().weight(0);
    refused(parents.update_where(high(), patch).await, ErrorKind::Unsupported);
    refused(parents.delete_where(!high()).await, ErrorKind::Unsupported);
    assert_eq!(parents.find().count().await.unwrap(), 3);
}
