// What the examples of this crate share: an entity, and its table in memory with three rows.
//
// An example includes this file in a hidden line and has a `main` of its own:
//
//     # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
//     # #[tokio::main(flavor = "current_thread")]
//     # async fn main() -> chronicle::Result<()> {
//     # let tasks = tasks().await?;

#[allow(unused_imports, reason = "not every example uses all of it")]
use task::{NewTask, TaskId, TaskPatch, Tasks};

#[allow(dead_code, reason = "not every example uses all of it")]
mod task {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub struct TaskId(Uuid);

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "tasks")]
    #[repository(name = "Task")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TaskId,
        pub title: String,
        pub priority: i32,
        pub done_at: Option<DateTimeUtc>,
        pub details: Option<Json>,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// The tasks "water the plants" (priority 1, done), "write the report" (2) and "call home" (3).
#[allow(dead_code, reason = "not every example runs a query")]
async fn tasks() -> chronicle::Result<Tasks> {
    let sqlite = chronicle::Sqlite::memory().await?;
    sqlite
        .execute_script(
            "create table tasks (id text primary key not null, title text not null unique, \
             priority integer not null, done_at text, details text, created_at text not null)",
        )
        .await?;
    let tasks = Tasks::new(&sqlite);
    tasks
        .insert_many([
            NewTask::new("water the plants", 1).done_at(chronicle::now()),
            NewTask::new("write the report", 2)
                .details(serde_json::json!({ "for": "Ada", "pages": [12, 14] })),
            NewTask::new("call home", 3),
        ])
        .await?;
    Ok(tasks)
}

/// The titles, to compare.
#[allow(dead_code, reason = "not every example looks at rows")]
fn titles(tasks: &[task::Model]) -> Vec<&str> {
    tasks.iter().map(|task| task.title.as_str()).collect()
}
