use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveValueType, chronicle::Scalar)]
pub struct Large(u64);

fn main() {}
