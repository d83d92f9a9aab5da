//! Random filters find what SQL's three-valued logic says that they find.

use crate::fixture::Fixture;
use crate::oracle::{Column, Comparison, Condition, Step, TextTest};
use crate::sample::{Fact, Facts, NewFact, ids, time};
use chrono::{DateTime, Utc};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};

const TEXTS: &[&str] = &[
    "", "a", "A", "ab", "b", "%", "_", "*", "a*", "a,b", "(a)", "\"a\"", "\\", "null", "é", " a",
    "[a-z]", "a.b", "1", "true",
];
const NUMBERS: &[i32] = &[i32::MIN, -1, 0, 1, 2, i32::MAX];
const REALS: &[f64] = &[-1.5, 0.0, 0.1, 1.0, 1e15 + 0.3, 1e-300];

fn times() -> Vec<DateTime<Utc>> {
    ["1960-01-01T00:00:00.5Z", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000001Z"]
        .map(time)
        .to_vec()
}

fn documents() -> Vec<Json> {
    vec![
        json!({}),
        json!({"k": null}),
        json!({"k": 1}),
        json!({"k": true, "l": ["a", null, 2]}),
        json!({"k": "a", "l": []}),
        json!({"k": "A", "o": {"odd key, (a)": "a*"}}),
        json!({"k": "", "o": {"odd key, (a)": false}}),
        json!({"k": "a,b", "l": ["\"a\"", "\\"]}),
        json!(["a"]),
    ]
}

fn rows() -> impl Iterator<Item = NewFact> {
    let (times, documents) = (times(), documents());
    (0..60_usize).map(move |at| {
        let mut fact = NewFact::new(at as i64);
        if at % 7 != 0 {
            fact = fact.number(NUMBERS[at % NUMBERS.len()]);
        }
        if at % 5 != 0 {
            fact = fact.text(TEXTS[at % TEXTS.len()]);
        }
        if at % 3 != 0 {
            fact = fact.flag(at % 2 == 0);
        }
        if at % 4 != 0 {
            fact = fact.real(REALS[at % REALS.len()]);
        }
        if at % 6 != 0 {
            fact = fact.time(times[at % times.len()]);
        }
        if at % 11 != 0 {
            fact = fact.data(documents[at % documents.len()].clone());
        }
        fact
    })
}

fn text() -> impl Strategy<Value = String> {
    select(TEXTS).prop_map(str::to_owned)
}

fn text_test() -> impl Strategy<Value = TextTest> {
    prop_oneof![
        text().prop_map(TextTest::Equal),
        text().prop_map(TextTest::NotEqual),
        vec(text(), 0..4).prop_map(TextTest::In),
        text().prop_map(TextTest::Contains),
        text().prop_map(TextTest::StartsWith),
        text().prop_map(TextTest::EndsWith),
        text().prop_map(TextTest::ContainsAnyCase),
        text().prop_map(TextTest::StartsWithAnyCase),
        text().prop_map(TextTest::EndsWithAnyCase),
        text().prop_map(TextTest::EqualAnyCase),
    ]
}

/// Paths to scalars.
fn path() -> impl Strategy<Value = Vec<Step>> {
    select(vec![
        vec![Step::Key("k")],
        vec![Step::Key("missing")],
        vec![Step::Index(0)],
        vec![Step::Key("l"), Step::Index(0)],
        vec![Step::Key("l"), Step::Index(1)],
        vec![Step::Key("o"), Step::Key("odd key, (a)")],
    ])
}

fn leaf() -> impl Strategy<Value = Condition> {
    let comparison = || select(&Comparison::EACH[..]);
    let column = || select(&Column::EACH[..]);
    prop_oneof![
        (comparison(), 0..60_i64).prop_map(|(by, value)| Condition::Id(by, value)),
        (comparison(), select(NUMBERS)).prop_map(|(by, value)| Condition::Number(by, value)),
        (select(NUMBERS), select(NUMBERS))
            .prop_map(|(low, high)| Condition::NumberBetween(low, high)),
        vec(select(NUMBERS), 0..4).prop_map(Condition::NumberIn),
        (comparison(), select(REALS)).prop_map(|(by, value)| Condition::Real(by, value)),
        (comparison(), select(times())).prop_map(|(by, value)| Condition::Time(by, value)),
        (comparison(), any::<bool>()).prop_map(|(how, value)| Condition::Flag(how, value)),
        text_test().prop_map(Condition::Text),
        text_test().prop_map(Condition::Text),
        (path(), text_test()).prop_map(|(path, test)| Condition::Data(path, test)),
        path().prop_map(Condition::DataIsNull),
        column().prop_map(Condition::IsNull),
        column().prop_map(Condition::IsNotNull),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    leaf().prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Condition::All),
            vec(inner.clone(), 0..4).prop_map(Condition::Any),
            inner.prop_map(|condition| !condition),
        ]
    })
}

