//! Filters that make too long a URL, cut into several that do not.

use super::request::Request;
use crate::filter::{Comparison, Expression, Node};
use crate::key::Key;
use crate::value::url_length;
use crate::{Column, Error, Kind, Result, value};
use sea_orm::Value;

/// Longest path and query of a request, in bytes. Gateways refuse more than 8,000 (nginx, Kong) to
/// 16,000 (Supabase); this leaves room for a prefix of the path.
const LONGEST_URL: usize = 6_000;

/// Most bytes of the names of columns in a URL. More are left out, which means all columns of the
/// table in a `select`, and all members of the JSON in `columns`.
const LONGEST_NAMES: usize = 2_000;

/// What the pieces of a list are cut for: the condition of later pages still fits behind it.
const AIM: usize = 5_000;

/// Shortest list that a piece is cut to when other conditions take most of the room.
const SHORTEST_LIST: usize = 1_000;

pub(super) fn is_too_long(request: &Request) -> bool {
    request.url_path().len() > LONGEST_URL
}

/// Adds the names of columns to a request, unless they are too long.
pub(super) fn with_names(request: Request, parameter: &str, names: String) -> Request {
    if are_too_long(&names) { request } else { request.parameter(parameter, names) }
}

pub(super) fn are_too_long(names: &str) -> bool {
    url_length(names) > LONGEST_NAMES
}

/// Whether a row may match two pieces of the filter: the text in its list may be two texts here and
/// equal to the server (`citext`, a collation without case).
pub(super) fn may_match_twice(node: &Node) -> bool {
    match node {
        Node::All(terms) => terms.iter().any(may_match_twice),
        Node::In { expression: Expression::Column(column), .. } => column.kind == Kind::Text,
        _ => false,
    }
}

/// The filter as several that together match the same rows, and none of them twice unless it
/// [may](may_match_twice) be so: its longest list is cut into pieces. A piece may need cutting again.
///
/// `assigned` is what each matching row is given. A row that one piece has changed must not match a
/// later one, so the first piece holds the value that the list's own column is given; and a list
/// over a path into an assigned document, of which the text there is not known, is not cut.
///
/// # Errors
/// `InvalidInput` when there is no list to cut.
pub(super) fn split(
    node: &Node,
    request: &Request,
    assigned: &[(&'static Column, Value)],
) -> Result<Vec<Node>> {
    let terms = match node {
        Node::All(terms) => terms.as_slice(),
        node => std::slice::from_ref(node),
    };
    let longest = terms
        .iter()
        .enumerate()
        .filter_map(|(at, term)| match term {
            Node::In { expression, values } if assigned_path(expression, assigned).is_none() => {
                Some((at, values.iter().map(length).sum::<usize>()))
            }
            Node::Keys { keys, .. } => Some((at, keys.iter().map(length_of_key).sum::<usize>())),
            _ => None,
        })
        .max_by_key(|(_, length)| *length);
    let url = request.url_path().len();
    let Some((at, list)) = longest else {
        let path = terms.iter().find_map(|term| match term {
            Node::In { expression, .. } => assigned_path(expression, assigned),
            _ => None,
        });
        let why = match path {
            Some(column) => format!(
                "a list of `is_in` over a path into `{}` is not sent in pieces by an update that \
                 sets this column: find the rows first, and update them by their keys",
                column.name
            ),
            None => "only a list of `is_in` that must match by itself (not one inside of `or` or \
                     `not`) is sent in pieces"
                .to_owned(),
        };
        return Err(Error::invalid(format!(
            "the request takes {url} bytes in a URL, most of them for its filter and order, and \
             {LONGEST_URL} are possible: {why}"
        )));
    };
    let room = AIM.saturating_sub(url.saturating_sub(list)).max(SHORTEST_LIST);
    // Always two pieces at least, or cutting would not end.
    let room = room.min(list / 2 + 1);
    let with = |term: Node| {
        let mut terms = terms.to_vec();
        terms[at] = term;
        if terms.len() == 1 { terms.remove(0) } else { Node::All(terms) }
    };
    if let Node::Keys { columns, keys } = &terms[at] {
        let pieces = pieces(keys.iter(), length_of_key, room);
        let piece = |keys| with(Node::Keys { columns: columns.clone(), keys });
        return Ok(pieces.into_iter().map(piece).collect());
    }
    let Node::In { expression, values } = &terms[at] else { return Ok(Vec::new()) };
    let own = assigned.iter().find(|(column, _)| *expression == Expression::Column(column));
    let (mut ordered, rest): (Vec<&Value>, Vec<&Value>) =
        values.iter().partition(|value| own.is_some_and(|(_, given)| given == *value));
    ordered.extend(rest);

    Ok(pieces(ordered.into_iter(), length, room)
        .into_iter()
        .map(|mut values| {
            let term = if values.len() == 1 {
                Node::Compare {
                    expression: expression.clone(),
                    comparison: Comparison::Equal,
                    value: values.remove(0),
                }
            } else {
                Node::In { expression: expression.clone(), values }
            };
            with(term)
        })
        .collect())
}

/// The items in pieces that have room for them.
fn pieces<'i, T: Clone + 'i>(
    items: impl Iterator<Item = &'i T>,
    length: impl Fn(&T) -> usize,
    room: usize,
) -> Vec<Vec<T>> {
    let mut pieces: Vec<Vec<T>> = Vec::new();
    let mut used = 0;
    for item in items {
        let length = length(item);
        match pieces.last_mut() {
            Some(piece) if used + length <= room => {
                used += length;
                piece.push(item.clone());
            }
            _ => {
                used = length;
                pieces.push(vec![item.clone()]);
            }
        }
    }
    pieces
}

/// The requests that `build` makes of the filter: one, or one for each piece where one is too long.
///
/// # Errors
/// As [`split`].
pub(super) fn requests(
    filter: &Node,
    assigned: &[(&'static Column, Value)],
    build: &dyn Fn(&Node) -> Request,
) -> Result<Vec<Request>> {
    let request = build(filter);
    if !is_too_long(&request) {
        return Ok(vec![request]);
    }
    let mut requests = Vec::new();
    for piece in split(filter, &request, assigned)? {
        requests.append(&mut self::requests(&piece, assigned, build)?);
    }
    Ok(requests)
}

/// The assigned column that the expression is a path into, if it is one.
fn assigned_path(
    expression: &Expression,
    assigned: &[(&'static Column, Value)],
) -> Option<&'static Column> {
    let Expression::Json { column, .. } = expression else { return None };
    assigned.iter().map(|(given, _)| *given).find(|given| given == column)
}

/// What a key takes in a list, with the names of its columns.
pub(super) fn length_of_key(key: &Key) -> usize {
    const NAME_AND_OPERATOR: usize = 40;
    match key.values() {
        [value] => length(value),
        values => values.iter().map(|value| length(value) + NAME_AND_OPERATOR).sum(),
    }
}

/// What a value takes in a list, with its quotation marks and its comma.
pub(super) fn length(value: &Value) -> usize {
    url_length(&value::to_text(value)) + 7
}
