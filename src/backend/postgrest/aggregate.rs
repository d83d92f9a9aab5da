//! Counts, sums, smallest and largest values: by the server, or out of its rows where it has no
//! aggregates.
//!
//! An answer holds as many groups as the server's limit of rows lets through, and it does not say that
//! it was cut off. So each request asks for the count of all rows that match, too: the answer is whole
//! where its groups have as many.

use super::filter;
use super::request::{Method, Request};
use super::{Postgrest, answer, collation, split};
use crate::aggregation::{Aggregation, Function, Reckoner};
use crate::backend::postgrest::failure::Purpose;
use crate::filter::Node;
use crate::query::keyset;
use crate::{Column, Kind, Read, Result, Source};
use futures_util::future::BoxFuture;
use sea_orm::Value;
use std::sync::atomic::Ordering;

/// The server's refusal of aggregates, where `db-aggregates-enabled` is off.
const NO_AGGREGATES: &str = "PGRST123";

const GROUPS: [&str; 3] = ["g0", "g1", "g2"];
const FUNCTIONS: [&str; 9] = ["f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8"];

impl Postgrest {
    pub(super) async fn aggregate_rows(
        &self,
        aggregation: &Aggregation,
    ) -> Result<Vec<Vec<Value>>> {
        // Related rows that are embedded without a column cannot be beside an aggregate.
        let is_plain = aggregation.rows.filter.related_tables().is_empty();
        if is_plain && !self.inner.has_no_aggregates.load(Ordering::Relaxed) {
            match self.ask_for(aggregation).await {
                Err(error) if error.code() == Some(NO_AGGREGATES) => {
                    self.inner.has_no_aggregates.store(true, Ordering::Relaxed);
                }
                Ok(Some(rows)) => return Ok(rows),
                Ok(None) => {}
                Err(error) => return Err(error),
            }
        }
        let read = |page: Read| -> BoxFuture<'_, Result<Vec<Vec<Value>>>> {
            Box::pin(async move { self.read_rows(&page).await })
        };
        aggregation.by_reading(read).await
    }

    /// The server's answer; none where a row might count twice.
    async fn ask_for(&self, aggregation: &Aggregation) -> Result<Option<Vec<Vec<Value>>>> {
        let question = Question::of(aggregation);
        let order = aggregation.order();
        let mut reckoner = Reckoner::new(aggregation);
        let mut filters = vec![aggregation.rows.filter.clone()];
        while let Some(filter) = filters.pop() {
            let limit = (!order.is_empty()).then_some(self.page_size());
            let request = question.request(&filter, self.client().schema.as_deref(), limit);
            if split::is_too_long(&request) {
                if split::may_match_twice(&filter) {
                    return Ok(None);
                }
                filters.extend(split::split(&filter, &request, &[])?);
                continue;
            }
            let (rows, total) = self
                .client()
                .send(request, Purpose::Read, |answer| {
                    let columns: Vec<&Column> = question.columns.iter().collect();
                    let rows = answer::rows(answer, Purpose::Read, None, &columns)?;
                    Ok((rows, answer::total(answer, Purpose::Read).ok()))
                })
                .await?;
            collation::check_order(&order, &aggregation.groups, &rows)?;
            if let Some(last) = rows.last().filter(|_| !order.is_empty())
                && total != question.count(&rows)
            {
                let behind = keyset::after(&order, &last[..order.len()]);
                filters.push(Node::All(vec![filter, behind]).reduce()?);
            }
            for mut row in rows {
                row.truncate(aggregation.groups.len() + aggregation.functions.len());
                reckoner.add_part(row)?;
            }
        }
        reckoner.finish().map(Some)
    }
}

/// The request of an aggregation without a limit of time or rows: for people and tests.
///
/// # Errors
/// `InvalidInput` for a filter that fits no URL.
pub(crate) fn aggregate_request(aggregation: &Aggregation) -> Result<Request> {
    if !aggregation.rows.filter.related_tables().is_empty() {
        return super::select::first_request(&aggregation.rows);
    }
    let question = Question::of(aggregation);
    let mut filter = aggregation.rows.filter.clone();
    loop {
        let limit = (!aggregation.groups.is_empty()).then_some(super::select::PAGE_SIZE);
        let request = question.request(&filter, None, limit);
        if !split::is_too_long(&request) {
            return Ok(request);
        }
        filter = split::split(&filter, &request, &[])?.remove(0);
    }
}

