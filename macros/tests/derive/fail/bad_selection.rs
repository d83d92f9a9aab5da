mod event {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
    #[sea_orm(table_name = "events")]
    #[repository(name = "Event")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub count: i32,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(chronicle::Selected)]
struct Nobodys {
    count: i32,
}

#[derive(chronicle::Selected)]
#[repository(of = "event::Events")]
struct OtherType {
    count: i64,
}

#[derive(chronicle::Selected)]
#[repository(of = "event::Events")]
struct OtherName {
    total: i32,
}

struct Plain;

fn main() {
    let _ = event::Events::query().select::<Plain>();
}
