//! The file's tables beside the entities.

use super::affinity::{Affinity, Class, is_taken_by_strict};
use super::default::Default;
use super::difference::{Difference, Fix, Weight};
use super::file::{FileColumn, FileForeignKey, FileTable};
use super::statements;
use crate::backend::sqlite::{from_rusqlite, quoted};
use crate::schema::definition::ForeignKey;
use crate::schema::entity::{Entity, EntityColumn, is_same_set};
use crate::{Error, Result};
use rusqlite::{Connection, OptionalExtension};
use std::collections::HashMap;

/// The entities' tables, and those that they refer to, as the file has them.
pub(super) struct Known<'e> {
    connection: &'e Connection,
    entities: &'e [Entity],
    file: HashMap<String, FileTable>,
}

/// Everything that differs.
pub(super) fn differences(connection: &Connection, entities: &[Entity]) -> Result<Vec<Difference>> {
    let known = Known::read(connection, entities)?;
    let mut differences = Vec::new();
    for entity in entities {
        differences.extend(known.differences(entity)?);
    }
    Ok(differences)
}

impl<'e> Known<'e> {
    pub(super) fn read(connection: &'e Connection, entities: &'e [Entity]) -> Result<Self> {
        let mut file = HashMap::new();
        let parents = entities.iter().flat_map(Entity::foreign_keys).map(|key| &*key.table);
        for name in entities.iter().map(Entity::name).chain(parents) {
            let key = name.to_lowercase();
            if !file.contains_key(&key)
                && let Some(table) = FileTable::read(connection, name)?
            {
                file.insert(key, table);
            }
        }
        Ok(Self { connection, entities, file })
    }

    fn file(&self, name: &str) -> Option<&FileTable> {
        self.file.get(&name.to_lowercase())
    }

    fn entity(&self, name: &str) -> Option<&Entity> {
        self.entities.iter().find(|entity| entity.name().eq_ignore_ascii_case(name))
    }

    /// Whether there is, or will be, a table that the foreign key refers to.
    ///
    /// # Errors
    /// `InvalidInput` where what it refers to names no row: SQLite would refuse each write.
    pub(super) fn has_parent(&self, child: &Entity, key: &ForeignKey) -> Result<bool> {
        let names_a_row = match (self.entity(&key.table), self.file(&key.table)) {
            (Some(entity), _) => entity.names_a_row(&key.to),
            (None, Some(table)) => table.is_unique(&key.to),
            (None, None) => return Ok(false),
        };
        if names_a_row {
            self.check_classes(child, key)?;
            return Ok(true);
        }
        Err(Error::invalid(format!(
            "the foreign key ({}) refers to {} ({}), which names no row: it is neither the key nor unique",
            statements::list(&key.columns),
            quoted(&key.table),
            statements::list(&key.to)
        ))
        .with_table(child.name())
        .with_hint("mark those columns `unique`, or the relation `skip_fk`"))
    }

    /// # Errors
    /// `InvalidInput` where the foreign key and what it refers to are stored otherwise: no row would
    /// ever find its parent.
    fn check_classes(&self, child: &Entity, key: &ForeignKey) -> Result<()> {
        let Some(parent) = self.entity(&key.table) else { return Ok(()) };
        for (from, to) in key.columns.iter().zip(&key.to) {
            let (Some(from), Some(to)) = (child.column(from), parent.column(to)) else { continue };
            let (ours, theirs) = (Class::of(from.kind()), Class::of(to.kind()));
            if ours != theirs {
                return Err(Error::invalid(format!(
                    "the foreign key `{}` is stored as {}, and `{}` of {}, which it refers to, as {}",
                    from.name(),
                    ours.name(),
                    to.name(),
                    quoted(&key.table),
                    theirs.name()
                ))
                .with_table(child.name())
                .with_hint("give both fields one type, such as the parent's `chronicle::Id`"));
            }
        }
        Ok(())
    }

    fn differences(&self, entity: &Entity) -> Result<Vec<Difference>> {
        let mut foreign_keys = Vec::new();
        for key in entity.foreign_keys() {
            if self.has_parent(entity, key)? {
                foreign_keys.push(key);
            }
        }
        let mut found = Found { table: entity.name(), differences: Vec::new() };
        let Some(file) = self.file(entity.name()) else {
            let sql = statements::table(entity, &foreign_keys);
            let text = format!("the file has no table `{}`", entity.name());
            found.add(Weight::Breaking, text, Some(Fix::Table { sql }));
            for columns in entity.indexes() {
                found.index(columns);
            }
            return Ok(found.differences);
        };
        self.compare_columns(&mut found, entity, file, &foreign_keys)?;
        if file.is_view {
            return Ok(found.differences);
        }
        compare_key(&mut found, entity, file);
        for columns in &file.folding {
            found.breaks(format!(
                "a unique index of the file's table `{}` takes different texts in ({}) for equal ones \
                 (`collate`), as the server does not: make it anew without that",
                entity.name(),
                statements::list(columns)
            ));
        }
        for unique in entity.uniques() {
            if !file.is_unique(&unique.columns) {
                let text = format!(
                    "the file's table `{}` does not see to it that ({}) is unique",
                    entity.name(),
                    statements::list(&unique.columns)
                );
                let fix =
                    Fix::Index { name: unique.name, columns: unique.columns, is_unique: true };
                found.add(Weight::Looser, text, Some(fix));
            }
        }
        for key in foreign_keys {
            compare_foreign_key(&mut found, file, key);
        }
        for columns in entity.indexes() {
            if !file.has_index(&columns) {
                found.index(columns);
            }
        }
        Ok(found.differences)
    }

