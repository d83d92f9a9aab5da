//! [`Database`]: two tables of Postgres behind PostgREST, as far as writes can tell.

use super::entities::{self, COLUMNS};
use super::snapshot::{Body, Row};
use crate::change::{Change, ChangeKind};
use crate::failover::entry::RowName;
use crate::filter::{Comparison, Expression, Node};
use crate::operation::{Duplicates, Read, Selection, Target, Write, WriteKind};
use crate::{Table, value};
use sea_orm::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A request's own copy of what it asks for.
#[derive(Clone, Debug)]
pub(super) enum Statement {
    Insert { table: String, duplicates: Duplicates, rows: Vec<(RowName, Body)> },
    Update { target: Rows, values: Body },
    Delete { target: Rows },
    Read(Read),
    Count(Read),
    Probe,
}

#[derive(Clone, Debug)]
pub(super) enum Rows {
    Named(Vec<RowName>),
    Matching(&'static Table, Node),
}

/// What a request did to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Inserted,
    Updated,
    Deleted,
    /// Deleted with its parent.
    Cascaded,
    /// There is such a row, which stayed as it is.
    LeftAlone,
    /// There is no such row.
    Absent,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Duplicate(String),
    ForeignKey,
    Check,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    pub(super) count: u64,
    pub(super) effects: Vec<(RowName, Effect)>,
    pub(super) rows: Vec<Vec<Value>>,
}

#[derive(Clone, Debug)]
pub(super) struct Database {
    pub(super) rows: BTreeMap<RowName, Row>,
    pub(super) cascade: bool,
    /// Whether the check against negative values is there.
    pub(super) checks: bool,
}

impl Statement {
    pub(super) fn of_write(write: &Write) -> Self {
        let table = write.table;
        let rows = |target: &Target| match target {
            Target::Key(key) => Rows::Named(vec![name(table, key)]),
            target => Rows::Matching(table, target.node(table)),
        };
        match &write.kind {
            WriteKind::Insert { rows, duplicates } => Self::Insert {
                table: table.name.to_owned(),
                duplicates: *duplicates,
                rows: rows
                    .iter()
                    .map(|row| (name(table, &row[table.key]), body(table, row.iter().enumerate())))
                    .collect(),
            },
            WriteKind::Update { target, assignments } => Self::Update {
                target: rows(target),
                values: body(table, assignments.iter().map(|(at, value)| (*at, value))),
            },
            WriteKind::Delete { target } => Self::Delete { target: rows(target) },
        }
    }

    pub(super) fn of_change(change: &Change) -> Self {
        let names = || -> Vec<RowName> {
            change.keys.iter().map(|key| RowName(change.table.to_string(), key.clone())).collect()
        };
        let body = change.body().unwrap_or_default();
        match change.kind {
            ChangeKind::Insert(duplicates) => {
                let bodies: Vec<Body> = serde_json::from_slice(&body).expect("a list of objects");
                assert_eq!(bodies.len(), change.keys.len());
                Self::Insert {
                    table: change.table.to_string(),
                    duplicates,
                    rows: names().into_iter().zip(bodies).collect(),
                }
            }
            ChangeKind::Update => Self::Update {
                target: Rows::Named(names()),
                values: serde_json::from_slice(&body).expect("an object"),
            },
            ChangeKind::Delete => Self::Delete { target: Rows::Named(names()) },
        }
    }

    pub(super) const fn is_read(&self) -> bool {
        matches!(self, Self::Read(_) | Self::Count(_) | Self::Probe)
    }

    pub(super) fn table(&self) -> &str {
        match self {
            Self::Insert { table, .. } => table,
            Self::Update { target, .. } | Self::Delete { target } => match target {
                Rows::Named(rows) => rows.first().map_or("", |row| &row.0),
                Rows::Matching(table, _) => table.name,
            },
            Self::Read(read) | Self::Count(read) => read.table.name,
            Self::Probe => "parents",
        }
    }

    /// The rows that it names, with the values for each.
    pub(super) fn named(&self) -> Vec<(RowName, Body)> {
        let with = |target: &Rows, values: &Body| match target {
            Rows::Named(rows) => rows.iter().map(|row| (row.clone(), values.clone())).collect(),
            Rows::Matching(..) => Vec::new(),
        };
        match self {
            Self::Insert { rows, .. } => rows.clone(),
            Self::Update { target, values } => with(target, values),
            Self::Delete { target } => with(target, &Body::new()),
            _ => Vec::new(),
        }
    }
}

pub(super) fn name(table: &Table, key: &Value) -> RowName {
    RowName(table.name.to_owned(), value::to_text(key))
}

fn body<'a>(table: &Table, values: impl Iterator<Item = (usize, &'a Value)>) -> Body {
    values.map(|(at, value)| (table.columns[at].name.to_owned(), value::to_json(value))).collect()
}

