//! From operations to SQLite's SQL.

use crate::aggregation::Function;
use crate::filter::{Case, Comparison, Expression, JsonStep, Node, TextMatch, folding};
use crate::operation::{Duplicates, OrderTerm, Read};
use crate::order::Direction;
use crate::related::Join;
use crate::{Aggregation, Column, Table, value};
use sea_orm::sea_query::Values;
use sea_orm::{DbBackend, Statement, Value};

/// Lists longer than this go as one JSON parameter, so that a statement has neither thousands of
/// forms in the statement cache nor more than SQLite's 32,766 parameters.
const LONGEST_PLAIN_LIST: usize = 64;

/// SQLite's integers end there, and no table has more rows.
const MOST_ROWS: u64 = i64::MAX as u64;

/// SQLite's limit of a pattern, in bytes (SQLITE_MAX_LIKE_PATTERN_LENGTH).
const LONGEST_PATTERN: usize = 50_000;

/// The statement for the rows of `read`.
pub(crate) fn select(read: &Read) -> Statement {
    let mut sql = Sql { has_offset: read.offset > 0, ..Sql::default() };
    sql.push("SELECT ");
    sql.list(read.columns(), |sql, column| sql.name(column.name));
    sql.push(" FROM ");
    sql.name(read.table.name);
    sql.condition(read.table, &read.filter);
    sql.push(" ORDER BY ");
    sql.list(&read.order, Sql::order_term);
    // Not as a parameter: SQLite plans by the limit, and would prepare the statement anew each time
    // that it is bound.
    match read.limit {
        Some(limit) => sql.push(&format!(" LIMIT {}", limit.min(MOST_ROWS))),
        None if read.offset > 0 => sql.push(" LIMIT -1"),
        None => {}
    }
    if read.offset > 0 {
        sql.push(" OFFSET ");
        sql.bind(read.offset.min(MOST_ROWS).cast_signed().into());
    }
    sql.into_statement()
}

/// The statement for some columns of the rows that match.
pub(super) fn columns(table: &Table, columns: &[&Column], condition: &Node) -> Statement {
    let mut sql = Sql::default();
    for (at, column) in columns.iter().enumerate() {
        sql.push(if at == 0 { "SELECT " } else { ", " });
        sql.name(column.name);
    }
    sql.push(" FROM ");
    sql.name(table.name);
    sql.condition(table, condition);
    sql.into_statement()
}

/// The statement that counts the rows which match the filter of `read`.
pub(super) fn count(read: &Read) -> Statement {
    let mut sql = Sql::default();
    sql.push("SELECT count(*) FROM ");
    sql.name(read.table.name);
    sql.condition(read.table, &read.filter);
    sql.into_statement()
}

/// The statement that makes the answer out of the rows that match, or the one for those rows, where it
/// is made here.
pub(crate) fn aggregate(aggregation: &Aggregation) -> Statement {
    if takes_rows(aggregation) {
        return columns(aggregation.table(), &aggregation.rows.columns(), &aggregation.rows.filter);
    }
    let Aggregation { rows, groups, functions } = aggregation;
    let mut sql = Sql::default();
    sql.push("SELECT ");
    for column in groups {
        sql.name(column.name);
        sql.push(", ");
    }
    sql.list(functions, |sql, function| {
        let (name, column) = match function {
            Function::Count => return sql.push("count(*)"),
            Function::CountOf(column) => ("count(", column),
            Function::Sum(column) => ("sum(", column),
            Function::Least(column) => ("min(", column),
            Function::Greatest(column) => ("max(", column),
        };
        sql.push(name);
        sql.name(column.name);
        sql.push(")");
    });
    sql.push(" FROM ");
    sql.name(rows.table.name);
    sql.condition(rows.table, &rows.filter);
    if !groups.is_empty() {
        sql.push(" GROUP BY ");
        sql.list(groups, |sql, column| sql.name(column.name));
    }
    sql.into_statement()
}

/// Whether SQLite cannot make the answer: decimals are text to it.
#[cfg_attr(not(feature = "decimal"), allow(unused_variables, reason = "there are no decimals"))]
pub(super) fn takes_rows(aggregation: &Aggregation) -> bool {
    #[cfg(feature = "decimal")]
    return aggregation.functions.iter().any(
        |function| matches!(function, Function::Sum(column) if column.kind == crate::Kind::Decimal),
    );
    #[cfg(not(feature = "decimal"))]
    false
}

