//! `chronicle prune`: removes what is old.

use crate::cli::{Globals, PruneArgs};
use crate::error::{Error, Result};

pub(crate) async fn run(_globals: &Globals, _args: PruneArgs) -> Result<()> {
    Err(Error::NotYet("prune"))
}
