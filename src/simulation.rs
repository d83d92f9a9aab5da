//! A deterministic simulation of the failover store: the real core on a real SQLite file, with
//! simulated time, chance, tasks, lock, network and remote. A seed gives always the same run.
//!
//! `simulation/README.md` says what is drawn, what is checked, and how to look at a failing seed.

mod chance;
mod coverage;
mod executor;
mod file;
mod history;
mod instant;
mod invariants;
mod letters;
mod operation;
mod process;
mod remote;
mod rest;
mod runner;
mod schedule;
mod statement;
mod tables;
mod wire;
mod world;
