//! The hooks in settings that are JSON: put in, found, taken out.

use super::command::is_ours;
use super::edit::{Json, Layout, append, remove};
use super::hooks::{Hooks, MARK};
use super::json::{Node, parse};
use std::collections::BTreeMap;

/// A hook of this program that was found in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) event: String,
    pub(crate) command: String,
    /// It was written by `install`, and not by hand.
    pub(crate) is_ours: bool,
}

/// What a file is, seen by who wants to put hooks into it.
type Words = String;

/// The text with the hooks in it. A text that has them all is given back as it is.
pub(crate) fn put(text: &str, hooks: &Hooks, command: &str) -> Result<String, Words> {
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        let layout = Layout::of(text, None);
        let mark = if text.starts_with('\u{feff}') { "\u{feff}" } else { "" };
        return Ok(format!("{mark}{}", layout.document(&whole(hooks, command))));
    }
    let mut by_event: BTreeMap<String, Vec<Found>> = BTreeMap::new();
    for found in find(text)? {
        by_event.entry(found.event.clone()).or_default().push(found);
    }
    let is_right = |found: &Found| found.command == command || !found.is_ours;
    let are_right = by_event.iter().all(|(event, found)| {
        hooks.events.contains(&event.as_str()) && found.len() == 1 && found.iter().all(is_right)
    });
    let mut text = if are_right { text.to_owned() } else { take(text, None)?.0 };
    for event in hooks.events {
        let is_there = |found: &Vec<Found>| found.iter().any(|one| are_right || !one.is_ours);
        if !by_event.get(*event).is_some_and(is_there) {
            text = put_one(&text, event, &hooks.entry(event, command))?;
        }
    }
    Ok(text)
}

/// A file of hooks and nothing else.
fn whole(hooks: &Hooks, command: &str) -> Json {
    let lists = hooks
        .events
        .iter()
        .map(|event| ((*event).to_owned(), Json::Array(vec![hooks.entry(event, command)])));
    let lists = ("hooks".to_owned(), Json::Object(lists.collect()));
    let version = hooks.version.map(|version| ("version".to_owned(), Json::Number(version)));
    Json::Object(version.into_iter().chain([lists]).collect())
}

fn put_one(text: &str, event: &str, entry: &Json) -> Result<String, Words> {
    let root = root(text)?;
    let layout = Layout::of(text, Some(&root));
    let list = || Json::Array(vec![entry.clone()]);
    let Some(lists) = root.get("hooks") else {
        let lists = Json::Object(vec![(event.to_owned(), list())]);
        return Ok(append(text, &layout, (&root, 0), Some("hooks"), &lists));
    };
    Ok(match lists.get(event) {
        None => append(text, &layout, (lists, 1), Some(event), &list()),
        Some(entries) => append(text, &layout, (entries, 2), None, entry),
    })
}

/// The outermost object, of a shape that hooks can be put into.
fn root(text: &str) -> Result<Node, Words> {
    let root = parse(text).map_err(|error| format!("it is no JSON: {error}"))?;
    if !root.is_object() {
        return Err("it is no JSON object".to_owned());
    }
    if root.members().iter().filter(|member| member.name == "hooks").count() > 1 {
        return Err("it has `hooks` more than once".to_owned());
    }
    let Some(lists) = root.get("hooks") else { return Ok(root) };
    if !lists.is_object() {
        return Err("its `hooks` is no object".to_owned());
    }
    for (at, list) in lists.members().iter().enumerate() {
        if !list.value.is_array() {
            return Err(format!("its `hooks.{}` is no list", list.name));
        }
        if lists.members().iter().skip(at + 1).any(|other| other.name == list.name) {
            return Err(format!("it has `hooks.{}` more than once", list.name));
        }
    }
    Ok(root)
}

/// What would keep an agent from reading the hooks of this file; whoever wrote it.
pub(crate) fn malformed(text: &str, style: super::hooks::Style) -> Vec<Words> {
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Vec::new();
    }
    let root = match root(text) {
        Ok(root) => root,
        Err(words) => return vec![words],
    };
    let mut found = Vec::new();
    for list in root.get("hooks").map(Node::members).unwrap_or_default() {
        for (at, entry) in list.value.elements().iter().enumerate() {
            let place = format!("`hooks.{}[{at}]`", list.name);
            if !entry.is_object() {
                found.push(format!("{place} is no object"));
            } else if matches!(style, super::hooks::Style::Groups { .. }) {
                let Some(handlers) = entry.get("hooks").filter(|handlers| handlers.is_array())
                else {
                    found.push(format!("{place} has no list `hooks`"));
                    continue;
                };
                if entry.get("matcher").is_some_and(|matcher| matcher.text().is_none()) {
                    found.push(format!("the `matcher` of {place} is no text"));
                }
                for handler in handlers.elements() {
                    let has = |name: &str| handler.get(name).and_then(Node::text).is_some();
                    if !has("type") {
                        found.push(format!("a handler of {place} has no `type`"));
                    } else if handler.get("type").and_then(Node::text) == Some("command")
                        && !has("command")
                    {
                        found.push(format!("a handler of {place} has no `command`"));
                    }
                }
            }
        }
    }
    found
}

