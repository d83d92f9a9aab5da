//! `public.chronicle_apply(id uuid, operations json)`: several changes in one transaction over PostgREST, each of them
//! once.
//!
//! A request to PostgREST changes rows of one table. With this function in the database, the library's `transaction`
//! makes several changes or none, an update may add to what a column holds, and a failover pair applies what it replays
//! exactly once: the function keeps the ids of what it has applied, in the table `public.chronicle_applied`, in the same
//! transaction.
//!
//! It runs with the rights of the caller (`security invoker`): row level security and grants hold as for any request, and
//! every name in it is quoted. `authenticated` and `service_role` may call it; they reach with it each table that they
//! have rights on, also in schemas that PostgREST does not serve. It is no part of [`Migrator`](crate::Migrator): install
//! it by name.
//!
//! The table grows by a row a change, of some 100 bytes with its index. Rows older than any device may have been offline
//! can be removed, by the table's owner; a change that is sent again after that is made twice:
//! `delete from public.chronicle_applied where applied_at < now() - interval '1 year'`.

use sea_orm_migration::{
    DbErr,
    sea_orm::{ConnectionTrait, TransactionTrait},
};

use crate::function;

/// The statements that install the function. They may be run again.
pub const UP: &str = include_str!("chronicle_apply/up.sql");

/// The statements that remove the function, if it is there.
pub const DOWN: &str = include_str!("chronicle_apply/down.sql");

/// Installs the function, in one transaction.
///
/// # Errors
///
/// [`DbErr::Migration`] if the database is not Postgres; what the database answers otherwise.
pub async fn up(db: &(impl ConnectionTrait + TransactionTrait)) -> Result<(), DbErr> {
    function::run(db, "chronicle_apply", UP).await
}

/// Removes the function, if it is there.
///
/// # Errors
///
/// As [`up`].
pub async fn down(db: &(impl ConnectionTrait + TransactionTrait)) -> Result<(), DbErr> {
    function::run(db, "chronicle_apply", DOWN).await
}

/// [`UP`] as one transaction, for an SQL editor.
#[must_use]
pub fn script() -> String {
    function::script(UP)
}
