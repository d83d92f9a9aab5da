//! Lists of thousands of values, and tables of more rows than a server gives in one answer.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{Documents, FactPatch, Facts, NewDocument, NewFact, ids};
use chronicle::{Ability, ErrorKind};
use futures_util::TryStreamExt;
use uuid::Uuid;

async fn facts(fixture: &Fixture, rows: i64) -> Facts {
    let facts = Facts::new(fixture.store());
    let rows = (0..rows).map(|id| NewFact::new(id).number(i32::try_from(id % 10).unwrap()));
    facts.insert_many(rows).await.unwrap();
    facts
}

/// 5,000 keys, of which 3,000 are in the table; some stand twice.
fn list() -> Vec<i64> {
    (1_000..5_900).chain(1_000..1_100).rev().collect()
}

pub(crate) async fn five_thousand_keys(fixture: &Fixture) {
    let facts = facts(fixture, 4_000).await;
    let find = || facts.find().filter(Facts::ID.is_in(list()));
    assert_eq!(ids(&find().all().await.unwrap()), (1_000..4_000).collect::<Vec<_>>());
    assert_eq!(find().count().await.unwrap(), 3_000);
    assert!(find().exists().await.unwrap());
    assert_eq!(find().first().await.unwrap().unwrap().id, 1_000);

    let sorted = || find().order_by(Facts::NUMBER.desc()).order_by(Facts::ID.asc());
    let mut expected: Vec<i64> = (1_000..4_000).collect();
    expected.sort_by_key(|id| (-(id % 10), *id));
    assert_eq!(ids(&sorted().all().await.unwrap()), expected);
    let some = sorted().offset(250).limit(100).all().await.unwrap();
    assert_eq!(ids(&some), expected[250..350]);
    assert_eq!(ids(&sorted().offset(2_950).limit(100).all().await.unwrap()), expected[2_950..]);
    assert!(sorted().offset(3_000).all().await.unwrap().is_empty());
    let streamed: Vec<_> = sorted().stream().try_collect().await.unwrap();
    assert_eq!(ids(&streamed), expected);

    let narrowed = find().filter(Facts::NUMBER.eq(3).and(Facts::ID.lt(2_000)));
    assert_eq!(narrowed.count().await.unwrap(), 100);
    assert_eq!(facts.find().filter(Facts::ID.is_in(5_000..12_000)).count().await.unwrap(), 0);
}

pub(crate) async fn five_thousand_keys_in_writes(fixture: &Fixture) {
    let facts = facts(fixture, 4_000).await;
    let filter = || Facts::ID.is_in(list());
    let patch = FactPatch::new().text("changed");
    assert_eq!(facts.update_where(filter(), patch).await.unwrap(), 3_000);
    let changed = Facts::TEXT.eq("changed");
    assert_eq!(facts.find().filter(changed).count().await.unwrap(), 3_000);
    let narrowed = filter().and(Facts::NUMBER.eq(3));
    assert_eq!(facts.delete_where(narrowed).await.unwrap(), 300);
    assert_eq!(facts.delete_where(filter()).await.unwrap(), 2_700);
    assert_eq!(facts.delete_where(filter()).await.unwrap(), 0);
    assert_eq!(ids(&facts.find().all().await.unwrap()), (0..1_000).collect::<Vec<_>>());
}

pub(crate) async fn a_list_on_the_column_that_the_patch_changes(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts
        .insert_many((0..3_000).map(|id| NewFact::new(id).text(format!("text {id}"))))
        .await
        .unwrap();
    let list = (0..3_000).map(|id| format!("text {id}"));
    let patch = FactPatch::new().text("text 2999");
    // Each row is changed and counted once, also when a changed row matches another part of the list.
    assert_eq!(facts.update_where(Facts::TEXT.is_in(list), patch).await.unwrap(), 3_000);
    assert_eq!(facts.find().filter(Facts::TEXT.eq("text 2999")).count().await.unwrap(), 3_000);
}

pub(crate) async fn a_list_that_must_not_match_by_itself(fixture: &Fixture) {
    let facts = facts(fixture, 4_000).await;
    let inside = || Facts::ID.is_in(list()).or(Facts::NUMBER.eq(0));
    let negated = || !Facts::ID.is_in(list());
    for (filter, rows) in [(inside(), 3_100), (negated(), 1_000), (!inside(), 900)] {
        let counted = facts.find().filter(filter.clone()).count().await;
        let found = facts.find().filter(filter.clone()).all().await;
        let changed = facts.update_where(filter, FactPatch::new().flag(true)).await;
        match fixture.capabilities().long_conditions {
            Ability::Always => {
                assert_eq!(counted.unwrap(), rows);
                assert_eq!(found.unwrap().len() as u64, rows);
                assert_eq!(changed.unwrap(), rows);
            }
            Ability::Never => {
                refused(counted, ErrorKind::InvalidInput);
                refused(found, ErrorKind::InvalidInput);
                refused(changed, ErrorKind::InvalidInput);
            }
            Ability::Sometimes => {}
        }
    }
}

