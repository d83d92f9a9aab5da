//! Updates that are made once.

use crate::baskets::{Basket, place};
use crate::measure::{Line, Measure, Options, Report, Result, in_turn};
use crate::shop::Shop;
use crate::tables::TABLES;
use crate::tables::order::{OrderId, OrderPatch, Orders};
use chronicle::failover::FailoverOptions;
use chronicle::sqlite::SqliteOptions;
use chronicle::{Backend, Store};
use std::time::{Duration, Instant};

/// A store, and an order in it.
struct Side {
    store: Store,
    order: OrderId,
}

impl Side {
    async fn new(store: Store, basket: Basket) -> Result<Self> {
        let order = basket.order.id;
        place(&store, basket).await?;
        Ok(Self { store, order })
    }

    /// Updates the order by its key.
    async fn update(&self, operations: usize) -> Result<Duration> {
        let orders = Orders::new(&self.store);
        let start = Instant::now();
        for number in 0..operations {
            let touched = orders.update(self.order, OrderPatch::new().cents(number as i64)).await?;
            if touched != 1 {
                return Err(format!("an update touched {touched} rows").into());
            }
        }
        Ok(start.elapsed())
    }

    /// The same, each in a transaction of its own.
    async fn update_together(&self, operations: usize) -> Result<Duration> {
        let start = Instant::now();
        for number in 0..operations {
            let patch = OrderPatch::new().cents(number as i64);
            let update = self
                .store
                .transaction(|writes| writes.of::<Orders>().update(self.order, patch))
                .await;
            update?;
        }
        Ok(start.elapsed())
    }
}

pub(crate) async fn measure(options: Options, report: &Report, shop: &Shop) -> Result<()> {
    // On the disk that programs are built on: the temporary folder may be in memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let file = SqliteOptions::new(folder.path().join("once.db"));
    let pair = FailoverOptions::new(file, shop.options()).create_tables(&TABLES).connect().await?;
    let mut baskets = shop.goods.baskets(2, 0);
    let ours = Side::new(Store::from(&pair), baskets.remove(0)).await?;
    let plain = Side::new(shop.remote()?, baskets.remove(0)).await?;
    until_by_function(shop, &ours).await?;

    let line = Line {
        name: "update by key, made once",
        beside: "PATCH, the PostgREST backend alone",
        measure: Measure::Time,
        operations: 20,
        bound: Some(1.15),
    };
    let rounds = options.size(150, 3);
    let all = line.operations * (rounds + 1);
    let applied = shop.applied().await?;
    let patch = in_turn(
        rounds,
        async |_| ours.update(line.operations).await,
        async |_| plain.update(line.operations).await,
    )
    .await?;
    check_applied(shop, applied + all).await?;
    report.line(line, &patch);

    let call = in_turn(
        rounds,
        async |_| ours.update(line.operations).await,
        async |_| plain.update_together(line.operations).await,
    )
    .await?;
    check_applied(shop, applied + 3 * all).await?;
    report.line(Line { beside: "the function, without a pair", bound: None, ..line }, &call);
    Ok(pair.close().await?)
}

/// Updates until the pair has found out that the server has the function.
async fn until_by_function(shop: &Shop, side: &Side) -> Result<()> {
    let applied = shop.applied().await?;
    for _ in 0..1_000 {
        side.update(1).await?;
        if shop.applied().await? > applied {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err("the pair does not use the function".into())
}

/// # Errors
/// When not all that should have gone by the function did.
async fn check_applied(shop: &Shop, wanted: usize) -> Result<()> {
    let applied = shop.applied().await?;
    if applied == wanted {
        return Ok(());
    }
    Err(format!("the function knows {applied} ids of {wanted}").into())
}
