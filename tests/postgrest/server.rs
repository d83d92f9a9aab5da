//! A database with the table, PostgREST, and a gateway in front of it.

use crate::entry::{self, Entries};
use chronicle::Postgrest;
use chronicle::postgrest::{Key, PostgrestOptions};
use chronicle_test_servers::{self as servers, Database, Gateway, Postgres, SECRET_KEY};
use std::time::Duration;

pub(crate) struct Server {
    pub(crate) database: Database,
    pub(crate) postgrest: servers::Postgrest,
    pub(crate) gateway: Gateway,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(|builder| builder).await
    }

    pub(crate) async fn start_with(
        configure: impl FnOnce(servers::PostgrestBuilder) -> servers::PostgrestBuilder,
    ) -> Self {
        Self::start_over("", configure).await
    }

    /// One that starts when more is there than the table.
    pub(crate) async fn start_over(
        more: &str,
        configure: impl FnOnce(servers::PostgrestBuilder) -> servers::PostgrestBuilder,
    ) -> Self {
        let database = Postgres::shared().await.unwrap().create_database().await.unwrap();
        database.execute(entry::SCHEMA).await.unwrap();
        database.execute(more).await.unwrap();
        let builder = configure(servers::Postgrest::builder(&database));
        let postgrest = builder.start().await.unwrap();
        let gateway = Gateway::supabase(&postgrest).await.unwrap();
        Self { database, postgrest, gateway }
    }

    pub(crate) fn options(&self) -> PostgrestOptions {
        PostgrestOptions::new(self.gateway.url(), Key::new(SECRET_KEY))
    }

    pub(crate) fn client(&self) -> Postgrest {
        self.options().connect().unwrap()
    }

    /// One that gives up soon.
    pub(crate) fn hasty(&self) -> PostgrestOptions {
        self.options().timeouts(Duration::from_millis(500), Duration::from_millis(500)).attempts(1)
    }

    pub(crate) fn entries(&self) -> Entries {
        Entries::new(self.client())
    }

    /// How many rows the table has, past the backend.
    pub(crate) async fn rows(&self) -> u64 {
        let answer = self.database.query("select count(*) from entries").await.unwrap();
        answer[0][0].as_ref().unwrap().parse().unwrap()
    }

    /// Inserts that many rows past the backend, numbered from 1 in `order`; of the stars, which
    /// repeat, every tenth is NULL.
    pub(crate) async fn fill(&self, rows: u64) {
        self.database
            .execute(&format!(
                r#"insert into entries (id, title, kind, stars, "order", seen_at)
                   select gen_random_uuid(), 'row ' || n, 'test', nullif(n % 10, 0), n, now()
                   from generate_series(1, {rows}) n"#
            ))
            .await
            .unwrap();
    }

    /// The methods of the requests that arrived.
    pub(crate) fn methods(&self) -> Vec<String> {
        self.gateway.requests().into_iter().map(|request| request.method).collect()
    }
}
