//! The facts of one service, as they stand in `tests/fixtures/providers/ID.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::facts::{Authorize, Device, Identity, Read, Refresh, Revoke, Token};

/// One service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
    /// Why it is refused or unverified, in words for the table.
    pub(crate) reason: Option<String>,
    /// The step at which a refused one ends.
    pub(crate) fails_at: Option<String>,
    /// Where the facts were read.
    pub(crate) sources: Vec<String>,
    /// What a person answers to the preset's questions.
    #[serde(default)]
    pub(crate) values: BTreeMap<String, String>,
    /// Asked for beside the preset's own scopes.
    #[serde(default)]
    pub(crate) also_ask: Vec<String>,
    /// More is granted than was asked for, and a person is asked about it.
    #[serde(default)]
    pub(crate) wider: bool,
    /// Seconds until the sign-in itself ends, where that is known.
    pub(crate) ends_after: Option<i64>,
    /// What is known to be granted; absent: what the answer states, or nothing if it states none.
    pub(crate) granted: Option<Vec<String>>,
    /// Names that the person who signs in goes by there, any of which will do; none: nobody is named.
    #[serde(default)]
    pub(crate) account: Vec<String>,
    /// Seconds, `never` or `not-stated`.
    pub(crate) expires: Expires,
    pub(crate) authorize: Option<Authorize>,
    pub(crate) device: Option<Device>,
    pub(crate) token: Option<Token>,
    /// Absent: there are no refresh tokens.
    pub(crate) refresh: Option<Refresh>,
    pub(crate) test: Option<Read>,
    /// What else can be read.
    #[serde(default)]
    pub(crate) also: Vec<Read>,
    pub(crate) identity: Option<Identity>,
    /// Absent: the service offers no way to end access but a page.
    pub(crate) revoke: Option<Revoke>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    Connects,
    Refused,
    Unverified,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Expires {
    Seconds(i64),
    Word(String),
}

impl Fixture {
    /// Every fixture with its id, in alphabetical order.
    pub(crate) fn all() -> Vec<(String, Self)> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
            .expect("the fixtures")
            .map(|entry| entry.expect("a file").path())
            .collect();
        files.sort();
        files.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> (String, Self) {
        let shown = path.display();
        let id = path.file_stem().and_then(|stem| stem.to_str());
        let text = std::fs::read_to_string(path).expect("text");
        let fixture: Self =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{shown}: {error}"));
        fixture
            .check()
            .unwrap_or_else(|problem| panic!("{shown}: {problem}"));
        (id.expect("a name").to_owned(), fixture)
    }

    /// What a whole fixture must have.
    fn check(&self) -> Result<(), &'static str> {
        if self.sources.is_empty() {
            return Err("it names no source");
        }
        let plain = self.outcome == Outcome::Connects;
        if plain == self.reason.is_some() {
            return Err("a reason belongs to what does not connect");
        }
        if (self.outcome == Outcome::Refused) != self.fails_at.is_some() {
            return Err("`fails_at` belongs to what is refused");
        }
        if plain && self.token.is_none() {
            return Err("what connects has a token endpoint");
        }
        if plain && self.authorize.is_none() && self.device.is_none() {
            return Err("what connects has a way to sign in");
        }
        Ok(())
    }

    pub(crate) fn token(&self) -> &Token {
        self.token.as_ref().expect("a token endpoint")
    }
}

pub(crate) fn folder() -> &'static Path {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/providers"
    ))
}
