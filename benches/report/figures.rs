//! Figures of several ways, as a table, as lines of a plot, and as sentences.

use crate::chart::Panel;
use crate::way::Way;

/// What the figures are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Megabytes,
    /// Rows in a second.
    Rate,
}

/// From here on a ratio is told as a difference: below it is noise.
pub(crate) const NOISE: f64 = 1.05;

#[derive(Debug)]
pub(crate) struct Figures {
    /// Such as "Inserting into SQLite".
    pub(crate) title: &'static str,
    /// What the lines go by: "rows", "tasks".
    pub(crate) by: &'static str,
    pub(crate) unit: Unit,
    pub(crate) ways: Vec<Way>,
    /// For each number of them, a figure of each way, where there is one.
    pub(crate) lines: Vec<(usize, Vec<Option<f64>>)>,
}

impl Figures {
    /// The table, in Markdown. In brackets stands ours by the other's.
    pub(crate) fn table(&self) -> String {
        let names: Vec<&str> = self.ways.iter().map(|way| way.name()).collect();
        let head = format!("| {} | {} |\n", self.by, names.join(" | "));
        let rule = format!("|{}\n", "---:|".repeat(names.len() + 1));
        let lines = self.lines.iter().map(|(number, figures)| {
            let cells = self.ways.iter().zip(figures).map(|(way, figure)| {
                let Some(figure) = figure else { return "–".to_owned() };
                match self.ours(figures).filter(|_| way.is_peer()) {
                    Some(ours) => format!("{} ({:.2})", self.shown(*figure), ours / figure),
                    None => self.shown(*figure),
                }
            });
            format!("| {} | {} |\n", thousands(*number), cells.collect::<Vec<_>>().join(" | "))
        });
        [head, rule].into_iter().chain(lines).collect()
    }

    /// A sentence for each other way beside which ours is behind, with how far and where.
    pub(crate) fn behind(&self) -> Vec<String> {
        let peers = self.ways.iter().enumerate().filter(|(_, way)| way.is_peer());
        peers
            .filter_map(|(at, way)| {
                let places: Vec<String> = self
                    .lines
                    .iter()
                    .filter_map(|(number, figures)| {
                        let ratio = self.ours(figures)? / (*figures.get(at)?)?;
                        let behind = if self.unit == Unit::Rate { 1.0 / ratio } else { ratio };
                        let place = format!("{ratio:.2} at {}", thousands(*number));
                        (behind > NOISE).then_some(place)
                    })
                    .collect();
                let (title, by, measure) = (self.title, self.by, self.measure());
                (!places.is_empty()).then(|| {
                    let places = places.join(", ");
                    format!("{title}, {measure} by {by}, beside {}: {places}.", way.name())
                })
            })
            .collect()
    }

    /// Their lines in a plot.
    pub(crate) fn panel(&self) -> Panel {
        let line = |at: usize| {
            let points = self.lines.iter().filter_map(|(number, figures)| {
                let number = *number as f64;
                let figure = (*figures.get(at)?)?;
                Some((
                    number,
                    if self.unit == Unit::Seconds { figure / number * 1e6 } else { figure },
                ))
            });
            points.collect()
        };
        Panel {
            title: match self.unit {
                Unit::Seconds => "time for each row, µs",
                Unit::Megabytes => "peak of memory, MB",
                Unit::Rate => "rows a second",
            }
            .to_owned(),
            by: self.by,
            lines: self.ways.iter().enumerate().map(|(at, way)| (*way, line(at))).collect(),
        }
    }

    /// What is measured, in a word or two.
    pub(crate) const fn measure(&self) -> &'static str {
        match self.unit {
            Unit::Seconds => "time",
            Unit::Megabytes => "memory",
            Unit::Rate => "rows a second",
        }
    }

    fn ours(&self, figures: &[Option<f64>]) -> Option<f64> {
        let at = self.ways.iter().position(|way| *way == Way::Ours)?;
        *figures.get(at)?
    }

    fn shown(&self, figure: f64) -> String {
        match self.unit {
            Unit::Seconds => duration(figure),
            Unit::Megabytes => format!("{} MB", thousands(figure.round() as usize)),
            Unit::Rate => thousands(figure.round() as usize),
        }
    }
}

/// Seconds, in a unit that has few digits.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        second if second >= 10.0 => format!("{second:.1} s"),
        second if second >= 1.0 => format!("{second:.2} s"),
        second if second >= 0.01 => format!("{:.0} ms", second * 1e3),
        second => format!("{:.2} ms", second * 1e3),
    }
}

pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The number at a place between 0 (the first) and 1 (the last) of a list.
pub(crate) fn quantile(numbers: impl IntoIterator<Item = f64>, place: f64) -> Option<f64> {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    let last = numbers.len().checked_sub(1)?;
    numbers.get((last as f64 * place).round() as usize).copied()
}
