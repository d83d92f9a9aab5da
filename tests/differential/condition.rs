//! [`Condition`]: a filter that can be drawn, run by a backend, and computed here.

use crate::draw;
use crate::entity::{Entity, Related, Table};
use crate::value::Cell;
use crate::world::World;
use chronicle::Filter;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

#[derive(Clone, Debug)]
pub(crate) enum Condition {
    Compare(usize, Comparison, Cell),
    Between(usize, Cell, Cell),
    In(usize, Vec<Cell>),
    Text(usize, TextTest, String),
    IsNull(usize),
    Related(usize, Option<Box<Self>>),
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

#[derive(Clone, Copy, Debug)]
pub(crate) enum TextTest {
    Contains,
    StartsWith,
    EndsWith,
    ContainsAnyCase,
    StartsWithAnyCase,
    EndsWithAnyCase,
    EqualAnyCase,
}

const EQUAL: [Comparison; 2] = [Comparison::Equal, Comparison::NotEqual];
const ORDERED: [Comparison; 6] = [
    Comparison::Equal,
    Comparison::NotEqual,
    Comparison::Less,
    Comparison::LessOrEqual,
    Comparison::Greater,
    Comparison::GreaterOrEqual,
];
const TESTS: [TextTest; 7] = [
    TextTest::Contains,
    TextTest::StartsWith,
    TextTest::EndsWith,
    TextTest::ContainsAnyCase,
    TextTest::StartsWithAnyCase,
    TextTest::EndsWithAnyCase,
    TextTest::EqualAnyCase,
];

/// A condition on the rows of a table; on related ones through so many tables.
pub(crate) fn condition(table: Table, related: u32) -> BoxedStrategy<Condition> {
    let leaf = leaf(table, related);
    leaf.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Condition::All),
            vec(inner.clone(), 0..4).prop_map(Condition::Any),
            inner.prop_map(|condition| Condition::Not(Box::new(condition))),
        ]
    })
    .boxed()
}

/// A condition with a list that no URL holds, which goes in several requests.
pub(crate) fn long_list(table: Table) -> BoxedStrategy<Condition> {
    let lists = table.shapes().into_iter().enumerate().map(|(at, shape)| {
        vec(draw::cell(shape.kind), 900..1_200)
            .prop_map(move |cells| Condition::In(at, cells))
            .boxed()
    });
    let list = proptest::strategy::Union::new(lists.collect::<Vec<_>>());
    (list, leaf(table, 0)).prop_map(|(list, leaf)| Condition::All(vec![leaf, list])).boxed()
}

fn leaf(table: Table, related: u32) -> BoxedStrategy<Condition> {
    let mut leaves = Vec::new();
    for (at, shape) in table.shapes().into_iter().enumerate() {
        let value = || draw::cell(shape.kind);
        let comparisons: &[Comparison] = if shape.is_ordered { &ORDERED } else { &EQUAL };
        leaves.push(
            (select(comparisons), value())
                .prop_map(move |(comparison, cell)| Condition::Compare(at, comparison, cell))
                .boxed(),
        );
        leaves.push(vec(value(), 0..5).prop_map(move |cells| Condition::In(at, cells)).boxed());
        if shape.is_ordered {
            let ends = (value(), value());
            leaves
                .push(ends.prop_map(move |(low, high)| Condition::Between(at, low, high)).boxed());
        }
        if shape.is_text {
            let test = (select(&TESTS[..]), draw::text());
            leaves.push(test.prop_map(move |(test, text)| Condition::Text(at, test, text)).boxed());
        }
        if shape.is_nullable {
            leaves.push(Just(Condition::IsNull(at)).boxed());
        }
    }
    if related > 0 {
        for (at, relation) in table.related().iter().enumerate() {
            let inner = proptest::option::weighted(0.8, condition(relation.table, related - 1));
            let beside =
                inner.prop_map(move |inner| Condition::Related(at, inner.map(Box::new))).boxed();
            // As often as the columns together are drawn in four.
            for _ in 0..leaves.len().div_ceil(3) {
                leaves.push(beside.clone());
            }
        }
    }
    proptest::strategy::Union::new(leaves).boxed()
}