    fn compare_columns(
        &self,
        found: &mut Found,
        entity: &Entity,
        file: &FileTable,
        foreign_keys: &[&ForeignKey],
    ) -> Result<()> {
        for column in &entity.columns {
            match file.column(column.name()) {
                None => self.miss_column(found, entity, file, column, foreign_keys)?,
                Some(_) if file.is_view => {}
                Some(known) => compare_column(found, entity, file, column, known),
            }
        }
        if file.is_view {
            return Ok(());
        }
        self.compare_first_row(found, entity, file)?;
        for known in &file.columns {
            let is_needed = known.is_not_null && !known.has_default && !known.is_computed;
            let mut ours = entity.columns.iter();
            if is_needed && ours.all(|column| !column.name().eq_ignore_ascii_case(&known.name)) {
                found.breaks(format!(
                    "the file's table `{}` has a column `{}` that the entity does not, which may not be \
                     NULL and has no default: give it a default, or add it to the entity",
                    entity.name(),
                    known.name
                ));
            }
        }
        Ok(())
    }

    fn miss_column(
        &self,
        found: &mut Found,
        entity: &Entity,
        file: &FileTable,
        column: &EntityColumn,
        foreign_keys: &[&ForeignKey],
    ) -> Result<()> {
        let name = column.name();
        let text = format!("the file's table `{}` has no column `{name}`", entity.name());
        if file.is_view {
            found.breaks(text + ": make the view anew with it");
            return Ok(());
        }
        if entity.key().contains(&name) {
            found.breaks(text + ", which is of its key: make the table anew with it");
            return Ok(());
        }
        let key = foreign_keys.iter().find(|key| key.columns == [name]).copied();
        let is_constant = matches!(Default::of(column), Default::Constant(_));
        let is_empty = self.is_empty(entity)?;
        // To a table with rows SQLite adds none that has to be looked at row by row.
        let is_fit = (column.is_nullable() || is_constant) && !(is_constant && key.is_some());
        if is_empty || is_fit {
            let sql = statements::added_column(entity, column, key, is_empty);
            found.add(Weight::Breaking, text, Some(Fix::Column { name, sql }));
        } else {
            found.breaks(
                text + ", which may not be NULL, and rows that have no value for it: add it with the \
                        values, or let it be NULL (`Option`)",
            );
        }
        Ok(())
    }

    /// Ids are stored as text and plain UUIDs as bytes, and a column takes both: of a table that was
    /// filled by another entity, its rows tell.
    fn compare_first_row(
        &self,
        found: &mut Found,
        entity: &Entity,
        file: &FileTable,
    ) -> Result<()> {
        let columns = entity.columns.iter().filter(|column| file.column(column.name()).is_some());
        let told: Vec<(&EntityColumn, &str)> = columns
            .filter_map(|column| match Class::of(column.kind()) {
                Class::Text => Some((column, "blob")),
                Class::Blob => Some((column, "text")),
                Class::Integer | Class::Real => None,
            })
            .collect();
        if told.is_empty() {
            return Ok(());
        }
        let types: Vec<String> =
            told.iter().map(|(column, _)| format!("typeof({})", quoted(column.name()))).collect();
        let sql = format!("select {} from {} limit 1", types.join(", "), quoted(entity.name()));
        let read = |row: &rusqlite::Row<'_>| {
            (0..told.len()).map(|at| row.get(at)).collect::<rusqlite::Result<Vec<String>>>()
        };
        let first = self.connection.query_row(&sql, [], read).optional().map_err(from_rusqlite)?;
        for ((column, wrong), stored) in told.iter().zip(first.unwrap_or_default()) {
            if stored == *wrong {
                found.breaks(format!(
                    "the column `{}` of the file's table `{}` holds {stored}, and the entity stores {} \
                     there: give the field the type that the rows were written with (a \
                     `chronicle::Id` is text, a `Uuid` is blob)",
                    column.name(),
                    entity.name(),
                    Class::of(column.kind()).name()
                ));
            }
        }
        Ok(())
    }

    fn is_empty(&self, entity: &Entity) -> Result<bool> {
        let sql = format!("select not exists (select 1 from {})", quoted(entity.name()));
        self.connection.query_row(&sql, [], |row| row.get(0)).map_err(from_rusqlite)
    }
}

