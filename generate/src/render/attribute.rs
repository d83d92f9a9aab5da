//! An attribute, broken into lines as rustfmt breaks it.

/// The longest list of several entries on one line: rustfmt's `attr_fn_like_width`.
const WIDTH: usize = 70;

/// The longest line.
const LINE: usize = 100;

/// The attribute with its entries; nothing where there are none.
pub(super) fn attribute(indent: &str, name: &str, entries: &[String]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let list = entries.join(", ");
    let line = format!("{indent}#[{name}({list})]\n");
    let fits = if entries.len() == 1 {
        line.trim_end().chars().count() <= LINE
    } else {
        list.chars().count() <= WIDTH
    };
    if fits {
        return line;
    }
    let entries = entries.join(&format!(",\n{indent}    "));
    format!("{indent}#[{name}(\n{indent}    {entries}\n{indent})]\n")
}
