use std::fmt::Write;

use super::{assert_text, id, repository, scalar};

/// Each source with the messages it causes.
fn report<'a>(
    sources: impl IntoIterator<Item = &'a str>,
    derive: impl Fn(&str) -> Result<String, Vec<String>>,
) -> String {
    let mut report = String::new();
    for source in sources {
        let messages = derive(source).expect_err("an invalid item");
        let _ = writeln!(report, "{source}\n  {}\n", messages.join("\n  "));
    }
    report
}

/// `#[derive(Repository)]` for an entity with these fields.
fn of_fields(fields: &str) -> Result<String, Vec<String>> {
    repository(&format!(
        r#"#[sea_orm(table_name = "events")] #[repository(name = "Event")] pub struct Model {{ {fields} }}"#
    ))
}

/// `#[derive(Repository)]` for an entity with a key and these attributes.
fn of_attributes(attributes: &str) -> Result<String, Vec<String>> {
    repository(&format!("{attributes} pub struct Model {{ #[sea_orm(primary_key)] pub id: Uuid }}"))
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let source = r#"#[repository(nme = "Event")] pub struct Model { #[repository(given, fresh)] pub id: i64 }"#;
    assert_text!(report([source], repository));
}

#[test]
fn items() {
    let sources = [
        "pub enum Model { A }",
        "pub struct Model(Uuid);",
        "pub struct Model;",
        "pub struct Model<T> { pub id: T }",
        "pub struct Event { pub id: Uuid }",
    ];
    assert_text!(report(sources, repository));
}

#[test]
fn names() {
    let attributes = [
        r#"#[repository(name = "Event")]"#,
        r#"#[sea_orm(table_name = "events")]"#,
        r#"#[sea_orm(table_name = "entity")] #[repository(name = "Thing")]"#,
        r#"#[sea_orm(table_name = "events")] #[repository(name = "Event", repository = "Column")]"#,
        r#"#[sea_orm(table_name = "new_events")] #[repository(name = "Events")]"#,
        r#"#[sea_orm(table_name = "2fa")] #[repository(name = "Code")]"#,
        r#"#[sea_orm(table_name = "events")] #[repository(name = "an event")]"#,
        r#"#[sea_orm(table_name = "events", rename_all = "loud")] #[repository(name = "Event")]"#,
    ];
    assert_text!(report(attributes, of_attributes));
}

#[test]
fn keys() {
    let fields = [
        "pub id: EventId",
        "#[sea_orm(primary_key)] pub id: EventId",
        "#[sea_orm(primary_key, auto_increment = true)] pub id: Uuid",
        "#[sea_orm(primary_key, auto_increment = false)] pub id: Option<EventId>",
        "#[sea_orm(primary_key)] pub a: String, #[sea_orm(primary_key, auto_increment = true)] pub b: i32",
        "#[sea_orm(primary_key)] pub a: String, #[sea_orm(primary_key)] pub b: Option<Uuid>",
        "#[sea_orm(primary_key)] pub a: i8, #[sea_orm(primary_key)] pub b: i8, #[sea_orm(primary_key)] pub c: i8, \
         #[sea_orm(primary_key)] pub d: i8, #[sea_orm(primary_key)] pub e: i8, #[sea_orm(primary_key)] pub f: i8, \
         #[sea_orm(primary_key)] pub g: i8",
        "#[sea_orm(primary_key)] #[repository(default)] pub id: Uuid",
    ];
    assert_text!(report(fields, of_fields));
}

#[test]
fn keys_that_the_client_makes() {
    for key in [
        "#[sea_orm(primary_key)] pub id: String",
        "#[sea_orm(primary_key)] pub id: uuid::Uuid",
        "#[sea_orm(primary_key)] pub id: TextUuid",
        "#[sea_orm(primary_key, auto_increment = false)] pub id: i64",
        "#[sea_orm(primary_key, auto_increment = false)] pub id: EventId",
    ] {
        assert!(of_fields(key).is_ok(), "{key}");
    }
}

#[test]
fn scalars() {
    let sources = [
        "pub struct Name;",
        "pub struct Name(String, String);",
        "pub struct Name<T>(T);",
        "pub union Name { a: i32, b: i32 }",
    ];
    assert_text!(report(sources, scalar));
}

#[test]
fn fields() {
    let fields = [
        "pub new: String",
        "pub note: Option<String>, pub clear_note: bool",
        "pub a_b: String, pub a__b: String",
        r#"pub a: String, #[sea_orm(column_name = "a")] pub b: String"#,
        "#[sea_orm(indexed)] pub a: String, #[sea_orm(indexed)] pub a_in: String",
        "#[repository(given)] pub a: String",
        "#[repository(required)] pub a: String",
        r#"#[repository(collate = "de")] pub a: String"#,
        "#[sea_orm(default_value = b'a')] pub a: u8",
        "#[sea_orm(ignore)] #[repository(default)] pub a: String",
        "#[repository(server, default = 3)] pub a: Option<i32>",
        "#[repository(server)] pub a: i32",
        "#[sea_orm(has_many)] pub lines: HasMany<super::line::Entity>",
    ];
    assert_text!(report(fields, |field| of_fields(&format!(
        "#[sea_orm(primary_key)] pub id: Uuid, {field}"
    ))));
}

#[test]
fn ids() {
    let sources = [
        "pub enum SessionId { A }",
        "pub struct SessionId { id: Uuid }",
        "pub struct SessionId;",
        "pub struct SessionId(Uuid, Uuid);",
        "pub struct SessionId(String);",
        "pub struct SessionId<T>(Uuid, T);",
    ];
    assert_text!(report(sources, id));
}

#[test]
fn soft_deletes() {
    let of = |attributes: &str, fields: &str| {
        format!(
            r#"#[sea_orm(table_name = "events")] #[repository(name = "Event"{attributes})] pub struct Model {{ #[sea_orm(primary_key)] pub id: Uuid, {fields} }}"#
        )
    };
    let sources = [
        of("", "#[repository(soft_delete)] pub deleted_at: DateTimeUtc"),
        of("", "#[repository(soft_delete, server)] pub deleted_at: Option<DateTimeUtc>"),
        of(
            r#", soft_delete = "gone_at""#,
            "#[repository(soft_delete)] pub deleted_at: Option<DateTimeUtc>, pub gone_at: Option<DateTimeUtc>",
        ),
        of(r#", soft_delete = "gone""#, "pub gone_at: Option<DateTimeUtc>"),
        of(
            r#", conflict = "append_only""#,
            "#[repository(soft_delete)] pub deleted_at: Option<DateTimeUtc>",
        ),
    ];
    assert_text!(report(sources.iter().map(String::as_str), repository));
}
