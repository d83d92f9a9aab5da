//! Rows beside those of a query: [`ToOne`], [`ToMany`], and [`FindWith`], which reads them along.

mod find_with;
mod join;
mod nested;

pub use find_with::{FindWith, Relation, Relations};
#[cfg(feature = "postgrest")]
pub(crate) use join::ForeignKey;
pub(crate) use join::Join;
pub use nested::{Nested, Nests, many, one};

use crate::filter::Node;
use crate::{Filter, Order, Query, Record, Result};
use sea_orm::RelationDef;
use std::fmt;
use std::marker::PhantomData;

/// The row of `T` that a row of `R` refers to, or that refers to it alone: a constant of the
/// repository, from SeaORM's `belongs_to` or `has_one`.
///
/// The derive [`Relations`](derive@crate::Relations) makes it of the enum `Relation`, and
/// [`Repository`](derive@crate::Repository) of an entity in the dense format.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let (customers, orders) = shop().await?;
/// let rows = orders.find().with(Orders::CUSTOMER).all().await?;
/// let names: Vec<&str> =
///     rows.iter().filter_map(|(_, customer)| Some(customer.as_ref()?.name.as_str())).collect();
/// assert_eq!(names, ["Ada", "Ada", "Grace"]);
/// # Ok(()) }
/// ```
pub struct ToOne<R, T> {
    definition: fn() -> RelationDef,
    /// Its field in SeaORM's `ModelEx`, if there is one.
    field: &'static str,
    types: PhantomData<fn() -> (R, T)>,
}

/// The rows of `T` that refer to a row of `R`: a constant of the repository, from SeaORM's `has_many`.
///
/// The derive [`Relations`](derive@crate::Relations) makes it of the enum `Relation`, and
/// [`Repository`](derive@crate::Repository) of an entity in the dense format.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let (customers, orders) = shop().await?;
/// let rows = customers.find().order_by(Customers::ID.asc()).with(Customers::ORDERS).all().await?;
/// assert_eq!(rows.iter().map(|(_, orders)| orders.len()).collect::<Vec<_>>(), [2, 1, 0]);
/// # Ok(()) }
/// ```
pub struct ToMany<R, T> {
    definition: fn() -> RelationDef,
    /// Its field in SeaORM's `ModelEx`, if there is one.
    field: &'static str,
    types: PhantomData<fn() -> (R, T)>,
}

/// Some of the rows of a [`ToMany`], in an order of their own.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let (customers, orders) = shop().await?;
/// let large = Customers::ORDERS.filter(Orders::TOTAL.ge(20)).order_by(Orders::TOTAL.desc());
/// let rows = customers.find().filter(Customers::ID.eq(1)).with(large).all().await?;
/// assert_eq!(rows[0].1.iter().map(|order| order.total).collect::<Vec<_>>(), [30]);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Children<R, T: Record> {
    relation: ToMany<R, T>,
    query: Query<T>,
}

macro_rules! constant {
    ($name:ident) => {
        impl<R, T> $name<R, T> {
            /// The relation with this definition. Written by the derives.
            ///
            /// ```
            /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
            /// # fn main() {
            #[doc = concat!("use chronicle::", stringify!($name), ";")]
            /// use sea_orm::RelationTrait;
            ///
            #[doc = concat!(
                "let relation: ", stringify!($name), "<order::Model, customer::Model> =\n    ",
                stringify!($name), "::new(|| order::Relation::Customer.def());"
            )]
            /// # }
            /// ```
            #[must_use]
            pub const fn new(definition: fn() -> RelationDef) -> Self {
                Self { definition, field: "", types: PhantomData }
            }

            /// The same, of a field of SeaORM's `ModelEx`. Written by the derive.
            #[doc(hidden)]
            #[must_use]
            pub const fn of_field(definition: fn() -> RelationDef, field: &'static str) -> Self {
                Self { definition, field, types: PhantomData }
            }
        }

        impl<R, T> Clone for $name<R, T> {
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<R, T> Copy for $name<R, T> {}

        impl<R, T> fmt::Debug for $name<R, T> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(stringify!($name))
            }
        }

        impl<R: Record, T: Record> $name<R, T> {
            pub(crate) fn join(self) -> Result<Join> {
                Join::between(R::TABLE, T::TABLE, &(self.definition)())
            }

            fn related(self, filter: Filter<T>) -> Filter<R> {
                Filter::from_node(Node::Related {
                    join: self.join().ok(),
                    filter: Box::new(filter.into_node().of_live(T::TABLE)),
                })
            }
        }
    };
}
constant!(ToOne);
constant!(ToMany);

