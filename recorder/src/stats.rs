//! `chronicle stats`: counts.

use crate::cli::{Globals, StatsArgs};
use crate::error::{Error, Result};

pub(crate) async fn run(_globals: &Globals, _args: StatsArgs) -> Result<()> {
    Err(Error::NotYet("stats"))
}
