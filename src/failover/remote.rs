//! [`Remote`]: what the failover asks of the authority.

use super::rules::name::TableName;
use crate::backend::postgrest::Answer;
use crate::change::{Change, Ids, Operation};
use crate::{Backend, BackendKind, Error, ErrorKind, Postgrest, RawRow, Result, Write, Written};
use futures_util::future::BoxFuture;
use uuid::Uuid;

/// What the remote made of a change.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Applied {
    pub(crate) touched: u64,
    /// Rows that the function left out, since it has been asked for them before: of deletes it is not known
    /// whether they went.
    pub(crate) left_out: u64,
    /// The columns that were asked for, of each row that it touched.
    pub(crate) rows: Vec<RawRow>,
}

/// What the remote made of changes by its function.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AppliedTogether {
    /// Each of them.
    Now(Vec<Applied>),
    /// The id was known: an earlier request has made what there was to make.
    Before,
}

pub(crate) trait Remote: Backend {
    /// Makes a change that needs no Rust type, and gives these columns of the rows that it touched.
    fn apply<'a>(
        &'a self,
        change: &'a Change,
        returning: &'a [String],
    ) -> BoxFuture<'a, Result<Applied>>;

    /// Makes changes together by the server's function, once under an id.
    fn apply_together<'a>(
        &'a self,
        id: Option<Uuid>,
        operations: &'a [Operation<'a>],
    ) -> BoxFuture<'a, Result<AppliedTogether>>;

    /// Makes writes together by the server's function, once with these ids, and gives back the rows of
    /// those that ask for it; `None` where an earlier attempt has made them.
    fn write_together<'a>(
        &'a self,
        ids: &'a Ids,
        writes: &'a [Write],
        must_be_there: bool,
    ) -> BoxFuture<'a, Result<Option<Vec<Written>>>>;

    /// The rows of a table with these keys, as far as the remote shows them.
    fn fetch<'a>(
        &'a self,
        table: &'a TableName,
        key_columns: &'a [String],
        keys: &'a [Vec<String>],
    ) -> BoxFuture<'a, Result<Vec<RawRow>>>;

    /// Whom requests speak for now; `None` while nobody is signed in.
    fn identity(&self) -> BoxFuture<'_, Result<Option<String>>>;

    /// Asks a real table whether the server serves.
    fn probe(&self, table: Option<TableName>) -> BoxFuture<'_, Result<()>>;
}

impl Remote for Postgrest {
    fn apply<'a>(
        &'a self,
        change: &'a Change,
        returning: &'a [String],
    ) -> BoxFuture<'a, Result<Applied>> {
        Box::pin(async move {
            if returning.is_empty() {
                let touched = Self::apply(self, change).await?;
                return Ok(Applied { touched, ..Applied::default() });
            }
            let columns: Vec<&str> = returning.iter().map(String::as_str).collect();
            match self.apply_returning(change, &columns).await {
                Ok(applied) => Ok(Applied {
                    touched: applied.touched,
                    rows: applied.rows,
                    ..Applied::default()
                }),
                // It is made; only what is stored cannot be read.
                Err(error) if is_made(&error) => {
                    Ok(Applied { touched: error.rows_stored(), ..Applied::default() })
                }
                Err(error) => Err(error),
            }
        })
    }

    fn apply_together<'a>(
        &'a self,
        id: Option<Uuid>,
        operations: &'a [Operation<'a>],
    ) -> BoxFuture<'a, Result<AppliedTogether>> {
        Box::pin(async move {
            let together = Self::apply_together(self, id, operations).await?;
            if !together.applied {
                return Ok(AppliedTogether::Before);
            }
            let applied = |answer: &Answer| {
                let (touched, left_out) = (answer.touched, answer.left_out);
                Ok(Applied { touched, left_out, rows: answer.rows()? })
            };
            let applied = together.answers.iter().map(applied).collect::<Result<_>>()?;
            Ok(AppliedTogether::Now(applied))
        })
    }

    fn write_together<'a>(
        &'a self,
        ids: &'a Ids,
        writes: &'a [Write],
        must_be_there: bool,
    ) -> BoxFuture<'a, Result<Option<Vec<Written>>>> {
        Box::pin(async move {
            let written = Self::write_together(self, ids, writes, must_be_there).await;
            written.map_err(|error| error.with_backend(BackendKind::Postgrest))
        })
    }

    fn fetch<'a>(
        &'a self,
        table: &'a TableName,
        key_columns: &'a [String],
        keys: &'a [Vec<String>],
    ) -> BoxFuture<'a, Result<Vec<RawRow>>> {
        Box::pin(async move {
            let (schema, name) = table.parts();
            self.objects(schema.as_deref(), &name, key_columns, keys).await
        })
    }

    fn identity(&self) -> BoxFuture<'_, Result<Option<String>>> {
        Box::pin(
            async move { Ok(Self::identity(self).await?.map(|identity| identity.to_string())) },
        )
    }

    fn probe(&self, table: Option<TableName>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let parts = table.map(|table| table.parts());
            let parts = parts.as_ref().map(|(schema, name)| (schema.as_deref(), name.as_str()));
            self.probe_by(parts).await
        })
    }
}

fn is_made(error: &Error) -> bool {
    error.kind() == ErrorKind::SchemaMismatch && error.rows_stored() > 0
}
