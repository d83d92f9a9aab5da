//! The three tables, their indexes and, on Postgres, who may read and write them.

mod adopt;

use sea_orm_migration::{
    DbErr, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    sea_orm::{ConnectionTrait, DeriveMigrationName},
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
        let db = manager.get_connection();
        let dialect = Dialect::try_from(manager.get_database_backend())?;
        let original = match dialect {
            Dialect::Sqlite => adopt::set_aside(db).await?,
            Dialect::Postgres => adopt::Original::default(),
        };
        db.execute_unprepared(self.up_sql(dialect)).await?;
        adopt::take_over(db, original).await
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
            Dialect::Postgres => include_str!("m20260101_000001_create_tables/postgres_up.sql"),
            Dialect::Sqlite => include_str!("m20260101_000001_create_tables/sqlite_up.sql"),
        }
    }

    fn down_sql(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Postgres => include_str!("m20260101_000001_create_tables/postgres_down.sql"),
            Dialect::Sqlite => include_str!("m20260101_000001_create_tables/sqlite_down.sql"),
        }
    }
}
