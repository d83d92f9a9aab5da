mod contact {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "contacts")]
    #[repository(name = "Contact")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: Uuid,
        pub name: String,
        pub city: String,
        pub phone: Option<String>,
        pub born: Option<Date>,
        #[repository(default)]
        pub stars: i32,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use contact::{ContactFields, ContactPatch, NewContact};

fn main() {
    // What can be NULL takes both.
    let _ = ContactPatch::new().phone(None).phone(Some("1".to_owned())).phone("1").born(None);
    // A column that cannot be NULL.
    let _ = ContactPatch::new().name(Some("Ada".to_owned()));
    let _ = NewContact::new("Ada", None);
    let _ = NewContact::new("Ada", "Rome").stars(Some(3));
    // Another type.
    let _ = ContactPatch::new().born("1815-12-10");
    let _ = ContactPatch::new().stars("three");
    // What is in an `Option` is not turned into another type.
    let _ = ContactPatch::new().phone(Some("1"));
    // A required column is forgotten.
    let _ = NewContact::from(ContactFields { name: "Ada".to_owned() });
}
