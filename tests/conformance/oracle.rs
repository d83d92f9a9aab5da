//! What a filter of facts finds, by SQL's three-valued logic written out in Rust.

use crate::sample::{Fact, Facts};
use chronicle::Filter;
use chrono::{DateTime, Utc};
use serde_json::Value as Json;

/// A filter of facts that can be run by a backend and computed here.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    Id(Comparison, i64),
    Number(Comparison, i32),
    NumberBetween(i32, i32),
    NumberIn(Vec<i32>),
    Real(Comparison, f64),
    Time(Comparison, DateTime<Utc>),
    Flag(Comparison, bool),
    Text(TextTest),
    /// The text at a path of `data`.
    Data(Vec<Step>, TextTest),
    DataIsNull(Vec<Step>),
    IsNull(Column),
    IsNotNull(Column),
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug)]
pub(crate) enum TextTest {
    Equal(String),
    NotEqual(String),
    In(Vec<String>),
    Contains(String),
    StartsWith(String),
    EndsWith(String),
    ContainsAnyCase(String),
    StartsWithAnyCase(String),
    EndsWithAnyCase(String),
    EqualAnyCase(String),
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Key(&'static str),
    Index(u32),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Column {
    Number,
    Text,
    Flag,
    Real,
    Time,
    Data,
}

macro_rules! compare {
    ($field:expr, $comparison:expr, $value:expr) => {
        match $comparison {
            Comparison::Equal => $field.eq($value),
            Comparison::NotEqual => $field.ne($value),
            Comparison::Less => $field.lt($value),
            Comparison::LessOrEqual => $field.le($value),
            Comparison::Greater => $field.gt($value),
            Comparison::GreaterOrEqual => $field.ge($value),
        }
    };
}

macro_rules! test_text {
    ($field:expr, $test:expr) => {
        match $test {
            TextTest::Equal(text) => $field.eq(text),
            TextTest::NotEqual(text) => $field.ne(text),
            TextTest::In(texts) => $field.is_in(texts),
            TextTest::Contains(text) => $field.contains(text),
            TextTest::StartsWith(text) => $field.starts_with(text),
            TextTest::EndsWith(text) => $field.ends_with(text),
            TextTest::ContainsAnyCase(text) => $field.contains_any_case(text),
            TextTest::StartsWithAnyCase(text) => $field.starts_with_any_case(text),
            TextTest::EndsWithAnyCase(text) => $field.ends_with_any_case(text),
            TextTest::EqualAnyCase(text) => $field.eq_any_case(text),
        }
    };
}

impl Condition {
    /// The condition as the library takes it.
    pub(crate) fn filter(&self) -> Filter<Fact> {
        match self.clone() {
            Self::Id(comparison, value) => compare!(Facts::ID, comparison, value),
            Self::Number(comparison, value) => compare!(Facts::NUMBER, comparison, value),
            Self::NumberBetween(low, high) => Facts::NUMBER.between(low, high),
            Self::NumberIn(values) => Facts::NUMBER.is_in(values),
            Self::Real(comparison, value) => compare!(Facts::REAL, comparison, value),
            Self::Time(comparison, value) => compare!(Facts::TIME, comparison, value),
            Self::Flag(comparison, value) => compare!(Facts::FLAG, comparison, value),
            Self::Text(test) => test_text!(Facts::TEXT, test),
            Self::Data(steps, test) => test_text!(path(&steps), test),
            Self::DataIsNull(steps) => path(&steps).is_null(),
            Self::IsNull(column) => is_null(column),
            Self::IsNotNull(column) => match column {
                Column::Number => Facts::NUMBER.is_not_null(),
                Column::Text => Facts::TEXT.is_not_null(),
                Column::Flag => Facts::FLAG.is_not_null(),
                Column::Real => Facts::REAL.is_not_null(),
                Column::Time => Facts::TIME.is_not_null(),
                Column::Data => Facts::DATA.is_not_null(),
            },
            Self::All(conditions) => Filter::all(conditions.iter().map(Self::filter)),
            Self::Any(conditions) => Filter::any(conditions.iter().map(Self::filter)),
            Self::Not(condition) => !condition.filter(),
        }
    }

    /// Whether the condition is true of the fact; `None` is SQL's "unknown".
    pub(crate) fn evaluate(&self, fact: &Fact) -> Option<bool> {
        match self {
            Self::Id(comparison, value) => comparison.of(Some(&fact.id), value),
            Self::Number(comparison, value) => comparison.of(fact.number.as_ref(), value),
            Self::NumberBetween(low, high) => {
                fact.number.map(|number| (*low..=*high).contains(&number))
            }
            // In an empty list there is nothing, not even something unknown.
            Self::NumberIn(values) if values.is_empty() => Some(false),
            Self::NumberIn(values) => fact.number.map(|number| values.contains(&number)),
            Self::Real(comparison, value) => comparison.of(fact.real.as_ref(), value),
            Self::Time(comparison, value) => comparison.of(fact.time.as_ref(), value),
            Self::Flag(comparison, value) => comparison.of(fact.flag.as_ref(), value),
            Self::Text(test) => test.of(fact.text.as_deref()),
            Self::Data(steps, test) => test.of(text_at(fact.data.as_ref(), steps).as_deref()),
            Self::DataIsNull(steps) => Some(text_at(fact.data.as_ref(), steps).is_none()),
            Self::IsNull(column) => Some(column.is_null(fact)),
            Self::IsNotNull(column) => Some(!column.is_null(fact)),
            Self::All(conditions) => {
                let all: Vec<_> = conditions.iter().map(|one| one.evaluate(fact)).collect();
                if all.contains(&Some(false)) {
                    Some(false)
                } else if all.contains(&None) {
                    None
                } else {
                    Some(true)
                }
            }
            Self::Any(conditions) => {
                let all: Vec<_> = conditions.iter().map(|one| one.evaluate(fact)).collect();
                if all.contains(&Some(true)) {
                    Some(true)
                } else if all.contains(&None) {
                    None
                } else {
                    Some(false)
                }
            }
            Self::Not(condition) => condition.evaluate(fact).map(|is_true| !is_true),
        }
    }

    /// The keys of the facts that the condition finds, in the order given.
    pub(crate) fn finds(&self, facts: &[Fact]) -> Vec<i64> {
        facts.iter().filter(|fact| self.evaluate(fact) == Some(true)).map(|fact| fact.id).collect()
    }
}

impl std::ops::Not for Condition {
    type Output = Self;
    fn not(self) -> Self {
        Self::Not(Box::new(self))
    }
}

impl Comparison {
    pub(crate) const EACH: [Self; 6] = [
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
    ];

    fn of<T: PartialOrd>(self, left: Option<&T>, right: &T) -> Option<bool> {
        let left = left?;
        Some(match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        })
    }
}

impl TextTest {
    pub(crate) fn of(&self, text: Option<&str>) -> Option<bool> {
        if let Self::In(texts) = self
            && texts.is_empty()
        {
            return Some(false);
        }
        let text = text?;
        Some(match self {
            Self::Equal(other) => text == other,
            Self::NotEqual(other) => text != other,
            Self::In(others) => others.iter().any(|other| other == text),
            Self::Contains(part) => text.contains(part.as_str()),
            Self::StartsWith(part) => text.starts_with(part.as_str()),
            Self::EndsWith(part) => text.ends_with(part.as_str()),
            Self::ContainsAnyCase(part) => folded(text).contains(&folded(part)),
            Self::StartsWithAnyCase(part) => folded(text).starts_with(&folded(part)),
            Self::EndsWithAnyCase(part) => folded(text).ends_with(&folded(part)),
            Self::EqualAnyCase(part) => folded(text) == folded(part),
        })
    }
}

impl Column {
    pub(crate) const EACH: [Self; 6] =
        [Self::Number, Self::Text, Self::Flag, Self::Real, Self::Time, Self::Data];

