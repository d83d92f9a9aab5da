//! [`World`]: the rows of the three tables, and where they are loaded.

use crate::entity::{Entity, Table};
use crate::tables::{Customer, Item, Order};
use crate::value::Cell;
use chronicle::{Repository, Store};
use std::fmt;

#[derive(Clone)]
pub(crate) struct World {
    customers: Vec<Customer>,
    orders: Vec<Order>,
    items: Vec<Item>,
    cells: [Vec<Vec<Cell>>; 3],
}

fn cells<R: Entity>(rows: &[R]) -> Vec<Vec<Cell>> {
    rows.iter().cloned().map(Entity::cells).collect()
}

impl fmt::Debug for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { customers, orders, items, .. } = self;
        write!(formatter, "{customers:#?}\n{orders:#?}\n{items:#?}")
    }
}

impl World {
    pub(crate) fn new(customers: Vec<Customer>, orders: Vec<Order>, items: Vec<Item>) -> Self {
        let cells = [cells(&customers), cells(&orders), cells(&items)];
        Self { customers, orders, items, cells }
    }

    pub(crate) fn rows(&self, table: Table) -> &[Vec<Cell>] {
        &self.cells[table as usize]
    }

    /// Puts these rows in place of those that are there.
    pub(crate) async fn load(&self, store: &Store) {
        let customers = Repository::<Customer>::new(store);
        let orders = Repository::<Order>::new(store);
        let items = Repository::<Item>::new(store);
        items.delete_all().await.unwrap();
        orders.delete_all().await.unwrap();
        customers.delete_all().await.unwrap();
        customers.insert_many(self.customers.clone()).await.unwrap();
        orders.insert_many(self.orders.clone()).await.unwrap();
        items.insert_many(self.items.clone()).await.unwrap();
    }
}
