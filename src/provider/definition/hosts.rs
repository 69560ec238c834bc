//! Every host that a definition talks to, and which of them a person should look at twice (G-09).

use std::collections::BTreeSet;

use url::Host;

use super::Definition;
use crate::model::Provider;
use crate::provider::{Catalogue, Preset};

/// One host of a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostUse {
    /// `host` or `host:port`; names of other scripts as A-labels.
    pub host: String,
    /// What it is asked for.
    pub uses: Vec<&'static str>,
    /// The domain that the connection is at home in, when this host lies in another.
    pub away_from: Option<String>,
    /// The preset of the definition's id, when it does not talk to this host.
    pub not_of_preset: Option<String>,
}

/// Every host, in the order people should read them: home is where the person approves.
pub fn hosts(definition: &Definition, catalogue: &Catalogue) -> Vec<HostUse> {
    let mut found: Vec<HostUse> = Vec::new();
    for (usage, host) in used(&definition.provider) {
        match found.iter_mut().find(|known| known.host == host) {
            Some(known) if known.uses.contains(&usage) => {}
            Some(known) => known.uses.push(usage),
            None => found.push(HostUse {
                host,
                uses: vec![usage],
                away_from: None,
                not_of_preset: None,
            }),
        }
    }
    let home = found.first().map(|first| domain(&first.host));
    let preset = catalogue.find(&definition.provider.id);
    let of_preset = preset.and_then(|preset| of_preset(preset, &definition.client_id));
    for known in &mut found {
        known.away_from = home.clone().filter(|home| *home != domain(&known.host));
        known.not_of_preset = of_preset
            .as_ref()
            .filter(|hosts| !hosts.contains(&known.host))
            .map(|_| definition.provider.id.clone());
    }
    found
}

/// The preset's hosts where nobody set a variable.
fn of_preset(preset: &Preset, client_id: &str) -> Option<BTreeSet<String>> {
    let provider = preset.usual(client_id).ok()?;
    Some(used(&provider).into_iter().map(|(_, host)| host).collect())
}

fn used(provider: &Provider) -> Vec<(&'static str, String)> {
    let endpoints = provider.endpoints.named().into_iter();
    let mut used: Vec<_> = endpoints
        .map(|(name, url)| (name, url.authority()))
        .collect();
    if let Some(issuer) = &provider.issuer
        && let Ok(url) = crate::model::EndpointUrl::parse(issuer.as_str(), true)
    {
        used.push(("issuer", url.authority()));
    }
    if let Some(url) = provider.revoke.url() {
        used.push(("revocation", url.authority()));
    }
    if let Some(test) = &provider.test {
        used.push(("test read", test.url.authority()));
    }
    used.extend(provider.api_hosts.iter().map(|host| ("API", host.clone())));
    if let Some(url) = &provider.manage_url {
        used.push(("manage page", url.authority()));
    }
    used
}

/// Who a host belongs to, by a simple rule: the last two labels of its name, or three where the ending has
/// two letters and the label before it at most three (`co.uk`). An address of numbers stands for itself.
/// Services that give names below their own domain to anybody are one domain by this rule.
fn domain(authority: &str) -> String {
    let address = url::Url::parse(&format!("https://{authority}/"));
    let Some(Host::Domain(name)) = address.as_ref().ok().and_then(url::Url::host) else {
        return authority.to_owned();
    };
    let labels: Vec<&str> = name.trim_end_matches('.').split('.').collect();
    let short =
        matches!(labels.as_slice(), [.., second, last] if last.len() == 2 && second.len() <= 3);
    let kept = if short { 3 } else { 2 };
    labels[labels.len().saturating_sub(kept)..].join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_09_a_domain_is_two_labels_or_three_under_a_short_ending() {
        for (host, expected) in [
            ("github.com", "github.com"),
            ("api.github.com:8443", "github.com"),
            ("a.b.co.uk", "b.co.uk"),
            ("evil.co.uk", "evil.co.uk"),
            ("localhost:1", "localhost"),
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("[::1]:80", "[::1]:80"),
            ("github.com.evil.example", "evil.example"),
        ] {
            assert_eq!(domain(host), expected, "{host}");
        }
    }
}
