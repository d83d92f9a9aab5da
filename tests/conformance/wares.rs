//! Exact numbers, single ones, times of day, arrays, and what only the server understands.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{Money, Ware, WareId, WarePatch, Wares, time};
use chronicle::{Array, ErrorKind, Opaque};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime};
use sea_orm::prelude::Decimal;
use serde_json::json;
use uuid::Uuid;

fn decimal(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

fn clock(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn moment(text: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(text).unwrap()
}

fn empty() -> Ware {
    Ware {
        id: WareId::generate(),
        price: Decimal::ZERO,
        cost: None,
        weight: 0.0,
        opens: clock("00:00:00"),
        made: moment("2026-01-01T00:00:00Z"),
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

fn ordinary() -> Ware {
    Ware {
        price: decimal("19.99"),
        cost: Some(Money(decimal("-0.05"))),
        weight: 0.1,
        opens: clock("08:30:00.5"),
        made: moment("2026-07-01T12:00:00.123456+02:00"),
        tags: vec!["green".to_owned(), "blue".to_owned()],
        sizes: vec![1, -2, 3],
        counts: vec![1 << 60],
        parts: vec![Uuid::from_u128(7), Uuid::nil()],
        prices: vec![decimal("0.1"), decimal("12345678901234567890.12345678")],
        flags: vec![true, false],
        weights: vec![0.1, -1.5],
        days: vec![date("2024-02-29")],
        moments: vec![time("2026-07-01T12:00:00.5Z")],
        documents: vec![json!({"a": [1, "x"]}), json!({"b": [[1]]}), json!("text")],
        gaps: vec![Some("a".to_owned()), None, Some("NULL".to_owned())].into(),
        maybe_tags: Some(vec![]),
        address: Some("10.1.2.3".into()),
        code: Some("abcd".into()),
        ..empty()
    }
}

async fn come_back(fixture: &Fixture, wares: impl IntoIterator<Item = Ware>) {
    let rows = Wares::new(fixture.store());
    for ware in wares {
        let stored = rows.insert(ware.clone()).await.unwrap();
        assert_eq!(stored, ware);
        assert_eq!(rows.get(ware.id).await.unwrap(), Some(ware));
    }
}

pub(crate) async fn values_come_back_as_they_were(fixture: &Fixture) {
    come_back(fixture, [empty(), ordinary()]).await;
}

pub(crate) async fn the_ends_of_each_kind(fixture: &Fixture) {
    let end = |number: Decimal, weight: f32, opens: &str| Ware {
        price: number,
        cost: Some(Money(number)),
        weight,
        opens: clock(opens),
        prices: vec![number],
        sizes: vec![i32::MIN, i32::MAX],
        counts: vec![i64::MIN, i64::MAX],
        weights: vec![f64::MIN, f64::MAX, f64::MIN_POSITIVE],
        days: vec![date("0001-01-01"), date("9999-12-31")],
        ..empty()
    };
    come_back(
        fixture,
        [
            end(Decimal::MAX, f32::MAX, "23:59:59.999999"),
            end(Decimal::MIN, f32::MIN, "00:00:00"),
            end(decimal("0.0000000000000000000000000001"), f32::MIN_POSITIVE, "00:00:00.000001"),
            end(decimal("-0.0000000000000000000000000001"), -0.0, "12:00:00"),
            end(decimal("1.0000000000000000000000000001"), 16_777_216.0, "12:00:00.1"),
            end(decimal("9999999999999999999999999999"), 1e-7, "12:00:00.12"),
        ],
    )
    .await;
}

async fn priced(fixture: &Fixture, prices: &[&str]) -> Wares {
    let rows = Wares::new(fixture.store());
    let wares = prices.iter().map(|price| Ware { price: decimal(price), ..empty() });
    rows.insert_many(wares).await.unwrap();
    rows
}

fn prices(wares: Vec<Ware>) -> Vec<String> {
    wares.into_iter().map(|ware| ware.price.to_string()).collect()
}

pub(crate) async fn exact_numbers_are_compared_and_sorted_as_numbers(fixture: &Fixture) {
    let sorted = [
        "-12345678901234567890.5",
        "-100",
        "-99.99",
        "-9.9",
        "-0.1",
        "-0.01",
        "0",
        "0.0000000000000000000000000001",
        "0.1",
        "0.11",
        "9",
        "9.9",
        "10",
        "100.5",
        "12345678901234567890.12345678",
        "12345678901234567890.12345679",
    ];
    let mut shuffled = sorted;
    shuffled.reverse();
    shuffled.swap(2, 9);
    let rows = priced(fixture, &shuffled).await;
    let all = rows.find().order_by(Wares::PRICE.asc()).all().await.unwrap();
    assert_eq!(prices(all), sorted);
    for (at, price) in sorted.iter().enumerate() {
        let price = decimal(price);
        let count = |filter| rows.find().filter(filter).count();
        assert_eq!(count(Wares::PRICE.eq(price)).await.unwrap(), 1, "{price}");
        assert_eq!(count(Wares::PRICE.lt(price)).await.unwrap(), at as u64, "{price}");
        assert_eq!(count(Wares::PRICE.ge(price)).await.unwrap(), (sorted.len() - at) as u64);
    }
    // One number, however many zeros it is written with.
    let found = rows.find().filter(Wares::PRICE.is_in([decimal("10.00"), decimal("9.90")]));
    assert_eq!(found.count().await.unwrap(), 2);
    let page = rows.find().order_by(Wares::PRICE.desc()).page(5).await.unwrap();
    let next = rows.find().order_by(Wares::PRICE.desc()).after(page.next.unwrap()).page(3).await;
    assert_eq!(prices(next.unwrap().rows), ["9", "0.11", "0.1"]);
}

pub(crate) async fn exact_numbers_in_long_lists(fixture: &Fixture) {
    let rows = priced(fixture, &["1.5", "-2.25", "3"]).await;
    let many = (0..200).map(|number| Decimal::new(number * 25 - 1_000, 2));
    let found = rows.find().filter(Wares::PRICE.is_in(many)).order_by(Wares::PRICE.asc());
    assert_eq!(prices(found.all().await.unwrap()), ["-2.25", "1.5", "3"]);
}

pub(crate) async fn single_numbers_are_found(fixture: &Fixture) {
    let rows = Wares::new(fixture.store());
    let weights = [0.1_f32, 0.2, -1.5, 1e-7, f32::MAX];
    let wares = weights.map(|weight| Ware { weight, ..empty() });
    rows.insert_many(wares).await.unwrap();
    for weight in weights {
        assert_eq!(rows.find().filter(Wares::WEIGHT.eq(weight)).count().await.unwrap(), 1);
    }
    let many = (0..100_u8).map(f32::from).chain([0.1]);
    assert_eq!(rows.find().filter(Wares::WEIGHT.is_in(many)).count().await.unwrap(), 1);
    assert_eq!(rows.find().filter(Wares::WEIGHT.lt(0.15)).count().await.unwrap(), 3);
    let nan = Ware { weight: f32::NAN, ..empty() };
    refused(rows.insert(nan).await, ErrorKind::InvalidInput);
}

pub(crate) async fn times_of_day_are_sorted(fixture: &Fixture) {
    let rows = Wares::new(fixture.store());
    let sorted = [
        "00:00:00",
        "00:00:00.000001",
        "08:00:00",
        "08:00:00.1",
        "08:00:00.123",
        "23:59:59.999999",
    ];
    let wares = sorted.iter().rev().map(|opens| Ware { opens: clock(opens), ..empty() });
    rows.insert_many(wares).await.unwrap();
    let found = rows.find().order_by(Wares::OPENS.asc()).all().await.unwrap();
    assert_eq!(found.iter().map(|ware| ware.opens).collect::<Vec<_>>(), sorted.map(clock));
    assert_eq!(rows.find().filter(Wares::OPENS.gt(clock("08:00:00"))).count().await.unwrap(), 3);
    // Nanoseconds are cut, and a leap second is none.
    let leap = NaiveTime::from_hms_nano_opt(23, 59, 59, 1_500_000_000).unwrap();
    let stored = rows.insert(Ware { opens: leap, ..empty() }).await.unwrap();
    assert_eq!(stored.opens, clock("23:59:59.999999"));
    assert_eq!(rows.get(stored.id).await.unwrap(), Some(stored));
}

pub(crate) async fn times_with_an_offset_are_instants(fixture: &Fixture) {
    let rows = Wares::new(fixture.store());
    let here = moment("2026-07-01T12:00:00+02:00");
    let stored = rows.insert(Ware { made: here, ..empty() }).await.unwrap();
    let read = rows.get(stored.id).await.unwrap().unwrap();
    assert_eq!(read.made, here);
    assert_eq!(read.made.offset().local_minus_utc(), 0);
    let there = moment("2026-07-01T06:00:00-04:00");
    assert_eq!(rows.find().filter(Wares::MADE.eq(there)).count().await.unwrap(), 1);
}

pub(crate) async fn arrays_of_anything(fixture: &Fixture) {
    let texts = [
        "",
        " ",
        "NULL",
        "null",
        "a,b",
        "{a}",
        "\"quoted\"",
        "back\\slash",
        "new\nline",
        "tab\t",
        "日本",
        "é",
        "'",
        "[1]",
        "{\"a\":1}",
        "(x)",
        "100%",
        "a\"\\,{}",
    ];
    let tags: Vec<String> = texts.iter().map(ToString::to_string).collect();
    let gaps: Vec<Option<String>> = tags.iter().cloned().map(Some).chain([None]).collect();
    come_back(
        fixture,
        [
            Ware { tags: tags.clone(), gaps: gaps.into(), ..empty() },
            Ware { maybe_tags: Some(tags), ..empty() },
            Ware {
                documents: texts.iter().map(|text| json!(text)).chain([json!({})]).collect(),
                ..empty()
            },
        ],
    )
    .await;
    let rows = Wares::new(fixture.store());
    for text in texts {
        let filter = || Wares::TAGS.has(text);
        assert_eq!(rows.find().filter(filter()).count().await.unwrap(), 1, "{text:?}");
        let either = filter().or(Wares::PRICE.gt(decimal("5")));
        assert_eq!(rows.find().filter(either).count().await.unwrap(), 1, "{text:?}");
    }
    let nul = Ware { tags: vec!["a\0".to_owned()], ..empty() };
    refused(rows.insert(nul).await, ErrorKind::InvalidInput);
}

pub(crate) async fn arrays_are_asked_for_an_element(fixture: &Fixture) {
    let rows = Wares::new(fixture.store());
    rows.insert_many([ordinary(), empty()]).await.unwrap();
    for (filter, count) in [
        (Wares::TAGS.has("green"), 1),
        (Wares::TAGS.has("gree"), 0),
        (!Wares::TAGS.has("green"), 1),
        (Wares::SIZES.has(-2), 1),
        (Wares::COUNTS.has(1_i64 << 60), 1),
        (Wares::PARTS.has(Uuid::from_u128(7)), 1),
        (Wares::PRICES.has(decimal("0.10")), 1),
        (Wares::PRICES.has(decimal("12345678901234567890.12345678")), 1),
        (Wares::FLAGS.has(true), 1),
        (Wares::DAYS.has(date("2024-02-29")), 1),
        (Wares::MOMENTS.has(time("2026-07-01T12:00:00.5Z")), 1),
        (Wares::GAPS.has("NULL"), 1),
        (Wares::GAPS.has("b"), 0),
        // Of NULL nothing is known.
        (Wares::MAYBE_TAGS.has("x"), 0),
        (!Wares::MAYBE_TAGS.has("x"), 1),
    ] {
        let count_of = rows.find().filter(filter.clone()).count().await.unwrap();
        assert_eq!(count_of, count, "{filter:?}");
    }
}

pub(crate) async fn elements_may_be_null(fixture: &Fixture) {
    let gaps = |texts: Vec<Option<&str>>| Ware {
        gaps: texts.into_iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>().into(),
        ..empty()
    };
    come_back(
        fixture,
        [gaps(vec![None]), gaps(vec![None, None, Some("")]), gaps(vec![Some("NULL"), None])],
    )
    .await;
}

/// As a column of its own is.
pub(crate) async fn elements_are_in_the_form_that_is_stored(fixture: &Fixture) {
    let rows = Wares::new(fixture.store());
    let fine = time("2026-07-01T12:00:00.123456789Z");
    let ware = Ware { moments: vec![fine], prices: vec![decimal("1.50")], ..empty() };
    let stored = rows.insert(ware.clone()).await.unwrap();
    assert_eq!(stored.moments, [time("2026-07-01T12:00:00.123456Z")]);
    assert_eq!(rows.get(ware.id).await.unwrap(), Some(stored));
    assert_eq!(rows.find().filter(Wares::MOMENTS.has(fine)).count().await.unwrap(), 1);
    rows.update(ware.id, WarePatch::new().moments(vec![fine, fine])).await.unwrap();
    let read = rows.get(ware.id).await.unwrap().unwrap();
    assert_eq!(read.moments, [time("2026-07-01T12:00:00.123456Z"); 2]);
}

/// Nothing that could not be read back, or that the other database refuses.
pub(crate) async fn elements_that_cannot_be_stored_are_refused(fixture: &Fixture) {
    let rows = Wares::new(fixture.store());
    let year = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
    let wrong = [
        Ware { weights: vec![1.0, f64::NAN], ..empty() },
        Ware { weights: vec![f64::NEG_INFINITY], ..empty() },
        Ware { days: vec![year(0)], ..empty() },
        Ware { days: vec![date("2026-01-01"), year(10_000)], ..empty() },
        Ware { moments: vec![year(-5).and_time(NaiveTime::MIN).and_utc()], ..empty() },
        Ware { documents: vec![json!(null)], ..empty() },
        Ware { documents: vec![json!([[1], [2, 3]])], ..empty() },
        Ware { documents: vec![json!([])], ..empty() },
        Ware { tags: vec!["a".to_owned(), "nul\0".to_owned()], ..empty() },
    ];
    for ware in wrong {
        let patch = WarePatch::new()
            .weights(ware.weights.clone())
            .days(ware.days.clone())
            .moments(ware.moments.clone())
            .documents(ware.documents.clone())
            .tags(ware.tags.clone());
        refused(rows.insert(ware.clone()).await, ErrorKind::InvalidInput);
        refused(rows.update(ware.id, patch).await, ErrorKind::InvalidInput);
    }
    assert_eq!(rows.find().count().await.unwrap(), 0);
}

pub(crate) async fn what_only_the_server_understands(fixture: &Fixture) {
    come_back(fixture, [Ware { address: Some("10.0.0.0/8".into()), ..empty() }, empty()]).await;
    let rows = Wares::new(fixture.store());
    assert_eq!(rows.find().filter(Wares::ADDRESS.is_null()).count().await.unwrap(), 1);
    assert_eq!(rows.find().filter(Wares::ADDRESS.is_not_null()).count().await.unwrap(), 1);
}

pub(crate) async fn patches_of_each_kind(fixture: &Fixture) {
    let rows = Wares::new(fixture.store());
    let ware = rows.insert(empty()).await.unwrap();
    let wanted = Ware { id: ware.id, ..ordinary() };
    let patch = WarePatch::new()
        .price(wanted.price)
        .cost(Money(decimal("-0.05")))
        .weight(wanted.weight)
        .opens(wanted.opens)
        .made(wanted.made)
        .tags(wanted.tags.clone())
        .sizes(wanted.sizes.clone())
        .counts(wanted.counts.clone())
        .parts(wanted.parts.clone())
        .prices(wanted.prices.clone())
        .flags(wanted.flags.clone())
        .weights(wanted.weights.clone())
        .days(wanted.days.clone())
        .moments(wanted.moments.clone())
        .documents(wanted.documents.clone())
        .gaps(wanted.gaps.clone())
        .maybe_tags(vec![])
        .address(Opaque::from("10.1.2.3"))
        .code(Opaque::from("abcd"));
    assert_eq!(rows.update(ware.id, patch).await.unwrap(), 1);
    assert_eq!(rows.get(ware.id).await.unwrap(), Some(wanted));
    let cleared = WarePatch::new().clear_cost().clear_maybe_tags().clear_address();
    rows.update(ware.id, cleared).await.unwrap();
    let read = rows.get(ware.id).await.unwrap().unwrap();
    assert_eq!((read.cost, read.maybe_tags, read.address), (None, None, None));
}
