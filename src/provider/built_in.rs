//! The presets that ship with the program: each is complete, and says nothing that does not hold
//! together.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{ClientAuth, EndpointUrl, Provider, ProviderKind, RevokeRule};

use super::{Catalogue, Preset, StepAction, file};

/// What a group is called.
const GROUPS: [&str; 12] = [
    "code",
    "work",
    "chat",
    "office",
    "cloud",
    "money",
    "customers",
    "media",
    "social",
    "health",
    "identity",
    "discovery",
];

fn every(check: impl Fn(&Preset, &Provider)) {
    for preset in Catalogue::built_in().presets() {
        let provider = preset
            .sample()
            .unwrap_or_else(|problem| panic!("{}: {problem}", preset.id));
        check(preset, &provider);
    }
}

#[test]
fn the_file_can_be_read_and_stands_in_order() {
    let text = include_str!("../../assets/providers.toml");
    let read = file::read("providers.toml", text, ProviderKind::Preset).expect("readable");
    let place = |preset: &Preset| {
        let group = GROUPS.iter().position(|group| *group == preset.group);
        (group.expect(&preset.group), preset.id.clone())
    };
    let places: Vec<_> = read.iter().map(|(preset, _)| place(preset)).collect();
    assert!(places.is_sorted(), "by group, then by id: {places:?}");
    let ids: BTreeSet<&str> = read.iter().map(|(preset, _)| preset.id.as_str()).collect();
    assert_eq!(ids.len(), read.len(), "each id once");
    assert_eq!(Catalogue::built_in().presets().len(), read.len());
    let names: Vec<String> = Catalogue::built_in()
        .presets()
        .iter()
        .map(|preset| preset.name.to_lowercase())
        .collect();
    assert!(names.is_sorted(), "listed by name");
}

#[test]
fn every_preset_becomes_a_provider_or_says_why_not() {
    every(|preset, provider| {
        let id = &preset.id;
        assert_eq!(provider.kind, ProviderKind::Preset, "{id}");
        match (
            &preset.refused,
            preset.provider(&BTreeMap::new(), "client id/1"),
        ) {
            (Some(words), Err(problem)) => {
                assert_eq!(problem.to_string(), *words, "{id}");
                assert!(
                    words.ends_with('.') && words.chars().count() <= 200,
                    "{id}: {words}"
                );
            }
            (None, made) => {
                // A variable without a default is asked for.
                let asked = preset.variables.iter().any(|known| known.default.is_none());
                assert_eq!(made.is_err(), asked, "{id}");
            }
            (Some(_), Ok(_)) => panic!("{id} is refused and works"),
        }
    });
}

#[test]
fn built_in_presets_ship_no_app() {
    every(|preset, _| {
        let client = &preset.client;
        assert_eq!(
            client.client_id.is_some(),
            client.unregistered,
            "{}",
            preset.id
        );
    });
}

#[test]
fn every_text_of_a_preset_fits_its_place_and_is_a_sentence() {
    every(|preset, _| {
        let id = &preset.id;
        assert!(preset.hint.chars().count() <= 38, "{id}: {}", preset.hint);
        assert!(id.len() <= 12, "{id}");
        assert!(preset.name.chars().count() <= 25, "{id}: {}", preset.name);
        for scope in preset.known_scopes() {
            let help = &scope.help;
            assert!(
                help.ends_with('.') && help.chars().count() <= 72,
                "{id}: {help}"
            );
        }
        for variable in &preset.variables {
            assert!(
                variable.label.chars().count() <= 52,
                "{id}: {}",
                variable.label
            );
        }
        if let Some(ends) = &preset.ends {
            assert!(ends.ends_with('.'), "{id}: {ends}");
        }
    });
}

#[test]
fn what_a_first_connection_asks_for_is_explained_and_small() {
    every(|preset, _| {
        let id = &preset.id;
        let known: BTreeSet<&str> = preset
            .known_scopes()
            .iter()
            .map(|s| s.name.as_str())
            .collect();
        assert_eq!(
            known.len(),
            preset.known_scopes().len(),
            "{id}: each scope once"
        );
        assert!(
            known.is_empty() || (2..=10).contains(&known.len()),
            "{id}: {}",
            known.len()
        );
        for scope in preset.known_scopes() {
            assert!(
                scope.broad || scope.narrower.is_none(),
                "{id}: {}",
                scope.name
            );
        }
        for scope in preset.default_scopes().iter() {
            let help = preset.scope_help(scope.as_str());
            let help = help.unwrap_or_else(|| panic!("{id}: {scope} is not explained"));
            assert!(!help.broad, "{id}: {scope} is broad");
        }
    });
}

