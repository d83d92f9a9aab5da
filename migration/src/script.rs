//! The schema as text, to be run by hand.

use crate::{Dialect, migrator::sql_migrations};

/// All migrations as one SQL script, which also records them, so that a later `up` knows that they are applied.
///
/// The script is one transaction. On Postgres it leaves out what is applied already, and may be run again. SQLite has no
/// conditional statements: there it is for a new file, and on any other it fails and changes nothing, as long as the
/// program that runs it stops at the first error (`sqlite3 -bail`).
#[must_use]
pub fn script(dialect: Dialect) -> String {
    let (head, tail) = match dialect {
        Dialect::Postgres => (POSTGRES_HEAD, "commit;\n"),
        Dialect::Sqlite => (SQLITE_HEAD, "commit;\n"),
    };
    let steps = sql_migrations().into_iter().map(|migration| {
        let (name, sql) = (migration.name(), migration.up_sql(dialect).trim_end());
        match dialect {
            Dialect::Postgres => postgres_step(name, sql),
            Dialect::Sqlite => sqlite_step(name, sql),
        }
    });
    std::iter::once(head.to_owned())
        .chain(steps)
        .chain([tail.to_owned()])
        .collect::<Vec<_>>()
        .join("\n")
}

const POSTGRES_HEAD: &str = "\
-- The schema of Chronicle for Postgres, to be run by the role that shall own the tables (Supabase: in the SQL editor).
-- It is one transaction: an error leaves nothing behind. It may be run again: what is applied is left out.
begin;

create table if not exists public.seaql_migrations (
    version    varchar not null primary key,
    applied_at bigint not null
);
";

fn postgres_step(name: &str, sql: &str) -> String {
    format!(
        "\
do $step$
begin
if not exists (select from public.seaql_migrations where version = '{name}') then
execute $migration$
{sql}
$migration$;
insert into public.seaql_migrations (version, applied_at)
values ('{name}', extract(epoch from now())::bigint);
end if;
end
$step$;
"
    )
}

const SQLITE_HEAD: &str = "\
-- The schema of Chronicle for a new SQLite file: sqlite3 -bail chronicle.db < schema.sql
-- It is one transaction; -bail ends it at the first error, so that nothing is left behind.
begin immediate;

create table if not exists seaql_migrations (
    version    varchar not null primary key,
    applied_at integer not null
);
";

fn sqlite_step(name: &str, sql: &str) -> String {
    format!(
        "\
{sql}

insert into seaql_migrations (version, applied_at)
values ('{name}', cast(strftime('%s', 'now') as integer));
"
    )
}
