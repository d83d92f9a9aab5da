//! A column of every kind, at the ends of its range.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{
    FactPatch, Facts, NewFact, Shade, Species, Specimen, SpecimenId, SpecimenPatch, Specimens, time,
};
use chronicle::ErrorKind;
use chrono::{NaiveDate, NaiveDateTime};
use serde_json::json;
use uuid::Uuid;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn date_time(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

/// Values between [`smallest`] and [`largest`], no `Option` set.
pub(crate) fn ordinary() -> Specimen {
    Specimen {
        id: SpecimenId::generate(),
        flag: true,
        tiny: 1,
        small: 2,
        medium: 3,
        large: 4,
        unsigned_tiny: 5,
        unsigned_small: 6,
        unsigned_medium: 7,
        real: 0.1,
        text: "text".to_owned(),
        shade: Shade::VeryDark,
        species: Species::Other("a species that is not known".to_owned()),
        data: json!({"a": [1, 2.5, null]}),
        bytes: vec![1, 2, 3],
        date: date("2024-02-29"),
        date_time: date_time("2024-02-29T12:34:56.789"),
        time: time("2024-02-29T12:34:56.000001Z"),
        uuid: Uuid::from_u128(1 << 64),
        maybe_flag: None,
        maybe_small: None,
        maybe_large: None,
        maybe_unsigned: None,
        maybe_real: None,
        maybe_text: None,
        maybe_shade: None,
        maybe_species: None,
        maybe_data: None,
        maybe_bytes: None,
        maybe_date: None,
        maybe_date_time: None,
        maybe_time: None,
        maybe_uuid: None,
    }
}

pub(crate) fn smallest() -> Specimen {
    Specimen {
        id: SpecimenId::generate(),
        flag: false,
        tiny: i8::MIN,
        small: i16::MIN,
        medium: i32::MIN,
        large: i64::MIN,
        unsigned_tiny: 0,
        unsigned_small: 0,
        unsigned_medium: 0,
        real: f64::MIN,
        text: String::new(),
        shade: Shade::Light,
        species: Species::Oak,
        data: json!({}),
        bytes: vec![],
        date: date("0001-01-01"),
        date_time: date_time("0001-01-01T00:00:00"),
        time: time("0001-01-01T00:00:00Z"),
        uuid: Uuid::nil(),
        ..ordinary()
    }
}

pub(crate) fn largest() -> Specimen {
    Specimen {
        id: SpecimenId::generate(),
        flag: true,
        tiny: i8::MAX,
        small: i16::MAX,
        medium: i32::MAX,
        large: i64::MAX,
        unsigned_tiny: u8::MAX,
        unsigned_small: u16::MAX,
        unsigned_medium: u32::MAX,
        real: f64::MAX,
        text: "\u{10ffff}".to_owned(),
        shade: Shade::VeryDark,
        species: Species::Other(String::new()),
        data: json!([[], {}, "", 0, false]),
        bytes: (0..=255).collect(),
        date: date("9999-12-31"),
        date_time: date_time("9999-12-31T23:59:59.999999"),
        time: time("9999-12-31T23:59:59.999999Z"),
        uuid: Uuid::max(),
        maybe_flag: Some(false),
        maybe_small: Some(i16::MIN),
        maybe_large: Some(i64::MIN + 1),
        maybe_unsigned: Some(u32::MAX),
        maybe_real: Some(1e-300),
        maybe_text: Some("maybe".to_owned()),
        maybe_shade: Some(Shade::Light),
        maybe_species: Some(Species::Oak),
        maybe_data: Some(json!([null])),
        maybe_bytes: Some(b"\\x00\0\xff".to_vec()),
        maybe_date: Some(date("1969-12-31")),
        maybe_date_time: Some(date_time("1969-12-31T23:59:59.999999")),
        maybe_time: Some(time("1969-12-31T23:59:59.999999Z")),
        maybe_uuid: Some(Uuid::from_u128(0x1234)),
    }
}

pub(crate) async fn come_back_as_they_were(fixture: &Fixture) {
    let specimens = Specimens::new(fixture.store());
    for specimen in [smallest(), ordinary(), largest()] {
        assert_eq!(specimens.insert(specimen.clone()).await.unwrap(), specimen);
        assert_eq!(specimens.get(specimen.id).await.unwrap(), Some(specimen));
    }
    assert_eq!(specimens.find().all().await.unwrap().len(), 3);
}

pub(crate) async fn are_set_by_upserts_and_patches(fixture: &Fixture) {
    let specimens = Specimens::new(fixture.store());
    let id = specimens.insert(ordinary()).await.unwrap().id;
    let large = Specimen { id, ..largest() };
    assert_eq!(specimens.upsert(large.clone()).await.unwrap(), large);
    assert_eq!(specimens.get(id).await.unwrap(), Some(large.clone()));

    let patch = SpecimenPatch::new()
        .flag(false)
        .tiny(i8::MIN)
        .small(i16::MIN)
        .medium(i32::MIN)
        .large(i64::MIN)
        .unsigned_tiny(0_u8)
        .unsigned_small(0_u16)
        .unsigned_medium(0_u32)
        .real(f64::MIN)
        .text("")
        .shade(Shade::Light)
        .species(Species::Oak)
        .data(json!({}))
        .bytes(vec![])
        .date(smallest().date)
        .date_time(smallest().date_time)
        .time(smallest().time)
        .uuid(Uuid::nil())
        .clear_maybe_flag()
        .clear_maybe_small()
        .clear_maybe_large()
        .clear_maybe_unsigned()
        .clear_maybe_real()
        .clear_maybe_text()
        .clear_maybe_shade()
        .clear_maybe_species()
        .clear_maybe_data()
        .clear_maybe_bytes()
        .clear_maybe_date()
        .clear_maybe_date_time()
        .clear_maybe_time()
        .clear_maybe_uuid();
    assert_eq!(specimens.update(id, patch).await.unwrap(), 1);
    assert_eq!(specimens.get(id).await.unwrap(), Some(Specimen { id, ..smallest() }));
}

pub(crate) async fn integers_beyond_the_range_of_doubles(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let edge = 1_i64 << 53;
    let keys = [i64::MIN, i64::MIN + 1, -edge - 1, -edge, edge, edge + 1, i64::MAX - 1, i64::MAX];
    facts.insert_many(keys.map(NewFact::new)).await.unwrap();
    for key in keys {
        let found = facts.find().filter(Facts::ID.eq(key)).one().await.unwrap();
        assert_eq!(found.id, key);
        let within = facts.find().filter(Facts::ID.between(key, key)).count().await.unwrap();
        assert_eq!(within, 1);
    }
    assert_eq!(facts.find().filter(Facts::ID.is_in(keys)).count().await.unwrap(), 8);
    assert_eq!(facts.find().filter(Facts::ID.gt(edge)).count().await.unwrap(), 3);
}

pub(crate) async fn reals(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let reals = [
        0.0,
        -0.0,
        0.1,
        0.2,
        0.1 + 0.2,
        0.3,
        1.0,
        -1.5,
        1e-300,
        -1e-300,
        f64::MIN_POSITIVE,
        5e-324,
        1e15 + 0.3,
        1e15 + 0.375,
        123_456_789.123_456_79,
        1e16,
        1e17,
        1.7e18,
        9_007_199_254_740_993.0,
        1e21,
        1e22,
        1e23,
        1e300,
        f64::MAX,
        f64::MIN,
        f64::EPSILON,
        std::f64::consts::PI,
        2.0 / 3.0,
        4.35,
        0.000_001,
        1e-7,
        9.5e-8,
        2.225_073_858_507_201e-308,
        1.234_567_890_123_456_7e19,
    ];
    facts
        .insert_many((0..).zip(reals).map(|(id, real)| NewFact::new(id).real(real)))
        .await
        .unwrap();
    let stored = facts.find().all().await.unwrap();
    for (fact, real) in stored.iter().zip(reals) {
        assert_eq!(fact.real, Some(real));
    }
    for real in reals {
        for (filter, expected) in [
            (Facts::REAL.eq(real), reals.iter().filter(|other| **other == real).count()),
            (Facts::REAL.lt(real), reals.iter().filter(|other| **other < real).count()),
            (Facts::REAL.ge(real), reals.iter().filter(|other| **other >= real).count()),
            (Facts::REAL.is_in([real, 42.0]), reals.iter().filter(|other| **other == real).count()),
        ] {
            let count = facts.find().filter(filter).count().await.unwrap();
            assert_eq!(count, expected as u64, "{real}");
        }
    }
}

pub(crate) async fn what_is_no_number_is_refused(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    for real in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error =
            refused(facts.insert(NewFact::new(1).real(real)).await, ErrorKind::InvalidInput);
        assert_eq!(error.table(), Some("facts"));
        assert!(error.message().contains("real"), "{error}");
        refused(facts.update(1, FactPatch::new().real(real)).await, ErrorKind::InvalidInput);
        refused(facts.find().filter(Facts::REAL.lt(real)).all().await, ErrorKind::InvalidInput);
        refused(facts.delete_where(Facts::REAL.is_in([real])).await, ErrorKind::InvalidInput);
    }
    assert_eq!(facts.find().count().await.unwrap(), 0);
}

