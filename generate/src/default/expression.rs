//! What the SQL of a default says, as far as it is a constant.

/// The value of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Constant {
    Null,
    Bool(bool),
    /// Digits, perhaps with a sign, a point and an exponent.
    Number(String),
    Text(String),
    Array(Vec<Self>),
}

/// The constant that an expression is, without its casts; none for anything else.
pub(super) fn constant(sql: &str) -> Option<Constant> {
    let sql = without_casts(sql)?;
    if let Some(rest) = sql.strip_prefix("ARRAY[") {
        let elements = split(rest.strip_suffix(']')?)?;
        return elements.into_iter().map(constant).collect::<Option<_>>().map(Constant::Array);
    }
    if let Some(text) = text(sql) {
        return Some(Constant::Text(text));
    }
    match sql.to_ascii_lowercase().as_str() {
        "null" => Some(Constant::Null),
        "true" => Some(Constant::Bool(true)),
        "false" => Some(Constant::Bool(false)),
        _ => is_number(sql).then(|| Constant::Number(sql.to_owned())),
    }
}

/// The expression without parentheses around it and casts behind it; none where more than the name of a type comes after
/// `::`, such as a length, which may change the value, or an operator.
pub(super) fn without_casts(sql: &str) -> Option<&str> {
    let mut sql = without_parentheses(sql);
    while let Some((value, cast)) = split_cast(sql) {
        if !cast.chars().all(|c| c.is_alphanumeric() || " _.\"[]".contains(c)) {
            return None;
        }
        sql = without_parentheses(value);
    }
    Some(sql)
}

/// The expression without parentheses around it.
pub(super) fn without_parentheses(sql: &str) -> &str {
    let mut sql = sql.trim();
    while let Some(inner) = sql.strip_prefix('(').and_then(|sql| sql.strip_suffix(')'))
        && is_balanced(inner)
    {
        sql = inner.trim();
    }
    sql
}

/// `'it''s'`, or `E'a\\b'` where it has a backslash.
fn text(sql: &str) -> Option<String> {
    let (escaped, quoted) = match sql.strip_prefix('E') {
        Some(quoted) => (true, quoted),
        None => (false, sql),
    };
    let content = quoted.strip_prefix('\'')?.strip_suffix('\'')?;
    let unquoted = content.replace("''", "'");
    if unquoted.matches('\'').count() * 2 != content.matches('\'').count() {
        return None;
    }
    if !escaped {
        return Some(unquoted);
    }
    // The catalog escapes nothing but the backslash itself.
    Some(unquoted.replace("\\\\", "\\"))
}

fn is_number(sql: &str) -> bool {
    let digits = sql.strip_prefix('-').unwrap_or(sql);
    digits.starts_with(|c: char| c.is_ascii_digit()) && sql.parse::<f64>().is_ok()
}

/// Walks over what is neither within quotes nor within parentheses or brackets.
fn outside(sql: &str, mut visit: impl FnMut(usize, char)) -> Option<()> {
    let (mut depth, mut quote) = (0_usize, None);
    for (at, c) in sql.char_indices() {
        match (quote, c) {
            (Some(open), _) => {
                if c == open {
                    quote = None;
                }
            }
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.checked_sub(1)?,
            (None, _) if depth == 0 => visit(at, c),
            (None, _) => {}
        }
    }
    (depth == 0 && quote.is_none()).then_some(())
}

fn is_balanced(sql: &str) -> bool {
    outside(sql, |_, _| {}).is_some()
}

/// What stands before the last `::` outside of everything, and what comes after it.
fn split_cast(sql: &str) -> Option<(&str, &str)> {
    let (mut found, mut before) = (None, None);
    outside(sql, |at, c| {
        if c == ':' && before.is_some() && before == at.checked_sub(1) {
            found = before;
        }
        before = (c == ':').then_some(at);
    })?;
    let (value, cast) = sql.split_at_checked(found?)?;
    Some((value, cast.strip_prefix("::")?))
}

/// The parts between commas.
fn split(sql: &str) -> Option<Vec<&str>> {
    if sql.trim().is_empty() {
        return Some(Vec::new());
    }
    let mut commas = Vec::new();
    outside(sql, |at, c| {
        if c == ',' {
            commas.push(at);
        }
    })?;
    let mut parts = Vec::new();
    let mut rest = sql;
    for comma in commas.into_iter().rev() {
        let (before, part) = rest.split_at_checked(comma)?;
        parts.push(part.strip_prefix(',')?);
        rest = before;
    }
    parts.push(rest);
    parts.reverse();
    Some(parts)
}
