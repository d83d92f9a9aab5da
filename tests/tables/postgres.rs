//! On a real PostgreSQL, by the script, and over the real PostgREST; beside a file.

use super::entities::{self, ALL, author, book, egg, hen, odd, page, remark, ticket};
use chronicle::postgrest::{Key, Postgrest};
use chronicle::{ErrorKind, Record, Sqlite, Store, Table, postgres_script};
use chronicle_test_servers::{Database, Postgres, Postgrest as Server};

async fn database() -> Database {
    Postgres::shared().await.unwrap().create_database().await.unwrap()
}

async fn made() -> (Database, Server) {
    let database = database().await;
    database.execute(&postgres_script(&ALL).unwrap()).await.unwrap();
    let server = Server::start(&database).await.unwrap();
    (database, server)
}

#[test]
fn the_script_has_everything() {
    insta::assert_snapshot!(postgres_script(&ALL).unwrap());
}

const LONG: &Table = &Table {
    name: "a_name_that_is_longer_than_the_sixty_three_bytes_that_postgres_keeps_of_it",
    ..*ticket::Model::TABLE
};
const VIEW: &Table = &Table { is_writable: false, ..*author::Model::TABLE };
/// With the same unique groups as the authors.
const TWIN: &Table = &Table { name: "twins", ..*author::Model::TABLE };
const LIKE_HENS: &Table = &Table { name: "hens", ..*ticket::Model::TABLE };