/// What is wrong with what a condition finds, if anything.
async fn mistake(facts: &Facts, rows: &[Fact], condition: &Condition) -> Option<String> {
    let found = match facts.find().filter(condition.filter()).all().await {
        Ok(found) => ids(&found),
        Err(error) => return Some(error.to_string()),
    };
    let expected = condition.finds(rows);
    (found != expected).then(|| format!("found {found:?}, expected {expected:?}"))
}

/// A failure is made as small as it gets; `PROPTEST_RNG_SEED` repeats a run.
pub(crate) async fn random_filters(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert_many(rows()).await.unwrap();
    let rows = facts.find().all().await.unwrap();
    let (strategy, mut runner) = (condition(), TestRunner::default());
    for _ in 0..fixture.random_filters() {
        let mut tree = strategy.new_tree(&mut runner).unwrap();
        let Some(mut wrong) = mistake(&facts, &rows, &tree.current()).await else { continue };
        let mut smallest = tree.current();
        let mut smaller = tree.simplify();
        while smaller {
            smaller = match mistake(&facts, &rows, &tree.current()).await {
                Some(still) => {
                    (smallest, wrong) = (tree.current(), still);
                    tree.simplify()
                }
                None => tree.complicate(),
            };
        }
        panic!("{smallest:?}: {wrong}");
    }
}

/// Random numbers come back bit by bit, as columns and inside of JSON.
pub(crate) async fn random_numbers(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let mut runner = TestRunner::default();
    let numbers =
        vec((any::<i64>(), proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL), 500);
    let numbers = numbers.new_tree(&mut runner).unwrap().current();
    let rows = numbers.iter().map(|(integer, real)| {
        NewFact::new(*integer).real(*real).data(json!({"integer": integer}))
    });
    facts.insert_many_if_absent(rows).await.unwrap();
    let stored = facts.find().all().await.unwrap();
    for (integer, real) in numbers {
        let fact = stored.iter().find(|fact| fact.id == integer).unwrap();
        assert_eq!(fact.real, Some(real));
        assert_eq!(fact.data, Some(json!({"integer": integer})));
    }
}

/// Random text, whatever characters are in it, comes back and is found by equality alone.
pub(crate) async fn random_texts(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let mut runner = TestRunner::default();
    let text = vec(any::<char>().prop_filter("NUL is refused", |c| *c != '\0'), 0..30);
    let texts = vec(text.prop_map(String::from_iter), 60).new_tree(&mut runner).unwrap().current();
    facts
        .insert_many((0..).zip(&texts).map(|(id, text)| NewFact::new(id).text(text.clone())))
        .await
        .unwrap();
    let rows = facts.find().all().await.unwrap();
    for (fact, text) in rows.iter().zip(&texts) {
        assert_eq!(fact.text.as_ref(), Some(text));
        let cut = text.char_indices().nth(2).map_or(0, |(at, _)| at);
        let (head, tail) = text.split_at(cut);
        for test in [
            TextTest::Equal(text.clone()),
            TextTest::In(vec![text.clone(), "x".to_owned()]),
            TextTest::StartsWith(head.to_owned()),
            TextTest::EndsWith(tail.to_owned()),
            TextTest::Contains(tail.to_owned()),
        ] {
            let condition =
                Condition::Any(vec![Condition::Text(test), Condition::Id(Comparison::Equal, -1)]);
            assert_eq!(mistake(&facts, &rows, &condition).await, None, "{condition:?}");
        }
    }
}
