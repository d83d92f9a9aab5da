//! A NULL makes a condition unknown, and what is unknown is not found, nor its negation.

use crate::fixture::Fixture;
use crate::oracle::{Column, Comparison, Condition, Step, TextTest};
use crate::sample::{Fact, Facts, NewFact, ids, time};
use serde_json::json;

async fn store(fixture: &Fixture) -> (Facts, Vec<Fact>) {
    let facts = Facts::new(fixture.store());
    let at = time("2024-02-29T12:00:00Z");
    let whole = |id| {
        NewFact::new(id).number(1).text("a").flag(true).real(0.5).time(at).data(json!({"k": "a"}))
    };
    facts
        .insert_many([
            NewFact::new(1),
            whole(2),
            whole(3).number(-1).text("A").flag(false).real(-0.5).data(json!({"k": null})),
            NewFact::new(4).number(2).text(""),
            NewFact::new(5).flag(true).real(1.5),
            NewFact::new(6).time(time("1969-12-31T23:59:59.999999Z")).data(json!({})),
            NewFact::new(7).data(json!({"k": ""})).text("ba"),
        ])
        .await
        .unwrap();
    let rows = facts.find().all().await.unwrap();
    (facts, rows)
}

fn leaves() -> Vec<Condition> {
    let text = |text: &str| text.to_owned();
    let tests = [
        TextTest::Equal(text("a")),
        TextTest::NotEqual(text("a")),
        TextTest::Equal(text("")),
        TextTest::NotEqual(text("")),
        TextTest::In(vec![]),
        TextTest::In(vec![text("a")]),
        TextTest::In(vec![text("a"), text("")]),
        TextTest::Contains(text("a")),
        TextTest::Contains(text("")),
        TextTest::StartsWith(text("a")),
        TextTest::StartsWith(text("")),
        TextTest::EndsWith(text("a")),
        TextTest::EndsWith(text("")),
    ];
    let mut leaves = vec![
        Condition::NumberBetween(0, 1),
        Condition::NumberBetween(1, 0),
        Condition::NumberIn(vec![]),
        Condition::NumberIn(vec![1, 2]),
        Condition::Flag(Comparison::Equal, true),
        Condition::Flag(Comparison::NotEqual, true),
        Condition::DataIsNull(vec![Step::Key("k")]),
    ];
    for comparison in Comparison::EACH {
        leaves.push(Condition::Id(comparison, 4));
        leaves.push(Condition::Number(comparison, 1));
        leaves.push(Condition::Real(comparison, 0.5));
        leaves.push(Condition::Time(comparison, time("2024-02-29T12:00:00Z")));
    }
    leaves.extend(tests.iter().cloned().map(Condition::Text));
    leaves.extend(tests.into_iter().map(|test| Condition::Data(vec![Step::Key("k")], test)));
    leaves.extend(Column::EACH.map(Condition::IsNull));
    leaves.extend(Column::EACH.map(Condition::IsNotNull));
    leaves
}

async fn check(facts: &Facts, rows: &[Fact], condition: Condition) {
    let find = || facts.find().filter(condition.filter());
    let found = find().all().await.unwrap_or_else(|error| panic!("{condition:?}: {error}"));
    let expected = condition.finds(rows);
    assert_eq!(ids(&found), expected, "{condition:?}");
    assert_eq!(find().count().await.unwrap(), expected.len() as u64, "{condition:?}");
}

pub(crate) async fn each_condition_and_its_negation(fixture: &Fixture) {
    let (facts, rows) = store(fixture).await;
    for leaf in leaves() {
        check(&facts, &rows, leaf.clone()).await;
        check(&facts, &rows, !leaf.clone()).await;
        check(&facts, &rows, !!leaf).await;
    }
}

pub(crate) async fn joined_by_and_and_or(fixture: &Fixture) {
    let (facts, rows) = store(fixture).await;
    let unknown = Condition::Flag(Comparison::Equal, true);
    for leaf in leaves() {
        for joined in [
            Condition::All(vec![leaf.clone(), unknown.clone()]),
            Condition::Any(vec![leaf.clone(), unknown.clone()]),
            Condition::All(vec![
                !leaf.clone(),
                Condition::Any(vec![unknown.clone(), leaf.clone()]),
            ]),
        ] {
            check(&facts, &rows, joined.clone()).await;
            check(&facts, &rows, !joined).await;
        }
    }
}

pub(crate) async fn in_writes_too(fixture: &Fixture) {
    let (facts, rows) = store(fixture).await;
    for leaf in [
        !Condition::Text(TextTest::Contains(String::new())),
        !Condition::Number(Comparison::Equal, 1),
        !Condition::Data(vec![Step::Key("k")], TextTest::Equal("a".to_owned())),
    ] {
        let expected = leaf.finds(&rows).len() as u64;
        let patch = || crate::sample::FactPatch::new().flag(true);
        let changed = facts.update_where(leaf.filter(), patch()).await.unwrap();
        assert_eq!(changed, expected, "{leaf:?}");
    }
    let leaf = !Condition::Text(TextTest::StartsWith("a".to_owned()));
    let deleted = facts.delete_where(leaf.filter()).await.unwrap();
    assert_eq!(deleted, leaf.finds(&rows).len() as u64);
    assert_eq!(facts.find().count().await.unwrap(), rows.len() as u64 - deleted);
}