    fn is_null(self, fact: &Fact) -> bool {
        match self {
            Self::Number => fact.number.is_none(),
            Self::Text => fact.text.is_none(),
            Self::Flag => fact.flag.is_none(),
            Self::Real => fact.real.is_none(),
            Self::Time => fact.time.is_none(),
            Self::Data => fact.data.is_none(),
        }
    }
}

fn is_null(column: Column) -> Filter<Fact> {
    match column {
        Column::Number => Facts::NUMBER.is_null(),
        Column::Text => Facts::TEXT.is_null(),
        Column::Flag => Facts::FLAG.is_null(),
        Column::Real => Facts::REAL.is_null(),
        Column::Time => Facts::TIME.is_null(),
        Column::Data => Facts::DATA.is_null(),
    }
}

/// `steps` is never empty.
fn path(steps: &[Step]) -> chronicle::JsonPath<Fact> {
    let (first, rest) = steps.split_first().unwrap();
    let path = match first {
        Step::Key(key) => Facts::DATA.key(*key),
        Step::Index(index) => Facts::DATA.index(*index),
    };
    rest.iter().fold(path, |path, step| match step {
        Step::Key(key) => path.key(*key),
        Step::Index(index) => path.index(*index),
    })
}

/// The text of a scalar at a path of a document.
fn text_at(data: Option<&Json>, steps: &[Step]) -> Option<String> {
    let value = steps.iter().try_fold(data?, |value, step| match step {
        Step::Key(key) => value.as_object()?.get(*key),
        Step::Index(index) => value.as_array()?.get(*index as usize),
    })?;
    match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
        Json::Array(_) | Json::Object(_) => panic!("{steps:?} leads to no scalar"),
    }
}

/// In lower case, character by character.
fn folded(text: &str) -> String {
    let fold = |character: char| {
        let mut lower = character.to_lowercase();
        match (lower.next(), lower.next()) {
            _ if character == 'ς' => 'σ',
            (Some(lower), None) => lower,
            _ => character,
        }
    };
    text.chars().map(fold).collect()
}
