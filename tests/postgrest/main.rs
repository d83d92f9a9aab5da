//! The PostgREST backend on genuine servers, and behind a gateway that injects faults.
#![cfg(feature = "postgrest")]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod aggregates;
mod collation;
mod columns;
mod connection;
mod entry;
mod errors;
mod faults;
mod health;
mod keys;
mod lists;
mod made;
mod order;
mod pages;
mod server;
mod sessions;
mod text;
mod together;
mod tokens;
mod unique;
mod unreadable;
mod watched;
mod writes;
