//! `find` and the ways to run it.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{Facts, NewFact, NewParent, Parents, ids, time};
use chronicle::{ErrorKind, Filter};
use futures_util::TryStreamExt;

async fn ten(fixture: &Fixture) -> Facts {
    let facts = Facts::new(fixture.store());
    facts.insert_many((1..=10).map(|id| NewFact::new(id).number(id / 2))).await.unwrap();
    facts
}

pub(crate) async fn an_empty_table(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    assert!(facts.find().all().await.unwrap().is_empty());
    assert_eq!(facts.find().first().await.unwrap(), None);
    assert_eq!(facts.find().optional().await.unwrap(), None);
    assert_eq!(facts.find().count().await.unwrap(), 0);
    assert!(!facts.find().exists().await.unwrap());
    let page = facts.find().page(10).await.unwrap();
    assert!(page.rows.is_empty() && page.next.is_none());
    assert!(facts.find().stream().try_collect::<Vec<_>>().await.unwrap().is_empty());
    refused(facts.find().one().await, ErrorKind::NotFound);
}

pub(crate) async fn the_ways_to_run_a_query(fixture: &Fixture) {
    let facts = ten(fixture).await;
    let find = || facts.find().filter(Facts::NUMBER.ge(4)).order_by(Facts::ID.desc());
    assert_eq!(ids(&find().all().await.unwrap()), [10, 9, 8]);
    assert_eq!(find().first().await.unwrap().unwrap().id, 10);
    assert_eq!(find().count().await.unwrap(), 3);
    assert!(find().exists().await.unwrap());
    assert_eq!(ids(&find().stream().try_collect::<Vec<_>>().await.unwrap()), [10, 9, 8]);
    refused(find().one().await, ErrorKind::Conflict);
    refused(find().optional().await, ErrorKind::Conflict);

    let find = || facts.find().filter(Facts::NUMBER.eq(5));
    assert_eq!(find().one().await.unwrap().id, 10);
    assert_eq!(find().optional().await.unwrap().unwrap().id, 10);

    let error = refused(facts.find().filter(Facts::NUMBER.eq(6)).one().await, ErrorKind::NotFound);
    assert_eq!(error.table(), Some("facts"));
}

pub(crate) async fn several_filters_must_all_match(fixture: &Fixture) {
    let facts = ten(fixture).await;
    let find = facts.find().filter(Facts::NUMBER.ge(2)).filter(Facts::NUMBER.le(3));
    assert_eq!(ids(&find.filter(Facts::ID.ne(5)).all().await.unwrap()), [4, 6, 7]);
}

pub(crate) async fn filters_of_everything_and_of_nothing(fixture: &Fixture) {
    let facts = ten(fixture).await;
    for (filter, rows) in [
        (Filter::all([]), 10),
        (Filter::any([]), 0),
        (!Filter::all([]), 0),
        (!Filter::any([]), 10),
        (Facts::ID.is_in([0_i64; 0]), 0),
        (!Facts::ID.is_in([0_i64; 0]), 10),
        (!Facts::TEXT.is_in([""; 0]), 10),
        (Facts::ID.eq(1).and(Filter::any([])), 0),
        (Facts::ID.eq(1).or(Filter::any([])), 1),
        (Facts::ID.eq(1).and(Filter::all([])), 1),
        (Facts::ID.eq(1).or(Filter::all([])), 10),
        (Filter::any([Filter::all([]), Filter::any([])]), 10),
    ] {
        let find = || facts.find().filter(filter.clone());
        assert_eq!(find().all().await.unwrap().len(), rows, "{filter:?}");
        assert_eq!(find().count().await.unwrap(), rows as u64, "{filter:?}");
        assert_eq!(find().exists().await.unwrap(), rows > 0, "{filter:?}");
        assert_eq!(find().first().await.unwrap().is_some(), rows > 0, "{filter:?}");
        assert_eq!(find().page(100).await.unwrap().rows.len(), rows, "{filter:?}");
    }
}

pub(crate) async fn limit_and_offset_cut_rows_and_counts(fixture: &Fixture) {
    let facts = ten(fixture).await;
    let all: Vec<i64> = (1..=10).rev().collect();
    for limit in [None, Some(0), Some(1), Some(4), Some(10), Some(11), Some(u64::MAX)] {
        for offset in [0, 1, 9, 10, 11, 1_000, u64::MAX] {
            let find = || {
                let find = facts.find().order_by(Facts::ID.desc()).offset(offset);
                limit.iter().fold(find, |find, limit| find.limit(*limit))
            };
            let most = usize::try_from(limit.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
            let rows: Vec<i64> =
                all.iter().copied().skip(usize::try_from(offset).unwrap()).take(most).collect();
            let what = format!("limit {limit:?} offset {offset}");
            assert_eq!(ids(&find().all().await.unwrap()), rows, "{what}");
            assert_eq!(find().count().await.unwrap(), rows.len() as u64, "{what}");
            assert_eq!(find().exists().await.unwrap(), !rows.is_empty(), "{what}");
            let first = find().first().await.unwrap().map(|fact| fact.id);
            assert_eq!(first, rows.first().copied(), "{what}");
            let streamed: Vec<_> = find().stream().try_collect().await.unwrap();
            assert_eq!(ids(&streamed), rows, "{what}");
        }
    }
}

pub(crate) async fn list_is_newest_first(fixture: &Fixture) {
    let parents = Parents::new(fixture.store());
    for (name, at) in [("b", "2024-01-02T00:00:00Z"), ("a", "2024-01-01T00:00:00Z")] {
        parents.insert(NewParent::new(name).created_at(time(at))).await.unwrap();
    }
    parents.insert(NewParent::new("c").created_at(time("2024-01-01T12:00:00Z"))).await.unwrap();
    let names: Vec<_> =
        parents.list().all().await.unwrap().into_iter().map(|parent| parent.name).collect();
    assert_eq!(names, ["b", "c", "a"]);
    // Without `created_at`: by key.
    let facts = ten(fixture).await;
    assert_eq!(ids(&facts.list().limit(3).all().await.unwrap()), [10, 9, 8]);
}

pub(crate) async fn a_query_that_is_not_bound_runs_too(fixture: &Fixture) {
    let facts = ten(fixture).await;
    let query = Facts::query().filter(Facts::NUMBER.eq(2)).order_by(Facts::ID.desc());
    assert_eq!(ids(&facts.run(query.clone()).all().await.unwrap()), [5, 4]);
    assert_eq!(facts.run(query).limit(1).count().await.unwrap(), 1);
}
