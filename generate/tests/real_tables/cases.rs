//! [`Case`]: one entity, without its type. A crate of its own, below those of the entities: what is done with them may
//! change without that they are compiled again.

#![allow(missing_docs, missing_debug_implementations, reason = "of a test")]

use std::marker::PhantomData;

use chronicle::futures::BoxFuture;
use chronicle::{NewRecord, Patch, Record, Repository, Result, Store, Table, Values, Writable};
use sea_orm::Value;

pub type Row = Vec<Value>;

/// What is done with the rows of an entity.
pub trait Steps: Send + Sync {
    fn insert(&self, store: Store, values: Vec<Option<Value>>) -> BoxFuture<'static, Result<Row>>;
    fn upsert(&self, store: Store, values: Vec<Option<Value>>) -> BoxFuture<'static, Result<Row>>;
    /// The row with the key of this one.
    fn get(&self, store: Store, row: Row) -> BoxFuture<'static, Result<Option<Row>>>;
    fn update(
        &self,
        store: Store,
        row: Row,
        changes: Vec<(usize, Value)>,
    ) -> BoxFuture<'static, Result<u64>>;
    fn delete(&self, store: Store, row: Row) -> BoxFuture<'static, Result<u64>>;
}

/// The entities of one application.
pub struct Application {
    pub name: &'static str,
    pub cases: Vec<Case>,
}

pub struct Case {
    pub table: &'static Table,
    /// Nothing for what cannot be written.
    pub steps: Option<Box<dyn Steps>>,
}

impl Case {
    pub fn of<R: Writable>() -> Self {
        Self { table: R::TABLE, steps: Some(Box::new(Of::<R>(PhantomData))) }
    }

    pub fn read_only<R: Record>() -> Self {
        Self { table: R::TABLE, steps: None }
    }
}

struct Of<R>(PhantomData<fn() -> R>);

fn record<R: Record>(row: Row) -> Result<R> {
    R::from_values(Values::new(R::TABLE, row))
}

impl<R: Writable> Steps for Of<R> {
    fn insert(&self, store: Store, values: Vec<Option<Value>>) -> BoxFuture<'static, Result<Row>> {
        Box::pin(async move {
            let row = NewRecord::<R>::new(values);
            Repository::<R>::new(store).insert(row).await.map(R::into_values)
        })
    }

    fn upsert(&self, store: Store, values: Vec<Option<Value>>) -> BoxFuture<'static, Result<Row>> {
        Box::pin(async move {
            let row = NewRecord::<R>::new(values);
            Repository::<R>::new(store).upsert(row).await.map(R::into_values)
        })
    }

    fn get(&self, store: Store, row: Row) -> BoxFuture<'static, Result<Option<Row>>> {
        Box::pin(async move {
            let key = record::<R>(row)?.key();
            Ok(Repository::<R>::new(store).get(key).await?.map(R::into_values))
        })
    }

    fn update(
        &self,
        store: Store,
        row: Row,
        changes: Vec<(usize, Value)>,
    ) -> BoxFuture<'static, Result<u64>> {
        Box::pin(async move {
            let key = record::<R>(row)?.key();
            let mut patch = Patch::<R>::new();
            for (at, value) in changes {
                patch.assign(at, value);
            }
            Repository::<R>::new(store).update(key, patch).await
        })
    }

    fn delete(&self, store: Store, row: Row) -> BoxFuture<'static, Result<u64>> {
        Box::pin(async move {
            let key = record::<R>(row)?.key();
            Repository::<R>::new(store).delete(key).await
        })
    }
}
