//! A parent that its children name by unique columns, and not by its key.

use crate::entities::author::{self, AuthorPatch, Authors, NewAuthor};
use crate::entities::book::{self, BookPatch, Books, NewBook};
use crate::world::World;
use chronicle::failover::DeadLetterReason;
use chronicle::{Backend, Record};
use std::time::{Duration, Instant};

const TABLES: [&chronicle::Table; 2] = [author::Model::TABLE, book::Model::TABLE];

/// The file's tables in letters of another case, which SQLite takes for the same.
const IN_CAPITALS: &str = "create table Authors (ID integer primary key not null, \
    House integer not null, Code text not null, unique (House, Code)); \
    create table BOOKS (id integer primary key not null, HOUSE integer not null, \
    code text not null, title text not null, \
    foreign key (House, CODE) references authors (house, code) on delete cascade)";

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_waits_for_the_children_that_were_moved() {
    moved(World::new(&TABLES, "").await).await;
    let world = World::new(&TABLES, "").await;
    let file = world.plain_file().await;
    file.execute_script(IN_CAPITALS).await.unwrap();
    file.close().await.unwrap();
    moved(world).await;
}

/// A delete does not overtake children that have moved away from its row.
async fn moved(world: World) {
    let failover = world.open().await;
    let (authors, books) = (Authors::new(&failover), Books::new(&failover));
    authors.insert_many([NewAuthor::new(1, 1, "a"), NewAuthor::new(2, 1, "b")]).await.unwrap();
    books.insert_many((1..4).map(|id| NewBook::new(id, 1, "a", "t"))).await.unwrap();
    world.cut().await;
    for id in 1..4 {
        books.update(id, BookPatch::new().code("b").title("moved")).await.unwrap();
    }
    assert_eq!(authors.delete(1).await.unwrap(), 1);
    assert_eq!(books.find().count().await.unwrap(), 3);
    world.migrate("alter table books rename column title to titel").await;
    world.until_paused(&failover).await;
    assert_eq!(world.ask("select count(*) from books").await, ["3"]);
    world.migrate("alter table books rename column titel to title").await;
    assert_eq!(world.heal(&failover).await.dead_letters, 0);
    assert_eq!(world.ask("select code from books").await, ["b", "b", "b"]);
    assert_eq!(world.ask("select code from authors").await, ["b"]);
}

/// What a waiting delete takes along stays gone, and what is written below it is told of.
#[tokio::test(flavor = "multi_thread")]
async fn children_of_a_deleted_row_stay_gone() {
    let world = World::new(&TABLES, "").await;
    let failover = world.open().await;
    let (authors, books) = (Authors::new(&failover), Books::new(&failover));
    authors.insert(NewAuthor::new(1, 1, "a")).await.unwrap();
    books.insert_many((1..4).map(|id| NewBook::new(id, 1, "a", "t"))).await.unwrap();
    world.cut().await;
    assert_eq!(authors.delete(1).await.unwrap(), 1);
    assert_eq!(books.find().count().await.unwrap(), 0);
    world.sql("revoke delete on authors from service_role").await;
    world.until_paused(&failover).await;
    assert_eq!(books.find().count().await.unwrap(), 0, "as it was told");
    books.upsert(NewBook::new(3, 1, "a", "new")).await.unwrap();
    world.sql("grant delete on authors to service_role").await;
    assert_eq!(world.heal(&failover).await.dead_letters, 1);
    let letters = failover.dead_letters(1).await.unwrap();
    assert_eq!(letters[0].reason, DeadLetterReason::ParentMissing, "{letters:?}");
    assert!(world.ask("select id from books").await.is_empty());
}

/// A child goes behind the parent that it was moved to.
#[tokio::test(flavor = "multi_thread")]
async fn a_child_waits_for_its_new_parent() {
    let world = World::new(&TABLES, "").await;
    let failover = world.open().await;
    let (authors, books) = (Authors::new(&failover), Books::new(&failover));
    authors.insert(NewAuthor::new(1, 1, "a")).await.unwrap();
    books.insert(NewBook::new(1, 1, "a", "t")).await.unwrap();
    world.cut().await;
    authors.insert(NewAuthor::new(2, 1, "b")).await.unwrap();
    books.update(1, BookPatch::new().code("b")).await.unwrap();
    books.insert(NewBook::new(2, 1, "b", "t")).await.unwrap();
    world.sql("revoke insert on authors from service_role").await;
    world.until_paused(&failover).await;
    world.sql("grant insert on authors to service_role").await;
    assert_eq!(world.heal(&failover).await.dead_letters, 0);
    assert_eq!(world.ask("select code from books order by id").await, ["b", "b"]);
}

