//! Queries that are asked again every so often.

use crate::entry::{Entries, row};
use crate::server::Server;
use chronicle::futures::StreamExt;
use chronicle::{ErrorKind, Store};
use std::time::Duration;

#[tokio::test]
async fn an_outage_is_one_error_and_the_rows_come_again() {
    let server = Server::start().await;
    let options = server.hasty().watch_interval(Duration::from_millis(50));
    let entries = Entries::new(options.connect().unwrap());
    let mut lists = entries.find().watch();
    assert_eq!(lists.next().await.unwrap().unwrap().len(), 0);
    server.gateway.refuse().await.unwrap();
    let error = lists.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let quiet = tokio::time::timeout(Duration::from_millis(400), lists.next()).await;
    assert!(quiet.is_err(), "the same error again is nothing new: {quiet:?}");
    server.gateway.heal().await.unwrap();
    assert_eq!(lists.next().await.unwrap().unwrap().len(), 0);
    server.entries().insert(row("x")).await.unwrap();
    assert_eq!(lists.next().await.unwrap().unwrap().len(), 1);
}

#[tokio::test]
async fn nothing_is_asked_once_nobody_waits() {
    let server = Server::start().await;
    let options = server.options().watch_interval(Duration::from_millis(50));
    let store = Store::from(options.connect().unwrap());
    let mut lists = Entries::new(&store).find().limit(1).watch();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(server.methods().is_empty(), "a stream does nothing until it is read");
    lists.next().await.unwrap().unwrap();
    let waited = tokio::time::timeout(Duration::from_millis(500), lists.next()).await;
    assert!(waited.is_err());
    let asked = server.methods().len();
    assert!((4..=11).contains(&asked), "{asked}");
    drop(lists);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(server.methods().len(), asked);
    let error = server.options().watch_interval(Duration::ZERO).connect().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
}
