//! `chronicle sessions`: lists the sessions.

use crate::cli::{Globals, SessionsArgs};
use crate::error::{Error, Result};

pub(crate) async fn run(_globals: &Globals, _args: SessionsArgs) -> Result<()> {
    Err(Error::NotYet("sessions"))
}
