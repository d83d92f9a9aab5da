//! The original design, a program in Python, run beside.
#![allow(clippy::print_stdout, reason = "figures are for the terminal")]

use super::{Line, Measure, Options, Pairs, Report, Result, rows};
use chronicle::Store;
use chronicle_entity::{Events, NewSession, SessionStatus, Sessions};
use serde::Deserialize;
use std::ffi::{OsStr, OsString};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Names the program: `python3 original.py`, say. Words are separated by spaces.
const VARIABLE: &str = "CHRONICLE_ORIGINAL";

/// The original's own bench, and ours of the very same shape.
#[derive(Debug)]
pub(crate) struct Original {
    program: Vec<OsString>,
    singles: usize,
    rows: usize,
    batch: usize,
    rounds: usize,
    insert: Pairs,
    bulk: Pairs,
    newest: Pairs,
}

/// What the program prints, among other things.
#[derive(Debug, Deserialize)]
struct Figures {
    insert: Operation,
    bulk_rows_per_s: f64,
    newest_100: Operation,
}

#[derive(Debug, Deserialize)]
struct Operation {
    median_us: f64,
}

impl Original {
    /// The program that the environment names, if it names one.
    pub(crate) fn from_environment(options: Options) -> Option<Self> {
        let Ok(program) = std::env::var(VARIABLE) else {
            println!(
                "\nThe original design is not measured: `{VARIABLE}` names no program for it."
            );
            return None;
        };
        Some(Self {
            program: program.split_whitespace().map(OsString::from).collect(),
            singles: options.size(1_000, 100),
            rows: options.size(20_000, 2_000),
            batch: 1_000,
            rounds: options.size(3, 1),
            insert: Pairs::default(),
            bulk: Pairs::default(),
            newest: Pairs::default(),
        })
    }

    /// How often both are to be measured.
    pub(crate) const fn rounds(&self) -> usize {
        self.rounds
    }

    /// Measures our way in a store, then the program, which the arguments tell where to work.
    pub(crate) async fn measure<A: AsRef<OsStr>>(
        &mut self,
        store: &Store,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<()> {
        let ours = self.ours(store).await?;
        let theirs = self.theirs(arguments)?;
        let time =
            |operation: &Operation| Duration::from_secs_f64(operation.median_us / 1_000_000.0);
        let bulk =
            |figures: &Figures| Duration::from_secs_f64(self.rows as f64 / figures.bulk_rows_per_s);
        self.bulk.push(bulk(&ours), bulk(&theirs));
        self.insert.push(time(&ours.insert), time(&theirs.insert));
        self.newest.push(time(&ours.newest_100), time(&theirs.newest_100));
        Ok(())
    }

    /// Prints what was measured.
    pub(crate) fn print(&self, report: &Report) {
        let beside = "the original design in Python";
        let time =
            |name| Line { name, beside, measure: Measure::Time, operations: 1, bound: Some(1.0) };
        report.line(time("insert one"), &self.insert);
        let bulk = Line {
            name: "insert in batches of 1,000",
            measure: Measure::Rate,
            operations: self.rows,
            ..time("")
        };
        report.line(bulk, &self.bulk);
        report.line(time("newest 100 of a session"), &self.newest);
    }

    fn theirs<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Result<Figures> {
        let (name, first) = self.program.split_first().ok_or(format!("`{VARIABLE}` is empty"))?;
        let output = Command::new(name)
            .args(first)
            .args(arguments)
            .args(["--singles", &self.singles.to_string()])
            .args(["--rows", &self.rows.to_string()])
            .args(["--batch", &self.batch.to_string()])
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("cannot start the program of `{VARIABLE}`: {error}"))?;
        if !output.status.success() {
            return Err(format!("the program of `{VARIABLE}` failed: {}", output.status).into());
        }
        Ok(serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("the program of `{VARIABLE}` printed no figures: {error}"))?)
    }

    async fn ours(&self, store: &Store) -> Result<Figures> {
        let events = Events::new(store);
        let session = NewSession::new(SessionStatus::Active).user_id("bench");
        let session = Sessions::new(store).insert(session).await?.id;

        let mut insert = Vec::with_capacity(self.singles);
        for number in 0..self.singles {
            let start = Instant::now();
            events.insert(rows::event(session, number)).await?;
            insert.push(start.elapsed());
        }

        let start = Instant::now();
        for first in (0..self.rows).step_by(self.batch) {
            let numbers = first..self.rows.min(first + self.batch);
            events.insert_many(numbers.map(|number| rows::event(session, number))).await?;
        }
        let bulk_rows_per_s = self.rows as f64 / start.elapsed().as_secs_f64();

        let mut newest = Vec::new();
        for _ in 0..100 {
            let start = Instant::now();
            let find = events.find_by_session_id(session).order_by(Events::TIMESTAMP.desc());
            find.limit(100).all().await?;
            newest.push(start.elapsed());
        }
        Ok(Figures {
            insert: Operation::median(insert),
            bulk_rows_per_s,
            newest_100: Operation::median(newest),
        })
    }
}

impl Operation {
    fn median(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let middle = times.get(times.len() / 2).copied().unwrap_or_default();
        Self { median_us: middle.as_secs_f64() * 1_000_000.0 }
    }
}
