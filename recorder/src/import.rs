//! `chronicle import`: records the payloads in files.

use crate::cli::{Globals, ImportArgs};
use crate::error::{Error, Result};

pub(crate) async fn run(_globals: &Globals, _args: ImportArgs) -> Result<()> {
    Err(Error::NotYet("import"))
}
