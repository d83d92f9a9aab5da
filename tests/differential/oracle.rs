//! What a query has to answer, computed in memory.

use crate::ask::selected;
use crate::entity::{Direction, Table};
use crate::query::{Query, Question};
use crate::summary::{Function, functions, groups};
use crate::value::Cell;
use crate::world::World;
use chronicle::ErrorKind;
use sea_orm::prelude::Decimal;
use std::cmp::Ordering;

type Row = Vec<Cell>;

/// Whether a row matches.
pub(crate) fn finds(world: &World, query: &Query) -> bool {
    let mut rows = world.rows(query.table).iter();
    rows.any(|row| query.condition.of(world, query.table, row) == Some(true))
}

pub(crate) fn answer(world: &World, query: &Query) -> Result<Vec<Row>, ErrorKind> {
    let matches = |row: &&Row| query.condition.of(world, query.table, row) == Some(true);
    let mut rows: Vec<Row> = world.rows(query.table).iter().filter(matches).cloned().collect();
    match &query.question {
        Question::Count => Ok(vec![vec![Cell::Whole(i128::try_from(rows.len()).unwrap())]]),
        Question::Exists => Ok(vec![vec![Cell::Bool(!rows.is_empty())]]),
        Question::Rows { is_selected, order, offset, limit, .. } => {
            let order = total(query.table, order);
            rows.sort_by(|left, right| {
                let mut orders = order
                    .iter()
                    .map(|(at, direction)| compare(*direction, &left[*at], &right[*at]));
                orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
            });
            let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap());
            let rows = rows.into_iter().skip(usize::try_from(*offset).unwrap()).take(limit);
            let part = |row: Row| -> Row {
                if *is_selected {
                    selected(query.table).iter().map(|at| row[*at].clone()).collect()
                } else {
                    row
                }
            };
            Ok(rows.map(part).collect())
        }
        Question::Summary { aggregates, groups: by } => {
            let (functions, by) = (functions(query.table, *aggregates), groups(query.table, *by));
            let mut groups: Vec<(Row, Vec<Row>)> = Vec::new();
            if by.is_empty() {
                groups.push((Vec::new(), Vec::new()));
            }
            for row in rows {
                let key: Row = by.iter().map(|at| row[*at].clone()).collect();
                match groups.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, rows)) => rows.push(row),
                    None => groups.push((key, vec![row])),
                }
            }
            groups.sort_by(|(left, _), (right, _)| {
                let mut orders = left.iter().zip(right).map(|(left, right)| left.order(right));
                orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
            });
            let made = |(mut key, rows): (Row, Vec<Row>)| {
                for function in &functions {
                    key.push(reckoned(*function, query.table, &rows)?);
                }
                Ok(key)
            };
            groups.into_iter().map(made).collect()
        }
    }
}

/// The order with the key behind it, in the direction of the last term. Of two terms of one column the
/// first counts.
fn total(table: Table, order: &[(usize, Direction)]) -> Vec<(usize, Direction)> {
    let mut terms: Vec<(usize, Direction)> = Vec::new();
    for (at, direction) in order {
        if terms.iter().all(|(earlier, _)| earlier != at) {
            terms.push((*at, *direction));
        }
    }
    let last = match terms.last() {
        Some((_, Direction::Descending | Direction::DescendingNullsFirst)) => Direction::Descending,
        _ => Direction::Ascending,
    };
    terms.extend(table.key().iter().map(|at| (*at, last)));
    terms
}

fn compare(direction: Direction, left: &Cell, right: &Cell) -> Ordering {
    let order = left.order(right);
    let has_null = left.is_null() || right.is_null();
    let is_turned = match direction {
        Direction::Ascending => false,
        Direction::AscendingNullsLast => has_null,
        Direction::Descending => true,
        Direction::DescendingNullsFirst => !has_null,
    };
    if is_turned { order.reverse() } else { order }
}

fn reckoned(function: Function, table: Table, rows: &[Row]) -> Result<Cell, ErrorKind> {
    let values = |at: usize| rows.iter().map(move |row| &row[at]).filter(|cell| !cell.is_null());
    let extreme = |at: usize, end: Ordering| {
        let nearer = |known: Cell, cell: &Cell| {
            if known.is_null() || cell.order(&known) == end { cell.clone() } else { known }
        };
        values(at).fold(Cell::Null, nearer)
    };
    Ok(match function {
        Function::Count => Cell::Whole(i128::try_from(rows.len()).unwrap()),
        Function::CountOf(at) => Cell::Whole(i128::try_from(values(at).count()).unwrap()),
        Function::Min(at) => extreme(at, Ordering::Less),
        Function::Max(at) => extreme(at, Ordering::Greater),
        Function::Sum(at) => match table.shapes()[at].kind {
            crate::entity::Kind::Decimal => sum_of_decimals(values(at))?,
            _ => Cell::Whole(
                values(at)
                    .map(|cell| match cell {
                        Cell::Whole(value) => *value,
                        other => panic!("{other:?} is no whole number"),
                    })
                    .sum(),
            ),
        },
    })
}

/// As whole numbers of millionths.
fn sum_of_decimals<'a>(values: impl Iterator<Item = &'a Cell>) -> Result<Cell, ErrorKind> {
    const SCALE: u32 = 6;
    let millionths = values.map(|cell| match cell {
        Cell::Decimal(value) => value.mantissa() * 10_i128.pow(SCALE - value.scale()),
        other => panic!("{other:?} is no decimal"),
    });
    let (mut sum, mut scale): (i128, u32) = (millionths.sum(), SCALE);
    while scale > 0 && sum % 10 == 0 {
        (sum, scale) = (sum / 10, scale - 1);
    }
    // More digits than it holds.
    Decimal::try_from_i128_with_scale(sum, scale)
        .map(Cell::Decimal)
        .map_err(|_| ErrorKind::InvalidInput)
}
