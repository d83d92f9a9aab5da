//! The built program, run in folders of its own.
#![allow(
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failure here is the failure of a test"
)]
#![allow(clippy::needless_pass_by_value, reason = "`json!` is written where it is given")]

mod config;
mod home;
mod install;
mod recorded;
#[cfg(unix)]
mod server;
mod views;
