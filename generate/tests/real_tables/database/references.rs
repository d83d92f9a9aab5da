//! Foreign keys as SQL. The file tells the table that is referred to, not its columns.

use super::{Column, RealTables, Table, list, quoted};

impl RealTables {
    /// A statement for each foreign key of the table.
    pub(super) fn references<'a>(&'a self, table: &'a Table) -> impl Iterator<Item = String> + 'a {
        table.foreign_keys.iter().map(|foreign_key| {
            let (schema, name) =
                foreign_key.to.split_once('.').unwrap_or(("public", &foreign_key.to));
            let target = self.tables.iter().find(|other| {
                other.app == table.app && other.schema == schema && other.table == name
            });
            let columns = list(&foreign_key.columns);
            let to = match target {
                Some(target) => format!(
                    "{}.{} ({})",
                    quoted(&self.schema(target)),
                    quoted(name),
                    list(&referred(table, &foreign_key.columns, target))
                ),
                // One of the stubs.
                None => format!("{schema}.{name}"),
            };
            let name = format!("{}.{}", quoted(&self.schema(table)), quoted(&table.table));
            format!(
                "alter table {name} add foreign key ({columns}) references {to} on delete {}",
                foreign_key.on_delete
            )
        })
    }
}

/// The key or the unique columns of the target that fit best: by name, else by type.
fn referred(table: &Table, columns: &[String], target: &Table) -> Vec<String> {
    let kinds = |table: &Table, columns: &[String]| -> Vec<String> {
        columns.iter().filter_map(|name| table.column(name)).map(kind).collect()
    };
    let wanted = kinds(table, columns);
    let candidates = || {
        [&target.key]
            .into_iter()
            .chain(&target.unique)
            .filter(|candidate| candidate.len() == columns.len())
    };
    let by_name = candidates()
        .find(|candidate| columns.len() > 1 && columns.iter().all(|name| candidate.contains(name)));
    if by_name.is_some() {
        return columns.to_vec();
    }
    let by_type = candidates().find(|candidate| kinds(target, candidate) == wanted);
    by_type.or_else(|| candidates().next()).unwrap_or(&target.key).clone()
}

/// Types that are compared with each other are one.
fn kind(column: &Column) -> String {
    match column.type_name.as_str() {
        "smallint" | "integer" | "bigint" => "integer".to_owned(),
        "text" | "character varying" => "text".to_owned(),
        other => other.to_owned(),
    }
}
