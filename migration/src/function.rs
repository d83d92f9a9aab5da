//! Functions of Postgres that are installed only when asked for.

use sea_orm_migration::{
    DbErr,
    sea_orm::{ConnectionTrait, TransactionSession, TransactionTrait},
};

use crate::Dialect;

/// Runs the statements that install or remove a function, in one transaction.
pub(crate) async fn run(
    db: &(impl ConnectionTrait + TransactionTrait),
    name: &str,
    sql: &str,
) -> Result<(), DbErr> {
    if Dialect::try_from(db.get_database_backend())? != Dialect::Postgres {
        return Err(DbErr::Migration(format!(
            "{name} is a Postgres function: SQLite does without it what it is for"
        )));
    }
    let transaction = db.begin().await?;
    transaction.execute_unprepared(sql).await?;
    transaction.commit().await
}

/// The statements as one transaction, for an SQL editor.
pub(crate) fn script(up: &str) -> String {
    format!("begin;\n\n{up}\ncommit;\n")
}
