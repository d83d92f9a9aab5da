//! [`FindWith`]: a query whose rows come with related ones.

use super::{Children, Join, Nested, Nests, ToMany, ToOne};
use crate::filter::{Expression, Node};
use crate::find::{Find, decode};
use crate::key::Key;
use crate::watch::{self, Watched};
use crate::{Error, Filter, Page, Query, Record, Result, Store, value};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sea_orm::Value;
use std::collections::HashMap;
use std::fmt;

/// A query whose rows come with related ones; made by [`Find::with`].
///
/// Each relation is one query more, over the keys of all rows at once. On a failover pair each of them
/// is answered by the remote or by the file as any other.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let (customers, orders) = shop().await?;
/// let find = orders.find().filter(Orders::TOTAL.ge(20)).with(Orders::CUSTOMER);
/// for (order, customer) in find.all().await? {
///     println!("{} of {}", order.total, customer.map_or("nobody".to_owned(), |customer| customer.name));
/// }
/// # Ok(()) }
/// ```
#[must_use = "a query does nothing until it is run, by `all()` for example"]
pub struct FindWith<R: Record, L> {
    find: Find<R>,
    relations: L,
}

impl<R: Record, L: Clone> Clone for FindWith<R, L> {
    fn clone(&self) -> Self {
        Self { find: self.find.clone(), relations: self.relations.clone() }
    }
}

impl<R: Record, L: fmt::Debug> fmt::Debug for FindWith<R, L> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FindWith")
            .field("find", &*self.find)
            .field("relations", &self.relations)
            .finish()
    }
}

pub(super) mod sealed {
    pub trait Sealed {}
}

/// What [`Find::with`] takes: a [`ToOne`], a [`ToMany`], or [some](Children) of the latter's rows.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
/// fn is_relation<R: chronicle::Record>(_: impl chronicle::Relation<R>) {}
/// # fn main() {
/// is_relation::<order::Model>(Orders::CUSTOMER);
/// is_relation::<customer::Model>(Customers::ORDERS.filter(Orders::TOTAL.ge(20)));
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no relation of `{R}`",
    note = "take a relation of the repository, such as `Orders::CUSTOMER`"
)]
pub trait Relation<R: Record>: sealed::Sealed + Send + Sync + 'static {
    /// The record of the related rows.
    type Target: Record;
    /// What stands beside a row: an `Option` or a `Vec`.
    type Rows: Send + 'static;
    #[doc(hidden)]
    fn field(&self) -> &'static str;
    #[doc(hidden)]
    fn query(&self) -> Query<Self::Target>;
    #[doc(hidden)]
    fn positions(&self) -> Result<(Vec<usize>, Vec<usize>)>;
    #[doc(hidden)]
    fn collect(rows: Vec<Self::Target>) -> Self::Rows;
}

impl<R, T> sealed::Sealed for ToOne<R, T> {}
impl<R: Record, T: Record> Relation<R> for ToOne<R, T> {
    type Target = T;
    type Rows = Option<T>;
    fn field(&self) -> &'static str {
        self.field
    }
    fn query(&self) -> Query<T> {
        Query::new()
    }
    fn positions(&self) -> Result<(Vec<usize>, Vec<usize>)> {
        self.join().map(|Join { from, to, .. }| (from, to))
    }
    fn collect(rows: Vec<T>) -> Option<T> {
        rows.into_iter().next()
    }
}

impl<R, T> sealed::Sealed for ToMany<R, T> {}
impl<R: Record, T: Record> Relation<R> for ToMany<R, T> {
    type Target = T;
    type Rows = Vec<T>;
    fn field(&self) -> &'static str {
        self.field
    }
    fn query(&self) -> Query<T> {
        Query::new()
    }
    fn positions(&self) -> Result<(Vec<usize>, Vec<usize>)> {
        self.join().map(|Join { from, to, .. }| (from, to))
    }
    fn collect(rows: Vec<T>) -> Vec<T> {
        rows
    }
}

impl<R, T: Record> sealed::Sealed for Children<R, T> {}
impl<R: Record, T: Record> Relation<R> for Children<R, T> {
    type Target = T;
    type Rows = Vec<T>;
    fn field(&self) -> &'static str {
        self.relation.field
    }
    fn query(&self) -> Query<T> {
        self.query.clone()
    }
    fn positions(&self) -> Result<(Vec<usize>, Vec<usize>)> {
        self.relation.positions()
    }
    fn collect(rows: Vec<T>) -> Vec<T> {
        rows
    }
}

