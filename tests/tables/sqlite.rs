//! In a SQLite file.

use super::entities::{self, ALL, author, book, egg, hen, odd, page, remark, ticket};
use chronicle::sqlite::SqliteOptions;
use chronicle::{Config, ErrorKind, Record, SchemaReport, Sqlite, Store, Table};
use std::fmt::Write;
use std::path::Path;

pub(crate) async fn ask(sqlite: &Sqlite, sql: &str) -> Vec<String> {
    let rows = Store::from(sqlite).query_raw(sql, []).await.unwrap();
    let text =
        |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    rows.iter().map(|row| row.values().map(text).collect::<Vec<_>>().join(" ")).collect()
}

pub(crate) async fn schema(sqlite: &Sqlite) -> String {
    let sql = "select sql from sqlite_schema where sql is not null order by rowid";
    ask(sqlite, sql).await.join(";\n\n")
}

async fn made() -> Sqlite {
    let sqlite = Sqlite::memory().await.unwrap();
    sqlite.create_tables(&ALL).await.unwrap();
    sqlite
}

#[tokio::test]
async fn tables_are_made_from_entities() {
    let sqlite = Sqlite::memory().await.unwrap();
    let report = sqlite.create_tables(&ALL).await.unwrap();
    assert_eq!(report.tables.len(), ALL.len());
    assert!(report.columns.is_empty() && report.indexes.is_empty() && report.left_out.is_empty());
    insta::assert_snapshot!(schema(&sqlite).await);
}

#[tokio::test]
async fn a_second_time_changes_nothing() {
    let sqlite = made().await;
    let version = ask(&sqlite, "pragma schema_version").await;
    let mut tables = ALL.to_vec();
    tables.push(book::Model::TABLE);
    assert_eq!(sqlite.create_tables(&tables).await.unwrap(), SchemaReport::default());
    assert_eq!(ask(&sqlite, "pragma schema_version").await, version);
    sqlite.check_tables(&ALL).await.unwrap();
}

