use chronicle::Repository;

#[derive(Repository)]
pub enum Model {
    Event,
}

mod tuple {
    #[derive(chronicle::Repository)]
    pub struct Model(String);
}

mod generic {
    #[derive(chronicle::Repository)]
    pub struct Model<T> {
        pub id: T,
    }
}

mod other {
    #[derive(chronicle::Repository)]
    pub struct Event {
        pub id: String,
    }
}

fn main() {}
