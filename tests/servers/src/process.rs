//! A server process that ends with the process that started it.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::account::Account;
use crate::{Error, Result, blocking};

/// Runs the server in the background, and beside it a watcher that reads one line from standard input: the name of the
/// signal to end it with. When the pipe ends without one (its writer is gone), the first argument names the signal.
const SUPERVISE: &str = r#"
end=$1
shift
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
(
    signal=
    read -r signal <&3
    kill -"${signal:-$end}" "$server"
    tries=0
    while [ "$tries" -lt 100 ] && kill -0 "$server"; do
        tries=$((tries + 1))
        sleep 0.1
    done
    kill -KILL "$server"
) 2>/dev/null &
watcher=$!
exec 3<&-
wait "$server"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"
"#;

/// How to end a server.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Signal {
    /// PostgreSQL: disconnect everybody, write everything, end.
    Interrupt,
    /// PostgreSQL: end now, without writing.
    Quit,
    /// End now, by the system.
    Kill,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "INT",
            Self::Quit => "QUIT",
            Self::Kill => "KILL",
        }
    }
}

/// What to start.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    /// The server's name, for messages.
    pub(crate) server: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(&'static str, String)>,
    pub(crate) account: Option<Account>,
    /// The working folder; the file `log` in it takes what the server writes.
    pub(crate) folder: PathBuf,
    /// The signal that ends it when nobody asks for another.
    pub(crate) end: Signal,
}

impl Launch {
    /// Starts the server and waits until `ready` says so.
    pub(crate) fn start(
        &self,
        patience: Duration,
        mut ready: impl FnMut() -> bool,
    ) -> Result<Process> {
        let log = fs::File::create(self.log_path()).map_err(Error::io("create a server's log"))?;
        let error_log = log.try_clone().map_err(Error::io("open a server's log twice"))?;
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SUPERVISE, "sh", self.end.name()])
            .arg(&self.program)
            .args(&self.arguments);
        // The caller's own PGDATA, PGHOST, PGRST_… are for other servers.
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG"))
        {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(error_log)
            .current_dir(&self.folder)
            .process_group(0);
        if let Some(account) = self.account {
            account.apply(&mut command);
        }
        let child = command.spawn().map_err(Error::io(format!("start {}", self.server)))?;
        let mut process = Process { child };
        let started = Instant::now();
        while !ready() {
            if process.has_ended() {
                return Err(Error::Ended { server: self.server, log: self.log() });
            }
            if started.elapsed() > patience {
                return Err(Error::NotReady {
                    server: self.server,
                    waited: patience,
                    log: self.log(),
                });
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(process)
    }

    /// The end of what the server wrote since its last start.
    pub(crate) fn log(&self) -> String {
        let bytes = fs::read(self.log_path()).unwrap_or_default();
        blocking::tail(&String::from_utf8_lossy(&bytes))
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("log")
    }
}

/// A running server. It ends when the value is dropped, and when this process ends in any way.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a signal and waits until the server has ended.
    pub(crate) fn end(mut self, signal: Signal) -> Result<()> {
        if let Some(mut pipe) = self.child.stdin.take() {
            // A broken pipe means that it has ended already.
            let _ = writeln!(pipe, "{}", signal.name());
        }
        self.child.wait().map(drop).map_err(Error::io("wait for a server's end"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
