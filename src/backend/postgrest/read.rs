//! Reads: complete beyond the server's limit of rows and the length of URLs.

use super::failure::Purpose;
use super::select::{self, Page, Plan};
use super::{Postgrest, answer, collation, split};
use crate::filter::{Comparison, Expression, Node};
use crate::operation::{OrderTerm, Selection};
use crate::order::Direction;
use crate::query::keyset;
use crate::{Column, Read, Result, Table};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use sea_orm::Value;

pub(super) type Rows = Vec<Vec<Value>>;

/// Pieces of one read that are asked for at once, so that it leaves room for other operations.
pub(super) const PIECES_AT_ONCE: usize = 4;

impl Postgrest {
    pub(super) async fn read_rows(&self, read: &Read) -> Result<Rows> {
        let mut rows = self.read_page(read, Page::of(read)).await?;
        let width = read.columns().len();
        for row in &mut rows {
            row.truncate(width);
        }
        Ok(rows)
    }

    /// The rows of a page, by as many requests as that takes, with the values of
    /// [`select::selected`].
    pub(super) fn read_page<'a>(
        &'a self,
        read: &'a Read,
        mut page: Page,
    ) -> BoxFuture<'a, Result<Rows>> {
        Box::pin(async move {
            let columns = select::selected(read);
            let condition = page.filter.clone();
            let most = most_rows(read.table, &condition);
            let mut rows = Rows::new();
            while page.limit != Some(0) && page.filter != Node::Constant(false) {
                let schema = self.client().schema.as_deref();
                let request = match page.plan(read, schema, self.page_size())? {
                    Plan::One(request) => request,
                    Plan::Several(pieces) => {
                        rows.append(&mut self.read_pieces(read, &columns, &page, pieces).await?);
                        break;
                    }
                };
                let mut answered = self
                    .client()
                    .send(request, Purpose::Read, |answer| {
                        answer::rows(answer, Purpose::Read, Some(read.table), &columns)
                    })
                    .await?;
                let received = answered.len() as u64;
                collation::check_filter(&page.filter, &columns, &answered)?;
                let border = rows.len().saturating_sub(1);
                rows.append(&mut answered);
                collation::check_order(&read.order, &columns, &rows[border..])?;
                page.limit = page.limit.map(|rows| rows.saturating_sub(received));
                // A short answer may have been cut off at the server's limit of rows, which is not
                // known and may change: only an empty one is surely the last.
                if received == 0 || most == Some(rows.len()) {
                    break;
                }
                if read.table.key.is_empty() {
                    // Nothing tells its rows apart but their number.
                    page.offset += received;
                } else if let Some(last) = rows.last() {
                    page.offset = 0;
                    page.filter = Node::All(vec![
                        condition.clone(),
                        keyset::after(&read.order, &place(&read.order, &columns, last)),
                    ])
                    .reduce()?;
                }
            }
            Ok(rows)
        })
    }

    pub(super) async fn count_rows(&self, table: &'static Table, filter: &Node) -> Result<u64> {
        if *filter == Node::Constant(false) {
            return Ok(0);
        }
        let schema = self.client().schema.as_deref();
        let requests =
            split::requests(filter, &[], &|filter| select::count(table, schema, filter))?;
        if requests.len() > 1 && split::may_match_twice(filter) {
            return Ok(self.read_rows(&keys_of(table, filter.clone())).await?.len() as u64);
        }
        stream::iter(requests)
            .map(|request| {
                self.client()
                    .send(request, Purpose::Read, |answer| answer::total(answer, Purpose::Read))
            })
            .buffered(PIECES_AT_ONCE)
            .try_fold(0_u64, |sum, rows| std::future::ready(Ok(sum.saturating_add(rows))))
            .await
    }
}

/// The keys of the rows that match.
fn keys_of(table: &'static Table, filter: Node) -> Read {
    let order = OrderTerm::of_key(table, Direction::Ascending);
    Read { table, selection: Selection::keys(table), filter, order, limit: None, offset: 0 }
}

/// How many rows the filter finds at most, where it names keys or values of a unique column.
fn most_rows(table: &'static Table, filter: &Node) -> Option<usize> {
    let is_key = |column: &Column| table.key.len() == 1 && table.columns[table.key[0]] == *column;
    let is_unique = |column: &Column| column.unique || is_key(column);
    let names_key = |nodes: &[Node]| {
        let is_named = |key: &Column| {
            nodes.iter().any(|node| {
                matches!(node, Node::Compare { expression: Expression::Column(column), comparison: Comparison::Equal, .. }
                    if *column == key)
            })
        };
        !table.key.is_empty() && table.key_columns().all(is_named)
    };
    match filter {
        Node::All(nodes) if names_key(nodes) => Some(1),
        Node::All(nodes) => nodes.iter().filter_map(|node| most_rows(table, node)).min(),
        Node::Keys { keys, .. } => Some(keys.len()),
        Node::Compare {
            expression: Expression::Column(column),
            comparison: Comparison::Equal,
            ..
        } => is_unique(column).then_some(1),
        Node::In { expression: Expression::Column(column), values } => {
            is_unique(column).then_some(values.len())
        }
        _ => None,
    }
}

/// The values of a row by which it is sorted.
fn place(order: &[OrderTerm], columns: &[&'static Column], row: &[Value]) -> Vec<Value> {
    order.iter().filter_map(|term| row.get(position(columns, term)?).cloned()).collect()
}

pub(super) fn position(columns: &[&'static Column], term: &OrderTerm) -> Option<usize> {
    columns.iter().position(|column| *column == term.column)
}