#[tokio::test]
async fn rows_come_back_as_they_were_written() {
    let sqlite = made().await;
    let author = author::Authors::new(&sqlite).insert(entities::author()).await.unwrap();
    let books = book::Books::new(&sqlite);
    let first = books.insert(entities::book(author.id)).await.unwrap();
    assert_eq!(books.get(first.id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(first.mood, book::Mood::Sad);
    // Texts that look like numbers.
    let number = entities::book(author.id).isbn("0042").text("1e3");
    let second = books.insert(number.sequel_of(first.id)).await.unwrap();
    assert_eq!(books.get(second.id).await.unwrap(), Some(second.clone()));
    sqlite.check_times::<book::Model>().await.unwrap();

    let unique = books.insert(entities::book(author.id)).await.unwrap_err();
    assert_eq!(unique.kind(), ErrorKind::Unique, "{unique}");
    let authors = author::Authors::new(&sqlite);
    let together = author::NewAuthor::new("Another", 1, "ada");
    assert_eq!(authors.insert(together).await.unwrap_err().kind(), ErrorKind::Unique);
    authors.insert(author::NewAuthor::new("Another", 2, "ada")).await.unwrap();
    let orphan = entities::book(author::AuthorId::generate()).isbn("5");
    assert_eq!(books.insert(orphan).await.unwrap_err().kind(), ErrorKind::ForeignKey);
    let orphan = entities::book(author.id).isbn("5").author_code("nobody");
    assert_eq!(books.insert(orphan).await.unwrap_err().kind(), ErrorKind::ForeignKey);

    books.delete(first.id).await.unwrap();
    assert_eq!(books.get(second.id).await.unwrap().unwrap().sequel_of, None);
    authors.delete(author.id).await.unwrap();
    assert_eq!(books.find().count().await.unwrap(), 0);

    let page = entities::page(second.id);
    let author = authors.insert(entities::author()).await.unwrap();
    let third = books.insert(entities::book(author.id)).await.unwrap();
    let pages = page::Pages::new(&sqlite);
    assert_eq!(pages.insert(page).await.unwrap_err().kind(), ErrorKind::ForeignKey);
    let page = entities::page(third.id);
    let page = pages.insert(page).await.unwrap();
    assert_eq!(pages.get((third.id, 1)).await.unwrap(), Some(page));
    let remarks = remark::Remarks::new(&sqlite);
    let remark = remark::NewRemark::new(third.id, 2);
    assert_eq!(remarks.insert(remark).await.unwrap_err().kind(), ErrorKind::ForeignKey);
    remarks.insert(remark::NewRemark::new(third.id, 1)).await.unwrap();
    books.delete(third.id).await.unwrap();
    assert_eq!(remarks.find().count().await.unwrap(), 0);

    let hens = hen::Hens::new(&sqlite);
    let hen = hens.insert(hen::NewHen::new()).await.unwrap();
    let egg = egg::Eggs::new(&sqlite).insert(egg::NewEgg::new().laid_by(hen.id)).await.unwrap();
    hens.update(hen.id, hen::HenPatch::new().hatched_from(egg.id)).await.unwrap();
    let odds = odd::Odds::new(&sqlite);
    let odd = odds.insert(odd::NewOdd::new(3).quoted("x")).await.unwrap();
    assert_eq!(odds.get(odd.key).await.unwrap(), Some(odd));
}

#[tokio::test]
async fn defaults_are_in_the_form_that_the_library_stores() {
    let sqlite = made().await;
    let author = author::Authors::new(&sqlite).insert(entities::author()).await.unwrap();
    let books = book::Books::new(&sqlite);
    // Times of several fractions.
    let before = chronicle::now();
    for _ in 0..20 {
        let sql = format!(
            "insert into books (id, author_id, title, mood, tiny, medium, large, byte, word, long, \
             bytes, date, uuid) values ('{}', '{}', 'x', 'happy', 1, 1, 1, 1, 1, 1, x'', \
             '2026-01-02', randomblob(16))",
            book::BookId::generate(),
            author.id
        );
        sqlite.execute_script(&sql).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    sqlite.check_times::<book::Model>().await.unwrap();
    let made = books.find().all().await.unwrap();
    let book = &made[0];
    assert_eq!((book.flag, book.small, book.real, book.text.as_str()), (true, 7, 1.5, "it's new"));
    assert_eq!(book.data, serde_json::json!({ "a": [1] }));
    assert_eq!(book.time.to_rfc3339(), "2026-01-02T03:04:05+00:00");
    let second = chrono::TimeDelta::try_seconds(1).unwrap();
    assert!(book.created_at >= before - second && book.created_at <= chronicle::now() + second);
    assert!(book.date_time.and_utc() >= before - second);

    let tickets = ticket::Tickets::new(&sqlite);
    for id in 1..3 {
        let ticket = tickets.insert(ticket::NewTicket::new()).await.unwrap();
        let made = (ticket.id, ticket.token, ticket.state.as_deref(), ticket.seen);
        assert_eq!(made, (id, None, Some("new"), None), "the server alone makes the others");
    }
}

/// The forms without a fraction are rare: a thousandth of all.
#[tokio::test]
async fn a_time_of_no_milliseconds_is_stored_without_a_fraction() {
    let sqlite = made().await;
    let sql = "select dflt_value from pragma_table_info('books') where name in ('date_time', 'created_at') order by cid";
    for (default, form) in ask(&sqlite, sql).await.iter().zip(["%F %T%.f", "%FT%T%.f+00:00"]) {
        for moment in ["2026-01-02 03:04:05", "2026-01-02 03:04:05.120"] {
            let sql =
                format!("select {} as stored", default.replace("'now'", &format!("'{moment}'")));
            let time = chrono::NaiveDateTime::parse_from_str(moment, "%F %T%.f").unwrap();
            assert_eq!(ask(&sqlite, &sql).await, [time.format(form).to_string()]);
        }
    }
}

const OLD: &str = "
    create table authors (id text primary key not null, name text not null unique);
    insert into authors values ('0197e3d4-0000-7000-8000-000000000001', 'Ada');
    create table tickets (id integer primary key autoincrement);
    insert into tickets default values;
    create table hens (id uuid primary key);
    insert into hens values (randomblob(16));
    create table eggs (id blob primary key, laid_by blob references hens);
";

#[tokio::test]
async fn what_a_table_lacks_is_added() {
    let sqlite = Sqlite::memory().await.unwrap();
    sqlite.execute_script(OLD).await.unwrap();
    let report = sqlite
        .create_tables(&[ticket::Model::TABLE, hen::Model::TABLE, egg::Model::TABLE])
        .await
        .unwrap();
    assert!(report.tables.is_empty());
    let of_tickets = ["user_id", "token", "state", "seen"].map(|name| format!("tickets.{name}"));
    assert_eq!(report.columns, [&of_tickets[..], &["hens.hatched_from".to_owned()]].concat());
    assert_eq!(report.indexes, ["idx_hens_hatched_from", "idx_eggs_laid_by"]);
    let orphan = hen::NewHen::new().hatched_from(uuid::Uuid::now_v7());
    let error = hen::Hens::new(&sqlite).insert(orphan).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKey, "it was added with its foreign key");
    assert_eq!(ticket::Tickets::new(&sqlite).find().count().await.unwrap(), 1);

    // While a table is empty all columns can be added, and foreign keys with a column of their own.
    let script = "delete from authors; create table books (id text primary key not null)";
    sqlite.execute_script(script).await.unwrap();
    let both = [book::Model::TABLE, author::Model::TABLE];
    let error = sqlite.create_tables(&both).await.unwrap_err();
    let of_two = "the file's table `books` has no foreign key from (`house`, `author_code`)";
    assert!(error.message().starts_with(of_two) && !error.message().contains(';'), "{error}");
    let report = sqlite.create_tables(&[author::Model::TABLE]).await.unwrap();
    assert_eq!(report.columns, ["authors.house", "authors.code"]);
    assert_eq!(report.indexes, ["authors_code"]);
    let code = author::NewAuthor::new("Ada", 1, "ada");
    author::Authors::new(&sqlite).insert(code).await.unwrap();
    let twice = author::NewAuthor::new("Eve", 1, "ada");
    let error = author::Authors::new(&sqlite).insert(twice).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unique);
}

#[tokio::test]
async fn nothing_is_changed_when_something_cannot_be() {
    let sqlite = Sqlite::memory().await.unwrap();
    sqlite.execute_script(OLD).await.unwrap();
    let before = schema(&sqlite).await;
    // Its new columns may not be NULL; other tables would be made and completed.
    let error = sqlite.create_tables(&ALL).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
    for word in ["authors", "`house`", "`code`"] {
        assert!(error.message().contains(word), "{error}");
    }
    assert!(!error.message().contains("hens"), "those could be: {error}");
    assert_eq!(schema(&sqlite).await, before);

    // Only while it is made SQLite finds out.
    sqlite
        .execute_script("drop table authors; create table authors (id text primary key, name text not null, house int not null, code text not null)")
        .await
        .unwrap();
    sqlite
        .execute_script("insert into authors values ('a', 'Ada', 1, 'x'), ('b', 'Ada', 2, 'x')")
        .await
        .unwrap();
    let before = schema(&sqlite).await;
    let error = sqlite.create_tables(&ALL).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unique, "{error}");
    assert_eq!(schema(&sqlite).await, before);
}

