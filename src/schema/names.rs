//! [`Names`]: names of indexes and constraints, which are told apart in a whole schema.

use super::entity::Fnv;
use std::collections::HashSet;

/// Postgres cuts longer ones, and takes what is left for a name that is there already.
const LONGEST: usize = 63;

/// The names that are taken.
#[derive(Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    pub(super) fn take(&mut self, name: &str) {
        self.0.insert(name.to_lowercase());
    }

    /// A free name for what concerns these columns of a table: the same one each time.
    pub(super) fn free(&mut self, prefix: &str, table: &str, columns: &[&str]) -> String {
        let name = format!("{prefix}_{table}_{}", columns.join("_"));
        let name = if name.len() <= LONGEST && !self.is_taken(&name) {
            name
        } else {
            // What was joined by `_` may be two different things.
            let hash = Fnv::of(&format!("{prefix} {table:?} {columns:?}")).number();
            format!("{}_{hash:016x}", cut(&name, LONGEST - 17))
        };
        self.take(&name);
        name
    }

    /// The name itself where it is free, else one that begins with the table's.
    pub(super) fn given(&mut self, name: &str, table: &str, columns: &[&str]) -> String {
        if name.len() > LONGEST || self.is_taken(name) {
            return self.free(name, table, columns);
        }
        self.take(name);
        name.to_owned()
    }

    fn is_taken(&self, name: &str) -> bool {
        self.0.contains(&name.to_lowercase())
    }
}

fn cut(name: &str, most: usize) -> &str {
    let mut end = most.min(name.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.get(..end).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn names_are_short_and_told_apart() {
        let mut names = Names::default();
        assert_eq!(names.free("idx", "a_b", &["c"]), "idx_a_b_c");
        let other = names.free("idx", "a", &["b_c"]);
        assert!(other.starts_with("idx_a_b_c_") && other.len() < 63, "{other}");
        let long = names.free("idx", &"ü".repeat(100), &["c"]);
        assert!(long.len() <= 63, "{long}");
        assert_eq!(names.given("by_name", "a", &["b"]), "by_name");
        assert_eq!(names.given("by_name", "c", &["b"]), "by_name_c_b");
    }
}