/// The hooks of this program in a file, by whomever they were written.
pub(crate) fn find(text: &str) -> Result<Vec<Found>, Words> {
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Ok(Vec::new());
    }
    let root = root(text)?;
    let mut found = Vec::new();
    for list in root.get("hooks").map(Node::members).unwrap_or_default() {
        for entry in list.value.elements() {
            let handlers = entry.get("hooks").map(Node::elements);
            for handler in handlers.unwrap_or(std::slice::from_ref(entry)) {
                found.extend(ours(handler).map(|(command, is_ours)| Found {
                    event: list.name.clone(),
                    command: command.to_owned(),
                    is_ours,
                }));
            }
        }
    }
    Ok(found)
}

/// The command of a handler that calls this program, and whether `install` wrote it.
fn ours(handler: &Node) -> Option<(&str, bool)> {
    let command = ["command", "bash", "powershell"].into_iter().find_map(|name| handler.get(name));
    let command = command.and_then(Node::text)?;
    let is_marked = handler.get(MARK).is_some_and(Node::is_true);
    match is_ours(command) {
        Some(is_installed) => Some((command, is_marked || is_installed)),
        None => is_marked.then_some((command, true)),
    }
}

/// The text without the hooks that `install` wrote, and how many those were. A list or a group that
/// is empty then goes as well, unless `before`, the file as it was, had it.
pub(crate) fn take(text: &str, before: Option<&str>) -> Result<(String, usize), Words> {
    let before = before.and_then(|before| root(before).ok());
    let had = |event: Option<&str>| {
        let lists = before.as_ref().and_then(|root| root.get("hooks"));
        lists.is_some_and(|lists| event.is_none_or(|event| lists.get(event).is_some()))
    };
    let mut text = text.to_owned();
    let mut taken = 0;
    while let Some(without) = take_one(&text, &had)? {
        text = without;
        taken += 1;
    }
    Ok((text, taken))
}

fn take_one(text: &str, had: &dyn Fn(Option<&str>) -> bool) -> Result<Option<String>, Words> {
    let root = root(text)?;
    let is_written = |handler: &Node| ours(handler).is_some_and(|(_, is_ours)| is_ours);
    let hooks_at = root.members().iter().position(|member| member.name == "hooks");
    let Some((hooks_at, lists)) =
        hooks_at.and_then(|at| root.members().get(at).map(|member| (at, &member.value)))
    else {
        return Ok(None);
    };
    for (list_at, list) in lists.members().iter().enumerate() {
        for (entry_at, entry) in list.value.elements().iter().enumerate() {
            let is_alone = match entry.get("hooks").map(Node::elements) {
                Some(handlers) => {
                    let Some(at) = handlers.iter().position(is_written) else { continue };
                    match entry.get("hooks") {
                        Some(all) if handlers.len() > 1 => return Ok(Some(remove(text, all, at))),
                        _ => true,
                    }
                }
                None => is_written(entry),
            };
            if !is_alone {
                continue;
            }
            let last_list = list.value.elements().len() == 1 && !had(Some(&list.name));
            let last_of_all = last_list && lists.members().len() == 1 && !had(None);
            return Ok(Some(if last_of_all {
                remove(text, &root, hooks_at)
            } else if last_list {
                remove(text, lists, list_at)
            } else {
                remove(text, &list.value, entry_at)
            }));
        }
    }
    Ok(None)
}

/// Whether a file has a switch that turns all hooks off.
pub(crate) fn is_switched_off(text: &str) -> bool {
    parse(text).is_ok_and(|root| root.get("disableAllHooks").is_some_and(Node::is_true))
}

/// Whether nothing is left in a file that was for hooks alone.
pub(crate) fn is_bare(text: &str) -> bool {
    parse(text).is_ok_and(|root| {
        root.is_object() && root.members().iter().all(|member| member.name == "version")
    })
}
