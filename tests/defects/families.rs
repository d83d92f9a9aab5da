//! Three levels of a family: what is written by a condition goes by what waits two levels away.

use crate::fixture::{World, healed, info, until};
use crate::tables::note::{NewNote, NotePatch, Notes};
use child::{ChildPatch, Children, NewChild};
use chronicle::failover::Failover;
use chronicle_test_servers::Fault;
use elder::{Elders, NewElder};
use parent::{NewParent, Parents};
use std::time::Duration;

mod elder {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub(crate) struct ElderId(Uuid);

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "elders")]
    #[repository(name = "Elder")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: ElderId,
        pub(crate) title: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod parent {
    use super::elder::ElderId;
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub(crate) struct ParentId(Uuid);

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "parents")]
    #[repository(name = "Parent")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: ParentId,
        pub(crate) elder_id: ElderId,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod child {
    use super::parent::ParentId;
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub(crate) struct ChildId(Uuid);

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "children")]
    #[repository(name = "Child", repository = "Children")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: ChildId,
        pub(crate) parent_id: ParentId,
        pub(crate) title: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

const REMOTE: &str = "
    create table elders (id uuid primary key, title text not null);
    create table parents (
        id uuid primary key,
        elder_id uuid not null references elders (id) on delete cascade
    );
    create table children (
        id uuid primary key,
        parent_id uuid not null references parents (id) on delete cascade,
        title text not null
    );
    grant all on elders, parents, children to service_role;
";

const FILE: &str = "
    create table elders (id text primary key not null, title text not null);
    create table parents (
        id text primary key not null,
        elder_id text not null references elders (id) on delete cascade
    );
    create table children (
        id text primary key not null,
        parent_id text not null references parents (id) on delete cascade,
        title text not null
    );
";

struct Family {
    world: World,
    failover: Failover,
    elders: Elders,
    parents: Parents,
    children: Children,
}

impl Family {
    async fn new() -> Self {
        let world = World::new().await;
        world.migrate(REMOTE).await;
        let file = world.file().await;
        file.execute_script(FILE).await.unwrap();
        chronicle::Backend::close(&file).await.unwrap();
        let failover = world.open().await;
        let (elders, parents) = (Elders::new(&failover), Parents::new(&failover));
        let children = Children::new(&failover);
        Self { world, failover, elders, parents, children }
    }

    /// What is written in `work` waits in a table that is paused, while the remote serves.
    async fn while_paused(&self, right: &str, work: impl AsyncFnOnce()) {
        self.world.sql(&format!("revoke {right} from service_role")).await;
        self.world.cut().await;
        Notes::new(&self.failover).insert(NewNote::new("opens the breaker")).await.unwrap();
        work().await;
        self.world.heal(&self.failover).await;
        until("a table is paused", async || !info(&self.failover).await.paused.is_empty()).await;
    }

    async fn go_on(&self, right: &str) {
        self.world.sql(&format!("grant {right} to service_role")).await;
        self.failover.resume().await.unwrap();
        let healed = healed(&self.failover).await;
        assert_eq!(healed.dead_letters, 0, "{:?}", self.failover.dead_letters(9).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_by_a_condition_goes_after_what_waits_two_levels_below() {
    let family = Family::new().await;
    let elder = family.elders.insert(NewElder::new("a")).await.unwrap().id;
    let parent = family.parents.insert(NewParent::new(elder)).await.unwrap().id;
    let right = "insert on children";
    family
        .while_paused(right, async || {
            family.children.insert(NewChild::new(parent, "waits")).await.unwrap();
        })
        .await;
    assert_eq!(family.elders.delete_where(Elders::TITLE.eq("a")).await.unwrap(), 1);
    assert_eq!(family.children.find().count().await.unwrap(), 0, "it went along");
    family.go_on(right).await;
    assert_eq!(family.world.ask("select count(*) from children").await, ["0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_by_a_condition_sees_the_delete_two_levels_above() {
    let family = Family::new().await;
    let [old, new] = [
        family.elders.insert(NewElder::new("old")).await.unwrap().id,
        family.elders.insert(NewElder::new("new")).await.unwrap().id,
    ];
    let parent = family.parents.insert(NewParent::new(old)).await.unwrap().id;
    let other = family.parents.insert(NewParent::new(new)).await.unwrap().id;
    family.children.insert(NewChild::new(parent, "child")).await.unwrap();
    let right = "delete on elders";
    family
        .while_paused(right, async || {
            assert_eq!(family.elders.delete(old).await.unwrap(), 1);
        })
        .await;
    let moved = ChildPatch::new().parent_id(other);
    assert_eq!(family.children.update_where(Children::TITLE.eq("child"), moved).await.unwrap(), 0);
    family.go_on(right).await;
    assert_eq!(family.world.ask("select count(*) from children").await, ["0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_by_a_condition_goes_after_the_parent_that_it_names() {
    let family = Family::new().await;
    let elder = family.elders.insert(NewElder::new("a")).await.unwrap().id;
    let parent = family.parents.insert(NewParent::new(elder)).await.unwrap().id;
    let child = family.children.insert(NewChild::new(parent, "child")).await.unwrap().id;
    let right = "insert on parents";
    let mut other = None;
    family
        .while_paused(right, async || {
            other = Some(family.parents.insert(NewParent::new(elder)).await.unwrap().id);
        })
        .await;
    let other = other.unwrap();
    let moved = ChildPatch::new().parent_id(other);
    assert_eq!(family.children.update_where(Children::TITLE.eq("child"), moved).await.unwrap(), 1);
    family.go_on(right).await;
    let remote = Children::new(family.world.remote()).get(child).await.unwrap().unwrap();
    assert_eq!(remote.parent_id, other);
}

/// The server alone knows that titles are unique. The update that gives one free is slow, and who takes
/// it is refused meanwhile: it is judged once more when nothing else is under way.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_beside_other_requests_is_judged_once_more() {
    let world = World::new().await;
    world.migrate("create unique index on notes (title)").await;
    let failover = world.open().await;
    let notes = Notes::new(&failover);
    let first = notes.insert(NewNote::new("taken")).await.unwrap().id;
    let second = notes.insert(NewNote::new("other")).await.unwrap().id;
    world.cut().await;
    notes.update(first, NotePatch::new().title("free")).await.unwrap();
    notes.update(second, NotePatch::new().title("taken")).await.unwrap();
    world.gateway.heal().await.unwrap();
    let slow = Fault::delay(Duration::from_millis(200)).method("PATCH");
    world.gateway.fault(slow.path_contains(&first.to_string()));
    failover.resume().await.unwrap();
    let healed = healed(&failover).await;
    assert_eq!(healed.dead_letters, 0, "{:?}", failover.dead_letters(9).await);
    assert_eq!(world.ask("select title from notes order by 1").await, ["free", "taken"]);
}
