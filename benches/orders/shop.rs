//! A server and a file with the tables, customers and products.

use crate::baskets::Goods;
use crate::measure::Result;
use crate::tables::TABLES;
use chronicle::postgrest::{Key, PostgrestOptions};
use chronicle::{Sqlite, Store, postgres_script};
use chronicle_migration::chronicle_apply;
use chronicle_test_servers::{Postgres, Postgrest as Server};
use std::path::PathBuf;
use tempfile::TempDir;

pub(crate) struct Shop {
    pub(crate) goods: Goods,
    pub(crate) server: Server,
    folder: TempDir,
}

impl Shop {
    /// The server has the function `chronicle_apply`.
    pub(crate) async fn open() -> Result<Self> {
        let database = Postgres::new().await?.create_database().await?;
        database.execute(&postgres_script(&TABLES)?).await?;
        database.execute(chronicle_apply::UP).await?;
        let server = Server::start(&database).await?;
        let shop = Self { goods: Goods::new(), server, folder: tempfile::tempdir()? };
        shop.goods.store(&shop.remote()?).await?;
        let file = Sqlite::open(shop.path("empty.db")).await?;
        file.create_tables(&TABLES).await?;
        let file = Store::from(file);
        shop.goods.store(&file).await?;
        file.close().await?;
        Ok(shop)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A new file of this name, without orders.
    pub(crate) fn file(&self, name: &str) -> Result<PathBuf> {
        let file = self.path(name);
        std::fs::copy(self.path("empty.db"), &file)?;
        Ok(file)
    }

    pub(crate) fn options(&self) -> PostgrestOptions {
        PostgrestOptions::new(self.server.url(), Key::new(self.server.service_key()))
            .probe_table("customers")
    }

    /// The server, without a pair.
    pub(crate) fn remote(&self) -> Result<Store> {
        Ok(self.options().connect()?.into())
    }

    /// How many changes of rows the function has made under an id.
    pub(crate) async fn applied(&self) -> Result<usize> {
        let script = "select count(*) from chronicle_applied";
        let rows = self.server.database().query(script).await?;
        Ok(rows.concat().pop().flatten().ok_or("no count")?.parse()?)
    }
}
