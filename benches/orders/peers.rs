//! The ways to beat: rusqlite with prepared statements, and a bare call of the server's function.

use crate::baskets::Basket;
use crate::measure::Result;
use crate::tables::item;
use crate::tables::order::{self, Status};
use chronicle::uuid::Uuid;
use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::{Connection, TransactionBehavior, params};
use serde::Serialize;
use std::path::Path;

/// Stores an order and its items.
pub(crate) fn place(connection: &mut Connection, basket: &Basket) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Basket { order, items } = basket;
    // The library's ids are text, and plain ones are bytes.
    let mut statement = transaction.prepare_cached(
        "INSERT INTO orders (id, user_id, customer_id, status, cents, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?;
    statement.execute(params![
        order.id.to_string(),
        order.user_id.as_bytes(),
        order.customer_id.to_string(),
        status(order.status),
        order.cents,
        text(order.created_at),
        text(order.updated_at),
    ])?;
    drop(statement);
    let mut statement = transaction
        .prepare_cached("INSERT INTO items (order_id, product_name, pieces) VALUES (?, ?, ?)")?;
    for item in items {
        statement.execute(params![item.order_id.to_string(), item.product_name, item.pieces])?;
    }
    drop(statement);
    Ok(transaction.commit()?)
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Paid => "paid",
    }
}

/// SeaORM's form of a time.
fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// Whether the file of the other side holds the same rows, byte by byte.
///
/// # Errors
/// When it does not: then the two times are not of the same work.
pub(crate) fn check_same_rows(connection: &Connection, other: &Path, rows: usize) -> Result<()> {
    connection.execute("ATTACH ? AS other", [other.to_str()])?;
    let same: i64 = connection.query_row(
        "SELECT (SELECT count(*)
                 FROM (SELECT * FROM main.orders INTERSECT SELECT * FROM other.orders))
              + (SELECT count(*)
                 FROM (SELECT * FROM main.items INTERSECT SELECT * FROM other.items))",
        [],
        |row| row.get(0),
    )?;
    if usize::try_from(same)? == rows {
        Ok(())
    } else {
        Err(format!("the two files share {same} of {rows} rows").into())
    }
}

/// What the function is given, in the library's JSON.
#[derive(Serialize)]
pub(crate) struct Call<'a> {
    id: Uuid,
    operations: (Insert<Order>, Insert<Item<'a>>),
}

impl<'a> Call<'a> {
    pub(crate) fn of(id: Uuid, basket: &'a Basket) -> Self {
        let orders = Insert {
            columns: &[
                "id",
                "user_id",
                "customer_id",
                "status",
                "cents",
                "created_at",
                "updated_at",
            ],
            key: &["id"],
            kind: "insert",
            schema: None,
            table: "orders",
            rows: vec![Order::of(&basket.order)],
        };
        let items = Insert {
            columns: &["order_id", "product_name", "pieces"],
            key: &["order_id", "product_name"],
            kind: "insert",
            schema: None,
            table: "items",
            rows: basket.items.iter().map(Item::of).collect(),
        };
        Self { id, operations: (orders, items) }
    }
}

#[derive(Serialize)]
struct Insert<R> {
    columns: &'static [&'static str],
    key: &'static [&'static str],
    kind: &'static str,
    schema: Option<&'static str>,
    table: &'static str,
    rows: Vec<R>,
}

#[derive(Serialize)]
struct Order {
    id: String,
    user_id: String,
    customer_id: String,
    status: &'static str,
    cents: i64,
    created_at: String,
    updated_at: String,
}

impl Order {
    fn of(order: &order::Model) -> Self {
        Self {
            id: order.id.to_string(),
            user_id: order.user_id.to_string(),
            customer_id: order.customer_id.to_string(),
            status: status(order.status),
            cents: order.cents,
            created_at: text(order.created_at),
            updated_at: text(order.updated_at),
        }
    }
}

#[derive(Serialize)]
struct Item<'a> {
    order_id: String,
    product_name: &'a str,
    pieces: i32,
}

impl<'a> Item<'a> {
    fn of(item: &'a item::Model) -> Self {
        Self {
            order_id: item.order_id.to_string(),
            product_name: &item.product_name,
            pieces: item.pieces,
        }
    }
}
