//! What models cost, in dollars for a million tokens, as their makers list it.

use super::transcript::Tokens;

/// When the prices were looked up.
pub(super) const AS_OF: &str = "2025";

/// By the beginning of a model's name, the more special ones first: input, what is read from the
/// cache, what is written to it, output.
const PRICES: [(&str, [f64; 4]); 17] = [
    ("claude-opus-4-1", [15.0, 1.5, 18.75, 75.0]),
    ("claude-opus-4-2025", [15.0, 1.5, 18.75, 75.0]),
    ("claude-opus-4-0", [15.0, 1.5, 18.75, 75.0]),
    ("claude-opus-4", [5.0, 0.5, 6.25, 25.0]),
    ("claude-3-opus", [15.0, 1.5, 18.75, 75.0]),
    ("claude-sonnet-4", [3.0, 0.3, 3.75, 15.0]),
    ("claude-3-7-sonnet", [3.0, 0.3, 3.75, 15.0]),
    ("claude-3-5-sonnet", [3.0, 0.3, 3.75, 15.0]),
    ("claude-haiku-4", [1.0, 0.1, 1.25, 5.0]),
    ("claude-3-5-haiku", [0.8, 0.08, 1.0, 4.0]),
    ("gpt-5-nano", [0.05, 0.005, 0.05, 0.4]),
    ("gpt-5-mini", [0.25, 0.025, 0.25, 2.0]),
    ("gpt-5-codex", [1.25, 0.125, 1.25, 10.0]),
    ("gpt-5.1", [1.25, 0.125, 1.25, 10.0]),
    ("gemini-2.5-pro", [1.25, 0.125, 1.25, 10.0]),
    ("gemini-2.5-flash-lite", [0.1, 0.01, 0.1, 0.4]),
    ("gemini-2.5-flash", [0.3, 0.03, 0.3, 2.5]),
];

/// What the tokens cost; `None` for a model whose price is not known.
pub(super) fn cost(model: &str, tokens: &Tokens) -> Option<f64> {
    let (_, [input, read, written, output]) =
        PRICES.iter().find(|(name, _)| model.starts_with(name))?;
    let of = |count: u64, price: f64| count as f64 * price / 1_000_000.0;
    Some(
        of(tokens.input, *input)
            + of(tokens.cache_read, *read)
            + of(tokens.cache_written, *written)
            + of(tokens.output, *output),
    )
}
