//! Enums and their variants.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use heck::ToUpperCamelCase;

use super::reserved::TYPES;
use super::unique;
use super::words::words;
use crate::description::EnumName;

/// A type for each enum of one module. Beside it `SeaORM` makes others, whose names begin alike.
pub(crate) fn enum_types(enums: &BTreeSet<EnumName>) -> BTreeMap<EnumName, String> {
    let mut taken: HashSet<String> = TYPES.iter().map(|name| (*name).to_owned()).collect();
    let mut types = BTreeMap::new();
    for name in enums {
        let plain = words(&name.name, "type").to_upper_camel_case();
        let mut candidate = plain.clone();
        let mut number = 2;
        let made = loop {
            let made = ["", "Enum", "Iter", "Variant", "VariantIter"]
                .map(|ending| format!("{candidate}{ending}"));
            if made.iter().all(|name| !taken.contains(name)) {
                break made;
            }
            candidate = format!("{plain}{number}");
            number += 1;
        };
        taken.extend(made);
        types.insert(name.clone(), candidate);
    }
    types
}

/// A variant for each label; none where `SeaORM` itself makes the same name of two labels.
pub(crate) fn variants(labels: &[String]) -> Option<Vec<String>> {
    let mut made = HashSet::from(["Self".to_owned()]);
    if !labels.iter().all(|label| made.insert(sea_orm_variant(label))) {
        return None;
    }
    let mut taken = HashSet::new();
    let variant = |label: &String| {
        let plain = words(label, "value").to_upper_camel_case();
        let plain = if plain == "Self" { "SelfValue".to_owned() } else { plain };
        unique(&plain, "", &mut taken)
    };
    Some(labels.iter().map(variant).collect())
}

/// The variant that `SeaORM` makes of a label for an enum of its own (sea-orm-macros 2.0.4,
/// `camel_case_with_escaped_non_uax31`).
fn sea_orm_variant(label: &str) -> String {
    let mut escaped = String::new();
    for (position, letter) in label.chars().enumerate() {
        let fits = match (letter, position) {
            ('_' | ' ', _) => false,
            (_, 0) => unicode_ident::is_xid_start(letter),
            _ => unicode_ident::is_xid_continue(letter),
        };
        if fits {
            escaped.push(letter);
        } else {
            escaped += format!("{:#X}", u32::from(letter)).as_str();
        }
    }
    escaped.to_upper_camel_case()
}
