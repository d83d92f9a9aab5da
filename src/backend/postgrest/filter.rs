//! The compiler from the filter tree to PostgREST's parameters.
//!
//! Outside of logic trees a value is everything behind the operator and is never quoted; inside of
//! trees and lists it is quoted (<https://docs.postgrest.org/en/stable/references/api/tables_views.html>).

use crate::filter::{Case, Comparison, Expression, JsonStep, Node, TextMatch, folding};
use crate::key::Key;
use crate::related::{ForeignKey, Join};
use crate::{Column, Table, value};
use std::fmt::Write;

/// A condition as PostgREST takes it.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    pub(super) parameters: Vec<(String, String)>,
    /// What stands in `select` besides columns: related rows that are asked for, and not given.
    pub(super) embeds: Vec<String>,
}

/// The condition `filter` on the rows of a table.
pub(super) fn compile(table: &'static Table, filter: &Node) -> Compiled {
    let mut compiler = Compiler::default();
    let mut parameters = compiler.parameters(table, filter);
    parameters.append(&mut compiler.inner);
    Compiled { parameters, embeds: compiler.embeds }
}

/// The parameters that together are the condition `filter`, which asks for no related rows.
pub(super) fn parameters(table: &'static Table, filter: &Node) -> Vec<(String, String)> {
    compile(table, filter).parameters
}

/// The parameters that name rows by their keys.
pub(super) fn of_keys<N: AsRef<str>>(names: &[N], keys: &[Vec<String>]) -> Vec<(String, String)> {
    match (names, keys) {
        ([key], [one]) => vec![(name(key.as_ref()), format!("eq.{}", one.concat()))],
        ([key], keys) => {
            let keys: Vec<String> = keys.iter().map(|key| key.concat()).collect();
            vec![(name(key.as_ref()), format!("in.{}", list(&keys)))]
        }
        (names, [one]) => {
            let parts = names.iter().zip(one);
            parts.map(|(key, text)| (name(key.as_ref()), format!("eq.{text}"))).collect()
        }
        (names, keys) => vec![("or".to_owned(), one_of(names, keys))],
    }
}

/// The keys of several columns as the members of a disjunction.
fn one_of<N: AsRef<str>>(names: &[N], keys: &[Vec<String>]) -> String {
    let keys: Vec<String> = keys
        .iter()
        .map(|key| {
            let parts = names.iter().zip(key);
            let parts =
                parts.map(|(key, text)| format!("{}.eq.{}", name(key.as_ref()), quoted(text)));
            format!("and({})", parts.collect::<Vec<_>>().join(","))
        })
        .collect();
    format!("({})", keys.join(","))
}

/// Whether the condition has `and` or `or` inside of its terms.
pub(super) fn has_tree(filter: &Node) -> bool {
    fn is_tree(node: &Node) -> bool {
        match node {
            Node::Not(inner) => is_tree(inner),
            Node::All(_) | Node::Any(_) | Node::Keys { .. } => true,
            Node::Has { .. }
            | Node::Constant(_)
            | Node::Compare { .. }
            | Node::In { .. }
            | Node::IsNull(_)
            | Node::Related { .. }
            | Node::Text { .. } => false,
        }
    }
    match filter {
        Node::All(nodes) => nodes.iter().any(is_tree),
        node => is_tree(node),
    }
}

/// A condition in the making. Related rows are embedded, without any column, and a row that has some
/// is one whose embedding is not NULL
/// (<https://docs.postgrest.org/en/stable/references/api/resource_embedding.html#null-filtering-on-embedded-resources>).
#[derive(Default)]
struct Compiler {
    /// The name of the embedding that the parameters are for, with a point behind it.
    prefix: String,
    embeds: Vec<String>,
    /// The parameters of embeddings.
    inner: Vec<(String, String)>,
    /// How many embeddings have a name.
    named: usize,
}

impl Compiler {
    fn parameters(&mut self, table: &'static Table, filter: &Node) -> Vec<(String, String)> {
        match filter {
            Node::Constant(true) => Vec::new(),
            Node::All(nodes) => {
                nodes.iter().map(|node| self.parameter(table, node, false)).collect()
            }
            node => vec![self.parameter(table, node, false)],
        }
    }

