//! The entities of this crate, in use.

use chronicle::{ErrorKind, Result, Sqlite};
use outside::author::{Authors, NewAuthor};
use outside::book::{Binding, BookPatch, BooksOnShelves, Isbn, NewBook};

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

    let changed = books
        .update(&isbn, BookPatch::new().pages(209).binding(Binding::Hardcover))
        .await?;
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
