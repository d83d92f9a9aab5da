use syn::{LitStr, Result};

/// What is done with a queued update of a row that somebody else has changed meanwhile.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Conflict {
    AppendOnly,
    #[default]
    LastWriteWins,
    RemoteWins,
}

impl Conflict {
    pub(crate) fn parse(text: &LitStr) -> Result<Self> {
        match text.value().as_str() {
            "append_only" => Ok(Self::AppendOnly),
            "last_write_wins" => Ok(Self::LastWriteWins),
            "remote_wins" => Ok(Self::RemoteWins),
            _ => Err(syn::Error::new(
                text.span(),
                "unknown policy: `append_only` (rows never change), `last_write_wins` (the default, by column) or \
                 `remote_wins` (needs `updated_at`)",
            )),
        }
    }
}
