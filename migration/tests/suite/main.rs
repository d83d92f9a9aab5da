//! The migrations on real databases.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod adoption;
mod chronicle_apply;
mod command_line;
mod execute_sql;
mod file;
mod postgres;
mod row_level_security;
mod sqlite;
