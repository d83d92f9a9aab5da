//! The PostgREST backend on genuine servers, and behind a gateway that injects faults.
#![cfg(feature = "postgrest")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod connection;
mod entry;
mod errors;
mod faults;
mod health;
mod keys;
mod lists;
mod pages;
mod server;
mod text;
mod writes;