    fn parameter(&mut self, table: &'static Table, node: &Node, negated: bool) -> (String, String) {
        let not = if negated { "not." } else { "" };
        let prefix = self.prefix.clone();
        match node {
            Node::Not(inner) => self.parameter(table, inner, !negated),
            Node::All(nodes) => (format!("{prefix}{not}and"), self.group(table, nodes)),
            Node::Any(nodes) => (format!("{prefix}{not}or"), self.group(table, nodes)),
            Node::Keys { columns, keys } => (format!("{prefix}{not}or"), members(columns, keys)),
            Node::Related { join: Some(join), filter } => {
                let not = if negated { "" } else { "not." };
                (prefix + &self.embed(join, filter), format!("{not}is.null"))
            }
            leaf => {
                let Condition { field, operator, operand } = Condition::of(table, leaf);
                (prefix + &field, format!("{not}{operator}.{}", operand.bare()))
            }
        }
    }

    /// The members of a logic tree, in parentheses.
    fn group(&mut self, table: &'static Table, nodes: &[Node]) -> String {
        let members: Vec<String> =
            nodes.iter().map(|node| self.member(table, node, false)).collect();
        format!("({})", members.join(","))
    }

    fn member(&mut self, table: &'static Table, node: &Node, negated: bool) -> String {
        let not = if negated { "not." } else { "" };
        match node {
            Node::Not(inner) => self.member(table, inner, !negated),
            Node::All(nodes) => format!("{not}and{}", self.group(table, nodes)),
            Node::Any(nodes) => format!("{not}or{}", self.group(table, nodes)),
            Node::Keys { columns, keys } => format!("{not}or{}", members(columns, keys)),
            Node::Related { join: Some(join), filter } => {
                let not = if negated { "" } else { "not." };
                format!("{}.{not}is.null", self.embed(join, filter))
            }
            leaf => {
                let Condition { field, operator, operand } = Condition::of(table, leaf);
                format!("{field}.{not}{operator}.{}", operand.in_tree())
            }
        }
    }

    /// The name of an embedding of the rows that belong together and match.
    fn embed(&mut self, join: &Join, filter: &Node) -> String {
        let mut alias = format!("related{}", self.named);
        // A column of the row may be called so.
        while join.of().columns.iter().any(|column| column.name == alias) {
            alias.insert(0, '_');
        }
        let mut below = Self {
            prefix: format!("{}{alias}.", self.prefix),
            named: self.named + 1,
            ..Self::default()
        };
        let parameters = below.parameters(join.table, filter);
        self.inner.extend(parameters);
        self.inner.append(&mut below.inner);
        self.named = below.named;
        // Of two relations between the same tables, and of those of a table to itself, the foreign key
        // tells which one is meant.
        let target = match join.foreign_key() {
            Some(ForeignKey::Own(column)) if join.is_of_itself() => name(column.name),
            Some(ForeignKey::Own(column) | ForeignKey::Theirs(column)) => {
                format!("{}!{}", name(join.table.name), name(column.name))
            }
            None => name(join.table.name),
        };
        self.embeds.push(format!("{alias}:{target}({})", below.embeds.join(",")));
        alias
    }
}

