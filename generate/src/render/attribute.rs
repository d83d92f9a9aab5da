//! An attribute, broken into lines as rustfmt breaks it.

/// The longest list of entries on one line: rustfmt's `attr_fn_like_width`.
const WIDTH: usize = 70;

/// The attribute with its entries; nothing where there are none.
pub(super) fn attribute(indent: &str, name: &str, entries: &[String]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let line = entries.join(", ");
    if line.chars().count() <= WIDTH {
        return format!("{indent}#[{name}({line})]\n");
    }
    let entries = entries.join(&format!(",\n{indent}    "));
    format!("{indent}#[{name}(\n{indent}    {entries}\n{indent})]\n")
}
