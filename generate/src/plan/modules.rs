//! The tree of modules.

use super::Modules;
use crate::names::raw;

/// The modules of the schemas, and those that hold them.
pub(super) fn tree(paths: &[(String, Vec<String>)]) -> Modules {
    let mut modules = Modules::new();
    for (schema, path) in paths {
        modules.entry(path.clone()).or_default().schema = Some(schema.clone());
        for length in 1..path.len() {
            let parent = modules.entry(path[..length].to_vec()).or_default();
            parent.children.insert(path[length].clone());
        }
    }
    modules
}

/// The path to the module `to` from within the module `from`; both begin in the same place.
pub(super) fn relative(from: &[String], to: &[String]) -> String {
    let shared = from.iter().zip(to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("super".to_owned(), from.len() - shared);
    let down = to[shared..].iter().map(|name| raw(name));
    up.chain(down).collect::<Vec<_>>().join("::")
}

#[cfg(test)]
mod tests {
    use super::relative;

    #[test]
    fn paths_go_up_as_far_as_needed() {
        let path = |path: &str| path.split("::").map(str::to_owned).collect::<Vec<_>>();
        let between = |from, to| relative(&path(from), &path(to));
        assert_eq!(between("entity::orders", "entity::customers"), "super::customers");
        assert_eq!(
            between("entity::shop::orders", "entity::auth::users"),
            "super::super::auth::users"
        );
        assert_eq!(between("entity::orders", "entity::type"), "super::r#type");
        assert_eq!(between("app::orders", "other::users"), "super::super::other::users");
    }
}
