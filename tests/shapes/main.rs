//! Tables of many shapes on a failover pair: each is made by its entities, in the file and at a real
//! PostgreSQL behind a real PostgREST.
#![cfg(all(feature = "sqlite", feature = "postgrest"))]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod adopted;
mod calls;
mod chance;
mod entities;
mod families;
mod kept;
mod keys;
mod parents;
mod refused;
mod relatives;
mod states;
mod together;
mod uniques;
mod values;
mod watched;
mod world;