/// One to four relations, as a tuple.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
/// fn are_relations<R: chronicle::Record, L: chronicle::Relations<R>>(_: L) {}
/// # fn main() {
/// are_relations::<order::Model, _>((Orders::CUSTOMER,));
/// # }
/// ```
pub trait Relations<R: Record>: Send + Sync + 'static {
    /// A row with what is related to it.
    type Row: Send;
    #[doc(hidden)]
    fn read<'a>(
        &'a self,
        store: &'a Store,
        rows: &'a [Vec<Value>],
    ) -> BoxFuture<'a, Result<Vec<Beside>>>;
    #[doc(hidden)]
    fn decode(&self, rows: Vec<Vec<Value>>, beside: Vec<Beside>) -> Result<Vec<Self::Row>>;
    #[doc(hidden)]
    fn nest(&self, row: Self::Row) -> Result<R::Nested>
    where
        R: Nests;
}

/// What one relation puts beside each of the rows.
pub(super) type Beside = Vec<Vec<Vec<Value>>>;

macro_rules! relations {
    ($($relation:ident $at:tt),+) => {
        impl<R: Record, $($relation: Relation<R>),+> Relations<R> for ($($relation,)+) {
            type Row = (R, $($relation::Rows),+);

            fn read<'a>(
                &'a self,
                store: &'a Store,
                rows: &'a [Vec<Value>],
            ) -> BoxFuture<'a, Result<Vec<Beside>>> {
                Box::pin(async move { Ok(vec![$(related(store, &self.$at, rows).await?),+]) })
            }

            fn decode(
                &self,
                rows: Vec<Vec<Value>>,
                beside: Vec<Beside>,
            ) -> Result<Vec<Self::Row>> {
                let mut beside = beside.into_iter();
                $(
                    #[allow(non_snake_case, reason = "it is named as its type")]
                    let mut $relation = beside.next().unwrap_or_default().into_iter();
                )+
                let mut decoded = Vec::with_capacity(rows.len());
                for row in rows {
                    decoded.push((
                        decode::<R>(row)?,
                        $(collect::<R, $relation>($relation.next().unwrap_or_default())?),+
                    ));
                }
                Ok(decoded)
            }

            #[allow(non_snake_case, reason = "they are named as their types")]
            fn nest(&self, (row, $($relation),+): Self::Row) -> Result<R::Nested>
            where
                R: Nests,
            {
                let mut nested = R::Nested::from(row);
                let is_put = true $(& R::put(&mut nested, self.$at.field(), Box::new($relation)))+;
                if !is_put {
                    let message = "a relation that is read along has no field in `ModelEx`";
                    return Err(Error::invalid(message).with_table(R::TABLE.name));
                }
                Ok(nested)
            }
        }
    };
}
relations!(A 0);
relations!(A 0, B 1);
relations!(A 0, B 1, C 2);
relations!(A 0, B 1, C 2, D 3);

/// What is related to each of the rows, in their order.
async fn related<R: Record, A: Relation<R>>(
    store: &Store,
    relation: &A,
    rows: &[Vec<Value>],
) -> Result<Beside> {
    let (from, to) = relation.positions()?;
    // How many rows each key is of.
    let mut wanted: HashMap<String, usize> = HashMap::new();
    let is_first = |row: &&Vec<Value>| {
        text_of(row, &from).is_some_and(|text| {
            let times = wanted.entry(text).or_default();
            *times += 1;
            *times == 1
        })
    };
    let keys: Vec<Key> = rows.iter().filter(is_first).map(|row| key_of(row, &from)).collect();
    let mut found: HashMap<String, Vec<Vec<Value>>> = HashMap::new();
    if !keys.is_empty() {
        let columns = A::Target::TABLE.columns;
        let node = match &to[..] {
            [at] => Node::In {
                expression: Expression::Column(&columns[*at]),
                values: keys.iter().flat_map(|key| key.values().to_vec()).collect(),
            },
            to => Node::Keys { columns: to.iter().map(|at| &columns[*at]).collect(), keys },
        };
        let query = relation.query().filter(Filter::from_node(node));
        for row in Find::new(store.clone(), query).rows().await? {
            if let Some(text) = text_of(&row, &to) {
                found.entry(text).or_default().push(row);
            }
        }
    }
    let of_row = |row: &Vec<Value>| {
        let text = text_of(row, &from)?;
        match wanted.get_mut(&text) {
            Some(times) if *times > 1 => {
                *times -= 1;
                found.get(&text).cloned()
            }
            // No row behind it wants them.
            _ => found.remove(&text),
        }
    };
    Ok(rows.iter().map(of_row).map(Option::unwrap_or_default).collect())
}

