//! Several rows in one transaction.

use crate::bare::{self, Bare};
use crate::baskets::{Basket, place};
use crate::measure::{Line, Measure, Options, Report, Result, in_turn};
use crate::peers::{self, Call};
use crate::prepared;
use crate::shop::Shop;
use crate::tables::item::Items;
use crate::tables::order::Orders;
use chronicle::postgrest::Key;
use chronicle::uuid::Uuid;
use chronicle::{Postgrest, Sqlite, Store};
use chronicle_test_servers::Gateway;
use serde::Deserialize;
use std::time::Instant;

/// Items of an order.
const ITEMS: usize = 20;

/// Where the function is called.
const FUNCTION: &str = "/rpc/chronicle_apply";

pub(crate) async fn on_sqlite(options: Options, report: &Report, shop: &Shop) -> Result<()> {
    let (ours, other) = (shop.file("together.db")?, shop.file("rusqlite.db")?);
    let store = Store::from(Sqlite::open(&ours).await?);
    let mut connection = prepared::open(&other)?;
    let line = Line {
        name: "an order and 20 items, SQLite",
        beside: "rusqlite, prepared",
        measure: Measure::Time,
        operations: 20,
        bound: Some(1.2),
    };
    let rounds = options.size(250, 3);
    // Both sides store the same ones.
    let baskets: Vec<Vec<Basket>> =
        (0..=rounds).map(|_| shop.goods.baskets(line.operations, ITEMS)).collect();
    let pairs = in_turn(
        rounds,
        async |round| {
            let baskets = baskets[round].clone();
            let start = Instant::now();
            for basket in baskets {
                place(&store, basket).await?;
            }
            Ok(start.elapsed())
        },
        async |round| {
            let start = Instant::now();
            for basket in &baskets[round] {
                peers::place(&mut connection, basket)?;
            }
            Ok(start.elapsed())
        },
    )
    .await?;
    store.close().await?;
    peers::check_same_rows(&connection, &ours, baskets.len() * line.operations * (1 + ITEMS))?;
    report.line(line, &pairs);
    Ok(())
}

pub(crate) async fn over_postgrest(options: Options, report: &Report, shop: &Shop) -> Result<()> {
    check_same_bytes(shop).await?;
    let store = shop.remote()?;
    let bare = Bare::new(&shop.server.url(), &shop.server.service_key())?;
    let line = Line {
        name: "an order and 20 items, PostgREST",
        beside: "bare reqwest, the same bytes",
        measure: Measure::Time,
        operations: 20,
        bound: Some(1.1),
    };
    let rounds = options.size(200, 3);
    let stored = stored(&store).await?;
    let pairs = in_turn(
        rounds,
        async |_| {
            let baskets = shop.goods.baskets(line.operations, ITEMS);
            let start = Instant::now();
            for basket in baskets {
                place(&store, basket).await?;
            }
            Ok(start.elapsed())
        },
        async |_| {
            let baskets = shop.goods.baskets(line.operations, ITEMS);
            let calls = baskets.iter().map(|basket| Call::of(Uuid::now_v7(), basket));
            let requests: Vec<_> =
                calls.map(|call| bare.post(FUNCTION, &call)).collect::<Result<_>>()?;
            let start = Instant::now();
            for request in requests {
                bare.send(request).await?;
            }
            Ok(start.elapsed())
        },
    )
    .await?;
    let count = 2 * line.operations * (rounds + 1);
    let wanted = stored + (count * (1 + ITEMS)) as u64;
    let stored = self::stored(&store).await?;
    if stored != wanted {
        return Err(format!("{stored} rows of {wanted} are stored").into());
    }
    report.line(line, &pairs);
    Ok(())
}

/// How many rows there are.
async fn stored(store: &Store) -> Result<u64> {
    let orders = Orders::new(store).find().count().await?;
    Ok(orders + Items::new(store).find().count().await?)
}

/// The id of a call, as it was sent.
#[derive(Deserialize)]
struct Sent {
    id: Uuid,
}

/// What the library sends and what the bare client sends, as a gateway between them and the server
/// sees it. The second call finds its id known, and changes nothing.
///
/// # Errors
/// When the two differ: then their times are not of the same work.
async fn check_same_bytes(shop: &Shop) -> Result<()> {
    let gateway = Gateway::plain(&shop.server).await?;
    let key = shop.server.service_key();
    let store = Store::from(Postgrest::new(gateway.url(), Key::new(&key))?);
    let bare = Bare::new(&gateway.url(), &key)?;
    let basket = shop.goods.baskets(1, ITEMS).remove(0);

    place(&store, basket.clone()).await?;
    let requests = gateway.requests();
    let sent: Sent = serde_json::from_slice(&requests.first().ok_or("no request")?.body)?;
    let from_ours = bare::comparable(&requests);

    gateway.clear_requests();
    bare.send(bare.post(FUNCTION, &Call::of(sent.id, &basket))?).await?;
    let from_bare = bare::comparable(&gateway.requests());

    if from_ours == from_bare {
        return Ok(());
    }
    Err(format!("ours sends\n{from_ours:#?}\nand the bare client\n{from_bare:#?}").into())
}
