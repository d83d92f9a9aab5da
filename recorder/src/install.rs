//! `chronicle install` and `uninstall`: the hooks in an agent's settings.

pub(crate) mod agents;
mod codex_toml;
pub(crate) mod command;
mod edit;
pub(crate) mod file;
pub(crate) mod hooks;
mod json;
pub(crate) mod settings;

use crate::cli::{Globals, InstallArgs, Scope};
use crate::error::{Error, Result};
use crate::output::{self, plural};
use agents::{Folders, Format, Known, Place};
use file::SettingsFile;
use serde_json::json;
use settings::Found;

/// The first words of a program that `install` wrote.
const SCRIPT_MARK: &str = "// written by `chronicle install`";

pub(crate) async fn install(globals: &Globals, args: InstallArgs) -> Result<()> {
    let (agent, place, folders) = asked(&args)?;
    let file = SettingsFile::read(&place.path)?;
    let command = command::command(agent.recorded_as(), is_shared(args.scope));
    let untouched = |words: String| untouched(&file, &words);
    let old = file.text.as_deref().unwrap_or_default();
    let new = put(&place.format, old, agent, &command, is_shared(args.scope)).map_err(untouched)?;
    let was_there = find(&place.format, old).map_err(untouched)?;
    let is_changed = file.text.as_deref() != Some(&new);
    if is_changed {
        if !was_there.iter().any(|found| found.is_ours) && !is_script(&place.format) {
            file.keep_copy()?;
        }
        file.replace(&new)?;
    }
    let by_hand: Vec<&str> =
        was_there.iter().filter(|found| !found.is_ours).map(|found| found.event.as_str()).collect();
    let elsewhere = elsewhere(agent, args.scope, &folders);
    let copy = Some(file.copy()).filter(|copy| copy.exists());
    let hooks = find(&place.format, &new).map_err(untouched)?.len();
    if globals.json {
        return output::json(&json!({
            "agent": agent.name,
            "file": file.path(),
            "changed": is_changed,
            "hooks": hooks,
            "copy": copy,
            "by_hand": by_hand,
            "elsewhere": elsewhere,
            "note": agent.note,
        }));
    }
    let what = if is_script(&place.format) {
        "a plugin".to_owned()
    } else {
        plural(hooks as u64, "hook", "hooks")
    };
    let mut said = if is_changed {
        format!("{}: {what} in {}\n", agent.title, file.path().display())
    } else {
        format!("{}: {what} in {}, as before\n", agent.title, file.path().display())
    };
    if let Some(copy) = copy.filter(|_| is_changed) {
        output::add(&mut said, format_args!("The file as it was is kept in {}\n", copy.display()));
    }
    if !by_hand.is_empty() {
        output::add(
            &mut said,
            format_args!("Written by hand, and left as they are: {}\n", by_hand.join(", ")),
        );
    }
    for other in elsewhere {
        output::add(
            &mut said,
            format_args!("Also in {other}: each event comes twice, and is stored once\n"),
        );
    }
    output::add(&mut said, format_args!("{}\n", agent.note));
    output::text(&said)
}

pub(crate) async fn uninstall(globals: &Globals, args: InstallArgs) -> Result<()> {
    let (agent, place, _) = asked(&args)?;
    let file = SettingsFile::read(&place.path)?;
    let taken = match &file.text {
        Some(text) => take(&place.format, &file, text, agent, is_shared(args.scope))?,
        None => Taken::default(),
    };
    if globals.json {
        return output::json(&json!({
            "agent": agent.name,
            "file": file.path(),
            "hooks": taken.hooks,
            "deleted": taken.is_deleted,
            "as_it_was": taken.is_as_it_was,
            "by_hand": taken.by_hand,
        }));
    }
    let path = file.path().display();
    let mut said = if taken.hooks == 0 {
        format!("{}: no hooks in {path}\n", agent.title)
    } else if taken.is_deleted {
        format!("{}: {path} had nothing else in it, and is gone\n", agent.title)
    } else if taken.is_as_it_was {
        format!("{}: {path} is as it was before\n", agent.title)
    } else {
        let hooks = plural(taken.hooks as u64, "hook is", "hooks are");
        format!("{}: {hooks} gone from {path}\n", agent.title)
    };
    if !taken.by_hand.is_empty() {
        output::add(
            &mut said,
            format_args!("Written by hand, and left as they are: {}\n", taken.by_hand.join(", ")),
        );
    }
    output::text(&said)
}

fn asked(args: &InstallArgs) -> Result<(Known, Place, Folders)> {
    let agent = agents::known(args.agent.as_str())?;
    let folders = Folders::here()?;
    let place = agent.place(args.scope, &folders)?;
    Ok((agent, place, folders))
}

