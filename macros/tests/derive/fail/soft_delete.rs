mod note {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "notes")]
    #[repository(name = "Note")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: Uuid,
        #[repository(soft_delete)]
        pub deleted_at: Option<Date>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod line {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "lines")]
    #[repository(name = "Line")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: Uuid,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn restore(lines: &line::Lines) {
    let _ = lines.restore(sea_orm::prelude::Uuid::nil());
    let _ = lines.find().with_deleted();
}

fn main() {
    let _ = restore;
}
