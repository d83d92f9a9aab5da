//! What the derive accepts, and how it refuses the rest.

/// Each case in `derive/fail` must be refused with the message beside it, at the right place.
#[test]
fn derive() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/derive/pass/*.rs");
    cases.compile_fail("tests/derive/fail/*.rs");
}
