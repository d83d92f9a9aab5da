//! Comparisons of each ordered type, nests, and long chains.

use crate::fixture::Fixture;
use crate::kinds;
use crate::sample::{Facts, NewFact, NewParent, Parents, Shade, Species, Specimens, ids, time};
use chronicle::Filter;

pub(crate) async fn comparisons_of_every_kind(fixture: &Fixture) {
    let specimens = Specimens::new(fixture.store());
    let low = specimens.insert(kinds::smallest()).await.unwrap();
    let middle = specimens.insert(kinds::ordinary()).await.unwrap();
    let high = specimens.insert(kinds::largest()).await.unwrap();

    macro_rules! check {
        ($($constant:ident $field:ident),*) => {$({
            let field = Specimens::$constant;
            for (filter, expected) in [
                (field.lt(middle.$field), vec![low.id]),
                (field.le(middle.$field), vec![low.id, middle.id]),
                (field.gt(middle.$field), vec![high.id]),
                (field.ge(middle.$field), vec![middle.id, high.id]),
                (field.eq(middle.$field), vec![middle.id]),
                (field.ne(middle.$field), vec![low.id, high.id]),
                (field.eq(low.$field), vec![low.id]),
                (field.eq(high.$field), vec![high.id]),
                (field.between(middle.$field, high.$field), vec![middle.id, high.id]),
                (field.is_in([low.$field, high.$field]), vec![low.id, high.id]),
            ] {
                let found = specimens.find().filter(filter.clone()).order_by(field.asc()).all().await;
                let found: Vec<_> = found.unwrap().into_iter().map(|row| row.id).collect();
                assert_eq!(found, expected, "{filter:?}");
            }
            let descending = specimens.find().order_by(field.desc()).all().await.unwrap();
            let keys: Vec<_> = descending.into_iter().map(|row| row.id).collect();
            assert_eq!(keys, [high.id, middle.id, low.id], "{field:?}");
        })*};
    }
    check!(
        TINY tiny, SMALL small, MEDIUM medium, LARGE large, UNSIGNED_TINY unsigned_tiny,
        UNSIGNED_SMALL unsigned_small, UNSIGNED_MEDIUM unsigned_medium, REAL real, DATE date,
        DATE_TIME date_time, TIME time, UUID uuid
    );
}

pub(crate) async fn equality_of_every_kind(fixture: &Fixture) {
    let specimens = Specimens::new(fixture.store());
    let low = specimens.insert(kinds::smallest()).await.unwrap();
    let high = specimens.insert(kinds::largest()).await.unwrap();

    macro_rules! check {
        ($($constant:ident $field:ident),*) => {$({
            let field = Specimens::$constant;
            for (filter, expected) in [
                (field.eq(&low.$field), low.id),
                (field.ne(&low.$field), high.id),
                (field.is_in([&high.$field]), high.id),
                (!field.is_in([&high.$field]), low.id),
            ] {
                let found = specimens.find().filter(filter.clone()).one().await;
                assert_eq!(found.unwrap_or_else(|error| panic!("{filter:?}: {error}")).id, expected);
            }
        })*};
    }
    check!(FLAG flag, TEXT text, SHADE shade, SPECIES species, BYTES bytes, UUID uuid, ID id);

    macro_rules! check_optional {
        ($($constant:ident $field:ident),*) => {$({
            let field = Specimens::$constant;
            let value = high.$field.clone().unwrap();
            assert_eq!(specimens.find().filter(field.eq(&value)).one().await.unwrap().id, high.id);
            assert_eq!(specimens.find().filter(field.ne(&value)).count().await.unwrap(), 0);
            assert_eq!(specimens.find().filter(field.is_null()).one().await.unwrap().id, low.id);
            let is_not_null = specimens.find().filter(field.is_not_null());
            assert_eq!(is_not_null.one().await.unwrap().id, high.id);
        })*};
    }
    check_optional!(
        MAYBE_FLAG maybe_flag, MAYBE_SMALL maybe_small, MAYBE_LARGE maybe_large,
        MAYBE_UNSIGNED maybe_unsigned, MAYBE_REAL maybe_real, MAYBE_TEXT maybe_text,
        MAYBE_SHADE maybe_shade, MAYBE_SPECIES maybe_species, MAYBE_BYTES maybe_bytes,
        MAYBE_DATE maybe_date, MAYBE_DATE_TIME maybe_date_time, MAYBE_TIME maybe_time,
        MAYBE_UUID maybe_uuid
    );
}

pub(crate) async fn enums_and_open_sets_are_text(fixture: &Fixture) {
    let specimens = Specimens::new(fixture.store());
    let unknown = Species::Other("a,b \"c\" (d)".to_owned());
    for species in [Species::Oak, unknown.clone()] {
        specimens.insert(crate::sample::Specimen { species, ..kinds::ordinary() }).await.unwrap();
    }
    for (filter, rows) in [
        (Specimens::SPECIES.eq(Species::Oak), 1),
        (Specimens::SPECIES.eq(&unknown), 1),
        (Specimens::SPECIES.eq(Species::Other("oak".to_owned())), 1),
        (Specimens::SPECIES.starts_with("oa"), 1),
        (Specimens::SPECIES.contains("\"c\""), 1),
        (Specimens::SPECIES.is_in([Species::Oak, unknown.clone()]), 2),
        (Specimens::SHADE.eq(Shade::VeryDark), 2),
        (Specimens::SHADE.is_in([Shade::Light, Shade::VeryDark]), 2),
        (Specimens::SHADE.ne(Shade::VeryDark), 0),
    ] {
        assert_eq!(
            specimens.find().filter(filter.clone()).count().await.unwrap(),
            rows,
            "{filter:?}"
        );
    }
}

