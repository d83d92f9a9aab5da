mod contact {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "contacts")]
    #[repository(name = "Contact")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: Uuid,
        #[sea_orm(unique)]
        pub name: String,
        pub phone: Option<String>,
        pub stars: i32,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use contact::Contacts;

async fn hints(contacts: &Contacts) {
    let _ = Contacts::NAME.like("A%");
    let _ = Contacts::NAME.ilike("a%");
    let _ = Contacts::PHONE.eq(None);
    let _ = Contacts::PHONE.ne(Some("1".to_owned()));
    let _ = Contacts::STARS.avg();
    let _ = contacts.filter(Contacts::NAME.eq("Ada"));
    let _ = contacts.order_by(Contacts::STARS.asc());
    let _ = contacts.all().await;
    let _ = contacts.count().await;
    let _ = contacts.sum(Contacts::STARS);
}

fn main() {
    let _ = hints;
}