/// The differences of one table.
struct Found {
    table: &'static str,
    differences: Vec<Difference>,
}

impl Found {
    fn add(&mut self, weight: Weight, text: String, fix: Option<Fix>) {
        self.differences.push(Difference { table: self.table, text, weight, fix });
    }

    fn breaks(&mut self, text: String) {
        self.add(Weight::Breaking, text, None);
    }

    fn index(&mut self, columns: Vec<&'static str>) {
        let text = format!(
            "the file's table `{}` has no index of ({})",
            self.table,
            statements::list(&columns)
        );
        let fix = Fix::Index { name: None, columns, is_unique: false };
        self.add(Weight::Slower, text, Some(fix));
    }
}

fn compare_column(
    found: &mut Found,
    entity: &Entity,
    file: &FileTable,
    column: &EntityColumn,
    known: &FileColumn,
) {
    let (table, name) = (entity.name(), column.name());
    if known.is_computed && !column.may_lack() {
        found.breaks(format!(
            "the file computes the column `{name}` of `{table}`, which the entity writes: make it a \
             plain column"
        ));
        return;
    }
    let may_be_null = column.is_nullable() || (column.may_lack() && !known.has_default);
    if may_be_null && known.is_not_null && !entity.key().contains(&name) {
        found.breaks(format!(
            "the column `{name}` of the file's table `{table}` may not be NULL, as the entity's may: make \
             it nullable there, or take the `Option` from the field"
        ));
    }
    let class = Class::of(column.kind());
    let is_kept = if file.is_strict {
        is_taken_by_strict(&known.declared, class)
    } else {
        Affinity::of(&known.declared).keeps(class, column.kind())
    };
    if !is_kept {
        let declared = if known.declared.is_empty() { "nothing" } else { &known.declared };
        found.breaks(format!(
            "the column `{name}` of the file's table `{table}` is declared as {declared}, which does not \
             keep what is stored as {0}: declare it as {0}, or give the field a type that fits",
            class.name()
        ));
    }
}

fn compare_key(found: &mut Found, entity: &Entity, file: &FileTable) {
    let (ours, theirs) = (entity.key(), file.key());
    if ours.is_empty() {
        return;
    }
    if !is_same_set(&ours, &theirs) {
        let theirs = match &theirs[..] {
            [] => "no key".to_owned(),
            theirs => format!("the key ({})", statements::list(theirs)),
        };
        found.breaks(format!(
            "the file's table `{}` has {theirs}, and the entity ({}): make the table anew with that, or \
             mark the file's key as the entity's",
            entity.name(),
            statements::list(&ours)
        ));
    } else if entity.is_counted() && !file.is_counted() {
        found.breaks(format!(
            "the file's table `{}` does not count its key up: declare it as `integer primary key`, or \
             mark the field `auto_increment = false`",
            entity.name()
        ));
    }
}

fn compare_foreign_key(found: &mut Found, file: &FileTable, key: &ForeignKey) {
    let described = format!(
        "from ({}) to {} ({})",
        statements::list(&key.columns),
        quoted(&key.table),
        statements::list(&key.to)
    );
    let Some(known) = file.foreign_keys.iter().find(|known| is_same(known, key)) else {
        // It comes with the column.
        if matches!(&key.columns[..], [column] if file.column(column).is_none()) {
            return;
        }
        found.add(
            Weight::Looser,
            format!(
                "the file's table `{}` has no foreign key {described}: make the table anew with it, or \
                 mark the relation `skip_fk`",
                found.table
            ),
            None,
        );
        return;
    };
    let actions =
        [("delete", key.on_delete, &known.on_delete), ("update", key.on_update, &known.on_update)];
    for (event, ours, theirs) in actions {
        let Some(ours) = ours else { continue };
        if !is_same_action(ours, theirs) {
            found.add(
                Weight::Looser,
                format!(
                    "the foreign key of the file's table `{}` {described} is `on {event} {}`, and the \
                     entity's `on {event} {}`: make the table anew with that, or change the relation",
                    found.table,
                    theirs.to_lowercase(),
                    ours
                ),
                None,
            );
        }
    }
}

fn is_same(known: &FileForeignKey, key: &ForeignKey) -> bool {
    let pairs = |columns: &[String], to: &[String]| -> Vec<String> {
        columns
            .iter()
            .zip(to)
            .map(|(column, to)| format!("{column}\0{to}").to_lowercase())
            .collect()
    };
    known.table.eq_ignore_ascii_case(&key.table)
        && match &known.to {
            Some(to) => is_same_set(&pairs(&known.columns, to), &pairs(&key.columns, &key.to)),
            None => is_same_set(&known.columns, &key.columns),
        }
}

/// Both of them keep the row that is referred to.
fn is_same_action(ours: &str, theirs: &str) -> bool {
    let keeps = |action: &str| matches!(action, "no action" | "restrict");
    let theirs = theirs.to_lowercase();
    ours == theirs || (keeps(ours) && keeps(&theirs))
}
