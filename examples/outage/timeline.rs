//! The lines that the example prints.

use super::Result;
use super::servers::Servers;
use chronicle::Keyed;
use chronicle::failover::{Failover, Status};
use std::io::Write;
use std::time::{Duration, Instant};

/// Prints what happens, when, and how the store stands after it.
pub(crate) struct Timeline<'a> {
    servers: &'a Servers,
    failover: &'a Failover,
    output: &'a mut dyn Write,
    start: Instant,
}

impl<'a> Timeline<'a> {
    pub(crate) fn new(
        servers: &'a Servers,
        failover: &'a Failover,
        output: &'a mut dyn Write,
    ) -> Result<Self> {
        writeln!(
            output,
            "\n{:>7}  {:<8}  {:>6}  {:<38} {:>9}  went to",
            "time", "state", "outbox", "what", "took"
        )?;
        Ok(Self { servers, failover, output, start: Instant::now() })
    }

    /// Prints what was done to the servers.
    pub(crate) fn heading(&mut self, text: &str) -> Result<()> {
        Ok(writeln!(self.output, "{}  -- {text}", self.time())?)
    }

    /// Makes a write, and prints where its row is afterwards: both databases are asked for it.
    pub(crate) async fn write<R: Keyed + PartialEq>(
        &mut self,
        what: &str,
        key: R::Key,
        work: impl Future<Output = chronicle::Result<()>>,
    ) -> Result<()>
    where
        R::Key: Clone,
    {
        let start = Instant::now();
        work.await?;
        let took = format!("{:.1} ms", start.elapsed().as_secs_f64() * 1e3);
        let (file, remote) = self.servers.both::<R>(key).await?;
        let place = if file == remote { "remote" } else { "file" };
        let state = self.state().await?.0;
        Ok(writeln!(self.output, "{}  {state}  {what:<38} {took:>9}  {place}", self.time())?)
    }

    /// Prints how the store stands.
    pub(crate) async fn note(&mut self, what: &str) -> Result<()> {
        let state = self.state().await?.0;
        Ok(writeln!(self.output, "{}  {state}  {what}", self.time())?)
    }

    /// Prints how the outbox drains, writing now and then, until the remote serves again.
    pub(crate) async fn drain(
        &mut self,
        mut write: impl AsyncFnMut(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let mut shown = self.failover.failover_info().await?.outbox_rows;
        let mut written = Instant::now();
        loop {
            let (state, status, waiting) = self.state().await?;
            if status == Status::Healthy {
                return self.note("the remote serves again").await;
            }
            if waiting < shown {
                writeln!(self.output, "{}  {state}  the outbox drains", self.time())?;
            }
            shown = waiting;
            if self.start.elapsed() > Duration::from_secs(50) {
                let info = self.failover.failover_info().await?;
                return Err(format!("the outbox does not drain: {info:?}").into());
            }
            if written.elapsed() > Duration::from_millis(1_000) {
                written = Instant::now();
                write(self).await?;
                shown = self.failover.failover_info().await?.outbox_rows;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn state(&self) -> Result<(String, Status, u64)> {
        let info = self.failover.failover_info().await?;
        let status = format!("{:?}", info.status).to_lowercase();
        Ok((format!("{status:<8}  {:>6}", info.outbox_rows), info.status, info.outbox_rows))
    }

    fn time(&self) -> String {
        format!("{:>5.2} s", self.start.elapsed().as_secs_f64())
    }
}