/// Whether others read the settings on other machines.
const fn is_shared(scope: Scope) -> bool {
    matches!(scope, Scope::Project)
}

const fn is_script(format: &Format) -> bool {
    matches!(format, Format::Script(_))
}

fn untouched(file: &SettingsFile, words: &str) -> Error {
    Error::Refused(format!("{}: {words}; it was left as it is", file.path().display()))
}

fn put(
    format: &Format,
    text: &str,
    agent: Known,
    command: &str,
    is_shared: bool,
) -> Result<String, String> {
    match format {
        Format::Json(hooks) => settings::put(text, hooks, command),
        Format::Toml => codex_toml::put(text, command),
        Format::Script(script) => {
            if !text.is_empty() && !text.starts_with(SCRIPT_MARK) {
                return Err(format!("another plugin for {} has this name", agent.title));
            }
            let program = serde_json::Value::from(command::program(is_shared)).to_string();
            Ok(script.replace("\"@PROGRAM@\"", &program))
        }
    }
}

/// The hooks of this program in a file's text.
pub(crate) fn find(format: &Format, text: &str) -> Result<Vec<Found>, String> {
    match format {
        Format::Json(_) => settings::find(text),
        Format::Toml => codex_toml::find(text),
        Format::Script(_) if text.starts_with(SCRIPT_MARK) => {
            Ok(vec![Found { event: "*".to_owned(), command: script_program(text), is_ours: true }])
        }
        Format::Script(_) => Ok(Vec::new()),
    }
}

/// The program that a script calls.
fn script_program(text: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix("const PROGRAM = "));
    line.and_then(|quoted| serde_json::from_str(quoted).ok()).unwrap_or_default()
}

#[derive(Debug, Default)]
struct Taken {
    hooks: usize,
    is_deleted: bool,
    is_as_it_was: bool,
    by_hand: Vec<String>,
}

fn take(
    format: &Format,
    file: &SettingsFile,
    text: &str,
    agent: Known,
    is_shared: bool,
) -> Result<Taken> {
    let untouched = |words: String| untouched(file, &words);
    let found = find(format, text).map_err(untouched)?;
    let by_hand = found.iter().filter(|one| !one.is_ours).map(|one| one.event.clone()).collect();
    let Some(first) = found.iter().find(|found| found.is_ours) else {
        return Ok(Taken { by_hand, ..Taken::default() });
    };
    let copied = file.copied();
    // Nobody has changed the file since: then it is given back as it was.
    let is_as_written = |copied: &&String| {
        put(format, copied, agent, &first.command, is_shared).is_ok_and(|new| new == text)
    };
    let (new, hooks) = match (format, copied.as_ref().filter(is_as_written)) {
        (_, Some(copied)) => (copied.clone(), found.iter().filter(|one| one.is_ours).count()),
        (Format::Json(_), None) => settings::take(text, copied.as_deref()).map_err(untouched)?,
        (Format::Toml, None) => codex_toml::take(text).map_err(untouched)?,
        (Format::Script(_), None) => (String::new(), 1),
    };
    let is_as_it_was = copied.as_ref() == Some(&new);
    let is_empty = match format {
        Format::Json(_) => settings::is_bare(&new),
        Format::Toml | Format::Script(_) => new.trim().is_empty(),
    };
    let is_deleted = copied.is_none() && is_empty;
    if is_deleted {
        file.delete()?;
    } else {
        file.replace(&new)?;
    }
    if is_as_it_was {
        file.forget_copy()?;
    }
    Ok(Taken { hooks, is_deleted, is_as_it_was, by_hand })
}

/// Other settings of the same agent that have hooks of this program.
fn elsewhere(agent: Known, scope: Scope, folders: &Folders) -> Vec<String> {
    let own = agent.place(scope, folders).map(|place| place.path).unwrap_or_default();
    let scopes = [Scope::User, Scope::Project, Scope::Local].into_iter();
    let mut places: Vec<Place> = scopes
        .filter_map(|scope| agent.place(scope, folders).ok())
        .filter(|place| place.path != own)
        .collect();
    places.dedup_by(|one, other| one.path == other.path);
    let has_hooks = |place: &Place| {
        let text = SettingsFile::read(&place.path).ok().and_then(|file| file.text);
        text.is_some_and(|text| find(&place.format, &text).is_ok_and(|found| !found.is_empty()))
    };
    places.retain(has_hooks);
    places.into_iter().map(|place| place.path.display().to_string()).collect()
}
