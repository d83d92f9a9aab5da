use sea_orm::prelude::Uuid;

#[derive(chronicle::Id)]
pub struct Text(String);

#[derive(chronicle::Id)]
pub struct Pair(Uuid, Uuid);

#[derive(chronicle::Id)]
pub struct Named {
    id: Uuid,
}

#[derive(chronicle::Id)]
pub enum Kind {
    One(Uuid),
}

fn main() {}
