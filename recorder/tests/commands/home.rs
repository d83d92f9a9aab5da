//! A home folder for one test, and the program run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_chronicle");

pub(crate) struct Home {
    folder: tempfile::TempDir,
}

/// What the program said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: Option<i32>,
}

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(home.path("project/.git")).unwrap();
        home
    }

    pub(crate) fn path(&self, inner: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(inner)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path("data/chronicle/chronicle.db")
    }

    pub(crate) fn write(&self, inner: &str, text: &str) -> PathBuf {
        let path = self.path(inner);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn read(&self, inner: &str) -> String {
        fs::read_to_string(self.path(inner)).unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .current_dir(self.path("project"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("x").parent().unwrap())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("TZ", "UTC")
            .env("COLUMNS", "100")
            .stdin(std::process::Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.said(&mut self.command(arguments))
    }

    pub(crate) fn said(&self, command: &mut Command) -> Said {
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| self.filtered(&String::from_utf8(bytes).unwrap());
        Said { out: text(output.stdout), err: text(output.stderr), code: output.status.code() }
    }

    /// What a command prints, if it succeeds.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert_eq!(said.err, "", "{arguments:?}");
        said.out
    }

    /// Why a command fails.
    pub(crate) fn error(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!(said.code, Some(1), "{said:?}");
        said.err
    }

    /// Without what is another on each machine.
    pub(crate) fn filtered(&self, text: &str) -> String {
        let home = self.path("").display().to_string();
        let text = text.replace(home.trim_end_matches('/'), "~").replace(PROGRAM, "/bin/chronicle");
        let mut out = String::new();
        for line in text.split_inclusive('\n') {
            match (line.find(" ago"), line.rfind(['(', ','])) {
                (Some(ago), Some(start)) if start < ago && line.contains("last") => {
                    out.push_str(&line[..start + 1]);
                    out.push_str(" some time");
                    out.push_str(&line[ago..]);
                }
                _ => out.push_str(line),
            }
        }
        out
    }

    /// All files below the home folder but for the data.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.path("")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.is_symlink() {
                    folders.push(path);
                } else {
                    found.push(relative(&path, &self.path("")));
                }
            }
        }
        found.sort();
        found
    }
}

fn relative(path: &Path, home: &Path) -> String {
    path.strip_prefix(home).unwrap().display().to_string()
}
