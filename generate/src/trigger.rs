//! Which columns a trigger's function sets, by its source.

mod tokens;

use crate::description::Trigger;
use tokens::{Token, tokens};

/// What becomes of a column's value that the client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It is replaced.
    Sets,
    /// It stays; only NULL is replaced.
    Fills,
    /// It is changed into something else.
    Changes,
}

/// The columns that the trigger sets, and how. A column may be there twice.
pub(crate) fn effects(trigger: &Trigger) -> Vec<(String, Effect)> {
    // Functions in C, which tell the column by an argument.
    if matches!(
        trigger.function.as_str(),
        "moddatetime" | "tsvector_update_trigger" | "tsvector_update_trigger_column"
    ) {
        let column = trigger.arguments.first();
        return column.map(|column| (column.clone(), Effect::Sets)).into_iter().collect();
    }
    let tokens = tokens(&trigger.source);
    let mut found = Vec::new();
    for position in 0..tokens.len() {
        let Some(column) = column_at(&tokens, position) else { continue };
        let after = &tokens[position + 3..];
        let before = position.checked_sub(1).map(|before| &tokens[before]);
        let assigned = match after.first() {
            Some(Token::Symbol(":=")) => true,
            // `=` also compares, but not where a statement begins.
            Some(Token::Symbol("=")) => begins_statement(before),
            _ => false,
        };
        if assigned {
            let value =
                after[1..].split(|token| *token == Token::Symbol(";")).next().unwrap_or_default();
            found.push((column.to_owned(), effect(column, value, &tokens)));
        } else if is_target(&tokens[..position]) {
            found.push((column.to_owned(), effect(column, &[], &tokens)));
        }
    }
    found
}

/// The column where `new.column` stands.
fn column_at(tokens: &[Token], position: usize) -> Option<&str> {
    match tokens.get(position..position + 3)? {
        [Token::Word(new), Token::Symbol("."), column] if new == "new" => column.name(),
        _ => None,
    }
}

fn begins_statement(before: Option<&Token>) -> bool {
    match before {
        None | Some(Token::Symbol(";")) => true,
        Some(Token::Word(word)) => matches!(word.as_str(), "begin" | "then" | "else" | "loop"),
        _ => false,
    }
}

/// Whether what comes next is among the targets of `into`.
fn is_target(before: &[Token]) -> bool {
    let mut rest = before;
    while let [head @ .., Token::Word(new), Token::Symbol("."), _, Token::Symbol(",")] = rest
        && new == "new"
    {
        rest = head;
    }
    matches!(rest.last(), Some(Token::Word(word)) if word == "into" || word == "strict")
        && rest.iter().rev().take(3).any(|token| *token == Token::Word("into".to_owned()))
        && !rest.iter().rev().take(2).any(|token| *token == Token::Word("insert".to_owned()))
}

fn effect(column: &str, value: &[Token], source: &[Token]) -> Effect {
    let mentions = |tokens: &[Token], row: &str| {
        tokens.windows(3).any(|part| match part {
            [Token::Word(word), Token::Symbol("."), name] => {
                word == row && name.name() == Some(column)
            }
            _ => false,
        })
    };
    let is = |token: &Token, text: &str| matches!(token, Token::Word(word) if word == text);
    let replaces_null = (0..source.len()).any(|position| {
        column_at(source, position) == Some(column)
            && matches!(&source[position + 3..], [a, b, ..] if is(a, "is") && is(b, "null"))
    });
    if replaces_null {
        Effect::Fills
    } else if mentions(value, "new") {
        if value.first().is_some_and(|token| is(token, "coalesce")) {
            Effect::Fills
        } else {
            Effect::Changes
        }
    } else if mentions(value, "old") {
        Effect::Changes
    } else {
        Effect::Sets
    }
}

#[cfg(test)]
mod tests;