#[test]
fn every_address_is_https_on_a_host_that_is_listed() {
    every(|preset, provider| {
        let hosts = provider.hosts();
        let addresses = provider
            .endpoints
            .named()
            .into_iter()
            .map(|(_, url)| url.clone());
        let test = provider.test.iter().map(|test| test.url.clone());
        let revoke = provider.revoke.url().cloned();
        for url in addresses.chain(test).chain(revoke) {
            assert_eq!(url.as_url().scheme(), "https", "{}", preset.id);
            assert!(hosts.contains(&url.authority()), "{}: {url}", preset.id);
        }
        for page in provider.manage_url.iter().chain(&preset.register_url) {
            assert_eq!(page.as_url().scheme(), "https", "{}", preset.id);
        }
    });
}

#[test]
fn every_variable_is_used() {
    every(|preset, provider| {
        for variable in &preset.variables {
            let value = variable.default.as_ref().unwrap_or(&variable.example);
            let mut others = preset
                .variables
                .iter()
                .filter(|other| other.key != variable.key);
            let endpoints = provider.endpoints.named().into_iter().map(|(_, url)| url);
            let test = provider.test.iter().map(|test| &test.url);
            let used = endpoints
                .chain(test)
                .any(|url| url.as_str().contains(value.as_str()));
            assert!(used, "{}: {}", preset.id, variable.key);
            assert!(
                others.all(|other| other.label != variable.label),
                "{}: {}",
                preset.id,
                variable.label
            );
        }
    });
}

#[test]
fn every_registration_is_told_field_by_field_with_the_values_to_type() {
    every(|preset, _| {
        let id = &preset.id;
        let redirect = preset.default_redirect();
        let steps = preset.steps(&redirect, &BTreeMap::new());
        assert_eq!(
            steps.len(),
            preset.parts.steps.len(),
            "{id}: every blank is filled"
        );
        if preset.refused.is_some() || preset.client.unregistered {
            assert!(
                steps.iter().all(|step| step.action == StepAction::Note),
                "{id}"
            );
            return;
        }
        let first = steps.first().unwrap_or_else(|| panic!("{id} has no steps"));
        assert_eq!(first.action, StepAction::Open, "{id}");
        assert!(
            EndpointUrl::parse(&first.value, false).is_ok(),
            "{id}: {}",
            first.value
        );
        assert_eq!(
            steps.last().map(|step| step.action),
            Some(StepAction::Copy),
            "{id}"
        );
        let named = steps.iter().find(|step| step.action == StepAction::Name);
        let named = named.unwrap_or_else(|| panic!("{id}: the app has a name"));
        assert!(named.value.starts_with("Valetkey"), "{id}: {}", named.value);
        assert!(
            matches!(named.to_copy(), None | Some("Valetkey")),
            "{id}: only the name itself is copied"
        );
        let entered = steps
            .iter()
            .find(|step| matches!(step.action, StepAction::Redirect | StepAction::Callback));
        if let Some(step) = entered {
            assert_eq!(step.value, redirect.to_string(), "{id}");
        } else {
            // A Google desktop client has none to enter; Strava asks for the host alone.
            let host = redirect.host.as_str();
            let asked = steps.iter().any(|step| step.value.ends_with(host));
            assert!(asked || id == "google", "{id}");
        }
        for step in &steps {
            assert!(step.value.chars().count() <= 130, "{id}: {}", step.value);
        }
    });
}

#[test]
fn a_port_that_is_compared_is_fixed() {
    every(|preset, _| {
        let compared = preset.quirks().contains(&crate::model::Quirk::FixedPort);
        let fixed = preset.default_redirect().port.is_some();
        assert!(fixed || !compared, "{}", preset.id);
    });
}

#[test]
fn a_grant_can_be_ended_here_or_by_hand() {
    every(|preset, provider| {
        if preset.refused.is_some() {
            return;
        }
        let here = match &provider.revoke {
            RevokeRule::None => false,
            RevokeRule::Standard | RevokeRule::TokenOnly => {
                assert!(provider.endpoints.revocation.is_some(), "{}", preset.id);
                true
            }
            _ => true,
        };
        // Where neither is known, the person is told so; that must stay rare.
        let known = here || provider.manage_url.is_some();
        assert!(known || preset.unverified, "{}", preset.id);
    });
}

#[test]
fn a_secret_has_a_way_to_be_sent() {
    every(|preset, _| {
        let client = &preset.client;
        assert_ne!(client.auth, ClientAuth::None, "{}", preset.id);
        let without = client.ways.iter().any(|way| !client.needs_secret(*way));
        assert_eq!(
            client.public.is_some(),
            without && !client.unregistered,
            "{}: which kind of client needs no secret",
            preset.id
        );
    });
}
