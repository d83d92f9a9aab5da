//! Which columns are unique, alone or with others.

use std::collections::{BTreeSet, HashSet};

use super::key::Key;
use super::{Notes, Placed};
use crate::report::Reason;

/// What is unique at a column.
#[derive(Clone, Debug, Default)]
pub(super) struct Uniqueness {
    pub(super) alone: bool,
    /// The name of the constraint over several columns.
    pub(super) together: Option<String>,
}

/// The uniqueness of each column.
pub(super) fn uniques(placed: &Placed, notes: &mut Notes) -> Vec<Uniqueness> {
    let table = &placed.table;
    let mut found = vec![Uniqueness::default(); table.columns.len()];
    // The same columns may be unique twice; those of the key are so anyway.
    let mut seen: HashSet<BTreeSet<usize>> = HashSet::new();
    if let Key::Columns { positions, .. } = &placed.key {
        seen.insert(positions.iter().copied().collect());
    }
    for unique in &table.uniques {
        if let Some(hindrance) = unique.hindrance {
            notes.table(&table.name, hindrance.reason(unique.name.clone()));
            continue;
        }
        let positions: BTreeSet<usize> =
            unique.columns.iter().filter_map(|name| placed.position(name)).collect();
        if !seen.insert(positions.clone()) {
            continue;
        }
        let name = || unique.name.clone();
        if positions.iter().any(|position| !placed.kinds[*position].is_comparable()) {
            notes.table(&table.name, Reason::UniqueType { name: name() });
        } else if positions.len() == 1 {
            for position in positions {
                found[position].alone = true;
            }
        } else if positions.iter().any(|position| found[*position].together.is_some()) {
            notes.table(&table.name, Reason::SharedUnique { name: name() });
        } else {
            for position in positions {
                found[position].together = Some(name());
            }
        }
    }
    found
}