pub(super) fn update(table: &Table, assignments: &[(usize, Value)], condition: &Node) -> Statement {
    let mut sql = Sql::default();
    sql.push("UPDATE ");
    sql.name(table.name);
    sql.push(" SET ");
    sql.list(assignments, |sql, (at, value)| {
        sql.name(table.columns[*at].name);
        sql.push(" = ");
        sql.bind(value.clone());
    });
    sql.condition(table, condition);
    sql.into_statement()
}

pub(super) fn delete(table: &Table, condition: &Node) -> Statement {
    let mut sql = Sql::default();
    sql.push("DELETE FROM ");
    sql.name(table.name);
    sql.condition(table, condition);
    sql.into_statement()
}

/// `INSERT INTO … VALUES (?, …), …` for so many rows of the given columns, without what follows.
pub(super) fn insert_text(table: &Table, given: &[usize], rows: usize) -> String {
    let mut sql = Sql::default();
    sql.push("INSERT INTO ");
    sql.name(table.name);
    if given.is_empty() {
        // Rows of defaults alone come one by one.
        sql.push(" DEFAULT VALUES");
        return sql.text;
    }
    sql.push(" (");
    sql.list(given, |sql, at| sql.name(table.columns[*at].name));
    sql.push(") VALUES ");
    let row = format!("({}?)", "?, ".repeat(given.len() - 1));
    sql.list(0..rows, |sql, _| sql.push(&row));
    sql.text
}

/// A statement that gives back these columns of the rows that it wrote.
pub(super) fn returning(text: String, columns: &[&Column]) -> Statement {
    let mut sql = Sql { text, ..Sql::default() };
    sql.push(" RETURNING ");
    sql.list(columns, |sql, column| sql.name(column.name));
    sql.into_statement()
}

/// What becomes of a row whose key is there already.
pub(super) fn conflict_clause(table: &Table, given: &[usize], duplicates: Duplicates) -> String {
    let others = given.iter().copied().filter(|at| !table.is_key(*at));
    match duplicates {
        Duplicates::Refuse => String::new(),
        Duplicates::Ignore => on_conflict(table, table.key, std::iter::empty()),
        Duplicates::Replace => on_conflict(table, table.key, others),
    }
}

/// Gives the new row's values in some columns to the one that has the same ones in the unique columns.
pub(super) fn on_conflict(
    table: &Table,
    unique: &[usize],
    set: impl Iterator<Item = usize>,
) -> String {
    let name = |at: usize| quoted(table.columns[at].name);
    let unique = unique.iter().map(|at| name(*at)).collect::<Vec<_>>().join(", ");
    let set: Vec<String> = set.map(|at| format!("{0} = excluded.{0}", name(at))).collect();
    if set.is_empty() {
        format!(" ON CONFLICT ({unique}) DO NOTHING")
    } else {
        format!(" ON CONFLICT ({unique}) DO UPDATE SET {}", set.join(", "))
    }
}

/// An identifier in quotes. Not in double ones: SQLite takes `"colour"` for the text `colour` where
/// there is no such column (<https://sqlite.org/quirks.html#dblquote>).
pub(crate) fn quoted(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 2);
    push_quoted(&mut text, name);
    text
}

fn push_quoted(text: &mut String, name: &str) {
    text.push('`');
    for part in name.split_inclusive('`') {
        text.push_str(part);
        if part.ends_with('`') {
            text.push('`');
        }
    }
    text.push('`');
}

