//! From the document of a PostgREST server.

use chronicle_generate::{Error, Options, from_postgrest};
use chronicle_test_servers::Postgrest;

use crate::{everything, specimen};

#[tokio::test]
async fn the_document_tells_most_of_it() {
    let database = specimen().await;
    let server = Postgrest::builder(&database).schemas(["public", "shop"]).start().await.unwrap();
    let options = Options::new().module("public", "entity").module("shop", "entity::shop");
    let generated =
        from_postgrest(&server.url(), Some(&server.anon_key()), &options).await.unwrap();
    insta::assert_snapshot!(everything(&generated));
}

#[tokio::test]
async fn refusals_are_told_without_the_key() {
    let database = specimen().await;
    let server = Postgrest::start(&database).await.unwrap();
    let error =
        from_postgrest(&server.url(), Some("a-wrong-key"), &Options::new()).await.unwrap_err();
    assert!(
        matches!(error, Error::Refused { status: 401, .. })
            && !error.to_string().contains("wrong-key")
    );

    let options = Options::new().module("shop", "shop");
    let error = from_postgrest(&server.url(), None, &options).await.unwrap_err();
    assert!(matches!(error, Error::Refused { status: 406, .. }));

    let error =
        from_postgrest("http://user:secret@127.0.0.1:1", None, &Options::new()).await.unwrap_err();
    assert!(matches!(error, Error::Request(_)) && !error.to_string().contains("secret"));
}
