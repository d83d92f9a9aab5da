//! Text that is declared to sort by its bytes: whether the server's answers show that it does.

use super::read::position;
use crate::filter::{Comparison, Expression, Node};
use crate::operation::OrderTerm;
use crate::{Column, Error, ErrorKind, Kind, Result, value};
use sea_orm::Value;
use std::cmp::Ordering;

/// Whether rows come in the order that they were asked for in, as far as text by its bytes decides it.
///
/// # Errors
/// `SchemaMismatch` with the column that sorts otherwise.
pub(super) fn check_order(
    order: &[OrderTerm],
    columns: &[&'static Column],
    rows: &[Vec<Value>],
) -> Result<()> {
    let Some(last) = order.iter().rposition(|term| term.column.sorts_by_bytes) else {
        return Ok(());
    };
    let terms: Vec<(&OrderTerm, usize)> = order[..=last]
        .iter()
        .filter_map(|term| position(columns, term).map(|at| (term, at)))
        .collect();
    for pair in rows.windows(2) {
        let differs = terms.iter().find_map(|(term, at)| {
            let order = term.compare(&pair[0][*at], &pair[1][*at]);
            order.is_ne().then_some((term.column, order))
        });
        if let Some((column, Ordering::Greater)) = differs
            && column.sorts_by_bytes
        {
            return Err(sorts_otherwise(column));
        }
    }
    Ok(())
}

/// Whether rows are such as were asked for, as far as text by its bytes decides it.
///
/// # Errors
/// As [`check_order`].
pub(super) fn check_filter(
    filter: &Node,
    columns: &[&'static Column],
    rows: &[Vec<Value>],
) -> Result<()> {
    let compared = compared(filter);
    let Some(first) = compared.first() else { return Ok(()) };
    let matches = |row: &Vec<Value>| Possible::of(filter, columns, row).is_true;
    if rows.iter().all(matches) { Ok(()) } else { Err(sorts_otherwise(first)) }
}

/// The columns of text by its bytes that a condition on these rows compares.
pub(super) fn compared(filter: &Node) -> Vec<&'static Column> {
    match filter {
        Node::Compare { expression: Expression::Column(column), .. } if column.sorts_by_bytes => {
            vec![column]
        }
        Node::All(nodes) | Node::Any(nodes) => nodes.iter().flat_map(compared).collect(),
        Node::Not(node) => compared(node),
        Node::Constant(_)
        | Node::Compare { .. }
        | Node::In { .. }
        | Node::Keys { .. }
        | Node::IsNull(_)
        | Node::Has { .. }
        | Node::Text { .. }
        | Node::Related { .. } => Vec::new(),
    }
}

/// What a condition may be of a row. Of NULL a comparison is neither true nor false.
#[derive(Clone, Copy)]
struct Possible {
    is_true: bool,
    is_false: bool,
}

impl Possible {
    fn of(node: &Node, columns: &[&'static Column], row: &[Value]) -> Self {
        let each = |nodes: &[Node]| -> Vec<Self> {
            nodes.iter().map(|node| Self::of(node, columns, row)).collect()
        };
        let stored = |column: &Column| {
            columns.iter().position(|one| *one == column).and_then(|at| row.get(at))
        };
        match node {
            Node::Compare { expression: Expression::Column(column), comparison, value }
                if is_certain(column) =>
            {
                stored(column).map_or(Self::ANY, |stored| {
                    let is_known = !value::is_null(stored);
                    let is_true = holds(*comparison, value::compare(stored, value));
                    Self { is_true: is_known && is_true, is_false: is_known && !is_true }
                })
            }
            Node::IsNull(Expression::Column(column)) => {
                stored(column).map_or(Self::ANY, |stored| {
                    let is_true = value::is_null(stored);
                    Self { is_true, is_false: !is_true }
                })
            }
            Node::All(nodes) => each(nodes).iter().fold(Self::TRUE, |all, one| Self {
                is_true: all.is_true && one.is_true,
                is_false: all.is_false || one.is_false,
            }),
            Node::Any(nodes) => each(nodes).iter().fold(Self::TRUE.not(), |any, one| Self {
                is_true: any.is_true || one.is_true,
                is_false: any.is_false && one.is_false,
            }),
            Node::Not(node) => Self::of(node, columns, row).not(),
            _ => Self::ANY,
        }
    }

    const ANY: Self = Self { is_true: true, is_false: true };
    const TRUE: Self = Self { is_true: true, is_false: false };

    const fn not(self) -> Self {
        Self { is_true: self.is_false, is_false: self.is_true }
    }
}

/// Whether what is compared here is compared so by every server, too.
fn is_certain(column: &Column) -> bool {
    let is_whole = matches!(
        column.kind,
        Kind::Bool
            | Kind::I8
            | Kind::I16
            | Kind::I32
            | Kind::I64
            | Kind::U8
            | Kind::U16
            | Kind::U32
    );
    let is_time = matches!(column.kind, Kind::Date | Kind::Time | Kind::DateTime | Kind::Timestamp);
    column.sorts_by_bytes || is_whole || is_time || column.kind == Kind::Uuid
}

const fn holds(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}

fn sorts_otherwise(column: &Column) -> Error {
    let message = format!(
        "column `{}` is `collate = \"C\"` in the entity, and sorts otherwise at the server",
        column.name
    );
    Error::new(ErrorKind::SchemaMismatch, message).with_hint(format!(
        "give it that collation: alter table … alter column \"{}\" type text collate \"C\"",
        column.name
    ))
}
