//! Keyset paging: the condition "behind this row", in place of an offset.

use crate::filter::{Comparison, Expression, Node};
use crate::order::OrderTerm;
use crate::value;
use sea_orm::Value;

/// The rows that come after the row whose order columns have these `values`.
///
/// For an order by `a desc, k desc` behind `(1, 2)`: `a <= 1 and (a < 1 or (a = 1 and k < 2))`. The
/// first part follows from the second; it stands there because both databases use an index on
/// `a` for it, and not for the disjunction.
pub(crate) fn after(order: &[OrderTerm], values: &[Value]) -> Node {
    let behind =
        order.iter().zip(values).rev().fold(Node::Constant(false), |rest, (term, value)| {
            let same = equal(term, value);
            Node::Any(vec![beyond(term, value), Node::All(vec![same, rest])])
        });
    match (order, values) {
        ([term, _, ..], [value, ..]) if !term.column.nullable => {
            let comparison = if term.direction.is_descending() {
                Comparison::LessOrEqual
            } else {
                Comparison::GreaterOrEqual
            };
            Node::All(vec![Node::compare(term.column, comparison, value.clone()), behind])
        }
        _ => behind,
    }
}

fn equal(term: &OrderTerm, value: &Value) -> Node {
    if value::is_null(value) {
        Node::IsNull(Expression::Column(term.column))
    } else {
        Node::compare(term.column, Comparison::Equal, value.clone())
    }
}

/// The rows whose value in this column alone puts them behind.
fn beyond(term: &OrderTerm, value: &Value) -> Node {
    let is_null = Node::IsNull(Expression::Column(term.column));
    let are_nulls_behind = term.column.nullable && !term.direction.is_nulls_first();
    if value::is_null(value) {
        return if are_nulls_behind { Node::Constant(false) } else { Node::Not(Box::new(is_null)) };
    }
    let comparison =
        if term.direction.is_descending() { Comparison::Less } else { Comparison::Greater };
    let behind = Node::compare(term.column, comparison, value.clone());
    if are_nulls_behind { Node::Any(vec![behind, is_null]) } else { behind }
}
