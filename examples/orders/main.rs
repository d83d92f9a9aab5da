//! A small shop: its screens while all is well, offline, and back.
//!
//! ```sh
//! cargo run --example orders
//! ```
//!
//! It starts a PostgreSQL, a PostgREST behind a gateway and a stand-in for Supabase's auth, signs a
//! user in, and opens a failover store with a file beside. `screens.rs` is the application; the rest
//! signs in, starts the servers, and prints. It ends with an error if the two databases differ.

mod auth;
mod screens;
mod servers;
mod session;
mod show;
mod tables;

use chronicle::failover::FailoverOptions;
use chronicle::sqlite::SqliteOptions;
use chronicle::{Backend, Sqlite, Store, add};
use std::error::Error;
use std::io::{self, Write};
use std::time::{Duration, Instant};
use tables::order::Orders;
use tables::product::{self, ProductPatch, Products};

/// The example ends with the first error of any kind.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    run(&mut io::stdout()).await
}

pub(crate) async fn run(output: &mut dyn Write) -> Result<()> {
    writeln!(output, "Starting PostgreSQL, PostgREST, a gateway and the auth")?;
    let servers = servers::Servers::start().await?;
    let session =
        session::Session::sign_in(servers.auth.clone(), auth::EMAIL, auth::PASSWORD).await?;
    writeln!(output, "Signed in as {}", auth::EMAIL)?;

    let folder = tempfile::tempdir()?;
    let path = folder.path().join("shop.db");
    let remote = servers.options(session.clone());
    let failover = FailoverOptions::new(SqliteOptions::new(&path), remote)
        .create_tables(&tables::TABLES)
        .connect()
        .await?;
    let store = Store::from(&failover);
    // What an outage shall find in the file, besides what was read and written through it.
    failover.pull::<tables::customer::Model>(|_| {}).await?;
    failover.pull::<product::Model>(|_| {}).await?;
    writeln!(
        output,
        "The first token had expired; refreshed: {}",
        session.times_refreshed().await
    )?;

    writeln!(output, "\n-- online")?;
    let grace = screens::search(&store, "GRACE").await?.remove(0);
    let goods = Products::new(&store).find().order_by(Products::NAME.asc()).all().await?;
    let [cup, pot, tea] = &goods[..] else { return Err("there are three products".into()) };
    let first = screens::place(&store, session.user, &grace, &[(pot, 1), (tea, 5)]).await?;
    screens::pay(&store, first).await?;
    show::all(&store, output).await?;

    servers.gateway.refuse().await?;
    writeln!(output, "\n-- offline")?;
    let anna = screens::search(&store, "anna").await?.remove(0);
    let second = screens::place(&store, session.user, &anna, &[(cup, 4), (tea, 10)]).await?;
    show::all(&store, output).await?;
    let states = Orders::new(&store).state_of([first, second]).await?;
    writeln!(output, "the two orders: {states:?}")?;

    Products::new(&servers.office()?).update("tea", ProductPatch::new().stock(add(-20))).await?;
    servers.gateway.heal().await?;
    writeln!(output, "\n-- back; meanwhile the office took 20 of the tea")?;
    failover.resume().await?;
    let is_sent = failover.flush(Duration::from_secs(30)).await?;
    let mut info = failover.failover_info().await?;
    let start = Instant::now();
    // What the server has made of the stock is fetched behind it.
    while info.unsure > 0 && start.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(10)).await;
        info = failover.failover_info().await?;
    }
    writeln!(output, "{:?}, all sent: {is_sent}, refused: {}", info.status, info.dead_letters)?;
    let (file, remote) = (Sqlite::open(&path).await?, servers.options(session).connect()?);
    if !servers::are_equal(&file, &remote).await? {
        return Err("the file and the server hold different rows".into());
    }
    writeln!(output, "The file and the server hold the same rows.")?;
    show::all(&store, output).await?;
    Ok(failover.close().await?)
}
