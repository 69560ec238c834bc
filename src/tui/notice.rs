//! One line above the footer that tells what happened.

/// A line for the person, until the next key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    pub bad: bool,
    pub text: String,
    /// What `c` copies while it stands there.
    pub copy: Option<String>,
}

impl Notice {
    pub(super) fn info(text: impl Into<String>) -> Self {
        Self {
            bad: false,
            text: text.into(),
            copy: None,
        }
    }

    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self {
            bad: true,
            text: text.into(),
            copy: None,
        }
    }

    pub(super) fn with_copy(mut self, text: String) -> Self {
        self.copy = Some(text);
        self
    }
}
