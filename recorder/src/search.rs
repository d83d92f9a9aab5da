//! `chronicle search`: searches what was recorded.

use crate::cli::{Globals, SearchArgs};
use crate::error::{Error, Result};

pub(crate) async fn run(_globals: &Globals, _args: SearchArgs) -> Result<()> {
    Err(Error::NotYet("search"))
}