impl Condition {
    /// The condition as the library takes it.
    pub(crate) fn filter<R: Entity>(&self) -> Filter<R> {
        let column = |at: &usize| R::columns().swap_remove(*at);
        match self {
            Self::Compare(at, comparison, cell) => (column(at).compare)(*comparison, cell),
            Self::Between(at, low, high) => (column(at).between)(low, high),
            Self::In(at, cells) => (column(at).is_in)(cells),
            Self::Text(at, test, text) => (column(at).text)(*test, text),
            Self::IsNull(at) => (column(at).is_null)(),
            Self::Related(at, condition) => R::related(*at, condition.as_deref()),
            Self::All(conditions) => Filter::all(conditions.iter().map(Self::filter)),
            Self::Any(conditions) => Filter::any(conditions.iter().map(Self::filter)),
            Self::Not(condition) => !condition.filter(),
        }
    }

    /// Whether it is true of a row; `None` is SQL's "unknown".
    pub(crate) fn of(&self, world: &World, table: Table, row: &[Cell]) -> Option<bool> {
        let known = |at: &usize| Some(&row[*at]).filter(|cell| !cell.is_null());
        match self {
            Self::Compare(at, comparison, cell) => {
                known(at).map(|found| comparison.holds(found, cell))
            }
            Self::Between(at, low, high) => {
                known(at).map(|found| found.order(low).is_ge() && found.order(high).is_le())
            }
            // In an empty list there is nothing, not even something unknown.
            Self::In(_, cells) if cells.is_empty() => Some(false),
            Self::In(at, cells) => {
                known(at).map(|found| cells.iter().any(|cell| found.order(cell).is_eq()))
            }
            Self::Text(at, test, text) => known(at).map(|found| match found {
                Cell::Text(found) => test.holds(found, text),
                other => panic!("{other:?} is no text"),
            }),
            Self::IsNull(at) => Some(row[*at].is_null()),
            Self::Related(at, condition) => {
                let Related { table, from, to } = table.related()[*at];
                let beside = |other: &&Vec<Cell>| !row[from].is_null() && other[to] == row[from];
                let matches = |other: &Vec<Cell>| {
                    condition.as_ref().is_none_or(|it| it.of(world, table, other) == Some(true))
                };
                Some(world.rows(table).iter().filter(beside).any(matches))
            }
            Self::All(conditions) => {
                let all: Vec<_> = conditions.iter().map(|one| one.of(world, table, row)).collect();
                if all.contains(&Some(false)) {
                    return Some(false);
                }
                (!all.contains(&None)).then_some(true)
            }
            Self::Any(conditions) => {
                let all: Vec<_> = conditions.iter().map(|one| one.of(world, table, row)).collect();
                if all.contains(&Some(true)) {
                    return Some(true);
                }
                (!all.contains(&None)).then_some(false)
            }
            Self::Not(condition) => condition.of(world, table, row).map(|is_true| !is_true),
        }
    }
}

impl Comparison {
    fn holds(self, left: &Cell, right: &Cell) -> bool {
        let order = left.order(right);
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl TextTest {
    fn holds(self, text: &str, part: &str) -> bool {
        match self {
            Self::Contains => text.contains(part),
            Self::StartsWith => text.starts_with(part),
            Self::EndsWith => text.ends_with(part),
            Self::ContainsAnyCase => folded(text).contains(&folded(part)),
            Self::StartsWithAnyCase => folded(text).starts_with(&folded(part)),
            Self::EndsWithAnyCase => folded(text).ends_with(&folded(part)),
            Self::EqualAnyCase => folded(text) == folded(part),
        }
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
