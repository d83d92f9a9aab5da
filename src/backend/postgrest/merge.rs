//! Reads in pieces: their rows put together in the order that the server has for them.
//!
//! Numbers, times and ids sort here as they do there, and so does text of the collation "C". Other text
//! does not: its collation is the server's business. So rows that differ only by what follows a text in the order are put in order by the
//! server itself, wherever a limit or an offset makes a difference of it.

use super::Postgrest;
use super::read::{PIECES_AT_ONCE, Rows, position};
use super::select::Page;
use super::split;
use crate::key::{Key, any_of};
use crate::operation::{OrderTerm, Selection};
use crate::{Column, Kind, Read, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use sea_orm::Value;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet, VecDeque};

/// Most bytes of the keys that the server is asked to put in order at once.
const KEYS: usize = 4_000;

/// Rows of which each part is in the server's order.
type Parts = Vec<Rows>;

impl Postgrest {
    /// Reads the pieces of a page and puts their rows in order, each row once.
    pub(super) async fn read_pieces(
        &self,
        read: &Read,
        columns: &[&'static Column],
        page: &Page,
        pieces: Vec<Page>,
    ) -> Result<Rows> {
        let parts: Parts = stream::iter(pieces)
            .map(|piece| self.read_page(read, piece))
            .buffered(PIECES_AT_ONCE)
            .try_collect()
            .await?;
        let offset = usize::try_from(page.offset).unwrap_or(usize::MAX);
        let end = page
            .limit
            .map(|limit| usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(offset));

        let mut sorted = distinct(read, parts);
        let (known, text) = split_order(&read.order);
        // Without a key the server cannot be asked how rows with one and the same text are sorted.
        let is_plain = text.is_empty() || read.table.key.is_empty();
        let rows = if is_plain || (end.is_none() && offset == 0) {
            // Read whole, rows with text in their order come by its bytes, which is as good as any.
            sorted.sort_by(|left, right| compare(&read.order, columns, &left.1, &right.1));
            sorted.into_iter().map(|(_, row)| row).collect()
        } else {
            sorted.sort_by(|left, right| compare(known, columns, &left.1, &right.1));
            let is_alike = |left: &[Value], right: &[Value]| {
                compare(known, columns, left, right) == Ordering::Equal
            };
            self.sort_text(read, text, sorted, is_alike, end.unwrap_or(usize::MAX)).await?
        };
        let until = end.unwrap_or(usize::MAX).min(rows.len());
        Ok(rows.into_iter().take(until).skip(offset).collect())
    }

    /// The first `most` rows, where those that are alike, and from several parts, are put in order by
    /// the server.
    async fn sort_text(
        &self,
        read: &Read,
        order: &[OrderTerm],
        rows: Vec<(usize, Vec<Value>)>,
        is_alike: impl Fn(&[Value], &[Value]) -> bool + Send,
        most: usize,
    ) -> Result<Rows> {
        let mut sorted = Rows::new();
        let mut rest = rows.into_iter().peekable();
        while let Some((mut part, first)) = rest.next().filter(|_| sorted.len() < most) {
            let mut parts = vec![vec![first]];
            while let Some((number, row)) = rest.next_if(|(_, row)| is_alike(&parts[0][0], row)) {
                match parts.last_mut() {
                    Some(rows) if number == part => rows.push(row),
                    _ => parts.push(vec![row]),
                }
                part = number;
            }
            sorted.extend(self.merge(read, order, parts, most - sorted.len()).await?);
        }
        Ok(sorted)
    }

    /// The first `most` rows of all parts in the order of the server, which is asked for each.
    async fn merge(
        &self,
        read: &Read,
        order: &[OrderTerm],
        mut parts: Parts,
        most: usize,
    ) -> Result<Rows> {
        while parts.len() > 1 {
            let mut pairs = Vec::new();
            let mut rest = parts.into_iter();
            while let Some(left) = rest.next() {
                pairs.push((left, rest.next().unwrap_or_default()));
            }
            parts = stream::iter(pairs)
                .map(|(left, right)| self.merge_two(read, order, left, right, most))
                .buffered(PIECES_AT_ONCE)
                .try_collect()
                .await?;
        }
        Ok(parts.pop().unwrap_or_default())
    }

    async fn merge_two(
        &self,
        read: &Read,
        order: &[OrderTerm],
        left: Rows,
        right: Rows,
        most: usize,
    ) -> Result<Rows> {
        let (mut left, mut right) = (VecDeque::from(left), VecDeque::from(right));
        let mut rows = Rows::new();
        while rows.len() < most && !left.is_empty() && !right.is_empty() {
            let (mut lefts, mut rights) = (window(read, &left), window(read, &right));
            let keys = left.iter().take(lefts).chain(right.iter().take(rights));
            let keys = keys.map(|row| read.key_of(row)).collect();
            let places = self.places(read, order, keys).await?;
            // What one side holds beyond its window may come before the rest of the other's.
            while lefts > 0 && rights > 0 {
                let place = |row: &VecDeque<Vec<Value>>| {
                    places.get(&read.key_of(row.front()?).text()).copied()
                };
                let (from, window) = match (place(&left), place(&right)) {
                    (Some(before), Some(behind)) if before > behind => (&mut right, &mut rights),
                    (Some(_), None) => (&mut right, &mut rights),
                    _ => (&mut left, &mut lefts),
                };
                let row = from.pop_front();
                *window -= 1;
                // A row without a place was deleted meanwhile.
                rows.extend(row.filter(|row| places.contains_key(&read.key_of(row).text())));
            }
        }
        rows.extend(left);
        rows.extend(right);
        rows.truncate(most);
        Ok(rows)
    }

    /// The places that rows with these keys have in the order.
    async fn places(
        &self,
        read: &Read,
        order: &[OrderTerm],
        keys: Vec<Key>,
    ) -> Result<HashMap<String, usize>> {
        let read = Read {
            table: read.table,
            selection: Selection::keys(read.table),
            filter: any_of(read.table, keys),
            order: order.to_vec(),
            limit: None,
            offset: 0,
        };
        let rows = self.read_page(&read, Page::of(&read)).await?;
        let places = rows.iter().enumerate();
        Ok(places.map(|(place, row)| (read.key_of(row).text(), place)).collect())
    }
}

/// The terms that sort here as on the server, and the others, of which text is the first.
fn split_order(order: &[OrderTerm]) -> (&[OrderTerm], &[OrderTerm]) {
    let text =
        order.iter().position(|term| term.column.kind == Kind::Text && !term.column.sorts_by_bytes);
    order.split_at(text.unwrap_or(order.len()))
}

/// The rows, each once, with the number of the part that it is from.
fn distinct(read: &Read, parts: Parts) -> Vec<(usize, Vec<Value>)> {
    let mut seen = HashSet::new();
    let parts = parts.into_iter().enumerate();
    parts
        .flat_map(|(part, rows)| rows.into_iter().map(move |row| (part, row)))
        .filter(|(_, row)| read.table.key.is_empty() || seen.insert(read.key_of(row).text()))
        .collect()
}

/// How many of the next rows are named at once: half of what a URL has room for.
fn window(read: &Read, rows: &VecDeque<Vec<Value>>) -> usize {
    let mut used = 0;
    let fit = rows.iter().take_while(|row| {
        used += split::length_of_key(&read.key_of(row));
        used <= KEYS / 2
    });
    fit.count().max(1)
}

fn compare(
    order: &[OrderTerm],
    columns: &[&'static Column],
    left: &[Value],
    right: &[Value],
) -> Ordering {
    order.iter().fold(Ordering::Equal, |before, term| {
        before.then_with(|| {
            let Some(at) = position(columns, term) else { return Ordering::Equal };
            term.compare(&left[at], &right[at])
        })
    })
}
