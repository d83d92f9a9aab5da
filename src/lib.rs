//! Typed repositories: one SeaORM entity, two databases.
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgrest")),
    allow(dead_code, reason = "entity crates build without a backend; the program chooses one")
)]

#[cfg(test)]
extern crate self as chronicle;

mod backend;
#[cfg(feature = "postgrest")]
mod change;
mod error;
mod field;
mod filter;
mod find;
mod operation;
mod patch;
mod query;
mod record;
mod repository;
mod scalar;
mod store;
mod value;

#[cfg(feature = "postgrest")]
pub use backend::postgrest::{self, Postgrest};
#[cfg(feature = "sqlite")]
pub use backend::sqlite::{self, Sqlite};
pub use backend::{Backend, BackendKind, Info, RawRow};
pub use chronicle_macros::{Id, Repository};
pub use error::{Error, ErrorKind, Result};
pub use field::{Field, JsonPath};
pub use filter::Filter;
pub use find::Find;
pub use operation::{Read, Write};
pub use patch::Patch;
pub use query::{Cursor, Order, Page, Query};
pub use record::{Column, Record, Table, Values};
pub use repository::Repository;
pub use scalar::{
    GeneratedKey, JsonDocument, Kind, Operand, Ordered, Scalar, Stored, Text, Timestamp,
};
pub use store::{Config, Store};
pub use value::now;

pub use sea_orm;
pub use serde;
pub use uuid;
