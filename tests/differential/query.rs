//! [`Query`]: what is asked of a table.

use crate::condition::{Condition, condition, long_list};
use crate::entity::{Direction, Table};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) table: Table,
    pub(crate) condition: Condition,
    pub(crate) question: Question,
}

#[derive(Clone, Debug)]
pub(crate) enum Question {
    Rows {
        /// Some columns of them.
        is_selected: bool,
        order: Vec<(usize, Direction)>,
        offset: u64,
        limit: Option<u64>,
        /// In pages of so many, from cursor to cursor.
        page: Option<u64>,
    },
    Count,
    Exists,
    /// The number of what is reckoned, and of what the rows are grouped by.
    Summary {
        aggregates: usize,
        groups: usize,
    },
}

/// What [`Question::Summary`] may name.
pub(crate) const AGGREGATES: usize = 3;
pub(crate) const GROUPS: usize = 4;

pub(crate) fn query() -> impl Strategy<Value = Query> {
    select(&Table::EACH[..]).prop_flat_map(|table| {
        let condition = prop_oneof![
            1 => Just(Condition::All(Vec::new())),
            7 => condition(table, 2),
            1 => long_list(table),
        ];
        (condition, question(table)).prop_map(move |(condition, question)| Query {
            table,
            condition,
            question,
        })
    })
}

fn question(table: Table) -> impl Strategy<Value = Question> {
    let ordered = table.shapes().into_iter().enumerate().filter(|(_, shape)| shape.is_ordered);
    let ordered: Vec<usize> = ordered.map(|(at, _)| at).collect();
    let direction = select(vec![
        Direction::Ascending,
        Direction::AscendingNullsLast,
        Direction::Descending,
        Direction::DescendingNullsFirst,
    ]);
    let order = vec((select(ordered), direction), 0..4);
    let offset = prop_oneof![3 => Just(0), 1 => 0_u64..12];
    let limit = proptest::option::weighted(0.3, 0_u64..20);
    let page = proptest::option::weighted(0.4, 1_u64..25);
    let rows = (any::<bool>(), order, offset, limit, page).prop_map(
        |(is_selected, order, offset, limit, page)| Question::Rows {
            is_selected,
            order,
            offset,
            limit,
            page,
        },
    );
    let summary = (0..AGGREGATES, 0..GROUPS)
        .prop_map(|(aggregates, groups)| Question::Summary { aggregates, groups });
    prop_oneof![
        6 => rows,
        1 => Just(Question::Count),
        1 => Just(Question::Exists),
        4 => summary,
    ]
}
