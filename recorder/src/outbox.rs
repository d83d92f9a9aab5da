//! `chronicle outbox`: writes that wait.

use crate::cli::{Globals, OutboxCommand};
use crate::error::{Error, Result};

pub(crate) async fn run(_globals: &Globals, _command: OutboxCommand) -> Result<()> {
    Err(Error::NotYet("outbox"))
}
