//! From the catalog of a database.

use chronicle_generate::{Error, Options, from_database};

use crate::{everything, specimen};

#[tokio::test]
async fn each_kind_of_table_has_its_entity() {
    let options = Options::new().module("public", "entity").module("shop", "entity::shop");
    let database = specimen().await;
    let generated = from_database(&database.url(), &options).await.unwrap();
    insta::assert_snapshot!(everything(&generated));

    let again = from_database(&database.url(), &options).await.unwrap();
    assert_eq!(again.files, generated.files);
}

#[tokio::test]
async fn some_tables_are_written_alone() {
    let options = Options::new().tables(["orders", "order_items"]);
    let generated = from_database(&specimen().await.url(), &options).await.unwrap();
    let paths: Vec<_> = generated.files.keys().map(|path| path.display().to_string()).collect();
    assert_eq!(
        paths,
        ["entity/enums.rs", "entity/order_items.rs", "entity/orders.rs", "entity.rs"]
    );
    assert!(generated.report.notes.iter().all(|note| note.table.starts_with("order")));
    assert_eq!(generated.report.counts()["foreign key to a table not written"], 2);
}

#[tokio::test]
async fn what_is_not_there_is_an_error() {
    let url = specimen().await.url();
    let error = from_database(&url, &Options::new().tables(["ordres"])).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no table `ordres` in `public`");
    let error = from_database(&url, &Options::new().module("nope", "nope")).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no table in the schema `nope`");
    let error = from_database("postgres://nobody:secret@127.0.0.1:1/none", &Options::new())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Database(_)) && !error.to_string().contains("secret"));
    let error = from_database(&url, &Options::new().module("public", "Entity")).await.unwrap_err();
    assert!(matches!(error, Error::Invalid(_)));
}

#[tokio::test]
async fn a_role_that_owns_nothing_sees_as_much() {
    let database = specimen().await;
    let all = from_database(&database.url(), &Options::new()).await.unwrap();
    let role = from_database(&database.url_of("authenticator"), &Options::new()).await.unwrap();
    assert_eq!(role.files, all.files);
}
