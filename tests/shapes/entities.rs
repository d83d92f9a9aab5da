//! The entities.

/// What the server makes: the key, defaults, a generated column.
pub(crate) mod ticket {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "tickets")]
    #[repository(name = "Ticket")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub points: i32,
        #[sea_orm(unique)]
        pub slug: Option<String>,
        #[sea_orm(default_expr = "Expr::cust(\"length(session_user)\")")]
        #[repository(server_default)]
        pub rank: Option<i32>,
        #[repository(server)]
        pub twice: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// The same table for a list.
pub(crate) mod ticket_line {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "tickets")]
    #[repository(name = "TicketLine", repository = "TicketLines")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub points: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Others may have changed it since a time.
pub(crate) mod note {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "notes")]
    #[repository(name = "Note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub topic: String,
        pub points: i32,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Two columns are unique together, and the key has two.
pub(crate) mod slot {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "slots")]
    #[repository(name = "Slot")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub shelf: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        #[sea_orm(unique_key = "place")]
        pub x: i32,
        #[sea_orm(unique_key = "place")]
        pub y: i32,
        pub note: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod author {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "authors")]
    #[repository(name = "Author")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        #[sea_orm(unique_key = "code")]
        pub house: i32,
        #[sea_orm(unique_key = "code")]
        pub code: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// It refers to unique columns that are not the key.
pub(crate) mod book {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "books")]
    #[repository(name = "Book")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub house: i32,
        pub code: String,
        pub title: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::author::Entity",
            from = "(Column::House, Column::Code)",
            to = "(super::author::Column::House, super::author::Column::Code)",
            on_delete = "Cascade"
        )]
        Author,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod owner {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "owners")]
    #[repository(name = "Owner")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Named by its hash.
pub(crate) mod blob {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "blobs")]
    #[repository(name = "Blob")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        #[repository(given)]
        pub hash: Vec<u8>,
        pub owner_id: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::owner::Entity",
            from = "Column::OwnerId",
            to = "super::owner::Column::Id",
            on_delete = "Cascade"
        )]
        Owner,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

/// It refers to itself, and to a row with a key of two columns.
pub(crate) mod node {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "nodes")]
    #[repository(name = "Node")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub above_id: Option<i32>,
        pub shelf: Option<Uuid>,
        pub slot: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation, chronicle::Relations)]
    #[repository(of = "Nodes")]
    pub enum Relation {
        #[sea_orm(belongs_to = "Entity", from = "Column::AboveId", to = "Column::Id")]
        Above,
        #[sea_orm(
            belongs_to = "super::slot::Entity",
            from = "(Column::Shelf, Column::Slot)",
            to = "(super::slot::Column::Shelf, super::slot::Column::Name)"
        )]
        Place,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

/// Names that conditions on related rows have for themselves, and a foreign key named like its parent's
/// table, beside another one.
pub(crate) mod odd {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "related1")]
    #[repository(name = "Odd", repository = "Odds")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub related0: Option<i32>,
        pub above: Option<i32>,
        pub owners: Option<i32>,
        pub second_owner: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation, chronicle::Relations)]
    #[repository(of = "Odds")]
    pub enum Relation {
        #[sea_orm(belongs_to = "Entity", from = "Column::Above", to = "Column::Id")]
        Upper,
        #[sea_orm(
            belongs_to = "super::owner::Entity",
            from = "Column::Owners",
            to = "super::owner::Column::Id"
        )]
        First,
        #[sea_orm(
            belongs_to = "super::owner::Entity",
            from = "Column::SecondOwner",
            to = "super::owner::Column::Id"
        )]
        Second,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

/// What is ordered: its stock is taken from by several.
pub(crate) mod part {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "parts")]
    #[repository(name = "Part")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub stock: i32,
        pub name: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod order {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub struct OrderId(Uuid);

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "orders")]
    #[repository(name = "Order")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: OrderId,
        pub customer: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod order_item {
    use super::order::OrderId;
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub struct OrderItemId(Uuid);

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "order_items")]
    #[repository(name = "OrderItem")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: OrderItemId,
        pub order_id: OrderId,
        pub part_id: i32,
        pub number: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::order::Entity",
            from = "Column::OrderId",
            to = "super::order::Column::Id"
        )]
        Order,
        #[sea_orm(
            belongs_to = "super::part::Entity",
            from = "Column::PartId",
            to = "super::part::Column::Id"
        )]
        Part,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
