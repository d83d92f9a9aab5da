//! `chronicle migrate`: brings the tables up to date.

use crate::cli::Globals;
use crate::error::{Error, Result};

pub(crate) async fn run(_globals: &Globals) -> Result<()> {
    Err(Error::NotYet("migrate"))
}
