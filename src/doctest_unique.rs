// What the examples of unique columns share: an entity, and its table in memory with one row.

#[allow(unused_imports, reason = "not every example uses all of it")]
use user::{NewUser, Users};

#[allow(dead_code, reason = "not every example uses all of it")]
mod user {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
    #[sea_orm(table_name = "users")]
    #[repository(name = "User")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(unique)]
        pub email: String,
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// The user "Ada".
#[allow(dead_code, reason = "not every example runs a query")]
async fn users() -> chronicle::Result<Users> {
    let sqlite = chronicle::Sqlite::memory().await?;
    sqlite
        .execute_script(
            "create table users (id integer primary key, email text not null unique, name text not null)",
        )
        .await?;
    let users = Users::new(&sqlite);
    users.insert(NewUser::new("ada@example.org", "Ada")).await?;
    Ok(users)
}