impl Database {
    /// Does all of it or nothing.
    pub(super) fn run(&mut self, statement: &Statement) -> Result<Done, Refusal> {
        let before = self.rows.clone();
        let done = self.change(statement).and_then(|done| self.check().map(|()| done));
        if done.is_err() {
            self.rows = before;
        }
        done
    }

    fn change(&mut self, statement: &Statement) -> Result<Done, Refusal> {
        let mut done = Done::default();
        match statement {
            Statement::Insert { table, duplicates, rows } => {
                for (name, values) in rows {
                    let effect = self.insert(table, *duplicates, name, values)?;
                    done.count += u64::from(effect != Effect::LeftAlone);
                    done.effects.push((name.clone(), effect));
                }
            }
            Statement::Update { target, values } => {
                for name in self.matching(target) {
                    let effect = match self.rows.get_mut(&name) {
                        None => Effect::Absent,
                        Some(row) => {
                            assign(row, values);
                            done.count += 1;
                            Effect::Updated
                        }
                    };
                    done.effects.push((name, effect));
                }
            }
            Statement::Delete { target } => {
                for name in self.matching(target) {
                    if self.rows.remove(&name).is_none() {
                        done.effects.push((name, Effect::Absent));
                        continue;
                    }
                    done.count += 1;
                    let children: Vec<RowName> = self
                        .rows
                        .iter()
                        .filter(|(child, row)| {
                            child.0 != name.0 && row.parent.as_ref() == Some(&name.1)
                        })
                        .map(|(child, _)| child.clone())
                        .collect();
                    if !children.is_empty() && !self.cascade {
                        return Err(Refusal::ForeignKey);
                    }
                    done.effects.push((name, Effect::Deleted));
                    for child in children {
                        self.rows.remove(&child);
                        done.effects.push((child, Effect::Cascaded));
                    }
                }
            }
            Statement::Read(read) | Statement::Count(read) => {
                let found = self.matching(&Rows::Matching(read.table, read.filter.clone()));
                done.count = found.len() as u64;
                assert_eq!(read.selection, Selection::Rows);
                done.rows = found.iter().map(|name| values(name, &self.rows[name])).collect();
            }
            Statement::Probe => {}
        }
        Ok(done)
    }

    fn insert(
        &mut self,
        table: &str,
        duplicates: Duplicates,
        name: &RowName,
        values: &Body,
    ) -> Result<Effect, Refusal> {
        match (self.rows.get_mut(name), duplicates) {
            (Some(_), Duplicates::Refuse) => return Err(Refusal::Duplicate(table.to_owned())),
            (Some(_), Duplicates::Ignore) => return Ok(Effect::LeftAlone),
            (Some(row), Duplicates::Replace) => {
                assign(row, values);
                return Ok(Effect::Updated);
            }
            (None, _) => {}
        }
        let mut row = Row { parent: None, made: 0, a: 0, b: 0 };
        assert!(
            COLUMNS.iter().all(|column| values.contains_key(*column)),
            "a whole row: {values:?}"
        );
        assign(&mut row, values);
        row.parent = values.get("parent_id").and_then(|key| key.as_str()).map(str::to_owned);
        self.rows.insert(name.clone(), row);
        Ok(Effect::Inserted)
    }

    fn check(&self) -> Result<(), Refusal> {
        for row in self.rows.values() {
            if self.checks && COLUMNS.iter().any(|column| row.get(column) < 0) {
                return Err(Refusal::Check);
            }
            if let Some(parent) = &row.parent
                && !self
                    .rows
                    .contains_key(&RowName(entities::PARENTS.name.to_owned(), parent.clone()))
            {
                return Err(Refusal::ForeignKey);
            }
        }
        Ok(())
    }

    fn matching(&self, target: &Rows) -> Vec<RowName> {
        match target {
            // Each row once, as a condition on keys does.
            Rows::Named(rows) => {
                rows.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect()
            }
            Rows::Matching(table, node) => self
                .rows
                .iter()
                .filter(|(name, row)| name.0 == table.name && matches(node, name, row))
                .map(|(name, _)| name.clone())
                .collect(),
        }
    }
}

fn assign(row: &mut Row, values: &Body) {
    for (column, value) in values {
        if let Some(value) = value.as_i64() {
            row.set(column, value);
        }
    }
}

/// The conditions that the simulation uses.
fn matches(node: &Node, name: &RowName, row: &Row) -> bool {
    match node {
        Node::Constant(value) => *value,
        Node::Compare {
            expression: Expression::Column(column),
            comparison: Comparison::Equal,
            value,
        } => {
            let wanted = value::to_text(value);
            match column.name {
                "id" => name.1 == wanted,
                _ => row.parent.as_deref() == Some(wanted.as_str()),
            }
        }
        node => panic!("the simulation has no condition like {node:?}"),
    }
}

/// The row in the order of its table's columns.
pub(super) fn values(name: &RowName, row: &Row) -> Vec<Value> {
    let mut values = vec![Value::from(name.1.clone())];
    values.extend(row.parent.clone().map(Value::from));
    values.extend(COLUMNS.iter().map(|column| Value::from(row.get(column))));
    values
}