/// A statement in the making.
#[derive(Default)]
struct Sql {
    text: String,
    values: Vec<Value>,
    /// What the table is called whose rows a condition is about.
    scope: String,
    /// How many tables of related rows have a name.
    related: usize,
    /// Whether rows are left out at the start.
    has_offset: bool,
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
        push_quoted(&mut self.text, name);
    }

    fn bind(&mut self, value: Value) {
        self.push("?");
        self.values.push(value);
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
        // SQLite sorts NULL as the smallest value, as the query does unless it says otherwise.
        self.name(term.column.name);
        self.push(match term.direction {
            Direction::Ascending => " ASC",
            Direction::AscendingNullsLast => " ASC NULLS LAST",
            Direction::Descending => " DESC",
            Direction::DescendingNullsFirst => " DESC NULLS FIRST",
        });
    }

    fn condition(&mut self, table: &Table, node: &Node) {
        if *node != Node::Constant(true) {
            self.push(" WHERE ");
            self.scope = quoted(table.name);
            self.node(node, false);
        }
    }

    /// Whether there is a row beside this one. Inside, columns without a table are those of the inner
    /// one, which has a name of its own: it may be the same table.
    fn exists(&mut self, join: &Join, filter: &Node) {
        self.related += 1;
        let mut inner = format!("`related{}`", self.related);
        // The table around it may be called so.
        while inner.eq_ignore_ascii_case(&self.scope) {
            inner.insert(1, '_');
        }
        self.push("EXISTS (SELECT 1 FROM ");
        self.name(join.table.name);
        self.push(&format!(" AS {inner} WHERE "));
        for (at, (from, to)) in join.pairs().enumerate() {
            if at > 0 {
                self.push(" AND ");
            }
            let (outer, from, to) = (&self.scope, quoted(from.name), quoted(to.name));
            let pair = format!("{inner}.{to} = {outer}.{from}");
            self.push(&pair);
        }
        if *filter != Node::Constant(true) {
            self.push(" AND ");
            let outer = std::mem::replace(&mut self.scope, inner);
            self.node(filter, true);
            self.scope = outer;
        }
        // SQLite makes a join of it otherwise, and to 3.51.3 an offset counts the rows of that.
        self.push(if self.has_offset { " LIMIT 1)" } else { ")" });
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
            Node::Keys { columns, keys } => {
                self.push("(");
                self.list(columns, |sql, column| sql.name(column.name));
                self.push(") IN (VALUES ");
                self.list(keys, |sql, key| {
                    sql.push("(");
                    sql.list(key.values(), |sql, value| sql.bind(value.clone()));
                    sql.push(")");
                });
                self.push(")");
            }
            Node::IsNull(expression) => {
                self.expression(expression);
                self.push(" IS NULL");
            }
            Node::Has { column, value } => {
                // Of NULL it is not known, as at the server.
                self.push("iif(");
                self.name(column.name);
                self.push(" IS NULL, NULL, EXISTS (SELECT 1 FROM json_each(");
                self.name(column.name);
                self.push(") WHERE value = ");
                self.bind(element_of_json(value));
                self.push("))");
            }
            Node::Text { expression, position, case: Case::Exact, text } => {
                self.text(expression, *position, text);
            }
            Node::Text { expression, position, case: Case::Any, text } => {
                self.expression(expression);
                self.push(" GLOB ");
                self.bind(any_case(*position, text).into());
            }
            Node::Related { join: Some(join), filter } => self.exists(join, filter),
            // A reduced filter has none.
            Node::Related { join: None, .. } => self.push("1 = 0"),
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
        if values.len() <= LONGEST_PLAIN_LIST {
            self.list(values, |sql, value| sql.bind(value.clone()));
            return;
        }
        if matches!(values[0], Value::Double(_) | Value::Float(_)) {
            return self.numbers_list(values);
        }
        // Binary values have no JSON form.
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

    /// Numbers with a fraction. SQLite reads not every one of them exactly from text, so each travels
    /// as a whole number and the power of two that it is multiplied by: that product is exact.
    fn numbers_list(&mut self, values: &[Value]) {
        let mut powers = Vec::new();
        let list = values.iter().filter_map(|value| match value {
            Value::Double(Some(_)) | Value::Float(Some(_)) => {
                let (whole, power) = parts(match value {
                    Value::Float(Some(number)) => f64::from(*number),
                    Value::Double(Some(number)) => *number,
                    _ => return None,
                });
                let known = powers.iter().position(|known| *known == power);
                let at = known.unwrap_or_else(|| {
                    powers.push(power);
                    powers.len() - 1
                });
                Some(serde_json::json!([whole, at]))
            }
            _ => None,
        });
        let list = list.collect::<serde_json::Value>().to_string();
        self.push("SELECT (number.value ->> 0) * power.column2 FROM json_each(");
        self.bind(list.into());
        self.push(") AS number JOIN (VALUES ");
        self.list(powers.into_iter().enumerate(), |sql, (at, power)| {
            sql.push(&format!("({at}, "));
            sql.bind(power.into());
            sql.push(")");
        });
        self.push(") AS power ON power.column1 = number.value ->> 1");
    }

    fn expression(&mut self, expression: &Expression) {
        match expression {
            Expression::Column(column) => self.name(column.name),
            Expression::Json { column, steps } => self.json_text(column, steps),
        }
    }

    /// The value at a path as text, as Postgres's `->>` gives it. To Postgres a value that is neither
    /// an array nor an object is its own element 0.
    fn json_text(&mut self, column: &Column, steps: &[JsonStep]) {
        let zeros = steps.iter().rev().take_while(|step| **step == JsonStep::Index(0)).count();
        if zeros == 0 {
            return self.json_text_at(column, &json_path(steps));
        }
        self.push("(CASE WHEN ");
        for end in (steps.len() - zeros..=steps.len()).rev() {
            let path = json_path(&steps[..end]);
            let is_whole = end == steps.len();
            if !is_whole {
                self.push(" WHEN ");
            }
            self.json_type(column, &path);
            self.push(if is_whole { " IS NOT NULL" } else { " NOT IN ('array', 'object')" });
            self.push(" THEN ");
            self.json_text_at(column, &path);
        }
        self.push(" END)");
    }

    fn json_type(&mut self, column: &Column, path: &str) {
        self.push("json_type(");
        self.name(column.name);
        self.push(", ");
        self.bind(path.into());
        self.push(")");
    }

    /// Strings without quotes, other values in their JSON form (SQLite's own `->>` would make `true` a
    /// 1), `null` as NULL.
    fn json_text_at(&mut self, column: &Column, path: &str) {
        self.push("(CASE ");
        self.json_type(column, path);
        self.push(" WHEN 'text' THEN ");
        self.name(column.name);
        self.push(" ->> ");
        self.bind(path.into());
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
            TextMatch::Whole => {
                self.expression(expression);
                self.push(" = ");
                self.bind(text.into());
            }
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

fn json_path(steps: &[JsonStep]) -> String {
    let mut path = "$".to_owned();
    for step in steps {
        match step {
            JsonStep::Key(key) => path.extend([".\"", key, "\""]),
            JsonStep::Index(index) => path.extend(["[", &index.to_string(), "]"]),
        }
    }
    path
}

fn glob_literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    text.chars().for_each(|character| push_glob(character, &mut pattern));
    pattern
}

fn push_glob(character: char, pattern: &mut String) {
    match character {
        '*' | '?' | '[' => pattern.extend(['[', character, ']']),
        character => pattern.push(character),
    }
}

fn any_case(position: TextMatch, text: &str) -> String {
    let pattern = folding::pattern(text, push_glob);
    match position {
        TextMatch::Contains => format!("*{pattern}*"),
        TextMatch::StartsWith => format!("{pattern}*"),
        TextMatch::EndsWith => format!("*{pattern}"),
        TextMatch::Whole => pattern,
    }
}

/// A finite number as a whole one and a power of two, whose product it is.
fn parts(number: f64) -> (i64, f64) {
    const FRACTION: u32 = f64::MANTISSA_DIGITS - 1;
    let bits = number.to_bits();
    let fraction = bits & ((1 << FRACTION) - 1);
    let exponent = (bits >> FRACTION) & 0x7ff;
    // The numbers nearest to zero have the same step as those above them, and no leading bit.
    let (whole, step) =
        if exponent == 0 { (fraction, 1) } else { (fraction | 1 << FRACTION, exponent) };
    let whole = whole.cast_signed();
    let power = match step.checked_sub(u64::from(FRACTION)) {
        Some(exponent @ 1..) => f64::from_bits(exponent << FRACTION),
        _ => f64::from_bits(1 << (step - 1)),
    };
    (if number.is_sign_negative() { -whole } else { whole }, power)
}

/// An element of a list in the form that `json_each` turns into the stored one.
fn json_element(value: &Value) -> serde_json::Value {
    match value {
        Value::Uuid(Some(uuid)) => uuid.simple().to_string().into(),
        Value::Bytes(_) => value::to_text(value).trim_start_matches("\\x").into(),
        Value::ChronoDateTime(Some(time)) => time.format("%F %T%.f").to_string().into(),
        Value::Json(Some(document)) => document.to_string().into(),
        #[cfg(feature = "decimal")]
        Value::Decimal(Some(number)) => super::decimal::to_text(number).into(),
        value => value::to_json(value),
    }
}

/// An element of an array in the form that `json_each` gives it: arrays are stored as JSON.
fn element_of_json(value: &Value) -> Value {
    match value::to_json(value) {
        serde_json::Value::Bool(value) => value.into(),
        serde_json::Value::Number(number) => number.as_i64().into(),
        serde_json::Value::String(text) => text.into(),
        other => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_product_of_its_parts() {
        let edges = [0.0, f64::MIN_POSITIVE, f64::from_bits(1), f64::MAX, 0.1, 1e-310, 1e22, 1.0];
        let spread =
            (0..2_047_u64).map(|exponent| f64::from_bits(exponent << 52 | 0x000a_bcde_f123));
        for number in edges.into_iter().chain(spread).flat_map(|number| [number, -number]) {
            let (whole, power) = parts(number);
            #[allow(clippy::cast_precision_loss, reason = "it has 53 bits at most")]
            let product = whole as f64 * power;
            assert_eq!(product, number, "{number:e}");
        }
    }
}