pub(crate) async fn long_lists_of_every_kind(fixture: &Fixture) {
    let specimens = Specimens::new(fixture.store());
    let high = specimens.insert(kinds::largest()).await.unwrap();
    specimens.insert(kinds::smallest()).await.unwrap();
    macro_rules! check {
        ($($constant:ident $field:ident $filler:expr),*) => {$({
            let filler = $filler;
            let values = (0..100).map(filler).chain([high.$field.clone().into()]);
            let found = specimens.find().filter(Specimens::$constant.is_in(values)).one().await;
            assert_eq!(found.unwrap().id, high.id, stringify!($field));
        })*};
    }
    check!(
        SMALL small |at: i16| at, MEDIUM medium |at: i32| at, LARGE large |at: i64| at,
        UNSIGNED_MEDIUM unsigned_medium |at: u32| at + 1, REAL real |at: i32| f64::from(at) / 7.0,
        TEXT text |at: i32| format!("text {at}"), BYTES bytes |at: u8| vec![at, at],
        UUID uuid |at: u128| uuid::Uuid::from_u128(at + 1),
        DATE date |at: u64| chrono::NaiveDate::default() + chrono::Days::new(at),
        DATE_TIME date_time |at: i64| chrono::DateTime::from_timestamp(at, 1_000).unwrap().naive_utc(),
        TIME time |at: i64| chrono::DateTime::from_timestamp(at, 1_000).unwrap(),
        SPECIES species |at: i32| Species::Other(at.to_string()),
        ID id |_: i32| crate::sample::SpecimenId::generate()
    );
}

/// What a condition says of four columns.
type Expected = fn((bool, bool, bool, bool)) -> bool;

pub(crate) async fn nests_are_kept(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts
        .insert_many((0..16).map(|id| {
            let bit = |at: i64| (id >> at) & 1 == 1;
            NewFact::new(id)
                .flag(bit(0))
                .number(i32::from(bit(1)))
                .text(if bit(2) { "t" } else { "f" })
                .real(f64::from(u8::from(bit(3))))
        }))
        .await
        .unwrap();
    let (a, b) = (Facts::FLAG.eq(true), Facts::NUMBER.eq(1));
    let (c, d) = (Facts::TEXT.eq("t"), Facts::REAL.eq(1.0));
    let bits = |id: i64| ((id & 1) == 1, (id & 2) == 2, (id & 4) == 4, (id & 8) == 8);
    let [a, b, c, d] = [a, b, c, d].map(|filter| move || filter.clone());
    let not_a_implies_b = || !(a().and(!b()));
    let neither_c_nor_d = || !(c().or(d()));
    let cases: [(Filter<_>, Expected); 6] = [
        (a().or(b().and(c())).and(d()), |(a, b, c, d)| (a || b && c) && d),
        (a().and(b()).or(c().and(d())), |(a, b, c, d)| a && b || c && d),
        (not_a_implies_b().or(neither_c_nor_d()), |(a, b, c, d)| !a || b || !(c || d)),
        (!not_a_implies_b().and(!!c()), |(a, b, c, _)| a && !b || !c),
        (Filter::any([a().and(b()), neither_c_nor_d()]), |(a, b, c, d)| a && b || !(c || d)),
        (!Filter::all([a(), b(), Filter::any([c(), d()])]), |(a, b, c, d)| !(a && b && (c || d))),
    ];
    for (filter, expected) in cases {
        let found = facts.find().filter(filter.clone()).all().await.unwrap();
        let expected: Vec<i64> = (0..16).filter(|id| expected(bits(*id))).collect();
        assert_eq!(ids(&found), expected, "{filter:?}");
    }
}

pub(crate) async fn long_chains_and_deep_nests(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert_many((0..100).map(|id| NewFact::new(id).number(id))).await.unwrap();
    let chain = (1..90).fold(Facts::ID.eq(0), |filter, id| filter.or(Facts::ID.eq(id)));
    assert_eq!(facts.find().filter(chain).count().await.unwrap(), 90);
    let nest = (0..40).fold(Facts::NUMBER.ge(50), |filter, _| !filter.and(Facts::ID.ge(0)));
    assert_eq!(facts.find().filter(nest).count().await.unwrap(), 50);
}

pub(crate) async fn times_in_ranges(fixture: &Fixture) {
    let parents = Parents::new(fixture.store());
    for (name, at) in [
        ("a", "2024-05-01T10:00:00Z"),
        ("b", "2024-05-01T10:00:00.000001Z"),
        ("c", "2024-05-01T10:00:00.1Z"),
        ("d", "2024-05-01T10:00:00.123456Z"),
        ("e", "2024-05-01T10:00:01Z"),
    ] {
        parents.insert(NewParent::new(name).created_at(time(at))).await.unwrap();
    }
    for (low, high, expected) in [
        ("2024-05-01T10:00:00Z", "2024-05-01T10:00:00Z", "a"),
        ("2024-05-01T10:00:00.000001Z", "2024-05-01T10:00:00.1Z", "bc"),
        ("2024-05-01T12:00:00.05+02:00", "2024-05-01T12:00:01+02:00", "cde"),
        ("2024-05-01T10:00:00.123457Z", "2024-05-01T10:00:00.999999Z", ""),
        ("2024-05-01T10:00:01Z", "2024-05-01T10:00:00Z", ""),
    ] {
        let within = Parents::CREATED_AT.between(time(low), time(high));
        let found = parents.find().filter(within).order_by(Parents::CREATED_AT.asc()).all().await;
        let names: String = found.unwrap().into_iter().map(|parent| parent.name).collect();
        assert_eq!(names, expected, "{low} to {high}");
    }
}
