//! What is planned, as text, in rustfmt's default style.

mod attribute;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::names::{self, raw};
use crate::plan::{Entity, Enum, Module, Modules};
use attribute::attribute;

/// The beginning of each file, by which the program knows its own again.
pub(crate) const MARKER: &str = "// Written by chronicle-generate";

const HEAD: &str = "// Written by chronicle-generate, which replaces this file: what is changed in it by hand is lost.\n\n";

/// Lints that look at names and shapes, which are the database's.
const ALLOW: &str = r#"#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "names and shapes are those of the database"
)]

"#;

/// The files of all modules, by their path.
pub(crate) fn render(modules: &Modules) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    for (path, module) in modules {
        let folder: PathBuf = path.iter().collect();
        for entity in &module.entities {
            files.insert(folder.join(format!("{}.rs", entity.module)), entity_file(entity));
        }
        if !module.enums.is_empty() {
            files.insert(folder.join(format!("{}.rs", names::ENUMS)), enums_file(&module.enums));
        }
        files.insert(folder.with_extension("rs"), module_file(module));
    }
    files
}

fn module_file(module: &Module) -> String {
    let mut text = HEAD.to_owned();
    if let Some(schema) = &module.schema {
        let schema = schema.replace(['`', '\n', '\r'], "'");
        text.extend(["//! The tables of the schema `", &schema, "`.\n", ALLOW]);
    }
    let mut names: Vec<&str> =
        module.entities.iter().map(|entity| entity.module.as_str()).collect();
    names.extend(module.children.iter().map(String::as_str));
    if !module.enums.is_empty() {
        names.push(names::ENUMS);
    }
    names.sort_unstable();
    for name in names {
        text.extend(["pub mod ", &raw(name), ";\n"]);
    }
    text
}

fn entity_file(entity: &Entity) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("use sea_orm::entity::prelude::*;\n\n");
    text.push_str("#[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]\n");
    text.push_str(&attribute("", "sea_orm", &entity.sea_orm));
    text.push_str(&attribute("", "repository", &entity.repository));
    text.push_str("pub struct Model {\n");
    for field in &entity.fields {
        text.push_str(&attribute("    ", "sea_orm", &field.sea_orm));
        text.push_str(&attribute("    ", "repository", &field.repository));
        text.extend(["    pub ", &raw(&field.name), ": ", &field.rust_type, ",\n"]);
    }
    text.push_str("}\n\n#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]\n");
    if entity.relations.is_empty() {
        text.push_str("pub enum Relation {}\n");
    } else {
        text.push_str("pub enum Relation {\n");
        for relation in &entity.relations {
            text.push_str(&attribute("    ", "sea_orm", &relation.sea_orm));
            text.extend(["    ", &relation.variant, ",\n"]);
        }
        text.push_str("}\n");
    }
    text.push_str("\nimpl ActiveModelBehavior for ActiveModel {}\n");
    text
}

fn enums_file(enums: &[Enum]) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("use sea_orm::entity::prelude::*;\n");
    for item in enums {
        text.push_str(
            "\n#[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, chronicle::Scalar)]\n",
        );
        text.push_str(&attribute("", "sea_orm", &item.sea_orm));
        text.extend(["pub enum ", &item.name, " {\n"]);
        for (variant, label) in &item.variants {
            text.push_str(&attribute("    ", "sea_orm", &[format!("string_value = {label:?}")]));
            text.extend(["    ", variant, ",\n"]);
        }
        text.push_str("}\n");
    }
    text
}
