//! Order: NULL is the smallest value, ties are broken by the key.

use crate::fixture::Fixture;
use crate::sample::{Documents, Fact, Facts, NewDocument, NewFact, NewParent, Parents, ids, time};
use chronicle::Order;
use std::cmp::Ordering;
use uuid::Uuid;

/// Facts with ties and NULLs in every column.
pub(crate) async fn store(fixture: &Fixture) -> (Facts, Vec<Fact>) {
    let facts = Facts::new(fixture.store());
    let times = ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.5Z", "1960-01-01T00:00:00Z"];
    let rows = (0..13_i64).map(|id| {
        let mut fact = NewFact::new(id * 7 % 13);
        if id % 4 != 0 {
            fact = fact.number(i32::try_from(id % 3).unwrap() - 1);
        }
        if id % 3 != 0 {
            fact = fact.real([0.1, -2.0, 1e10, 0.1][usize::try_from(id % 4).unwrap()]);
        }
        if id % 6 != 0 {
            fact = fact.flag(id % 2 == 0);
        }
        if id % 5 != 0 {
            fact = fact.time(time(times[usize::try_from(id % 3).unwrap()]));
        }
        fact
    });
    facts.insert_many(rows).await.unwrap();
    let rows = facts.find().all().await.unwrap();
    (facts, rows)
}

/// An order as the library takes it, and how it compares two rows.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) order: Vec<Order<Fact>>,
    pub(crate) compare: fn(&Fact, &Fact) -> Ordering,
}

pub(crate) fn cases() -> Vec<Case> {
    fn real(a: &Fact, b: &Fact) -> Ordering {
        a.real.partial_cmp(&b.real).unwrap()
    }
    macro_rules! case {
        ($name:literal, [$($order:expr),*], $compare:expr) => {
            Case { name: $name, order: vec![$($order),*], compare: $compare }
        };
    }
    vec![
        case!("none", [], |a, b| a.id.cmp(&b.id)),
        case!("key desc", [Facts::ID.desc()], |a, b| b.id.cmp(&a.id)),
        case!("number", [Facts::NUMBER.asc()], |a, b| a
            .number
            .cmp(&b.number)
            .then(a.id.cmp(&b.id))),
        case!("number desc", [Facts::NUMBER.desc()], |a, b| b
            .number
            .cmp(&a.number)
            .then(b.id.cmp(&a.id))),
        case!("flag desc", [Facts::FLAG.desc()], |a, b| b.flag.cmp(&a.flag).then(b.id.cmp(&a.id))),
        case!("flag, number desc", [Facts::FLAG.asc(), Facts::NUMBER.desc()], |a, b| a
            .flag
            .cmp(&b.flag)
            .then(b.number.cmp(&a.number))
            .then(b.id.cmp(&a.id))),
        case!("time desc", [Facts::TIME.desc()], |a, b| b.time.cmp(&a.time).then(b.id.cmp(&a.id))),
        case!("number, real desc", [Facts::NUMBER.asc(), Facts::REAL.desc()], |a, b| a
            .number
            .cmp(&b.number)
            .then(real(b, a))
            .then(b.id.cmp(&a.id))),
        case!(
            "real desc, time, number desc, key",
            [Facts::REAL.desc(), Facts::TIME.asc(), Facts::NUMBER.desc(), Facts::ID.asc()],
            |a, b| real(b, a)
                .then(a.time.cmp(&b.time))
                .then(b.number.cmp(&a.number))
                .then(a.id.cmp(&b.id))
        ),
        case!("time, number", [Facts::TIME.asc(), Facts::NUMBER.asc()], |a, b| a
            .time
            .cmp(&b.time)
            .then(a.number.cmp(&b.number))
            .then(a.id.cmp(&b.id))),
        case!("number, nulls last", [Facts::NUMBER.asc().nulls_last()], |a, b| a
            .number
            .is_none()
            .cmp(&b.number.is_none())
            .then(a.number.cmp(&b.number))
            .then(a.id.cmp(&b.id))),
        case!("flag desc, nulls first", [Facts::FLAG.desc().nulls_first()], |a, b| b
            .flag
            .is_none()
            .cmp(&a.flag.is_none())
            .then(b.flag.cmp(&a.flag))
            .then(b.id.cmp(&a.id))),
        case!(
            "real desc, nulls first, time, nulls last",
            [Facts::REAL.desc().nulls_first(), Facts::TIME.asc().nulls_last()],
            |a, b| b
                .real
                .is_none()
                .cmp(&a.real.is_none())
                .then(real(b, a))
                .then(a.time.is_none().cmp(&b.time.is_none()))
                .then(a.time.cmp(&b.time))
                .then(a.id.cmp(&b.id))
        ),
        // Said, and the same as without it; the key is never NULL.
        case!(
            "time, nulls first, key desc, nulls first",
            [Facts::TIME.asc().nulls_first(), Facts::ID.desc().nulls_first()],
            |a, b| a.time.cmp(&b.time).then(b.id.cmp(&a.id))
        ),
        // A second term of one column cannot change the order.
        case!("number, number desc", [Facts::NUMBER.asc(), Facts::NUMBER.desc()], |a, b| a
            .number
            .cmp(&b.number)
            .then(a.id.cmp(&b.id))),
    ]
}

pub(crate) async fn by_several_columns_with_ties_and_nulls(fixture: &Fixture) {
    let (facts, mut rows) = store(fixture).await;
    for Case { name, order, compare } in cases() {
        rows.sort_by(compare);
        let find = || order.iter().fold(facts.find(), |find, order| find.order_by(*order));
        assert_eq!(ids(&find().all().await.unwrap()), ids(&rows), "{name}");
        for (offset, limit) in [(0, 1), (0, 5), (3, 4), (10, 10), (13, 1), (0, 0), (5, 0)] {
            let found = find().offset(offset as u64).limit(limit as u64).all().await.unwrap();
            let expected: Vec<Fact> = rows.iter().skip(offset).take(limit).cloned().collect();
            assert_eq!(ids(&found), ids(&expected), "{name}, {limit} behind {offset}");
        }
    }
}

pub(crate) async fn keys_of_uuids_sort_as_uuids(fixture: &Fixture) {
    let seeds = [0_u128, 1, 0x80 << 120, 0x7f << 120, u128::MAX, 0xab << 64, 0xAB_u128 << 60, 9];
    let mut sorted: Vec<Uuid> = seeds.iter().map(|seed| Uuid::from_u128(*seed)).collect();

    let documents = Documents::new(fixture.store());
    let rows = sorted.iter().map(|id| NewDocument::new(serde_json::json!({})).id(*id));
    documents.insert_many(rows.collect::<Vec<_>>()).await.unwrap();
    let parents = Parents::new(fixture.store());
    let rows = sorted.iter().map(|id| NewParent::new(id.to_string()).id(*id));
    parents.insert_many(rows.collect::<Vec<_>>()).await.unwrap();

    sorted.sort();
    let bare: Vec<Uuid> =
        documents.find().all().await.unwrap().into_iter().map(|row| row.id).collect();
    assert_eq!(bare, sorted);
    let typed: Vec<Uuid> =
        parents.find().all().await.unwrap().into_iter().map(|row| row.id.into()).collect();
    assert_eq!(typed, sorted);
    let least = Parents::ID.lt(crate::sample::ParentId::from_uuid(sorted[3]));
    assert_eq!(parents.find().filter(least).count().await.unwrap(), 3);
}
