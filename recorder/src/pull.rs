//! `chronicle pull`: fetches what the server has.

use crate::cli::Globals;
use crate::error::{Error, Result};

pub(crate) async fn run(_globals: &Globals) -> Result<()> {
    Err(Error::NotYet("pull"))
}