fn members(columns: &[&'static Column], keys: &[Key]) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    one_of(&names, &keys.iter().map(Key::texts).collect::<Vec<_>>())
}

/// A condition on one field.
struct Condition {
    field: String,
    operator: &'static str,
    operand: Operand,
}

enum Operand {
    Text(String),
    List(Vec<String>),
    Null,
}

impl Condition {
    /// `leaf` is no `All`, `Any`, `Not` or `Keys`; those are the callers' business.
    fn of(table: &'static Table, leaf: &Node) -> Self {
        let key_is_null = || Self {
            field: name(table.naming_columns()[0].name),
            operator: "is",
            operand: Operand::Null,
        };
        match leaf {
            Node::Compare { expression, comparison, value } => Self {
                field: field(expression),
                operator: operator(*comparison),
                operand: Operand::Text(value::to_text(value)),
            },
            Node::In { expression, values } => Self {
                field: field(expression),
                operator: "in",
                operand: Operand::List(values.iter().map(value::to_text).collect()),
            },
            Node::IsNull(expression) => {
                Self { field: field(expression), operator: "is", operand: Operand::Null }
            }
            Node::Has { column, value } => Self {
                field: name(column.name),
                operator: "cs",
                operand: Operand::Text(format!("{{{}}}", quoted(&value::to_text(value)))),
            },
            Node::Text { expression, position, case, text } => {
                let (operator, pattern) = pattern(*position, *case, text);
                Self { field: field(expression), operator, operand: Operand::Text(pattern) }
            }
            // Reduced filters hold no constant but at their root. No key is NULL.
            Node::Constant(true) => Self { operator: "not.is", ..key_is_null() },
            Node::Constant(false)
            | Node::Keys { .. }
            | Node::Related { .. }
            | Node::All(_)
            | Node::Any(_)
            | Node::Not(_) => key_is_null(),
        }
    }
}

impl Operand {
    fn bare(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::List(texts) => list(&texts),
            Self::Null => "null".to_owned(),
        }
    }

    fn in_tree(self) -> String {
        match self {
            Self::Text(text) => quoted(&text),
            operand => operand.bare(),
        }
    }
}

const fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "eq",
        Comparison::NotEqual => "neq",
        Comparison::Less => "lt",
        Comparison::LessOrEqual => "lte",
        Comparison::Greater => "gt",
        Comparison::GreaterOrEqual => "gte",
    }
}

/// The operator and pattern for literal text. `like` cannot find an asterisk, which stands for `%`
/// there, so such text goes by regular expression, and so does text in any case.
fn pattern(position: TextMatch, case: Case, text: &str) -> (&'static str, String) {
    if case == Case::Any || text.contains('*') {
        let literal = match case {
            Case::Any => folding::pattern(text, push_expression),
            Case::Exact => {
                let mut literal = String::with_capacity(text.len() + 8);
                text.chars().for_each(|character| push_expression(character, &mut literal));
                literal
            }
        };
        let pattern = match position {
            TextMatch::Contains => literal,
            TextMatch::StartsWith => format!("^{literal}"),
            TextMatch::EndsWith => format!("{literal}$"),
            TextMatch::Whole => format!("^{literal}$"),
        };
        return ("match", pattern);
    }
    let mut literal = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if matches!(character, '\\' | '%' | '_') {
            literal.push('\\');
        }
        literal.push(character);
    }
    let pattern = match position {
        TextMatch::Contains => format!("*{literal}*"),
        TextMatch::StartsWith => format!("{literal}*"),
        TextMatch::EndsWith => format!("*{literal}"),
        TextMatch::Whole => return ("eq", text.to_owned()),
    };
    ("like", pattern)
}

fn push_expression(character: char, pattern: &mut String) {
    const SPECIAL: [char; 14] =
        ['\\', '^', '$', '.', '|', '?', '*', '+', '(', ')', '[', ']', '{', '}'];
    if SPECIAL.contains(&character) {
        pattern.push('\\');
    }
    pattern.push(character);
}

fn field(expression: &Expression) -> String {
    let (column, steps) = match expression {
        Expression::Column(column) => return name(column.name),
        Expression::Json { column, steps } => (column, steps),
    };
    let mut text = name(column.name);
    for (at, step) in steps.iter().enumerate() {
        text.push_str(if at + 1 == steps.len() { "->>" } else { "->" });
        match step {
            JsonStep::Key(key) if is_plain(key) => text.push_str(key),
            JsonStep::Key(key) => text.push_str(&quoted(key)),
            JsonStep::Index(index) => {
                let _ = write!(text, "{index}");
            }
        }
    }
    text
}

/// A column's name, quoted where it would otherwise be read as something else.
pub(super) fn name(column: &str) -> String {
    const RESERVED: [&str; 9] =
        ["select", "columns", "on_conflict", "order", "limit", "offset", "and", "or", "not"];
    if is_plain(column) && !RESERVED.contains(&column) { column.to_owned() } else { quoted(column) }
}

fn is_plain(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The list behind `in.`. One empty text alone would be the empty list there, but never comes
/// alone: a list of one is an equality.
pub(super) fn list(texts: &[String]) -> String {
    let elements: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("({})", elements.join(","))
}

pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}
