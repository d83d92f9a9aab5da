// What the examples of related rows share: two entities, and their tables in memory.

#[allow(unused_imports, reason = "not every example uses all of it")]
use {customer::Customers, order::Orders};

#[allow(dead_code, reason = "not every example uses all of it")]
mod customer {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
    #[sea_orm(table_name = "customers")]
    #[repository(name = "Customer")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation, chronicle::Relations)]
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

#[allow(dead_code, reason = "not every example uses all of it")]
mod order {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
    #[sea_orm(table_name = "orders")]
    #[repository(name = "Order")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        #[sea_orm(indexed)]
        pub customer_id: i32,
        pub total: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation, chronicle::Relations)]
    #[repository(of = "Orders")]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::customer::Entity",
            from = "Column::CustomerId",
            to = "super::customer::Column::Id"
        )]
        Customer,
    }

    impl Related<super::customer::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Customer.def()
        }
    }
    impl ActiveModelBehavior for ActiveModel {}
}

/// Ada has the orders 1 and 2, of 10 and 30; Grace has 3, of 20; Edsger has none.
#[allow(dead_code, reason = "not every example runs a query")]
async fn shop() -> chronicle::Result<(Customers, Orders)> {
    use chronicle::Record;

    let sqlite = chronicle::Sqlite::memory().await?;
    sqlite.create_tables(&[customer::Model::TABLE, order::Model::TABLE]).await?;
    let (customers, orders) = (Customers::new(&sqlite), Orders::new(&sqlite));
    let names = ["Ada", "Grace", "Edsger"].into_iter().zip(1..);
    customers.insert_many(names.map(|(name, id)| customer::NewCustomer::new(id, name))).await?;
    let of = [(1, 1, 10), (2, 1, 30), (3, 2, 20)];
    orders.insert_many(of.map(|(id, customer, total)| order::NewOrder::new(id, customer, total))).await?;
    Ok((customers, orders))
}
