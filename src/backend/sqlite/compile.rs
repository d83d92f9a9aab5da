//! From operations to SQLite's SQL.

use crate::filter::{Comparison, Expression, JsonStep, Node, TextMatch};
use crate::operation::{OrderTerm, Read};
use crate::{Column, Table, value};
use sea_orm::sea_query::Values;
use sea_orm::sqlx::Arguments;
use sea_orm::sqlx::sqlite::SqliteArguments;
use sea_orm::{DbBackend, Statement, Value};

/// Lists longer than this go as one JSON parameter, so that a statement has neither thousands of
/// forms in the statement cache nor more than SQLite's 32,766 parameters.
const LONGEST_PLAIN_LIST: usize = 64;

/// SQLite's limit of a pattern, in bytes (SQLITE_MAX_LIKE_PATTERN_LENGTH).
const LONGEST_PATTERN: usize = 50_000;

/// The statement for the rows of `read`.
pub(crate) fn select(read: &Read) -> Statement {
    let mut sql = Sql::default();
    sql.push("SELECT ");
    sql.list(read.columns(), |sql, column| sql.name(column.name));
    sql.push(" FROM ");
    sql.name(read.table.name);
    sql.condition(&read.filter);
    sql.push(" ORDER BY ");
    sql.list(&read.order, Sql::order_term);
    match (read.limit, read.offset) {
        (None, 0) => {}
        (None, offset) => {
            sql.push(" LIMIT -1 OFFSET ");
            sql.number(offset);
        }
        (Some(limit), offset) => {
            sql.push(" LIMIT ");
            sql.number(limit);
            if offset > 0 {
                sql.push(" OFFSET ");
                sql.number(offset);
            }
        }
    }
    sql.into_statement()
}

/// The statement for some columns of the rows that match.
#[cfg(feature = "postgrest")]
pub(crate) fn columns(table: &Table, columns: &[&Column], condition: &Node) -> Statement {
    let mut sql = Sql::default();
    for (at, column) in columns.iter().enumerate() {
        sql.push(if at == 0 { "SELECT " } else { ", " });
        sql.name(column.name);
    }
    sql.push(" FROM ");
    sql.name(table.name);
    sql.condition(condition);
    sql.into_statement()
}

/// The statement that counts the rows which match the filter of `read`.
pub(super) fn count(read: &Read) -> Statement {
    let mut sql = Sql::default();
    sql.push("SELECT count(*) FROM ");
    sql.name(read.table.name);
    sql.condition(&read.filter);
    sql.into_statement()
}

pub(super) fn update(
    table: &Table,
    assignments: Vec<(usize, Value)>,
    condition: &Node,
) -> Statement {
    let mut sql = Sql::default();
    sql.push("UPDATE ");
    sql.name(table.name);
    sql.push(" SET ");
    sql.list(assignments, |sql, (at, value)| {
        sql.name(table.columns[at].name);
        sql.push(" = ");
        sql.bind(value);
    });
    sql.condition(condition);
    sql.into_statement()
}

pub(super) fn delete(table: &Table, condition: &Node) -> Statement {
    let mut sql = Sql::default();
    sql.push("DELETE FROM ");
    sql.name(table.name);
    sql.condition(condition);
    sql.into_statement()
}

/// `INSERT INTO … VALUES (?, …), …` for so many rows, without what follows.
pub(super) fn insert_text(table: &Table, rows: usize) -> String {
    let mut sql = Sql::default();
    sql.push("INSERT INTO ");
    sql.name(table.name);
    sql.push(" (");
    sql.list(table.columns, |sql, column| sql.name(column.name));
    sql.push(") VALUES ");
    let row = format!("({}?)", "?, ".repeat(table.columns.len() - 1));
    sql.list(0..rows, |sql, _| sql.push(&row));
    sql.text
}

