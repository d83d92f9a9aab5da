//! One database of a cluster.

use tokio_postgres::{Config, NoTls, SimpleQueryMessage};

use super::Postgres;
use crate::Result;

/// A database of a [`Postgres`] cluster, which it keeps running. Made by [`Postgres::create_database`].
#[derive(Debug, Clone)]
pub struct Database {
    postgres: Postgres,
    name: String,
}

impl Database {
    pub(super) fn new(postgres: Postgres, name: String) -> Self {
        Self { postgres, name }
    }

    /// The cluster.
    #[must_use]
    pub fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    /// The name within the cluster.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL for the superuser, for migrations.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The URL for another role that may log in, such as `authenticator`.
    #[must_use]
    pub fn url_of(&self, role: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/{}", self.postgres.port(), self.name)
    }

    /// Runs a script of statements separated by `;` as the superuser. Without `begin` and `commit` of its own it is one
    /// transaction. It is SQL only: commands of `psql`, such as `\i`, are not understood.
    ///
    /// # Errors
    /// The first statement that fails ends it, with PostgreSQL's message.
    pub async fn execute(&self, script: &str) -> Result<()> {
        self.run(script).await.map(drop)
    }

    /// The rows that a script answers, as text; NULL is `None`.
    ///
    /// # Errors
    /// The first statement that fails ends it, with PostgreSQL's message.
    pub async fn query(&self, script: &str) -> Result<Vec<Vec<Option<String>>>> {
        let rows = self.run(script).await?.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
            }
            _ => None,
        });
        Ok(rows.collect())
    }

    /// A connection for each call: connections belong to a runtime, and each test has its own.
    async fn run(&self, script: &str) -> Result<Vec<SimpleQueryMessage>> {
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.postgres.port()).user("postgres").dbname(&self.name);
        let (client, connection) = config.connect(NoTls).await?;
        let answered = async move {
            let answer = client.simple_query(script).await;
            drop(client);
            answer
        };
        // The connection ends once its client is dropped; waiting for it means that the server has seen the end, too.
        let (answer, _closed) = tokio::join!(answered, connection);
        Ok(answer?)
    }
}
