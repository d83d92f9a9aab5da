//! [`Catalog`]: what the entities do not tell of the server's columns.

use std::collections::HashMap;

use chronicle_test_servers::Database;

#[derive(Debug)]
pub(crate) struct Described {
    /// The type as the server writes it.
    pub(crate) type_name: String,
    pub(crate) is_nullable: bool,
    /// No value may be given.
    pub(crate) is_always_counted: bool,
    /// The labels of an enum.
    pub(crate) labels: Vec<String>,
    /// It refers to a table that is none of the file's.
    pub(crate) refers_outside: bool,
}

#[derive(Debug)]
pub(crate) struct Catalog(HashMap<(String, String, String), Described>);

impl Catalog {
    pub(crate) async fn read(database: &Database) -> Self {
        let query = "
            select n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                not a.attnotnull, a.attidentity = 'a',
                (select string_agg(e.enumlabel, chr(1) order by e.enumsortorder) from pg_enum e
                    where e.enumtypid = a.atttypid),
                exists (select 1 from pg_constraint k join pg_class t on t.oid = k.confrelid
                    where k.conrelid = c.oid and k.contype = 'f' and a.attnum = any (k.conkey)
                        and t.relnamespace::regnamespace::text not like 'app%')
            from pg_attribute a join pg_class c on c.oid = a.attrelid
                join pg_namespace n on n.oid = c.relnamespace
            where a.attnum > 0 and not a.attisdropped and c.relkind = 'r' and n.nspname like 'app%'";
        let rows = database.query(query).await.expect("the catalog can be read");
        let described = rows.into_iter().map(|row| {
            let text = |at: usize| row[at].clone().unwrap_or_default();
            let labels = text(6);
            let described = Described {
                type_name: text(3),
                is_nullable: text(4) == "t",
                is_always_counted: text(5) == "t",
                labels: labels
                    .split('\u{1}')
                    .filter(|label| !label.is_empty())
                    .map(str::to_owned)
                    .collect(),
                refers_outside: text(7) == "t",
            };
            ((text(0), text(1), text(2)), described)
        });
        Self(described.collect())
    }

    pub(crate) fn column(&self, table: &chronicle::Table, name: &str) -> &Described {
        let schema = table.schema.unwrap_or("public");
        &self.0[&(schema.to_owned(), table.name.to_owned(), name.to_owned())]
    }
}
