//! Entities with everything that tables are made from.

use chronicle::{Record, Table};

/// Everything below that one database may hold, children first.
pub(crate) const ALL: [&Table; 8] = [
    remark::Model::TABLE,
    page::Model::TABLE,
    book::Model::TABLE,
    egg::Model::TABLE,
    hen::Model::TABLE,
    ticket::Model::TABLE,
    odd::Model::TABLE,
    author::Model::TABLE,
];

pub(crate) mod author {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub struct AuthorId(Uuid);

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "authors")]
    #[repository(name = "Author")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: AuthorId,
        #[sea_orm(unique)]
        #[repository(collate = "C")]
        pub name: String,
        #[sea_orm(unique_key = "authors_code")]
        pub house: i32,
        #[sea_orm(unique_key = "authors_code", column_type = "String(StringLen::N(20))")]
        pub code: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod book {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub struct BookId(Uuid);

    #[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, chronicle::Scalar)]
    #[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "mood")]
    pub enum Mood {
        #[sea_orm(string_value = "happy")]
        Happy,
        #[sea_orm(string_value = "it's \\ sad")]
        Sad,
    }

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "books", comment = "What's read")]
    #[repository(name = "Book")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: BookId,
        pub author_id: super::author::AuthorId,
        pub house: Option<i32>,
        pub author_code: Option<String>,
        #[sea_orm(indexed)]
        pub sequel_of: Option<BookId>,
        #[sea_orm(unique, comment = "Of all houses")]
        pub isbn: Option<String>,
        #[sea_orm(indexed)]
        pub title: String,
        pub mood: Mood,
        #[sea_orm(default_value = true)]
        pub flag: bool,
        pub tiny: i8,
        #[sea_orm(default_value = 7)]
        pub small: i16,
        pub medium: i32,
        #[sea_orm(extra = "check (large >= 0)")]
        pub large: i64,
        pub byte: u8,
        pub word: u16,
        pub long: u32,
        #[sea_orm(default_value = 1.5)]
        pub real: f64,
        #[sea_orm(default_value = "it's new")]
        pub text: String,
        pub bytes: Vec<u8>,
        #[sea_orm(default_expr = "r#\"{\"a\": [1]}\"#")]
        pub data: Json,
        pub date: Date,
        #[sea_orm(default_expr = "Expr::current_timestamp()")]
        pub date_time: DateTime,
        #[sea_orm(default_expr = "\"2026-01-02T03:04:05Z\"")]
        pub time: DateTimeUtc,
        #[sea_orm(default_expr = "Expr::cust(\"gen_random_uuid()\")")]
        pub uuid: Uuid,
        #[sea_orm(default_expr = "Expr::cust(\"now()\")")]
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::author::Entity",
            from = "Column::AuthorId",
            to = "super::author::Column::Id",
            on_delete = "Cascade"
        )]
        Author,
        #[sea_orm(
            belongs_to = "super::author::Entity",
            from = "(Column::House, Column::AuthorCode)",
            to = "(super::author::Column::House, super::author::Column::Code)",
            on_update = "Cascade"
        )]
        Code,
        #[sea_orm(
            belongs_to = "Entity",
            from = "Column::SequelOf",
            to = "Column::Id",
            on_delete = "SetNull"
        )]
        Prequel,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

/// What the database makes: the key, a default that only the server computes, a constant one, a column
/// that is never sent.
pub(crate) mod ticket {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "tickets")]
    #[repository(name = "Ticket")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub user_id: Option<Uuid>,
        #[sea_orm(default_expr = "Expr::cust(\"gen_random_uuid()\")")]
        #[repository(server_default)]
        pub token: Option<Uuid>,
        #[sea_orm(default_value = "new")]
        #[repository(server_default)]
        pub state: Option<String>,
        #[repository(server)]
        pub seen: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A key of two columns, one of them a foreign key.
pub(crate) mod page {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "pages")]
    #[repository(name = "PageOfBook")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub book_id: super::book::BookId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        #[sea_orm(default_expr = "3")]
        pub price: Decimal,
        pub weight: f32,
        pub opens: Time,
        pub words: Vec<String>,
        pub sizes: Option<Vec<i32>>,
        pub ids: Vec<Uuid>,
        #[sea_orm(column_type = "custom(\"inet\")")]
        pub address: Option<chronicle::Opaque>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::book::Entity",
            from = "Column::BookId",
            to = "super::book::Column::Id",
            on_delete = "Cascade"
        )]
        Book,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

/// It refers to a key of two columns.
pub(crate) mod remark {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "remarks")]
    #[repository(name = "Remark")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub book_id: super::book::BookId,
        pub page: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::page::Entity",
            from = "(Column::BookId, Column::Page)",
            to = "(super::page::Column::BookId, super::page::Column::Number)",
            on_delete = "Cascade"
        )]
        Page,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod hen {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "hens")]
    #[repository(name = "Hen")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub hatched_from: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::egg::Entity",
            from = "Column::HatchedFrom",
            to = "super::egg::Column::Id"
        )]
        Egg,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod egg {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "eggs")]
    #[repository(name = "Egg")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub laid_by: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::hen::Entity",
            from = "Column::LaidBy",
            to = "super::hen::Column::Id"
        )]
        Hen,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

/// Names with what ends names.
pub(crate) mod odd {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "odd \"`'$make$ things")]
    #[repository(name = "Odd", repository = "Odds")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_name = "the key")]
        pub key: Uuid,
        #[sea_orm(indexed)]
        pub select: i32,
        #[sea_orm(unique, column_name = "a`b\"c'd")]
        pub quoted: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Its like of another schema.
pub(crate) const TICKETS_OF_SHOP: &Table = &Table { schema: Some("shop"), ..*ticket::Model::TABLE };
/// A name that SQLite does not tell apart from another.
pub(crate) const UPPER_TICKETS: &Table = &Table { name: "Tickets", ..*ticket::Model::TABLE };

pub(crate) fn author() -> author::NewAuthor {
    author::NewAuthor::new("Ada", 1, "ada")
}

/// A book with every column set.
pub(crate) fn book(author: author::AuthorId) -> book::NewBook {
    book_at(author, chronicle::now())
}

pub(crate) fn book_at(
    author: author::AuthorId,
    time: chrono::DateTime<chrono::Utc>,
) -> book::NewBook {
    book::NewBook::new(
        author,
        "a title",
        book::Mood::Sad,
        -8,
        -70_000,
        9_000_000_000_i64,
        255,
        65_535_u16,
        4_000_000_000_u32,
        vec![0, 1, 255],
        serde_json::json!({ "a": [1, null, "b"] }),
        time.date_naive(),
        time.naive_utc(),
        time,
        uuid::Uuid::from_u128(9),
    )
    .house(1)
    .author_code("ada")
    .isbn("1234")
}

pub(crate) fn page(book: book::BookId) -> page::NewPageOfBook {
    let opens = chrono::NaiveTime::from_hms_micro_opt(23, 59, 58, 123_456).unwrap();
    let words = vec!["a, b".to_owned(), "\"c\"".to_owned()];
    let price = "12.30".parse::<sea_orm::prelude::Decimal>().unwrap();
    let ids = vec![uuid::Uuid::from_u128(1)];
    page::NewPageOfBook::new(book, 1, price, 0.1_f32, opens, words, ids)
        .sizes(vec![1, -2])
        .address(chronicle::Opaque::from("10.0.0.1"))
}
