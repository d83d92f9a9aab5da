//! The tables: customers, what is sold, orders with their items, and an audit log.
#![allow(unreachable_pub, reason = "entities are written as in a crate of their own")]

use chronicle::{Record, Table};

pub mod customer {
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub struct CustomerId(Uuid);

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
    #[sea_orm(table_name = "customers")]
    #[repository(name = "Customer")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: CustomerId,
        #[repository(collate = "C")] // so that both databases sort it alike
        pub name: String,
        pub updated_at: DateTimeUtc,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod product {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
    #[sea_orm(table_name = "products")]
    #[repository(name = "Product")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        #[repository(collate = "C")]
        pub name: String,
        pub cents: i64,
        pub stock: i32,
        pub updated_at: DateTimeUtc,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod order {
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub struct OrderId(Uuid);

    #[derive(Clone, Copy, Debug, PartialEq, EnumIter, DeriveActiveEnum, chronicle::Scalar)]
    #[sea_orm(rs_type = "String", db_type = "Text")]
    pub enum Status {
        #[sea_orm(string_value = "open")]
        Open,
        #[sea_orm(string_value = "paid")]
        Paid,
    }

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
    #[sea_orm(table_name = "orders")]
    #[repository(name = "Order")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: OrderId,
        /// Who took the order: row level security shows it to nobody else.
        pub user_id: Uuid,
        #[sea_orm(indexed)]
        pub customer_id: super::customer::CustomerId,
        pub status: Status,
        pub cents: i64,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
        #[sea_orm(belongs_to, from = "customer_id", to = "id")]
        pub customer: HasOne<super::customer::Entity>,
        #[sea_orm(has_many)]
        pub items: HasMany<super::item::Entity>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod item {
    use super::order::OrderId;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
    #[sea_orm(table_name = "items")]
    #[repository(name = "Item")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub order_id: OrderId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub product_name: String,
        pub pieces: i32,
        #[sea_orm(belongs_to, from = "order_id", to = "id")]
        pub order: HasOne<super::order::Entity>,
        #[sea_orm(belongs_to, from = "product_name", to = "name")]
        pub product: HasOne<super::product::Entity>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod audit {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
    #[sea_orm(table_name = "audit_log")]
    #[repository(name = "AuditEntry", conflict = "append_only")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub user_id: Uuid,
        pub what: String,
        pub created_at: DateTimeUtc,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub const TABLES: [&Table; 5] = [
    customer::Model::TABLE,
    product::Model::TABLE,
    order::Model::TABLE,
    item::Model::TABLE,
    audit::Model::TABLE,
];
