//! What is drawn: values at the ends of their types and among them, and text over all of Unicode.

use crate::entity::Kind;
use crate::tables::{Status, customer, item, order};
use crate::value::{Cell, Content};
use crate::world::World;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use sea_orm::prelude::Decimal;
use std::collections::BTreeMap;
use uuid::Uuid;

const TEXTS: &[&str] = &[
    "",
    "a",
    "A",
    "ab",
    "aB",
    "b",
    "B",
    "ä",
    "Ä",
    "é",
    "e\u{301}",
    "ß",
    "ẞ",
    "σ",
    "ς",
    "Σ",
    "İ",
    "ı",
    "i",
    "I",
    "K",
    "k",
    "Å",
    "ﬀ",
    "z",
    "Z",
    "_",
    "%",
    "*",
    "?",
    "[a-z]",
    "(a)",
    "a.b",
    "a,b",
    "\"a\"",
    "\\",
    "null",
    " a",
    "a ",
    "\u{ffff}",
    "\u{10000}",
    "\u{10ffff}",
    "\u{7f}",
    "\n",
    "'",
];

pub(crate) fn text() -> BoxedStrategy<String> {
    let character = any::<char>().prop_filter("NUL is refused", |character| *character != '\0');
    let letter = prop_oneof![
        3 => select(vec!['a', 'A', 'b', 'ä', 'Ä', 'σ', 'Σ', 'ς', ' ', '-', '%', '_', '*']),
        1 => character,
    ];
    prop_oneof![
        3 => select(TEXTS).prop_map(str::to_owned),
        1 => vec(letter, 0..5).prop_map(String::from_iter),
    ]
    .boxed()
}

fn i16s() -> impl Strategy<Value = i16> + Clone {
    prop_oneof![4 => -3_i16..4, 1 => select(vec![i16::MIN, i16::MAX]), 1 => any::<i16>()]
}

fn i32s() -> impl Strategy<Value = i32> + Clone {
    prop_oneof![4 => -3_i32..4, 1 => select(vec![i32::MIN, i32::MAX]), 1 => any::<i32>()]
}

fn i64s() -> impl Strategy<Value = i64> + Clone {
    prop_oneof![
        4 => -3_i64..4,
        1 => select(vec![i64::MIN, i64::MAX, i64::MAX - 1, 1 << 53, (1 << 53) + 1]),
        1 => any::<i64>(),
    ]
}

fn reals() -> impl Strategy<Value = f64> + Clone {
    prop_oneof![
        3 => select(vec![-1.5, -0.1, 0.0, 0.1, 0.3, 1.0, 1e15 + 0.3]),
        1 => select(vec![f64::MIN, f64::MAX, f64::MIN_POSITIVE, f64::EPSILON]),
        1 => proptest::num::f64::NORMAL,
    ]
}

/// With six digits behind the point at most, so that the oracle can add them up.
fn decimals() -> impl Strategy<Value = Decimal> + Clone {
    prop_oneof![
        3 => (-200_i64..200, 0_u32..4).prop_map(|(digits, scale)| Decimal::new(digits, scale)),
        1 => select(vec![Decimal::MIN, Decimal::MAX, Decimal::ZERO]),
        1 => (any::<i64>(), 0_u32..=6).prop_map(|(digits, scale)| Decimal::new(digits, scale)),
    ]
    .prop_map(|number| number.normalize())
}

fn times() -> impl Strategy<Value = DateTime<Utc>> + Clone {
    let time = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
    let (first, last) = (time("0001-01-01T00:00:00Z"), time("9999-12-31T23:59:59.999999Z"));
    let span = (last - first).num_microseconds().unwrap();
    prop_oneof![
        3 => (0_i64..5).prop_map(move |step| time("2026-01-01T00:00:00Z") + TimeDelta::microseconds(step)),
        1 => select(vec![first, last, time("1969-12-31T23:59:59.5Z")]),
        1 => (0..=span).prop_map(move |after| first + TimeDelta::microseconds(after)),
    ]
}

fn dates() -> impl Strategy<Value = NaiveDate> + Clone {
    let date = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
    prop_oneof![
        3 => (0_i64..5).prop_map(move |step| date(2026, 2, 27) + TimeDelta::days(step)),
        1 => select(vec![date(1, 1, 1), date(9999, 12, 31), date(1900, 3, 1)]),
    ]
}

