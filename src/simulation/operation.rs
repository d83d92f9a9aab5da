//! What a client asks of the store.

use super::tables;
use crate::failover::rules::entry::EntryKind;
use crate::failover::rules::name::{RowKey, RowName};
use crate::filter::{Comparison, Node};
use crate::operation::{Duplicates, OrderTerm, Read, Selection, Target, Write, WriteKind};
use crate::order::Direction;
use crate::{Table, value};
use chrono::{DateTime, Utc};
use sea_orm::Value;

/// What is wrong with what a call writes: its numbers carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    /// A check refuses it: 23514.
    Poison,
    /// A trigger fails with a code that says nothing: XX000.
    Unknown,
    /// Row level security refuses the row: 42501.
    RowSecurity,
    /// The server stops it each time: 57014.
    TooSlow,
    /// The gateway takes no request with it: 413.
    TooBig,
    /// The server ends before it answers.
    Unanswerable,
}

/// Calls have smaller numbers.
const FLAWS: i64 = 1_000_000;

impl Flaw {
    pub(super) const ALL: [Self; 6] = [
        Self::Poison,
        Self::Unknown,
        Self::RowSecurity,
        Self::TooSlow,
        Self::TooBig,
        Self::Unanswerable,
    ];

    /// The number that a call with this flaw writes.
    pub(super) const fn number(self, call: u64) -> i64 {
        let call = call.cast_signed();
        match self {
            Self::None => call,
            Self::Poison => -call,
            Self::Unknown => FLAWS + call,
            Self::RowSecurity => 2 * FLAWS + call,
            Self::TooSlow => 3 * FLAWS + call,
            Self::TooBig => 4 * FLAWS + call,
            Self::Unanswerable => 5 * FLAWS + call,
        }
    }

    /// Whether the answer to it says that the row is to blame.
    pub(super) const fn judges(self) -> bool {
        !matches!(self, Self::Unknown | Self::TooSlow | Self::Unanswerable)
    }

    pub(super) const fn of(number: i64) -> Self {
        match number / FLAWS {
            _ if number < 0 => Self::Poison,
            1 => Self::Unknown,
            2 => Self::RowSecurity,
            3 => Self::TooSlow,
            4 => Self::TooBig,
            5 => Self::Unanswerable,
            _ => Self::None,
        }
    }
}

/// The call that wrote a number.
pub(super) const fn call_of(number: i64) -> u64 {
    number.unsigned_abs() % FLAWS.unsigned_abs()
}

/// A write as a client makes it.
#[derive(Clone)]
pub(super) struct WriteCall {
    /// As the version of the program has it.
    pub(super) table: &'static Table,
    pub(super) kind: CallKind,
    pub(super) flaw: Flaw,
}

impl std::fmt::Debug for WriteCall {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {:?} {:?}", self.table.name, self.kind, self.flaw)
    }
}

#[derive(Clone, Debug)]
pub(super) enum CallKind {
    Insert {
        duplicates: Duplicates,
        rows: Vec<NewRow>,
    },
    Update {
        target: Aim,
        /// The columns with numbers that it sets.
        numbers: Vec<&'static str>,
        others: Vec<(&'static str, Option<String>)>,
        /// Whether it adds the call's number to the sum.
        adds: bool,
    },
    Delete {
        target: Aim,
    },
}

/// A row to insert: its key, and what its columns without numbers hold.
#[derive(Clone, Debug)]
pub(super) struct NewRow {
    pub(super) key: RowKey,
    pub(super) others: Vec<(&'static str, Option<String>)>,
}

/// Which rows a write is for.
#[derive(Clone, Debug)]
pub(super) enum Aim {
    Key(RowKey),
    /// Those with this in a column.
    Column(&'static str, String),
    All,
}

impl WriteCall {
    /// The rows that it names.
    pub(super) fn rows(&self) -> Vec<RowName> {
        let name = |key: &RowKey| tables::row_name(self.table, key);
        match &self.kind {
            CallKind::Insert { rows, .. } => rows.iter().map(|row| name(&row.key)).collect(),
            CallKind::Update { target: Aim::Key(key), .. }
            | CallKind::Delete { target: Aim::Key(key) } => vec![name(key)],
            CallKind::Update { .. } | CallKind::Delete { .. } => Vec::new(),
        }
    }

    /// The same of one of its rows alone.
    pub(super) fn of_row(mut self, row: &RowName) -> Self {
        if let CallKind::Insert { rows, .. } = &mut self.kind {
            rows.retain(|new| tables::row_name(self.table, &new.key) == *row);
        }
        self
    }

    /// What its entries are.
    pub(super) fn entry_kind(&self) -> EntryKind {
        match &self.kind {
            CallKind::Insert { duplicates: Duplicates::Refuse, .. } => EntryKind::Insert,
            CallKind::Insert { duplicates: Duplicates::Ignore, .. } => EntryKind::InsertIfAbsent,
            CallKind::Insert { duplicates: Duplicates::Replace, .. } => EntryKind::Upsert,
            CallKind::Update { .. } => EntryKind::Update,
            CallKind::Delete { .. } => EntryKind::Delete,
        }
    }