#[tokio::test]
async fn a_foreign_key_to_nowhere_is_left_out_and_told() {
    let sqlite = Sqlite::memory().await.unwrap();
    let report = sqlite.create_tables(&[hen::Model::TABLE]).await.unwrap();
    assert_eq!(report.left_out, ["`hens` (`hatched_from`) to `eggs`, which is not there"]);
    let hatched = hen::NewHen::new().hatched_from(uuid::Uuid::now_v7());
    hen::Hens::new(&sqlite).insert(hatched).await.unwrap();
    // Its table is there in the file, though not among the entities.
    let sqlite = Sqlite::memory().await.unwrap();
    sqlite.execute_script("create table eggs (id blob primary key)").await.unwrap();
    let report = sqlite.create_tables(&[hen::Model::TABLE]).await.unwrap();
    assert!(report.left_out.is_empty());
    let hatched = hen::NewHen::new().hatched_from(uuid::Uuid::now_v7());
    let error = hen::Hens::new(&sqlite).insert(hatched).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKey);
    // What it refers to names no row there: each write would fail.
    let sqlite = Sqlite::memory().await.unwrap();
    sqlite.execute_script("create table eggs (id blob)").await.unwrap();
    let error = sqlite.create_tables(&[hen::Model::TABLE]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
}

