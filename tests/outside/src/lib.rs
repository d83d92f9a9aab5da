//! The entities of somebody who uses Chronicle: nothing here is known to the library.
#![deny(missing_docs, missing_debug_implementations, unreachable_pub, unused, clippy::all)]

pub mod author;
pub mod book;
