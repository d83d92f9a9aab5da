use chronicle::Repository;

#[derive(Clone, Debug, PartialEq, Repository)]
#[sea_orm(table_name = "events")]
#[repository(name = "Event")]
pub struct Model {
    pub name: String,
}

fn main() {}
