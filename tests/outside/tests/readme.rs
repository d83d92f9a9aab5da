//! What the README tells users to depend on is what this crate depends on.

const README: &str = include_str!("../../../README.md");
const MANIFEST: &str = include_str!("../Cargo.toml");

/// The lines between this one and the next blank one or end of a block.
fn lines_below<'a>(text: &'a str, head: &str) -> Vec<&'a str> {
    let from = text.lines().skip_while(|line| *line != head).skip(1);
    from.take_while(|line| !line.is_empty() && !line.starts_with("```")).collect()
}

#[test]
fn its_dependencies_are_those_of_the_readme() {
    let told = lines_below(README, "[dependencies]");
    assert!(told.len() >= 3, "{told:?}");
    assert_eq!(told, lines_below(MANIFEST, "[dependencies]"));
}
