//! What once went wrong with the failover store, one test for each: named for the behaviour that is
//! right, on real SQLite files and a genuine PostgREST, through the public interface alone.
#![cfg(all(feature = "sqlite", feature = "postgrest"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failure here is the failure of the test, and chance decides what a run does"
)]

mod beside;
mod child;
mod families;
mod fixture;
mod found;
mod kills;
mod lost;
mod milder;
mod new_api;
mod observe;
mod stuck;
mod tables;
mod unlike;
