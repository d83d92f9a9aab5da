//! `upsert_on` and `insert_if_absent_on`: rows that are told from others by unique columns beside their key.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{
    Lines, Members, Memos, NewLine, NewMember, NewMemo, NewParent, NewTicket, NewTitle,
    ParentPatch, Parents, Tickets, Titles,
};
use chronicle::{Ability, ErrorKind, Result};
use std::fmt::Debug;

/// The row, or nothing where it is known to be refused, since the file of a pair serves.
fn served<T: Debug>(fixture: &Fixture, answer: Result<T>) -> Option<T> {
    match (fixture.capabilities().other_unique, answer) {
        (Ability::Always | Ability::Sometimes, Ok(row)) => Some(row),
        (Ability::Never | Ability::Sometimes, answer) => {
            let error = refused(answer, ErrorKind::Unsupported);
            assert!(error.hint().unwrap().contains("UUID version 5"), "{error}");
            None
        }
        (Ability::Always, Err(error)) => panic!("{error}"),
    }
}

pub(crate) async fn a_row_is_stored_or_takes_the_values(fixture: &Fixture) {
    let parents = Parents::new(fixture.store());
    let new = || NewParent::new("a").note("first").weight(1);
    let Some(first) = served(fixture, parents.upsert_on(Parents::NAME, new()).await) else {
        return;
    };
    assert_eq!((first.name.as_str(), first.weight), ("a", Some(1)));
    assert!(first.updated_at.is_some());
    assert_eq!(parents.get(first.id).await.unwrap(), Some(first.clone()));

    let second = parents.upsert_on(Parents::NAME, NewParent::new("a").weight(2)).await;
    let Some(second) = served(fixture, second) else { return };
    assert_eq!((second.id, second.created_at), (first.id, first.created_at), "it keeps them");
    assert_eq!((&second.note, second.weight), (&None, Some(2)), "it takes all the rest");
    assert!(second.updated_at > first.updated_at);
    assert_eq!(parents.get(first.id).await.unwrap(), Some(second.clone()));
    // The row itself, as it was read: by its own key too.
    let third = parents.upsert_on(Parents::NAME, second.clone()).await;
    assert_eq!(served(fixture, third).map(|row| row.id), Some(first.id));
    assert_eq!(parents.find().count().await.unwrap(), 1);
}

pub(crate) async fn the_row_that_is_there_stays_as_it_is(fixture: &Fixture) {
    let members = Members::new(fixture.store());
    let new = |name: &str| NewMember::new("ada@example.org", name);
    let first = members.insert_if_absent_on(Members::EMAIL, new("Ada")).await;
    let Some(first) = served(fixture, first) else { return };
    let second = members.insert_if_absent_on(Members::EMAIL, new("somebody else")).await;
    let Some(second) = served(fixture, second) else { return };
    assert_eq!(second, first);
    let other = NewMember::new("grace@example.org", "Grace");
    let other = members.insert_if_absent_on(Members::EMAIL, other).await;
    let Some(other) = served(fixture, other) else { return };
    assert_ne!(other.id, first.id);
    assert_eq!(members.find().count().await.unwrap(), 2);
    assert_eq!(members.get(first.id).await.unwrap(), Some(first));
}

pub(crate) async fn columns_that_are_unique_together(fixture: &Fixture) {
    let lines = Lines::new(fixture.store());
    let line = |number, text: &str| NewLine::new("a", number, "red", text).place(7);
    let place = (Lines::PLACE, Lines::COLOR);
    let Some(first) = served(fixture, lines.upsert_on(place, line(1, "one")).await) else { return };
    assert_eq!((first.number, first.place), (1, Some(7)));
    let Some(second) = served(fixture, lines.upsert_on(place, line(2, "two")).await) else {
        return;
    };
    assert_eq!((second.number, second.text.as_str()), (1, "two"));
    let third = lines.insert_if_absent_on(place, line(3, "three")).await;
    let Some(third) = served(fixture, third) else { return };
    assert_eq!(third, second);
    let other = lines.upsert_on(place, line(4, "four").place(8)).await;
    assert_eq!(served(fixture, other).map(|line| line.number), Some(4));
}

