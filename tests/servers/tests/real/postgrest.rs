//! PostgREST itself, without a gateway.

use std::time::Duration;

use chronicle_test_servers::{Postgrest, Token};
use reqwest::StatusCode;

use crate::{client, notes};

async fn status(url: String, token: &str) -> StatusCode {
    client().get(url).bearer_auth(token).send().await.unwrap().status()
}

#[tokio::test]
async fn tokens_decide_the_role() {
    let postgrest = Postgrest::start(&notes().await).await.unwrap();
    let url = format!("{}/note", postgrest.url());
    let insert = |token: String| {
        client().post(&url).bearer_auth(token).body(r#"{"id":1,"text":"a"}"#).send()
    };

    assert_eq!(insert(postgrest.anon_key()).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(insert(postgrest.service_key()).await.unwrap().status(), StatusCode::CREATED);
    assert_eq!(client().get(&url).send().await.unwrap().status(), StatusCode::OK);
    // `authenticated` has no grant on the table.
    let user = postgrest.jwt("authenticated", Some("somebody"));
    assert_eq!(status(url.clone(), &user).await, StatusCode::FORBIDDEN);

    let fresh = Token::new("service_role").expires_in(Duration::from_secs(60)).sign();
    assert_eq!(status(url.clone(), &fresh).await, StatusCode::OK);
    let expired = Token::new("service_role").expired_since(Duration::from_secs(60)).sign();
    assert_eq!(status(url.clone(), &expired).await, StatusCode::UNAUTHORIZED);
    let forged =
        Token::new("service_role").sign_with("another secret, as long as the one that is right");
    assert_eq!(status(url, &forged).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_subject_reaches_the_database() {
    let database = notes().await;
    database
        .execute(
            "create function who() returns text language sql stable as
             $$ select current_setting('request.jwt.claims', true)::json ->> 'sub' $$",
        )
        .await
        .unwrap();
    let postgrest = Postgrest::start(&database).await.unwrap();
    let token = postgrest.jwt("authenticated", Some("user-7"));
    let answer = client()
        .get(format!("{}/rpc/who", postgrest.url()))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.text().await.unwrap(), r#""user-7""#);
}

#[tokio::test]
async fn the_builder_sets_what_it_says() {
    let database = notes().await;
    database
        .execute(
            "insert into note select number, 'a' from generate_series(1, 5) as number;
             create schema private;
             create table private.secret (id int primary key);
             grant usage on schema private to service_role;
             grant all on private.secret to service_role;
             create function slow() returns void language sql as 'select pg_sleep(3)';",
        )
        .await
        .unwrap();
    let postgrest = Postgrest::builder(&database)
        .anonymous_role(None)
        .schemas(["public", "private"])
        .max_rows(2)
        .pool(1)
        .pool_acquisition_timeout(Duration::from_secs(1))
        .start()
        .await
        .unwrap();
    let key = postgrest.service_key();
    let get = |path: &str| client().get(format!("{}{path}", postgrest.url()));

    assert_eq!(get("/note").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let rows = get("/note?select=id&order=id")
        .bearer_auth(&key)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert_eq!(rows.matches("id").count(), 2, "{rows}");
    let private =
        get("/secret").bearer_auth(&key).header("accept-profile", "private").send().await.unwrap();
    assert_eq!(private.text().await.unwrap(), "[]");

    // The pool's one connection is busy for three seconds, and the second request waits for one.
    let slow = tokio::spawn(get("/rpc/slow").bearer_auth(&key).send());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let waiting = get("/note").bearer_auth(&key).send().await.unwrap();
    assert_eq!(waiting.status(), StatusCode::GATEWAY_TIMEOUT);
    assert!(slow.await.unwrap().unwrap().status().is_success());
}

#[tokio::test]
async fn a_reload_shows_a_new_table() {
    let database = notes().await;
    let postgrest = Postgrest::start(&database).await.unwrap();
    let url = format!("{}/late?columns=id", postgrest.url());
    database
        .execute("create table late (id int primary key); grant all on late to service_role")
        .await
        .unwrap();
    postgrest.reload_schema().await.unwrap();
    // `columns` is checked against the schema cache on every release.
    let answer = client()
        .post(url)
        .bearer_auth(postgrest.service_key())
        .body(r#"[{"id":1}]"#)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    let left =
        database.query("select proname from pg_proc where proname like 'reload%'").await.unwrap();
    assert_eq!(left, Vec::<Vec<Option<String>>>::new());
}

#[tokio::test]
async fn it_tells_its_version_and_survives_a_restart() {
    let postgrest = Postgrest::start(&notes().await).await.unwrap();
    assert!(
        postgrest.version().starts_with(|first: char| first.is_ascii_digit()),
        "{}",
        postgrest.version()
    );
    let url = format!("{}/note", postgrest.url());
    assert!(client().get(&url).send().await.unwrap().status().is_success());

    postgrest.kill().await.unwrap();
    postgrest.kill().await.unwrap();
    assert!(client().get(&url).send().await.unwrap_err().is_connect());
    postgrest.restart().await.unwrap();
    assert!(client().get(&url).send().await.unwrap().status().is_success());
    postgrest.restart().await.unwrap();
    assert!(client().get(&url).send().await.unwrap().status().is_success());
}
