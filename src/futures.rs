//! What is needed to read a [stream](crate::Find::stream) or to write a [`Backend`](crate::Backend),
//! so that a crate does not have to depend on `futures-util` for it.
//!
//! ```
//! use chronicle::futures::TryStreamExt;
//! # use chronicle::{Record, Repository, Result};
//! # async fn longest<R: Record>(rows: Repository<R>) -> Result<()> {
//! let mut stream = rows.find().stream();
//! while let Some(row) = stream.try_next().await? {
//!     drop(row);
//! }
//! # Ok(()) }
//! ```

pub use futures_util::future::BoxFuture;
pub use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