impl<R: Record, T: Record> ToOne<R, T> {
    /// Rows beside which there is one that matches. Writes by a condition do not take it.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let (customers, orders) = shop().await?;
    /// let of_ada = Orders::CUSTOMER.is(Customers::NAME.eq("Ada"));
    /// assert_eq!(orders.find().filter(of_ada.and(Orders::TOTAL.ge(20))).count().await?, 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is(self, filter: Filter<T>) -> Filter<R> {
        self.related(filter)
    }

    /// Rows beside which there is one.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let (customers, orders) = shop().await?;
    /// assert_eq!(orders.find().filter(!Orders::CUSTOMER.exists()).count().await?, 0);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn exists(self) -> Filter<R> {
        self.related(Filter::all([]))
    }
}

impl<R: Record, T: Record> ToMany<R, T> {
    /// Rows beside which there is at least one that matches. Writes by a condition do not take it.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let (customers, orders) = shop().await?;
    /// let large = Customers::ORDERS.any(Orders::TOTAL.ge(20));
    /// assert_eq!(customers.find().filter(large.clone()).count().await?, 2);
    /// assert_eq!(customers.find().filter(!large).one().await?.name, "Edsger");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn any(self, filter: Filter<T>) -> Filter<R> {
        self.related(filter)
    }

    /// Rows beside which there is at least one.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let (customers, orders) = shop().await?;
    /// assert_eq!(customers.find().filter(Customers::ORDERS.exists()).count().await?, 2);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn exists(self) -> Filter<R> {
        self.related(Filter::all([]))
    }

    fn children(self) -> Children<R, T> {
        Children { relation: self, query: Query::new() }
    }

    /// Those of the rows that match.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let (customers, orders) = shop().await?;
    /// let large = Customers::ORDERS.filter(Orders::TOTAL.ge(20));
    /// let (_, orders) = customers.find().filter(Customers::ID.eq(1)).with(large).one().await?;
    /// assert_eq!(orders.len(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn filter(self, filter: Filter<T>) -> Children<R, T> {
        self.children().filter(filter)
    }

    /// The rows in this order, in place of that of their keys.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let (customers, orders) = shop().await?;
    /// let by_total = Customers::ORDERS.order_by(Orders::TOTAL.desc());
    /// let (_, orders) = customers.find().filter(Customers::ID.eq(1)).with(by_total).one().await?;
    /// assert_eq!(orders[0].total, 30);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn order_by(self, order: Order<T>) -> Children<R, T> {
        self.children().order_by(order)
    }
}

impl<R, T: Record> Clone for Children<R, T> {
    fn clone(&self) -> Self {
        Self { relation: self.relation, query: self.query.clone() }
    }
}

impl<R: Record, T: Record> Children<R, T> {
    /// As [`ToMany::filter`]. Several filters must all match.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let (customers, orders) = shop().await?;
    /// let some = Customers::ORDERS.filter(Orders::TOTAL.ge(20)).filter(Orders::TOTAL.lt(30));
    /// let (_, orders) = customers.find().filter(Customers::ID.eq(1)).with(some).one().await?;
    /// assert!(orders.is_empty());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn filter(self, filter: Filter<T>) -> Self {
        Self { query: self.query.filter(filter), ..self }
    }

    /// As [`ToMany::order_by`], after the orders given before.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
    /// # fn main() {
    /// let orders = Customers::ORDERS.order_by(Orders::TOTAL.desc()).order_by(Orders::ID.asc());
    /// # }
    /// ```
    #[must_use]
    pub fn order_by(self, order: Order<T>) -> Self {
        Self { query: self.query.order_by(order), ..self }
    }
}
