//! Two have changed a row: each policy, and what loses is a dead letter.

use crate::fixture::{Fixture, healed};
use chronicle::ErrorKind;
use chronicle::failover::DeadLetterReason;
use chronicle_test_servers::Fault;
use ticket::{NewTicket, TicketPatch, Tickets};

mod ticket {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub(crate) struct TicketId(Uuid);

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "tickets")]
    #[repository(name = "Ticket", conflict = "remote_wins")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: TicketId,
        pub(crate) title: String,
        pub(crate) owner: Option<String>,
        pub(crate) updated_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod reading {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "readings")]
    #[repository(name = "Reading", conflict = "append_only")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) value: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

async fn fixture() -> Fixture {
    let fixture = Fixture::new().await;
    fixture
        .server
        .database()
        .execute(
            "create table tickets (id uuid primary key, title text not null, owner text, updated_at timestamptz);
             grant all on tickets to service_role",
        )
        .await
        .unwrap();
    fixture.server.reload_schema().await.unwrap();
    fixture
        .file()
        .await
        .execute_script(
            "create table tickets (id text primary key not null, title text not null, owner text, updated_at text);
             create table readings (id blob primary key not null, value integer not null);",
        )
        .await
        .unwrap();
    fixture
}

#[tokio::test(flavor = "multi_thread")]
async fn the_remote_wins_over_an_update_that_waited() {
    let fixture = fixture().await;
    let failover = fixture.open().await;
    let tickets = Tickets::new(&failover);
    let [ours, theirs] = [
        tickets.insert(NewTicket::new("ours")).await.unwrap().id,
        tickets.insert(NewTicket::new("theirs")).await.unwrap().id,
    ];
    fixture.gateway.refuse().await.unwrap();
    for id in [ours, theirs] {
        tickets.update(id, TicketPatch::new().owner("first")).await.unwrap();
        tickets.update(id, TicketPatch::new().owner("second")).await.unwrap();
    }
    let elsewhere = Tickets::new(fixture.remote());
    elsewhere.update(theirs, TicketPatch::new().owner("somebody")).await.unwrap();
    fixture.gateway.heal().await.unwrap();
    let info = healed(&failover).await;
    let owner = async |id| elsewhere.get(id).await.unwrap().unwrap().owner;
    assert_eq!(owner(ours).await.as_deref(), Some("second"));
    assert_eq!(owner(theirs).await.as_deref(), Some("somebody"));
    let letters = failover.dead_letters(10).await.unwrap();
    assert_eq!((info.dead_letters, letters.len()), (2, 2), "{letters:?}");
    assert!(letters.iter().all(|letter| letter.reason == DeadLetterReason::Conflict));
    assert_eq!(letters[1].values["owner"], "second");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_was_applied_before_its_answer_was_lost_is_no_conflict() {
    let fixture = fixture().await;
    let failover = fixture.open().await;
    let tickets = Tickets::new(&failover);
    let id = tickets.insert(NewTicket::new("ours")).await.unwrap().id;
    fixture.gateway.fault(Fault::reset_after().method("PATCH"));
    tickets.update(id, TicketPatch::new().owner("me")).await.unwrap();
    assert_eq!(healed(&failover).await.dead_letters, 0);
    let stored = Tickets::new(fixture.remote()).get(id).await.unwrap().unwrap();
    assert_eq!(stored.owner.as_deref(), Some("me"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_an_append_only_entity_never_change() {
    use reading::{NewReading, ReadingPatch, Readings};
    let fixture = fixture().await;
    let readings = Readings::new(fixture.file().await);
    let row = readings.insert(NewReading::new(1)).await.unwrap();
    let update = readings.update(row.id, ReadingPatch::new().value(2)).await.unwrap_err();
    let upsert = readings.upsert(row.clone()).await.unwrap_err();
    assert_eq!((update.kind(), upsert.kind()), (ErrorKind::Unsupported, ErrorKind::Unsupported));
    assert_eq!(readings.delete(row.id).await.unwrap(), 1);
}
