mod total {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "totals")]
    #[repository(name = "Total", read_only)]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: Date,
        pub amount: i64,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

async fn delete(totals: &total::Totals) {
    let _ = totals.get(sea_orm::prelude::Date::default()).await;
    let _ = totals.delete(sea_orm::prelude::Date::default()).await;
}

fn main() {
    let _ = delete;
}
