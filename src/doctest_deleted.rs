// What the examples of soft deletes share: an entity, and its table in memory with two rows.

#[allow(unused_imports, reason = "not every example uses all of it")]
use note::{NewNote, Notes};

#[allow(dead_code, reason = "not every example uses all of it")]
mod note {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
    #[sea_orm(table_name = "notes")]
    #[repository(name = "Note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub text: String,
        #[repository(soft_delete)]
        pub deleted_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// The notes 1 "buy bread" and 2 "call home".
#[allow(dead_code, reason = "not every example runs a query")]
async fn notes() -> chronicle::Result<Notes> {
    let sqlite = chronicle::Sqlite::memory().await?;
    sqlite
        .execute_script(
            "create table notes (id integer primary key not null, text text not null, deleted_at text)",
        )
        .await?;
    let notes = Notes::new(&sqlite);
    notes.insert_many([NewNote::new(1, "buy bread"), NewNote::new(2, "call home")]).await?;
    Ok(notes)
}
