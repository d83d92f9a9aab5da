//! The list of migrations.

use sea_orm_migration::{
    DbErr, IntoSchemaManagerConnection, MigrationTrait, MigratorTrait, SchemaManager,
    SchemaManagerConnection,
    async_trait::async_trait,
    sea_orm::{
        ConnectionTrait, DatabaseTransaction, SqliteTransactionMode, TransactionOptions,
        TransactionTrait,
    },
};

use crate::{Dialect, m20260101_000001_create_tables, m20261127_000002_add_agents, sqlite_tables};

/// Makes the schema, takes it away, and tells what is applied; see [`MigratorTrait`].
///
/// [`up`](MigratorTrait::up), `down`, `fresh`, `refresh` and `reset` are one transaction each, on SQLite too: when one
/// fails, the database is as it was. Processes that call them at the same time wait for each other (on SQLite as long as
/// the connection's `busy_timeout`), and `up` writes nothing where nothing is left to apply. The names of the migrations
/// that are applied stand in the table `seaql_migrations`.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

/// A migration whose SQL can be printed as well as run.
pub(crate) trait SqlMigration: MigrationTrait {
    /// The statements of [`MigrationTrait::up`] on an empty database.
    fn up_sql(&self, dialect: Dialect) -> &'static str;

    /// The statements of [`MigrationTrait::down`].
    fn down_sql(&self, dialect: Dialect) -> &'static str;
}

/// Runs SQL that there is for each dialect.
pub(crate) async fn run(
    manager: &SchemaManager<'_>,
    sql: impl FnOnce(Dialect) -> &'static str,
) -> Result<(), DbErr> {
    let sql = sql(Dialect::try_from(manager.get_database_backend())?);
    manager.get_connection().execute_unprepared(sql).await.map(drop)
}

/// All migrations, the oldest first.
pub(crate) fn sql_migrations() -> Vec<Box<dyn SqlMigration>> {
    vec![
        Box::new(m20260101_000001_create_tables::Migration),
        Box::new(m20261127_000002_add_agents::Migration),
    ]
}

#[async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        sql_migrations().into_iter().map(|migration| migration as Box<dyn MigrationTrait>).collect()
    }

    async fn up<'c, C>(db: C, steps: Option<u32>) -> Result<(), DbErr>
    where
        C: IntoSchemaManagerConnection<'c>,
    {
        let db = db.into_database_executor();
        if Self::get_pending_migrations_read_only(&db).await?.is_empty() {
            return Ok(());
        }
        let transaction = begin_alone(&db).await?;
        let done = Unlocked::up(&transaction, steps).await;
        end(transaction, done).await
    }

    async fn down<'c, C>(db: C, steps: Option<u32>) -> Result<(), DbErr>
    where
        C: IntoSchemaManagerConnection<'c>,
    {
        let transaction = begin_alone(&db.into_database_executor()).await?;
        let done = Unlocked::down(&transaction, steps).await;
        end(transaction, done).await
    }

    async fn refresh<'c, C>(db: C) -> Result<(), DbErr>
    where
        C: IntoSchemaManagerConnection<'c>,
    {
        let transaction = begin_alone(&db.into_database_executor()).await?;
        let done = Unlocked::refresh(&transaction).await;
        end(transaction, done).await
    }

    async fn reset<'c, C>(db: C) -> Result<(), DbErr>
    where
        C: IntoSchemaManagerConnection<'c>,
    {
        let transaction = begin_alone(&db.into_database_executor()).await?;
        let done = Unlocked::reset(&transaction).await;
        end(transaction, done).await
    }

    async fn fresh<'c, C>(db: C) -> Result<(), DbErr>
    where
        C: IntoSchemaManagerConnection<'c>,
    {
        let transaction = begin_alone(&db.into_database_executor()).await?;
        let done = match Dialect::try_from(transaction.get_database_backend())? {
            Dialect::Postgres => Unlocked::fresh(&transaction).await,
            Dialect::Sqlite => match sqlite_tables::drop_all(&transaction).await {
                Ok(()) => Unlocked::up(&transaction, None).await,
                Err(error) => Err(error),
            },
        };
        end(transaction, done).await
    }
}

/// The same migrations without the lock.
struct Unlocked;

impl MigratorTrait for Unlocked {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        Migrator::migrations()
    }
}

/// Begins a transaction that no second one of its kind runs beside, until it ends.
async fn begin_alone(db: &SchemaManagerConnection<'_>) -> Result<DatabaseTransaction, DbErr> {
    match (Dialect::try_from(db.get_database_backend())?, db) {
        (Dialect::Sqlite, SchemaManagerConnection::Connection(db)) => {
            let mode = Some(SqliteTransactionMode::Immediate);
            db.begin_with_options(TransactionOptions {
                sqlite_transaction_mode: mode,
                ..Default::default()
            })
            .await
        }
        // In the caller's transaction: the first statement that writes takes the lock.
        (Dialect::Sqlite, _) => db.begin().await,
        (Dialect::Postgres, _) => {
            let transaction = db.begin().await?;
            let lock = "select pg_advisory_xact_lock(hashtext('chronicle_migration'))";
            transaction.execute_unprepared(lock).await?;
            Ok(transaction)
        }
    }
}

/// Commits what succeeded, and rolls back what did not.
async fn end(transaction: DatabaseTransaction, done: Result<(), DbErr>) -> Result<(), DbErr> {
    let Err(error) = done else { return transaction.commit().await };
    let rolled_back = transaction.rollback().await.is_ok();
    Err(match error {
        DbErr::Migration(reason) if rolled_back => {
            DbErr::Migration(format!("{reason}. The database was left unchanged"))
        }
        other => other,
    })
}
