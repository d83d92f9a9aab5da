//! Where the hooks are registered, and whether an agent can run them.

use super::Report;
use crate::cli::Scope;
use crate::install::agents::{ALL, Folders, Format, Known, Place};
use crate::install::file::SettingsFile;
use crate::install::settings::{Found, is_switched_off, malformed};
use crate::install::{command, find};
use crate::output::plural;
use std::collections::BTreeMap;
use std::path::Path;

const AREA: &str = "hooks";

/// How many hooks are named.
const NAMED: usize = 4;

/// The agents whose hooks are registered.
pub(super) fn look(folders: &Folders, report: &mut Report) -> Vec<&'static str> {
    let mut registered = Vec::new();
    for agent in ALL {
        // It shares the file of Copilot CLI.
        if agent.name == "vscode" {
            continue;
        }
        let mut places = 0;
        for place in places_of(agent, folders) {
            places += usize::from(look_at(agent, &place, report));
        }
        if places > 0 {
            registered.push(agent.name);
        }
        if places > 1 {
            let words = format!(
                "{}: registered in {places} places, so each event comes twice",
                agent.title
            );
            let remedy = format!(
                "take one away by `chronicle uninstall --agent {} --scope …`; each event is stored once meanwhile",
                agent.name
            );
            report.wrong(AREA, words, remedy);
        }
    }
    if registered.is_empty() {
        let remedy = "`chronicle install --agent claude-code`, or another agent";
        report.wrong(AREA, "no agent runs this program: nothing new is recorded", remedy);
    }
    registered
}

fn places_of(agent: Known, folders: &Folders) -> Vec<(Scope, Place)> {
    let mut places: Vec<(Scope, Place)> = Vec::new();
    for scope in [Scope::User, Scope::Project, Scope::Local] {
        if let Ok(place) = agent.place(scope, folders)
            && !places.iter().any(|(_, other)| other.path == place.path)
        {
            places.push((scope, place));
        }
    }
    places
}

/// Looks at one file; whether it has hooks of this program.
fn look_at(agent: Known, (scope, place): &(Scope, Place), report: &mut Report) -> bool {
    let path = place.path.display();
    let again = format!("`chronicle install --agent {} --scope {}`", agent.name, name(*scope));
    let text = match SettingsFile::read(&place.path) {
        Ok(file) => file.text.unwrap_or_default(),
        Err(error) => {
            report.wrong(AREA, format!("{}: {error}", agent.title), "make it readable");
            return false;
        }
    };
    let found = match find(&place.format, &text) {
        Ok(found) => found,
        Err(words) => {
            let remedy = format!("{} reads no hooks of it: mend it", agent.title);
            report.wrong(AREA, format!("{}: {path}: {words}", agent.title), remedy);
            return false;
        }
    };
    if found.is_empty() {
        return false;
    }
    if let Format::Json(hooks) = &place.format {
        for words in malformed(&text, hooks.style) {
            let remedy = format!(
                "one malformed entry can keep {} from all hooks of the file: mend it",
                agent.title
            );
            report.wrong(AREA, format!("{}: {path}: {words}", agent.title), remedy);
        }
        if is_switched_off(&text) {
            let words =
                format!("{}: {path} switches all hooks off (`disableAllHooks`)", agent.title);
            report.wrong(AREA, words, "take that away");
        }
    }
    let mut by_event: BTreeMap<&str, usize> = BTreeMap::new();
    for one in &found {
        *by_event.entry(&one.event).or_default() += 1;
    }
    let twice: Vec<&str> =
        by_event.iter().filter(|(_, count)| **count > 1).map(|(event, _)| *event).collect();
    if !twice.is_empty() {
        let words = format!("{}: {path}: registered twice: {}", agent.title, twice.join(", "));
        report.wrong(AREA, words, format!("take away what was written by hand; then {again}"));
    }
    let missing: Vec<&str> = match &place.format {
        Format::Json(hooks) => hooks.events.to_vec(),
        Format::Toml => crate::install::hooks::CODEX.events.to_vec(),
        Format::Script(_) => Vec::new(),
    };
    let missing: Vec<&str> =
        missing.into_iter().filter(|event| !by_event.contains_key(event)).collect();
    if !missing.is_empty() {
        let missing = match missing.as_slice() {
            few if few.len() <= NAMED => few.join(", "),
            many => plural(many.len() as u64, "hook", "hooks"),
        };
        let words = format!("{}: {path}: not registered: {missing}", agent.title);
        report.note(AREA, words, again.clone());
    }
    if let Some(gone) = gone(&found) {
        let words = format!("{}: {path} calls {gone}, which is not there", agent.title);
        report.wrong(AREA, words, again);
    }
    let hooks = plural(found.len() as u64, "hook", "hooks");
    let hooks =
        if matches!(place.format, Format::Script(_)) { "a plugin".to_owned() } else { hooks };
    report.fine(AREA, format!("{}: {hooks} in {path}", agent.title));
    true
}

/// The program that is called and is not there any more.
fn gone(found: &[Found]) -> Option<String> {
    let programs = found.iter().map(|one| command::program_of(&one.command));
    programs.into_iter().find(|program| {
        let path = Path::new(program);
        path.is_absolute() && !path.exists()
    })
}

const fn name(scope: Scope) -> &'static str {
    match scope {
        Scope::User => "user",
        Scope::Project => "project",
        Scope::Local => "local",
    }
}