    pub(super) fn to_write(&self, call: u64, now: DateTime<Utc>) -> Write {
        let table = self.table;
        let number = self.flaw.number(call);
        let position = |name: &str| table.columns.iter().position(|column| column.name == name);
        let text = |text: &Option<String>| Value::String(text.clone());
        let numbered = |at: usize| {
            if table.columns[at].nullable { Value::BigInt(Some(number)) } else { number.into() }
        };
        let kind = match &self.kind {
            CallKind::Insert { duplicates, rows } => {
                let row = |new: &NewRow| {
                    let key = tables::key_values(table, &new.key);
                    let column = |at: usize| {
                        let name = table.columns[at].name;
                        let other = new.others.iter().find(|(other, _)| *other == name);
                        let of_key = key.iter().find(|(column, _)| column == name);
                        match (name, other) {
                            (_, Some((_, other))) => text(other),
                            _ if let Some((_, value)) = of_key => value.clone().into(),
                            ("updated_at", None) => now.into(),
                            (tables::SUM, None) => 0_i64.into(),
                            (name, None) if tables::NUMBERS.contains(&name) => numbered(at),
                            _ => table.columns[at].kind.null(),
                        }
                    };
                    crate::operation::NewRow::whole((0..table.columns.len()).map(column).collect())
                };
                let rows = rows.iter().map(row).collect();
                WriteKind::Insert { rows, duplicates: *duplicates }
            }
            CallKind::Update { target, numbers, others, adds } => {
                let numbers =
                    numbers.iter().filter_map(|name| position(name)).map(|at| (at, numbered(at)));
                let others =
                    others.iter().filter_map(|(name, other)| Some((position(name)?, text(other))));
                let mut assignments: Vec<(usize, Value)> = numbers.chain(others).collect();
                assignments.extend(table.updated_at.map(|at| (at, now.into())));
                assignments.sort_by_key(|(at, _)| *at);
                let sum = position(tables::SUM).filter(|_| *adds);
                WriteKind::Update {
                    target: self.target(target),
                    assignments,
                    additions: sum.map(|at| (at, call.cast_signed().into())).into_iter().collect(),
                }
            }
            CallKind::Delete { target } => WriteKind::Delete { target: self.target(target) },
        };
        Write::new(table, kind)
    }

    fn target(&self, aim: &Aim) -> Target {
        match aim {
            Aim::Key(key) => Target::Key(tables::given(self.table, key)),
            Aim::Column(name, value) => Target::Filter(equals(self.table, name, value)),
            Aim::All => Target::All,
        }
    }
}

fn equals(table: &'static Table, name: &str, value: &str) -> Node {
    let column = table.columns.iter().find(|column| column.name == name).expect("a column");
    Node::compare(column, Comparison::Equal, Value::from(value.to_owned()))
}

/// A plain read by key; with `offset` a question that tells nothing of absence.
pub(super) fn get(table: &'static Table, key: &RowKey, offset: u64) -> Read {
    Read {
        table,
        selection: Selection::Rows,
        filter: tables::given(table, key).node(table),
        order: OrderTerm::of_key(table, Direction::Ascending),
        limit: None,
        offset,
    }
}

/// All rows of a table.
pub(super) fn list(table: &'static Table) -> Read {
    Read {
        table,
        selection: Selection::Rows,
        filter: Node::Constant(true),
        order: OrderTerm::of_key(table, Direction::Ascending),
        limit: None,
        offset: 0,
    }
}

/// The number in a column of a row.
pub(super) fn number(table: &Table, row: &[Value], name: &str) -> Option<i64> {
    let at = table.columns.iter().position(|column| column.name == name)?;
    value::to_json(&row[at]).as_i64()
}

impl WriteCall {
    /// Whether it says of a row that it refers to this parent.
    pub(super) fn names(&self, row: &RowName, parent: &RowName) -> bool {
        let is_it = |others: &[(&'static str, Option<String>)]| {
            let value = |column: &&str| {
                others.iter().find(|(name, _)| name == column).and_then(|(_, value)| value.clone())
            };
            tables::foreign_keys(self.table.name).iter().any(|foreign| {
                let texts: Option<Vec<String>> = foreign.columns.iter().map(value).collect();
                let key = texts.map(tables::key_of);
                key.is_some_and(|key| tables::row_name(foreign.parent, &key) == *parent)
            })
        };
        match &self.kind {
            CallKind::Insert { rows, .. } => rows
                .iter()
                .filter(|new| tables::row_name(self.table, &new.key) == *row)
                .any(|new| is_it(&new.others)),
            CallKind::Update { others, .. } => is_it(others),
            CallKind::Delete { .. } => false,
        }
    }
}