/// Nor does an update that takes away what children named their parent by.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_taken_away_once_nobody_refers_to_it() {
    let world = World::new(&TABLES, "").await;
    let failover = world.open().await;
    let (authors, books) = (Authors::new(&failover), Books::new(&failover));
    authors.insert_many([NewAuthor::new(1, 1, "a"), NewAuthor::new(2, 1, "b")]).await.unwrap();
    books.insert_many((1..4).map(|id| NewBook::new(id, 1, "a", "t"))).await.unwrap();
    world.cut().await;
    books.update(1, BookPatch::new().code("b")).await.unwrap();
    books.update(2, BookPatch::new().code("b")).await.unwrap();
    books.delete(3).await.unwrap();
    authors.update(1, AuthorPatch::new().code("z")).await.unwrap();
    world.migrate("alter table books rename column code to kode").await;
    world.until_paused(&failover).await;
    // While the children wait, so does one that goes direct otherwise.
    authors.update(1, AuthorPatch::new().code("y")).await.unwrap();
    world.migrate("alter table books rename column kode to code").await;
    assert_eq!(world.heal(&failover).await.dead_letters, 0);
    assert_eq!(world.ask("select code from authors order by id").await, ["y", "b"]);
    assert_eq!(world.ask("select code from books order by id").await, ["b", "b"]);
}

/// Others deleted the parent that was deleted here, and made anew: what was written below the old one
/// holds nobody up, and does not come back below the new one.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_later_leaves_no_letter() {
    let world = World::new(&TABLES, "").await;
    let failover = world.open().await;
    let (authors, books) = (Authors::new(&failover), Books::new(&failover));
    authors.insert_many([NewAuthor::new(1, 1, "a"), NewAuthor::new(2, 1, "b")]).await.unwrap();
    world.cut().await;
    // One is taken along, the other deleted by itself.
    books.insert(NewBook::new(1, 1, "a", "old")).await.unwrap();
    books.insert(NewBook::new(2, 1, "b", "old")).await.unwrap();
    assert_eq!(books.delete(2).await.unwrap(), 1);
    assert_eq!(authors.delete(1).await.unwrap(), 1);
    assert_eq!(authors.delete(2).await.unwrap(), 1);
    authors.insert_many([NewAuthor::new(1, 1, "a"), NewAuthor::new(2, 1, "b")]).await.unwrap();
    books.insert(NewBook::new(3, 1, "a", "new")).await.unwrap();
    world.sql("delete from authors").await;
    let info = world.heal(&failover).await;
    assert_eq!((info.dead_letters, info.outbox_rows), (0, 0), "{info:?}");
    assert_eq!(world.ask("select id from books").await, ["3"]);
    assert_eq!(world.ask("select count(*) from authors").await, ["2"]);
    assert_eq!(books.find().count().await.unwrap(), 1);
}

/// The same where the letters came first: they go within a minute, all of them.
#[tokio::test(flavor = "multi_thread")]
async fn letters_of_what_is_deleted_here_go() {
    let world = World::new(&TABLES, "").await;
    let failover = world.open().await;
    let (authors, books) = (Authors::new(&failover), Books::new(&failover));
    authors.insert(NewAuthor::new(1, 1, "a")).await.unwrap();
    world.cut().await;
    books.insert_many((1..8).map(|id| NewBook::new(id, 1, "a", "old"))).await.unwrap();
    world.sql("delete from authors").await;
    assert_eq!(world.heal(&failover).await.dead_letters, 7);
    assert_eq!(authors.delete(1).await.unwrap(), 1);
    let start = Instant::now();
    while failover.failover_info().await.unwrap().outbox_rows > 0 {
        assert!(start.elapsed() < Duration::from_secs(90), "{:?}", failover.dead_letters(9).await);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    authors.insert(NewAuthor::new(1, 1, "a")).await.unwrap();
    assert_eq!(books.find().count().await.unwrap(), 0);
    assert!(world.ask("select id from books").await.is_empty());
}

/// A change of a row that others deleted does not hold the delete of the row above.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_child_holds_no_delete() {
    let world = World::new(&TABLES, "").await;
    let failover = world.open().await;
    let (authors, books) = (Authors::new(&failover), Books::new(&failover));
    authors.insert(NewAuthor::new(1, 1, "a")).await.unwrap();
    books.insert(NewBook::new(1, 1, "a", "old")).await.unwrap();
    world.cut().await;
    books.update(1, BookPatch::new().title("new")).await.unwrap();
    world.sql("delete from books").await;
    let letters = world.heal(&failover).await.dead_letters;
    assert_eq!(letters, 1);
    assert_eq!(authors.delete(1).await.unwrap(), 1);
    let info = world.heal(&failover).await;
    assert_eq!((info.dead_letters, info.held), (1, 0), "{info:?}");
    assert!(world.ask("select id from authors").await.is_empty());
}

/// A letter says how many hang on it, not only those that wait for it first.
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_counts_all_that_it_holds() {
    let world = World::new(&TABLES, "").await;
    let failover = world.open().await;
    let (authors, books) = (Authors::new(&failover), Books::new(&failover));
    authors.insert(NewAuthor::new(1, 1, "a")).await.unwrap();
    world.cut().await;
    books.insert(NewBook::new(1, 1, "a", "one")).await.unwrap();
    assert_eq!(books.delete(1).await.unwrap(), 1);
    books.insert(NewBook::new(1, 1, "a", "two")).await.unwrap();
    assert_eq!(books.delete(1).await.unwrap(), 1);
    world.migrate("alter table books add check (title <> 'one')").await;
    world.heal(&failover).await;
    let letters = failover.dead_letters(2).await.unwrap();
    assert_eq!(letters.iter().map(|letter| letter.holds).collect::<Vec<_>>(), [3], "{letters:?}");
}
