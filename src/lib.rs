//! Typed repositories: one SeaORM entity, two databases.
//!
//! A table is described once, as a SeaORM entity. [`#[derive(Repository)]`](derive@Repository) turns it into
//! a typed repository that runs, unchanged, on a SQLite file ([`Sqlite`]), on a PostgREST server such
//! as Supabase ([`Postgrest`]), and on a failover pair of both (the module `failover`).
//!
//! ```
//! mod task {
//!     use chronicle::Repository;
//!     use sea_orm::entity::prelude::*;
//!
//!     #[derive(chronicle::Id)]
//!     pub struct TaskId(Uuid);
//!
//!     #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
//!     #[sea_orm(table_name = "tasks")]
//!     #[repository(name = "Task")]
//!     pub struct Model {
//!         #[sea_orm(primary_key, auto_increment = false)]
//!         pub id: TaskId,
//!         pub title: String,
//!         pub done_at: Option<DateTimeUtc>,
//!         pub created_at: DateTimeUtc,
//!     }
//!
//!     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
//!     pub enum Relation {}
//!     impl ActiveModelBehavior for ActiveModel {}
//! }
//! use task::{NewTask, TaskPatch, Tasks};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
//! let sqlite = chronicle::Sqlite::memory().await?;
//! sqlite.execute_script(
//!     "create table tasks (id text primary key not null, title text not null, done_at text, created_at text not null)",
//! ).await?;
//!
//! let tasks = Tasks::new(&sqlite);
//! let task = tasks.insert(NewTask::new("water the plants")).await?;
//! tasks.update(task.id, TaskPatch::new().done_at(chronicle::now())).await?;
//!
//! let done = tasks
//!     .find()
//!     .filter(Tasks::DONE_AT.is_not_null().and(Tasks::TITLE.contains("plants")))
//!     .order_by(Tasks::CREATED_AT.desc())
//!     .limit(10)
//!     .all()
//!     .await?;
//! assert_eq!(done[0].id, task.id);
//! # Ok(()) }
//! ```
//!
//! The examples below use this entity with two more columns, `priority` and `details`. Its table holds
//! three rows there: "water the plants" (priority 1, done), "write the report" (2) and "call home" (3).
//!
//! # Where to look
//!
//! | for | see |
//! |---|---|
//! | the derive and its attributes | [`Repository`](derive@Repository), [`Id`](derive@Id) |
//! | tables made from entities | [`Config::create_tables`], [`postgres_script`] |
//! | what a repository does | [`Repository`](struct@Repository), [`Find`] |
//! | conditions, order and pages | [`Field`], [`Filter`], [`Query`], [`Cursor`] |
//! | some of the columns | [`Selected`](derive@Selected), [`Find::select`] |
//! | related rows | [`Relations`](derive@Relations), [`Find::with`], [`ToOne`], [`ToMany`] |
//! | counts, sums, smallest and largest values | [`Aggregate`], [`Summary`] |
//! | rows that are given again after each change | [`Find::watch`] |
//! | several writes, all or none; what is added to | [`Store::transaction`], [`add`] |
//! | rows told from others by other columns than the key | [`UniqueColumns`] |
//! | deletes that can be undone | [`SoftDelete`] |
//! | the databases | [`Sqlite`], [`Postgrest`], [`Store`], [`Config`] |
//! | functions and SQL of the database | [`Store::call`], [`Store::query_raw`] |
//! | outages: a file beside a server | [`failover`], with both features |
//! | an application | `examples/orders`, and the guide in `docs` |
//! | what a database can do | [`Capabilities`], [`Backend`] |
//! | what can go wrong | [`Error`], [`ErrorKind`] |
//!
//! # Features
//!
//! `sqlite`, `postgrest`, and `decimal` for columns of `rust_decimal::Decimal`; all on by default. A crate
//! that only has entities needs none of the first two.
//!
//! # Metrics
//!
//! Counted with the `metrics` crate; install any recorder to see them.
//!
//! | name | kind | labels |
//! |---|---|---|
//! | `chronicle_operations_total` | counter | `backend`, `table`, `operation`, `outcome` |
//! | `chronicle_operation_seconds` | histogram | `backend`, `table`, `operation` |
//! | `chronicle_requests_total` | counter | `backend`, `method`, `status` |
//! | `chronicle_retries_total` | counter | `backend`, `reason` |
//!
//! Spans of `tracing` have the same fields: see [`Store`].
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgrest")),
    allow(dead_code, reason = "entity crates build without a backend; the program chooses one")
)]

