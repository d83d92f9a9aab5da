//! [`Aggregation`]: what a backend is asked to count, add up and compare, group by group.

mod decimal;
mod reckoner;
mod sum;

#[cfg(all(feature = "decimal", feature = "sqlite"))]
pub(crate) use decimal::Decimals;
pub(crate) use reckoner::Reckoner;

use crate::filter::Node;
use crate::keyset;
use crate::operation::Selection;
use crate::order::{Direction, OrderTerm};
use crate::{Column, Read, Result, Table};
use futures_util::future::BoxFuture;
use sea_orm::Value;

/// Rows per request or statement where a database only reads, and all else is done here.
const PAGE: u64 = 1_000;

/// A question to a backend: counts, sums, smallest and largest values of the rows that match, for each
/// group of them.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// # fn main() -> chronicle::Result<()> {
/// /// What a backend of your own may ask of it.
/// fn label(aggregation: &chronicle::Aggregation) -> String {
///     format!("aggregate {}", aggregation.table().name)
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Aggregation {
    /// The rows, with the columns that it takes and their key, in the order of that.
    pub(crate) rows: Read,
    pub(crate) groups: Vec<&'static Column>,
    pub(crate) functions: Vec<Function>,
}

/// What is made of the rows of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Function {
    Count,
    /// How many of them have a value.
    CountOf(&'static Column),
    /// Travels as its digits, whatever their number; NULL without a value.
    Sum(&'static Column),
    Least(&'static Column),
    Greatest(&'static Column),
}

impl Function {
    pub(crate) const fn column(&self) -> Option<&'static Column> {
        match self {
            Self::Count => None,
            Self::CountOf(column)
            | Self::Sum(column)
            | Self::Least(column)
            | Self::Greatest(column) => Some(column),
        }
    }
}

impl Aggregation {
    /// What is asked of the rows of `read`, which come in the order of their keys.
    pub(crate) fn of(read: Read, groups: Vec<&'static Column>, functions: Vec<Function>) -> Self {
        let table = read.table;
        let mut positions = Vec::new();
        let columns = groups.iter().copied().chain(functions.iter().filter_map(Function::column));
        let columns: Vec<&Column> = columns.chain(table.ordering_columns()).collect();
        for at in columns.iter().filter_map(|column| position(table.columns, column)) {
            if !positions.contains(&at) {
                positions.push(at);
            }
        }
        let rows = Read {
            selection: Selection::Columns(positions),
            order: OrderTerm::of_key(table, Direction::Ascending),
            ..read
        };
        Self { rows, groups, functions }
    }

    /// The table whose rows they are.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # fn main() -> chronicle::Result<()> {
    /// fn is_of_tasks(aggregation: &chronicle::Aggregation) -> bool {
    ///     aggregation.table().name == "tasks"
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn table(&self) -> &'static Table {
        self.rows.table
    }

    /// The order of the groups: by what their rows have in common.
    pub(crate) fn order(&self) -> Vec<OrderTerm> {
        let groups = self.groups.iter();
        groups.map(|column| OrderTerm::new(column, Direction::Ascending)).collect()
    }

    /// The answer from rows that are read page by page, for databases that do no more than that. Rows
    /// that are written meanwhile may or may not be in it.
    pub(crate) async fn by_reading<'a>(
        &self,
        read: impl Fn(Read) -> BoxFuture<'a, Result<Vec<Vec<Value>>>> + Send + Sync,
    ) -> Result<Vec<Vec<Value>>> {
        let mut reckoner = Reckoner::new(self);
        let mut page = Read { limit: Some(PAGE), ..self.rows.clone() };
        let columns = page.columns();
        while page.filter != Node::Constant(false) {
            let rows = read(page.clone()).await?;
            for row in &rows {
                reckoner.add_row(&columns, row)?;
            }
            let Some(last) = rows.last().filter(|_| rows.len() as u64 >= PAGE) else { break };
            if page.table.key.is_empty() {
                page.offset += PAGE;
                continue;
            }
            let place = page
                .order
                .iter()
                .filter_map(|term| position(&columns, &term.column).map(|at| last[at].clone()));
            let behind = keyset::after(&page.order, &place.collect::<Vec<_>>());
            page.filter = Node::All(vec![self.rows.filter.clone(), behind]).reduce()?;
        }
        reckoner.finish()
    }
}

fn position<C: PartialEq>(columns: &[C], column: &C) -> Option<usize> {
    columns.iter().position(|one| one == column)
}
