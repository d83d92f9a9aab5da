//! What is written for a description: modules, entities, their fields and relations.

mod column;
mod enums;
mod key;
mod modules;
mod relations;
mod uniques;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::description::{Column, Description, Table, TableName};
use crate::error::{Error, Result};
use crate::kind::Kind;
use crate::names::{self, TableNames};
use crate::options::Options;
use crate::report::{Note, Reason, Report};
use enums::Enums;
use key::Key;
use modules::relative;

/// A module by its path.
pub(crate) type Modules = BTreeMap<Vec<String>, Module>;

#[derive(Debug, Default)]
pub(crate) struct Module {
    /// The schema whose tables it holds; none where it only holds other modules.
    pub(crate) schema: Option<String>,
    pub(crate) children: BTreeSet<String>,
    pub(crate) entities: Vec<Entity>,
    pub(crate) enums: Vec<Enum>,
}

#[derive(Debug)]
pub(crate) struct Entity {
    pub(crate) module: String,
    /// The entries of `#[sea_orm(...)]`.
    pub(crate) sea_orm: Vec<String>,
    /// The entries of `#[repository(...)]`.
    pub(crate) repository: Vec<String>,
    pub(crate) fields: Vec<Field>,
    pub(crate) relations: Vec<Relation>,
}

#[derive(Debug)]
pub(crate) struct Field {
    /// Without `r#`.
    pub(crate) name: String,
    pub(crate) rust_type: String,
    pub(crate) sea_orm: Vec<String>,
    pub(crate) repository: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Relation {
    pub(crate) variant: String,
    pub(crate) sea_orm: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Enum {
    pub(crate) name: String,
    pub(crate) sea_orm: Vec<String>,
    /// Variants with their label.
    pub(crate) variants: Vec<(String, String)>,
}

/// A table that is written, with the names it gets.
struct Placed {
    table: Table,
    path: Vec<String>,
    names: TableNames,
    fields: Vec<String>,
    kinds: Vec<Kind>,
    key: Key,
}

impl Placed {
    /// The path of the module of its entity.
    fn module(&self) -> Vec<String> {
        let mut module = self.path.clone();
        module.push(self.names.module.clone());
        module
    }

    fn position(&self, column: &str) -> Option<usize> {
        self.table.columns.iter().position(|other| other.name == column)
    }
}

/// Notes what is left out.
struct Notes(Vec<Note>);

impl Notes {
    fn table(&mut self, table: &TableName, reason: Reason) {
        self.add(table, None, reason);
    }

    fn column(&mut self, table: &TableName, column: &Column, reason: Reason) {
        self.add(table, Some(column.name.clone()), reason);
    }

    fn add(&mut self, table: &TableName, column: Option<String>, reason: Reason) {
        self.0.push(Note {
            schema: table.schema.clone(),
            table: table.name.clone(),
            column,
            reason,
        });
    }
}

/// The modules to write, and what is left out.
pub(crate) fn plan(description: Description, options: &Options) -> Result<(Modules, Report)> {
    let paths = options.module_paths()?;
    let mut modules = modules::tree(&paths);
    let Description { mut tables, enums, notes, untold } = description;
    let mut notes = Notes(notes);
    if let Some(only) = options.only_tables() {
        if let Some(missing) =
            only.iter().find(|name| tables.iter().all(|table| table.name.name != **name))
        {
            let schemas = options.schemas().join("`, `");
            return Err(Error::Invalid(format!("there is no table `{missing}` in `{schemas}`")));
        }
        tables.retain(|table| only.contains(&table.name.name));
        notes.0.retain(|note| only.contains(&note.table));
    }

    let enums = Enums::new(enums, &tables, &paths);
    let mut taken: BTreeMap<&Vec<String>, HashSet<String>> = BTreeMap::new();
    for (_, path) in &paths {
        taken.insert(
            path,
            modules
                .get(path)
                .map(|module| module.children.iter().cloned().collect())
                .unwrap_or_default(),
        );
    }
    let mut placed = Vec::new();
    for table in tables {
        let Some((_, path)) = paths.iter().find(|(schema, _)| *schema == table.name.schema) else {
            continue;
        };
        let mut kinds = Vec::new();
        for column in &table.columns {
            kinds.push(enums.kind(column, path));
        }
        let Some(key) = key::key(&table, &kinds, &mut notes) else { continue };
        let names = names::table(&table.name.name, taken.entry(path).or_default());
        let fields = names::fields(&table);
        placed.push(Placed { table, path: path.clone(), names, fields, kinds, key });
    }

    for table in &placed {
        enums.note(&table.table, &table.kinds, &mut notes);
        let entity = entity(table, &placed, &enums, options, &mut notes);
        modules.entry(table.path.clone()).or_default().entities.push(entity);
    }
    for (path, made) in enums.into_modules() {
        modules.entry(path).or_default().enums = made;
    }
    let mut notes = notes.0;
    notes.sort();
    Ok((modules, Report { tables: placed.len(), notes, untold }))
}

fn entity(
    placed: &Placed,
    all: &[Placed],
    enums: &Enums,
    options: &Options,
    notes: &mut Notes,
) -> Entity {
    let Placed { table, names, key, .. } = placed;
    let mut sea_orm = vec![entry("table_name", &table.name.name)];
    sea_orm.extend(
        options.named_schema(&table.name.schema).map(|schema| entry("schema_name", schema)),
    );
    let mut repository = vec![entry("name", &names.row)];
    repository.extend(names.repository.as_ref().map(|name| entry("repository", name)));
    match key {
        Key::StandIn(_) => repository.push("no_key".to_owned()),
        Key::Columns { read_only: true, .. } => repository.push("read_only".to_owned()),
        Key::Columns { .. } => {}
    }
    let uniques = uniques::uniques(placed, notes);
    let fields = (0..table.columns.len())
        .map(|position| column::field(placed, position, &uniques[position], enums, notes))
        .collect();
    let relations = relations::relations(placed, all, notes);
    Entity { module: names.module.clone(), sea_orm, repository, fields, relations }
}

/// `name = "value"`
fn entry(name: &str, value: &str) -> String {
    format!("{name} = {value:?}")
}
