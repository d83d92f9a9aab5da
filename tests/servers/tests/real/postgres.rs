//! The cluster and its databases.

use chronicle_test_servers::{Error, Postgres};

use crate::{notes, stored};

#[tokio::test]
async fn databases_are_separate_and_have_the_roles_of_supabase() {
    let database = notes().await;
    let other = database.postgres().create_database().await.unwrap();
    assert!(
        matches!(other.query("select * from note").await, Err(Error::Sql { message, .. }) if message.contains("42P01"))
    );

    let roles = database
        .query(
            "select rolname, rolcanlogin, rolinherit, rolbypassrls from pg_roles
             where rolname in ('authenticator', 'anon', 'authenticated', 'service_role') order by rolname",
        )
        .await
        .unwrap();
    let row = |name: &str, flags: [&str; 3]| {
        let mut row = vec![Some(name.to_owned())];
        row.extend(flags.map(|flag| Some(flag.to_owned())));
        row
    };
    assert_eq!(
        roles,
        [
            row("anon", ["f", "f", "f"]),
            row("authenticated", ["f", "f", "f"]),
            row("authenticator", ["t", "f", "f"]),
            row("service_role", ["f", "f", "t"]),
        ]
    );
    let members = database
        .query("select count(*) from pg_auth_members where member = 'authenticator'::regrole")
        .await;
    assert_eq!(members.unwrap(), [[Some("3".to_owned())]]);
}

#[tokio::test]
async fn a_script_without_a_transaction_of_its_own_is_one() {
    let database = notes().await;
    let error = database
        .execute("insert into note values (1, 'a'); insert into note values (1, 'b');")
        .await
        .unwrap_err();
    assert!(error.to_string().contains("23505"), "{error}");
    assert_eq!(stored(&database).await, Vec::<String>::new());
    assert_eq!(database.query("select null, 1").await.unwrap(), [[None, Some("1".to_owned())]]);
}

#[tokio::test]
async fn a_database_can_be_copied() {
    let database = notes().await;
    database.execute("insert into note values (7, 'a')").await.unwrap();
    let copy = database.postgres().create_database_from(&database).await.unwrap();
    database.execute("insert into note values (8, 'a')").await.unwrap();
    assert_eq!(stored(&copy).await, ["7"]);
}

#[tokio::test]
async fn everybody_shares_one_cluster_but_may_have_an_own() {
    let shared = Postgres::shared().await.unwrap();
    assert_eq!(shared.port(), Postgres::shared().await.unwrap().port());
    let own = Postgres::new().await.unwrap();
    assert_ne!(own.port(), shared.port());
    let (first, second) = tokio::join!(own.create_database(), own.create_database());
    assert_ne!(first.unwrap().name(), second.unwrap().name());
}

#[tokio::test]
async fn a_stopped_cluster_refuses_and_a_started_one_has_its_data() {
    let postgres = Postgres::new().await.unwrap();
    let database = postgres.create_database().await.unwrap();
    database.execute("create table kept (id int); insert into kept values (1)").await.unwrap();
    let port = postgres.port();

    postgres.stop().await.unwrap();
    postgres.stop().await.unwrap();
    assert!(matches!(database.query("select 1").await, Err(Error::Sql { .. })));

    postgres.start().await.unwrap();
    postgres.start().await.unwrap();
    assert_eq!(postgres.port(), port);
    assert_eq!(database.query("select id from kept").await.unwrap(), [[Some("1".to_owned())]]);
}
