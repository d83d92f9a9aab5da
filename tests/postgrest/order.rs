//! The order of text is the server's: keys with a collation of their own, and lists that no URL
//! holds.

use crate::server::Server;
use chronicle::{Query, Repository};
use futures_util::TryStreamExt;
use sea_orm::entity::prelude::*;
use std::collections::HashSet;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "tags")]
#[repository(name = "Tag")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub alias: String,
    pub rank: i32,
    pub weight: f64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// Words sort as in a dictionary: `a B c`, where bytes sort `B a c`. Aliases are equal whatever
/// their case.
const SCHEMA: &str = "
    create collation dictionary (provider = icu, locale = 'en');
    create collation any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    create table tags (
        name text collate dictionary primary key,
        alias text collate any_case not null,
        rank integer not null,
        weight double precision not null
    );
    grant all on tags to service_role;
";

const ROWS: usize = 300;

/// Names that bytes and dictionaries sort differently; long enough that no URL holds all.
fn name(number: usize) -> String {
    let letter = char::from(b'a' + u8::try_from(number % 26).unwrap());
    let letter = if number.is_multiple_of(2) { letter } else { letter.to_ascii_uppercase() };
    format!("{letter}-{number:03}-of-the-names")
}

async fn start() -> (Server, Tags) {
    let server = Server::start().await;
    server.database.execute(SCHEMA).await.unwrap();
    server.postgrest.reload_schema().await.unwrap();
    let tags = Tags::new(server.client());
    let rows = (0..ROWS).map(|number| {
        let rank = i32::try_from(number % 3).unwrap();
        NewTag::new(name(number), format!("Alias {number}"), rank, 0.0)
    });
    tags.insert_many(rows).await.unwrap();
    (server, tags)
}

async fn names(server: &Server, order: &str) -> Vec<String> {
    let rows = server.database.query(&format!("select name from tags order by {order}")).await;
    rows.unwrap().into_iter().map(|mut row| row.remove(0).unwrap()).collect()
}

/// A list of all names that no URL holds.
fn of_all() -> Query<Model> {
    let list = (0..ROWS).map(name).chain((0..200).map(|number| format!("no such name {number}")));
    Query::new().filter(Tags::NAME.is_in(list))
}

#[tokio::test]
async fn pages_of_a_long_list_of_text_keys_are_in_the_servers_order() {
    let (server, tags) = start().await;
    for (query, order) in [
        (of_all(), "name"),
        (of_all().order_by(Tags::RANK.asc()), "rank, name"),
        (of_all().order_by(Tags::RANK.desc()), "rank desc, name desc"),
    ] {
        let expected = names(&server, order).await;
        for size in [7, 50, 299, 300, 500] {
            let pages: Vec<_> = tags.run(query.clone()).pages(size).try_collect().await.unwrap();
            let found: Vec<String> =
                pages.into_iter().flat_map(|page| page.rows).map(|row| row.name).collect();
            assert_eq!(found, expected, "pages of {size} by {order}");
        }
        let some = tags.run(query.clone()).offset(95).limit(20).all().await.unwrap();
        let found: Vec<&str> = some.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(found, expected[95..115], "by {order}");
        let first = tags.run(query.clone()).first().await.unwrap().unwrap();
        assert_eq!(first.name, expected[0], "by {order}");
    }
}

#[tokio::test]
async fn a_long_list_read_whole_gives_each_row_once() {
    let (_server, tags) = start().await;
    let rows = tags.run(of_all()).all().await.unwrap();
    let distinct: HashSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!((rows.len(), distinct.len()), (ROWS, ROWS));
    let rows = tags.run(of_all().order_by(Tags::RANK.desc())).all().await.unwrap();
    assert!(rows.is_sorted_by_key(|row| -row.rank));
    assert_eq!(rows.len(), ROWS);
}

#[tokio::test]
async fn values_that_the_server_takes_for_equal_find_a_row_once() {
    let (_server, tags) = start().await;
    // Far apart in the list, so that they are in different requests.
    let upper = (0..ROWS).map(|number| format!("ALIAS {number}"));
    let lower = (0..ROWS).map(|number| format!("alias {number}"));
    let filter = || Tags::ALIAS.is_in(upper.clone().chain(lower.clone()));
    let found = tags.find().filter(filter()).all().await.unwrap();
    assert_eq!(found.len(), ROWS);
    assert_eq!(tags.find().filter(filter()).count().await.unwrap(), ROWS as u64);
    let page = tags.find().filter(filter()).order_by(Tags::RANK.asc()).page(299).await.unwrap();
    assert_eq!((page.rows.len(), page.next.is_some()), (299, true));
    let patch = || TagPatch::new().rank(5);
    let narrowed = filter().and(Tags::WEIGHT.eq(0.0).or(Tags::RANK.lt(0)));
    assert!(tags.update_where(narrowed, patch()).await.unwrap() >= ROWS as u64);
    assert_eq!(tags.update_where(filter(), patch()).await.unwrap(), ROWS as u64);
    assert_eq!(tags.delete_where(filter()).await.unwrap(), ROWS as u64);
}

#[tokio::test]
async fn both_zeros_are_one_number() {
    let (_server, tags) = start().await;
    let numbers = || {
        let between = (1..2_000).map(|number| f64::from(number) + 0.123);
        std::iter::once(0.0).chain(between).chain([-0.0])
    };
    let find = || tags.find().filter(Tags::WEIGHT.is_in(numbers()));
    assert_eq!(find().count().await.unwrap(), ROWS as u64);
    assert_eq!(find().order_by(Tags::RANK.asc()).all().await.unwrap().len(), ROWS);
    let patch = TagPatch::new().rank(7);
    let filter = Tags::WEIGHT.is_in(numbers());
    assert_eq!(tags.update_where(filter, patch).await.unwrap(), ROWS as u64);
}
