//! How a command ends badly: an advice, printed once at the top.

use crate::advice::{self, Advice, advise, exit};
use crate::engine::Error;
use crate::host::Scarce;

/// The reader of stdout left early.
pub(super) const OUTPUT_GONE: &str = "output";

/// A failed command.
#[derive(Debug)]
pub(super) struct Failed(pub Advice);

impl Failed {
    /// A mistake on the command line.
    pub(super) fn usage(
        code: &'static str,
        sentence: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self(Advice {
            code: code.into(),
            sentence: sentence.into(),
            hint: Some(hint.into()),
            fixes: Vec::new(),
            exit: exit::USAGE,
        })
    }
}

impl Failed {
    /// A mistake of this program's own.
    pub(super) fn internal(what: &'static str) -> Self {
        Error::Internal(what).into()
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self(advise(&error))
    }
}

impl From<&Error> for Failed {
    fn from(error: &Error) -> Self {
        Self(advise(error))
    }
}

impl From<Scarce> for Failed {
    fn from(scarce: Scarce) -> Self {
        Self(advice::scarce(scarce))
    }
}

/// Stdout is closed: the reader is gone, nothing more can be said there.
impl From<std::io::Error> for Failed {
    fn from(_: std::io::Error) -> Self {
        Self(Advice {
            code: OUTPUT_GONE.into(),
            sentence: "The output could not be written.".to_owned(),
            hint: None,
            fixes: Vec::new(),
            exit: exit::OTHER,
        })
    }
}
