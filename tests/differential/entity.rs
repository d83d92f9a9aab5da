//! [`Entity`]: what the tables offer, so that queries can be drawn over any of them.

use crate::condition::{Comparison, Condition, TextTest};
use crate::tables::{Customer, Customers, Item, Items, Order as OrderRow, Orders, Status};
use crate::value::{Cell, Content};
use chronicle::{Filter, Order, Record};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::prelude::Decimal;
use std::fmt::Debug;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Customers,
    Orders,
    Items,
}

/// What is drawn for a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    I16,
    I32,
    I64,
    Real,
    Decimal,
    Text,
    Status,
    Time,
    Date,
    Uuid,
}

/// A column, without the type of its rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    pub(crate) is_nullable: bool,
    pub(crate) is_ordered: bool,
    pub(crate) is_text: bool,
}

/// Rows of another table, by columns that hold the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Related {
    pub(crate) table: Table,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Direction {
    Ascending,
    AscendingNullsLast,
    Descending,
    DescendingNullsFirst,
}

/// What the library offers for a column.
pub(crate) struct Column<R> {
    pub(crate) shape: Shape,
    pub(crate) compare: fn(Comparison, &Cell) -> Filter<R>,
    pub(crate) is_in: fn(&[Cell]) -> Filter<R>,
    pub(crate) between: fn(&Cell, &Cell) -> Filter<R>,
    pub(crate) text: fn(TextTest, &str) -> Filter<R>,
    pub(crate) is_null: fn() -> Filter<R>,
    pub(crate) order: fn(Direction) -> Order<R>,
}

pub(crate) trait Entity: Record + Clone + Debug + PartialEq {
    const KEY: &'static [usize];
    const RELATED: &'static [Related];
    fn columns() -> Vec<Column<Self>>;
    fn cells(self) -> Vec<Cell>;
    fn related(relation: usize, condition: Option<&Condition>) -> Filter<Self>;
}

macro_rules! column {
    ($repository:ident::$field:ident: $type:ty, $kind:ident $(, $offer:ident)*) => {{
        #[allow(unused_mut, reason = "not every column offers more")]
        let mut column = Column {
            shape: Shape { kind: Kind::$kind, is_nullable: false, is_ordered: false, is_text: false },
            compare: |comparison, cell| match comparison {
                Comparison::Equal => $repository::$field.eq(<$type>::of(cell)),
                Comparison::NotEqual => $repository::$field.ne(<$type>::of(cell)),
                other => panic!("{other:?} of what has no order"),
            },
            is_in: |cells| $repository::$field.is_in(cells.iter().map(<$type>::of)),
            between: |_, _| panic!("it has no order"),
            text: |_, _| panic!("it is no text"),
            is_null: || panic!("it is never NULL"),
            order: |_| panic!("it has no order"),
        };
        $(column!(@$offer column $repository $field $type);)*
        column
    }};
    (@ordered $column:ident $repository:ident $field:ident $type:ty) => {
        $column.shape.is_ordered = true;
        $column.compare = |comparison, cell| match comparison {
            Comparison::Equal => $repository::$field.eq(<$type>::of(cell)),
            Comparison::NotEqual => $repository::$field.ne(<$type>::of(cell)),
            Comparison::Less => $repository::$field.lt(<$type>::of(cell)),
            Comparison::LessOrEqual => $repository::$field.le(<$type>::of(cell)),
            Comparison::Greater => $repository::$field.gt(<$type>::of(cell)),
            Comparison::GreaterOrEqual => $repository::$field.ge(<$type>::of(cell)),
        };
        $column.between =
            |low, high| $repository::$field.between(<$type>::of(low), <$type>::of(high));
        $column.order = |direction| match direction {
            Direction::Ascending => $repository::$field.asc(),
            Direction::AscendingNullsLast => $repository::$field.asc().nulls_last(),
            Direction::Descending => $repository::$field.desc(),
            Direction::DescendingNullsFirst => $repository::$field.desc().nulls_first(),
        };
    };
    (@nullable $column:ident $repository:ident $field:ident $type:ty) => {
        $column.shape.is_nullable = true;
        $column.is_null = || $repository::$field.is_null();
    };
    (@text $column:ident $repository:ident $field:ident $type:ty) => {
        $column.shape.is_text = true;
        $column.text = |test, text| match test {
            TextTest::Contains => $repository::$field.contains(text),
            TextTest::StartsWith => $repository::$field.starts_with(text),
            TextTest::EndsWith => $repository::$field.ends_with(text),
            TextTest::ContainsAnyCase => $repository::$field.contains_any_case(text),
            TextTest::StartsWithAnyCase => $repository::$field.starts_with_any_case(text),
            TextTest::EndsWithAnyCase => $repository::$field.ends_with_any_case(text),
            TextTest::EqualAnyCase => $repository::$field.eq_any_case(text),
        };
    };
}

