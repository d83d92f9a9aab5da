//! Every operation and every query feature on every backend, with the expected answers written once.
//!
//! A test is a function of a [`fixture::Fixture`]: a store over empty tables, and what that store is
//! able to do. `suite!` lists the functions and makes a test of each for each backend, such as
//! `sqlite_file::patches::what_is_not_named_is_left_alone`.
#![cfg(any(feature = "sqlite", feature = "postgrest"))]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[cfg(feature = "postgrest")]
mod access;
mod batches;
mod conditions;
mod deletes;
mod errors;
mod expected;
mod finders;
mod fixture;
mod inserts;
mod json;
mod kinds;
mod long_lists;
mod names;
mod oracle;
mod order;
mod pages;
mod patches;
mod properties;
mod raw;
mod reads;
mod sample;
mod store;
mod texts;
mod three_valued;
mod timestamps;
mod upserts;

macro_rules! backend {
    ($(#[$attribute:meta])* $backend:ident = $fixture:path; $($module:ident { $($test:ident)* })*) => {
        $(#[$attribute])*
        mod $backend {
            $(mod $module {
                $(#[tokio::test]
                async fn $test() {
                    let fixture = $fixture().await;
                    crate::$module::$test(&fixture).await;
                    fixture.finish();
                })*
            })*
        }
    };
}

macro_rules! suite {
    ($($tests:tt)*) => {
        backend! { #[cfg(feature = "sqlite")] sqlite_file = crate::fixture::sqlite::file; $($tests)* }
        backend! { #[cfg(feature = "sqlite")] sqlite_memory = crate::fixture::sqlite::memory; $($tests)* }
        backend! { #[cfg(feature = "postgrest")] postgrest = crate::fixture::postgrest::direct; $($tests)* }
        backend! { #[cfg(feature = "postgrest")] supabase = crate::fixture::postgrest::supabase; $($tests)* }
    };
}

