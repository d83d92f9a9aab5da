//! [`Cell`]: a value of any column, as the oracle takes it.

use crate::tables::Status;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::ActiveEnum;
use sea_orm::prelude::Decimal;
use std::cmp::Ordering;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Null,
    Bool(bool),
    Whole(i128),
    Real(f64),
    Decimal(Decimal),
    Text(String),
    Time(DateTime<Utc>),
    Date(NaiveDate),
    Uuid(Uuid),
}

impl Cell {
    pub(crate) const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// NULL is the smallest value; text sorts by its bytes. Both are of one column.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Less,
            (_, Self::Null) => Ordering::Greater,
            (Self::Bool(one), Self::Bool(other)) => one.cmp(other),
            (Self::Whole(one), Self::Whole(other)) => one.cmp(other),
            (Self::Real(one), Self::Real(other)) => one.partial_cmp(other).unwrap(),
            (Self::Decimal(one), Self::Decimal(other)) => one.cmp(other),
            (Self::Text(one), Self::Text(other)) => one.as_bytes().cmp(other.as_bytes()),
            (Self::Time(one), Self::Time(other)) => one.cmp(other),
            (Self::Date(one), Self::Date(other)) => one.cmp(other),
            (Self::Uuid(one), Self::Uuid(other)) => one.as_bytes().cmp(other.as_bytes()),
            _ => panic!("{self:?} and {other:?} are of two columns"),
        }
    }
}

/// What a column holds, as a cell and back.
pub(crate) trait Content: Sized {
    fn cell(self) -> Cell;
    /// Of a cell that is not NULL, unless this is an `Option`.
    fn of(cell: &Cell) -> Self;
}

macro_rules! contents {
    ($($type:ty: $variant:ident, $into:expr, $of:expr;)+) => { $(
        impl Content for $type {
            fn cell(self) -> Cell {
                Cell::$variant($into(self))
            }
            fn of(cell: &Cell) -> Self {
                match cell {
                    Cell::$variant(value) => $of(value.clone()),
                    other => panic!("{other:?} is no {}", stringify!($type)),
                }
            }
        }
    )+ };
}

contents! {
    bool: Bool, std::convert::identity, std::convert::identity;
    i16: Whole, i128::from, |value: i128| value.try_into().unwrap();
    i32: Whole, i128::from, |value: i128| value.try_into().unwrap();
    i64: Whole, i128::from, |value: i128| value.try_into().unwrap();
    u64: Whole, i128::from, |value: i128| value.try_into().unwrap();
    i128: Whole, std::convert::identity, std::convert::identity;
    f64: Real, std::convert::identity, std::convert::identity;
    Decimal: Decimal, std::convert::identity, std::convert::identity;
    String: Text, std::convert::identity, std::convert::identity;
    Status: Text, |status: Status| status.to_value(), |text| Status::try_from_value(&text).unwrap();
    DateTime<Utc>: Time, std::convert::identity, std::convert::identity;
    NaiveDate: Date, std::convert::identity, std::convert::identity;
    Uuid: Uuid, std::convert::identity, std::convert::identity;
}

impl<T: Content> Content for Option<T> {
    fn cell(self) -> Cell {
        self.map_or(Cell::Null, Content::cell)
    }
    fn of(cell: &Cell) -> Self {
        (!cell.is_null()).then(|| T::of(cell))
    }
}

/// Several contents in a row.
pub(crate) trait Contents {
    fn cells(self) -> Vec<Cell>;
}

macro_rules! tuples {
    ($(($($part:ident)+);)+) => { $(
        #[allow(non_snake_case, reason = "they are named as their types")]
        impl<$($part: Content),+> Contents for ($($part,)+) {
            fn cells(self) -> Vec<Cell> {
                let ($($part,)+) = self;
                vec![$($part.cell()),+]
            }
        }
    )+ };
}
tuples! { (A B); (A B C); (A B C D); (A B C D E); }

impl<T: Content> Contents for T {
    fn cells(self) -> Vec<Cell> {
        vec![self.cell()]
    }
}
