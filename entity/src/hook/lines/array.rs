//! The elements of a JSON array, one by one, so that a bad one does not cost the others.

use super::{Numbered, PayloadError};
use serde::de::IgnoredAny;

/// The elements of an array, given what stands after its `[`; and whether it was an array to the end
/// of the text. Where it was none, the last item says why.
pub(super) fn elements(text: &[u8]) -> (Vec<Numbered>, bool) {
    let mut read = Vec::new();
    let outcome = read_all(text, &mut read);
    if let Err(reason) = &outcome {
        read.push((read.len() + 1, Err(PayloadError::NotJson(reason.clone()))));
    }
    (read, outcome.is_ok())
}

fn read_all(text: &[u8], read: &mut Vec<Numbered>) -> Result<(), String> {
    let mut rest = text;
    if let Some(after) = rest.trim_ascii_start().strip_prefix(b"]") {
        return nothing_more(after);
    }
    loop {
        let (element, after) = split_element(rest.trim_ascii_start())?;
        read.push((read.len() + 1, element.try_into()));
        match after.trim_ascii_start() {
            [b',', after @ ..] => rest = after,
            [b']', after @ ..] => return nothing_more(after),
            [] => return Err("the array is cut off".to_owned()),
            _ => return Err("no comma before it".to_owned()),
        }
    }
}

/// The element that the text begins with, and the text after it. What the element holds is not
/// looked at: only where it ends.
fn split_element(text: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let mut stream = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    match stream.next() {
        Some(Ok(_)) => Ok(text.split_at(stream.byte_offset())),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("the array is cut off".to_owned()),
    }
}

fn nothing_more(text: &[u8]) -> Result<(), String> {
    if text.trim_ascii().is_empty() {
        Ok(())
    } else {
        Err("there is more after the array's end".to_owned())
    }
}
