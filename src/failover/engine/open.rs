//! Opening: the file is bound to a remote, an identity and a mode, and what it held before is adopted
//! or waived.

use super::Engine;
use crate::backend::sqlite::Urgency;
use crate::failover::environment::Environment;
use crate::failover::file::{Binding, DURABLE, File, Origin};
use crate::failover::options::{Present, Settings};
use crate::failover::remote::Remote;
use crate::failover::rules::name::TableName;
use crate::failover::status::Status;
use crate::failover::turns::Turns;
use crate::operation::Target;
use crate::{Error, ErrorKind, Result, Table};
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, watch};
use uuid::Uuid;

/// Rows that are queued or noted in one transaction.
const ROWS_AT_ONCE: usize = 250;

impl Engine {
    pub(crate) async fn open(
        file: File,
        remote: Arc<dyn Remote>,
        environment: Arc<dyn Environment>,
        settings: Settings,
        binding: Binding,
        rebinds: bool,
        present: &[(&'static Table, Present)],
    ) -> Result<Arc<Self>> {
        let engine = Arc::new(Self {
            file,
            remote,
            environment,
            settings,
            turns: Turns::default(),
            woken: Notify::new(),
            status: watch::Sender::new(Status::Healthy),
            refusal: Mutex::default(),
            rows_to_store: AtomicUsize::new(0),
            missed: super::mirror::Missed::default(),
            obstacle: Mutex::default(),
            has_function: AtomicBool::new(false),
            process: Uuid::now_v7().to_string(),
            is_function_asked_for: AtomicBool::new(false),
            calls: tokio::sync::RwLock::default(),
        });
        engine.rebase().await?;
        engine.check_origins(present).await?;
        engine.bind(binding, rebinds).await?;
        engine.settle_origins(present).await?;
        // As another process has found out: what lives for milliseconds does not ask.
        let known = engine.file.ask(|transaction| Ok(transaction.state.has_function))?;
        engine.knows_function(known);
        Ok(engine)
    }

    /// Times that count from another start of the machine mean nothing now.
    async fn rebase(self: &Arc<Self>) -> Result<()> {
        let boot = self.environment.boot().to_owned();
        if self.file.ask(|transaction| Ok(transaction.state.boot == boot))? {
            return Ok(());
        }
        let engine = self.clone();
        self.file
            .change(Urgency::Call, DURABLE, move |transaction| {
                let now = engine.environment.now();
                transaction.state.rebase(&boot, now);
                transaction.forget_rests()
            })
            .await
    }

    /// Binds the file at first use, and fails where it is bound to another remote, identity or mode.
    async fn bind(self: &Arc<Self>, own: Binding, rebinds: bool) -> Result<()> {
        let known = self.file.ask(|transaction| Ok(transaction.state.binding.clone()))?;
        if let Some(known) = known.filter(|known| is_same(Some(known), &own)) {
            self.file.expect(known);
            return Ok(());
        }
        let bound = self
            .file
            .change(Urgency::Call, DURABLE, move |transaction| {
                let known = transaction.state.binding.clone();
                match known {
                    known if is_same(known.as_ref(), &own) => return Ok(known),
                    Some(known) if !rebinds => return Err(other_binding(&known, &own)),
                    Some(known)
                        if transaction.counts.rows > 0
                            && !(is_of_one_identity(&known, &own)
                                && transaction.has_sent_nothing()?) =>
                    {
                        return Err(Error::new(
                            ErrorKind::Conflict,
                            format!(
                                "{} writes and dead letters in the file are for {}, which may have \
                                 some of them",
                                transaction.counts.rows, known.remote
                            ),
                        )
                        .with_hint(
                            "open it once more for that remote, flush, and drop what it refuses; \
                             or use another file",
                        ));
                    }
                    known => {
                        if known.is_some_and(|known| known.remote != own.remote) {
                            transaction.state.forget_remote();
                            transaction.forget_all_direct()?;
                        }
                        // What stood still for one key need not for another.
                        transaction.state.pauses.clear();
                        transaction.state.binding = Some(own.clone());
                    }
                }
                Ok(transaction.state.binding.clone())
            })
            .await?;
        if let Some(bound) = bound {
            self.file.expect(bound);
        }
        Ok(())
    }

    /// Somebody is signed in for the first time.
    pub(crate) async fn bind_identity(self: &Arc<Self>, identity: String) -> Result<()> {
        let bound = self
            .file
            .change(Urgency::Call, DURABLE, move |transaction| {
                let Some(binding) = &mut transaction.state.binding else {
                    return Err(Error::new(ErrorKind::Conflict, "the file is not bound any more"));
                };
                match &binding.identity {
                    Some(known) if *known != identity => Err(Error::new(
                        ErrorKind::Conflict,
                        "somebody else is signed in than the one whom the file belongs to",
                    )),
                    _ => {
                        binding.identity = Some(identity.clone());
                        Ok(binding.clone())
                    }
                }
            })
            .await?;
        self.file.expect(bound);
        Ok(())
    }

    /// Of rows that were in the file before it had a remote it must be said whether they are queued
    /// or stay its own.
    async fn check_origins(self: &Arc<Self>, present: &[(&'static Table, Present)]) -> Result<()> {
        if self.file.ask(|transaction| Ok(transaction.state.is_settled))? {
            return Ok(());
        }
        let is_told = |name: &String| {
            present
                .iter()
                .any(|(table, present)| table.name == name.as_str() && *present != Present::Serve)
        };
        #[expect(clippy::redundant_closure_for_method_calls, reason = "not general enough")]
        let mut left = self.file.look(|transaction| transaction.tables_with_rows()).await?;
        left.retain(|name| !is_told(name));
        if left.is_empty() {
            return Ok(());
        }
        let tables = left.join("`, `");
        Err(Error::new(
            ErrorKind::Conflict,
            format!(
                "the file has rows in `{tables}` from before it had this remote: nothing says \
                 whether they are to be sent"
            ),
        )
        .with_hint(
            "for each table, `adopt::<Entity>()` sends its rows to the remote and \
             `waive::<Entity>()` keeps them in the file alone; or use another file",
        ))
    }

    /// Queues the rows that were there before the remote, or notes that they stay the file's own.
    async fn settle_origins(self: &Arc<Self>, present: &[(&'static Table, Present)]) -> Result<()> {
        let (is_settled, origins) = self.file.ask(|transaction| {
            Ok((transaction.state.is_settled, transaction.state.origins.clone()))
        })?;
        let is_first = !is_settled;
        for (table, origin) in parents_first(present) {
            let name = TableName::of(table);
            match (origin, origins.get(name.as_str())) {
                (Present::Adopt, None | Some(Origin::Waived)) => {
                    let was_waived = origins.contains_key(name.as_str());
                    if was_waived || is_first {
                        self.check_whole(table, present)?;
                        self.adopt(table, was_waived).await?;
                    }
                    self.note_origin(name, Origin::Adopted).await?;
                }
                (Present::Waive, None) => {
                    if is_first {
                        self.waive(table).await?;
                    }
                    self.note_origin(name, Origin::Waived).await?;
                }
                (Present::Serve, _) | (_, Some(_)) => {}
            }
        }
        if is_first {
            self.file
                .change(Urgency::Call, DURABLE, |transaction| {
                    transaction.state.is_settled = true;
                    Ok(())
                })
                .await?;
        }
        Ok(())
    }

    /// Fails where another entity of this store has more columns of the table.
    fn check_whole(
        self: &Arc<Self>,
        table: &'static Table,
        present: &[(&'static Table, Present)],
    ) -> Result<()> {
        let relations = self.file.relations();
        let name = TableName::of(table);
        let is_narrow = self.file.ask(|transaction| transaction.is_narrow(&relations, table))?;
        let is_wider = |(other, _): &(&'static Table, Present)| {
            TableName::of(other) == name && other.columns.len() > table.columns.len()
        };
        if is_narrow || present.iter().any(is_wider) {
            let message =
                "another entity has more columns of this table, which would be lost on the way";
            return Err(Error::new(ErrorKind::Unsupported, message)
                .with_table(table.name)
                .with_hint("adopt the entity that has all its columns"));
        }
        Ok(())
    }

    async fn note_origin(self: &Arc<Self>, name: TableName, origin: Origin) -> Result<()> {
        self.file
            .change(Urgency::Call, DURABLE, move |transaction| {
                transaction.state.origins.insert(name.as_str().to_owned(), origin);
                Ok(())
            })
            .await
    }

    /// Queues the rows of a table; of one that was waived, those that the remote never had.
    async fn adopt(self: &Arc<Self>, table: &'static Table, only_local: bool) -> Result<()> {
        let keys = self.file.look(move |transaction| transaction.keys(table, &Target::All)).await?;
        for keys in keys.chunks(ROWS_AT_ONCE) {
            let (engine, keys) = (self.clone(), keys.to_vec());
            self.file
                .change(Urgency::Call, DURABLE, move |transaction| {
                    let mut adopted = Vec::with_capacity(keys.len());
                    for key in &keys {
                        // What an adoption that was cut short has queued already stays queued.
                        if transaction.take_local(table, key, only_local)? {
                            adopted.push(key.clone());
                        }
                    }
                    let relations = engine.file.relations();
                    let (bound, date) = (engine.settings.bound, engine.environment.date());
                    transaction.queue_present(&relations, table, &adopted, bound, date)
                })
                .await?;
        }
        Ok(())
    }

    /// Notes the rows of a table that stay in the file alone.
    async fn waive(self: &Arc<Self>, table: &'static Table) -> Result<()> {
        let keys = self.file.look(move |transaction| transaction.keys(table, &Target::All)).await?;
        for keys in keys.chunks(ROWS_AT_ONCE) {
            let keys = keys.to_vec();
            self.file
                .change(Urgency::Call, DURABLE, move |transaction| {
                    transaction.keep_local(table, &keys)
                })
                .await?;
        }
        Ok(())
    }
}

/// What one has written is not sent in the name of another one, but for what nobody has written: a
/// key that was mistyped is nobody's.
fn is_of_one_identity(known: &Binding, own: &Binding) -> bool {
    known.identity.as_deref().is_none_or(|known| known == crate::backend::postgrest::ANONYMOUS)
        || own.identity.is_none()
        || known.identity == own.identity
}

fn is_same(bound: Option<&Binding>, own: &Binding) -> bool {
    bound.is_some_and(|bound| {
        bound.remote == own.remote
            && bound.mode == own.mode
            && (own.identity.is_none() || bound.identity == own.identity)
    })
}

fn other_binding(known: &Binding, own: &Binding) -> Error {
    let nobody = "somebody who has not signed in yet";
    Error::new(
        ErrorKind::Conflict,
        format!(
            "the file is bound to {} as {}, {}; not to {} as {}, {}",
            known.remote,
            known.identity.as_deref().unwrap_or(nobody),
            known.mode,
            own.remote,
            own.identity.as_deref().unwrap_or(nobody),
            own.mode
        ),
    )
    .with_hint(
        "use another file; or open it with `rebind`, which moves it once nothing waits in it, or as \
         long as the remote may have taken no write",
    )
}

/// Tables in an order in which no row comes before the row that it refers to.
fn parents_first(tables: &[(&'static Table, Present)]) -> Vec<(&'static Table, Present)> {
    let mut rest: Vec<(&'static Table, Present)> = tables.to_vec();
    let mut ordered = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let free = rest.iter().position(|(table, _)| {
            (table.parents)().iter().all(|parent| {
                parent.table == table.name
                    || rest.iter().all(|(other, _)| other.name != parent.table)
            })
        });
        // Tables that refer to each other in a circle have no such order.
        ordered.push(rest.remove(free.unwrap_or(0)));
    }
    ordered
}
