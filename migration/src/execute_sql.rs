//! `public.execute_sql(query text, params jsonb)`: free SQL over PostgREST, for those who ask for it.
//!
//! PostgREST runs no SQL that a client sends. With this function in the database,
//! `POST /rpc/execute_sql {"query": "select …", "params": [..]}` does. It answers the rows as a JSON array of objects,
//! and `[]` to a statement without rows. `$1` to `$16` in the query stand for the elements of `params`, as text:
//! write `cast($1 as uuid)`.
//!
//! It runs with the rights of the caller (`security invoker`), and only `service_role` may call it. Whoever holds that
//! key can then run any statement, so it is no part of [`Migrator`](crate::Migrator): install it by name.

use sea_orm_migration::{
    DbErr,
    sea_orm::{ConnectionTrait, TransactionTrait},
};

use crate::function;

/// The statements that install the function. They may be run again.
pub const UP: &str = include_str!("execute_sql/up.sql");

/// The statements that remove the function, if it is there.
pub const DOWN: &str = include_str!("execute_sql/down.sql");

/// Installs the function, in one transaction.
///
/// # Errors
///
/// [`DbErr::Migration`] if the database is not Postgres; what the database answers otherwise.
pub async fn up(db: &(impl ConnectionTrait + TransactionTrait)) -> Result<(), DbErr> {
    function::run(db, "execute_sql", UP).await
}

/// Removes the function, if it is there.
///
/// # Errors
///
/// As [`up`].
pub async fn down(db: &(impl ConnectionTrait + TransactionTrait)) -> Result<(), DbErr> {
    function::run(db, "execute_sql", DOWN).await
}

/// [`UP`] as one transaction, for an SQL editor.
#[must_use]
pub fn script() -> String {
    function::script(UP)
}
