//! Keyset pages: every row once, in the query's order, whatever the size of a page.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::order::{self, Case};
use crate::sample::{Facts, Labels, NewFact, NewLabel, ids};
use crate::texts::TEXTS;
use chronicle::{Cursor, ErrorKind, Page};
use futures_util::TryStreamExt;
use std::collections::HashSet;

pub(crate) async fn of_every_size_in_every_order(fixture: &Fixture) {
    let (facts, mut rows) = order::store(fixture).await;
    for Case { name, order, compare } in order::cases() {
        rows.sort_by(compare);
        let find = || order.iter().fold(facts.find(), |find, order| find.order_by(*order));
        for size in 1..=rows.len() + 1 {
            let mut found = Vec::new();
            let mut cursor: Option<Cursor> = None;
            loop {
                let find = cursor.into_iter().fold(find(), chronicle::Find::after);
                let Page { rows, next } = find.page(size as u64).await.unwrap();
                assert!(rows.len() == size || next.is_none());
                found.extend(rows);
                // By way of its text, as through a web client.
                let Some(next) = next else { break };
                cursor = Some(next.to_string().parse().unwrap());
            }
            assert_eq!(ids(&found), ids(&rows), "{name}, pages of {size}");
        }
    }
}

pub(crate) async fn as_a_stream(fixture: &Fixture) {
    let (facts, mut rows) = order::store(fixture).await;
    for Case { order, compare, .. } in order::cases() {
        rows.sort_by(compare);
        let find = || order.iter().fold(facts.find(), |find, order| find.order_by(*order));
        let pages: Vec<_> = find().pages(4).try_collect().await.unwrap();
        assert_eq!(pages.iter().map(|page| page.rows.len()).collect::<Vec<_>>(), [4, 4, 4, 1]);
        assert!(pages[3].next.is_none());
        let found: Vec<_> = pages.into_iter().flat_map(|page| page.rows).collect();
        assert_eq!(ids(&found), ids(&rows));
        let found: Vec<_> = find().pages(13).try_collect().await.unwrap();
        assert_eq!(found.len(), 1);
    }
}

pub(crate) async fn within_limit_and_offset(fixture: &Fixture) {
    let (facts, rows) = order::store(fixture).await;
    let all = ids(&rows);
    for (offset, limit) in [(0, 0), (0, 5), (2, 6), (2, 7), (10, 5), (13, 5), (1, 100)] {
        for size in [1, 3, 5, 20] {
            let find = facts.find().offset(offset as u64).limit(limit as u64);
            let pages: Vec<_> = find.pages(size).try_collect().await.unwrap();
            let found: Vec<_> = pages.into_iter().flat_map(|page| page.rows).collect();
            let expected: Vec<i64> = all.iter().copied().skip(offset).take(limit).collect();
            assert_eq!(ids(&found), expected, "{limit} behind {offset}, pages of {size}");
        }
    }
    let page = facts.find().limit(3).page(5).await.unwrap();
    assert_eq!((page.rows.len(), page.next), (3, None));
    for find in [facts.find(), facts.find().limit(u64::MAX)] {
        let page = find.page(u64::MAX).await.unwrap();
        assert_eq!((ids(&page.rows), page.next), (all.clone(), None));
    }
    let page = facts.find().limit(5).page(3).await.unwrap();
    assert!(page.rows.len() == 3 && page.next.is_some());
}

pub(crate) async fn after_a_cursor_everything_works(fixture: &Fixture) {
    let (facts, rows) = order::store(fixture).await;
    let all = ids(&rows);
    let cursor = facts.find().page(4).await.unwrap().next.unwrap();
    let rest = || facts.find().after(cursor.clone());
    assert_eq!(ids(&rest().all().await.unwrap()), all[4..]);
    assert_eq!(rest().count().await.unwrap(), 9);
    assert_eq!(rest().first().await.unwrap().unwrap().id, all[4]);
    assert_eq!(ids(&rest().offset(2).limit(3).all().await.unwrap()), all[6..9]);
    assert_eq!(ids(&rest().filter(Facts::ID.ge(10)).all().await.unwrap()), all[10..]);
    assert!(!rest().filter(Facts::ID.lt(2)).exists().await.unwrap());
}

pub(crate) async fn cursors_of_other_orders_are_refused(fixture: &Fixture) {
    let (facts, _) = order::store(fixture).await;
    let cursor = facts.find().order_by(Facts::NUMBER.asc()).page(4).await.unwrap().next.unwrap();
    refused(facts.find().after(cursor.clone()).all().await, ErrorKind::InvalidInput);
    let other = facts.find().order_by(Facts::REAL.asc()).after(cursor.clone());
    refused(other.page(4).await, ErrorKind::InvalidInput);
    let reversed = facts.find().order_by(Facts::NUMBER.desc()).after(cursor);
    refused(reversed.page(4).await, ErrorKind::InvalidInput);
    refused(facts.find().page(0).await, ErrorKind::InvalidInput);
    for text in ["", "x", "[]", "{}", "[1]", "[[\"id\"]]", "[[\"id\",1]]", "[[\"id\",\"up\",1]]"] {
        let refused_twice = match text.parse::<Cursor>() {
            Ok(cursor) => facts.find().after(cursor).all().await.map(drop),
            Err(error) => Err(error),
        };
        refused(refused_twice, ErrorKind::InvalidInput);
    }
    let cursor: Cursor = "[[\"id\",\"asc\",\"no number\"]]".parse().unwrap();
    refused(facts.find().after(cursor).all().await, ErrorKind::InvalidInput);
}

pub(crate) async fn over_keys_of_odd_text(fixture: &Fixture) {
    let labels = Labels::new(fixture.store());
    labels.insert_many(TEXTS.iter().map(|text| NewLabel::new(*text))).await.unwrap();
    for size in [1, 7, 500] {
        let pages: Vec<_> = labels.find().pages(size).try_collect().await.unwrap();
        let found: Vec<String> =
            pages.into_iter().flat_map(|page| page.rows).map(|row| row.label).collect();
        assert_eq!(found.len(), TEXTS.len());
        let distinct: HashSet<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(distinct, TEXTS.iter().copied().collect());
    }
}

pub(crate) async fn rows_inserted_behind_the_place_are_seen(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert_many([10, 20, 30].map(NewFact::new)).await.unwrap();
    let mut pages = facts.find().pages(2);
    assert_eq!(ids(&pages.try_next().await.unwrap().unwrap().rows), [10, 20]);
    facts.insert_many([15, 25].map(NewFact::new)).await.unwrap();
    facts.delete(20).await.unwrap();
    assert_eq!(ids(&pages.try_next().await.unwrap().unwrap().rows), [25, 30]);
    assert!(pages.try_next().await.unwrap().is_none());
}
