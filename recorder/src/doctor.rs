//! `chronicle doctor`: checks everything, and says what to do.

mod agents;
mod events;
mod file;
mod server;

use crate::cli::Globals;
use crate::config::Config;
use crate::database;
use crate::error::{Error, Result};
use crate::install::agents::Folders;
use crate::output::{self, Paint, Progress, Screen, plural};
use chronicle::Store;
use serde_json::{Value, json};

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Fine,
    /// To be known, and nothing is lost by it.
    Note,
    Wrong,
}

impl Verdict {
    const fn name(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Note => "note",
            Self::Wrong => "wrong",
        }
    }

    const fn paint(self) -> Paint {
        match self {
            Self::Fine => Paint::Green,
            Self::Note => Paint::Yellow,
            Self::Wrong => Paint::Red,
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
struct Finding {
    area: &'static str,
    verdict: Verdict,
    words: String,
    /// What to do about it.
    remedy: Option<String>,
}

/// What was found.
#[derive(Debug, Default)]
struct Report {
    findings: Vec<Finding>,
}

impl Report {
    fn fine(&mut self, area: &'static str, words: impl Into<String>) {
        self.add(area, Verdict::Fine, words.into(), None);
    }

    fn note(&mut self, area: &'static str, words: impl Into<String>, remedy: impl Into<String>) {
        self.add(area, Verdict::Note, words.into(), Some(remedy.into()));
    }

    fn wrong(&mut self, area: &'static str, words: impl Into<String>, remedy: impl Into<String>) {
        self.add(area, Verdict::Wrong, words.into(), Some(remedy.into()));
    }

    fn add(&mut self, area: &'static str, verdict: Verdict, words: String, remedy: Option<String>) {
        let remedy = remedy.filter(|remedy| !remedy.is_empty());
        self.findings.push(Finding { area, verdict, words, remedy });
    }
}

pub(crate) async fn run(globals: &Globals) -> Result<()> {
    let mut report = Report::default();
    let progress = Progress::new(globals);
    let config = configuration(globals, &mut report)?;
    let registered = agents::look(&Folders::here()?, &mut report);
    progress.tell("checking the file");
    let mut last = Vec::new();
    if let Some(sqlite) = file::look(&config, &mut report).await {
        last = events::look(&config, &sqlite, &registered, &mut report).await;
        let is_of_a_pair = database::is_of_a_pair(&sqlite).await.unwrap_or(false);
        Store::from(&sqlite).close().await?;
        progress.tell("asking the server");
        server::look(&config, is_of_a_pair, &mut report).await;
    }
    drop(progress);
    let wrong = report.findings.iter().filter(|found| found.verdict == Verdict::Wrong).count();
    if globals.json {
        output::json(&json!({
            "wrong": wrong,
            "findings": report.findings.iter().map(to_json).collect::<Vec<_>>(),
            "last_events": last.iter().map(events::Last::to_json).collect::<Vec<_>>(),
        }))?;
    } else {
        let screen = Screen::of(globals);
        let mut out: String = report.findings.iter().map(|found| line(found, screen)).collect();
        if !last.is_empty() {
            output::add(&mut out, format_args!("\n{}", events::table(&last).render(screen)));
        }
        output::text(&out)?;
    }
    if wrong == 0 {
        return Ok(());
    }
    Err(Error::Refused(format!("{} wrong", plural(wrong as u64, "thing is", "things are"))))
}

fn configuration(globals: &Globals, report: &mut Report) -> Result<Config> {
    const AREA: &str = "configuration";
    match Config::load(globals) {
        Ok(config) => {
            match &config.file {
                Some(path) => report.fine(AREA, path.display().to_string()),
                None => report.fine(AREA, "no file, and none is needed"),
            }
            Ok(config)
        }
        Err(error) => {
            let words = error.to_string();
            let remedy =
                "mend it: hooks pass over what they do not understand, and commands do not run";
            report.wrong(AREA, words, remedy);
            Config::load_leniently(globals)
        }
    }
}

fn line(found: &Finding, screen: Screen) -> String {
    let verdict = screen.paint(found.verdict.paint(), &format!("{:<5}", found.verdict.name()));
    let area = screen.paint(Paint::Faint, &format!("{:<13}", found.area));
    let remedy = found.remedy.as_ref();
    let remedy = remedy.map(|remedy| format!("{:20}→ {remedy}\n", "")).unwrap_or_default();
    format!("{verdict} {area} {}\n{remedy}", found.words)
}

fn to_json(found: &Finding) -> Value {
    json!({
        "area": found.area,
        "verdict": found.verdict.name(),
        "words": found.words,
        "remedy": found.remedy,
    })
}
