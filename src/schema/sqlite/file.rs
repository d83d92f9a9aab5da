//! [`FileTable`]: a table as the file has it.

use crate::Result;
use crate::backend::sqlite::from_rusqlite;
use crate::schema::entity::is_same_set;
use rusqlite::{Connection, OptionalExtension, Row};

#[derive(Debug)]
pub(super) struct FileTable {
    pub(super) is_view: bool,
    has_rowid: bool,
    pub(super) is_strict: bool,
    pub(super) columns: Vec<FileColumn>,
    pub(super) foreign_keys: Vec<FileForeignKey>,
    indexes: Vec<FileIndex>,
    /// The columns of unique indexes that take different texts for equal ones.
    pub(super) folding: Vec<Vec<String>>,
}

#[derive(Debug)]
pub(super) struct FileColumn {
    pub(super) name: String,
    pub(super) declared: String,
    pub(super) is_not_null: bool,
    pub(super) has_default: bool,
    /// Its place in the key, from 1 on.
    key: i64,
    pub(super) is_computed: bool,
}

#[derive(Debug, Default)]
pub(super) struct FileForeignKey {
    pub(super) columns: Vec<String>,
    pub(super) table: String,
    /// `None` for the key of that table.
    pub(super) to: Option<Vec<String>>,
    pub(super) on_delete: String,
    pub(super) on_update: String,
}

/// An index of all rows, by columns as they compare otherwise too.
#[derive(Debug)]
struct FileIndex {
    is_unique: bool,
    columns: Vec<String>,
}

impl FileTable {
    pub(super) fn read(connection: &Connection, name: &str) -> Result<Option<Self>> {
        let sql =
            "select type = 'view', not wr, strict from pragma_table_list(?1) where schema = 'main'";
        let kind = connection
            .prepare_cached(sql)
            .and_then(|mut kind| {
                let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
                kind.query_row([name], read).optional()
            })
            .map_err(from_rusqlite)?;
        let Some((is_view, has_rowid, is_strict)) = kind else { return Ok(None) };
        let (indexes, folding) = indexes(connection, name)?;
        Ok(Some(Self {
            is_view,
            has_rowid,
            is_strict,
            columns: columns(connection, name)?,
            foreign_keys: foreign_keys(connection, name)?,
            indexes,
            folding,
        }))
    }

    pub(super) fn column(&self, name: &str) -> Option<&FileColumn> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The names of the key's columns, in its order.
    pub(super) fn key(&self) -> Vec<&str> {
        let mut key: Vec<&FileColumn> =
            self.columns.iter().filter(|column| column.key > 0).collect();
        key.sort_by_key(|column| column.key);
        key.into_iter().map(|column| column.name.as_str()).collect()
    }

    /// Whether SQLite gives a row without a key the next number.
    pub(super) fn is_counted(&self) -> bool {
        let mut key = self.columns.iter().filter(|column| column.key > 0);
        self.has_rowid
            && key.next().is_some_and(|key| key.declared.eq_ignore_ascii_case("integer"))
            && key.next().is_none()
    }

    /// Whether no two rows have the same values in these columns.
    pub(super) fn is_unique<S: AsRef<str>>(&self, columns: &[S]) -> bool {
        let mut unique = self.indexes.iter().filter(|index| index.is_unique);
        is_same_set(&self.key(), columns)
            || unique.any(|index| is_same_set(&index.columns, columns))
    }

    /// Whether rows are found by these columns without looking at all of them.
    pub(super) fn has_index(&self, columns: &[&str]) -> bool {
        let begins = |known: &[&str]| {
            known.len() >= columns.len()
                && known.iter().zip(columns).all(|(known, name)| known.eq_ignore_ascii_case(name))
        };
        let names = |index: &FileIndex| {
            begins(&index.columns.iter().map(String::as_str).collect::<Vec<_>>())
        };
        begins(&self.key()) || self.indexes.iter().any(names)
    }
}

fn rows<T>(
    connection: &Connection,
    sql: &str,
    table: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql).map_err(from_rusqlite)?;
    let rows = statement.query_map([table], read).map_err(from_rusqlite)?;
    rows.collect::<rusqlite::Result<_>>().map_err(from_rusqlite)
}

fn columns(connection: &Connection, table: &str) -> Result<Vec<FileColumn>> {
    // 1 are columns of virtual tables that no query names; 2 and 3 are computed.
    let sql = "select name, type, \"notnull\", dflt_value is not null, pk, hidden in (2, 3) \
               from pragma_table_xinfo(?1) where hidden <> 1";
    rows(connection, sql, table, |row| {
        Ok(FileColumn {
            name: row.get(0)?,
            declared: row.get(1)?,
            is_not_null: row.get(2)?,
            has_default: row.get(3)?,
            key: row.get(4)?,
            is_computed: row.get(5)?,
        })
    })
}

fn foreign_keys(connection: &Connection, table: &str) -> Result<Vec<FileForeignKey>> {
    let sql = "select id, \"from\", \"table\", \"to\", on_delete, on_update \
               from pragma_foreign_key_list(?1) order by id, seq";
    let parts = rows(connection, sql, table, |row| {
        let part = FileForeignKey {
            columns: vec![row.get(1)?],
            table: row.get(2)?,
            to: row.get::<_, Option<String>>(3)?.map(|to| vec![to]),
            on_delete: row.get(4)?,
            on_update: row.get(5)?,
        };
        Ok((row.get::<_, i64>(0)?, part))
    })?;
    let mut keys: Vec<(i64, FileForeignKey)> = Vec::new();
    for (id, part) in parts {
        match keys.last_mut() {
            Some((last, key)) if *last == id => {
                key.columns.extend(part.columns);
                if let (Some(to), Some(more)) = (&mut key.to, part.to) {
                    to.extend(more);
                }
            }
            _ => keys.push((id, part)),
        }
    }
    Ok(keys.into_iter().map(|(_, key)| key).collect())
}

/// The indexes by columns as they compare otherwise too, and the columns of unique ones that fold.
fn indexes(connection: &Connection, table: &str) -> Result<(Vec<FileIndex>, Vec<Vec<String>>)> {
    let sql = "select l.name, l.\"unique\", x.name, x.coll = 'BINARY' \
               from pragma_index_list(?1) l, pragma_index_xinfo(l.name) x \
               where x.key and not l.partial order by l.seq, x.seqno";
    let parts = rows(connection, sql, table, |row| {
        let part = (row.get(1)?, row.get::<_, Option<String>>(2)?, row.get::<_, bool>(3)?);
        Ok((row.get::<_, String>(0)?, part))
    })?;
    let mut indexes: Vec<(String, Option<FileIndex>)> = Vec::new();
    let mut folding: Vec<(String, Vec<String>)> = Vec::new();
    for (name, (is_unique, column, is_binary)) in parts {
        if let (true, false, Some(column)) = (is_unique, is_binary, &column) {
            match folding.last_mut() {
                Some((last, columns)) if *last == name => columns.push(column.clone()),
                _ => folding.push((name.clone(), vec![column.clone()])),
            }
        }
        if indexes.last().is_none_or(|(last, _)| *last != name) {
            indexes.push((name, Some(FileIndex { is_unique, columns: Vec::new() })));
        }
        let Some((_, last)) = indexes.last_mut() else { continue };
        match (last.as_mut(), column) {
            (Some(index), Some(column)) if is_binary => index.columns.push(column),
            // An expression, or texts that compare otherwise.
            _ => *last = None,
        }
    }
    let indexes = indexes.into_iter().filter_map(|(_, index)| index).collect();
    Ok((indexes, folding.into_iter().map(|(_, columns)| columns).collect()))
}
