//! What is measured beside each other.

use plotters::style::RGBColor;
use serde::{Deserialize, Serialize};

/// A way of doing the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Way {
    /// The library: on the backend that is measured, or as a pair.
    Ours,
    /// The library as a pair that always writes to its file.
    LocalFirst,
    Rusqlite,
    SeaOrm,
    Reqwest,
    /// The original design, in Python.
    Original,
    /// The rows are made, and nothing is done with them.
    Nothing,
}

impl Way {
    /// Its name in tables and plots.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ours => "Chronicle",
            Self::LocalFirst => "Chronicle, LocalFirst",
            Self::Rusqlite => "rusqlite",
            Self::SeaOrm => "SeaORM",
            Self::Reqwest => "bare reqwest",
            Self::Original => "the original, Python",
            Self::Nothing => "the rows alone",
        }
    }

    /// Whether it does the same work as ours, so that ours can be slower.
    pub(crate) const fn is_peer(self) -> bool {
        !matches!(self, Self::Ours | Self::LocalFirst | Self::Nothing)
    }

    /// Its colour in plots: told apart by those who see no red or green as well (Okabe and Ito).
    pub(crate) const fn color(self) -> RGBColor {
        match self {
            Self::Ours => RGBColor(0, 114, 178),
            Self::LocalFirst => RGBColor(86, 180, 233),
            Self::Rusqlite => RGBColor(0, 158, 115),
            Self::SeaOrm => RGBColor(204, 121, 167),
            Self::Reqwest => RGBColor(230, 159, 0),
            Self::Original => RGBColor(213, 94, 0),
            Self::Nothing => RGBColor(150, 150, 150),
        }
    }
}
