//! `chronicle export`: writes sessions out.

use crate::cli::{ExportArgs, Globals};
use crate::error::{Error, Result};

pub(crate) async fn run(_globals: &Globals, _args: ExportArgs) -> Result<()> {
    Err(Error::NotYet("export"))
}
