//! A deterministic simulation of the failover store: the real engine and its SQLite, with simulated
//! time, chance, tasks, lock, network and remote. A seed gives always the same run.
//!
//! A failing seed prints itself, what it broke and what happened. `CHRONICLE_SEED=…` runs it alone.

pub(super) mod entities;
mod executor;
mod history;
mod invariants;
mod mutations;
mod network;
mod operation;
mod process;
mod reads;
mod remote;
mod rest;
mod run;
mod schedule;
mod snapshot;
pub(super) mod storage;
mod tests;
mod weather;
mod world;

pub(crate) use mutations::Mutation;
