//! Whole states of a row: `update_returning`, `save`, and the patch between two of them.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{
    FactPatch, Facts, LinePatch, Lines, NewFact, NewLine, NewTicket, NewWord, ParentPatch, Parents,
    TicketPatch, Tickets, Words, time,
};
use chronicle::{BackendKind, ErrorKind, Patch};
use chrono::Duration;

pub(crate) async fn an_update_gives_the_stored_row_back(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert(NewFact::new(1).number(1).text("a").flag(true)).await.unwrap();
    let stored = facts.update_returning(1, FactPatch::new().number(2).clear_text()).await.unwrap();
    let stored = stored.unwrap();
    assert_eq!((stored.number, stored.text.as_deref(), stored.flag), (Some(2), None, Some(true)));
    assert_eq!(facts.get(1).await.unwrap(), Some(stored.clone()));
    // Nothing to change: the row is read.
    assert_eq!(facts.update_returning(1, FactPatch::new()).await.unwrap(), Some(stored));

    let lines = Lines::new(fixture.store());
    lines.insert(NewLine::new("a", 1, "red", "one")).await.unwrap();
    let line = lines.insert(NewLine::new("a", 2, "red", "two")).await.unwrap();
    let stored =
        lines.update_returning(("a", 2), LinePatch::new().place(7)).await.unwrap().unwrap();
    assert_eq!((stored.number, stored.place, stored.text.as_str()), (2, Some(7), "two"));
    assert!(stored.updated_at >= line.updated_at);
    assert_eq!(lines.get(("a", 2)).await.unwrap(), Some(stored));
}

pub(crate) async fn no_row_is_given_back_where_there_is_none(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    assert_eq!(facts.update_returning(1, FactPatch::new().number(2)).await.unwrap(), None);
    assert_eq!(facts.update_returning(1, FactPatch::new()).await.unwrap(), None);
    let mut patch = Patch::new();
    patch.set(Facts::ID, 2);
    refused(facts.update_returning(1, patch).await, ErrorKind::InvalidInput);
}

pub(crate) async fn what_the_database_makes_of_an_update_comes_back(fixture: &Fixture) {
    let tickets = Tickets::new(fixture.store());
    let before = tickets.insert(NewTicket::new(1).id(5)).await.unwrap();
    let stored = tickets.update_returning(5, TicketPatch::new().points(8)).await.unwrap().unwrap();
    assert_eq!((stored.points, stored.twice), (8, Some(16)));
    // Only the server has the trigger.
    if fixture.databases() == [BackendKind::Postgrest] {
        assert!(stored.updated_at > before.updated_at);
    }
    assert_eq!(tickets.get(5).await.unwrap(), Some(stored));
}

pub(crate) async fn saving_sends_what_differs(fixture: &Fixture) {
    let parents = Parents::new(fixture.store());
    let before = parents
        .insert(crate::sample::NewParent::new("before").note("note").weight(1))
        .await
        .unwrap();
    let mut after = before.clone();
    after.name = "after".to_owned();
    after.note = None;
    // What others have changed meanwhile stays.
    parents.update(before.id, ParentPatch::new().weight(2)).await.unwrap();
    let stored = parents.save(&before, after.clone()).await.unwrap();
    assert_eq!((stored.name.as_str(), &stored.note, stored.weight), ("after", &None, Some(2)));
    assert!(stored.updated_at > before.updated_at, "it is set as by any update");
    assert_eq!(parents.get(before.id).await.unwrap(), Some(stored));

    let chosen = Some(time("2026-01-01T00:00:00Z"));
    let mut later = after.clone();
    later.updated_at = chosen;
    assert_eq!(parents.save(&after, later).await.unwrap().updated_at, chosen);
}

pub(crate) async fn saving_no_difference_asks_nothing(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let before = facts.insert(NewFact::new(1).number(1)).await.unwrap();
    facts.update(1, FactPatch::new().number(2)).await.unwrap();
    let after = facts.save(&before, before.clone()).await.unwrap();
    assert_eq!(after.number, Some(1), "nothing was asked");
    assert_eq!(facts.get(1).await.unwrap().unwrap().number, Some(2));
}

pub(crate) async fn what_cannot_be_saved(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let before = facts.insert(NewFact::new(1).number(1)).await.unwrap();
    let mut other = before.clone();
    other.id = 2;
    refused(facts.save(&before, other).await, ErrorKind::InvalidInput);
    let mut bad = before.clone();
    bad.text = Some("a\0b".to_owned());
    let error = refused(facts.save(&before, bad).await, ErrorKind::InvalidInput);
    assert!(error.to_string().contains("`text`"), "{error}");
    facts.delete(1).await.unwrap();
    let mut late = before.clone();
    late.number = Some(3);
    refused(facts.save(&before, late).await, ErrorKind::NotFound);
    assert_eq!(facts.find().count().await.unwrap(), 0);
}

pub(crate) async fn between_two_states_is_what_is_stored_otherwise(fixture: &Fixture) {
    let words = Words::new(fixture.store());
    let before = words.insert(NewWord::new("a")).await.unwrap();
    let mut after = before.clone();
    after.updated_at += Duration::nanoseconds(300);
    assert!(Patch::between(&before, &after).is_empty(), "times are cut to microseconds");
    after.stars = 3;
    let patch = Patch::between(&before, &after);
    let text = format!("{patch:?}");
    assert!(text.contains("stars") && !text.contains("updated_at"), "{text}");
    assert_eq!(words.update("a", patch).await.unwrap(), 1);
    assert_eq!(words.get("a").await.unwrap().unwrap().stars, 3);
}
