//! Who may read and write the tables.

use super::quote::identifier;
use super::{Entity, name, schema};
use crate::schema::entity::EntityColumn;
use sea_orm::ColumnType;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Columns that say whose a row is, if they are UUIDs.
const OWNERS: [&str; 3] = ["user_id", "owner_id", "owner"];

/// Row level security, and what roles may do within it.
pub(super) fn rights(entities: &[Entity]) -> String {
    let tables: Vec<String> = entities.iter().map(name).collect();
    let mut sql =
        "-- Without a policy nobody but the owner and roles that bypass row level security see a \
                   row.\n"
            .to_owned();
    for table in &tables {
        let _ = writeln!(sql, "alter table {table} enable row level security;");
    }
    let schemas: BTreeSet<String> =
        entities.iter().map(|entity| identifier(schema(entity.table))).collect();
    let schemas = schemas.into_iter().collect::<Vec<_>>().join(", ");
    sql.push_str(
        "\n-- The roles are Supabase's. One that this server does not have is left out; none is made.\n\
         do $roles$\nbegin\n",
    );
    for (role, who) in [
        (
            "service_role",
            "The server's own key: every row. On Supabase it bypasses row level security.",
        ),
        ("authenticated", "A user who has signed in: the rows that a policy gives."),
    ] {
        let _ = writeln!(
            sql,
            "    -- {who}\n    \
             if exists (select from pg_catalog.pg_roles where rolname = '{role}') then\n        \
             grant usage on schema {schemas} to {role};"
        );
        for table in &tables {
            let _ =
                writeln!(sql, "        grant select, insert, update, delete on {table} to {role};");
        }
        sql.push_str("    end if;\n");
    }
    sql.push_str("end\n$roles$;\n");
    sql
}

/// Policies to start from, as a comment.
pub(super) fn policies(entities: &[Entity]) -> String {
    let mut sql = "-- Policies to start from. The sub-select makes the server read the token once for a \
                   statement, not once for\n-- a row; without Supabase's `auth.uid()` it is\n\
                   -- (select (nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub')::uuid).\n"
        .to_owned();
    for entity in entities {
        let table = name(entity);
        let is_uuid = |column: &EntityColumn| column.definition.column_type == ColumnType::Uuid;
        let owner = OWNERS.iter().find(|owner| entity.column(owner).is_some_and(is_uuid));
        let (policy, condition) = match owner {
            Some(owner) => {
                ("authenticated_own", format!("{} = (select auth.uid())", identifier(owner)))
            }
            // To be narrowed: it gives every row to whoever has signed in.
            None => ("authenticated_all", "true".to_owned()),
        };
        let _ = writeln!(
            sql,
            "-- create policy {policy} on {table} for all to authenticated\n\
             --     using ({condition}) with check ({condition});"
        );
    }
    sql
}
