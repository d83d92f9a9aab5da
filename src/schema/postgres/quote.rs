//! Names, texts and expressions as Postgres reads them.

use sea_orm::sea_query::{Expr, PostgresQueryBuilder, Query};

/// A name, whatever is in it.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(super) fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", identifier(schema), identifier(name))
}

pub(super) fn list<S: AsRef<str>>(names: &[S]) -> String {
    names.iter().map(|name| identifier(name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A text, whatever is in it and however the server reads backslashes.
pub(super) fn text(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if text.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// An expression as Postgres reads it.
pub(in crate::schema) fn expression(expression: &Expr) -> String {
    let text = Query::select().expr(expression.clone()).to_string(PostgresQueryBuilder);
    text.strip_prefix("SELECT ").map(str::to_owned).unwrap_or(text)
}

/// Statements that run only when the condition holds.
pub(super) fn run_if(condition: &str, statement: &str) -> String {
    let body = format!("begin\n    if {condition} then\n        {statement}\n    end if;\nend\n");
    let mut tag = "make".to_owned();
    while body.contains(&format!("${tag}$")) {
        tag.push('_');
    }
    format!("do ${tag}$\n{body}${tag}$;\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_what_it_is_in() {
        assert_eq!(identifier(r#"a"b"#), r#""a""b""#);
        assert_eq!(text(r"it's a \"), r"E'it''s a \\'");
        assert!(run_if("true", "select '$make$';").starts_with("do $make_$\n"));
    }
}
