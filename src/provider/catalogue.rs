//! All presets: the built-in ones and the user's own.

use std::sync::LazyLock;

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher};

use crate::model::{EndpointUrl, ProviderKind};

use super::file::{self, CatalogueError};
use super::preset::Preset;

/// `assets/providers.toml`, made small by `build.rs`.
const BUILT_IN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/providers.toml.z"));

/// The presets a person can choose from.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    presets: Vec<Preset>,
}

impl Catalogue {
    /// The presets that ship with the program, read when they are first asked for. A test proves that
    /// they can be read.
    pub fn built_in() -> &'static Self {
        static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
            let text = miniz_oxide::inflate::decompress_to_vec(BUILT_IN).unwrap_or_default();
            let text = String::from_utf8(text).unwrap_or_default();
            let read = file::read("providers.toml", &text, ProviderKind::Preset);
            let presets = read.unwrap_or_default().into_iter();
            Catalogue {
                presets: presets.map(|(preset, _)| preset).collect(),
            }
            .in_order()
        });
        &CATALOGUE
    }

    /// This catalogue and the presets of a user's file. A preset with the id of a built-in one takes its
    /// place and says so (F16); two of the user's own with one id are refused.
    pub fn with_user_file(mut self, name: &str, text: &str) -> Result<Self, CatalogueError> {
        for (mut preset, at) in file::read(name, text, ProviderKind::Custom)? {
            let known = self.presets.iter().position(|known| known.id == preset.id);
            match known.map(|index| (index, self.presets[index].kind)) {
                Some((index, ProviderKind::Preset)) => {
                    preset.replaces_built_in = true;
                    self.presets[index] = preset;
                }
                Some(_) => {
                    let words = format!(
                        "the id `{}` is taken by another preset of your own",
                        preset.id
                    );
                    return Err(file::located(name, text, (at, words)));
                }
                None => self.presets.push(preset),
            }
        }
        Ok(self.in_order())
    }

    /// By name, as people look for them.
    fn in_order(mut self) -> Self {
        self.presets
            .sort_by_cached_key(|preset| (preset.name.to_lowercase(), preset.id.clone()));
        self
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
        let mut presets = self.presets.iter();
        presets.find(|preset| preset.places().iter().any(|place| place.has(url)))
    }

    /// Those whose name or id resembles the text; see [`search`]. All of them for an empty text.
    pub fn search(&self, text: &str) -> Vec<&Preset> {
        let names = self
            .presets
            .iter()
            .map(|preset| (preset.name.as_str(), preset.id.as_str()));
        let found = search(text, names).into_iter();
        found.map(|index| &self.presets[index]).collect()
    }
}

/// The indexes of those whose name or id has the text in it, best first; where there are none, of those in
/// which its letters stand scattered.
pub fn search<'a>(text: &str, names: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<usize> {
    let candidates: Vec<Candidate> = names.enumerate().map(Candidate::of).collect();
    let matching = |kind| {
        let pattern = Pattern::new(
            text.trim(),
            CaseMatching::Ignore,
            Normalization::Smart,
            kind,
        );
        let mut matcher = Matcher::new(Config::DEFAULT);
        let found = pattern.match_list(&candidates, &mut matcher).into_iter();
        found
            .map(|(candidate, _)| candidate.index)
            .collect::<Vec<_>>()
    };
    let found = matching(AtomKind::Substring);
    if found.is_empty() {
        matching(AtomKind::Fuzzy)
    } else {
        found
    }
}

/// What a search text is compared with.
struct Candidate {
    index: usize,
    words: String,
}

impl Candidate {
    fn of((index, (name, id)): (usize, (&str, &str))) -> Self {
        let words = format!("{name} {id}");
        Self { index, words }
    }
}

impl AsRef<str> for Candidate {
    fn as_ref(&self) -> &str {
        &self.words
    }
}
