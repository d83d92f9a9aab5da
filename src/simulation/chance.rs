//! [`Chance`]: the numbers of a seed.

#[derive(Clone, Debug)]
pub(super) struct Chance(fastrand::Rng);

impl Chance {
    pub(super) fn of_seed(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// Between 0 and 1, 1 excluded.
    pub(super) fn fraction(&mut self) -> f64 {
        self.0.f64()
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0.usize(0..bound)
    }

    pub(super) fn happens(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.0.f64() < probability
    }

    /// Milliseconds between 1 and `most`.
    pub(super) fn up_to(&mut self, most: i64) -> i64 {
        self.0.i64(1..=most.max(1))
    }

    pub(super) fn one_of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }
}
