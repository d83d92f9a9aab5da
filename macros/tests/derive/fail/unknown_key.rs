mod event {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "events")]
    #[repository(name = "Event", plural = "Events")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: Uuid,
        #[repository(defualt)]
        pub count: i32,
        #[sea_orm(uniqe)]
        pub slug: String,
        #[sea_orm(index)]
        pub day: Date,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
