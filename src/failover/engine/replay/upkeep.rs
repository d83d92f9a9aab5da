//! What replay does besides sending: what waits is looked at again, letters are asked for, rows are
//! fetched, and the identity is watched.

use super::REWORK;
use crate::failover::engine::Engine;
use crate::failover::engine::outage::Outage;
use crate::failover::file::{DURABLE, Letter, MIRROR, is_of_key};
use crate::failover::rules::name::TableName;
use crate::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Engine {
    /// Looks at what waits again; asks for the rows of letters that hold something. `true` when
    /// there is more.
    pub(super) async fn keep_up(self: &Arc<Self>, has_entries: bool) -> Result<bool> {
        if !has_entries {
            return Ok(false);
        }
        let now = self.environment.now();
        let (is_due, letters) = {
            let due = self.file.ask(|transaction| transaction.is_upkeep_due(now))?;
            if !due {
                return Ok(false);
            }
            // What the loss of power takes of it is done again.
            self.file
                .acknowledge(MIRROR, move |transaction| {
                    transaction.rework(REWORK)?;
                    let tried = transaction.try_parentless(now)?;
                    let letters = transaction.letters_to_check(now)?;
                    Ok((tried || transaction.is_upkeep_due(now)?, letters))
                })
                .await?
        };
        if letters.is_empty() {
            return Ok(is_due);
        }
        self.check_letters(letters).await?;
        Ok(true)
    }

    /// Lets what waits for letters go on whose row is at the remote all the same.
    async fn check_letters(self: &Arc<Self>, letters: Vec<Letter>) -> Result<()> {
        let mut tables: BTreeMap<(TableName, Vec<String>), Vec<&Letter>> = BTreeMap::new();
        for letter in &letters {
            let table = (letter.row.table.clone(), letter.key_columns.clone());
            tables.entry(table).or_default().push(letter);
        }
        let mut there = Vec::new();
        for ((table, key_columns), letters) in tables {
            let keys: Vec<Vec<String>> =
                letters.iter().map(|letter| letter.row.key.texts()).collect();
            let rows = match self.remote.fetch(&table, &key_columns, &keys).await {
                Ok(rows) => rows,
                Err(error) if error.kind() == ErrorKind::Unauthenticated => return Err(error),
                Err(error) => {
                    if let Some(outage) = Outage::of(&error) {
                        self.note_outage(outage.of_read()).await;
                    }
                    continue;
                }
            };
            for letter in letters {
                let key = letter.row.key.texts();
                let is_there = rows.iter().any(|row| is_of_key(row, &key_columns, &key));
                if is_there {
                    there.push(letter.sequence);
                }
            }
        }
        self.file
            .acknowledge(DURABLE, move |transaction| {
                for sequence in &there {
                    transaction.release(*sequence)?;
                }
                transaction.rework(REWORK).map(drop)
            })
            .await
    }

    /// Why requests of this process would speak for somebody else than the file belongs to, or for
    /// nobody.
    pub(super) async fn not_signed_in(self: &Arc<Self>) -> Result<Option<String>> {
        match self.check_identity().await {
            Ok(()) => Ok(None),
            Err(error) if error.kind() == ErrorKind::Conflict || Outage::of(&error).is_some() => {
                Ok(Some(error.message().to_owned()))
            }
            Err(error) => Err(error),
        }
    }

    /// Fails where requests would speak for somebody else than the file belongs to, or for nobody.
    pub(crate) async fn check_identity(self: &Arc<Self>) -> Result<()> {
        let known = self.file.own().and_then(|binding| binding.identity.clone());
        if !self.settings.watches_identity {
            return Ok(());
        }
        match (self.remote.identity().await?, known) {
            (Some(now), Some(known)) if now == known => Ok(()),
            (Some(_), Some(_)) => Err(Error::new(
                ErrorKind::Conflict,
                "somebody else is signed in than the one whom the file belongs to",
            )
            .with_hint("give each user a file of their own")),
            (Some(now), None) => self.bind_identity(now).await,
            (None, _) => Err(Error::new(
                ErrorKind::Unavailable,
                "nobody is signed in: the token source has no token",
            )
            .with_code(Some(crate::failover::rules::verdict::NO_TOKEN.to_owned()))),
        }
    }
}
