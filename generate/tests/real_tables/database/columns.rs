//! Columns as SQL.

use super::{Column, Table, quoted};

impl Column {
    /// Statements that have to come before its table, and its own line in it.
    pub(super) fn sql(&self, table: &Table) -> (Vec<String>, String) {
        let mut before = Vec::new();
        let type_name = match self.type_name.as_str() {
            "enum" => {
                let name = quoted(&format!("{}_{}_enum", table.table, self.name));
                before.push(format!("create type {name} as enum ({})", self.labels().join(", ")));
                name
            }
            // The file does not tell the length; three letters are a currency.
            "character" => "character(3)".to_owned(),
            name => name.to_owned(),
        };
        let mut line = format!("{} {type_name}", quoted(&self.name));
        if self.generated {
            line.extend([" generated always as (", &self.generation(table), ") stored"]);
        }
        if let Some(identity) = &self.identity {
            line.extend([" generated ", identity, " as identity"]);
        }
        if let Some(default) = &self.default {
            before.extend(
                sequence(default)
                    .map(|name| format!("create sequence if not exists {}", quoted(name))),
            );
            line.extend([" default ", &self.default_sql(default, &type_name)]);
        }
        if self.not_null {
            line += " not null";
        }
        (before, line)
    }

    /// Three labels; the file tells only that of the default.
    fn labels(&self) -> Vec<String> {
        let mut labels: Vec<String> =
            self.default.iter().filter_map(|default| literal(default)).collect();
        labels.extend(["'first'", "'second'", "'third'"].map(str::to_owned));
        labels.truncate(3);
        labels
    }

    fn default_sql(&self, default: &str, type_name: &str) -> String {
        if self.type_name == "enum" {
            return literal(default)
                .map_or_else(|| "null".to_owned(), |label| format!("{label}::{type_name}"));
        }
        // Long ones are cut off in the file; all of these are documents.
        if default.starts_with('\'') && literal(default).is_none() {
            return "'{\"cut\": true}'".to_owned();
        }
        default.to_owned()
    }

    /// The file does not tell how a column is generated: something of its type.
    fn generation(&self, table: &Table) -> String {
        let text =
            table.columns.iter().find(|column| column.type_name == "text" && !column.generated);
        let text = text.map_or_else(|| "''::text".to_owned(), |column| quoted(&column.name));
        match self.type_name.as_str() {
            "text" => format!("lower({text})"),
            "tsvector" => format!("to_tsvector('simple'::regconfig, {text})"),
            "boolean" => "true".to_owned(),
            "date" => "'2024-01-01'::date".to_owned(),
            name => format!("1::{name}"),
        }
    }
}

/// The text at the beginning, with its quotes.
fn literal(default: &str) -> Option<String> {
    let (text, _cast) = default.strip_prefix('\'')?.rsplit_once('\'')?;
    Some(format!("'{text}'"))
}

/// `x_seq` of `nextval('x_seq'::regclass)`.
fn sequence(default: &str) -> Option<&str> {
    default.strip_prefix("nextval('")?.split('\'').next()
}
