//! What is reckoned of each table, and what its rows are grouped by: for the library and for the oracle,
//! side by side.

use crate::entity::{Entity, Table};
use crate::tables::{Customer, Customers, Item, Items, Order, Orders};
use crate::value::{Cell, Contents};
use chronicle::{Aggregates, Find, Groups, Result, count};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Function {
    Count,
    CountOf(usize),
    Sum(usize),
    Min(usize),
    Max(usize),
}

/// What is reckoned, by its number.
pub(crate) fn functions(table: Table, number: usize) -> Vec<Function> {
    use Function::{Count, CountOf, Max, Min, Sum};
    match (table, number) {
        (Table::Customers, 0) => vec![Count, Sum(4), Max(0)],
        (Table::Customers, 1) => vec![Min(1), Max(1), Sum(0), CountOf(2)],
        (Table::Customers, _) => vec![CountOf(3), Min(3), Max(4)],
        (Table::Orders, 0) => vec![Count, Sum(3), Max(5)],
        (Table::Orders, 1) => vec![Min(4), Max(4), Sum(0), CountOf(6)],
        (Table::Orders, _) => vec![Min(6), Max(3), Min(5)],
        (Table::Items, 0) => vec![Count, Sum(4), Sum(5)],
        (Table::Items, 1) => vec![Min(2), Max(2), CountOf(5), Sum(1)],
        (Table::Items, _) => vec![Max(5), Min(6), Sum(0)],
    }
}

/// What the rows are grouped by, by its number.
pub(crate) fn groups(table: Table, number: usize) -> Vec<usize> {
    match (table, number) {
        (_, 0) => vec![],
        (Table::Customers | Table::Orders, 1) => vec![2],
        (Table::Customers, 2) => vec![3, 1],
        (Table::Customers, _) => vec![4, 3, 2],
        (Table::Orders, 2) => vec![1, 2],
        (Table::Orders, _) => vec![4, 5, 3],
        (Table::Items, 1) => vec![6],
        (Table::Items, 2) => vec![3, 0],
        (Table::Items, _) => vec![5, 2, 4],
    }
}

/// Both compiled forms, and the answer.
pub(crate) type Asked = (String, Result<Vec<Vec<Cell>>>);

macro_rules! ask {
    ($find:ident, $aggregates:ident, $groups:ident; [$first:expr, $second:expr, $third:expr]; $by:tt) => {
        match $aggregates {
            0 => ask!(@$find, $first, $groups; $by),
            1 => ask!(@$find, $second, $groups; $by),
            _ => ask!(@$find, $third, $groups; $by),
        }
    };
    (@$find:ident, $aggregates:expr, $groups:ident; [$first:expr, $second:expr, $third:expr]) => {
        match $groups {
            0 => of_all($find, $aggregates).await,
            1 => by($find, $aggregates, $first).await,
            2 => by($find, $aggregates, $second).await,
            _ => by($find, $aggregates, $third).await,
        }
    };
}

pub(crate) async fn of_customers(find: Find<Customer>, aggregates: usize, groups: usize) -> Asked {
    ask!(find, aggregates, groups;
    [
        (count(), Customers::CREDIT.sum(), Customers::ID.max()),
        (
            Customers::NAME.min(),
            Customers::NAME.max(),
            Customers::ID.sum(),
            Customers::CITY.count(),
        ),
        (Customers::VIP.count(), Customers::VIP.min(), Customers::CREDIT.max())
    ];
    [
        Customers::CITY,
        (Customers::VIP, Customers::NAME),
        (Customers::CREDIT, Customers::VIP, Customers::CITY)
    ])
}

pub(crate) async fn of_orders(find: Find<Order>, aggregates: usize, groups: usize) -> Asked {
    ask!(find, aggregates, groups;
    [
        (count(), Orders::TOTAL.sum(), Orders::PLACED.max()),
        (Orders::NOTE.min(), Orders::NOTE.max(), Orders::ID.sum(), Orders::WEIGHT.count()),
        (Orders::WEIGHT.min(), Orders::TOTAL.max(), Orders::PLACED.min())
    ];
    [
        Orders::STATUS,
        (Orders::CUSTOMER_ID, Orders::STATUS),
        (Orders::NOTE, Orders::PLACED, Orders::TOTAL)
    ])
}

pub(crate) async fn of_items(find: Find<Item>, aggregates: usize, groups: usize) -> Asked {
    ask!(find, aggregates, groups;
    [
        (count(), Items::AMOUNT.sum(), Items::PRICE.sum()),
        (Items::WARE.min(), Items::WARE.max(), Items::PRICE.count(), Items::NUMBER.sum()),
        (Items::PRICE.max(), Items::DAY.min(), Items::ORDER_ID.sum())
    ];
    [
        Items::DAY,
        (Items::LABEL, Items::ORDER_ID),
        (Items::PRICE, Items::WARE, Items::AMOUNT)
    ])
}

async fn of_all<R: Entity, A: Aggregates<R>>(find: Find<R>, aggregates: A) -> Asked
where
    A::Output: Contents,
{
    let summary = find.aggregate(aggregates);
    let forms = forms(summary.to_sql(), summary.to_request());
    (forms, summary.one().await.map(|made| vec![made.cells()]))
}

async fn by<R: Entity, A: Aggregates<R>, G: Groups<R>>(
    find: Find<R>,
    aggregates: A,
    groups: G,
) -> Asked
where
    A::Output: Contents,
    G::Values: Contents,
{
    let summary = find.aggregate(aggregates).group_by(groups);
    let forms = forms(summary.to_sql(), summary.to_request());
    let rows = summary.all().await.map(|rows| {
        rows.into_iter().map(|(group, made)| [group.cells(), made.cells()].concat()).collect()
    });
    (forms, rows)
}

/// Both compiled forms as text.
pub(crate) fn forms(
    sql: Result<sea_orm::Statement>,
    request: Result<chronicle::postgrest::Request>,
) -> String {
    let sql = match sql {
        Ok(statement) => format!("{} {:?}", statement.sql, statement.values.map(|values| values.0)),
        Err(error) => error.to_string(),
    };
    format!("{sql}\n{}", request.map_or_else(|error| error.to_string(), |it| it.to_string()))
}
