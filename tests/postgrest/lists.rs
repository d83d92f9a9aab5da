//! Lists that no URL holds.

use crate::entry::{Entries, EntryPatch, Model, row};
use crate::server::Server;
use chronicle::ErrorKind;
use chronicle_test_servers::{Fault, Response};
use sea_orm::prelude::Uuid;
use serde_json::json;

async fn ids(entries: &Entries) -> Vec<Uuid> {
    let rows = entries.find().order_by(Entries::POSITION.asc()).all().await.unwrap();
    rows.iter().map(|row| row.id).collect()
}

#[tokio::test]
async fn five_thousand_ids() {
    let server = Server::start_with(|builder| builder.max_rows(1_000)).await;
    server.fill(6_000).await;
    let entries = server.entries();
    let ids = ids(&entries).await;
    let mut wanted: Vec<Uuid> = ids[..4_990].to_vec();
    wanted.extend((0..10).map(Uuid::from_u128));
    let find = || entries.find().filter(Entries::ID.is_in(wanted.clone()));
    let positions = |rows: Vec<Model>| rows.iter().map(|row| row.position).collect::<Vec<_>>();

    server.gateway.clear_requests();
    let found = find().order_by(Entries::POSITION.desc()).all().await.unwrap();
    assert_eq!(positions(found), (1..=4_990).rev().collect::<Vec<_>>());
    let longest = server.gateway.requests().iter().map(|request| request.path.len()).max();
    assert!(longest.unwrap() < 6_100);

    let page = find().order_by(Entries::POSITION.asc()).offset(100).limit(50).all().await.unwrap();
    assert_eq!(positions(page), (101..=150).collect::<Vec<_>>());
    let open = find().filter(Entries::STARS.is_null()).order_by(Entries::STARS.asc());
    assert_eq!(open.all().await.unwrap().len(), 499);
    assert_eq!(find().count().await.unwrap(), 4_990);
    assert!(find().exists().await.unwrap());

    let filter = || Entries::ID.is_in(wanted.clone());
    let patch = EntryPatch::new().title("changed");
    assert_eq!(entries.update_where(filter(), patch).await.unwrap(), 4_990);
    let changed = entries.find().filter(Entries::TITLE.eq("changed")).count().await.unwrap();
    assert_eq!(changed, 4_990);
    assert_eq!(entries.delete_where(filter()).await.unwrap(), 4_990);
    assert_eq!(server.rows().await, 1_010);
}

#[tokio::test]
async fn a_changed_row_is_counted_once() {
    let server = Server::start().await;
    let entries = server.entries();
    let titles: Vec<String> = (0..900).map(|number| format!("the title number {number}")).collect();
    entries.insert_many(titles.iter().map(row)).await.unwrap();
    // The rows take the last value of the list that finds them.
    let patch = EntryPatch::new().title(titles[899].clone());
    let changed = entries.update_where(Entries::TITLE.is_in(titles), patch).await.unwrap();
    assert_eq!(changed, 900);
}

#[tokio::test]
async fn a_list_over_a_path_into_an_assigned_document_is_not_cut() {
    let server = Server::start().await;
    let entries = server.entries();
    let tools: Vec<String> = (0..400).map(|number| format!("the tool number {number}")).collect();
    let rows = tools.iter().map(|tool| row(tool).data(json!({ "tool": tool })));
    entries.insert_many(rows).await.unwrap();
    let list = || Entries::DATA.key("tool").is_in(tools.clone());
    // Rows changed by one request would be found by the next.
    let patch = || EntryPatch::new().data(json!({ "tool": tools[399] }));
    let error = entries.update_where(list(), patch()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert!(error.message().contains("`data`"), "{error}");

    // Another column, or a list that fits or is cut elsewhere, does no harm.
    assert_eq!(entries.update_where(list(), EntryPatch::new().stars(1)).await.unwrap(), 400);
    let ids = ids(&entries).await;
    let short = Entries::DATA.key("tool").is_in(tools[..20].to_vec());
    let both = short.and(Entries::ID.is_in(ids));
    assert_eq!(entries.update_where(both, patch()).await.unwrap(), 20);
}

#[tokio::test]
async fn an_error_tells_how_far_it_came() {
    let server = Server::start().await;
    server.fill(400).await;
    let entries = server.entries();
    let ids = ids(&entries).await;
    let refused = Response::new(403).json(r#"{"code":"42501","message":"no"}"#);
    server.gateway.fault(Fault::respond(refused).method("DELETE").after(2));
    let error = entries.delete_where(Entries::ID.is_in(ids)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.rows_stored() > 200);
    assert_eq!(server.rows().await, 400 - error.rows_stored());
}

#[tokio::test]
async fn lists_that_cannot_be_cut() {
    let server = Server::start().await;
    let entries = server.entries();
    let list = Entries::ID.is_in((0..1_000).map(Uuid::from_u128));
    let error = entries.find().filter(!list.clone()).all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("URL"), "{error}");
    let error = entries.delete_where(list.or(Entries::CODE.is_null())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(server.methods().is_empty());
}
