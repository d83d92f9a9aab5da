//! The name of one row.

/// Words that end as a plural does, and are none.
const SAME: [&str; 18] = [
    "access", "address", "alias", "analysis", "atlas", "basis", "bonus", "bus", "canvas", "campus",
    "census", "corpus", "gas", "lens", "news", "series", "species", "virus",
];

const IRREGULAR: [(&str, &str); 14] = [
    ("analyses", "analysis"),
    ("axes", "axis"),
    ("bases", "base"),
    ("children", "child"),
    ("crises", "crisis"),
    ("criteria", "criterion"),
    ("indices", "index"),
    ("matrices", "matrix"),
    ("men", "man"),
    ("movies", "movie"),
    ("cookies", "cookie"),
    ("people", "person"),
    ("vertices", "vertex"),
    ("women", "woman"),
];

/// The singular of the last word, by the rules of English; of other languages those that end in `s`.
pub(super) fn singular(words: &str) -> String {
    let (before, last) =
        words.rsplit_once('_').map_or(("", words), |(before, last)| (before, last));
    let last = word(last);
    if before.is_empty() { last } else { format!("{before}_{last}") }
}

fn word(word: &str) -> String {
    if SAME.contains(&word) {
        return word.to_owned();
    }
    if let Some((_, singular)) = IRREGULAR.iter().find(|(plural, _)| *plural == word) {
        return (*singular).to_owned();
    }
    let without = |ending: &str| word.strip_suffix(ending).filter(|stem| stem.len() > 1);
    if let Some(stem) = without("ies") {
        return format!("{stem}y");
    }
    // "houses", "causes" and "purchases" only lose their last letter.
    let is_longer = ["sses", "shes", "ches", "xes", "zzes", "uses"]
        .into_iter()
        .any(|ending| without(ending).is_some());
    if is_longer
        && !word.ends_with("ouses")
        && !word.ends_with("auses")
        && let Some(stem) = without("es")
    {
        return stem.to_owned();
    }
    if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
        return word.to_owned();
    }
    without("s").unwrap_or(word).to_owned()
}

#[cfg(test)]
mod tests {
    use super::singular;

    #[test]
    fn the_last_word_is_one() {
        for (plural, one) in [
            ("orders", "order"),
            ("order_items", "order_item"),
            ("categories", "category"),
            ("addresses", "address"),
            ("boxes", "box"),
            ("branches", "branch"),
            ("statuses", "status"),
            ("houses", "house"),
            ("purchases", "purchase"),
            ("status", "status"),
            ("analysis", "analysis"),
            ("news", "news"),
            ("people", "person"),
            ("user_children", "user_child"),
            ("pedidos", "pedido"),
            ("staff", "staff"),
            ("business", "business"),
            ("businesses", "business"),
            ("series", "series"),
            ("s", "s"),
            ("as", "as"),
            ("ties", "tie"),
        ] {
            assert_eq!(singular(plural), one);
        }
    }
}
