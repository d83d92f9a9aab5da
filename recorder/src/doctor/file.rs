//! The file: whether it is sound, how large it is, and who can read it.

use super::Report;
use crate::config::Config;
use crate::output::bytes;
use crate::{database, status};
use chronicle::Sqlite;
use chronicle::sqlite::SqliteOptions;
use sea_orm::JsonValue;
use std::path::Path;

const AREA: &str = "file";

/// The file, where it can be looked at.
pub(super) async fn look(config: &Config, report: &mut Report) -> Option<Sqlite> {
    let path = config.database.display();
    if !config.database.exists() {
        let words = format!("there is no {path} ({}): nothing is recorded yet", config.database_by);
        report.note(AREA, words, "the first hook makes it");
        return None;
    }
    rights(&config.database, report);
    let sqlite = match SqliteOptions::new(&config.database).open().await {
        Ok(sqlite) => sqlite,
        Err(error) => {
            report.wrong(
                AREA,
                error.to_string(),
                "hooks cannot record into it: put it right, or move it away",
            );
            return None;
        }
    };
    match database::pending(&sqlite).await {
        Ok(pending) if pending.is_empty() => {}
        Ok(pending) => {
            let words = format!("its tables lack {}", pending.join(", "));
            report.wrong(AREA, words, "`chronicle migrate`");
            return None;
        }
        Err(error) => {
            report.wrong(AREA, error.to_string(), "");
            return None;
        }
    }
    match database::rows(&sqlite, "pragma quick_check(5)").await {
        Ok(rows) => {
            let said: Vec<&str> =
                rows.iter().flat_map(|row| row.values()).filter_map(JsonValue::as_str).collect();
            if said == ["ok"] {
                report.fine(AREA, format!("{path} is sound ({})", bytes(status::size(config))));
            } else {
                let words = format!("{path} is damaged: {}", said.join("; "));
                let remedy =
                    "keep a copy, and save what can be read: `sqlite3 FILE .recover | sqlite3 NEW`";
                report.wrong(AREA, words, remedy);
            }
        }
        Err(error) => {
            report.wrong(AREA, error.to_string(), "look whether another program holds it");
        }
    }
    Some(sqlite)
}

#[cfg(unix)]
fn rights(path: &Path, report: &mut Report) {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| std::fs::metadata(path).ok().map(|file| file.permissions().mode());
    let Some(file) = mode(path) else { return };
    if file & 0o200 == 0 {
        let words = format!("{} may only be read", path.display());
        report.wrong("rights", words, format!("`chmod u+w {}`", path.display()));
    }
    // A folder that is closed to others closes what is in it.
    let folder = path.parent().and_then(mode).unwrap_or(0o777);
    if file & 0o077 != 0 && folder & 0o011 != 0 {
        let words = format!("others on this machine can read {}", path.display());
        let folder = path.parent().unwrap_or(path).display();
        report.note("rights", words, format!("`chmod 700 {folder}`"));
    }
}

#[cfg(not(unix))]
fn rights(path: &Path, report: &mut Report) {
    if std::fs::metadata(path).is_ok_and(|file| file.permissions().readonly()) {
        report.wrong("rights", format!("{} may only be read", path.display()), "make it writable");
    }
}

/// Whether others can read a file that holds a key.
pub(super) fn is_open(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}
