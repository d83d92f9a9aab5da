//! The tables of entities: what SeaORM says of them, the file's tables made from that, and the
//! server's as a script.

mod definition;
mod entity;
mod names;
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use definition::{Definition, definition_of};
pub use postgres::postgres_script;
#[cfg(feature = "sqlite")]
pub use sqlite::SchemaReport;
#[cfg(all(feature = "sqlite", feature = "postgrest"))]
pub(crate) use sqlite::{Compared, Purpose, two_schemas, version};
