//! `chronicle import`: records the payloads in files.

mod report;
mod source;

use crate::cli::{Globals, ImportArgs};
use crate::config::Config;
use crate::error::Result;
use crate::output::Progress;
use crate::record::lock::Lock;
use crate::record::store::{self, Lives};
use crate::{cut, redact};
use chronicle_entity::hook::{
    Delivery, Found, Occurrences, Payload, Recorded, Recorder, Sender, Stream,
};
use chrono::{DateTime, TimeDelta, Utc};
use report::Report;
use source::Source;
use std::path::Path;

/// Payloads that are recorded in one transaction.
const BATCH: usize = 500;
/// Bytes of payloads in one transaction, about.
const BATCH_BYTES: usize = 2 * 1024 * 1024;

pub(crate) async fn run(globals: &Globals, args: ImportArgs) -> Result<()> {
    let config = Config::load(globals)?;
    // All are looked for first: a name that is wrong is told before hours of work.
    let sources = args.files.iter().map(|path| Source::open(path)).collect::<Result<Vec<_>>>()?;
    if let Some(folder) = config.database.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let store = {
        let _lock = Lock::beside(&config.database);
        store::migrated(&config, Lives::Long).await?
    };
    let progress = Progress::new(globals);
    let mut report = Report::new(globals);
    for source in sources {
        let mut sender = Sender::new().host(&*config.host).source(&*source.name);
        if let Some(agent) = &args.agent {
            sender = sender.agent(agent.as_str());
        }
        let import = Import {
            config: &config,
            redacts: config.redact && !args.no_redact,
            recorder: Recorder::new(&store),
            seen: Occurrences::default(),
            since: source.time,
            count: 0,
            name: &source.name,
            batch: Vec::new(),
            bytes: 0,
        };
        let ended =
            import.run(Stream::new(source.file, sender), source.size, &progress, &mut report).await;
        progress.tell("");
        ended?;
    }
    store.close().await?;
    report.tell()
}

/// A file that is being recorded.
struct Import<'a> {
    config: &'a Config,
    redacts: bool,
    recorder: Recorder,
    seen: Occurrences,
    /// When payloads happened that do not say it: in their order from here.
    since: DateTime<Utc>,
    count: i64,
    name: &'a str,
    batch: Vec<(Payload, DateTime<Utc>, u64)>,
    bytes: usize,
}

impl Import<'_> {
    async fn run<R: std::io::Read>(
        mut self,
        mut stream: Stream<R>,
        size: Option<u64>,
        progress: &Progress,
        report: &mut Report,
    ) -> Result<()> {
        let mut before = 0;
        while let Some(found) = stream.next() {
            let found = found.map_err(|source| crate::error::Error::File {
                path: Path::new(self.name).to_owned(),
                source,
            })?;
            let length = (stream.bytes() - before) as usize;
            before = stream.bytes();
            self.take(found, length, progress, report);
            if self.batch.len() >= BATCH || self.bytes >= BATCH_BYTES {
                self.flush(report).await?;
                report.tell_progress(progress, self.name, stream.bytes(), size);
            }
        }
        self.flush(report).await
    }

    fn take(&mut self, found: Found, length: usize, progress: &Progress, report: &mut Report) {
        let Found { line, byte, time, payload } = found;
        let mut payload = match payload {
            Ok(payload) => payload,
            Err(reason) => return report.leave_out(progress, self.name, line, byte, &reason),
        };
        if self.redacts {
            redact::payload(&mut payload);
        }
        cut::payload(&mut payload, self.config.payload_limit);
        let time = time.unwrap_or(self.since + TimeDelta::microseconds(self.count));
        self.count += 1;
        let nth = self.seen.nth(&payload, byte);
        self.bytes += length;
        self.batch.push((payload, time, nth));
    }

    async fn flush(&mut self, report: &mut Report) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        if batch.is_empty() {
            return Ok(());
        }
        let payloads: Vec<_> = batch
            .iter()
            .map(|(payload, time, nth)| (payload, Delivery::nth(*time, self.name, *nth)))
            .collect();
        let recorded = {
            // Not for longer than one batch: hooks wait for it.
            let _lock = Lock::beside(&self.config.database);
            Box::pin(self.recorder.record_all(&payloads)).await?
        };
        for one in recorded {
            match one {
                Recorded::New => report.new += 1,
                Recorded::Repeated => report.repeated += 1,
            }
        }
        Ok(())
    }
}
