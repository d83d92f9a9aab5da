//! The fields of a row.

use std::collections::HashSet;

use heck::ToUpperCamelCase;

use super::reserved::UNRAWABLE;
use super::words::words;
use crate::description::{Column, Table};
use crate::kind::Kind;

/// What cannot be the name of a field. `new` is the constructor; a variant `Err` or `Column` of `SeaORM`'s enums would be
/// mistaken for a type that their traits have.
const TAKEN: [&str; 3] = ["new", "err", "column"];

/// A name for each column, in snake case and without `r#`. No two of them make the same variant, constant, setter or
/// finder.
pub(crate) fn fields(table: &Table) -> Vec<String> {
    let mut taken = HashSet::from(["new".to_owned()]);
    table.columns.iter().map(|column| field(column, table, &mut taken)).collect()
}

fn field(column: &Column, table: &Table, taken: &mut HashSet<String>) -> String {
    let mut plain = words(&column.name, "column");
    // The client fills these, if they are times; others of that name are none of its business.
    let filled = plain == "created_at" || plain == "updated_at";
    let is_time = Kind::of(&column.type_name) == Kind::DateTimeUtc;
    if UNRAWABLE.contains(&plain.as_str())
        || TAKEN.contains(&plain.as_str())
        || (filled && !is_time)
    {
        plain.push_str("_column");
    }
    let indexed = table.indexed.contains(&column.name);
    let mut candidate = plain.clone();
    let mut number = 2;
    loop {
        let claims = claims(&candidate, indexed);
        if claims.iter().all(|claim| !taken.contains(claim)) {
            taken.extend(claims);
            return candidate;
        }
        candidate = format!("{plain}_{number}");
        number += 1;
    }
}

/// What is made of a field's name. A constant differs where the variant does.
fn claims(field: &str, indexed: bool) -> Vec<String> {
    let mut claims = vec![field.to_owned(), field.to_upper_camel_case(), format!("clear_{field}")];
    if indexed {
        claims.extend([format!("find_by_{field}"), format!("find_by_{field}_in")]);
    }
    claims
}
