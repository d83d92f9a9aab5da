//! By which columns a row is named.

use super::Notes;
use crate::description::{Access, Made, Table};
use crate::kind::Kind;
use crate::report::Reason;

/// `SeaORM` knows no longer keys.
const MOST_COLUMNS: usize = 12;

#[derive(Debug)]
pub(super) enum Key {
    /// Positions of columns, in the order of the key.
    Columns { positions: Vec<usize>, read_only: bool },
    /// The position of the column that stands for a key.
    StandIn(usize),
}

impl Key {
    /// The columns that are marked as the key.
    pub(super) fn marks(&self, position: usize) -> bool {
        match self {
            Self::Columns { positions, .. } => positions.contains(&position),
            Self::StandIn(stand_in) => *stand_in == position,
        }
    }

    /// Whether the column is all of the key.
    pub(super) fn is_only(&self, position: usize) -> bool {
        match self {
            Self::Columns { positions, .. } => *positions == [position],
            Self::StandIn(stand_in) => *stand_in == position,
        }
    }

    /// Whether it has one column.
    pub(super) fn is_single(&self) -> bool {
        matches!(self, Self::Columns { positions, .. } if positions.len() == 1)
    }

    /// Whether rows can be inserted.
    pub(super) fn is_writable(&self) -> bool {
        matches!(self, Self::Columns { read_only: false, .. })
    }
}

/// The key of a table; none where it cannot be written.
pub(super) fn key(table: &Table, kinds: &[Kind], notes: &mut Notes) -> Option<Key> {
    if table.columns.is_empty() {
        notes.table(&table.name, Reason::NoColumns);
        return None;
    }
    let positions: Vec<usize> = table
        .key
        .iter()
        .filter_map(|name| table.columns.iter().position(|column| column.name == *name))
        .collect();
    if let Some(reason) = hindrance(table, kinds, &positions) {
        notes.table(&table.name, reason);
        return stand_in(table, kinds, notes);
    }
    let mut read_only = table.access == Access::Read;
    for &position in &positions {
        let column = &table.columns[position];
        let is_made = match column.made {
            Made::Computed => true,
            Made::AlwaysCounted => positions.len() > 1,
            Made::Counted | Made::Client => false,
        };
        if is_made {
            notes.column(&table.name, column, Reason::KeyMade);
            read_only = true;
        }
    }
    Some(Key::Columns { positions, read_only })
}

fn hindrance(table: &Table, kinds: &[Kind], positions: &[usize]) -> Option<Reason> {
    if table.access == Access::View {
        return Some(Reason::View);
    }
    if positions.is_empty() {
        return Some(Reason::NoKey);
    }
    if positions.len() > MOST_COLUMNS {
        return Some(Reason::KeyType { of: format!("{} columns", positions.len()) });
    }
    let odd = positions.iter().find(|position| !kinds[**position].names_a_row())?;
    Some(Reason::KeyType { of: format!("the type {}", table.columns[*odd].type_name) })
}

fn stand_in(table: &Table, kinds: &[Kind], notes: &mut Notes) -> Option<Key> {
    let rank = |position: usize| {
        let column = &table.columns[position];
        Some((!column.not_null, column.name != "id", kinds[position].rank_as_key()?, position))
    };
    let Some((nullable, .., position)) = (0..kinds.len()).filter_map(rank).min() else {
        notes.table(&table.name, Reason::NoStandIn);
        return None;
    };
    if nullable {
        notes.column(&table.name, &table.columns[position], Reason::StandIn);
    }
    Some(Key::StandIn(position))
}
