//! Three related tables, with a column of nearly every kind.
#![allow(unreachable_pub, reason = "entities are written as in a crate of their own")]

pub mod customer {
    use chronicle::{Relations, Repository};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "customers")]
    #[repository(name = "Customer")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        #[repository(given)]
        pub id: i32,
        #[repository(collate = "C")]
        pub name: String,
        pub city: Option<String>,
        pub vip: Option<bool>,
        pub credit: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation, Relations)]
    #[repository(of = "Customers")]
    pub enum Relation {
        #[sea_orm(has_many = "super::order::Entity")]
        Orders,
    }
    impl Related<super::order::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Orders.def()
        }
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod order {
    use chronicle::{Relations, Repository};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, chronicle::Scalar)]
    #[sea_orm(rs_type = "String", db_type = "Text")]
    pub enum Status {
        #[sea_orm(string_value = "open")]
        Open,
        #[sea_orm(string_value = "Paid, in full")]
        Paid,
        #[sea_orm(string_value = "ärgerlich")]
        Late,
    }

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "orders")]
    #[repository(name = "Order")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        #[repository(given)]
        pub id: i64,
        pub customer_id: Option<i32>,
        pub status: Status,
        pub total: Decimal,
        #[repository(collate = "C")]
        pub note: Option<String>,
        pub placed: DateTimeUtc,
        pub weight: Option<f64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation, Relations)]
    #[repository(of = "Orders")]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::customer::Entity",
            from = "Column::CustomerId",
            to = "super::customer::Column::Id"
        )]
        Customer,
        #[sea_orm(has_many = "super::item::Entity")]
        Items,
    }
    impl Related<super::customer::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Customer.def()
        }
    }
    impl Related<super::item::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Items.def()
        }
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod item {
    use chronicle::{Relations, Repository};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "items")]
    #[repository(name = "Item")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub order_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i16,
        pub ware: Uuid,
        pub label: String,
        pub amount: i32,
        pub price: Option<Decimal>,
        pub day: Option<Date>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation, Relations)]
    #[repository(of = "Items")]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::order::Entity",
            from = "Column::OrderId",
            to = "super::order::Column::Id"
        )]
        Order,
    }
    impl Related<super::order::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Order.def()
        }
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub use customer::{Customers, Model as Customer};
pub use item::{Items, Model as Item};
pub use order::{Model as Order, Orders, Status};