const LIKE_EGGS: &Table = &Table { name: "eggs", ..*ticket::Model::TABLE };

#[tokio::test]
async fn tables_that_sqlite_does_not_tell_apart_are_refused() {
    let sqlite = Sqlite::memory().await.unwrap();
    for other in [entities::TICKETS_OF_SHOP, entities::UPPER_TICKETS] {
        let error = sqlite.create_tables(&[ticket::Model::TABLE, other]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.message().contains(other.name), "{error}");
    }
    let error = sqlite.create_tables(&[egg::Model::TABLE, LIKE_EGGS]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert_eq!(schema(&sqlite).await, "");
    let connection = sea_orm::Database::connect("sqlite::memory:").await.unwrap();
    let error = Sqlite::from_connection(connection).unwrap().create_tables(&ALL).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
}

#[tokio::test]
async fn a_name_that_is_taken_is_not_taken_again() {
    let sqlite = Sqlite::memory().await.unwrap();
    let other =
        "create table idx_tickets (a); create index idx_hens_hatched_from on idx_tickets (a)";
    sqlite.execute_script(other).await.unwrap();
    sqlite.create_tables(&[hen::Model::TABLE, egg::Model::TABLE]).await.unwrap();
    let indexes = "select name from pragma_index_list('hens') where origin = 'c'";
    let names = ask(&sqlite, indexes).await;
    assert_eq!(names.len(), 1);
    assert!(names[0].starts_with("idx_hens_hatched_from_"), "{names:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_make_them_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let path = folder.path().join(format!("{round}.db"));
        let make = |path: &Path| {
            let options = SqliteOptions::new(path);
            tokio::spawn(async move {
                let sqlite = options.open().await.unwrap();
                sqlite.create_tables(&ALL).await.unwrap().tables.len()
            })
        };
        let all: Vec<_> = (0..8).map(|_| make(&path)).collect();
        let mut made = 0;
        for each in all {
            made += each.await.unwrap();
        }
        assert_eq!(made, ALL.len(), "each was made by one");
        Sqlite::open(&path).await.unwrap().check_tables(&ALL).await.unwrap();
    }
}

#[tokio::test]
async fn a_configuration_makes_them() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(folder.path().join("a.db"));
    for _ in 0..2 {
        let config = Config::new().sqlite(options.clone()).create_tables(&ALL);
        let store = Store::connect(config).await.unwrap();
        hen::Hens::new(&store).insert(hen::NewHen::new()).await.unwrap();
        store.close().await.unwrap();
    }
}

