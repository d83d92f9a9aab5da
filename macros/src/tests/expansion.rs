use super::{assert_text, id, repository, scalar};

#[test]
fn compact_entity() {
    assert_text!(
        repository(
            r#"
            #[sea_orm(table_name = "events")]
            #[repository(name = "Event")]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub id: EventId,
                /// The session in which it happened.
                #[sea_orm(indexed)]
                pub session_id: SessionId,
                pub event_type: EventType,
                pub hook_name: Option<String>,
                pub data: Option<Json>,
                pub timestamp: DateTimeUtc,
                pub created_at: DateTimeUtc,
            }
            "#
        )
        .expect("a valid entity")
    );
}

/// A unique column, a nullable foreign key, renamed columns and table, a schema, a string enum, defaults, an ignored
/// field, a given key, and less than public.
#[test]
fn renamed_entity() {
    assert_text!(
        repository(
            r#"
            #[sea_orm(table_name = "app_users", schema_name = "auth", rename_all = "camelCase")]
            #[repository(name = "User", repository = "Users")]
            pub(crate) struct Model {
                #[sea_orm(unique, column_name = "mail")]
                pub email: String,
                #[sea_orm(primary_key, auto_increment = false)]
                #[repository(given)]
                pub user_id: Uuid,
                #[sea_orm(indexed, column_type = "Text")]
                pub manager_id: Option<Uuid>,
                pub r#type: UserType,
                #[repository(default = Status::Invited)]
                pub status: Status,
                #[sea_orm(default_value = 3)]
                pub logins_left: i32,
                #[sea_orm(default_value = "en", nullable)]
                pub language: String,
                #[sea_orm(default_value = "UTC")]
                pub time_zone: Option<String>,
                #[repository(default)]
                pub tags: Tags,
                #[sea_orm(ignore)]
                pub session: Session,
                pub created_at: Option<DateTimeUtc>,
                pub updated_at: DateTimeUtc,
            }
            "#
        )
        .expect("a valid entity")
    );
}

/// `Model` has lost its relations; `#[sea_orm::model]` adds `model_ex`.
#[test]
fn dense_model() {
    assert_text!(
        repository(
            r#"
            #[sea_orm(table_name = "notes")]
            #[repository(name = "Note")]
            #[sea_orm(model_ex)]
            pub struct Model {
                #[sea_orm(primary_key)]
                pub id: String,
                pub author_id: UserId,
            }
            "#
        )
        .expect("a valid entity")
    );
}

/// Finders only for foreign keys that have none yet: not for `session_id` (indexed), not for the key, and none out of
/// a many-to-many relation.
#[test]
fn dense_model_ex() {
    assert_text!(
        repository(
            r#"
            #[sea_orm(table_name = "notes")]
            #[repository(name = "Note")]
            pub struct ModelEx {
                #[sea_orm(primary_key, auto_increment = false)]
                pub id: NoteId,
                #[sea_orm(indexed)]
                pub session_id: SessionId,
                pub author_id: UserId,
                pub reviewer_id: Option<UserId>,
                pub title: String,
                #[sea_orm(belongs_to, from = "id", to = "id")]
                pub draft: HasOne<super::draft::Entity>,
                #[sea_orm(belongs_to, from = "session_id", to = "id")]
                pub session: BelongsTo<super::session::Entity>,
                #[sea_orm(belongs_to, relation_enum = "Author", from = "author_id", to = "id")]
                pub author: BelongsTo<super::user::Entity>,
                #[sea_orm(belongs_to, relation_enum = "Reviewer", from = "Column::ReviewerId", to = "Column::Id")]
                pub reviewer: BelongsTo<Option<super::user::Entity>>,
                #[sea_orm(has_many)]
                pub lines: HasMany<super::line::Entity>,
                #[sea_orm(self_ref, via = "note_link", from = "Title", to = "Other")]
                pub links: HasMany<Entity>,
            }
            "#
        )
        .expect("a valid entity")
    );
}

#[test]
fn model_ex_without_foreign_keys_is_empty() {
    let code = repository(
        r#"
        #[sea_orm(table_name = "notes")]
        #[repository(name = "Note")]
        pub struct ModelEx {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: NoteId,
        }
        "#,
    );
    assert_eq!(code, Ok(String::new()));
}

#[test]
fn typed_id() {
    assert_text!(id("pub struct SessionId(Uuid);").expect("a valid id"));
}

/// A key of two columns, two columns that are unique together, values that the server makes.
#[test]
fn composite_key() {
    assert_text!(
        repository(
            r#"
            #[sea_orm(table_name = "lines")]
            #[repository(name = "Line")]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub order_id: Uuid,
                #[sea_orm(primary_key, auto_increment = false)]
                pub number: i32,
                #[sea_orm(unique_key = "place")]
                pub shelf: String,
                #[sea_orm(unique_key = "place")]
                pub slot: i32,
                #[repository(server_default)]
                pub owner: Option<Uuid>,
                #[repository(server)]
                pub updated_at: Option<DateTimeUtc>,
            }
            "#
        )
        .expect("a valid entity")
    );
}

/// A key that the database counts up.
#[test]
fn counted_key() {
    assert_text!(
        repository(
            r#"
            #[sea_orm(table_name = "tickets")]
            #[repository(name = "Ticket")]
            pub struct Model {
                #[sea_orm(primary_key)]
                pub id: i64,
                pub title: String,
            }
            "#
        )
        .expect("a valid entity")
    );
}

/// Rows that are read, with a key and without.
#[test]
fn read_only() {
    let of = |access: &str| {
        repository(&format!(
            r#"
            #[sea_orm(table_name = "totals")]
            #[repository(name = "Total", {access})]
            pub struct Model {{
                #[sea_orm(primary_key, auto_increment = false)]
                pub day: Date,
                pub amount: Decimal,
            }}
            "#
        ))
        .expect("a valid entity")
    };
    assert_text!(format!("{}\n{}", of("read_only"), of("no_key")));
}

#[test]
fn scalars() {
    let sources = [
        "pub struct Isbn(String);",
        r#"#[sea_orm(value_type = "String")] pub enum Species { Oak, Other(String) }"#,
        r#"#[sea_orm(rs_type = "String", db_type = "Text")] pub enum Binding { Hard }"#,
        "pub struct Address { city: String }",
    ];
    let expanded = sources.map(|source| scalar(source).expect("a valid type"));
    assert_text!(expanded.join("\n"));
}
