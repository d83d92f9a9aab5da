//! `chronicle export`: sessions written out.

mod csv;
mod html;
mod markdown;

use crate::cli::{ExportArgs, ExportFormat, Globals};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::output::{self, Progress, grouped, plural};
use crate::show;
use crate::story::Story;
use crate::{database, document, find_session};
use chronicle::Store;
use chronicle::futures::TryStreamExt;
use chronicle_entity::{Events, Sessions, ToolEvents, session};
use serde_json::Value;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

pub(crate) async fn run(globals: &Globals, args: ExportArgs) -> Result<()> {
    let store = Store::from(database::look(&Config::load(globals)?).await?);
    let sessions = match &args.session {
        Some(meant) => vec![find_session::find(&store, meant).await?],
        None => Sessions::new(&store).find().order_by(Sessions::CREATED_AT.asc()).all().await?,
    };
    let count = sessions.len() as u64;
    let progress = Progress::new(globals);
    match args.output.as_deref().filter(|path| *path != Path::new("-")) {
        None => {
            let mut out = BufWriter::new(std::io::stdout().lock());
            write(&store, sessions, args.format, &progress, &mut out).await?;
            out.flush()?;
        }
        Some(path) => {
            // Under another name until it is whole: an export that was cut off is not taken for one.
            let mut name = path.file_name().unwrap_or_default().to_owned();
            name.push(".part");
            let part = path.with_file_name(name);
            let at = |source| Error::File { path: part.clone(), source };
            let mut out = BufWriter::new(File::create(&part).map_err(at)?);
            let written = write(&store, sessions, args.format, &progress, &mut out).await;
            let written = written.and_then(|()| out.flush().map_err(at));
            if let Err(error) = written {
                drop(std::fs::remove_file(&part));
                return Err(error);
            }
            std::fs::rename(&part, path).map_err(at)?;
            drop(progress);
            output::note(&format!(
                "{} in {}",
                plural(count, "session", "sessions"),
                path.display()
            ));
        }
    }
    Ok(())
}

async fn write(
    store: &Store,
    sessions: Vec<session::Model>,
    format: ExportFormat,
    progress: &Progress,
    out: &mut impl Write,
) -> Result<()> {
    let all = sessions.len() as u64;
    let words = |at: usize| format!("{} of {} sessions", grouped(at as u64), grouped(all));
    match format {
        ExportFormat::Html => html::begin(&sessions, out)?,
        ExportFormat::Csv => csv::begin(out)?,
        ExportFormat::Json => out.write_all(b"[")?,
        ExportFormat::Jsonl | ExportFormat::Markdown => {}
    }
    for (at, session) in sessions.into_iter().enumerate() {
        progress.tell(&words(at));
        if format == ExportFormat::Jsonl {
            lines(store, session, out).await?;
            continue;
        }
        let story = Story::read(store, session).await?;
        match format {
            ExportFormat::Json => {
                out.write_all(if at > 0 { b",\n" } else { b"\n" })?;
                serde_json::to_writer(&mut *out, &show::to_json(&story))
                    .map_err(std::io::Error::from)?;
            }
            ExportFormat::Markdown => markdown::write(&story, out)?,
            ExportFormat::Html => html::write(&story, out)?,
            ExportFormat::Csv => csv::write(&story, out)?,
            ExportFormat::Jsonl => {}
        }
    }
    match format {
        ExportFormat::Html => html::end(out)?,
        ExportFormat::Json => out.write_all(b"\n]\n")?,
        ExportFormat::Csv | ExportFormat::Jsonl | ExportFormat::Markdown => {}
    }
    Ok(())
}

/// Each row as it is stored, on a line of its own, with what it is.
async fn lines(store: &Store, session: session::Model, out: &mut impl Write) -> Result<()> {
    let id = session.id;
    line("session", document::session(&session), out)?;
    let events = Events::new(store).find_by_session_id(id).order_by(Events::TIMESTAMP.asc());
    let mut events = events.stream();
    while let Some(event) = events.try_next().await? {
        line("event", document::event(&event), out)?;
    }
    let calls = ToolEvents::new(store).find_by_session_id(id).order_by(ToolEvents::TIMESTAMP.asc());
    let mut calls = calls.stream();
    while let Some(call) = calls.try_next().await? {
        line("tool_event", document::tool_event(&call), out)?;
    }
    Ok(())
}

fn line(kind: &str, mut document: Value, out: &mut impl Write) -> Result<()> {
    if let Value::Object(members) = &mut document {
        members.insert("kind".to_owned(), kind.into());
    }
    serde_json::to_writer(&mut *out, &document).map_err(std::io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}
