//! The table that a bench prints.
#![allow(clippy::print_stdout, reason = "figures are for the terminal")]

use super::{Options, Pairs};

/// What a line shows of its times.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Measure {
    /// The time of one operation. The bound is the longest, as a part of the other's.
    Time,
    /// Rows in a second. The bound is the fewest, as a part of the other's.
    Rate,
}

/// One thing that is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// What is done.
    pub(crate) name: &'static str,
    /// What it is measured beside.
    pub(crate) beside: &'static str,
    pub(crate) measure: Measure,
    /// Operations, or rows, in one timed run.
    pub(crate) operations: usize,
    /// What is wanted of the ratio.
    pub(crate) bound: Option<f64>,
}

/// A table, printed line by line as they are measured. No time makes a bench fail.
#[derive(Debug)]
pub(crate) struct Report;

impl Report {
    /// Prints the head.
    pub(crate) fn new(title: &str, options: Options) -> Self {
        let note = options.note();
        println!("{title}{note}: medians of runs in turn; the ratio is ours by the other's");
        print_columns(["", "beside", "ours", "the other", "ratio", "of pairs", "wanted", "holds"]);
        Self
    }

    /// Prints a line.
    pub(crate) fn line(&self, line: Line, pairs: &Pairs) {
        let mut ratios = pairs.ratios();
        if matches!(line.measure, Measure::Rate) {
            // Twice the time is half the rate.
            ratios = ratios.into_iter().rev().map(|ratio| 1.0 / ratio).collect();
        }
        let (Some(least), Some(most)) = (ratios.first(), ratios.last()) else { return };
        print_columns([
            line.name,
            line.beside,
            &line.shown(quantile(&pairs.ours(), 0.5)),
            &line.shown(quantile(&pairs.other(), 0.5)),
            &ratio(quantile(&ratios, 0.5)),
            &format!("{}–{}", ratio(*least), ratio(*most)),
            &line.wanted(),
            line.verdict(&ratios),
        ]);
    }
}

impl Line {
    fn shown(&self, seconds: f64) -> String {
        let operations = self.operations as f64;
        match self.measure {
            Measure::Rate => format!("{} rows/s", thousands(operations / seconds)),
            Measure::Time => match seconds / operations {
                second if second >= 1.0 => format!("{second:.2} s"),
                second if second >= 0.01 => format!("{:.0} ms", second * 1e3),
                second if second >= 0.001 => format!("{:.2} ms", second * 1e3),
                second => format!("{:.0} µs", second * 1e6),
            },
        }
    }

    fn wanted(&self) -> String {
        match (self.measure, self.bound) {
            (_, None) => String::new(),
            (Measure::Time, Some(bound)) => format!("≤ {bound:.2}"),
            (Measure::Rate, Some(bound)) => format!("≥ {bound:.2}"),
        }
    }

    /// Within noise: not the median, but a quarter of the pairs at least keeps the bound.
    fn verdict(&self, ratios: &[f64]) -> &'static str {
        let Some(bound) = self.bound else { return "" };
        let (keeps, quarter): (fn(f64, f64) -> bool, f64) = match self.measure {
            Measure::Time => (|ratio, bound| ratio <= bound, 0.25),
            Measure::Rate => (|ratio, bound| ratio >= bound, 0.75),
        };
        if keeps(quantile(ratios, 0.5), bound) {
            "yes"
        } else if keeps(quantile(ratios, quarter), bound) {
            "within noise"
        } else {
            "no"
        }
    }
}

/// The number at a place between 0 (the first) and 1 (the last) of a sorted list.
fn quantile(sorted: &[f64], place: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * place).round() as usize).copied().unwrap_or(f64::NAN)
}

fn ratio(number: f64) -> String {
    if number >= 10.0 {
        format!("{number:.0}")
    } else if number >= 0.1 {
        format!("{number:.2}")
    } else {
        format!("{number:.4}")
    }
}

fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn print_columns(texts: [&str; 8]) {
    let [name, beside, ours, other, ratio, range, wanted, holds] = texts;
    let line = format!(
        "{name:<34} {beside:<32} {ours:>15} {other:>15} {ratio:>7} {range:>14} {wanted:>7}  {holds}"
    );
    println!("{}", line.trim_end());
}