pub(crate) async fn times_are_cut_to_microseconds(fixture: &Fixture) {
    let specimens = Specimens::new(fixture.store());
    for (given, stored) in [
        ("2024-05-01T10:00:00.123456789", "2024-05-01T10:00:00.123456"),
        ("2024-05-01T10:00:00.999999999", "2024-05-01T10:00:00.999999"),
        ("2024-05-01T10:00:00.100000", "2024-05-01T10:00:00.1"),
        ("1969-12-31T23:59:59.999999999", "1969-12-31T23:59:59.999999"),
        ("1901-03-04T05:06:07.000000500", "1901-03-04T05:06:07"),
        ("0001-01-01T00:00:00.000001", "0001-01-01T00:00:00.000001"),
        ("9999-12-31T23:59:59.999999999", "9999-12-31T23:59:59.999999"),
    ] {
        let (given, stored) = (date_time(given), date_time(stored));
        let row = Specimen {
            time: given.and_utc(),
            maybe_time: Some(given.and_utc()),
            date_time: given,
            ..ordinary()
        };
        let row = specimens.insert(row).await.unwrap();
        assert_eq!((row.time, row.date_time), (stored.and_utc(), stored));
        assert_eq!(row.maybe_time, Some(stored.and_utc()));
        assert_eq!(specimens.get(row.id).await.unwrap().as_ref(), Some(&row));
        // What one asks for is cut as well.
        for filter in [
            Specimens::TIME.eq(given.and_utc()),
            Specimens::TIME.eq(stored.and_utc()),
            Specimens::DATE_TIME.eq(given),
            Specimens::DATE_TIME.between(stored, stored),
            Specimens::MAYBE_TIME.is_in([given.and_utc()]),
        ] {
            let found = specimens.find().filter(filter).one().await.unwrap();
            assert_eq!(found.id, row.id);
        }
        specimens.delete(row.id).await.unwrap();
    }
}

pub(crate) async fn years_beyond_the_range_are_refused(fixture: &Fixture) {
    let specimens = Specimens::new(fixture.store());
    for year in [0, -1, 10_000] {
        let date = NaiveDate::from_ymd_opt(year, 6, 1).unwrap();
        let at = date.and_hms_opt(0, 0, 0).unwrap();
        for row in [
            Specimen { date, ..ordinary() },
            Specimen { date_time: at, ..ordinary() },
            Specimen { time: at.and_utc(), ..ordinary() },
        ] {
            refused(specimens.insert(row).await, ErrorKind::InvalidInput);
        }
        let find = specimens.find().filter(Specimens::TIME.lt(at.and_utc()));
        refused(find.all().await, ErrorKind::InvalidInput);
    }
}
