//! Where a preset is at home, so that an address typed by hand can be offered its preset.

use std::collections::BTreeMap;

use crate::model::EndpointUrl;

use super::preset::Preset;
use super::template::Template;

/// A host of a preset, or every host below a domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// `host` or `host:port`.
    Host(String),
    /// Names with this ending, dot included: a shop below a shop system.
    Below(String),
}

impl Place {
    /// Whether an address lies there.
    pub fn has(&self, url: &EndpointUrl) -> bool {
        let authority = url.authority();
        match self {
            Self::Host(host) => authority == *host,
            Self::Below(ending) => authority
                .strip_suffix(ending.as_str())
                .is_some_and(|name| !name.is_empty()),
        }
    }
}

impl Preset {
    /// The hosts of its addresses: with variables at their defaults, and below a domain where a
    /// variable is a name in front of it. A host that a person chooses freely says nothing.
    pub fn places(&self) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        if self.is_fixed()
            && let Ok(provider) = self.sample()
        {
            places.extend(provider.hosts().into_iter().map(Place::Host));
        }
        let endpoints = [
            &self.parts.endpoints.authorization,
            &self.parts.endpoints.token,
        ];
        let templates = endpoints.into_iter().flatten();
        let below = templates.filter_map(|template| template.get_ref().below());
        places.extend(below.map(Place::Below));
        places.sort();
        places.dedup();
        places
    }

    /// Values of variables that an address shows.
    pub fn values_shown_by(&self, url: &EndpointUrl) -> BTreeMap<String, String> {
        let endpoints = [
            &self.parts.endpoints.authorization,
            &self.parts.endpoints.token,
        ];
        let hosts = endpoints.into_iter().flatten().filter_map(|template| {
            let ending = template.get_ref().below()?;
            let (name, _) = template.get_ref().first_gap()?;
            let value = url.authority().strip_suffix(&ending)?.to_owned();
            Some((name.to_owned(), value))
        });
        let known = |(key, value): &(String, String)| {
            let mut all = self.variables.iter();
            all.any(|variable| variable.key == *key && variable.accepts(value))
        };
        hosts.filter(known).collect()
    }
}

impl Template {
    /// `.myshopify.com` of `https://{shop}.myshopify.com/…`: the ending of the host after a name that
    /// is filled in.
    fn below(&self) -> Option<String> {
        let (_, rest) = self.first_gap()?;
        let ending = rest.split('/').next()?;
        let is_domain = ending.starts_with('.') && ending[1..].contains('.');
        is_domain.then(|| ending.to_owned())
    }
}
