//! A query as the library is asked it.

use crate::entity::{Entity, Table};
use crate::query::{Query, Question};
use crate::summary::{self, Asked, forms};
use crate::tables::{Customer, Item, Order, Status};
use crate::value::{Cell, Content};
use chronicle::{Cursor, Find, Page, Repository, Result, Selected, Store};
use futures_util::TryStreamExt;
use sea_orm::prelude::Decimal;

#[derive(Selected)]
#[repository(of = "crate::tables::Customers")]
struct CustomerPart {
    vip: Option<bool>,
    city: Option<String>,
}

#[derive(Selected)]
#[repository(of = "crate::tables::Orders")]
struct OrderPart {
    total: Decimal,
    status: Status,
}

#[derive(Selected)]
#[repository(of = "crate::tables::Items")]
struct ItemPart {
    price: Option<Decimal>,
    number: i16,
    label: String,
}

/// The columns of what is selected.
pub(crate) const fn selected(table: Table) -> &'static [usize] {
    match table {
        Table::Customers | Table::Orders => &[3, 2],
        Table::Items => &[5, 1, 3],
    }
}

pub(crate) async fn ask(store: &Store, query: &Query) -> Asked {
    let Question::Summary { aggregates, groups } = query.question else {
        return match query.table {
            Table::Customers => {
                let cells = |part: CustomerPart| vec![part.vip.cell(), part.city.cell()];
                rows::<Customer, CustomerPart>(store, query, cells).await
            }
            Table::Orders => {
                let cells = |part: OrderPart| vec![part.total.cell(), part.status.cell()];
                rows::<Order, OrderPart>(store, query, cells).await
            }
            Table::Items => {
                let cells =
                    |part: ItemPart| vec![part.price.cell(), part.number.cell(), part.label.cell()];
                rows::<Item, ItemPart>(store, query, cells).await
            }
        };
    };
    match query.table {
        Table::Customers => summary::of_customers(find(store, query), aggregates, groups).await,
        Table::Orders => summary::of_orders(find(store, query), aggregates, groups).await,
        Table::Items => summary::of_items(find(store, query), aggregates, groups).await,
    }
}

fn find<R: Entity>(store: &Store, query: &Query) -> Find<R> {
    let find = Repository::<R>::new(store).find().filter(query.condition.filter());
    let Question::Rows { order, offset, limit, .. } = &query.question else { return find };
    let columns = R::columns();
    let find = order
        .iter()
        .fold(find, |find, (at, direction)| find.order_by((columns[*at].order)(*direction)));
    let find = if *offset > 0 { find.offset(*offset) } else { find };
    limit.iter().fold(find, |find, limit| find.limit(*limit))
}

async fn rows<R: Entity, S: Selected<R>>(
    store: &Store,
    query: &Query,
    of_part: fn(S) -> Vec<Cell>,
) -> Asked {
    let find = find::<R>(store, query);
    let forms = match &query.question {
        Question::Rows { is_selected: true, .. } => {
            let part = find.clone().select::<S>();
            forms(part.to_sql(), part.to_request())
        }
        _ => forms(find.to_sql(), find.to_request()),
    };
    let answer = match &query.question {
        Question::Count => find.count().await.map(|count| vec![vec![count.cell()]]),
        Question::Exists => find.exists().await.map(|exists| vec![vec![exists.cell()]]),
        Question::Rows { is_selected: true, page, limit, .. } => {
            all(find.select::<S>(), *page, *limit)
                .await
                .map(|rows| rows.into_iter().map(of_part).collect())
        }
        Question::Rows { page, limit, .. } => {
            all(find, *page, *limit).await.map(|rows| rows.into_iter().map(Entity::cells).collect())
        }
        Question::Summary { .. } => panic!("asked otherwise"),
    };
    (forms, answer)
}

async fn all<R: Entity, S: Selected<R>>(
    find: Find<R, S>,
    page: Option<u64>,
    limit: Option<u64>,
) -> Result<Vec<S>> {
    let Some(size) = page else { return find.all().await };
    if limit.is_some() {
        let pages: Vec<Page<S>> = find.pages(size).try_collect().await?;
        return Ok(pages.into_iter().flat_map(|page| page.rows).collect());
    }
    let mut rows: Vec<S> = Vec::new();
    let mut next = find.clone();
    loop {
        let page = next.page(size).await?;
        rows.extend(page.rows);
        let Some(cursor) = page.next else { return Ok(rows) };
        // By way of its text, as through a web client.
        let cursor: Cursor = cursor.to_string().parse()?;
        next = find.clone().offset(0).after(cursor);
    }
}
