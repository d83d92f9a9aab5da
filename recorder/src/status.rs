//! `chronicle status`: what is recorded, and what waits.

use crate::cli::Globals;
use crate::error::{Error, Result};

pub(crate) async fn run(_globals: &Globals) -> Result<()> {
    Err(Error::NotYet("status"))
}
