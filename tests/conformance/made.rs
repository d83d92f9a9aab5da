//! Values that the database makes: keys that it counts up, defaults, generated columns, and those that
//! a trigger keeps.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{NewTicket, TicketPatch, Tickets};
use chronicle::{Ability, BackendKind, ErrorKind};

/// Whether a key can be counted up, now or at some time.
fn counts(fixture: &Fixture) -> bool {
    fixture.capabilities().counted_keys != Ability::Never
}

/// A ticket whose key is given where it is not certain that one can be counted up.
fn ticket(fixture: &Fixture, key: i64, points: i32) -> NewTicket {
    match fixture.capabilities().counted_keys {
        Ability::Always => NewTicket::new(points),
        _ => NewTicket::new(points).id(key),
    }
}

pub(crate) async fn what_the_database_makes_comes_back(fixture: &Fixture) {
    let tickets = Tickets::new(fixture.store());
    match fixture.capabilities().counted_keys {
        Ability::Always => {
            let first = tickets.insert(NewTicket::new(5)).await.unwrap();
            let second = tickets.insert(NewTicket::new(6)).await.unwrap();
            assert!(second.id > first.id);
            assert_eq!((first.twice, first.state.as_deref()), (Some(10), Some("new")));
            assert_eq!(tickets.get(first.id).await.unwrap(), Some(first.clone()));
            // Only the server has the trigger.
            assert_eq!(first.updated_at.is_some(), fixture.databases() != [BackendKind::Sqlite]);
        }
        Ability::Never => {
            let error = refused(tickets.insert(NewTicket::new(5)).await, ErrorKind::Unsupported);
            assert!(error.to_string().contains("`id`"), "{error}");
            assert!(error.hint().is_some());
            assert_eq!(tickets.find().count().await.unwrap(), 0);
        }
        Ability::Sometimes => {}
    }
}

pub(crate) async fn a_given_key_is_kept(fixture: &Fixture) {
    let tickets = Tickets::new(fixture.store());
    let stored = tickets.insert(NewTicket::new(5).id(77)).await.unwrap();
    assert_eq!((stored.id, stored.points, stored.state.as_deref()), (77, 5, Some("new")));
    assert_eq!(tickets.get(77).await.unwrap().unwrap().points, 5);
    refused(tickets.insert(NewTicket::new(6).id(77)).await, ErrorKind::Unique);
    assert!(!tickets.insert_if_absent(NewTicket::new(6).id(77)).await.unwrap());
}

pub(crate) async fn what_is_left_out_is_the_default(fixture: &Fixture) {
    let tickets = Tickets::new(fixture.store());
    let left_out = tickets.insert(ticket(fixture, 1, 1)).await.unwrap();
    let given = tickets.insert(ticket(fixture, 2, 2).state("open".to_owned())).await.unwrap();
    assert_eq!(left_out.state.as_deref(), Some("new"));
    assert_eq!(given.state.as_deref(), Some("open"));
    let open = tickets.find().filter(Tickets::STATE.eq("open")).one().await.unwrap();
    assert_eq!(open.id, given.id);
}

pub(crate) async fn what_the_database_makes_is_never_sent(fixture: &Fixture) {
    let tickets = Tickets::new(fixture.store());
    let mut stored = tickets.insert(ticket(fixture, 1, 4)).await.unwrap();
    // Of a whole row what the database makes is left out.
    stored.points = 7;
    stored.twice = Some(-1);
    let upserted = tickets.upsert(stored.clone()).await.unwrap();
    assert_eq!((upserted.points, upserted.twice), (7, Some(14)));
    assert_eq!(tickets.find().count().await.unwrap(), 1);
}

pub(crate) async fn many_rows_at_once(fixture: &Fixture) {
    let tickets = Tickets::new(fixture.store());
    let new = (1..=5).map(|number| {
        let ticket = ticket(fixture, number, i32::try_from(number).unwrap());
        // Rows that give other columns come in between.
        if number % 2 == 0 { ticket.state("even".to_owned()) } else { ticket }
    });
    let keys = tickets.insert_many(new).await.unwrap();
    assert_eq!(keys.len(), 5);
    let all = tickets.find().order_by(Tickets::POINTS.asc()).all().await.unwrap();
    assert_eq!(all.iter().map(|ticket| ticket.id).collect::<Vec<_>>(), keys);
    let states: Vec<_> = all.iter().map(|ticket| ticket.state.clone().unwrap()).collect();
    assert_eq!(states, ["new", "even", "new", "even", "new"]);
}

pub(crate) async fn an_upsert_leaves_what_is_left_out(fixture: &Fixture) {
    let tickets = Tickets::new(fixture.store());
    tickets.insert(NewTicket::new(1).id(5).state("open".to_owned())).await.unwrap();
    let stored = tickets.upsert(NewTicket::new(2).id(5)).await.unwrap();
    assert_eq!((stored.points, stored.state.as_deref()), (2, Some("open")));
    let new = tickets.upsert(NewTicket::new(3).id(6)).await.unwrap();
    assert_eq!(new.state.as_deref(), Some("new"));
    if counts(fixture) && fixture.capabilities().counted_keys == Ability::Always {
        tickets.upsert(NewTicket::new(4)).await.unwrap();
        assert_eq!(tickets.find().count().await.unwrap(), 3);
    }
}

pub(crate) async fn an_update_of_what_the_database_keeps(fixture: &Fixture) {
    let tickets = Tickets::new(fixture.store());
    tickets.insert(NewTicket::new(1).id(5)).await.unwrap();
    assert_eq!(tickets.update(5, TicketPatch::new().points(8)).await.unwrap(), 1);
    let read = tickets.get(5).await.unwrap().unwrap();
    assert_eq!((read.points, read.state.as_deref()), (8, Some("new")));
    assert_eq!(read.twice, Some(16));
}
