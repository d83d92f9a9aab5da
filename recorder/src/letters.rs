//! `chronicle letters`: writes that the server refused.

use crate::cli::{Globals, LettersCommand};
use crate::error::{Error, Result};

pub(crate) async fn run(_globals: &Globals, _command: LettersCommand) -> Result<()> {
    Err(Error::NotYet("letters"))
}
