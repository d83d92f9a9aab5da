mod note {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "notes")]
    #[repository(name = "Note")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: Uuid,
        pub data: Json,
        pub address: Option<chronicle::Opaque>,
        pub weights: Vec<f64>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use note::Notes;

fn main() {
    let _ = Notes::DATA.eq(serde_json::json!({}));
    let _ = Notes::ADDRESS.eq(chronicle::Opaque::from("10.0.0.1"));
    let _ = Notes::WEIGHTS.has(0.1);
    // Only what may be NULL can be asked for it.
    let _ = Notes::DATA.is_null();
}
