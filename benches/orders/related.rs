//! Rows with what is related to them.

use crate::bare;
use crate::baskets::store_all;
use crate::measure::{Line, Measure, Options, Report, Result, in_turn};
use crate::shop::Shop;
use crate::tables::customer::{self, CustomerId, Customers};
use crate::tables::item::{self, Items};
use crate::tables::order::{self, OrderId, Orders};
use chronicle::postgrest::Key;
use chronicle::{Find, Postgrest, Sqlite, Store};
use chronicle_test_servers::Gateway;
use std::collections::{HashMap, HashSet};
use std::time::Instant;

/// Orders of a page.
const PAGE: usize = 100;

/// An order with its customer and its items.
type Whole = (order::Model, Option<customer::Model>, Vec<item::Model>);

pub(crate) async fn measure(options: Options, report: &Report, shop: &Shop) -> Result<()> {
    let baskets = shop.goods.baskets(10 * PAGE, 5);
    let line = Line {
        name: "a page of 100 orders, SQLite",
        beside: "its queries by hand",
        measure: Measure::Time,
        operations: 10,
        bound: Some(1.1),
    };
    let file = Store::from(Sqlite::open(shop.file("related.db")?).await?);
    store_all(&file, baskets.clone()).await?;
    page(options.size(250, 3), report, line, &file).await?;
    file.close().await?;

    let remote = shop.remote()?;
    store_all(&remote, baskets).await?;
    check_same_bytes(shop).await?;
    let line = Line { name: "a page of 100 orders, PostgREST", ..line };
    page(options.size(100, 3), report, line, &remote).await
}

async fn page(rounds: usize, report: &Report, line: Line, store: &Store) -> Result<()> {
    let found = with_related(store).await?;
    if found != by_hand(store).await? || found.len() != PAGE || found[0].2.len() != 5 {
        return Err("both sides must find the same rows".into());
    }
    let pairs = in_turn(
        rounds,
        async |_| {
            let start = Instant::now();
            for _ in 0..line.operations {
                with_related(store).await?;
            }
            Ok(start.elapsed())
        },
        async |_| {
            let start = Instant::now();
            for _ in 0..line.operations {
                by_hand(store).await?;
            }
            Ok(start.elapsed())
        },
    );
    report.line(line, &pairs.await?);
    Ok(())
}

/// The newest orders, whose ids sort by time.
fn newest(store: &Store) -> Find<order::Model> {
    Orders::new(store).find().order_by(Orders::ID.desc()).limit(PAGE as u64)
}

async fn with_related(store: &Store) -> Result<Vec<Whole>> {
    Ok(newest(store).with(Orders::CUSTOMER).with(Orders::ITEMS).all().await?)
}

async fn by_hand(store: &Store) -> Result<Vec<Whole>> {
    let orders = newest(store).all().await?;
    let mut seen = HashSet::new();
    let ids = orders.iter().map(|order| order.customer_id).filter(|id| seen.insert(*id));
    let customers = Customers::new(store).find().filter(Customers::ID.is_in(ids)).all().await?;
    let customers: HashMap<CustomerId, customer::Model> =
        customers.into_iter().map(|customer| (customer.id, customer)).collect();
    let ids = orders.iter().map(|order| order.id);
    let mut items: HashMap<OrderId, Vec<item::Model>> = HashMap::new();
    for item in Items::new(store).find().filter(Items::ORDER_ID.is_in(ids)).all().await? {
        items.entry(item.order_id).or_default().push(item);
    }
    let whole = |order: order::Model| {
        let customer = customers.get(&order.customer_id).cloned();
        let items = items.remove(&order.id).unwrap_or_default();
        (order, customer, items)
    };
    Ok(orders.into_iter().map(whole).collect())
}

/// What both ways send, as a gateway between them and the server sees it.
///
/// # Errors
/// When the two differ: then their times are not of the same work.
async fn check_same_bytes(shop: &Shop) -> Result<()> {
    let gateway = Gateway::plain(&shop.server).await?;
    let key = Key::new(shop.server.service_key());
    let store = Store::from(Postgrest::new(gateway.url(), key)?);
    with_related(&store).await?;
    let from_with = bare::comparable(&gateway.requests());
    gateway.clear_requests();
    by_hand(&store).await?;
    let from_hand = bare::comparable(&gateway.requests());
    if from_with == from_hand {
        return Ok(());
    }
    Err(format!("`with` sends\n{from_with:#?}\nand by hand it is\n{from_hand:#?}").into())
}
