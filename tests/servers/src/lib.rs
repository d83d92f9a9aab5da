//! Real servers for tests, examples and benches: a PostgreSQL cluster that is thrown away, the genuine PostgREST in front
//! of it, and a [`Gateway`] that stands where Supabase's gateway stands and injects scripted faults.
//!
//! All servers listen on 127.0.0.1 only, on free ports, and end with the process that started them, even when that is
//! ended by `SIGKILL`: each runs under a small `sh` whose standard input is a pipe from that process. Nothing is
//! skipped when a program is missing: it is downloaded (see [`Postgres`] and [`Postgrest`] for the order of places),
//! or an [`Error`] says what to do.
//!
//! ```no_run
//! use chronicle_test_servers::{Fault, Gateway, Postgres, Postgrest, SECRET_KEY};
//!
//! # async fn example() -> chronicle_test_servers::Result<()> {
//! let database = Postgres::shared().await?.create_database().await?;
//! database
//!     .execute(
//!         "create table note (id bigint primary key, text text not null);
//!          grant all on note to service_role;",
//!     )
//!     .await?;
//!
//! let postgrest = Postgrest::builder(&database).max_rows(1000).start().await?;
//! let gateway = Gateway::supabase(&postgrest).await?;
//!
//! // The next POST is committed, and its answer is lost.
//! gateway.fault(Fault::reset_after().method("POST"));
//!
//! // … send requests to `gateway.url()` with `apikey: SECRET_KEY`, then look at what arrived …
//! # let _ = SECRET_KEY;
//! assert_eq!(database.query("select id from note").await?, vec![vec![Some("1".to_owned())]]);
//! assert_eq!(gateway.requests().len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! Downloads and data are in `test-servers` below the target folder that the program is in; of a program elsewhere, in
//! the user's cache. Where making files is slow, set
//! `TEST_SERVERS_DATA` to a folder in memory, such as `/dev/shm/test-servers` (50 MB and more), for the data. For
//! timings set `TEST_SERVERS_FSYNC=1`: PostgreSQL waits for the disk then, as one does whose data is to stay.
//!
//! Linux and macOS are supported (on Windows, use WSL).

#[cfg(not(unix))]
compile_error!(
    "chronicle-test-servers needs Linux or macOS; on Windows, build and test inside WSL"
);

mod account;
mod blocking;
mod error;
mod folder;
mod gateway;
mod location;
mod npm;
mod patience;
mod port;
mod postgres;
mod postgrest;
mod probe;
mod process;
mod token;

pub use error::{Error, Result};
pub use gateway::{
    Fault, Gateway, GatewayBuilder, PUBLISHABLE_KEY, RECORDED_BODY_LIMIT, Request, Response,
    SECRET_KEY,
};
pub use patience::until;
pub use postgres::{Database, Postgres};
pub use postgrest::{Postgrest, PostgrestBuilder};
pub use token::{JWT_SECRET, Token};
