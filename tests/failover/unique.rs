//! Rows that are told from others by a unique column beside their key: the remote decides.

#![allow(unreachable_pub, reason = "entities are written as in a crate of their own")]

use crate::fixture::{Fixture, healed};
use chronicle::failover::{Failover, WriteMode};
use chronicle::{ErrorKind, Record};
use chronicle_test_servers::Fault;
use member::{MemberPatch, Members, NewMember};
use std::time::Duration;

mod member {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub struct MemberId(Uuid);

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "members")]
    #[repository(name = "Member")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: MemberId,
        #[sea_orm(unique)]
        pub email: String,
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

const TABLE: &str = "
    create table members (id uuid primary key, email text not null unique, name text not null);
    grant all on members to service_role;
";

async fn fixture() -> Fixture {
    let fixture = Fixture::new().await;
    fixture.server.database().execute(TABLE).await.unwrap();
    fixture.server.reload_schema().await.unwrap();
    let file = fixture.file().await;
    file.create_tables(&[member::Model::TABLE]).await.unwrap();
    chronicle::Backend::close(&file).await.unwrap();
    fixture
}

fn ada(name: &str) -> NewMember {
    NewMember::new("ada@example.org", name)
}

async fn assert_equal(fixture: &Fixture, failover: &Failover) {
    failover.resume().await.unwrap();
    assert!(failover.flush(Duration::from_secs(30)).await.unwrap());
    let remote = Members::new(fixture.remote()).find().all().await.unwrap();
    for _ in 0..200 {
        let file = Members::new(fixture.file().await).find().all().await.unwrap();
        if file == remote {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the file is not as the remote: {remote:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_remote_has_stored_is_in_the_file() {
    let fixture = fixture().await;
    let failover = fixture.open().await;
    let members = Members::new(&failover);
    // The file has never heard of this row.
    let there = Members::new(fixture.remote()).insert(ada("first")).await.unwrap();
    let stored = members.upsert_on(Members::EMAIL, ada("second")).await.unwrap();
    assert_eq!((stored.id, stored.name.as_str()), (there.id, "second"));
    let new = NewMember::new("grace@example.org", "Grace");
    let new = members.insert_if_absent_on(Members::EMAIL, new).await.unwrap();

    fixture.gateway.refuse().await.unwrap();
    assert_eq!(members.get(there.id).await.unwrap(), Some(stored));
    assert_eq!(members.get_by_email("grace@example.org").await.unwrap(), Some(new));
    let error = members.upsert_on(Members::EMAIL, ada("third")).await.unwrap_err();
    assert_eq!((error.kind(), error.table()), (ErrorKind::Unsupported, Some("members")), "{error}");
    assert!(error.hint().unwrap().contains("UUID version 5 of `email`"), "{error:?}");
    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    assert_equal(&fixture, &failover).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_refused_behind_what_waits() {
    let fixture = fixture().await;
    let failover = fixture.open().await;
    let members = Members::new(&failover);
    let stored = members.insert(ada("first")).await.unwrap();
    fixture.gateway.refuse().await.unwrap();
    // Until the client knows that its connections are closed: no request may leave on one of them.
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    // The first one learns of the outage by its own request.
    let error = members.upsert_on(Members::EMAIL, ada("second")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    members.update(stored.id, MemberPatch::new().name("third")).await.unwrap();
    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    let stored = members.upsert_on(Members::EMAIL, ada("fourth")).await.unwrap();
    assert_eq!(stored.name, "fourth");
    assert_equal(&fixture, &failover).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_refused_where_the_file_is_written_first() {
    let fixture = fixture().await;
    let failover = fixture.options().mode(WriteMode::LocalFirst).connect().await.unwrap();
    let members = Members::new(&failover);
    let error = members.upsert_on(Members::EMAIL, ada("first")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    members.upsert(ada("first")).await.unwrap();
    assert_equal(&fixture, &failover).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_is_a_timeout() {
    let fixture = fixture().await;
    let failover = fixture.open().await;
    let members = Members::new(&failover);
    let first = members.insert(ada("first")).await.unwrap();
    fixture.gateway.fault(Fault::reset_after().method("PATCH"));
    let error = members.upsert_on(Members::EMAIL, ada("second")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    // Whatever became of it: what comes after it stays after it.
    members.update(first.id, MemberPatch::new().name("third")).await.unwrap();
    healed(&failover).await;
    assert_equal(&fixture, &failover).await;
    let name = Members::new(fixture.remote()).get(first.id).await.unwrap().unwrap().name;
    assert_eq!(name, "third");
    let again = members.upsert_on(Members::EMAIL, ada("fourth")).await.unwrap();
    assert_eq!((again.id, again.name.as_str()), (first.id, "fourth"));
}