fn filter_of<R: Entity>(condition: Option<&Condition>) -> Option<Filter<R>> {
    condition.map(Condition::filter)
}

impl Entity for Customer {
    const KEY: &'static [usize] = &[0];
    const RELATED: &'static [Related] = &[Related { table: Table::Orders, from: 0, to: 1 }];

    fn columns() -> Vec<Column<Self>> {
        vec![
            column!(Customers::ID: i32, I32, ordered),
            column!(Customers::NAME: String, Text, ordered, text),
            column!(Customers::CITY: String, Text, text, nullable),
            column!(Customers::VIP: bool, Bool, ordered, nullable),
            column!(Customers::CREDIT: i64, I64, ordered, nullable),
        ]
    }

    fn cells(self) -> Vec<Cell> {
        let Self { id, name, city, vip, credit } = self;
        vec![id.cell(), name.cell(), city.cell(), vip.cell(), credit.cell()]
    }

    fn related(_: usize, condition: Option<&Condition>) -> Filter<Self> {
        match filter_of(condition) {
            Some(filter) => Customers::ORDERS.any(filter),
            None => Customers::ORDERS.exists(),
        }
    }
}

impl Entity for OrderRow {
    const KEY: &'static [usize] = &[0];
    const RELATED: &'static [Related] = &[
        Related { table: Table::Customers, from: 1, to: 0 },
        Related { table: Table::Items, from: 0, to: 0 },
    ];

    fn columns() -> Vec<Column<Self>> {
        vec![
            column!(Orders::ID: i64, I64, ordered),
            column!(Orders::CUSTOMER_ID: i32, I32, ordered, nullable),
            column!(Orders::STATUS: Status, Status),
            column!(Orders::TOTAL: Decimal, Decimal, ordered),
            column!(Orders::NOTE: String, Text, ordered, text, nullable),
            column!(Orders::PLACED: DateTime<Utc>, Time, ordered),
            column!(Orders::WEIGHT: f64, Real, ordered, nullable),
        ]
    }

    fn cells(self) -> Vec<Cell> {
        let Self { id, customer_id, status, total, note, placed, weight } = self;
        let customer_id = customer_id.cell();
        let (status, total, note) = (status.cell(), total.cell(), note.cell());
        vec![id.cell(), customer_id, status, total, note, placed.cell(), weight.cell()]
    }

    fn related(relation: usize, condition: Option<&Condition>) -> Filter<Self> {
        if relation == 0 {
            return match filter_of(condition) {
                Some(filter) => Orders::CUSTOMER.is(filter),
                None => Orders::CUSTOMER.exists(),
            };
        }
        match filter_of(condition) {
            Some(filter) => Orders::ITEMS.any(filter),
            None => Orders::ITEMS.exists(),
        }
    }
}

impl Entity for Item {
    const KEY: &'static [usize] = &[0, 1];
    const RELATED: &'static [Related] = &[Related { table: Table::Orders, from: 0, to: 0 }];

    fn columns() -> Vec<Column<Self>> {
        vec![
            column!(Items::ORDER_ID: i64, I64, ordered),
            column!(Items::NUMBER: i16, I16, ordered),
            column!(Items::WARE: Uuid, Uuid, ordered),
            column!(Items::LABEL: String, Text, text),
            column!(Items::AMOUNT: i32, I32, ordered),
            column!(Items::PRICE: Decimal, Decimal, ordered, nullable),
            column!(Items::DAY: NaiveDate, Date, ordered, nullable),
        ]
    }

    fn cells(self) -> Vec<Cell> {
        let Self { order_id, number, ware, label, amount, price, day } = self;
        let (ware, label) = (ware.cell(), label.cell());
        vec![order_id.cell(), number.cell(), ware, label, amount.cell(), price.cell(), day.cell()]
    }

    fn related(_: usize, condition: Option<&Condition>) -> Filter<Self> {
        match filter_of(condition) {
            Some(filter) => Items::ORDER.is(filter),
            None => Items::ORDER.exists(),
        }
    }
}

impl Table {
    pub(crate) const EACH: [Self; 3] = [Self::Customers, Self::Orders, Self::Items];

    pub(crate) fn shapes(self) -> Vec<Shape> {
        fn of<R: Entity>() -> Vec<Shape> {
            R::columns().iter().map(|column| column.shape).collect()
        }
        match self {
            Self::Customers => of::<Customer>(),
            Self::Orders => of::<OrderRow>(),
            Self::Items => of::<Item>(),
        }
    }

    pub(crate) const fn key(self) -> &'static [usize] {
        match self {
            Self::Customers => Customer::KEY,
            Self::Orders => OrderRow::KEY,
            Self::Items => Item::KEY,
        }
    }

    pub(crate) const fn related(self) -> &'static [Related] {
        match self {
            Self::Customers => Customer::RELATED,
            Self::Orders => OrderRow::RELATED,
            Self::Items => Item::RELATED,
        }
    }
}
