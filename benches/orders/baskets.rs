//! Rows to store.

use crate::measure::Result;
use crate::tables::customer::{self, Customers, NewCustomer};
use crate::tables::item::{self, Items, NewItem};
use crate::tables::order::{self, NewOrder, Orders, Status};
use crate::tables::product::{self, NewProduct, Products};
use chronicle::Store;
use chronicle::uuid::Uuid;

/// How many customers there are, and how many products.
const EACH: i32 = 20;

/// Who buys, and what there is to buy.
pub(crate) struct Goods {
    customers: Vec<customer::Model>,
    products: Vec<product::Model>,
}

/// An order and its items.
#[derive(Clone)]
pub(crate) struct Basket {
    pub(crate) order: order::Model,
    pub(crate) items: Vec<item::Model>,
}

impl Goods {
    pub(crate) fn new() -> Self {
        let customer = |number| NewCustomer::new(format!("customer {number}")).into();
        let product = |number| NewProduct::new(format!("product {number}"), 950, 100).into();
        Self {
            customers: (0..EACH).map(customer).collect(),
            products: (0..EACH).map(product).collect(),
        }
    }

    pub(crate) async fn store(&self, store: &Store) -> Result<()> {
        Customers::new(store).insert_many(self.customers.clone()).await?;
        Products::new(store).insert_many(self.products.clone()).await?;
        Ok(())
    }

    /// So many orders of the customers in turn, with so many items each.
    pub(crate) fn baskets(&self, count: usize, items: usize) -> Vec<Basket> {
        let customers = self.customers.iter().cycle().take(count);
        customers.map(|customer| self.basket(customer, items)).collect()
    }

    fn basket(&self, customer: &customer::Model, items: usize) -> Basket {
        let order = NewOrder::new(Uuid::now_v7(), customer.id, Status::Open, 950);
        let order = order::Model::from(order);
        let products = self.products.iter().take(items).zip(1..);
        let item = |(product, pieces): (&product::Model, i32)| {
            NewItem::new(order.id, &product.name, pieces)
        };
        let items = products.map(item).map(item::Model::from).collect();
        Basket { order, items }
    }
}

/// Stores orders, thousands of rows at a time.
pub(crate) async fn store_all(store: &Store, baskets: Vec<Basket>) -> Result<()> {
    let (orders, items): (Vec<_>, Vec<_>) =
        baskets.into_iter().map(|basket| (basket.order, basket.items)).unzip();
    Orders::new(store).insert_many(orders).await?;
    Items::new(store).insert_many(items.concat()).await?;
    Ok(())
}

/// Stores one, all of it or nothing.
pub(crate) async fn place(store: &Store, basket: Basket) -> Result<()> {
    let placed = store.transaction(|writes| {
        writes.of::<Orders>().insert(basket.order)?;
        let mut items = writes.of::<Items>();
        basket.items.into_iter().try_for_each(|item| items.insert(item).map(drop))
    });
    Ok(placed.await?)
}
