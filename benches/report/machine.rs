//! What it was measured on, and with what.

use crate::measure::Result;
use crate::original::Original;
use chronicle_test_servers::Postgrest;
use std::fs::read_to_string;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How long the machine is looked at before anything is measured.
const LOOK: Duration = Duration::from_secs(5);
/// How often the load is looked at in the run.
const OFTEN: Duration = Duration::from_secs(2);

/// Processors that others may keep busy without a word about it.
const QUIET: f64 = 0.3;
const BUSY: &str = "
**The machine was busy with other work.** Single figures are off by some tens of percent, and those that wait for the
disk (`FULL`) by more. What holds along a whole line of a plot can be relied on, and a single ratio cannot.
";

/// What else the machine does, as far as it can be told.
pub(crate) struct Load {
    /// Processors that others kept busy.
    busy: f64,
    /// The load of the last minute.
    before: f64,
    /// The least and the most of it in the run, with its own.
    seen: Arc<Mutex<(f64, f64)>>,
}

impl Load {
    /// Looks at the machine for a moment, and from then on now and then.
    pub(crate) fn watch() -> Result<Self> {
        let before = load()?;
        let busy = busy()?;
        let seen = Arc::new(Mutex::new((f64::INFINITY, 0.0)));
        let watched = Arc::downgrade(&seen);
        std::thread::spawn(move || keep_watching(&watched));
        Ok(Self { busy, before, seen })
    }
}

fn keep_watching(seen: &Weak<Mutex<(f64, f64)>>) {
    while let Some(seen) = seen.upgrade() {
        if let Ok(load) = load() {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            *seen = (seen.0.min(load), seen.1.max(load));
        }
        drop(seen);
        std::thread::sleep(OFTEN);
    }
}

fn load() -> Result<f64> {
    let text = read_to_string("/proc/loadavg")?;
    Ok(text.split_whitespace().next().ok_or("no load")?.parse()?)
}

/// How many processors are busy, over a moment.
fn busy() -> Result<f64> {
    let ticks = || -> Result<(f64, f64)> {
        let text = read_to_string("/proc/stat")?;
        let numbers = text.lines().next().unwrap_or_default().split_whitespace().skip(1).take(8);
        let ticks = numbers.map(str::parse).collect::<std::result::Result<Vec<f64>, _>>()?;
        let idle = ticks.iter().skip(3).take(2).sum();
        Ok((ticks.iter().sum(), idle))
    };
    let (all_before, idle_before) = ticks()?;
    std::thread::sleep(LOOK);
    let (all, idle) = ticks()?;
    let share = 1.0 - (idle - idle_before) / (all - all_before).max(1.0);
    Ok(share * processors() as f64)
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The machine, the versions, the date and the load, as a table.
pub(crate) async fn describe(
    server: &Postgrest,
    original: Option<&Original>,
    load: Load,
    start: Instant,
) -> Result<String> {
    let minutes = start.elapsed().as_secs_f64() / 60.0;
    let postgres = server.database().query("show server_version").await?.concat().pop().flatten();
    // The servers have nothing to do by now.
    let after = busy()?;
    let seen = *load.seen.lock().unwrap_or_else(PoisonError::into_inner);
    let with = ["rusqlite", "sea-orm", "sqlx-sqlite", "reqwest", "tokio", "libsqlite3-sys"];
    let crates = with.map(|name| format!("{name} {}", locked(name))).join(", ");
    let lines = [
        ("date", chrono::Utc::now().format("%Y-%m-%d %H:%M UTC").to_string()),
        (
            "processor",
            format!("{}, {} cores", value_of("/proc/cpuinfo", "model name"), processors()),
        ),
        ("memory", memory()),
        ("system", format!("Linux {}", read_to_string("/proc/sys/kernel/osrelease")?.trim())),
        (
            "Chronicle",
            format!(
                "{}, commit {}",
                env!("CARGO_PKG_VERSION"),
                said(Command::new("git").args(["rev-parse", "--short=10", "HEAD"]))
            ),
        ),
        ("Rust", said(Command::new("rustc").arg("--version"))),
        ("crates", crates),
        ("SQLite", rusqlite::version().to_owned()),
        (
            "server",
            format!(
                "PostgREST {}, PostgreSQL {}, on the same machine",
                server.version(),
                postgres.unwrap_or_else(unknown)
            ),
        ),
        (
            "the original",
            original.map_or_else(|| "not measured".to_owned(), |known| known.versions.clone()),
        ),
        (
            "other work",
            format!(
                "kept {:.1} of {} cores busy before the run, and {after:.1} after it",
                load.busy,
                processors()
            ),
        ),
        (
            "load",
            format!(
                "{:.1} before the run, {:.1} to {:.1} in it, with its own work",
                load.before, seen.0, seen.1
            ),
        ),
        ("the run took", format!("{minutes:.1} min")),
    ];
    let lines = lines.map(|(name, value)| format!("| {name} | {value} |\n"));
    let note = if load.busy.max(after) > QUIET { BUSY } else { "" };
    Ok(format!("| | |\n|---|---|\n{}{note}", lines.concat()))
}

fn unknown() -> String {
    "unknown".to_owned()
}

/// The first line that a program says.
fn said(command: &mut Command) -> String {
    let output = command.output().ok().filter(|output| output.status.success());
    let text = output.and_then(|output| String::from_utf8(output.stdout).ok());
    text.map_or_else(unknown, |text| text.trim().to_owned())
}

/// The value of a name in one of the system's lists.
fn value_of(file: &str, name: &str) -> String {
    let text = read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_once(':'))
        .map_or_else(unknown, |(_, value)| value.trim().to_owned())
}

fn memory() -> String {
    let text = value_of("/proc/meminfo", "MemTotal");
    let kilobytes = text.trim_end_matches(" kB").parse::<f64>();
    kilobytes.map_or(text, |kilobytes| format!("{:.0} GB", kilobytes * 1_024.0 / 1e9))
}

/// The version of a crate that the lock file names.
fn locked(name: &str) -> &'static str {
    let lock = include_str!("../../Cargo.lock");
    let entry = lock.split("[[package]]").find(|entry| {
        entry
            .lines()
            .any(|line| line.strip_prefix("name = ").is_some_and(|of| of.trim_matches('"') == name))
    });
    let line =
        entry.and_then(|entry| entry.lines().find_map(|line| line.strip_prefix("version = ")));
    line.map_or("unknown", |version| version.trim_matches('"'))
}
