//! Speed of what an application does with orders: a page with what is related, several rows together,
//! an update that is made once. The tables are those of the example `orders`; the server is the
//! genuine one, over a PostgreSQL that is thrown away, on this machine.
//!
//! ```sh
//! cargo bench --bench orders             # two minutes
//! cargo bench --bench orders -- --quick  # whether it works: few rounds
//! cargo bench --bench orders -- once     # one part: related, together, once
//! ```
//!
//! - A page has 100 of 1,000 orders, the five items of each, and its customer, by `with`. Beside it the
//!   same three queries are made by hand, and their rows put together in a `HashMap`. That both find
//!   the same rows is checked first, and that both send the same requests, by a gateway that records
//!   them.
//! - An order and its 20 items go in one transaction. rusqlite has a file of its own with the same
//!   schema and rows, in write-ahead mode with `synchronous = NORMAL` and with foreign keys enforced,
//!   which are the library's defaults. It begins with `BEGIN IMMEDIATE`, keeps its statements
//!   prepared, and makes the text of ids and times in the timed loop, as our way does; afterwards both
//!   files must hold the same rows.
//! - Over PostgREST that is one call of the function `chronicle_apply`. The bare client is reqwest with
//!   the settings of ours. Its requests are made before its clock starts, JSON included; ours makes
//!   them while the clock runs. That both send the same bytes is checked first. It reads each answer
//!   whole.
//! - A pair whose server has the function sends an update by key through it, with an id. Beside it the
//!   PostgREST backend alone sends a `PATCH`; in a further line, a transaction of that one update, which
//!   is a call of the function without a pair. Afterwards the server must know as many ids as updates
//!   were made by the function.
//! - The rate of replay by the function is measured by `cargo bench --bench failover -- function`.

#[allow(dead_code, reason = "shared with the bench of PostgREST")]
#[path = "postgrest/bare.rs"]
mod bare;
#[path = "orders/baskets.rs"]
mod baskets;
#[allow(dead_code, unused_imports, reason = "shared with the other benches")]
mod measure;
#[path = "orders/once.rs"]
mod once;
#[path = "orders/peers.rs"]
mod peers;
#[allow(dead_code, reason = "shared with the bench of SQLite")]
#[path = "sqlite/prepared.rs"]
mod prepared;
#[path = "orders/related.rs"]
mod related;
#[path = "orders/shop.rs"]
mod shop;
#[allow(dead_code, reason = "shared with the example")]
#[path = "../examples/orders/tables.rs"]
mod tables;
#[path = "orders/together.rs"]
mod together;

use measure::{Options, Report, Result};
use shop::Shop;

#[tokio::main]
async fn main() -> Result<()> {
    let Some(options) = Options::from_arguments()? else { return Ok(()) };
    let shop = Shop::open().await?;
    let report = Report::new(&format!("Orders, PostgREST {}", shop.server.version()), options);
    if options.wants("related") {
        related::measure(options, &report, &shop).await?;
    }
    if options.wants("together") {
        together::on_sqlite(options, &report, &shop).await?;
        together::over_postgrest(options, &report, &shop).await?;
    }
    if options.wants("once") {
        once::measure(options, &report, &shop).await?;
    }
    Ok(())
}
