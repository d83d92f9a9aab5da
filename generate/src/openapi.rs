//! Reads the description of tables from the `OpenAPI` document that a PostgREST server makes of a schema.

mod document;
mod fetch;

use serde_json::Value;

use crate::description::{
    Access, Column, Description, EnumName, ForeignKey, Made, Table, TableName,
};
use crate::error::Result;
use document::{Definition, Document, Property};
pub(crate) use fetch::fetch;

/// What such a document never has.
const UNTOLD: &str = "An OpenAPI document does not tell of unique constraints, indexes, triggers, generated columns, \
                      identity columns, counters off the key, what happens on delete, foreign keys of several columns or \
                      into other schemas, nor of defaults that are negative, arrays or JSON: what depends on them is left \
                      out, and an integer key without a default is taken as counted up. The database itself (--database-url) \
                      tells all of it.";

/// The tables of `schema`, which the document describes.
pub(crate) fn read(document: &str, schema: &str) -> Result<Description> {
    let mut document: Document = serde_json::from_str(document)?;
    document.definitions.0.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut description = Description { untold: Some(UNTOLD), ..Description::default() };
    for (name, definition) in document.definitions.0 {
        let writable =
            document.paths.get(&format!("/{name}")).is_some_and(|path| path.contains_key("post"));
        let access = if writable { Access::All } else { Access::Read };
        let table = table(
            TableName { schema: schema.to_owned(), name },
            access,
            definition,
            &mut description,
        );
        description.tables.push(table);
    }
    Ok(description)
}

fn table(
    name: TableName,
    access: Access,
    definition: Definition,
    description: &mut Description,
) -> Table {
    let mut table = Table {
        name,
        access,
        columns: Vec::new(),
        key: Vec::new(),
        uniques: Vec::new(),
        indexed: Default::default(),
        foreign_keys: Vec::new(),
        triggers: Vec::new(),
    };
    for (name, property) in definition.properties.0 {
        if property.description.contains("<pk/>") {
            table.key.push(name.clone());
        }
        table.foreign_keys.extend(foreign_key(&name, &property, &table.name.schema));
        let not_null = definition.required.contains(&name);
        table.columns.push(column(name, property, not_null, &table.name.schema, description));
    }
    count_up_key(&mut table);
    table
}

/// The default of a key that is counted up is not told.
fn count_up_key(table: &mut Table) {
    let [key] = table.key.as_slice() else { return };
    let refers = table.foreign_keys.iter().any(|foreign_key| foreign_key.columns == [key.as_str()]);
    for column in table.columns.iter_mut().filter(|column| column.name == *key) {
        let is_integer = matches!(column.type_name.as_str(), "smallint" | "integer" | "bigint");
        if is_integer && column.default.is_none() && !refers {
            column.made = Made::Counted;
        }
    }
}

fn column(
    name: String,
    property: Property,
    not_null: bool,
    schema: &str,
    description: &mut Description,
) -> Column {
    let type_name = property.format;
    let enum_name = property.labels.map(|labels| {
        let (schema, name) = type_name.split_once('.').unwrap_or((schema, &type_name));
        let unquoted = |name: &str| name.trim_matches('"').replace("\"\"", "\"");
        let name = EnumName { schema: unquoted(schema), name: unquoted(name) };
        description.enums.insert(name.clone(), labels);
        name
    });
    let default = property.default.and_then(|default| sql(&default));
    // Of these the document does not tell the length, which is 1 where none is written.
    let declared = match type_name.as_str() {
        "character" => "bpchar",
        "bit" => "bit varying",
        name => name,
    };
    let declared = declared.to_owned();
    Column {
        name,
        type_name,
        declared,
        enum_name,
        sorts_by_bytes: false,
        not_null,
        default,
        made: Made::Client,
    }
}

/// The SQL of a default. PostgREST takes the quotes and the cast off a constant, and leaves other expressions as they are:
/// what looks like one of these is taken for one.
fn sql(default: &Value) -> Option<String> {
    let text = match default {
        Value::String(text) => text,
        Value::Number(number) => return Some(number.to_string()),
        Value::Bool(value) => return Some(value.to_string()),
        _ => return None,
    };
    let is_call = text.ends_with(')') && text.contains('(');
    let is_expression = is_call
        || text.contains("::")
        || text.starts_with("CURRENT_")
        || text.starts_with("LOCALTIME");
    Some(if is_expression { text.clone() } else { format!("'{text}'") })
}

/// `<fk table='customers' column='id'/>`
fn foreign_key(column: &str, property: &Property, schema: &str) -> Option<ForeignKey> {
    let note = property.description.split_once("<fk table='")?.1;
    let (to, note) = note.split_once("' column='")?;
    let to_column = note.split_once("'/>")?.0;
    Some(ForeignKey {
        name: column.to_owned(),
        columns: vec![column.to_owned()],
        to: TableName { schema: schema.to_owned(), name: to.to_owned() },
        to_columns: vec![to_column.to_owned()],
        on_delete: None,
        on_update: None,
    })
}
