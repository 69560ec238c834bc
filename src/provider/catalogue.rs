//! All presets: the built-in ones and the user's own.

use std::sync::LazyLock;

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher};

use crate::model::{EndpointUrl, ProviderKind};

use super::file::{self, CatalogueError};
use super::preset::Preset;

const BUILT_IN: &str = include_str!("../../assets/providers.toml");

/// The presets a person can choose from.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    presets: Vec<Preset>,
}

impl Catalogue {
    /// The presets that ship with the program. A test proves that they can be read.
    pub fn built_in() -> &'static Self {
        static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue {
            presets: file::read("providers.toml", BUILT_IN, ProviderKind::Preset)
                .unwrap_or_default(),
        });
        &CATALOGUE
    }

    /// This catalogue and the presets of a user's file. An id that is taken is refused, so that no
    /// file can stand in for a built-in preset (F16).
    pub fn with_user_file(mut self, name: &str, text: &str) -> Result<Self, CatalogueError> {
        for preset in file::read(name, text, ProviderKind::Custom)? {
            if self.find(&preset.id).is_some() {
                let line = text
                    .lines()
                    .position(|line| line.starts_with("id") && line.contains(&preset.id));
                return Err(CatalogueError {
                    file: name.to_owned(),
                    line: line.unwrap_or_default() + 1,
                    column: 1,
                    problem: format!("the id `{}` is taken by another preset", preset.id),
                });
            }
            self.presets.push(preset);
        }
        Ok(self)
    }

    /// In the order they are listed.
    pub fn presets(&self) -> &[Preset] {
        &self.presets
    }

    pub fn find(&self, id: &str) -> Option<&Preset> {
        self.presets.iter().find(|preset| preset.id == id)
    }

    /// The preset that an address typed by hand belongs to, by its authority.
    pub fn find_by_url(&self, url: &EndpointUrl) -> Option<&Preset> {
        let authority = url.authority();
        self.presets.iter().find(|preset| {
            preset.is_fixed()
                && preset
                    .sample()
                    .is_ok_and(|provider| provider.hosts().contains(&authority))
        })
    }

    /// Presets that resemble the text, best first; all of them for an empty text.
    pub fn search(&self, text: &str) -> Vec<&Preset> {
        let pattern = Pattern::new(
            text.trim(),
            CaseMatching::Ignore,
            Normalization::Smart,
            AtomKind::Fuzzy,
        );
        let mut matcher = Matcher::new(Config::DEFAULT);
        pattern
            .match_list(self.presets.iter().map(Candidate::of), &mut matcher)
            .into_iter()
            .map(|(candidate, _)| candidate.preset)
            .collect()
    }
}

/// What a search text is compared with.
struct Candidate<'a> {
    preset: &'a Preset,
    words: String,
}

impl<'a> Candidate<'a> {
    fn of(preset: &'a Preset) -> Self {
        Self {
            words: format!("{} {}", preset.name, preset.id),
            preset,
        }
    }
}

impl AsRef<str> for Candidate<'_> {
    fn as_ref(&self) -> &str {
        &self.words
    }
}
