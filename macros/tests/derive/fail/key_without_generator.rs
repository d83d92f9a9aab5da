mod event {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveValueType, chronicle::Scalar)]
    pub struct Slug(String);


    impl sea_orm::TryFromU64 for Slug {
        fn try_from_u64(_: u64) -> Result<Self, DbErr> {
            Err(DbErr::ConvertFromU64("Slug"))
        }
    }

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "events")]
    #[repository(name = "Event")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Slug,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
