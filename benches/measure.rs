//! What the benches share: two ways timed in turn, a table of what came out, rows, and the original
//! design to run beside.
//!
//! Machines are noisy, and shared with others. Only the ratio of two times means anything that were
//! taken one right after the other, so every line is measured in pairs: ours, the other's, ours, the
//! other's, after one pair that does not count.

mod options;
mod original;
mod pairs;
mod report;
mod rows;

pub(crate) use options::Options;
pub(crate) use original::Original;
pub(crate) use pairs::{Pairs, in_turn};
pub(crate) use report::{Line, Measure, Report};
pub(crate) use rows::events;

/// Benches end with the first error of any kind.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
