//! [`Reckoner`]: counts, adds and compares here what a database gives one by one.

use super::sum::Sum;
use super::{Aggregation, Function, position};
use crate::{Column, Kind, Result, value};
use sea_orm::Value;
use std::cmp::Ordering;
use std::collections::HashMap;

/// What is known so far of each group.
pub(crate) struct Reckoner<'a> {
    aggregation: &'a Aggregation,
    groups: HashMap<String, Group>,
}

struct Group {
    values: Vec<Value>,
    states: Vec<State>,
}

#[derive(Clone)]
enum State {
    Count(i64),
    Sum(Kind, Sum),
    /// The value that is nearest to this end, NULL before there is one.
    Extreme(Ordering, Value),
}

impl State {
    fn of(function: &Function) -> Self {
        match function {
            Function::Count | Function::CountOf(_) => Self::Count(0),
            Function::Sum(column) => Self::Sum(column.kind, Sum::Nothing),
            Function::Least(column) => Self::Extreme(Ordering::Less, column.kind.null()),
            Function::Greatest(column) => Self::Extreme(Ordering::Greater, column.kind.null()),
        }
    }

    /// Takes the value of one row: of a count of all rows there is none.
    fn add(&mut self, value: Option<&Value>) -> Result<()> {
        match (self, value) {
            (Self::Count(count), value) => {
                *count += i64::from(value.is_none_or(|value| !value::is_null(value)));
            }
            (Self::Sum(_, sum), Some(value)) => sum.add(value)?,
            (Self::Extreme(end, known), Some(value)) => keep(*end, known, value),
            (_, None) => {}
        }
        Ok(())
    }

    /// Takes what another has made of other rows.
    fn add_part(&mut self, part: &Value) -> Result<()> {
        match (self, part) {
            (Self::Count(count), Value::BigInt(Some(part))) => *count += part,
            (Self::Sum(kind, sum), Value::String(Some(digits))) => sum.add_part(*kind, digits)?,
            (Self::Extreme(end, known), part) => keep(*end, known, part),
            _ => {}
        }
        Ok(())
    }

    fn finish(self) -> Result<Value> {
        match self {
            Self::Count(count) => Ok(count.into()),
            Self::Sum(_, sum) => sum.finish(),
            Self::Extreme(_, value) => Ok(value),
        }
    }
}

fn keep(end: Ordering, known: &mut Value, value: &Value) {
    let is_nearer = value::is_null(known) || value::compare(value, known) == end;
    if is_nearer && !value::is_null(value) {
        *known = value.clone();
    }
}

impl<'a> Reckoner<'a> {
    pub(crate) fn new(aggregation: &'a Aggregation) -> Self {
        let mut reckoner = Self { aggregation, groups: HashMap::new() };
        if aggregation.groups.is_empty() {
            // Of no rows there is an answer, too.
            reckoner.group(Vec::new());
        }
        reckoner
    }

    fn group(&mut self, values: Vec<Value>) -> &mut Group {
        let texts =
            values.iter().map(|value| (!value::is_null(value)).then(|| value::to_text(value)));
        let name = texts.map(serde_json::Value::from).collect::<serde_json::Value>().to_string();
        self.groups.entry(name).or_insert_with(|| Group {
            values,
            states: self.aggregation.functions.iter().map(State::of).collect(),
        })
    }

    /// Takes a row that has the values of these columns.
    pub(crate) fn add_row(&mut self, columns: &[&'static Column], row: &[Value]) -> Result<()> {
        let Aggregation { groups, functions, .. } = self.aggregation;
        let value = |column: &&'static Column| position(columns, column).and_then(|at| row.get(at));
        let group = self.group(groups.iter().filter_map(value).cloned().collect());
        for (state, function) in group.states.iter_mut().zip(functions) {
            state.add(function.column().as_ref().and_then(value))?;
        }
        Ok(())
    }

    /// Takes what a database has made of some rows of a group: the group's values, then those of the
    /// functions.
    pub(crate) fn add_part(&mut self, mut part: Vec<Value>) -> Result<()> {
        let made = part.split_off(self.aggregation.groups.len());
        let group = self.group(part);
        for (state, value) in group.states.iter_mut().zip(&made) {
            state.add_part(value)?;
        }
        Ok(())
    }

    /// For each group its values, then those of the functions.
    ///
    /// # Errors
    /// `InvalidInput` for a sum that is too large.
    pub(crate) fn finish(self) -> Result<Vec<Vec<Value>>> {
        let groups = self.groups.into_values();
        let rows = groups.map(|Group { mut values, states }| {
            for state in states {
                values.push(state.finish()?);
            }
            Ok(values)
        });
        rows.collect()
    }
}