#[test]
fn what_no_script_can_be_made_of_is_refused() {
    let shop = entities::TICKETS_OF_SHOP;
    let script = postgres_script(&[shop, shop, ticket::Model::TABLE]).unwrap();
    assert!(script.contains("create schema if not exists \"shop\";"), "{script}");
    assert_eq!(script.matches("create table").count(), 2, "{script}");
    assert_eq!(postgres_script(&[LONG]).unwrap_err().kind(), ErrorKind::InvalidInput);
    let script = postgres_script(&[VIEW, hen::Model::TABLE]).unwrap();
    assert_eq!(script.matches("authors").count(), 1, "a comment: {script}");
    let error = postgres_script(&[LIKE_HENS, hen::Model::TABLE]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
}

#[tokio::test]
async fn the_script_may_be_run_again() {
    let (database, server) = made().await;
    let row = "insert into hens (id) values (gen_random_uuid())";
    database.execute(row).await.unwrap();
    database.execute(&postgres_script(&ALL).unwrap()).await.unwrap();
    let counts = "select count(*) from hens union all select count(*) from pg_constraint \
                  where contype = 'f' and connamespace = 'public'::regnamespace";
    let counts = database.query(counts).await.unwrap();
    assert_eq!(counts, [[Some("1".to_owned())], [Some("7".to_owned())]]);
    drop(server);
}

/// Another table before it changes no name of a constraint.
#[tokio::test]
async fn the_script_of_more_tables_may_be_run_after_that_of_few() {
    let database = database().await;
    let (few, more) = ([TWIN], [author::Model::TABLE, TWIN]);
    for tables in [&few[..], &more[..], &few[..]] {
        database.execute(&postgres_script(tables).unwrap()).await.unwrap();
    }
    let unique = "select count(*) from pg_constraint where contype = 'u' \
        and connamespace = 'public'::regnamespace";
    assert_eq!(database.query(unique).await.unwrap(), [[Some("4".to_owned())]]);
}

async fn used(store: &Store) -> (Vec<author::Model>, Vec<book::Model>, Vec<ErrorKind>) {
    let author_row = author::Model {
        id: author::AuthorId::from_uuid(uuid::Uuid::from_u128(7)),
        name: "Ada".to_owned(),
        house: 1,
        code: "ada".to_owned(),
    };
    let authors = author::Authors::new(store);
    let mut errors = Vec::new();
    authors.insert(entities::author().id(author_row.id)).await.unwrap();
    let books = book::Books::new(store);
    let time = chrono::DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
    let new = |number: u128| {
        entities::book_at(author_row.id, time)
            .id(book::BookId::from_uuid(uuid::Uuid::from_u128(number)))
            .isbn(format!("0{number}"))
            .created_at(time)
    };
    books.insert(new(1)).await.unwrap();
    books
        .insert(new(2).sequel_of(book::BookId::from_uuid(uuid::Uuid::from_u128(1))))
        .await
        .unwrap();
    errors.push(books.insert(new(3).isbn("01")).await.unwrap_err().kind());
    errors.push(books.insert(new(4).author_code("nobody")).await.unwrap_err().kind());
    let other = author::NewAuthor::new("Eve", 1, "ada");
    errors.push(authors.insert(other).await.unwrap_err().kind());
    let other = author::NewAuthor::new("Ada", 2, "ada");
    errors.push(authors.insert(other).await.unwrap_err().kind());
    let happy = books.find().filter(book::Books::MOOD.eq(book::Mood::Sad));
    let found = happy.order_by(book::Books::ID.asc()).all().await.unwrap();
    books.delete(book::BookId::from_uuid(uuid::Uuid::from_u128(1))).await.unwrap();
    let second = book::BookId::from_uuid(uuid::Uuid::from_u128(2));
    let pages = page::Pages::new(store);
    let page = pages.insert(entities::page(second)).await.unwrap();
    assert_eq!(pages.get((second, 1)).await.unwrap(), Some(page));
    remark::Remarks::new(store).insert(remark::NewRemark::new(second, 1)).await.unwrap();
    let nowhere = remark::NewRemark::new(second, 2);
    errors.push(remark::Remarks::new(store).insert(nowhere).await.unwrap_err().kind());
    let left = books.find().all().await.unwrap();
    assert_eq!((left.len(), left[0].sequel_of), (1, None));
    let hen = hen::Hens::new(store).insert(hen::NewHen::new()).await.unwrap();
    egg::Eggs::new(store).insert(egg::NewEgg::new().laid_by(hen.id)).await.unwrap();
    let odds = odd::Odds::new(store);
    let odd = odds.insert(odd::NewOdd::new(3).quoted("x")).await.unwrap();
    assert_eq!(odds.get(odd.key).await.unwrap(), Some(odd));
    (authors.find().all().await.unwrap(), found, errors)
}

#[tokio::test]
async fn both_databases_take_and_give_the_same() {
    let (database, server) = made().await;
    let postgrest = Postgrest::new(server.url(), Key::new(server.service_key())).unwrap();
    let sqlite = Sqlite::memory().await.unwrap();
    sqlite.create_tables(&ALL).await.unwrap();
    let far = used(&postgrest.into()).await;
    let near = used(&sqlite.into()).await;
    assert_eq!(far, near);
    assert_eq!(
        near.2,
        [
            ErrorKind::Unique,
            ErrorKind::ForeignKey,
            ErrorKind::Unique,
            ErrorKind::Unique,
            ErrorKind::ForeignKey
        ]
    );

    // Keys are counted, and defaults computed, by the server as well.
    let id = "insert into tickets (user_id) values (null) returning id";
    assert_eq!(database.query(id).await.unwrap(), [[Some("1".to_owned())]]);
    let comment = "select obj_description('books'::regclass)";
    assert_eq!(database.query(comment).await.unwrap(), [[Some("What's read".to_owned())]]);
}

#[tokio::test]
async fn who_has_signed_in_sees_what_a_policy_gives() {
    let (database, server) = made().await;
    let subject = uuid::Uuid::from_u128(5);
    database
        .execute(&format!("insert into tickets (user_id) values (null), ('{subject}')"))
        .await
        .unwrap();
    let token = server.jwt("authenticated", Some(&subject.to_string()));
    let postgrest = Postgrest::new(server.url(), Key::new(token)).unwrap();
    let tickets = ticket::Tickets::new(&postgrest);
    assert_eq!(tickets.find().count().await.unwrap(), 0);
    let script = postgres_script(&[ticket::Model::TABLE]).unwrap();
    let policy: String = script
        .lines()
        .skip_while(|line| !line.starts_with("-- create policy"))
        .take_while(|line| line.starts_with("--"))
        .map(|line| line.trim_start_matches("-- "))
        .collect::<Vec<_>>()
        .join("\n");
    let claim = "(nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub')::uuid";
    assert!(script.contains(claim));
    database.execute(&policy.replace("auth.uid()", claim)).await.unwrap();
    let seen = tickets.find().all().await.unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].user_id, Some(subject));
}
