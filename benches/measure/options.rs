//! What a bench was started with.

use super::Result;

/// How much a bench measures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    quick: bool,
    only: Option<&'static str>,
}

impl Options {
    /// Reads the command line; nothing when the program has nothing to do.
    ///
    /// Cargo gives `--bench` to a bench. A program that is started by a runner of tests does the
    /// quick version: whether it works, not how fast.
    pub(crate) fn from_arguments() -> Result<Option<Self>> {
        let (mut quick, mut bench, mut only) = (false, false, None);
        for argument in std::env::args().skip(1) {
            match argument.as_str() {
                "--bench" => bench = true,
                "--quick" => quick = true,
                "--list" => return Ok(None),
                part if !part.starts_with('-') => only = Some(&*part.to_owned().leak()),
                other => {
                    return Err(format!(
                        "`{other}` is unknown: the options are `--quick` and the name of a part"
                    )
                    .into());
                }
            }
        }
        Ok(Some(Self { quick: quick || !bench, only }))
    }

    /// Whether this part of the bench is to run: all are, unless one is named.
    pub(crate) fn wants(self, part: &str) -> bool {
        self.only.is_none_or(|only| only == part)
    }

    /// Whether this part is named: it takes too long to run unasked.
    #[allow(dead_code, reason = "not every bench has parts by name")]
    pub(crate) fn names(self, part: &str) -> bool {
        self.only == Some(part)
    }

    /// Whether everything is measured, and in full.
    #[allow(dead_code, reason = "only the report has to know")]
    pub(crate) const fn is_complete(self) -> bool {
        !self.quick && self.only.is_none()
    }

    /// What to put behind the title.
    pub(crate) const fn note(self) -> &'static str {
        if self.quick { " (quick: smaller numbers than the names say)" } else { "" }
    }

    /// The one number, or the other in the quick version.
    pub(crate) const fn size(self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }
}
