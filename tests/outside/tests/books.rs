//! The entities of this crate, in use.

use chronicle::futures::{BoxFuture, TryStreamExt};
use chronicle::{
    Backend, BackendKind, Error, ErrorKind, Info, RawRow, Read, Result, Sqlite, Store, Write,
    Written,
};
use outside::author::{Authors, NewAuthor};
use outside::book::{Binding, BookPatch, BooksOnShelves, Isbn, NewBook};
use sea_orm::Value;

const SCHEMA: &str = r#"
    create table authors (id text primary key not null, name text not null unique);
    create table "books on shelves" (
        isbn text primary key not null,
        author_id text not null references authors (id),
        "order" text not null,
        binding text not null,
        pages integer not null,
        notes text,
        created_at text not null,
        updated_at text
    );
"#;

#[tokio::test(flavor = "current_thread")]
async fn a_shelf_of_books() -> Result<()> {
    let sqlite = Sqlite::memory().await?;
    sqlite.execute_script(SCHEMA).await?;
    let authors = Authors::new(&sqlite);
    let books = BooksOnShelves::new(&sqlite);

    let woolf = authors.insert(NewAuthor::new("Virginia Woolf")).await?;
    let twin = authors.insert(NewAuthor::new("Virginia Woolf")).await.unwrap_err();
    assert_eq!(twin.kind(), ErrorKind::Unique);
    assert_eq!(authors.get_by_name("Virginia Woolf").await?, Some(woolf.clone()));

    let isbn = Isbn("978-0-15-690739-2".to_owned());
    let book = books
        .insert(NewBook::new(isbn.clone(), woolf.id, "To the Lighthouse", Binding::Paperback))
        .await?;
    assert_eq!((book.pages, book.updated_at), (0, None));

    let changed =
        books.update(&isbn, BookPatch::new().pages(209).binding(Binding::Hardcover)).await?;
    assert_eq!(changed, 1);
    let found = books
        .find_by_author_id_in([woolf.id])
        .filter(BooksOnShelves::TITLE.contains("house").and(BooksOnShelves::PAGES.gt(200)))
        .filter(BooksOnShelves::BINDING.eq(Binding::Hardcover))
        .order_by(BooksOnShelves::CREATED_AT.desc())
        .one()
        .await?;
    assert!(found.updated_at.is_some());
    assert_eq!(books.delete(&isbn).await?, 1);
    assert!(!books.find().exists().await?);
    Ok(())
}

#[tokio::test(flavor = "current_thread")]
async fn a_stream_of_authors() -> Result<()> {
    let sqlite = Sqlite::memory().await?;
    sqlite.execute_script(SCHEMA).await?;
    let authors = Authors::new(&sqlite);
    let names: Vec<String> = (0..1_200).map(|number| format!("author {number}")).collect();
    authors.insert_many(names.iter().map(NewAuthor::new)).await?;

    let mut stream = authors.find().stream();
    let mut found = Vec::new();
    while let Some(author) = stream.try_next().await? {
        found.push(author.name);
    }
    found.sort();
    let mut names = names;
    names.sort();
    assert_eq!(found, names);
    Ok(())
}

/// Refuses every write.
#[derive(Debug)]
struct ReadOnly<B>(B);

impl<B: Backend> Backend for ReadOnly<B> {
    fn kind(&self) -> BackendKind {
        self.0.kind()
    }
    fn read<'a>(&'a self, read: &'a Read) -> BoxFuture<'a, Result<Vec<Vec<Value>>>> {
        self.0.read(read)
    }
    fn count<'a>(&'a self, read: &'a Read) -> BoxFuture<'a, Result<u64>> {
        self.0.count(read)
    }
    fn write(&self, write: Write) -> BoxFuture<'_, Result<Written>> {
        let message = format!("`{}` is read-only", write.table().name);
        Box::pin(async move { Err(Error::new(ErrorKind::Denied, message)) })
    }
    fn query_raw<'a>(
        &'a self,
        sql: &'a str,
        parameters: Vec<Value>,
    ) -> BoxFuture<'a, Result<Vec<RawRow>>> {
        self.0.query_raw(sql, parameters)
    }
    fn health(&self) -> BoxFuture<'_, Result<()>> {
        self.0.health()
    }
    fn info(&self) -> BoxFuture<'_, Info> {
        self.0.info()
    }
    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.0.close()
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_backend_of_ones_own() -> Result<()> {
    let sqlite = Sqlite::memory().await?;
    sqlite.execute_script(SCHEMA).await?;
    let authors = Authors::new(Store::new(ReadOnly(sqlite)));
    assert_eq!(authors.find().count().await?, 0);
    let refused = authors.insert(NewAuthor::new("Virginia Woolf")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Denied);
    Ok(())
}
