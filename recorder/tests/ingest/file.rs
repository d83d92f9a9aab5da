//! A home folder of its own for the program, and what it has recorded there.

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path().join("data/chronicle/chronicle.db")
    }

    /// The program, with nothing in its environment but this home.
    pub(crate) fn program(&self) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_chronicle"));
        self.set_home(&mut program);
        program
    }

    /// A line for the shell, in the same environment; `$0` is the program.
    pub(crate) fn shell(&self, line: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", line, env!("CARGO_BIN_EXE_chronicle")]);
        self.set_home(&mut shell);
        shell
    }

    fn set_home(&self, command: &mut Command) {
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("XDG_DATA_HOME", self.path().join("data"))
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .env("XDG_STATE_HOME", self.path().join("state"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    }

    pub(crate) fn run(&self, arguments: &[&str], input: &[u8]) -> Output {
        give(self.program().args(arguments), input)
    }

    /// Records a payload, and checks what must hold for each.
    pub(crate) fn record(&self, arguments: &[&str], payload: impl AsRef<[u8]>) {
        let output = self.run(&[&["record"], arguments].concat(), payload.as_ref());
        assert!(output.status.success(), "{output:?}");
        assert_eq!(output.stderr, b"", "{output:?}");
    }

    /// Imports files, and gives what is said.
    pub(crate) fn import(&self, arguments: &[&str]) -> (String, String) {
        let output = self.run(&[&["import"], arguments].concat(), b"");
        assert!(output.status.success(), "{output:?}");
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).unwrap().replace(&*self.path().to_string_lossy(), "~")
        };
        (text(output.stdout), text(output.stderr))
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The rows that SQL gives, each as one text.
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        let connection = Connection::open(self.database()).unwrap();
        let mut statement = connection.prepare(sql).unwrap();
        let count = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let cell = |at| match row.get_ref(at).unwrap() {
                ValueRef::Null => "-".to_owned(),
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Real(number) => number.to_string(),
                ValueRef::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
                ValueRef::Blob(_) => "blob".to_owned(),
            };
            Ok((0..count).map(cell).collect::<Vec<_>>().join(" | "))
        };
        statement.query_map([], row).unwrap().map(Result::unwrap).collect()
    }

    pub(crate) fn number(&self, sql: &str) -> u64 {
        self.rows(sql)[0].parse().unwrap()
    }
}

pub(crate) fn give(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command.spawn().unwrap();
    // One that reads nothing may have ended already.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}
