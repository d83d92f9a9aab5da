//! Text of which the entity says that it sorts by its bytes, and of which the server does not know.

use crate::server::Server;
use chronicle::{ErrorKind, Repository, Result};
use chronicle_test_servers as servers;
use futures_util::TryStreamExt;
use sea_orm::entity::prelude::*;
use std::fmt::Debug;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "nouns")]
#[repository(name = "Noun")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    #[repository(collate = "C")]
    pub noun: String,
    #[repository(collate = "C")]
    pub plural: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

#[derive(Debug, chronicle::Selected)]
#[repository(of = "Nouns")]
#[allow(dead_code, reason = "it is never there")]
struct Id {
    id: i32,
}

/// Nouns sort as in a dictionary, `a B c`, where bytes sort `B a c`; their plurals by bytes.
const SCHEMA: &str = r#"
    create collation dictionary (provider = icu, locale = 'en');
    create table nouns (
        id integer primary key,
        noun text collate dictionary not null,
        plural text collate "C"
    );
    insert into nouns select n, chr(64 + n + n % 2 * 32), chr(64 + n + n % 2 * 32)
        from generate_series(1, 20) n;
    grant all on nouns to service_role;
"#;

async fn start() -> (Server, Nouns) {
    let server = Server::start_with(servers::PostgrestBuilder::aggregates).await;
    server.database.execute(SCHEMA).await.unwrap();
    server.postgrest.reload_schema().await.unwrap();
    let nouns = Nouns::new(server.client());
    (server, nouns)
}

#[track_caller]
fn assert_told<T: Debug>(answer: Result<T>) {
    let error = answer.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
    assert!(error.message().contains("`noun`"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("collate \"C\"")), "{error}");
}

#[tokio::test]
async fn rows_in_another_order_are_no_answer() {
    let (_server, nouns) = start().await;
    let sorted = || nouns.find().order_by(Nouns::NOUN.asc());
    assert_told(sorted().all().await);
    assert_told(sorted().page(2).await);
    assert_told(nouns.find().order_by(Nouns::NOUN.desc()).limit(3).all().await);
    assert_told(sorted().pages(1).try_collect::<Vec<_>>().await);
    let by_noun = nouns.find().aggregate(chronicle::count()).group_by(Nouns::NOUN);
    assert_told(by_noun.all().await);
    // The one that is told rightly.
    let sorted = nouns.find().order_by(Nouns::PLURAL.asc()).pages(3);
    let found: Vec<_> = sorted.try_collect().await.unwrap();
    assert_eq!(found.len(), 7);
}

#[tokio::test]
async fn rows_that_do_not_match_are_no_answer() {
    let (_server, nouns) = start().await;
    assert_told(nouns.find().filter(Nouns::NOUN.lt("C")).all().await);
    assert_told(nouns.find().filter(!Nouns::NOUN.ge("C")).exists().await);
    assert_told(nouns.find().filter(Nouns::NOUN.lt("C").or(Nouns::ID.lt(0))).all().await);
    assert_told(nouns.find().filter(Nouns::NOUN.gt("c")).select::<Id>().all().await);
    let found =
        nouns.find().filter(Nouns::PLURAL.lt("C").and(Nouns::ID.gt(0))).all().await.unwrap();
    assert_eq!(found.iter().map(|row| row.id).collect::<Vec<_>>(), [2]);
}
