//! The page, and the plots beside it.
#![allow(clippy::print_stdout, reason = "where the page is stands on the terminal")]

use crate::chart;
use crate::figures::Figures;
use crate::measure::{Options, Result};
use std::path::{Path, PathBuf};

const HEAD: &str = "# Performance

<!-- Written by `cargo bench --bench report`. What is changed here by hand is lost. -->

Chronicle beside other ways of doing the same work, measured in one run. All ways run in turn, on
the same machine, with rows of the same shape: events of about 500 bytes, each with a small JSON
document. Figures are medians of the rounds.

In brackets stands Chronicle's figure divided by the other's. For times and memory, above 1 is
slower or larger; for rows a second, below 1 is slower. The run itself says which: the list below is
made from the tables. A difference of less than 5 % is not told as one.
";

const FOOT: &str = "## What is not in it

- A million rows over PostgREST: it would take most of the run.
- A server that is far away: all servers are on the same machine. The README has an insert by a pair
  whose server is 5 ms away.
- An outage in which requests are never answered, replay of many rows, single reads by key and of the
  newest rows: `cargo bench` prints those.
";

#[derive(Debug)]
pub(crate) struct Page {
    /// Where the page is, and the folder of its plots.
    folder: PathBuf,
    note: &'static str,
    text: String,
    behind: Vec<String>,
}

impl Page {
    /// A page in `docs`, or elsewhere if not everything is measured in full.
    pub(crate) fn new(options: Options) -> Result<Self> {
        let folder = if options.is_complete() {
            Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
        } else {
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("report")
        };
        std::fs::create_dir_all(folder.join("performance"))?;
        let note = options.note();
        Ok(Self { folder, note, text: String::new(), behind: Vec::new() })
    }

    /// Adds Markdown.
    pub(crate) fn add(&mut self, text: &str) {
        self.text.push('\n');
        self.text.push_str(text);
    }

    /// Adds a sentence to the list of where ours is behind.
    pub(crate) fn behind(&mut self, sentence: String) {
        self.behind.push(sentence);
    }

    /// Where a plot is to be drawn, which the page shows.
    pub(crate) fn plot(&mut self, name: &str, says: &str) -> PathBuf {
        self.add(&format!("![{says}](performance/{name}.svg)\n"));
        self.folder.join("performance").join(format!("{name}.svg"))
    }

    /// Adds figures: their plots side by side, and their tables, each under a title.
    pub(crate) fn figures(&mut self, name: &str, figures: &[(&str, Figures)]) -> Result<()> {
        let title = figures.first().map_or("", |(_, figures)| figures.title);
        let path = self.plot(name, title);
        let panels: Vec<_> = figures
            .iter()
            .map(|(title, figures)| {
                let panel = figures.panel();
                chart::Panel { title: format!("{title}: {}", panel.title), ..panel }
            })
            .collect();
        chart::panels(&path, &panels)?;
        for (title, figures) in figures {
            self.add(&format!("{title}, {}:\n\n{}", figures.measure(), figures.table()));
            self.behind.extend(figures.behind());
        }
        println!("{name}: measured");
        Ok(())
    }

    /// Writes it.
    pub(crate) fn write(self, machine: &str) -> Result<()> {
        let Self { folder, note, text, behind } = self;
        let list: String = behind.iter().map(|line| format!("- {line}\n")).collect();
        let list = if list.is_empty() { "Nowhere in this run.\n" } else { &list };
        let head = HEAD.replacen("# Performance", &format!("# Performance{note}"), 1);
        let page = format!(
            "{head}\n## Machine and versions\n\n{machine}\n\
             ## Where Chronicle is slower, or takes more memory\n\n{list}{text}\n{FOOT}"
        );
        let path = folder.join("performance.md");
        std::fs::write(&path, page)?;
        println!("written: {}", path.display());
        Ok(())
    }
}