fn uuids() -> impl Strategy<Value = Uuid> + Clone {
    prop_oneof![
        2 => (0_u128..4).prop_map(Uuid::from_u128),
        1 => select(vec![Uuid::nil(), Uuid::max(), Uuid::from_u128(0x80 << 120)]),
        1 => any::<u128>().prop_map(Uuid::from_u128),
    ]
}

fn statuses() -> impl Strategy<Value = Status> + Clone {
    select(vec![Status::Open, Status::Paid, Status::Late])
}

/// A value that is not NULL, for a comparison with a column of this kind.
pub(crate) fn cell(kind: Kind) -> BoxedStrategy<Cell> {
    match kind {
        Kind::Bool => any::<bool>().prop_map(Content::cell).boxed(),
        Kind::I16 => i16s().prop_map(Content::cell).boxed(),
        Kind::I32 => i32s().prop_map(Content::cell).boxed(),
        Kind::I64 => i64s().prop_map(Content::cell).boxed(),
        Kind::Real => reals().prop_map(Content::cell).boxed(),
        Kind::Decimal => decimals().prop_map(Content::cell).boxed(),
        Kind::Text => text().prop_map(Content::cell).boxed(),
        Kind::Status => statuses().prop_map(Content::cell).boxed(),
        Kind::Time => times().prop_map(Content::cell).boxed(),
        Kind::Date => dates().prop_map(Content::cell).boxed(),
        Kind::Uuid => uuids().prop_map(Content::cell).boxed(),
    }
}

fn maybe<T: std::fmt::Debug>(values: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    option::weighted(0.7, values)
}

fn customers() -> impl Strategy<Value = customer::Model> {
    let credit = maybe(i64s());
    (i32s(), text(), maybe(text()), maybe(any::<bool>()), credit)
        .prop_map(|(id, name, city, vip, credit)| customer::Model { id, name, city, vip, credit })
}

/// An order, and whose it is.
fn orders() -> impl Strategy<Value = (order::Model, Option<Index>)> {
    let columns = (i64s(), statuses(), decimals(), maybe(text()), times(), maybe(reals()));
    let order = columns.prop_map(|(id, status, total, note, placed, weight)| order::Model {
        id,
        customer_id: None,
        status,
        total,
        note,
        placed,
        weight,
    });
    (order, maybe(any::<Index>()))
}

/// An item, and the order that it is of.
fn items() -> impl Strategy<Value = (item::Model, Index)> {
    let columns = (i16s(), uuids(), text(), i32s(), maybe(decimals()), maybe(dates()));
    let item = columns.prop_map(|(number, ware, label, amount, price, day)| item::Model {
        order_id: 0,
        number,
        ware,
        label,
        amount,
        price,
        day,
    });
    (item, any::<Index>())
}

/// The rows of all three tables. Of several with one key the last counts.
pub(crate) fn world() -> impl Strategy<Value = World> {
    (vec(customers(), 0..12), vec(orders(), 0..30), vec(items(), 0..60)).prop_map(
        |(customers, orders, items)| {
            let customers: BTreeMap<i32, _> =
                customers.into_iter().map(|customer| (customer.id, customer)).collect();
            let ids: Vec<i32> = customers.keys().copied().collect();
            let orders: BTreeMap<i64, _> = orders
                .into_iter()
                .map(|(order, of)| {
                    let of = of.filter(|_| !ids.is_empty());
                    let customer_id = of.map(|index| *index.get(&ids));
                    (order.id, order::Model { customer_id, ..order })
                })
                .collect();
            let ids: Vec<i64> = orders.keys().copied().collect();
            let items: BTreeMap<(i64, i16), _> = items
                .into_iter()
                .filter(|_| !ids.is_empty())
                .map(|(item, of)| {
                    let order_id = *of.get(&ids);
                    ((order_id, item.number), item::Model { order_id, ..item })
                })
                .collect();
            World::new(
                customers.into_values().collect(),
                orders.into_values().collect(),
                items.into_values().collect(),
            )
        },
    )
}
