//! The servers of this crate, started and asked for real.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

mod access;
mod death;
mod faults;
mod outage;
mod postgres;
mod postgrest;

use chronicle_test_servers::{Database, Gateway, Postgres, Postgrest};

/// A database with one table that `service_role` may use, and `anon` may read.
async fn notes() -> Database {
    let database = Postgres::shared().await.unwrap().create_database().await.unwrap();
    database
        .execute(
            "create table note (id bigint primary key, text text not null);
             grant select on note to anon;
             grant all on note to service_role;",
        )
        .await
        .unwrap();
    database
}

/// The ids in the table of [`notes`].
async fn stored(database: &Database) -> Vec<String> {
    let rows = database.query("select id from note order by id").await.unwrap();
    rows.into_iter().map(|row| row[0].clone().unwrap()).collect()
}

/// Everything from the database to the gateway, and a client with a key for `service_role`.
struct Stack {
    gateway: Gateway,
    postgrest: Postgrest,
    client: reqwest::Client,
}

impl Stack {
    async fn plain() -> Self {
        let postgrest = Postgrest::start(&notes().await).await.unwrap();
        let gateway = Gateway::plain(&postgrest).await.unwrap();
        Self { gateway, postgrest, client: client() }
    }

    /// A request that stores a note.
    fn insert(&self, id: u32) -> reqwest::RequestBuilder {
        self.client
            .post(format!("{}/note", self.gateway.url()))
            .bearer_auth(self.postgrest.service_key())
            .header("content-type", "application/json")
            .body(format!(r#"{{"id":{id},"text":"a note"}}"#))
    }

    /// A request that reads the ids.
    fn list(&self) -> reqwest::RequestBuilder {
        self.client.get(format!("{}/note?select=id&order=id", self.gateway.url()))
    }

    async fn stored(&self) -> Vec<String> {
        stored(self.postgrest.database()).await
    }
}

/// A client without retries of its own, so that a fault is seen.
fn client() -> reqwest::Client {
    reqwest::Client::builder().retry(reqwest::retry::never()).build().unwrap()
}
