//! The server: whether it can be reached, and what waits for it.

use super::Report;
use super::file::is_open;
use crate::config::{Config, Remote};
use crate::database::{self, Sends};
use crate::error::Error;
use crate::moment;
use crate::output::plural;
use chronicle::failover::{FailoverInfo, Status};
use chronicle::{Backend, ErrorKind, Store};

const AREA: &str = "server";

pub(super) async fn look(config: &Config, is_of_a_pair: bool, report: &mut Report) {
    let Some(remote) = &config.remote else {
        if is_of_a_pair {
            let words = "the file belongs to a server, and none is configured: nothing is sent";
            report.wrong(AREA, words, "configure it again: `[server]` in the configuration file");
        } else {
            report.fine(AREA, "none: everything stays in the file");
        }
        return;
    };
    if let Some(path) = remote.key_file()
        && is_open(path)
    {
        let words = format!("others on this machine can read the key in {}", path.display());
        report.wrong("rights", words, format!("`chmod 600 {}`", path.display()));
    }
    if !reach(remote, report).await {
        return;
    }
    let info = match database::pair(config, Sends::Nothing).await {
        Ok(pair) => {
            let info = pair.failover_info().await;
            let closed = Store::from(&pair).close().await;
            info.and_then(|info| closed.map(|()| info)).map_err(Error::from)
        }
        Err(error) => Err(error),
    };
    match info {
        Ok(info) => waiting(&info, report),
        Err(Error::Store(error)) if error.kind() == ErrorKind::Conflict => {
            let remedy = "configure that one again; or `chronicle rebind`, if what waits is to go to this one";
            report.wrong("outbox", error.message(), remedy);
        }
        Err(error) => report.wrong("outbox", error.to_string(), ""),
    }
}

/// Asks the server; whether it makes sense to go on.
async fn reach(remote: &Remote, report: &mut Report) -> bool {
    let server = match remote.with_key() {
        Ok(remote) => remote.options().attempts(1).connect(),
        Err(error) => {
            let words = format!("{}: {error}", remote.key_words());
            report.wrong(AREA, words, "without its key nothing is sent: put it right");
            return false;
        }
    };
    let asked = match server {
        Ok(server) => server.health().await,
        Err(error) => Err(error),
    };
    match asked {
        Ok(()) => report.fine(AREA, format!("{} can be reached", remote.url)),
        Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) => {
            let words = format!("{} cannot be reached: {}", remote.url, error.message());
            report.note(AREA, words, "what is recorded waits in the file until it can");
        }
        Err(error) => {
            let remedy = error.hint().unwrap_or("look at the address and the key");
            report.wrong(AREA, format!("{}: {}", remote.url, error.message()), remedy);
        }
    }
    true
}

fn waiting(info: &FailoverInfo, report: &mut Report) {
    let writes = plural(info.outbox_rows, "write waits", "writes wait");
    let oldest = info.oldest.and_then(|age| chrono::TimeDelta::from_std(age).ok());
    let oldest = oldest.map(|age| format!(", the oldest for {}", moment::long(age)));
    let words = format!("{writes}{}", oldest.unwrap_or_default());
    if info.status == Status::Failed {
        let cause = info.cause.as_deref().unwrap_or("the file takes no write");
        report.wrong("outbox", format!("{words}; {cause}"), "make room, or make the file writable");
    } else if info.is_stalled {
        let cause = info.cause.as_deref().unwrap_or("nothing has sent it");
        report.wrong("outbox", format!("{words}: {cause}"), "`chronicle flush`");
    } else {
        report.fine("outbox", words);
    }
    for paused in &info.paused {
        let words = format!("the table {} stands still: {}", paused.table, paused.message);
        report.wrong("outbox", words, "mend that at the server; it is tried each minute");
    }
    if info.dead_letters > 0 {
        let letters = plural(info.dead_letters, "write", "writes");
        let words = format!("{letters} refused by the server");
        report.wrong(
            "letters",
            words,
            "`chronicle letters list` says why; then `retry` or `drop` them",
        );
    }
}
