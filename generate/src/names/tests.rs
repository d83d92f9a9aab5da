use std::collections::{BTreeSet, HashSet};

use super::{TableNames, enum_types, fields, table, variants, words};
use crate::description::{Access, Column, EnumName, Made, Table, TableName};

fn names(name: &str) -> (String, String, Option<String>) {
    let TableNames { module, row, repository } = table(name, &mut HashSet::new());
    (module, row, repository)
}

fn expected(module: &str, row: &str, repository: Option<&str>) -> (String, String, Option<String>) {
    (module.to_owned(), row.to_owned(), repository.map(str::to_owned))
}

#[test]
fn tables_have_a_module_a_row_and_a_repository() {
    assert_eq!(names("order_items"), expected("order_items", "OrderItem", None));
    assert_eq!(names("orderItems"), expected("order_items", "OrderItem", None));
    assert_eq!(
        names("Übersicht der Aufträge"),
        expected("ubersicht_der_auftrage", "UbersichtDerAuftrage", Some("UbersichtDerAuftrage"))
    );
    assert_eq!(names("2fa"), expected("table_2fa", "Table2fa", Some("Table2fa")));
    assert_eq!(names("self"), expected("self_table", "SelfRow", Some("SelfRepository")));
    assert_eq!(names("enums"), expected("enums_table", "Enum", None));
    assert_eq!(names("mod"), expected("mod_table", "Mod", None));
    assert_eq!(names("time"), expected("time", "Time", Some("TimeRepository")));
    assert_eq!(names("名"), expected("u540d", "U540d", Some("U540d")));
    assert_eq!(names("!"), expected("table", "Table", Some("Table")));
}

#[test]
fn tables_of_the_same_words_get_numbers() {
    let mut taken = HashSet::new();
    let modules: Vec<_> = ["users", "Users", "USERS"]
        .into_iter()
        .map(|name| table(name, &mut taken).module)
        .collect();
    assert_eq!(modules, ["users", "users_2", "users_3"]);
}

fn row(columns: &[(&str, &str)], indexed: &[&str]) -> Vec<String> {
    let columns = columns.iter().map(|(name, type_name)| Column {
        name: (*name).to_owned(),
        type_name: (*type_name).to_owned(),
        declared: (*type_name).to_owned(),
        enum_name: None,
        sorts_by_bytes: false,
        not_null: true,
        default: None,
        made: Made::Client,
    });
    fields(&Table {
        name: TableName { schema: "public".to_owned(), name: "t".to_owned() },
        access: Access::All,
        columns: columns.collect(),
        key: vec![],
        uniques: vec![],
        indexed: indexed.iter().map(|name| (*name).to_owned()).collect(),
        foreign_keys: vec![],
        triggers: vec![],
    })
}

fn texts(names: &[&str]) -> Vec<String> {
    row(&names.iter().map(|name| (*name, "text")).collect::<Vec<_>>(), &[])
}

#[test]
fn fields_differ_in_all_that_is_made_of_them() {
    assert_eq!(texts(&["userId", "user_id", "USER_ID"]), ["user_id", "user_id_2", "user_id_3"]);
    assert_eq!(texts(&["a1", "a_1"]), ["a1", "a_1_2"]);
    assert_eq!(texts(&["clear_x", "x"]), ["clear_x", "x_2"]);
    assert_eq!(texts(&["x", "x_in"]), ["x", "x_in"]);
    assert_eq!(row(&[("x", "text"), ("x_in", "text")], &["x", "x_in"]), ["x", "x_in_2"]);
}

#[test]
fn fields_compile() {
    assert_eq!(
        texts(&["new", "self", "2fa", "", "type", "a b", "err"]),
        ["new_column", "self_column", "column_2fa", "column_column", "type", "a_b", "err_column"]
    );
    assert_eq!(
        row(&[("created_at", "bigint"), ("updated_at", "timestamp with time zone")], &[]),
        ["created_at_column", "updated_at"]
    );
}

/// `SeaORM` derives the column's name by the same rule, so that a field of these needs none beside it.
#[test]
fn words_stay_as_they_are() {
    for name in ["address_1", "l1_distance", "a1b2", "x_1_y", "HTMLParser", "öl_2"] {
        let once = words(name, "column");
        assert_eq!(words(&once, "column"), once);
    }
}

fn enum_name(name: &str) -> EnumName {
    EnumName { schema: "public".to_owned(), name: name.to_owned() }
}

#[test]
fn enums_keep_clear_of_what_is_made_beside_them() {
    let names: BTreeSet<_> =
        ["mood", "mood_enum", "option", "Mood"].into_iter().map(enum_name).collect();
    let types: Vec<_> = enum_types(&names).into_values().collect();
    assert_eq!(types, ["Mood", "Mood2", "MoodEnum2", "Option2"]);
}

#[test]
fn labels_make_variants() {
    let labels = |labels: &[&str]| {
        variants(&labels.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(
        labels(&["in progress", "2fa", "", "+", "-"]).unwrap(),
        ["InProgress", "Value2fa", "Value", "Value2", "Value3"]
    );
    assert_eq!(labels(&["Active", "active"]), None);
    assert_eq!(labels(&["self"]), None);
    assert_eq!(labels(&["foo bar", "foo_bar"]).unwrap(), ["FooBar", "FooBar2"]);
}
