//! The words and symbols of a function's source.

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// In lower case, as Postgres reads it.
    Word(String),
    /// Between double quotes.
    Quoted(String),
    /// A text, whose content does not matter here.
    Text,
    Symbol(&'static str),
    /// Anything else.
    Other,
}

impl Token {
    /// The name that it may be of a column.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Word(name) | Self::Quoted(name) => Some(name),
            _ => None,
        }
    }
}

const SYMBOLS: [&str; 6] = [":=", "=", ".", ",", ";", "("];

pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let after_first = rest.strip_prefix(first).unwrap_or_default();
        if first.is_whitespace() {
            rest = after_first;
        } else if rest.starts_with("--") {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        } else if rest.starts_with("/*") {
            rest = rest.split_once("*/").map_or("", |(_, rest)| rest);
        } else if first == '\'' || first == '"' {
            let (content, after) = quoted(after_first, first);
            found.push(if first == '"' { Token::Quoted(content) } else { Token::Text });
            rest = after;
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
            let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
            found.push(Token::Word(word.to_lowercase()));
            rest = after;
        } else if let Some((symbol, after)) =
            SYMBOLS.into_iter().find_map(|symbol| Some((symbol, rest.strip_prefix(symbol)?)))
        {
            found.push(Token::Symbol(symbol));
            rest = after;
        } else {
            found.push(Token::Other);
            rest = after_first;
        }
    }
    found
}

/// What stands up to the closing quote, which is doubled within, and what comes after it.
fn quoted(text: &str, quote: char) -> (String, &str) {
    let mut content = String::new();
    let mut rest = text;
    while let Some((part, after)) = rest.split_once(quote) {
        content.push_str(part);
        match after.strip_prefix(quote) {
            Some(more) => {
                content.push(quote);
                rest = more;
            }
            None => return (content, after),
        }
    }
    content.push_str(rest);
    (content, "")
}
