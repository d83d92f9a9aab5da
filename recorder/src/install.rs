//! `chronicle install` and `uninstall`: the hooks in an agent's settings.

use crate::cli::{Globals, InstallArgs};
use crate::error::{Error, Result};

pub(crate) async fn install(_globals: &Globals, _args: InstallArgs) -> Result<()> {
    Err(Error::NotYet("install"))
}

pub(crate) async fn uninstall(_globals: &Globals, _args: InstallArgs) -> Result<()> {
    Err(Error::NotYet("uninstall"))
}