pub(crate) async fn text_that_sorts_by_its_bytes(fixture: &Fixture) {
    let titles = Titles::new(fixture.store());
    let new = |title: &str| NewTitle::new(title).slug("a-b");
    let Some(first) = served(fixture, titles.upsert_on(Titles::SLUG, new("a")).await) else {
        return;
    };
    let second = titles.insert_if_absent_on(Titles::SLUG, new("b")).await;
    let Some(second) = served(fixture, second) else { return };
    assert_eq!(second, first);
}

pub(crate) async fn what_the_new_row_lacks_stays(fixture: &Fixture) {
    let members = Members::new(fixture.store());
    let new = || NewMember::new("ada@example.org", "Ada");
    let Some(first) = served(fixture, members.upsert_on(Members::EMAIL, new()).await) else {
        return;
    };
    // A key that is given, and not used.
    let again = members.upsert_on(Members::EMAIL, new().id(first.id + 10).note("note")).await;
    let Some(again) = served(fixture, again) else { return };
    assert_eq!((again.id, again.note.as_deref()), (first.id, Some("note")));
    assert_eq!(members.find().count().await.unwrap(), 1);

    // A row that is deleted softly takes the values, none of which says that it is deleted.
    let memos = Memos::new(fixture.store());
    let Some(memo) = served(fixture, memos.upsert_on(Memos::TEXT, NewMemo::new("a", 1)).await)
    else {
        return;
    };
    memos.delete(memo.id).await.unwrap();
    let Some(again) = served(fixture, memos.upsert_on(Memos::TEXT, NewMemo::new("a", 2)).await)
    else {
        return;
    };
    assert_eq!((again.id, again.stars, again.deleted_at), (memo.id, 2, None));
}

pub(crate) async fn other_unique_values_and_keys_are_refused(fixture: &Fixture) {
    let parents = Parents::new(fixture.store());
    let taken = parents.insert(NewParent::new("taken")).await.unwrap();
    if fixture.capabilities().other_unique == Ability::Always {
        // The key is that of another row.
        let row = NewParent::new("free").id(taken.id);
        refused(parents.upsert_on(Parents::NAME, row.clone()).await, ErrorKind::Unique);
        refused(parents.insert_if_absent_on(Parents::NAME, row).await, ErrorKind::Unique);
    }
    parents.update(taken.id, ParentPatch::new().weight(1)).await.unwrap();
    assert_eq!(parents.find().one().await.unwrap().name, "taken");
}

pub(crate) async fn columns_that_are_not_unique_are_refused(fixture: &Fixture) {
    let parents = Parents::new(fixture.store());
    let new = || NewParent::new("a");
    let error = refused(parents.upsert_on(Parents::NOTE, new()).await, ErrorKind::InvalidInput);
    assert!(error.to_string().contains("`note` is not unique"), "{error}");
    assert!(error.hint().unwrap().contains("`name`"), "{error:?}");
    let both = (Parents::NAME, Parents::NOTE);
    refused(parents.insert_if_absent_on(both, new()).await, ErrorKind::InvalidInput);
    let error = refused(parents.upsert_on(Parents::ID, new()).await, ErrorKind::InvalidInput);
    assert!(error.hint().unwrap().contains("`upsert`"), "{error:?}");
    let tickets = Tickets::new(fixture.store());
    let ticket = tickets.upsert_on(Tickets::POINTS, NewTicket::new(1)).await;
    refused(ticket, ErrorKind::InvalidInput);
    assert_eq!(parents.find().count().await.unwrap(), 0);
}

pub(crate) async fn values_that_tell_nothing_are_refused(fixture: &Fixture) {
    let lines = Lines::new(fixture.store());
    let line = || NewLine::new("a", 1, "red", "one");
    let place = (Lines::COLOR, Lines::PLACE);
    let error = refused(lines.upsert_on(place, line()).await, ErrorKind::InvalidInput);
    assert!(error.to_string().contains("`place`"), "{error}");
    refused(lines.insert_if_absent_on(place, line()).await, ErrorKind::InvalidInput);
    assert_eq!(lines.find().count().await.unwrap(), 0);
}
