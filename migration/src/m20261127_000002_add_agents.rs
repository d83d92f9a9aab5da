//! Whose work it is: the agent, the machine and the subagent; and a table of payloads that could not be read.

use sea_orm_migration::{
    DbErr, MigrationTrait, SchemaManager, async_trait::async_trait, sea_orm::DeriveMigrationName,
};

use crate::{
    Dialect,
    migrator::{SqlMigration, run},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, |dialect| self.up_sql(dialect)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, |dialect| self.down_sql(dialect)).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

impl SqlMigration for Migration {
    fn up_sql(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Postgres => include_str!("m20261127_000002_add_agents/postgres_up.sql"),
            Dialect::Sqlite => include_str!("m20261127_000002_add_agents/sqlite_up.sql"),
        }
    }

    fn down_sql(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Postgres => include_str!("m20261127_000002_add_agents/postgres_down.sql"),
            Dialect::Sqlite => include_str!("m20261127_000002_add_agents/sqlite_down.sql"),
        }
    }
}
