//! The names of what is written. Whatever the database's names are, they compile, and differ where they have to.

mod enums;
mod fields;
mod reserved;
mod singular;
mod words;

use std::collections::HashSet;

use heck::ToUpperCamelCase;

pub(crate) use enums::{enum_types, variants};
pub(crate) use fields::fields;
use reserved::{KEYWORDS, TYPES, UNRAWABLE};
use words::words;

/// The names of what is made for a table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TableNames {
    /// The module, without `r#`.
    pub(crate) module: String,
    /// One row.
    pub(crate) row: String,
    /// The repository, where the derive would choose another.
    pub(crate) repository: Option<String>,
}

/// The names for a table; `modules` are those beside its own.
pub(crate) fn table(name: &str, modules: &mut HashSet<String>) -> TableNames {
    let plain = words(name, "table");
    // A file `mod.rs` would be the folder's own module.
    let taken = UNRAWABLE.contains(&plain.as_str()) || plain == ENUMS || plain == "mod";
    let module = if taken { format!("{plain}_table") } else { plain.clone() };
    let mut row = singular::singular(&plain).to_upper_camel_case();
    if row == "Self" {
        row.push_str("Row");
    }
    let mut repository = plain.to_upper_camel_case();
    let generated = [format!("New{row}"), format!("{row}Patch")];
    if TYPES.contains(&repository.as_str()) || generated.contains(&repository) {
        repository.push_str("Repository");
    }
    // What the derive makes of the table's name.
    let repository = (repository != name.to_upper_camel_case()).then_some(repository);
    TableNames { module: unique(&module, "_", modules), row, repository }
}

/// The module that holds the enums.
pub(crate) const ENUMS: &str = "enums";

/// The variant of a relation to the table that is written in `module`.
pub(crate) fn relation(module: &str) -> String {
    module.to_upper_camel_case()
}

/// The name as it is written in Rust, where it may be a reserved word.
pub(crate) fn raw(name: &str) -> String {
    if KEYWORDS.contains(&name) { format!("r#{name}") } else { name.to_owned() }
}

/// Whether a module may have this name.
pub(crate) fn is_module(name: &str) -> bool {
    words(name, "") == name && !name.is_empty() && !UNRAWABLE.contains(&name)
}

/// The name, with a number behind it if it is taken.
pub(crate) fn unique(name: &str, separator: &str, taken: &mut HashSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while !taken.insert(candidate.clone()) {
        candidate = format!("{name}{separator}{number}");
        number += 1;
    }
    candidate
}

#[cfg(test)]
mod tests;
