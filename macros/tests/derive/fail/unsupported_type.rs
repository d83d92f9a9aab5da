mod event {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "events")]
    #[repository(name = "Event")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: Uuid,
        pub price: u64,
        pub total: Option<u64>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
