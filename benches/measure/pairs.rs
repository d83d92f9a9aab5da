//! Two ways of doing one thing, timed in turn.

use super::Result;
use std::time::Duration;

/// Times of both ways, taken in turn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pairs {
    pairs: Vec<(Duration, Duration)>,
}

/// Runs both ways in turn, `rounds` times after one round that does not count. Each says itself how
/// long it took, so that it can make ready before its clock starts; it is given the number of the
/// round.
pub(crate) async fn in_turn(
    rounds: usize,
    mut ours: impl AsyncFnMut(usize) -> Result<Duration>,
    mut other: impl AsyncFnMut(usize) -> Result<Duration>,
) -> Result<Pairs> {
    let mut pairs = Pairs::default();
    for round in 0..=rounds {
        let pair = (ours(round).await?, other(round).await?);
        if round > 0 {
            pairs.pairs.push(pair);
        }
    }
    Ok(pairs)
}

impl Pairs {
    pub(crate) fn push(&mut self, ours: Duration, other: Duration) {
        self.pairs.push((ours, other));
    }

    /// Seconds of our way, sorted.
    pub(crate) fn ours(&self) -> Vec<f64> {
        sorted(self.pairs.iter().map(|(ours, _)| ours.as_secs_f64()))
    }

    /// Seconds of the other way, sorted.
    pub(crate) fn other(&self) -> Vec<f64> {
        sorted(self.pairs.iter().map(|(_, other)| other.as_secs_f64()))
    }

    /// Our time by the other's, of each pair, sorted.
    pub(crate) fn ratios(&self) -> Vec<f64> {
        let ratio = |(ours, other): &(Duration, Duration)| ours.as_secs_f64() / other.as_secs_f64();
        sorted(self.pairs.iter().map(ratio))
    }
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}
