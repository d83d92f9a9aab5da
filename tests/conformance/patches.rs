//! `update`, `update_where`, `update_all`.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{
    FactPatch, Facts, NewFact, NewParent, NewWard, NewWord, Parents, WardPatch, Wards, WordPatch,
    Words,
};
use chronicle::{ErrorKind, Filter, Patch};
use serde_json::json;

pub(crate) async fn what_is_not_named_is_left_alone(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert(NewFact::new(1).number(1).text("a").flag(true)).await.unwrap();
    facts.insert(NewFact::new(2).number(1).text("a").flag(true)).await.unwrap();
    let patch = FactPatch::new().number(2).clear_text();
    assert_eq!(facts.update(1, patch).await.unwrap(), 1);
    let fact = facts.get(1).await.unwrap().unwrap();
    assert_eq!((fact.number, fact.text, fact.flag), (Some(2), None, Some(true)));
    let other = facts.get(2).await.unwrap().unwrap();
    assert_eq!((other.number, other.text.as_deref()), (Some(1), Some("a")));
}

pub(crate) async fn the_last_word_on_a_column_counts(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert(NewFact::new(1)).await.unwrap();
    facts.update(1, FactPatch::new().number(1).clear_number().number(3)).await.unwrap();
    assert_eq!(facts.get(1).await.unwrap().unwrap().number, Some(3));
    facts.update(1, FactPatch::new().number(4).clear_number()).await.unwrap();
    assert_eq!(facts.get(1).await.unwrap().unwrap().number, None);
}

pub(crate) async fn forms_hold_options(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let new =
        NewFact::new(1).number(None).text(Some("a".to_owned())).flag(true).data(Some(json!([1])));
    let stored = facts.insert(new).await.unwrap();
    assert_eq!((stored.number, stored.text.as_deref(), stored.flag), (None, Some("a"), Some(true)));
    assert_eq!(stored.data, Some(json!([1])));

    let patch = FactPatch::new().number(Some(2)).text(None).flag(None).data(json!({})).real(0.5);
    let stored = facts.update_returning(1, patch).await.unwrap().unwrap();
    assert_eq!((stored.number, &stored.text, stored.flag), (Some(2), &None, None));
    assert_eq!((stored.data, stored.real), (Some(json!({})), Some(0.5)));

    // What decides is known only when the program runs.
    for number in [Some(5), None] {
        facts.update(1, FactPatch::new().number(number).data(None)).await.unwrap();
        let stored = facts.get(1).await.unwrap().unwrap();
        assert_eq!((stored.number, stored.data), (number, None));
    }

    let wards = Wards::new(fixture.store());
    let parent = Parents::new(fixture.store()).insert(NewParent::new("a")).await.unwrap();
    let ward = wards.insert(NewWard::new("w").parent_id(Some(parent.id))).await.unwrap();
    assert_eq!(ward.parent_id, Some(parent.id));
    let ward = wards.update_returning(ward.id, WardPatch::new().parent_id(None)).await.unwrap();
    assert_eq!(ward.unwrap().parent_id, None);
}

pub(crate) async fn no_row_is_no_error(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    assert_eq!(facts.update(1, FactPatch::new().number(1)).await.unwrap(), 0);
    let filter = Facts::NUMBER.eq(1);
    assert_eq!(facts.update_where(filter, FactPatch::new().number(2)).await.unwrap(), 0);
    assert_eq!(facts.update_all(FactPatch::new().number(2)).await.unwrap(), 0);
    assert_eq!(facts.find().count().await.unwrap(), 0);
}

pub(crate) async fn an_empty_patch_changes_nothing(fixture: &Fixture) {
    let words = Words::new(fixture.store());
    let word = words.insert(NewWord::new("a")).await.unwrap();
    assert_eq!(words.update("a", WordPatch::new()).await.unwrap(), 0);
    assert_eq!(words.update_where(Words::STARS.eq(0), WordPatch::new()).await.unwrap(), 0);
    assert_eq!(words.update_all(WordPatch::default()).await.unwrap(), 0);
    assert_eq!(words.get("a").await.unwrap(), Some(word));
}

pub(crate) async fn many_rows_are_counted(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert_many((1..=10).map(|id| NewFact::new(id).number(id))).await.unwrap();
    let changed = facts
        .update_where(Facts::NUMBER.gt(7).or(Facts::ID.eq(1)), FactPatch::new().text("x"))
        .await
        .unwrap();
    assert_eq!(changed, 4);
    assert_eq!(facts.find().filter(Facts::TEXT.eq("x")).count().await.unwrap(), 4);
    // A row counts though it holds the value already.
    assert_eq!(facts.update_all(FactPatch::new().text("x")).await.unwrap(), 10);
}

pub(crate) async fn a_filter_of_everything_asks_for_update_all(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert(NewFact::new(1)).await.unwrap();
    let patch = || FactPatch::new().number(1);
    for everything in [
        Filter::all([]),
        !Facts::ID.is_in([0_i64; 0]),
        Filter::any([Facts::NUMBER.eq(5), Filter::all([])]),
        !Filter::any([]),
    ] {
        refused(facts.update_where(everything, patch()).await, ErrorKind::InvalidInput);
    }
    for nothing in [
        Filter::any([]),
        Facts::ID.is_in([0_i64; 0]),
        !Filter::all([]),
        Filter::all([Facts::ID.eq(1), Filter::any([])]),
    ] {
        assert_eq!(facts.update_where(nothing, patch()).await.unwrap(), 0);
    }
    assert_eq!(facts.get(1).await.unwrap().unwrap().number, None);
}

pub(crate) async fn a_key_never_changes(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert(NewFact::new(1)).await.unwrap();
    let mut patch = Patch::new();
    patch.set(Facts::ID, 2);
    refused(facts.update(1, patch).await, ErrorKind::InvalidInput);
    assert!(facts.get(1).await.unwrap().is_some());
}

pub(crate) async fn a_filter_sees_the_values_before_the_patch(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert_many((1..=4).map(|id| NewFact::new(id).number(id))).await.unwrap();
    let filter = Facts::NUMBER.le(2);
    assert_eq!(facts.update_where(filter, FactPatch::new().number(3)).await.unwrap(), 2);
    assert_eq!(facts.find().filter(Facts::NUMBER.eq(3)).count().await.unwrap(), 3);
}
