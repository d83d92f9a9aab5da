//! Filters that are too long for one URL.

use super::super::select::{Page, Plan};
use super::super::split::{is_too_long, requests};
use super::super::{filter, request};
use super::{Entries, id, table};
use crate::filter::Node;
use crate::operation::Selection;
use crate::{ErrorKind, Filter};
use std::collections::HashSet;

fn node(filter: Filter<super::entry::Model>) -> Node {
    filter.into_node().reduce().expect("valid")
}

fn delete(node: &Node) -> request::Request {
    request::Request::new(request::Method::Delete, "/entries")
        .with_parameters(filter::parameters(table(), node))
}

/// The ids that stand in requests.
fn ids(requests: &[request::Request]) -> Vec<String> {
    requests
        .iter()
        .flat_map(request::Request::parameters)
        .filter(|(name, _)| name == "id")
        .flat_map(|(_, value)| {
            let list = value.trim_start_matches("in.(").trim_start_matches("eq.");
            list.trim_end_matches(')')
                .split(',')
                .map(|id| id.trim_matches('"').to_owned())
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn short_lists_stay_whole() {
    let filter = node(Entries::ID.is_in((0..100).map(id)));
    assert_eq!(requests(&filter, &[], &delete).expect("requests").len(), 1);
}

#[test]
fn every_id_is_in_one_request() {
    let filter = node(Entries::ID.is_in((0..5_000).map(id)).and(Entries::TITLE.eq("x")));
    let requests = requests(&filter, &[], &delete).expect("requests");
    assert!((30..60).contains(&requests.len()), "{} requests", requests.len());
    assert!(!requests.iter().any(is_too_long));
    assert!(requests.iter().all(|request| request.to_string().ends_with("&title=eq.x")));
    let all = ids(&requests);
    assert_eq!(all.len(), 5_000);
    assert_eq!(all.into_iter().collect::<HashSet<_>>().len(), 5_000);
}

#[test]
fn two_long_lists_are_both_cut() {
    let titles = (0..600).map(|number| format!("title number {number}"));
    let filter = node(Entries::ID.is_in((0..300).map(id)).and(Entries::TITLE.is_in(titles)));
    let requests = requests(&filter, &[], &delete).expect("requests");
    assert!(!requests.iter().any(is_too_long));
    let pairs: usize = requests
        .iter()
        .map(|request| {
            request
                .parameters()
                .iter()
                .map(|(_, value)| value.split(',').count())
                .product::<usize>()
        })
        .sum();
    assert_eq!(pairs, 300 * 600);
}

#[test]
fn values_that_must_come_first_do() {
    let filter = node(Entries::ID.is_in((0..1_000).map(id)));
    let assigned = [(Entries::ID.column(), id(999).into())];
    let requests = requests(&filter, &assigned, &delete).expect("requests");
    assert!(ids(&requests[..1]).contains(&id(999).to_string()));
    assert_eq!(ids(&requests).len(), 1_000);
}

#[test]
fn lists_over_paths_into_an_assigned_document_stay_whole() {
    let tools = (0..600).map(|number| format!("tool number {number}"));
    let filter = node(Entries::DATA.key("tool").is_in(tools));
    let title = [(Entries::TITLE.column(), "x".into())];
    assert!(requests(&filter, &title, &delete).expect("requests").len() > 1);
    let document = [(Entries::DATA.column(), serde_json::json!({}).into())];
    let error = requests(&filter, &document, &delete).expect_err("not cut");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("`data`"), "{error}");
}

#[test]
fn what_cannot_be_cut_is_refused() {
    let long = Entries::ID.is_in((0..1_000).map(id));
    for filter in [
        node(!long.clone()),
        node(long.clone().or(Entries::STARS.is_null())),
        node(Entries::TITLE.eq("x".repeat(7_000))),
        node(Entries::TITLE.is_in(["x".repeat(7_000), "y".to_owned()])),
    ] {
        let error = requests(&filter, &[], &delete).expect_err("too long");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains("URL"), "{error}");
    }
}

#[test]
fn pieces_of_a_page_hold_what_the_offset_leaves_out() {
    let query = Entries::query().filter(Entries::ID.is_in((0..200).map(id))).limit(10).offset(30);
    let read = query.to_read(Selection::Rows).expect("a read");
    let Ok(Plan::Several(pieces)) = Page::of(&read).plan(&read, None, 1_000) else {
        panic!("several pieces expected");
    };
    assert_eq!(pieces.len(), 2);
    assert!(pieces.iter().all(|piece| piece.limit == Some(40) && piece.offset == 0));
    let first = query.to_request().expect("a request").to_string();
    assert!(first.ends_with("&limit=40"), "{first}");
}
