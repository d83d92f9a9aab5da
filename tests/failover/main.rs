//! The failover store on real parts: a SQLite file, PostgREST over PostgreSQL, and a proxy with
//! faults between them.
#![cfg(all(feature = "sqlite", feature = "postgrest"))]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod conflicts;
#[cfg(target_os = "linux")]
mod disk;
mod fixture;
mod keys;
mod mirror;
mod narrow;
mod outages;
mod processes;
mod refusals;
mod restarts;
mod roles;
mod unique;
mod waiting;