fn key_of(row: &[Value], positions: &[usize]) -> Key {
    Key::new(positions.iter().map(|at| row[*at].clone()).collect::<Vec<_>>())
}

/// The text of that key, or nothing where a part of it is NULL.
fn text_of(row: &[Value], positions: &[usize]) -> Option<String> {
    match positions {
        positions if positions.iter().any(|at| value::is_null(&row[*at])) => None,
        // Without a copy of the value.
        [at] => Some(value::to_text(&row[*at])),
        positions => Some(key_of(row, positions).text()),
    }
}

fn collect<R: Record, A: Relation<R>>(rows: Vec<Vec<Value>>) -> Result<A::Rows> {
    let rows = rows.into_iter().map(decode::<A::Target>);
    rows.collect::<Result<_>>().map(A::collect)
}

impl<R: Record> Find<R> {
    /// Reads related rows along: each row comes as a tuple with what stands beside it.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let (customers, orders) = shop().await?;
    /// let (order, customer) = orders.find().filter(Orders::ID.eq(1)).with(Orders::CUSTOMER).one().await?;
    /// assert_eq!((order.total, customer.unwrap().name.as_str()), (10, "Ada"));
    /// # Ok(()) }
    /// ```
    pub fn with<A: Relation<R>>(self, relation: A) -> FindWith<R, (A,)> {
        FindWith { find: self, relations: (relation,) }
    }
}

macro_rules! with {
    ($($relation:ident $at:tt),+) => {
        impl<R: Record, $($relation: Relation<R>),+> FindWith<R, ($($relation,)+)> {
            /// Reads more related rows along.
            ///
            /// ```
            /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
            /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
            /// # let (customers, orders) = shop().await?;
            /// let find = customers.find().with(Customers::ORDERS);
            /// let rows = find.with(Customers::ORDERS.filter(Orders::TOTAL.ge(20))).all().await?;
            /// assert_eq!((rows[0].1.len(), rows[0].2.len()), (2, 1));
            /// # Ok(()) }
            /// ```
            pub fn with<N: Relation<R>>(self, relation: N) -> FindWith<R, ($($relation,)+ N)> {
                FindWith { find: self.find, relations: ($(self.relations.$at,)+ relation) }
            }
        }
    };
}
with!(A 0);
with!(A 0, B 1);
with!(A 0, B 1, C 2);

impl<R: Record, L: Relations<R>> FindWith<R, L> {
    async fn load(store: &Store, relations: &L, rows: Vec<Vec<Value>>) -> Result<Vec<L::Row>> {
        let beside = relations.read(store, &rows).await?;
        relations.decode(rows, beside)
    }

    /// Each row as what `SeaORM`'s dense format makes of it, with its fields `HasOne`, `BelongsTo` and `HasMany`
    /// loaded, instead of a tuple. Those that were not asked for stay unloaded; of two relations for one field
    /// the last counts.
    ///
    /// ```
    /// mod customer {
    ///     use sea_orm::entity::prelude::*;
    ///
    ///     #[sea_orm::model]
    ///     #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
    ///     #[sea_orm(table_name = "customers")]
    ///     #[repository(name = "Customer")]
    ///     pub struct Model {
    ///         #[sea_orm(primary_key, auto_increment = false)]
    ///         pub id: i32,
    ///         pub name: String,
    ///         #[sea_orm(has_many)]
    ///         pub orders: HasMany<super::order::Entity>,
    ///     }
    ///     impl ActiveModelBehavior for ActiveModel {}
    /// }
    /// mod order {
    ///     use sea_orm::entity::prelude::*;
    ///
    ///     #[sea_orm::model]
    ///     #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
    ///     #[sea_orm(table_name = "orders")]
    ///     #[repository(name = "Order")]
    ///     pub struct Model {
    ///         #[sea_orm(primary_key, auto_increment = false)]
    ///         pub id: i32,
    ///         pub customer_id: i32,
    ///         #[sea_orm(belongs_to, from = "customer_id", to = "id")]
    ///         pub customer: BelongsTo<super::customer::Entity>,
    ///     }
    ///     impl ActiveModelBehavior for ActiveModel {}
    /// }
    /// use chronicle::{Record, Sqlite};
    /// use customer::{Customers, NewCustomer};
    /// use order::{NewOrder, Orders};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// let folder = tempfile::tempdir().unwrap();
    /// let db = Sqlite::open(folder.path().join("shop.db")).await?;
    /// db.create_tables(&[customer::Model::TABLE, order::Model::TABLE]).await?;
    /// Customers::new(&db).insert(NewCustomer::new(1, "Ada")).await?;
    /// Orders::new(&db).insert(NewOrder::new(7, 1)).await?;
    ///
    /// let order: order::ModelEx = Orders::new(&db).find().with(Orders::CUSTOMER).nested().one().await?;
    /// assert_eq!(order.customer.unwrap().name, "Ada");
    /// let all = Customers::new(&db).find().with(Customers::ORDERS).nested().all().await?;
    /// assert_eq!(all[0].orders[0].id, 7);
    /// # Ok(()) }
    /// ```
    pub fn nested(self) -> FindWith<R, Nested<L>>
    where
        R: Nests,
    {
        FindWith { find: self.find, relations: Nested(self.relations) }
    }

