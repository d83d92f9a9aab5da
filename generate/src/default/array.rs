//! The text of an array, `{a,"b c"}`.

/// The elements; none where it is nested, or has NULLs.
pub(super) fn elements(text: &str) -> Option<Vec<String>> {
    let content = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    if content.trim().is_empty() {
        return Some(Vec::new());
    }
    let mut elements = Vec::new();
    let mut letters = content.chars().peekable();
    loop {
        while letters.next_if(|c| c.is_whitespace()).is_some() {}
        let mut element = String::new();
        if letters.next_if_eq(&'"').is_some() {
            loop {
                match letters.next()? {
                    '"' => break,
                    '\\' => element.push(letters.next()?),
                    c => element.push(c),
                }
            }
            while letters.next_if(|c| c.is_whitespace()).is_some() {}
        } else {
            while let Some(c) = letters.next_if(|c| *c != ',') {
                if matches!(c, '{' | '}' | '"' | '\\') {
                    return None;
                }
                element.push(c);
            }
            element.truncate(element.trim_end().len());
            if element.is_empty() || element.eq_ignore_ascii_case("null") {
                return None;
            }
        }
        elements.push(element);
        match letters.next() {
            None => return Some(elements),
            Some(',') => {}
            Some(_) => return None,
        }
    }
}
