//! Sums by the server, and out of its rows where it has no aggregates.

use crate::entry::Entries;
use crate::server::Server;
use chronicle::count;

/// Of the rows 1 to 2,500: those without stars, and the sum of the positions of each group.
async fn assert_sums(entries: &Entries) {
    let sums = entries.find().aggregate((count(), Entries::POSITION.sum()));
    let by_stars = sums.clone().group_by(Entries::STARS).all().await.unwrap();
    assert_eq!(by_stars[..2], [(None, (250, 313_750)), (Some(1), (250, 311_500))]);
    assert_eq!(sums.one().await.unwrap(), (2_500, 3_126_250));
}

fn requests(server: &Server) -> usize {
    let requests = server.gateway.requests().len();
    server.gateway.clear_requests();
    requests
}

#[tokio::test]
async fn the_server_adds_up() {
    let server = Server::start_with(|builder| builder.aggregates().max_rows(1_000)).await;
    server.fill(2_500).await;
    let entries = server.entries();
    server.gateway.clear_requests();
    assert_sums(&entries).await;
    assert_eq!(requests(&server), 2, "one for the groups, one for all");
    let by_position = entries.find().aggregate(count()).group_by(Entries::POSITION);
    assert_eq!(by_position.all().await.unwrap().len(), 2_500);
    assert_eq!(requests(&server), 3, "the last answer tells that it is the last");
}

#[tokio::test]
async fn a_server_without_aggregates_is_asked_for_rows() {
    let server = Server::start_with(|builder| builder.max_rows(1_000)).await;
    server.fill(2_500).await;
    let entries = server.entries();
    server.gateway.clear_requests();
    assert_sums(&entries).await;
    assert_eq!(requests(&server), 9, "it is asked for aggregates once");
    assert_sums(&entries).await;
    assert_eq!(requests(&server), 8);
}

#[tokio::test]
async fn a_limit_of_rows_below_a_page() {
    let server = Server::start_with(|builder| builder.aggregates().max_rows(7)).await;
    server.fill(40).await;
    let entries = server.entries();
    let by_position = entries.find().aggregate(Entries::STARS.sum()).group_by(Entries::POSITION);
    let found = by_position.all().await.unwrap();
    assert_eq!(found.len(), 40);
    assert_eq!(found.iter().map(|(_, stars)| stars).sum::<i128>(), 180);
}
