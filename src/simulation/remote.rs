//! [`Database`]: Postgres behind PostgREST, as far as statements can tell. A statement is one step:
//! whole or not at all.

use super::operation::Flaw;
use super::statement::{Row, Rows, Statement};
use super::tables;
use super::wire::Once;
use crate::failover::rules::name::{RowName, TableName};
use crate::filter::{Comparison, Expression, Node};
use crate::operation::{Duplicates, Read};
use crate::{ErrorKind, RawRow, Table, value};
use chrono::{DateTime, SecondsFormat};
use sea_orm::{JsonValue, Value};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What a request did to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Inserted,
    Updated,
    Deleted,
    /// Deleted with a row that it refers to.
    Cascaded,
    /// There is such a row, which stayed as it is.
    LeftAlone,
    /// There is no such row.
    Absent,
    /// The row is there, in another version than the condition names.
    OtherVersion,
}

impl Effect {
    pub(super) const fn changes(self) -> bool {
        matches!(self, Self::Inserted | Self::Updated | Self::Deleted | Self::Cascaded)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) kind: ErrorKind,
    pub(super) code: &'static str,
    pub(super) message: &'static str,
    pub(super) constraint: Option<String>,
    /// Who holds the unique value.
    pub(super) holder: Option<RowName>,
}

impl Refusal {
    pub(super) const fn new(kind: ErrorKind, code: &'static str, message: &'static str) -> Self {
        Self { kind, code, message, constraint: None, holder: None }
    }

    const fn of_taken() -> Self {
        Self::new(ErrorKind::Conflict, "CHR02", "the id was taken without a change")
    }

    const fn of_no_row_found() -> Self {
        Self::new(ErrorKind::Conflict, "CHR03", "an earlier request with the id found no row")
    }

    fn of_flaw(flaw: Flaw) -> Option<Self> {
        Some(match flaw {
            Flaw::None | Flaw::Unanswerable => return None,
            Flaw::Poison => Self::new(ErrorKind::Check, "23514", "a check refuses it"),
            Flaw::Unknown => Self::new(ErrorKind::Internal, "XX000", "a trigger has failed"),
            Flaw::RowSecurity => Self::new(
                ErrorKind::Denied,
                "42501",
                "new row violates row-level security policy for the table",
            ),
            Flaw::TooSlow => Self::new(ErrorKind::Unavailable, "57014", "canceling statement"),
            Flaw::TooBig => Self::new(ErrorKind::InvalidInput, "HTTP 413", "too large"),
        })
    }
}

/// What is kept of an id: how many rows an update found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kept {
    touched: Option<i64>,
}

impl Kept {
    /// Nothing was made under the id, nor will be.
    fn is_void(self) -> bool {
        self.touched.is_some_and(|touched| touched <= 0)
    }
}

/// What is kept of an id that was taken without a change.
const TAKEN: Kept = Kept { touched: Some(-1) };

#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    pub(super) count: u64,
    /// How many rows were left out, since their ids were known.
    pub(super) left_out: u64,
    /// The id of the whole request was known.
    pub(super) is_repeated: bool,
    pub(super) effects: Vec<(RowName, Effect)>,
    /// Rows that an earlier request with their ids has deleted.
    pub(super) deleted_before: Vec<RowName>,
    pub(super) rows: Vec<Vec<Value>>,
    pub(super) raw: Vec<RawRow>,
    /// The rows that it touched, as they are now.
    pub(super) stored: BTreeMap<RowName, Row>,
}

