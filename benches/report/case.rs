//! One piece of work in a process of its own, whose memory is its own as well.

use crate::measure::{Result, events};
use crate::original::Original;
use crate::way::Way;
use crate::{postgrest, sqlite};
use chronicle::uuid::Uuid;
use chronicle_entity::SessionId;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Set for a child: its case, as JSON.
const VARIABLE: &str = "CHRONICLE_REPORT_CASE";

/// What is done with the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Work {
    /// All are in memory, and are stored at once.
    Insert,
    /// All are read into a list.
    Read,
    /// All are read, one after the other.
    Stream,
}

/// Which database.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgrest { url: String, key: String },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Case {
    pub(crate) way: Way,
    pub(crate) work: Work,
    pub(crate) place: Place,
    pub(crate) rows: usize,
    /// The session that the rows are of.
    pub(crate) session: Uuid,
}

/// What a case took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Cost {
    pub(crate) seconds: f64,
    /// The most memory that the process ever had.
    pub(crate) kilobytes: u64,
    /// How many rows were stored or read.
    pub(crate) rows: usize,
}

impl Case {
    /// The case that this process is for, if it is for one.
    pub(crate) fn from_environment() -> Result<Option<Self>> {
        Ok(std::env::var(VARIABLE).ok().map(|text| serde_json::from_str(&text)).transpose()?)
    }

    /// Does it in a process of its own.
    pub(crate) fn measure(&self, original: Option<&Original>) -> Result<Cost> {
        let cost: Cost = match original.filter(|_| self.way == Way::Original) {
            Some(original) => original.run(&self.for_original())?,
            None => {
                let output = Command::new(std::env::current_exe()?)
                    .env(VARIABLE, serde_json::to_string(self)?)
                    .stderr(Stdio::inherit())
                    .output()?;
                if !output.status.success() {
                    return Err(format!("the process of {self:?} failed").into());
                }
                serde_json::from_slice(&output.stdout)?
            }
        };
        if cost.rows == self.rows {
            Ok(cost)
        } else {
            Err(format!("{self:?} had {} rows", cost.rows).into())
        }
    }

    fn for_original(&self) -> serde_json::Value {
        let mut order = serde_json::json!({
            "work": self.work, "rows": self.rows, "session": self.session,
        });
        match &self.place {
            Place::Sqlite(file) => order["sqlite"] = file.display().to_string().into(),
            Place::Postgrest { url, key } => {
                order["postgrest"] = url.as_str().into();
                order["key"] = key.as_str().into();
            }
        }
        order
    }

    /// Does it in this process, and prints what it took.
    pub(crate) async fn run(self) -> Result<()> {
        let made = if self.work == Work::Insert { self.rows } else { 0 };
        let rows = events(SessionId::from(self.session), made);
        let (spent, rows) = match &self.place {
            _ if self.way == Way::Nothing => (Duration::ZERO, rows.len()),
            Place::Sqlite(file) => sqlite::run(self.way, self.work, file, rows).await?,
            Place::Postgrest { url, key } => {
                postgrest::run(self.way, self.work, (url, key), rows).await?
            }
        };
        let cost = Cost { seconds: spent.as_secs_f64(), kilobytes: peak()?, rows };
        Ok(writeln!(std::io::stdout(), "{}", serde_json::to_string(&cost)?)?)
    }
}

/// The most memory that this process ever had, in kB.
fn peak() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let figure = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let figure = figure.and_then(|figure| figure.trim().strip_suffix(" kB")).ok_or("no figure")?;
    Ok(figure.trim().parse()?)
}

/// How long it takes. What comes out of it is not dropped before the clock stops.
pub(crate) async fn timed<T, E>(
    work: impl Future<Output = std::result::Result<T, E>>,
) -> std::result::Result<(Duration, T), E> {
    let start = Instant::now();
    let done = work.await?;
    Ok((start.elapsed(), done))
}
