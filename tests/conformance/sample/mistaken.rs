//! Entities that do not fit their tables.

/// The title may be missing here, and is NOT NULL in the database.
pub mod draft {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "drafts")]
    #[repository(name = "Draft")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub title: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A table that the service role may not touch, where there are roles.
pub mod forbidden {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "forbidden")]
    #[repository(name = "Forbidden", repository = "ForbiddenRows")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A table that is not there.
pub mod missing_table {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "not_there")]
    #[repository(name = "NotThere", repository = "NotThereRows")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub text: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table `facts` with a column that it does not have.
pub mod missing_column {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "facts")]
    #[repository(name = "WideFact", repository = "WideFacts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub colour: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table `facts` by a key that is none there.
pub mod loose_key {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "facts")]
    #[repository(name = "LooseFact", repository = "LooseFacts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        pub text: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table `facts` with other types than it has.
pub mod wrong_type {
    macro_rules! entity {
        ($module:ident, $repository:literal, $name:literal, $column:literal, $type:ty) => {
            pub mod $module {
                use chronicle::Repository;
                use sea_orm::entity::prelude::*;

                #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
                #[sea_orm(table_name = "facts")]
                #[repository(name = $name, repository = $repository)]
                pub struct Model {
                    #[sea_orm(primary_key, auto_increment = false)]
                    pub id: i64,
                    #[sea_orm(column_name = $column)]
                    pub column: Option<$type>,
                }

                #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
                pub enum Relation {}

                impl ActiveModelBehavior for ActiveModel {}
            }
        };
    }
    entity!(text_as_number, "TextAsNumber", "TextAsNumberRow", "text", i32);
    entity!(text_as_real, "TextAsReal", "TextAsRealRow", "text", f64);
    entity!(text_as_flag, "TextAsFlag", "TextAsFlagRow", "text", bool);
    entity!(text_as_time, "TextAsTime", "TextAsTimeRow", "text", DateTimeUtc);
    entity!(text_as_uuid, "TextAsUuid", "TextAsUuidRow", "text", Uuid);
    entity!(number_as_text, "NumberAsText", "NumberAsTextRow", "number", String);
    entity!(number_as_small, "NumberAsSmall", "NumberAsSmallRow", "number", i8);
    entity!(real_as_number, "RealAsNumber", "RealAsNumberRow", "real", i32);
}