    /// Every row.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let (customers, orders) = shop().await?;
    /// assert_eq!(orders.find().with(Orders::CUSTOMER).all().await?.len(), 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Find::all`].
    pub async fn all(self) -> Result<Vec<L::Row>> {
        Self::load(self.find.store(), &self.relations, self.find.rows().await?).await
    }

    /// The first row in the query's order, if there is one.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let (customers, orders) = shop().await?;
    /// let largest = orders.find().order_by(Orders::TOTAL.desc()).with(Orders::CUSTOMER).first().await?;
    /// assert_eq!(largest.unwrap().0.total, 30);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Find::all`].
    pub async fn first(self) -> Result<Option<L::Row>> {
        let store = self.find.store().clone();
        let Some(row) = self.find.first_values().await? else { return Ok(None) };
        Ok(Self::load(&store, &self.relations, vec![row]).await?.pop())
    }

    /// The row, where the query finds no more than one.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let (customers, orders) = shop().await?;
    /// let none = orders.find().filter(Orders::ID.eq(9)).with(Orders::CUSTOMER).optional().await?;
    /// assert!(none.is_none());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Find::optional`].
    pub async fn optional(self) -> Result<Option<L::Row>> {
        let store = self.find.store().clone();
        let Some(row) = self.find.only_values().await? else { return Ok(None) };
        Ok(Self::load(&store, &self.relations, vec![row]).await?.pop())
    }

    /// The one row that the query finds.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let (customers, orders) = shop().await?;
    /// let (order, _) = orders.find().filter(Orders::ID.eq(1)).with(Orders::CUSTOMER).one().await?;
    /// assert_eq!(order.total, 10);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Find::one`].
    pub async fn one(self) -> Result<L::Row> {
        self.optional().await?.ok_or_else(crate::find::not_found::<R>)
    }

    /// The first `size` rows, and the cursor behind them.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let (customers, orders) = shop().await?;
    /// let page = orders.find().with(Orders::CUSTOMER).page(2).await?;
    /// let rest = orders.find().after(page.next.unwrap()).with(Orders::CUSTOMER).all().await?;
    /// assert_eq!((page.rows.len(), rest.len()), (2, 1));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Find::page`].
    pub async fn page(self, size: u64) -> Result<Page<L::Row>> {
        let store = self.find.store().clone();
        let (rows, next) = self.find.page_of_values(size).await?;
        Ok(Page { rows: Self::load(&store, &self.relations, rows).await?, next })
    }

    /// The rows, and again after each change of one of them or of what stands beside it: as
    /// [`Find::watch`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_related.rs"));
    /// use chronicle::futures::TryStreamExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let (customers, orders) = shop().await?;
    /// let mut lists = customers.find().with(Customers::ORDERS).watch();
    /// assert_eq!(lists.try_next().await?.unwrap().len(), 3);
    /// orders.delete(1).await?;
    /// let rows = lists.try_next().await?.unwrap();
    /// assert_eq!(rows.iter().map(|(_, orders)| orders.len()).sum::<usize>(), 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As of [`Find::watch`].
    #[must_use = "a stream does nothing until it is read"]
    pub fn watch(self) -> BoxStream<'static, Result<Vec<L::Row>>> {
        watch::watch(self)
    }
}

impl<R: Record, L: Relations<R>> Watched for FindWith<R, L> {
    type Found = (Vec<Vec<Value>>, Vec<Beside>);
    type Row = L::Row;

    fn store(&self) -> &Store {
        self.find.store()
    }

    fn find(&self) -> BoxFuture<'_, Result<Self::Found>> {
        Box::pin(async move {
            let rows = self.find.rows().await?;
            let beside = self.relations.read(self.find.store(), &rows).await?;
            Ok((rows, beside))
        })
    }

    fn rows(&self, (rows, beside): Self::Found) -> Result<Vec<L::Row>> {
        self.relations.decode(rows, beside)
    }
}
