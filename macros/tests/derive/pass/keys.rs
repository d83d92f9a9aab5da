//! Keys of several columns, counted up, and none.

mod line {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "lines")]
    #[repository(name = "Line")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub order_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        #[sea_orm(indexed)]
        pub number: i32,
        #[repository(server)]
        pub updated_at: Option<DateTimeUtc>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod ticket {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "tickets")]
    #[repository(name = "Ticket")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub title: String,
        #[sea_orm(default_value = 4280391411_i64)]
        pub large: i64,
        #[repository(default = Some(7))]
        pub maybe: Option<i32>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
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
        pub day: Date,
        pub what: String,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use chronicle::{Keyed, Record};

async fn calls(lines: &line::Lines, sightings: &sighting::Sightings) -> chronicle::Result<()> {
    let order = chronicle::uuid::Uuid::nil();
    let line = lines.insert(line::NewLine::new(order, 1)).await?;
    lines.get((order, 1)).await?;
    lines.get(&line.key()).await?;
    lines.delete(line.key()).await?;
    lines.find_by_number(1).all().await?;
    sightings.find().filter(sighting::Sightings::WHAT.eq("owl")).page(5).await?;
    Ok(())
}

fn main() {
    let _ = calls;
    assert_eq!(line::Model::TABLE.key, [0, 1]);
    assert_eq!(ticket::Model::TABLE.key, [0]);
    assert!(sighting::Model::TABLE.key.is_empty());
    let _ = ticket::NewTicket::new("a").id(5);
}
