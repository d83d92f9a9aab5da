//! The requests that read.

use super::filter;
use super::request::{Method, Request};
use super::{collation, split};
use crate::filter::Node;
use crate::operation::OrderTerm;
use crate::{Column, Read, Result, Table};

/// Rows per request unless the options say otherwise: Supabase's own limit.
pub(super) const PAGE_SIZE: u64 = 1_000;

/// Rows that one request, or several over a filter cut into pieces, are to get.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) filter: Node,
    pub(super) limit: Option<u64>,
    pub(super) offset: u64,
}

/// How a [`Page`] is asked for.
pub(super) enum Plan {
    One(Request),
    /// Pages over pieces of the filter; what they answer is merged, and the offset and limit of
    /// the whole apply to that.
    Several(Vec<Page>),
}

impl Page {
    pub(super) fn of(read: &Read) -> Self {
        Self { filter: read.filter.clone(), limit: read.limit, offset: read.offset }
    }

    /// How to ask for the page in requests of `rows` rows at most.
    ///
    /// # Errors
    /// `InvalidInput` for a filter that is too long for a URL and cannot be cut.
    pub(super) fn plan(&self, read: &Read, schema: Option<&str>, rows: u64) -> Result<Plan> {
        let limit = self.limit.map_or(rows, |limit| limit.min(rows));
        let request = Request::new(Method::Get, format!("/{}", read.table.name));
        let condition = filter::compile(read.table, &self.filter);
        let columns = names(&selected(read));
        let request = if condition.embeds.is_empty() {
            split::with_names(request, "select", columns)
        } else {
            let columns = if split::are_too_long(&columns) { "*".to_owned() } else { columns };
            let select: Vec<String> = [columns].into_iter().chain(condition.embeds).collect();
            request.parameter("select", select.join(","))
        };
        let mut request = request.with_parameters(condition.parameters);
        if !read.order.is_empty() {
            let terms: Vec<String> = read.order.iter().map(order).collect();
            request = request.parameter("order", terms.join(","));
        }
        request = request.parameter("limit", limit.to_string());
        if self.offset > 0 {
            request = request.parameter("offset", self.offset.to_string());
        }
        let request = request.schema(read.table.schema.or(schema));
        if !split::is_too_long(&request) {
            return Ok(Plan::One(request));
        }
        let limit = self.limit.map(|limit| limit.saturating_add(self.offset));
        let pieces = split::split(&self.filter, &request, &[])?;
        Ok(Plan::Several(
            pieces.into_iter().map(|filter| Self { filter, limit, offset: 0 }).collect(),
        ))
    }
}

/// The first request of a read, with the default page size.
///
/// # Errors
/// `InvalidInput` for a filter that fits no URL.
pub(crate) fn first_request(read: &Read) -> Result<Request> {
    let mut page = Page::of(read);
    loop {
        match page.plan(read, None, PAGE_SIZE)? {
            Plan::One(request) => return Ok(request),
            Plan::Several(pieces) => match pieces.into_iter().next() {
                Some(piece) => page = piece,
                None => return Err(crate::Error::invalid("the filter fits no URL")),
            },
        }
    }
}

/// How many rows match. `GET` rather than `HEAD`, whose errors have no body and so no code; no row
/// is sent with `limit=0`, and the server's own limit of rows does not touch the total.
pub(super) fn count(table: &'static Table, schema: Option<&str>, filter: &Node) -> Request {
    let condition = filter::compile(table, filter);
    let select = [filter::name(table.naming_columns()[0].name)].into_iter().chain(condition.embeds);
    Request::new(Method::Get, format!("/{}", table.name))
        .parameter("select", select.collect::<Vec<_>>().join(","))
        .with_parameters(condition.parameters)
        .parameter("limit", "0")
        .schema(table.schema.or(schema))
        .prefer("count=exact")
}

/// The columns to ask for: those of the answer, then those that it does not have, of the order, which
/// the next page needs, and of comparisons that are checked.
pub(super) fn selected(read: &Read) -> Vec<&'static Column> {
    let mut columns = read.columns();
    let ordered = read.order.iter().map(|term| term.column);
    for column in ordered.chain(collation::compared(&read.filter)) {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns
}

pub(super) fn names(columns: &[&'static Column]) -> String {
    let names: Vec<String> = columns.iter().map(|column| filter::name(column.name)).collect();
    names.join(",")
}

/// NULL is the smallest value where nothing else is said, on SQLite by nature, here by saying so.
pub(super) fn order(term: &OrderTerm) -> String {
    let name = filter::name(term.column.name);
    let direction = if term.direction.is_descending() { "desc" } else { "asc" };
    match (term.column.nullable, term.direction.is_nulls_first()) {
        (false, _) => format!("{name}.{direction}"),
        (true, true) => format!("{name}.{direction}.nullsfirst"),
        (true, false) => format!("{name}.{direction}.nullslast"),
    }
}
