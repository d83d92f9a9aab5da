mod note {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "notes")]
    #[repository(name = "Note")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: Uuid,
        pub title: String,
        #[repository(collate = "C")]
        pub rank: i32,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use note::Notes;

fn main() {
    let _ = Notes::TITLE.asc();
    let _ = Notes::TITLE.max();
}