/// An identifier in quotes. Not in double ones: SQLite takes `"colour"` for the text `colour` where
/// there is no such column (<https://sqlite.org/quirks.html#dblquote>).
pub(crate) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// The values as sqlx's arguments, each in the form that SeaORM stores.
pub(crate) fn arguments(values: impl IntoIterator<Item = Value>) -> SqliteArguments {
    let mut arguments = SqliteArguments::default();
    for value in values {
        // Encoding fails for none of these types.
        let _ = match value {
            value if value::is_null(&value) => arguments.add(Option::<String>::None),
            Value::Bool(value) => arguments.add(value),
            Value::TinyInt(value) => arguments.add(value),
            Value::SmallInt(value) => arguments.add(value),
            Value::Int(value) => arguments.add(value),
            Value::BigInt(value) => arguments.add(value),
            Value::TinyUnsigned(value) => arguments.add(value),
            Value::SmallUnsigned(value) => arguments.add(value),
            Value::Unsigned(value) => arguments.add(value),
            Value::Double(value) => arguments.add(value),
            Value::String(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
            Value::Json(value) => arguments.add(value.map(|document| document.to_string())),
            Value::ChronoDate(value) => arguments.add(value),
            Value::ChronoDateTime(value) => arguments.add(value),
            Value::ChronoDateTimeUtc(value) => arguments.add(value),
            Value::Uuid(value) => arguments.add(value),
            value => arguments.add(value::to_text(&value)),
        };
    }
    arguments
}

/// A statement in the making.
#[derive(Default)]
struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    fn into_statement(self) -> Statement {
        Statement {
            sql: self.text,
            values: Some(Values(self.values)),
            db_backend: DbBackend::Sqlite,
        }
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn name(&mut self, name: &str) {
        self.push(&quoted(name));
    }

    fn bind(&mut self, value: Value) {
        self.push("?");
        self.values.push(value);
    }

    fn number(&mut self, number: u64) {
        // SQLite's integers end at 2^63-1, and no table has more rows.
        self.bind(i64::try_from(number).unwrap_or(i64::MAX).into());
    }

    fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut each: impl FnMut(&mut Self, T)) {
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            each(self, item);
        }
    }

    fn order_term(&mut self, term: &OrderTerm) {
        // SQLite sorts NULL as the smallest value, as the query does.
        self.name(term.column.name);
        self.push(if term.descending { " DESC" } else { " ASC" });
    }

    fn condition(&mut self, node: &Node) {
        if *node != Node::Constant(true) {
            self.push(" WHERE ");
            self.node(node, false);
        }
    }

    /// `inner`: inside another condition, where a list needs parentheses.
    fn node(&mut self, node: &Node, inner: bool) {
        match node {
            Node::Constant(value) => self.push(if *value { "1 = 1" } else { "1 = 0" }),
            Node::Compare { expression, comparison, value } => {
                self.expression(expression);
                self.push(match comparison {
                    Comparison::Equal => " = ",
                    Comparison::NotEqual => " <> ",
                    Comparison::Less => " < ",
                    Comparison::LessOrEqual => " <= ",
                    Comparison::Greater => " > ",
                    Comparison::GreaterOrEqual => " >= ",
                });
                self.bind(value.clone());
            }
            Node::In { expression, values } => {
                self.expression(expression);
                self.push(" IN (");
                self.values_list(values);
                self.push(")");
            }
            Node::IsNull(expression) => {
                self.expression(expression);
                self.push(" IS NULL");
            }
            Node::Text { expression, position, text } => self.text(expression, *position, text),
            Node::All(nodes) => self.joined(nodes, " AND ", inner),
            Node::Any(nodes) => self.joined(nodes, " OR ", inner),
            Node::Not(node) => match &**node {
                Node::IsNull(expression) => {
                    self.expression(expression);
                    self.push(" IS NOT NULL");
                }
                node => {
                    self.push("NOT (");
                    self.node(node, false);
                    self.push(")");
                }
            },
        }
    }

    fn joined(&mut self, nodes: &[Node], word: &str, inner: bool) {
        if inner {
            self.push("(");
        }
        for (at, node) in nodes.iter().enumerate() {
            if at > 0 {
                self.push(word);
            }
            self.node(node, true);
        }
        if inner {
            self.push(")");
        }
    }

    fn values_list(&mut self, values: &[Value]) {
        // Binary values have no JSON form; numbers with a fraction might not survive one exactly.
        let plain = values.len() <= LONGEST_PLAIN_LIST || matches!(values[0], Value::Double(_));
        if plain {
            self.list(values, |sql, value| sql.bind(value.clone()));
            return;
        }
        let binary = matches!(values[0], Value::Uuid(_) | Value::Bytes(_));
        let list: Vec<_> = values.iter().map(json_element).collect();
        self.push(if binary {
            "SELECT unhex(value) FROM json_each("
        } else {
            "SELECT value FROM json_each("
        });
        self.bind(serde_json::Value::from(list).to_string().into());
        self.push(")");
    }

    fn expression(&mut self, expression: &Expression) {
        match expression {
            Expression::Column(column) => self.name(column.name),
            Expression::Json { column, steps } => self.json_text(column, steps),
        }
    }

    /// The value at a path as text, as Postgres's `->>` gives it: strings without quotes, other
    /// values in their JSON form (SQLite's own `->>` would make `true` a 1), `null` as NULL.
    fn json_text(&mut self, column: &Column, steps: &[JsonStep]) {
        let mut path = "$".to_owned();
        for step in steps {
            match step {
                JsonStep::Key(key) => path.extend([".\"", key, "\""]),
                JsonStep::Index(index) => path.push_str(&format!("[{index}]")),
            }
        }
        self.push("(CASE json_type(");
        self.name(column.name);
        self.push(", ");
        self.bind(path.clone().into());
        self.push(") WHEN 'text' THEN ");
        self.name(column.name);
        self.push(" ->> ");
        self.bind(path.clone().into());
        self.push(" WHEN 'null' THEN NULL ELSE ");
        self.name(column.name);
        self.push(" -> ");
        self.bind(path.into());
        self.push(" END)");
    }

    /// Literal and case-sensitive. The start of a text is matched by GLOB, for which SQLite uses an
    /// index (<https://sqlite.org/optoverview.html#the_like_optimization>).
    fn text(&mut self, expression: &Expression, position: TextMatch, text: &str) {
        match position {
            TextMatch::Contains => {
                self.push("instr(");
                self.expression(expression);
                self.push(", ");
                self.bind(text.into());
                self.push(") > 0");
            }
            TextMatch::StartsWith => {
                let pattern = format!("{}*", glob_literal(text));
                if pattern.len() <= LONGEST_PATTERN {
                    self.expression(expression);
                    self.push(" GLOB ");
                    self.bind(pattern.into());
                } else {
                    self.push("substr(");
                    self.expression(expression);
                    self.push(&format!(", 1, {}) = ", text.chars().count()));
                    self.bind(text.into());
                }
            }
            TextMatch::EndsWith => {
                self.push("substr(");
                self.expression(expression);
                self.push(&format!(", -{}) = ", text.chars().count()));
                self.bind(text.into());
            }
        }
    }
}

fn glob_literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '*' | '?' | '[' => pattern.extend(['[', character, ']']),
            character => pattern.push(character),
        }
    }
    pattern
}

/// An element of a list in the form that `json_each` turns into the stored one.
fn json_element(value: &Value) -> serde_json::Value {
    match value {
        Value::Uuid(Some(uuid)) => uuid.simple().to_string().into(),
        Value::Bytes(_) => value::to_text(value).trim_start_matches("\\x").into(),
        Value::ChronoDateTime(Some(time)) => time.format("%F %T%.f").to_string().into(),
        Value::Json(Some(document)) => document.to_string().into(),
        value => value::to_json(value),
    }
}
