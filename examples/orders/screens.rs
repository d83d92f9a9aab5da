//! What each screen asks for and writes. None of it knows which database serves.
#![allow(unreachable_pub, reason = "written as in a crate of its own")]

use super::tables::audit::{AuditLog, NewAuditEntry};
use super::tables::customer::{self, Customers};
use super::tables::item::{self, Items, NewItem};
use super::tables::order::{self, NewOrder, OrderId, OrderPatch, Orders, Status};
use super::tables::product::{self, ProductPatch, Products};
use chronicle::uuid::Uuid;
use chronicle::{Cursor, Page, Result, Store, add, count};

pub async fn search(store: &Store, text: &str) -> Result<Vec<customer::Model>> {
    let found = Customers::new(store).find().filter(Customers::NAME.contains_any_case(text));
    found.order_by(Customers::NAME.asc()).limit(20).all().await
}

pub async fn page(store: &Store, after: Option<Cursor>) -> Result<Page<customer::Model>> {
    let mut customers = Customers::new(store).find().order_by(Customers::NAME.asc());
    if let Some(cursor) = after {
        customers = customers.after(cursor); // its text can be handed out, in a link to the next page
    }
    customers.page(3).await
}

/// How many orders of each status there are, and their sum in cents.
pub async fn totals(store: &Store) -> Result<Vec<(Status, (u64, i128))>> {
    let all = (count(), Orders::CENTS.sum());
    Orders::new(store).find().aggregate(all).group_by(Orders::STATUS).all().await
}

/// An order with its customer and its items.
pub type Whole = (order::Model, Option<customer::Model>, Vec<item::Model>);

pub async fn newest(store: &Store) -> Result<Vec<Whole>> {
    let orders = Orders::new(store);
    let newest = orders.find().order_by(Orders::CREATED_AT.desc()).limit(2);
    newest.with(Orders::CUSTOMER).with(Orders::ITEMS).all().await
}

/// All of it or nothing.
pub async fn place(
    store: &Store,
    user: Uuid,
    customer: &customer::Model,
    basket: &[(&product::Model, i32)],
) -> Result<OrderId> {
    let price = |(product, pieces): &(&product::Model, i32)| product.cents * i64::from(*pieces);
    let cents: i64 = basket.iter().map(price).sum();
    store
        .transaction(|writes| {
            let order = NewOrder::new(user, customer.id, Status::Open, cents);
            let id = writes.of::<Orders>().insert(order)?;
            for (product, pieces) in basket {
                writes.of::<Items>().insert(NewItem::new(id, &product.name, *pieces))?;
                let taken = ProductPatch::new().stock(add(-pieces)); // others may take some at once
                writes.of::<Products>().update(product.name.clone(), taken)?;
            }
            let what = format!("{cents} cents of {}", customer.name);
            writes.of::<AuditLog>().insert(NewAuditEntry::new(user, what))?;
            Ok(id)
        })
        .await
}

pub async fn pay(store: &Store, order: OrderId) -> Result<u64> {
    Orders::new(store).update(order, OrderPatch::new().status(Status::Paid)).await
}