#[cfg(test)]
extern crate self as chronicle;

mod aggregate;
mod aggregation;
mod backend;
#[cfg(feature = "postgrest")]
mod change;
mod error;
#[cfg(all(feature = "sqlite", feature = "postgrest"))]
pub mod failover;
mod field;
mod filter;
mod find;
pub mod futures;
mod hints;
mod key;
mod keyset;
mod operation;
mod order;
mod patch;
mod query;
mod record;
mod related;
mod repository;
mod scalar;
mod schema;
mod selected;
#[cfg(all(test, feature = "sqlite", feature = "postgrest"))]
#[allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    clippy::ref_option,
    clippy::redundant_closure_for_method_calls,
    dead_code,
    reason = "a failure here is the failure of a test; not each gap of the rules is met in each run"
)]
mod simulation;
mod store;
mod table;
mod transaction;
mod value;
mod watch;

pub use aggregate::{Aggregate, Aggregates, Groups, Summary, count};
pub use aggregation::Aggregation;
#[cfg(feature = "postgrest")]
pub use backend::postgrest::{self, Postgrest};
#[cfg(feature = "sqlite")]
pub use backend::sqlite::{self, Sqlite};
pub use backend::{Ability, Backend, BackendKind, Capabilities, Info, RawRow};
pub use chronicle_macros::{Id, Relations, Repository, Scalar, Selected};
pub use error::{Error, ErrorKind, Result};
pub use field::{Field, JsonPath};
pub use filter::Filter;
pub use find::Find;
pub use key::RecordKey;
pub use operation::{Merge, Read, Write, Written};
pub use order::Order;
pub use patch::Patch;
pub use query::{Cursor, Page, Query};
pub use record::{FieldType, Keyed, NewRecord, Record, SoftDelete, Values, Writable};
pub use related::{Children, FindWith, Nested, Nests, Relation, Relations, ToMany, ToOne};
#[doc(hidden)]
pub use related::{many as __many, one as __one};
pub use repository::{Repository, UniqueColumns};
pub use scalar::{
    Add, Array, ByBytes, ByType, ColumnChange, Comparable, Element, Exact, GeneratedKey,
    IntoChange, IntoColumn, IntoNullable, JsonDocument, List, Number, Opaque, Operand, Ordered,
    Primitive, Scalar, Sorts, Stored, Summable, Text, Timestamp, add,
};
#[cfg(feature = "sqlite")]
pub use schema::SchemaReport;
pub use schema::{Definition, definition_of, postgres_script};
pub use selected::{HasRecord, Selected};
#[cfg(feature = "postgrest")]
pub use store::Call;
pub use store::{Config, Store};
pub use table::{Column, Conflict, Parent, Source, Table, parents_of};
pub use transaction::{Transaction, Writes};
pub use value::{Kind, now};

pub use sea_orm;
pub use serde;
pub use uuid;

/// The code in the README and in the guide, compiled and run as examples are.
#[cfg(all(doctest, feature = "sqlite", feature = "postgrest", feature = "decimal"))]
mod guide {
    macro_rules! page {
        ($name:ident, $path:literal) => {
            #[doc = include_str!($path)]
            struct $name;
        };
    }
    page!(Readme, "../README.md");
    page!(Tables, "../docs/tables.md");
    page!(Connecting, "../docs/connecting.md");
    page!(Reading, "../docs/reading.md");
    page!(Writing, "../docs/writing.md");
    page!(Errors, "../docs/errors.md");
    page!(Outages, "../docs/outages.md");
    page!(Supabase, "../docs/supabase.md");
    page!(Reports, "../docs/reports.md");
}
