//! [`Breaker`]: whether the remote is asked at all. A pure state machine; its state is kept in the
//! file, so that a process that lives 10 ms knows of the outage that another one met.

use crate::failover::environment::{Moment, until};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Failures in a row that open it, where the server answered at all.
const FAILURES: u32 = 3;
const SHORTEST_WAIT: Duration = Duration::from_secs(5);
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Breaker {
    failures: u32,
    open: Option<Open>,
    /// The present upper bound of the wait between probes, in milliseconds; 0 for the shortest.
    wait: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Open {
    since: Moment,
    probe_at: Moment,
    cause: String,
}

impl Breaker {
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Since when it is open, and why.
    pub(crate) fn cause(&self) -> Option<(Moment, &str)> {
        self.open.as_ref().map(|open| (open.since, open.cause.as_str()))
    }

    /// When the next probe is due, if it is open.
    pub(crate) fn probe_at(&self) -> Option<Moment> {
        self.open.as_ref().map(|open| open.probe_at)
    }

    /// A request failed. `at_once`: nothing answered, so that the next one would wait in vain too.
    pub(crate) fn failed(&mut self, now: Moment, at_once: bool, cause: &str, random: f64) {
        self.failures = self.failures.saturating_add(1);
        if self.open.is_none() && (at_once || self.failures >= FAILURES) {
            let probe_at = now + self.jittered(random);
            self.open = Some(Open { since: now, probe_at, cause: cause.to_owned() });
        }
    }

    /// How long until the next probe; `None` when it is due or the breaker is closed.
    pub(crate) fn wait(&self, now: Moment) -> Option<Duration> {
        until(self.probe_at()?, now, LONGEST_WAIT)
    }

    /// The next probe is due: somebody knows that the remote is back.
    pub(crate) fn probe_now(&mut self, now: Moment) {
        if let Some(open) = &mut self.open {
            open.probe_at = now;
        }
    }

    /// Takes the right to send the probe that is due, by moving the time of the next one.
    pub(crate) fn claim_probe(&mut self, now: Moment, random: f64) -> bool {
        if self.open.is_none() || self.wait(now).is_some() {
            return false;
        }
        self.wait = (self.bound() * 2).min(LONGEST_WAIT.as_millis() as u64);
        // Half of the wait at least: whoever claimed needs time to ask.
        let wait = self.wait / 2 + (random * self.wait as f64 / 2.0) as u64;
        if let Some(open) = &mut self.open {
            open.probe_at = now + wait as Moment;
        }
        true
    }

    /// The probe was answered. The wait stays as long as it is until a batch is accepted: reads may
    /// work where writes do not.
    pub(crate) fn probe_succeeded(&mut self) {
        self.open = None;
        self.failures = 0;
    }

    /// A write was accepted.
    pub(crate) fn accepted(&mut self) {
        self.failures = 0;
        if self.open.is_none() {
            self.wait = 0;
        }
    }

    /// The clock has started anew: the next probe is due.
    pub(crate) fn rebase(&mut self, now: Moment) {
        if let Some(open) = &mut self.open {
            open.since = now;
            open.probe_at = now;
        }
    }

    fn bound(&self) -> u64 {
        self.wait.max(SHORTEST_WAIT.as_millis() as u64)
    }

    fn jittered(&self, random: f64) -> Moment {
        (self.bound() as f64 * random) as Moment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_at_once_when_nothing_answers_and_else_after_three_failures() {
        let mut breaker = Breaker::default();
        breaker.failed(0, true, "refused", 0.5);
        assert!(breaker.is_open());
        assert_eq!(breaker.wait(0), Some(Duration::from_millis(2_500)));

        let mut breaker = Breaker::default();
        breaker.failed(0, false, "503", 0.5);
        breaker.failed(0, false, "503", 0.5);
        assert!(!breaker.is_open());
        breaker.accepted();
        breaker.failed(0, false, "503", 0.5);
        breaker.failed(0, false, "503", 0.5);
        assert!(!breaker.is_open(), "in a row");
        breaker.failed(0, false, "503", 0.5);
        assert!(breaker.is_open());
    }

    #[test]
    fn one_probe_is_sent_for_each_wait_and_the_wait_doubles_to_a_minute() {
        let mut breaker = Breaker::default();
        breaker.failed(0, true, "refused", 0.999_999);
        assert!(!breaker.claim_probe(4_000, 0.0), "not due");
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..6 {
            now = breaker.probe_at().unwrap_or(now);
            assert!(breaker.claim_probe(now, 0.999_999));
            assert!(!breaker.claim_probe(now, 0.999_999), "claimed");
            waits.push((breaker.probe_at().unwrap_or(now) - now + 999) / 1_000);
        }
        assert_eq!(waits, [10, 20, 40, 60, 60, 60]);
        breaker.probe_succeeded();
        breaker.failed(now, true, "refused", 0.999_999);
        let wait = breaker.wait(now).map(|wait| wait.as_secs_f64().round());
        assert_eq!(wait, Some(60.0), "a probe does not reset the wait");
        breaker.probe_succeeded();
        breaker.accepted();
        breaker.failed(now, true, "refused", 0.999_999);
        assert_eq!(breaker.wait(now).map(|wait| wait.as_secs_f64().round()), Some(5.0));
    }

    #[test]
    fn a_probe_may_be_asked_for() {
        let mut breaker = Breaker::default();
        breaker.probe_now(0);
        assert!(!breaker.claim_probe(0, 0.5), "it is closed");
        breaker.failed(0, true, "refused", 0.999_999);
        assert!(!breaker.claim_probe(10, 0.5), "not due");
        breaker.probe_now(10);
        assert!(breaker.claim_probe(10, 0.5));
        assert!(!breaker.claim_probe(10, 0.5), "claimed");
    }

    #[test]
    fn a_probe_further_ahead_than_the_longest_wait_is_due() {
        let mut breaker = Breaker::default();
        breaker.failed(1_000_000_000, true, "refused", 0.5);
        assert!(breaker.claim_probe(1_000, 0.5), "the clock was set back");
    }
}
