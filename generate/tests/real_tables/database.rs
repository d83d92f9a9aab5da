//! Tables of public applications, made anew in an empty database.
//!
//! The file is JSON lines, one table each: `app`, `schema`, `table`, `columns` (`name`, `type`, `not_null`, `default`,
//! `identity`, `generated`), `key`, `unique`, `foreign_keys` (`columns`, `to`, `on_delete`) and `before_triggers`. What it does
//! not tell is invented: the labels of enums, how columns are generated, what triggers do beside setting `updated_at`.

#[path = "database/columns.rs"]
mod columns;
#[path = "database/references.rs"]
mod references;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::Path;

use serde::Deserialize;

/// All tables of the file, in its order.
#[derive(Debug)]
pub(crate) struct RealTables {
    pub(crate) tables: Vec<Table>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Table {
    pub(crate) app: u32,
    pub(crate) schema: String,
    pub(crate) table: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) key: Vec<String>,
    #[serde(default)]
    pub(crate) unique: Vec<Vec<String>>,
    #[serde(default)]
    pub(crate) foreign_keys: Vec<ForeignKey>,
    #[serde(default)]
    pub(crate) before_triggers: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    #[serde(default)]
    pub(crate) not_null: bool,
    pub(crate) default: Option<String>,
    /// `always` or `by default`.
    pub(crate) identity: Option<String>,
    #[serde(default)]
    pub(crate) generated: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ForeignKey {
    pub(crate) columns: Vec<String>,
    /// The schema and the table of the same application.
    pub(crate) to: String,
    pub(crate) on_delete: String,
}

/// How much the file has of everything.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) tables: usize,
    pub(crate) columns: usize,
    pub(crate) keys: usize,
    pub(crate) uniques: usize,
    pub(crate) foreign_keys: usize,
    /// With the expressions of generated columns.
    pub(crate) defaults: usize,
}

impl RealTables {
    pub(crate) fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let tables = fs::read_to_string(path)?
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()?;
        Ok(Self { tables })
    }

    /// The schema that a table is made in: `app_36`, or `app_36_basejump` for others than `public` of an application with
    /// several.
    pub(crate) fn schema(&self, table: &Table) -> String {
        let of_app = self.tables.iter().filter(|other| other.app == table.app);
        let is_only = of_app.map(|other| &other.schema).collect::<BTreeSet<_>>().len() == 1;
        if is_only || table.schema == "public" {
            format!("app_{}", table.app)
        } else {
            format!("app_{}_{}", table.app, table.schema)
        }
    }

    /// The schemas with the number of their tables.
    pub(crate) fn schemas(&self) -> BTreeMap<String, usize> {
        let mut schemas = BTreeMap::new();
        for table in &self.tables {
            *schemas.entry(self.schema(table)).or_default() += 1;
        }
        schemas
    }

    /// What is to be in the database once they are made.
    pub(crate) fn counts(&self) -> Counts {
        let sum = |count: fn(&Table) -> usize| self.tables.iter().map(count).sum();
        Counts {
            tables: self.tables.len(),
            columns: sum(|table| table.columns.len()),
            keys: sum(|table| usize::from(!table.key.is_empty())),
            // Postgres makes one index of the same constraint twice.
            uniques: sum(|table| {
                let unique: BTreeSet<_> = table.unique.iter().collect();
                unique.into_iter().filter(|columns| **columns != table.key).count()
            }),
            foreign_keys: sum(|table| table.foreign_keys.len()),
            defaults: sum(|table| {
                let has_default = |column: &&Column| {
                    column.generated
                        || column
                            .default
                            .as_ref()
                            .is_some_and(|default| !default.starts_with("NULL"))
                };
                table.columns.iter().filter(has_default).count()
            }),
        }
    }

    /// The scripts that make them, to be run one after the other: what is referred to, the tables of each schema, then
    /// the foreign keys.
    pub(crate) fn scripts(&self) -> Vec<String> {
        let mut schemas: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for table in &self.tables {
            schemas.entry(self.schema(table)).or_default().extend(table.sql());
        }
        let tables = schemas.into_iter().map(|(schema, statements)| {
            let begin = format!("create schema {schema}; set search_path = {schema}, public");
            let roles = "anon, authenticated, service_role";
            let end = format!(
                "grant usage on schema {schema} to {roles}; grant all on all tables in schema {schema} to {roles}; \
                 grant all on all sequences in schema {schema} to {roles}"
            );
            [vec![begin], statements, vec![end]].concat().join(";\n")
        });
        let references = self
            .tables
            .iter()
            .flat_map(|table| self.references(table))
            .collect::<Vec<_>>()
            .join(";\n");
        let stubs = include_str!("database/stubs.sql").to_owned();
        [stubs].into_iter().chain(tables).chain([references]).collect()
    }
}

impl Table {
    fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Its statements, for the schema in the search path.
    fn sql(&self) -> Vec<String> {
        let (mut statements, mut lines) = (Vec::new(), Vec::new());
        for column in &self.columns {
            let (before, line) = column.sql(self);
            statements.extend(before);
            lines.push(line);
        }
        if !self.key.is_empty() {
            lines.push(format!("primary key ({})", list(&self.key)));
        }
        lines.extend(self.unique.iter().map(|columns| format!("unique ({})", list(columns))));
        let name = quoted(&self.table);
        statements.push(format!("create table {name} (\n    {}\n)", lines.join(",\n    ")));
        let is_touched = |column: &Column| column.type_name.starts_with("timestamp");
        if self.before_triggers && self.column("updated_at").is_some_and(is_touched) {
            statements.push(format!(
                "create trigger touch before update on {name} for each row execute function public.touch()"
            ));
        }
        statements
    }
}

/// A name as SQL writes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
}
