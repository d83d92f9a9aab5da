//! Both passes without the compiler: source text in, generated code or messages out.

mod errors;
mod expansion;

use syn::DeriveInput;

use crate::{expand, schema};

/// What `#[derive(Repository)]` generates for `source`.
fn repository(source: &str) -> Result<String, Vec<String>> {
    let input: DeriveInput = syn::parse_str(source).expect("the source parses");
    schema::Entity::parse(&input).map(|entity| pretty(expand::entity(&entity))).map_err(messages)
}

/// What `#[derive(Id)]` generates for `source`.
fn id(source: &str) -> Result<String, Vec<String>> {
    let input: DeriveInput = syn::parse_str(source).expect("the source parses");
    schema::Id::parse(&input).map(|id| pretty(expand::id(&id))).map_err(messages)
}

/// What `#[derive(Scalar)]` generates for `source`.
fn scalar(source: &str) -> Result<String, Vec<String>> {
    let input: DeriveInput = syn::parse_str(source).expect("the source parses");
    schema::Scalar::parse(&input).map(|scalar| pretty(expand::scalar(&scalar))).map_err(messages)
}

fn pretty(code: proc_macro2::TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(code).expect("the generated code parses"))
}

/// Compares with the snapshot that has the name of the test.
macro_rules! assert_text {
    ($text:expr) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($text) })
    };
}
use assert_text;

fn messages(error: syn::Error) -> Vec<String> {
    error.into_iter().map(|error| error.to_string()).collect()
}
