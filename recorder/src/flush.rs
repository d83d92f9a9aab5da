//! `chronicle flush`: sends what waits.

use crate::cli::{FlushArgs, Globals};
use crate::error::{Error, Result};

pub(crate) async fn run(_globals: &Globals, _args: FlushArgs) -> Result<()> {
    Err(Error::NotYet("flush"))
}
