//! The schema of `chronicle-entity`: sessions, their events and their tool events, and what could not be read as one,
//! on SQLite and on Postgres.
//!
//! [`Migrator`] makes it and takes it away, each time in one transaction:
//!
//! ```
//! use chronicle_migration::{Migrator, MigratorTrait};
//! use sea_orm_migration::sea_orm::Database;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), sea_orm_migration::DbErr> {
//! # let folder = tempfile::tempdir().expect("a folder");
//! # let file = folder.path().join("chronicle.db");
//! let db = Database::connect(format!("sqlite:{}?mode=rwc", file.display())).await?;
//! Migrator::up(&db, None).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A SQLite file that the original Python design made is taken over with all its rows: the first migration gives its
//! tables the new shape and its values the forms that SeaORM reads and compares.
//!
//! [`script`] gives the same schema as text, for a database that is reached by an SQL editor only. [`execute_sql`] and
//! [`chronicle_apply`] are functions for Postgres that are installed only when asked for. The program of this package offers all of it:
//! `cargo run -p chronicle-migration -- --help`.

pub mod chronicle_apply;
mod dialect;
pub mod execute_sql;
mod function;
mod m20260101_000001_create_tables;
mod m20261127_000002_add_agents;
mod migrator;
mod script;
mod sqlite_tables;

pub use dialect::{Dialect, UnsupportedDatabase};
pub use migrator::Migrator;
pub use script::script;
pub use sea_orm_migration::MigratorTrait;
