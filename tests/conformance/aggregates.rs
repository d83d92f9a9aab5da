//! Counts, sums, smallest and largest values, of all rows and group by group.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{
    Children, Documents, Facts, Money, NewChild, NewDocument, NewFact, NewParent, ParentId,
    Parents, Wares, time, ware,
};
use chronicle::{Array, ErrorKind, Filter, count};
use chrono::{DateTime, FixedOffset};
use sea_orm::prelude::Decimal;
use serde_json::json;
use uuid::Uuid;

fn decimal(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

/// Seven facts, each of whose columns is NULL somewhere.
async fn facts(fixture: &Fixture) -> Facts {
    let facts = Facts::new(fixture.store());
    let row = |id, number, text: &str| NewFact::new(id).number(number).text(text);
    facts
        .insert_many([
            row(1, 5, "a").flag(true).real(0.5).time(time("2026-01-02T00:00:00Z")),
            row(2, 7, "B").flag(true).real(1.25),
            row(3, -3, "a").flag(false).time(time("2026-01-01T00:00:00.000001Z")),
            row(4, 5, "ä").flag(false).real(-0.75),
            row(5, 5, "a").real(2.0),
            NewFact::new(6).text("a"),
            NewFact::new(7),
        ])
        .await
        .unwrap();
    facts
}

pub(crate) async fn of_all_rows(fixture: &Fixture) {
    let facts = facts(fixture).await;
    let all = (count(), Facts::NUMBER.count(), Facts::NUMBER.sum(), Facts::ID.sum());
    assert_eq!(facts.find().aggregate(all).one().await.unwrap(), (7, 5, 19, 28));
    let few = facts.find().filter(Facts::NUMBER.lt(6));
    assert_eq!(few.clone().aggregate(all).one().await.unwrap(), (4, 4, 12, 13));
    assert_eq!(few.clone().aggregate(count()).one().await.unwrap(), 4);
    assert_eq!(few.clone().sum(Facts::REAL).await.unwrap(), 1.75);
    assert_eq!(few.clone().min(Facts::NUMBER).await.unwrap(), Some(-3));
    assert_eq!(few.max(Facts::ID).await.unwrap(), Some(5));
    let flags = (Facts::FLAG.min(), Facts::FLAG.max());
    assert_eq!(facts.find().aggregate(flags).one().await.unwrap(), (Some(false), Some(true)));
    let times = (Facts::TIME.min(), Facts::TIME.max(), Facts::REAL.min(), Facts::REAL.max());
    let first = time("2026-01-01T00:00:00.000001Z");
    assert_eq!(
        facts.find().aggregate(times).one().await.unwrap(),
        (Some(first), Some(time("2026-01-02T00:00:00Z")), Some(-0.75), Some(2.0))
    );
}

pub(crate) async fn of_no_rows(fixture: &Fixture) {
    let facts = facts(fixture).await;
    let all = (count(), Facts::NUMBER.sum(), Facts::REAL.sum(), Facts::TIME.max());
    for none in
        [Facts::ID.gt(7), Facts::ID.is_in([0; 0]), !Facts::NUMBER.is_not_null().or(Facts::ID.lt(9))]
    {
        let find = facts.find().filter(none);
        assert_eq!(find.clone().aggregate(all).one().await.unwrap(), (0, 0, 0.0, None));
        assert_eq!(find.aggregate(all).group_by(Facts::FLAG).all().await.unwrap(), []);
    }
    // Rows whose column is NULL are rows.
    let find = facts.find().filter(Facts::ID.gt(5));
    assert_eq!(find.aggregate(all).one().await.unwrap(), (2, 0, 0.0, None));
    assert_eq!(Wares::new(fixture.store()).find().sum(Wares::PRICE).await.unwrap(), Decimal::ZERO);
}

pub(crate) async fn group_by_group(fixture: &Fixture) {
    let facts = facts(fixture).await;
    let a = || Some("a".to_owned());
    let by_text = facts.find().aggregate((count(), Facts::NUMBER.sum(), Facts::ID.max()));
    assert_eq!(
        by_text.group_by(Facts::TEXT).all().await.unwrap(),
        [
            (None, (1, 0, Some(7))),
            (Some("B".to_owned()), (1, 7, Some(2))),
            (a(), (4, 7, Some(6))),
            (Some("ä".to_owned()), (1, 5, Some(4))),
        ]
    );
    let by_flag = facts.find().filter(Facts::ID.le(5)).aggregate(Facts::REAL.sum());
    assert_eq!(
        by_flag.group_by(Facts::FLAG).all().await.unwrap(),
        [(None, 2.0), (Some(false), -0.75), (Some(true), 1.75)]
    );
    let by_two = facts.find().aggregate(count()).group_by((Facts::NUMBER, Facts::FLAG));
    assert_eq!(
        by_two.all().await.unwrap(),
        [
            ((None, None), 2),
            ((Some(-3), Some(false)), 1),
            ((Some(5), None), 1),
            ((Some(5), Some(false)), 1),
            ((Some(5), Some(true)), 1),
            ((Some(7), Some(true)), 1),
        ]
    );
    let by_three = facts.find().filter(Facts::TEXT.eq("a")).aggregate(Facts::ID.min());
    assert_eq!(
        by_three.group_by((Facts::TEXT, Facts::NUMBER, Facts::FLAG)).all().await.unwrap(),
        [
            ((a(), None, None), Some(6)),
            ((a(), Some(-3), Some(false)), Some(3)),
            ((a(), Some(5), None), Some(5)),
            ((a(), Some(5), Some(true)), Some(1)),
        ]
    );
    let by_time =
        facts.find().aggregate(Facts::ID.sum()).group_by(Facts::TIME).all().await.unwrap();
    let sums: Vec<i128> = by_time.iter().map(|(_, sum)| *sum).collect();
    assert_eq!(sums, [24, 3, 1]);
}

fn ware(price: &str, cost: Option<&str>, weight: f32, opens: &str) -> ware::Model {
    ware::Model {
        id: ware::WareId::generate(),
        price: decimal(price),
        cost: cost.map(|cost| Money(decimal(cost))),
        weight,
        opens: opens.parse().unwrap(),
        made: DateTime::<FixedOffset>::parse_from_rfc3339("2026-01-01T00:00:00Z").unwrap(),
        tags: vec![],
        sizes: vec![],
        counts: vec![],
        parts: vec![],
        prices: vec![],
        flags: vec![],
        weights: vec![],
        days: vec![],
        moments: vec![],
        documents: vec![],
        gaps: Array::default(),
        maybe_tags: None,
        address: None,
        code: None,
    }
}

pub(crate) async fn of_exact_numbers(fixture: &Fixture) {
    let wares = Wares::new(fixture.store());
    let rows = [
        ware("0.1", Some("1"), 0.1, "10:00:00"),
        ware("0.2", Some("1.00"), 0.2, "09:00:00"),
        ware("10", Some("-2.5"), 1e6, "23:59:59.999999"),
        ware("-99999999999999999999999999.99", None, -1e6, "00:00:00"),
    ];
    wares.insert_many(rows).await.unwrap();
    let sums = (Wares::PRICE.sum(), Wares::COST.sum());
    assert_eq!(
        wares.find().aggregate(sums).one().await.unwrap(),
        (decimal("-99999999999999999999999989.69"), decimal("-0.5"))
    );
    let few =
        wares.find().filter(Wares::PRICE.lt(decimal("1"))).filter(Wares::PRICE.gt(decimal("0")));
    assert_eq!(few.sum(Wares::PRICE).await.unwrap(), decimal("0.3"));
    let ends = (Wares::PRICE.min(), Wares::PRICE.max(), Wares::COST.max());
    assert_eq!(
        wares.find().aggregate(ends).one().await.unwrap(),
        (
            Some(decimal("-99999999999999999999999999.99")),
            Some(decimal("10")),
            Some(Money(decimal("1")))
        )
    );
    let by_cost = wares.find().aggregate((count(), Wares::PRICE.sum())).group_by(Wares::COST);
    assert_eq!(
        by_cost.all().await.unwrap(),
        [
            (None, (1, decimal("-99999999999999999999999999.99"))),
            (Some(Money(decimal("-2.5"))), (1, decimal("10"))),
            (Some(Money(decimal("1"))), (2, decimal("0.3"))),
        ]
    );
    let weight = wares.find().sum(Wares::WEIGHT).await.unwrap();
    assert!((weight - 0.3).abs() < 1e-7, "{weight}");
    let times =
        wares.find().aggregate((Wares::OPENS.min(), Wares::OPENS.max())).one().await.unwrap();
    assert_eq!(
        times,
        (Some("00:00:00".parse().unwrap()), Some("23:59:59.999999".parse().unwrap()))
    );
}

pub(crate) async fn at_the_ends_of_their_types(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let rows = [(i64::MAX, i32::MAX), (i64::MAX - 1, i32::MAX), (i64::MAX - 2, i32::MAX), (-1, 0)];
    let rows = rows.map(|(id, number)| NewFact::new(id).number(number).real(f64::MAX));
    facts.insert_many(rows).await.unwrap();
    let sums = (Facts::ID.sum(), Facts::NUMBER.sum());
    let expected = (i128::from(i64::MAX) * 3 - 4, i64::from(i32::MAX) * 3);
    assert_eq!(facts.find().aggregate(sums).one().await.unwrap(), expected);
    let by_number =
        facts.find().aggregate(Facts::ID.sum()).group_by(Facts::NUMBER).all().await.unwrap();
    assert_eq!(by_number, [(Some(0), -1), (Some(i32::MAX), i128::from(i64::MAX) * 3 - 3)]);
    refused(facts.find().sum(Facts::REAL).await, ErrorKind::InvalidInput);

    let wares = Wares::new(fixture.store());
    let max = Decimal::MAX.to_string();
    wares
        .insert_many([max.as_str(), "0.5"].map(|price| ware(price, None, 0.0, "00:00:00")))
        .await
        .unwrap();
    // Of 30 digits `Decimal` would round one away.
    refused(wares.find().sum(Wares::PRICE).await, ErrorKind::InvalidInput);
    wares.insert(ware(&format!("-{max}"), None, 0.0, "00:00:00")).await.unwrap();
    assert_eq!(wares.find().sum(Wares::PRICE).await.unwrap(), decimal("0.5"));
}

pub(crate) async fn of_keys(fixture: &Fixture) {
    let documents = Documents::new(fixture.store());
    let keys = [7_u128, 0x80 << 120, 0xab << 64].map(Uuid::from_u128);
    documents.insert_many(keys.map(|id| NewDocument::new(json!({})).id(id))).await.unwrap();
    let ends = (Documents::ID.min(), Documents::ID.max(), Documents::EXTRA.count());
    let found = documents.find().aggregate(ends).one().await.unwrap();
    assert_eq!(found, (Some(keys[0]), Some(keys[1]), 0));

    let parents = Parents::new(fixture.store());
    let rows = keys.map(|key| NewParent::new(key.to_string()).id(ParentId::from_uuid(key)));
    parents.insert_many(rows).await.unwrap();
    let least = parents.find().min(Parents::ID).await.unwrap();
    assert_eq!(least, Some(ParentId::from_uuid(keys[0])));
    let by_key = parents.find().aggregate(count()).group_by(Parents::ID).all().await.unwrap();
    let sorted = [keys[0], keys[2], keys[1]].map(|key| (ParentId::from_uuid(key), 1));
    assert_eq!(by_key, sorted);
}

pub(crate) async fn more_groups_than_one_answer_holds(fixture: &Fixture) {
    const ROWS: i64 = 2_600;
    let facts = Facts::new(fixture.store());
    let row = |id: i64| {
        let fact = NewFact::new(id).text(format!("{}", id % 50)).number(1);
        if id < 2 { fact } else { fact.real(2.0).number(i32::try_from(id / 2).unwrap()) }
    };
    facts.insert_many((0..ROWS).map(row).collect::<Vec<_>>()).await.unwrap();
    let by_number = facts.find().aggregate((count(), Facts::ID.sum())).group_by(Facts::NUMBER);
    let found = by_number.all().await.unwrap();
    let pair = |number: i64| i128::from(number) * 4 + 1;
    assert_eq!(found.len(), 1_299);
    assert_eq!(found[0], (Some(1), (4, pair(0) + pair(1))));
    for (at, (number, made)) in found.iter().enumerate().skip(1) {
        let expected = i64::try_from(at).unwrap() + 1;
        assert_eq!((*number, *made), (i32::try_from(expected).ok(), (2, pair(expected))));
    }
    let by_two =
        facts.find().aggregate(count()).group_by((Facts::TEXT, Facts::ID)).all().await.unwrap();
    assert_eq!(by_two.len(), 2_600);
    assert!(by_two.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

pub(crate) async fn over_long_lists(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let text = |id: i64| format!("the text of the fact with the number {id}");
    let row = |id| NewFact::new(id).number(2).text(text(id)).flag(id % 2 == 0);
    facts.insert_many((0..1_000).map(row).collect::<Vec<_>>()).await.unwrap();
    let by_id = facts.find().filter(Facts::ID.is_in((-500..500).map(|id| id * 10)));
    let by_text = facts.find().filter(Facts::TEXT.is_in((0..1_000).step_by(10).map(text)));
    for find in [by_id, by_text] {
        let made = (count(), Facts::ID.sum(), Facts::ID.max());
        let expected = (100, 49_500, Some(990));
        assert_eq!(find.clone().aggregate(made).one().await.unwrap(), expected);
        let by_flag =
            find.aggregate(made).group_by((Facts::FLAG, Facts::NUMBER)).all().await.unwrap();
        assert_eq!(by_flag, [((Some(true), Some(2)), expected)]);
    }
}

pub(crate) async fn beside_related_rows(fixture: &Fixture) {
    let (parents, children) = (Parents::new(fixture.store()), Children::new(fixture.store()));
    let rows = [("ada", 1), ("bob", 2), ("eve", 3)];
    let rows = rows.map(|(name, weight)| NewParent::new(name).weight(weight));
    let ids = parents.insert_many(rows).await.unwrap();
    let rows = [(0, "a1", 5), (0, "a2", 7), (1, "b1", 6), (1, "b2", 5)];
    let rows = rows.map(|(parent, label, rank)| NewChild::new(ids[parent], label, rank));
    children.insert_many(rows).await.unwrap();
    let of_ada = children.find().filter(Children::PARENT.is(Parents::NAME.eq("ada")));
    assert_eq!(of_ada.sum(Children::RANK).await.unwrap(), 12);
    let with_five = Parents::CHILDREN.any(Children::RANK.eq(5));
    let weights =
        parents.find().filter(with_five.clone()).aggregate((count(), Parents::WEIGHT.sum()));
    assert_eq!(weights.one().await.unwrap(), (2, 3));
    let without = parents.find().filter(!with_five).aggregate(count()).group_by(Parents::NAME);
    assert_eq!(without.all().await.unwrap(), [("eve".to_owned(), 1)]);
}

pub(crate) async fn of_some_rows_are_refused(fixture: &Fixture) {
    let facts = facts(fixture).await;
    refused(facts.find().limit(2).sum(Facts::ID).await, ErrorKind::InvalidInput);
    refused(facts.find().offset(2).aggregate(count()).one().await, ErrorKind::InvalidInput);
    let next = facts.find().page(2).await.unwrap().next.unwrap();
    let behind = facts.find().after(next).aggregate(count()).group_by(Facts::FLAG);
    refused(behind.all().await, ErrorKind::InvalidInput);
    // An order changes nothing.
    let sorted = facts.find().order_by(Facts::NUMBER.desc()).filter(Filter::all([]));
    assert_eq!(sorted.sum(Facts::ID).await.unwrap(), 28);
}
