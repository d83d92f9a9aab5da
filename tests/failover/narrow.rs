//! Two entities of one table: a list with few of its columns beside the one that has all.

use crate::fixture::{Fixture, healed, until};
use chronicle::Backend;
use chronicle_entity::{NewSession, SessionPatch, SessionStatus, Sessions, session};
use std::time::Duration;

mod item {
    use chronicle::Repository;
    use chronicle_entity::SessionId;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "sessions")]
    #[repository(name = "SessionItem", repository = "SessionItems")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: SessionId,
        pub status: String,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The server sets the branch by a trigger.
mod kept {
    use chronicle::Repository;
    use chronicle_entity::SessionId;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "sessions")]
    #[repository(name = "KeptSession")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: SessionId,
        pub status: String,
        #[repository(server)]
        pub git_branch: Option<String>,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use item::{NewSessionItem, SessionItemPatch, SessionItems};

/// What was read is kept behind the call.
const BEHIND: Duration = Duration::from_millis(400);

#[derive(Debug, PartialEq, Eq, chronicle::Selected)]
#[repository(of = "Sessions")]
struct Branch {
    git_branch: Option<String>,
}

/// The file has no use for a part of a row.
#[tokio::test(flavor = "multi_thread")]
async fn a_selection_of_columns_is_not_kept() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let there = Sessions::new(fixture.remote());
    let row = NewSession::new(SessionStatus::Active).git_branch("main");
    let id = there.insert(row).await.unwrap().id;
    let sessions = Sessions::new(&failover);
    let branches = sessions.find().select::<Branch>();
    assert_eq!(branches.one().await.unwrap().git_branch.as_deref(), Some("main"));
    let own = sessions.insert(NewSession::new(SessionStatus::Active)).await.unwrap();
    tokio::time::sleep(BEHIND).await;
    fixture.gateway.refuse().await.unwrap();
    assert_eq!(sessions.get(id).await.unwrap(), None, "it was never read as a whole");
    let branches = sessions.find().select::<Branch>();
    assert_eq!(branches.all().await.unwrap(), [Branch { git_branch: None }]);
    assert_eq!(sessions.get(own.id).await.unwrap(), Some(own));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_of_some_columns_brings_no_row() {
    let fixture = Fixture::new().await;
    let elsewhere = Sessions::new(fixture.remote());
    let new = NewSession::new(SessionStatus::Active).git_branch("main");
    let id = elsewhere.insert(new).await.unwrap().id;
    let options = fixture.options().table::<session::Model>().table::<item::Model>();
    let failover = options.connect().await.unwrap();
    assert_eq!(SessionItems::new(&failover).find().all().await.unwrap().len(), 1);
    assert!(SessionItems::new(&failover).get(id).await.unwrap().is_some());
    let error = failover.pull::<item::Model>(|_| ()).await.unwrap_err();
    assert_eq!(error.kind(), chronicle::ErrorKind::Unsupported, "{error}");
    tokio::time::sleep(BEHIND).await;

    fixture.gateway.refuse().await.unwrap();
    // Nothing is known of the other columns: a row without them would be another one.
    assert_eq!(Sessions::new(&failover).get(id).await.unwrap(), None);
    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    assert_eq!(elsewhere.get(id).await.unwrap().unwrap().git_branch.as_deref(), Some("main"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_of_some_columns_changes_those_of_a_row_that_is_there() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let sessions = Sessions::new(&failover);
    let new = NewSession::new(SessionStatus::Active).git_branch("main");
    let mut session = sessions.insert(new).await.unwrap();
    let elsewhere = Sessions::new(fixture.remote());
    elsewhere.update(session.id, SessionPatch::new().status(SessionStatus::Ended)).await.unwrap();
    let items = SessionItems::new(&failover);
    assert_eq!(items.get(session.id).await.unwrap().unwrap().status, "ended");
    tokio::time::sleep(BEHIND).await;

    fixture.gateway.refuse().await.unwrap();
    session = sessions.get(session.id).await.unwrap().unwrap();
    assert_eq!(
        (session.status.to_string().as_str(), session.git_branch.as_deref()),
        ("ended", Some("main"))
    );
    // What the whole entity sends is whole.
    sessions.upsert(session.clone()).await.unwrap();
    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    assert_eq!(
        elsewhere.get(session.id).await.unwrap().unwrap().git_branch.as_deref(),
        Some("main")
    );
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_with_some_columns_gets_the_others_from_the_remote() {
    let fixture = Fixture::new().await;
    let failover = fixture.open().await;
    let (items, sessions) = (SessionItems::new(&failover), Sessions::new(&failover));
    sessions.find().count().await.unwrap();
    // Healthy, and in an outage.
    let first = items.insert(NewSessionItem::new("active")).await.unwrap().id;
    fixture.gateway.refuse().await.unwrap();
    let second = items.insert(NewSessionItem::new("active")).await.unwrap().id;
    items.update(second, SessionItemPatch::new().status("ended")).await.unwrap();
    assert_eq!(items.get(second).await.unwrap().unwrap().status, "ended");
    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    for id in [first, second] {
        let remote = Sessions::new(fixture.remote()).get(id).await.unwrap();
        for _ in 0..100 {
            if Sessions::new(fixture.file().await).get(id).await.unwrap() == remote {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(Sessions::new(fixture.file().await).get(id).await.unwrap(), remote);
    }
}

/// As with a later version of the program, whose entity has columns more.
#[tokio::test(flavor = "multi_thread")]
async fn rows_from_before_the_entity_had_all_columns_are_not_known() {
    let fixture = Fixture::new().await;
    let full = fixture.open().await;
    let session = Sessions::new(&full)
        .insert(NewSession::new(SessionStatus::Active).git_branch("main"))
        .await
        .unwrap();
    full.close().await.unwrap();
    // The file as one that only ever met the narrow entity.
    let sqlite = chronicle::Sqlite::open(fixture.path()).await.unwrap();
    let few = "delete from chronicle_columns where table_name = 'sessions' \
        and column_name not in ('id', 'status', 'created_at'); \
        update sessions set git_branch = null";
    sqlite.execute_script(few).await.unwrap();
    sqlite.close().await.unwrap();

    fixture.gateway.refuse().await.unwrap();
    let failover = fixture.open().await;
    let (sessions, items) = (Sessions::new(&failover), SessionItems::new(&failover));
    let branch = chronicle_entity::Sessions::GIT_BRANCH;
    for error in [
        sessions.find().all().await.unwrap_err(),
        sessions.find().filter(branch.is_null()).count().await.unwrap_err(),
        sessions.delete_where(branch.is_null()).await.unwrap_err(),
        sessions.get(session.id).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), chronicle::ErrorKind::Unavailable, "{error}");
    }
    // Who has fewer columns reads what is there.
    assert_eq!(items.find().all().await.unwrap().len(), 1);

    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    until(&failover, |info| info.unsure == 0).await;
    fixture.gateway.refuse().await.unwrap();
    let row = sessions.get(session.id).await.unwrap().unwrap();
    assert_eq!(row.git_branch.as_deref(), Some("main"));
    assert_eq!(sessions.find().all().await.unwrap().len(), 1);
    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    fixture.assert_equal().await;
}

/// What waits is from before, too: an update of a row that lacks columns, which the file has then.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_from_before_the_columns_is_fetched_once_it_was_sent() {
    let fixture = Fixture::new().await;
    let elsewhere = Sessions::new(fixture.remote());
    let open = async || {
        let options = fixture.options().mode(chronicle::failover::WriteMode::LocalFirst);
        options.connect().await.unwrap()
    };
    let few = open().await;
    let id = SessionItems::new(&few).insert(NewSessionItem::new("active")).await.unwrap().id;
    few.flush(Duration::from_secs(20)).await.unwrap();
    elsewhere.update(id, SessionPatch::new().git_branch("main")).await.unwrap();
    fixture.gateway.refuse().await.unwrap();
    SessionItems::new(&few).update(id, SessionItemPatch::new().status("ended")).await.unwrap();
    few.close().await.unwrap();

    let failover = open().await;
    let sessions = Sessions::new(&failover);
    let error = sessions.find().all().await.unwrap_err();
    assert_eq!(error.kind(), chronicle::ErrorKind::Unavailable, "{error}");
    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    until(&failover, |info| info.unsure == 0 && info.outbox_rows == 0).await;
    assert_eq!(sessions.get(id).await.unwrap().unwrap().git_branch.as_deref(), Some("main"));

    // What waits from now on has all columns.
    fixture.gateway.refuse().await.unwrap();
    sessions.insert(NewSession::new(SessionStatus::Active)).await.unwrap();
    assert_eq!(sessions.find().all().await.unwrap().len(), 2);
    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    fixture.assert_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_makes_of_a_write_with_some_columns_is_fetched() {
    let fixture = Fixture::new().await;
    let trigger = "create function keep() returns trigger language plpgsql as \
        $$ begin new.git_branch := 'on ' || new.status; return new; end $$; \
        create trigger keep before insert or update on sessions for each row execute function keep()";
    fixture.server.database().execute(trigger).await.unwrap();
    let failover = fixture.options().connect().await.unwrap();
    let (kept, items) = (kept::Sessions::new(&failover), SessionItems::new(&failover));
    let id = kept.insert(kept::NewKeptSession::new("active")).await.unwrap().id;
    let branch = async || {
        until(&failover, |info| info.unsure == 0).await;
        fixture.gateway.refuse().await.unwrap();
        let branch = kept.get(id).await.unwrap().unwrap().git_branch.unwrap();
        fixture.gateway.heal().await.unwrap();
        healed(&failover).await;
        branch
    };
    // Healthy, and in an outage.
    items.update(id, SessionItemPatch::new().status("ended")).await.unwrap();
    assert_eq!(branch().await, "on ended");
    fixture.gateway.refuse().await.unwrap();
    items.update(id, SessionItemPatch::new().status("active")).await.unwrap();
    fixture.gateway.heal().await.unwrap();
    healed(&failover).await;
    assert_eq!(branch().await, "on active");
}