/// An aggregation as the server is asked.
struct Question<'a> {
    aggregation: &'a Aggregation,
    /// Those of the aggregation, and the number of rows where there are groups.
    functions: Vec<Function>,
    /// Of the answer.
    columns: Vec<Column>,
}

impl<'a> Question<'a> {
    fn of(aggregation: &'a Aggregation) -> Self {
        let Aggregation { groups, functions, .. } = aggregation;
        let mut functions = functions.clone();
        if !groups.is_empty() && !functions.contains(&Function::Count) {
            functions.push(Function::Count);
        }
        let column = |name: &&'static str, kind| Column {
            name,
            kind,
            nullable: true,
            unique: false,
            indexed: false,
            sorts_by_bytes: false,
            source: Source::Client,
        };
        let of_groups = GROUPS.iter().zip(groups).map(|(name, group)| column(name, group.kind));
        let kind = |function: &Function| match function {
            Function::Count | Function::CountOf(_) => Kind::I64,
            Function::Sum(_) => Kind::Text,
            Function::Least(column) | Function::Greatest(column) => column.kind,
        };
        let of_functions = FUNCTIONS.iter().zip(&functions);
        let of_functions = of_functions.map(|(name, function)| column(name, kind(function)));
        let columns = of_groups.chain(of_functions).collect();
        Self { aggregation, functions, columns }
    }

    fn request(&self, filter: &Node, schema: Option<&str>, limit: Option<u64>) -> Request {
        let table = self.aggregation.table();
        let groups = GROUPS.iter().zip(&self.aggregation.groups);
        let groups = groups.map(|(alias, column)| format!("{alias}:{}", filter::name(column.name)));
        let functions = FUNCTIONS.iter().zip(&self.functions);
        let functions = functions.map(|(alias, function)| format!("{alias}:{}", call(function)));
        let select: Vec<String> = groups.chain(functions).collect();
        let mut request = Request::new(Method::Get, format!("/{}", table.name))
            .parameter("select", select.join(","))
            .with_parameters(filter::parameters(table, filter))
            .schema(table.schema.or(schema));
        if let Some(limit) = limit {
            let order: Vec<String> =
                self.aggregation.order().iter().map(super::select::order).collect();
            request = request
                .parameter("order", order.join(","))
                .parameter("limit", limit.to_string())
                .prefer("count=exact");
        }
        request
    }

    /// How many rows the groups of an answer have together.
    fn count(&self, rows: &[Vec<Value>]) -> Option<u64> {
        let at = self.functions.iter().position(|function| *function == Function::Count)?;
        let counts = rows.iter().map(|row| match row.get(self.aggregation.groups.len() + at) {
            Some(Value::BigInt(Some(count))) => u64::try_from(*count).ok(),
            _ => None,
        });
        counts.sum()
    }
}

/// A function as it stands in `select`. Sums come as text, which holds all of their digits; Postgres has
/// no smallest UUID and no largest boolean, and adds up `real` as such.
fn call(function: &Function) -> String {
    let (column, name) = match function {
        Function::Count => return "count()".to_owned(),
        Function::CountOf(column) => (column, "count"),
        Function::Sum(column) => (column, "sum"),
        Function::Least(column) => (column, "min"),
        Function::Greatest(column) => (column, "max"),
    };
    let field = filter::name(column.name);
    match (function, column.kind) {
        (Function::Sum(_), Kind::F32 | Kind::F64) => format!("{field}::float8.{name}()::text"),
        (Function::Sum(_), _) => format!("{field}.{name}()::text"),
        (Function::Least(_) | Function::Greatest(_), Kind::Bool) => {
            format!("{field}::text.{name}()::bool")
        }
        (Function::Least(_) | Function::Greatest(_), Kind::Uuid | Kind::Text) => {
            format!("{field}::text.{name}()")
        }
        _ => format!("{field}.{name}()"),
    }
}