/// How SeaORM itself reads and writes the same tables.
#[tokio::test]
async fn seaorm_reads_and_writes_them() {
    use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
    let sqlite = made().await;
    let author = author::Authors::new(&sqlite).insert(entities::author()).await.unwrap();
    let book = book::Model::from(entities::book(author.id));
    let mut active = book.clone().into_active_model().reset_all();
    active.id = sea_orm::Set(book.id);
    active.insert(sqlite.connection()).await.unwrap();
    assert_eq!(book::Books::new(&sqlite).get(book.id).await.unwrap(), Some(book.clone()));
    let all = book::Entity::find().all(sqlite.connection()).await.unwrap();
    assert_eq!(all, [book]);
}

/// The tables of this library's own entities, as their migration makes them.
#[tokio::test]
async fn migrated_files_fit_their_entities() {
    use chronicle_entity::{event, session, tool_event};
    use chronicle_migration::{Migrator, MigratorTrait};
    let tables = [session::Model::TABLE, event::Model::TABLE, tool_event::Model::TABLE];
    let sqlite = Sqlite::memory().await.unwrap();
    Migrator::up(sqlite.connection(), None).await.unwrap();
    sqlite.check_tables(&tables).await.unwrap();
    assert_eq!(sqlite.create_tables(&tables).await.unwrap(), SchemaReport::default());

    let made = Sqlite::memory().await.unwrap();
    made.create_tables(&tables).await.unwrap();
    let mut columns = String::new();
    for table in tables {
        let sql =
            format!("select name, type, \"notnull\", pk from pragma_table_info('{}')", table.name);
        let (made, migrated) = (ask(&made, &sql).await, ask(&sqlite, &sql).await);
        let lower = |columns: Vec<String>| columns.join("\n").to_lowercase();
        assert_eq!(lower(made.clone()), lower(migrated));
        let _ = writeln!(columns, "{made:?}");
    }
}

/// Defaults of columns that are no `Option`.
mod fee {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, chronicle::Repository)]
    #[sea_orm(table_name = "fees")]
    #[repository(name = "Fee")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        #[sea_orm(default_value = 1.5)]
        #[repository(server_default)]
        pub rate: Decimal,
        #[sea_orm(default_expr = "Expr::cust(\"gen_random_uuid()\")")]
        #[repository(server_default)]
        pub token: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A row that nobody could read is not stored.
#[tokio::test]
async fn what_only_the_server_makes_has_to_be_given() {
    let token = uuid::Uuid::from_u128(1);
    let own = Sqlite::memory().await.unwrap();
    let connection = sea_orm::Database::connect("sqlite::memory:").await.unwrap();
    for sqlite in [own, Sqlite::from_connection(connection).unwrap()] {
        sqlite.execute_script("create table fees (id integer primary key, rate text not null default 'B1.5', token blob)").await.unwrap();
        let fees = fee::Fees::new(&sqlite);
        let fee = fees.insert(fee::NewFee::new(1).token(token)).await.unwrap();
        assert_eq!(fee.rate.to_string(), "1.5");
        for error in [
            fees.insert(fee::NewFee::new(2)).await.unwrap_err(),
            fees.insert_many([fee::NewFee::new(3).token(token), fee::NewFee::new(4)])
                .await
                .unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.hint().unwrap().contains("`token`"), "{error}");
        }
        assert_eq!(fees.find().all().await.unwrap(), [fee]);
    }
    let sqlite = Sqlite::memory().await.unwrap();
    sqlite.create_tables(&[fee::Model::TABLE]).await.unwrap();
    let fee = fee::Fees::new(&sqlite).insert(fee::NewFee::new(1).token(token)).await.unwrap();
    assert_eq!(fee.rate.to_string(), "1.5", "its constant is the file's default");
    // Rows that are there have no value for it.
    sqlite.execute_script("create table old as select id, rate from fees; drop table fees; create table fees (id integer primary key not null, rate text not null); insert into fees select * from old").await.unwrap();
    let error = sqlite.create_tables(&[fee::Model::TABLE]).await.unwrap_err();
    assert!(error.message().contains("`token`"), "{error}");
}
