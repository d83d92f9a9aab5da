//! Views, tables without a key, and what the server makes of a key.

#![allow(unreachable_pub, reason = "entities are written as in a crate of their own")]

use crate::server::Server;
use chronicle::{ErrorKind, count};

mod total {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "totals")]
    #[repository(name = "Total", read_only)]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: Date,
        pub amount: Decimal,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod sighting {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "sightings")]
    #[repository(name = "Sighting", no_key)]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub what: String,
        pub count: Option<i32>,
        pub place: Option<chronicle::Opaque>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A trigger gives each row another key than was sent.
mod member {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "members")]
    #[repository(name = "Member")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub name: String,
        #[repository(server)]
        pub made_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// The same, and the entity says so.
mod known_member {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "members")]
    #[repository(name = "KnownMember", repository = "KnownMembers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        #[repository(server_default)]
        pub id: Uuid,
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

use known_member::{KnownMembers, NewKnownMember};
use member::{Members, NewMember};
use sighting::Sightings;
use total::Totals;

const TABLES: &str = "
    create table sales (day date, amount numeric);
    insert into sales select date '2026-01-01' + n / 10, n + 0.1 from generate_series(0, 99) n;
    create view totals as select day, sum(amount) as amount from sales group by day;
    create table sightings (what text, count integer, place point);
    insert into sightings select 'owl', n % 7, '(1,2)' from generate_series(1, 2500) n;
    insert into sightings select 'crow', null, null from generate_series(1, 10) n;
    create table members (id uuid primary key, name text not null, made_at timestamptz default now());
    create function other_key() returns trigger language plpgsql as
        $$ begin new.id := gen_random_uuid(); return new; end $$;
    create trigger members_key before insert on members for each row execute function other_key();
    grant all on all tables in schema public to service_role;";

async fn server() -> Server {
    Server::start_over(TABLES, |builder| builder.max_rows(1_000)).await
}

#[tokio::test]
async fn a_view_is_read_by_its_key() {
    let server = server().await;
    let totals = Totals::new(server.client());
    let day = "2026-01-03".parse::<chrono::NaiveDate>().unwrap();
    assert_eq!(totals.get(day).await.unwrap().unwrap().amount.to_string(), "246");
    assert_eq!(totals.find().count().await.unwrap(), 10);
    let days = totals.find().order_by(Totals::AMOUNT.desc()).page(3).await.unwrap();
    assert_eq!(days.rows.len(), 3);
    assert!(days.rows[0].amount > days.rows[1].amount);
}

#[tokio::test]
async fn rows_without_a_key_are_all_found() {
    let server = server().await;
    let sightings = Sightings::new(server.client());
    // More than one answer holds, many of them alike.
    assert_eq!(sightings.find().all().await.unwrap().len(), 2_510);
    let owls = sightings.find().filter(Sightings::WHAT.eq("owl"));
    assert_eq!(owls.clone().count().await.unwrap(), 2_500);
    let ordered = owls.order_by(Sightings::COUNT.desc()).limit(1_200).all().await.unwrap();
    assert_eq!(ordered.len(), 1_200);
    assert!(ordered.is_sorted_by(|one, next| one.count >= next.count));
    let (mut seen, mut after) = (0, None);
    loop {
        let find = sightings.find();
        let find = match after {
            Some(cursor) => find.after(cursor),
            None => find,
        };
        let page = find.page(400).await.unwrap();
        seen += page.rows.len();
        after = page.next.map(|cursor| cursor.to_string().parse().unwrap());
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, 2_510);
    assert_eq!(sightings.find().filter(Sightings::PLACE.is_null()).count().await.unwrap(), 10);
    let sums = sightings.find().aggregate((count(), Sightings::COUNT.sum()));
    let by_what = sums.group_by(Sightings::WHAT).all().await.unwrap();
    assert_eq!(by_what, [("crow".to_owned(), (10, 0)), ("owl".to_owned(), (2_500, 7_498))]);
    let many = (0..2_000).map(|number| format!("bird {number}")).chain(["crow".to_owned()]);
    assert_eq!(sightings.find().filter(Sightings::WHAT.is_in(many)).all().await.unwrap().len(), 10);
}

#[tokio::test]
async fn a_key_that_the_server_changed_is_an_error() {
    let server = server().await;
    let error = Members::new(server.client()).insert(NewMember::new("Ada")).await.unwrap_err();
    assert_eq!((error.kind(), error.rows_stored()), (ErrorKind::SchemaMismatch, 1));
    assert!(error.message().contains("the database has changed the key"), "{error}");
    assert!(error.hint().is_some());
    let known = KnownMembers::new(server.client());
    let stored = known.insert(NewKnownMember::new("Grace")).await.unwrap();
    assert_eq!(known.get(stored.id).await.unwrap(), Some(stored));
    assert_eq!(known.find().count().await.unwrap(), 2);
}