pub(crate) async fn lists_of_uuids_and_of_text(fixture: &Fixture) {
    let documents = Documents::new(fixture.store());
    let keys = documents
        .insert_many((0..1_500).map(|at| NewDocument::new(serde_json::json!({"at": at}))))
        .await
        .unwrap();
    let list = keys.iter().copied().chain((0..1_500).map(Uuid::from_u128));
    let find = documents.find().filter(Documents::ID.is_in(list));
    assert_eq!(find.clone().count().await.unwrap(), 1_500);
    let found: Vec<Uuid> = find.all().await.unwrap().into_iter().map(|row| row.id).collect();
    assert_eq!(found, keys);

    let list: Vec<String> = (0..2_000).map(|at| format!("{at}")).collect();
    let find = documents.find().filter(Documents::DATA.key("at").is_in(list));
    assert_eq!(find.count().await.unwrap(), 1_500);
}

/// More than SQLite takes as parameters, and numbers whose text it would not read exactly.
pub(crate) async fn lists_of_numbers_with_a_fraction(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let number = |at: u32| f64::from(at) / 7.0 * 1e-3;
    let edges = [0.0, 5e-324, f64::MIN_POSITIVE, f64::MAX, -0.1, 9.409_340_012_568_248e18, 1e23];
    let rows = (0..2_000).map(number).chain(edges);
    let rows = (0..).zip(rows).map(|(id, real)| NewFact::new(id).real(real));
    facts.insert_many(rows).await.unwrap();
    let list = (1_000..40_000).map(number).chain(edges);
    let find = facts.find().filter(Facts::REAL.is_in(list));
    let found = match fixture.capabilities().long_conditions {
        Ability::Always => find.all().await.unwrap(),
        // It travels in too many URLs to be waited for.
        Ability::Never | Ability::Sometimes => {
            let list = (1_000..3_000).map(number).chain(edges);
            facts.find().filter(Facts::REAL.is_in(list)).all().await.unwrap()
        }
    };
    // The first row of all holds 0 as well.
    let expected: Vec<i64> = [0].into_iter().chain(1_000..2_007).collect();
    assert_eq!(ids(&found), expected);
}

pub(crate) async fn tables_longer_than_one_answer(fixture: &Fixture) {
    for rows in [1_000, 2_000, 3_500] {
        let facts = facts(fixture, rows).await;
        let all: Vec<i64> = (0..rows).collect();
        assert_eq!(ids(&facts.find().all().await.unwrap()), all);
        assert_eq!(facts.find().count().await.unwrap(), u64::try_from(rows).unwrap());
        let streamed: Vec<_> = facts.find().stream().try_collect().await.unwrap();
        assert_eq!(ids(&streamed), all);

        let descending = || facts.find().order_by(Facts::NUMBER.desc());
        let mut expected = all.clone();
        expected.sort_by_key(|id| (-(id % 10), -id));
        assert_eq!(ids(&descending().all().await.unwrap()), expected);
        for (offset, limit) in [(0, 1_000), (0, 1_001), (1, 1_000), (500, 2_500), (999, 1)] {
            let found = descending().offset(offset as u64).limit(limit as u64).all().await.unwrap();
            let expected: Vec<i64> = expected.iter().copied().skip(offset).take(limit).collect();
            assert_eq!(ids(&found), expected, "{limit} behind {offset} of {rows}");
        }
        let page = facts.find().page(1_000).await.unwrap();
        assert_eq!((page.rows.len(), page.next.is_some()), (1_000, rows > 1_000));
        assert_eq!(facts.delete_all().await.unwrap(), u64::try_from(rows).unwrap());
    }
}

pub(crate) async fn a_stream_of_some_rows(fixture: &Fixture) {
    let facts = facts(fixture, 1_234).await;
    let filter = Facts::NUMBER.ne(5);
    let find = facts.find().filter(filter).order_by(Facts::NUMBER.asc());
    let streamed: Vec<_> = find.clone().stream().try_collect().await.unwrap();
    assert_eq!(ids(&streamed), ids(&find.all().await.unwrap()));
    assert_eq!(streamed.len(), 1_111);
    // What is not wanted is not asked for.
    let mut stream = facts.find().stream();
    assert_eq!(stream.try_next().await.unwrap().unwrap().id, 0);
}