impl Done {
    /// A short form for people.
    pub(super) fn told(&self) -> String {
        let effects =
            self.effects.iter().map(|(row, effect)| format!("{} {effect:?}", tables::short(row)));
        let effects: Vec<String> = effects.collect();
        let read = self.rows.len() + self.raw.len();
        format!("{} [{}] {read} rows", self.count, effects.join(", "))
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Database {
    pub(super) rows: BTreeMap<RowName, Row>,
    /// The ids that the function `chronicle_apply` has taken.
    /// Each with the rows that an update found.
    pub(super) applied: BTreeMap<Uuid, Kept>,
    pub(super) cascades: bool,
    /// Somebody has mended what failed without a known reason.
    pub(super) is_mended: bool,
    /// The server's clock, in milliseconds: each version of a row has another time.
    pub(super) clock: i64,
}

impl Database {
    pub(super) fn run(&mut self, statement: &Statement, now: i64) -> Result<Done, Refusal> {
        self.clock = self.clock.max(now);
        let before = self.rows.clone();
        let done = self.change(statement).and_then(|done| self.check().map(|()| done));
        if done.is_err() {
            self.rows = before;
        }
        done
    }

    /// As [`run`](Self::run), by the function that makes each change once.
    pub(super) fn run_once(
        &mut self,
        statement: &Statement,
        once: Option<&Once>,
        now: i64,
    ) -> Result<Done, Refusal> {
        match once {
            None | Some(Once::Question) => self.run(statement, now),
            Some(Once::Taken(id)) => {
                let is_repeated = self.applied.get(id).is_some_and(|kept| !kept.is_void());
                self.applied.entry(*id).or_insert(TAKEN);
                Ok(Done { is_repeated, ..Done::default() })
            }
            Some(Once::Each(ids)) if statement.may_find_nothing() => {
                if let Some(kept) = self.applied.get(&ids[0]) {
                    if kept.touched == Some(0) {
                        return Err(Refusal::of_no_row_found());
                    }
                    if kept.is_void() {
                        return Err(Refusal::of_taken());
                    }
                    let count = kept.touched.unwrap_or(0).cast_unsigned();
                    return Ok(Done { count, left_out: 1, ..Done::default() });
                }
                let done = self.run(statement, now)?;
                let touched = Some(done.count.cast_signed());
                self.applied.insert(ids[0], Kept { touched });
                Ok(done)
            }
            Some(Once::Each(ids)) if matches!(statement, Statement::Delete { .. }) => {
                let kept = |at: usize| self.applied.get(&ids[at]).copied();
                if (0..ids.len()).any(|at| kept(at).is_some_and(|kept| kept.touched < Some(0))) {
                    return Err(Refusal::of_taken());
                }
                let named: Vec<RowName> =
                    statement.named().into_iter().map(|(row, _)| row).collect();
                let is_known: Vec<bool> = (0..ids.len()).map(|at| kept(at).is_some()).collect();
                let was_deleted = |at: &usize| kept(*at).is_some_and(|kept| kept.touched > Some(0));
                let deleted_before: Vec<RowName> =
                    (0..ids.len()).filter(was_deleted).map(|at| named[at].clone()).collect();
                let mut done = match statement.without(&|at| is_known[at]) {
                    Some(rest) => self.run(&rest, now)?,
                    None => Done::default(),
                };
                for (at, id) in ids.iter().enumerate().filter(|(at, _)| !is_known[*at]) {
                    let is_deleted = done.effects.contains(&(named[at].clone(), Effect::Deleted));
                    self.applied.insert(*id, Kept { touched: Some(i64::from(is_deleted)) });
                }
                done.left_out = is_known.iter().filter(|known| **known).count() as u64;
                done.count += deleted_before.len() as u64;
                done.deleted_before = deleted_before;
                Ok(done)
            }
            Some(Once::Each(ids)) => {
                if ids.iter().any(|id| self.applied.get(id).is_some_and(|kept| kept.is_void())) {
                    return Err(Refusal::of_taken());
                }
                let is_known = |id: &Uuid| self.applied.contains_key(id);
                let rest = statement.without(&|at| is_known(&ids[at]));
                let left_out = ids.iter().filter(|id| is_known(id)).count() as u64;
                let mut done = match rest {
                    Some(rest) => self.run(&rest, now)?,
                    None => Done::default(),
                };
                done.left_out = left_out;
                done.count += left_out;
                for id in ids {
                    self.applied.entry(*id).or_default();
                }
                Ok(done)
            }
        }
    }

    fn change(&mut self, statement: &Statement) -> Result<Done, Refusal> {
        let mut done = Done::default();
        match statement {
            Statement::Insert { table, duplicates, columns, rows } => {
                let mut touched = BTreeSet::new();
                for (name, values) in rows {
                    let effect = self.insert(table, *duplicates, columns, name, values)?;
                    if effect.changes() && !touched.insert(name) {
                        return Err(Refusal::new(ErrorKind::Internal, "21000", "twice"));
                    }
                    done.count += u64::from(effect.changes());
                    done.effects.push((name.clone(), effect));
                }
            }
            Statement::Update { target, values, additions, condition } => {
                for name in self.matching(target) {
                    let effect = match self.rows.get(&name) {
                        None => Effect::Absent,
                        Some(row) if !fits(row, condition.as_ref()) => Effect::OtherVersion,
                        Some(_) => {
                            self.assign(&name, values, None)?;
                            self.add(&name, additions);
                            done.count += 1;
                            Effect::Updated
                        }
                    };
                    done.effects.push((name, effect));
                }
            }
            Statement::Delete { target, condition } => {
                for name in self.matching(target) {
                    match self.rows.get(&name) {
                        None => done.effects.push((name, Effect::Absent)),
                        Some(row) if !fits(row, condition.as_ref()) => {
                            done.effects.push((name, Effect::OtherVersion));
                        }
                        Some(_) => {
                            done.count += 1;
                            self.delete(name, Effect::Deleted, &mut done.effects);
                        }
                    }
                }
            }
            Statement::Read(read) => {
                let mut found = self.matching(&Rows::Matching(read.table, read.filter.clone()));
                done.count = found.len() as u64;
                if read.order.first().is_some_and(|term| term.direction.is_descending()) {
                    found.reverse();
                }
                let limit = read.limit.map_or(usize::MAX, |limit| limit as usize);
                let found = found.into_iter().skip(read.offset as usize).take(limit);
                done.rows = found.map(|name| typed(read, &self.rows[&name])).collect();
            }
            Statement::Count(read) => {
                let found = self.matching(&Rows::Matching(read.table, read.filter.clone()));
                done.count = found.len() as u64;
            }
            Statement::Fetch(_, rows) => {
                done.raw = rows.iter().filter_map(|name| self.rows.get(name).cloned()).collect();
            }
            Statement::Probe(_) => {}
        }
        Ok(done)
    }

    fn insert(
        &mut self,
        table: &TableName,
        duplicates: Duplicates,
        columns: &[String],
        name: &RowName,
        values: &Row,
    ) -> Result<Effect, Refusal> {
        match (self.rows.contains_key(name), duplicates) {
            (true, Duplicates::Refuse) => {
                let mut refusal = Refusal::new(ErrorKind::Unique, "23505", "duplicate key");
                refusal.constraint = Some(format!("{}_pkey", table.parts().1));
                refusal.holder = Some(name.clone());
                return Err(refusal);
            }
            (true, Duplicates::Ignore) => return Ok(Effect::LeftAlone),
            (true, Duplicates::Replace) => {
                self.assign(name, values, Some(columns))?;
                return Ok(Effect::Updated);
            }
            (false, _) => {}
        }
        let empty = tables::named(table)
            .columns
            .iter()
            .map(|column| {
                let is_sum = column.name == tables::SUM;
                let first = if is_sum { 0.into() } else { JsonValue::Null };
                (column.name.to_owned(), first)
            })
            .collect();
        self.rows.insert(name.clone(), empty);
        self.assign(name, values, Some(columns))?;
        Ok(Effect::Inserted)
    }

    fn add(&mut self, name: &RowName, additions: &Row) {
        let Some(row) = self.rows.get_mut(name) else { return };
        for (column, by) in additions {
            let sum = row.get(column).and_then(JsonValue::as_i64).unwrap_or(0);
            row.insert(column.clone(), (sum + by.as_i64().expect("a number")).into());
        }
    }

    fn assign(
        &mut self,
        name: &RowName,
        values: &Row,
        columns: Option<&[String]>,
    ) -> Result<(), Refusal> {
        let table = tables::named(&name.table);
        for (column, value) in values {
            if columns.is_some_and(|columns| !columns.contains(column)) {
                continue;
            }
            let flaw = value.as_i64().map_or(Flaw::None, Flaw::of);
            if let Some(refusal) =
                Refusal::of_flaw(flaw).filter(|_| !self.is_mended || flaw.judges())
            {
                return Err(refusal);
            }
            if let Some(row) = self.rows.get_mut(name) {
                row.insert(column.clone(), value.clone());
            }
        }
        if table.updated_at.is_some() {
            self.clock += 1;
            let time = DateTime::from_timestamp_millis(self.clock).unwrap_or_default();
            let text = time.to_rfc3339_opts(SecondsFormat::Millis, false);
            if let Some(row) = self.rows.get_mut(name) {
                row.insert("updated_at".to_owned(), text.into());
            }
        }
        let row = &self.rows[name];
        for column in table.columns {
            let value = row.get(column.name).unwrap_or(&JsonValue::Null);
            if value.is_null() && !column.nullable {
                return Err(Refusal::new(ErrorKind::NotNull, "23502", "null value in a column"));
            }
        }
        for unique in table.unique {
            let columns: Vec<&str> = unique.iter().map(|at| table.columns[*at].name).collect();
            let held = |row: &Row| -> Option<Vec<JsonValue>> {
                let value = |name: &&str| row.get(*name).filter(|value| !value.is_null()).cloned();
                columns.iter().map(value).collect()
            };
            let Some(wanted) = held(row) else { continue };
            let holder = self.rows.iter().find(|(other, row)| {
                other.table == name.table && *other != name && held(row).as_ref() == Some(&wanted)
            });
            if let Some((holder, _)) = holder {
                let mut refusal = Refusal::new(ErrorKind::Unique, "23505", "a value is taken");
                refusal.constraint = Some(format!("{}_{}_key", table.name, columns.join("_")));
                refusal.holder = Some(holder.clone());
                return Err(refusal);
            }
        }
        Ok(())
    }

    /// Removes a row, and where foreign keys cascade those that refer to it.
    fn delete(&mut self, name: RowName, effect: Effect, effects: &mut Vec<(RowName, Effect)>) {
        if self.rows.remove(&name).is_none() {
            return;
        }
        if self.cascades {
            let below: Vec<RowName> = self
                .rows
                .iter()
                .filter(|(below, row)| refers(below, row).any(|parent| parent == name))
                .map(|(below, _)| below.clone())
                .collect();
            effects.push((name, effect));
            for below in below {
                self.delete(below, Effect::Cascaded, effects);
            }
        } else {
            effects.push((name, effect));
        }
    }

    fn check(&self) -> Result<(), Refusal> {
        for (name, row) in &self.rows {
            if refers(name, row).any(|parent| !self.rows.contains_key(&parent)) {
                let mut refusal = Refusal::new(ErrorKind::ForeignKey, "23503", "foreign key");
                refusal.constraint = Some(format!("{}_fkey", name.table.parts().1));
                return Err(refusal);
            }
        }
        Ok(())
    }

    fn matching(&self, target: &Rows) -> Vec<RowName> {
        match target {
            // Each row once, as a condition on keys does.
            Rows::Named(_, rows) => {
                rows.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect()
            }
            Rows::Matching(table, node) => {
                let name = TableName::of(table);
                let mut found: Vec<RowName> = self
                    .rows
                    .iter()
                    .filter(|(row, values)| row.table == name && matches(node, values))
                    .map(|(row, _)| row.clone())
                    .collect();
                let texts = |row: &RowName| tables::given(table, &row.key).texts();
                found.sort_by_cached_key(texts);
                found
            }
        }
    }
}

/// The rows that a row refers to.
pub(super) fn refers(name: &RowName, row: &Row) -> impl Iterator<Item = RowName> {
    tables::foreign_keys(name.table.parts().1.as_str()).iter().filter_map(|foreign| {
        let text = |column: &&str| Some(row.get(*column)?.as_str()?.to_owned());
        let texts: Option<Vec<String>> = foreign.columns.iter().map(text).collect();
        Some(tables::row_name(foreign.parent, &tables::key_of(texts?)))
    })
}

fn fits(row: &Row, condition: Option<&(String, Option<String>)>) -> bool {
    let Some((column, wanted)) = condition else { return true };
    match (row.get(column).and_then(JsonValue::as_str), wanted) {
        (Some(stored), Some(wanted)) => {
            let time = DateTime::parse_from_rfc3339;
            matches!((time(stored), time(wanted)), (Ok(stored), Ok(wanted)) if stored == wanted)
        }
        (stored, wanted) => stored.is_none() && wanted.is_none(),
    }
}

/// The conditions that the simulation uses.
fn matches(node: &Node, row: &Row) -> bool {
    let stored = |expression: &Expression| match expression {
        Expression::Column(column) => row.get(column.name).unwrap_or(&JsonValue::Null),
        Expression::Json { .. } => panic!("the simulation has no such condition: {node:?}"),
    };
    match node {
        Node::Constant(value) => *value,
        Node::Compare { expression, comparison, value } => {
            let Some(order) = ordered(stored(expression), &value::to_json(value)) else {
                return false;
            };
            match comparison {
                Comparison::Equal => order == Ordering::Equal,
                Comparison::NotEqual => order != Ordering::Equal,
                Comparison::Less => order == Ordering::Less,
                Comparison::LessOrEqual => order != Ordering::Greater,
                Comparison::Greater => order == Ordering::Greater,
                Comparison::GreaterOrEqual => order != Ordering::Less,
            }
        }
        Node::In { expression, values } => {
            values.iter().any(|value| *stored(expression) == value::to_json(value))
        }
        Node::IsNull(expression) => stored(expression).is_null(),
        Node::All(nodes) => nodes.iter().all(|node| matches(node, row)),
        Node::Any(nodes) => nodes.iter().any(|node| matches(node, row)),
        Node::Not(node) => !matches(node, row),
        Node::Keys { columns, keys } => keys.iter().any(|key| {
            let texts = key.texts();
            columns.iter().zip(&texts).all(|(column, text)| {
                row.get(column.name).and_then(JsonValue::as_str) == Some(text)
            })
        }),
        Node::Has { .. } | Node::Text { .. } | Node::Related { .. } => {
            panic!("the simulation has no such condition: {node:?}")
        }
    }
}

fn ordered(stored: &JsonValue, wanted: &JsonValue) -> Option<Ordering> {
    match (stored, wanted) {
        (JsonValue::Number(stored), JsonValue::Number(wanted)) => {
            Some(stored.as_i64().cmp(&wanted.as_i64()))
        }
        (JsonValue::String(stored), JsonValue::String(wanted)) => Some(stored.cmp(wanted)),
        _ => None,
    }
}

/// A row as a program of some version reads it.
fn typed(read: &Read, row: &Row) -> Vec<Value> {
    let value = |column: &crate::Column| {
        let json = row.get(column.name).cloned().unwrap_or(JsonValue::Null);
        value::from_json(column, json).expect("a value of its type")
    };
    read.columns().into_iter().map(value).collect()
}

/// The row in the order of its table's columns.
pub(super) fn values(table: &Table, row: &Row) -> Vec<Value> {
    let value = |column: &crate::Column| {
        let json = row.get(column.name).cloned().unwrap_or(JsonValue::Null);
        value::from_json(column, json).expect("a value of its type")
    };
    table.columns.iter().map(value).collect()
}
