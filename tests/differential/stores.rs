//! The databases that are asked the same.

use crate::query::Query;
use crate::tables::{customer, item, order};
use crate::world::World;
use crate::{ask, oracle};
use chronicle::failover::{Failover, FailoverOptions, Status};
use chronicle::postgrest::{Key, Postgrest, PostgrestOptions};
use chronicle::sqlite::SqliteOptions;
use chronicle::{Record, Repository, Sqlite, Store, Table, postgres_script};
use chronicle_test_servers::{self as servers, Database, Gateway, Postgres, SECRET_KEY};
use std::fmt::Write;
use std::time::{Duration, Instant};

const TABLES: [&Table; 3] = [customer::Model::TABLE, order::Model::TABLE, item::Model::TABLE];

/// Rows of an answer of the server that has few of them, and no aggregates.
const FEW: u32 = 7;

pub(crate) struct Stores {
    sqlite: Store,
    /// With aggregates.
    postgrest: Store,
    /// With short answers, without aggregates.
    narrow: Store,
    pair: Failover,
    // Dropped in this order.
    gateway: Gateway,
    _servers: [servers::Postgrest; 2],
    _database: Database,
    _folder: tempfile::TempDir,
}

impl Stores {
    pub(crate) async fn start() -> Self {
        let database = Postgres::shared().await.unwrap().create_database().await.unwrap();
        database.execute(&postgres_script(&TABLES).unwrap()).await.unwrap();
        let open = servers::Postgrest::builder(&database).aggregates().start().await.unwrap();
        let narrow = servers::Postgrest::builder(&database).max_rows(FEW).start().await.unwrap();
        let gateway = Gateway::supabase(&open).await.unwrap();
        let connect = |server: &servers::Postgrest| {
            Store::from(Postgrest::new(server.url(), Key::new(server.service_key())).unwrap())
        };
        let sqlite = Sqlite::memory().await.unwrap();
        sqlite.create_tables(&TABLES).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let remote = PostgrestOptions::new(gateway.url(), Key::new(SECRET_KEY));
        let pair = FailoverOptions::new(
            SqliteOptions::new(folder.path().join("pair.db")),
            remote.probe_table("customers"),
        )
        .create_tables(&TABLES)
        .settle(Duration::from_millis(20))
        .connect()
        .await
        .unwrap();
        Self {
            sqlite: sqlite.into(),
            postgrest: connect(&open),
            narrow: connect(&narrow),
            pair,
            gateway,
            _servers: [open, narrow],
            _database: database,
            _folder: folder,
        }
    }

    /// Loads the rows everywhere. In an outage the pair is served by its file afterwards.
    pub(crate) async fn load(&self, world: &World, is_outage: bool) {
        self.gateway.heal().await.unwrap();
        self.pair.resume().await.unwrap();
        self.wait_for(Status::Healthy).await;
        world.load(&self.sqlite).await;
        world.load(&Store::from(&self.pair)).await;
        if is_outage {
            self.gateway.refuse().await.unwrap();
            let customers = Repository::<customer::Model>::new(&self.pair);
            customers.find().count().await.unwrap();
            self.wait_for(Status::Degraded).await;
        }
    }

    async fn wait_for(&self, status: Status) {
        let start = Instant::now();
        while self.pair.failover_info().await.unwrap().status != status {
            assert!(start.elapsed() < Duration::from_secs(30), "the pair is not {status:?}");
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }

    /// What is wrong with the answers to a query, if anything.
    pub(crate) async fn mistake(&self, world: &World, query: &Query) -> Option<String> {
        let expected = oracle::answer(world, query);
        let pair = Store::from(&self.pair);
        let stores = [
            ("SQLite", &self.sqlite),
            ("PostgREST", &self.postgrest),
            ("PostgREST with short answers", &self.narrow),
            ("the pair", &pair),
        ];
        let mut report = String::new();
        let mut compiled = String::new();
        for (name, store) in stores {
            let (forms, answer) = ask::ask(store, query).await;
            compiled = forms;
            let found = answer.as_ref().map_err(chronicle::Error::kind);
            if found != expected.as_ref().map_err(|kind| *kind) {
                let _ = writeln!(report, "{name}: {answer:?}");
            }
        }
        (!report.is_empty())
            .then(|| format!("{query:#?}\n\n{compiled}\n\nexpected: {expected:?}\n{report}"))
    }
}
