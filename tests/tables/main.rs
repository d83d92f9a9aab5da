//! Tables made from entities: in a SQLite file, and by a script on a real PostgreSQL.
#![cfg(all(feature = "sqlite", feature = "postgrest"))]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod entities;
mod failover;
mod mismatch;
mod postgres;
mod sqlite;
