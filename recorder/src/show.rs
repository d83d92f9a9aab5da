//! `chronicle show`: shows one session.

use crate::cli::{Globals, ShowArgs};
use crate::error::{Error, Result};

pub(crate) async fn run(_globals: &Globals, _args: ShowArgs) -> Result<()> {
    Err(Error::NotYet("show"))
}
