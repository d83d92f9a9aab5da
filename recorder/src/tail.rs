//! `chronicle tail`: shows events as they come.

use crate::cli::{Globals, TailArgs};
use crate::error::{Error, Result};

pub(crate) async fn run(_globals: &Globals, _args: TailArgs) -> Result<()> {
    Err(Error::NotYet("tail"))
}
