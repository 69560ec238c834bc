//! The catalogue's presets as the wizard wants them.

use std::sync::Arc;

use super::preset::{
    PresetChoice, PresetWay, RegisterStep, ScopeChoice, SecretNeed, Values, Variable,
};
use crate::engine::NewConnection;
use crate::model::{ClientAuth, RedirectUri};
use crate::provider::{self, Catalogue, Preset, ScopeHelp, StepAction, Way};
use crate::tui::text::capitalised;

/// Every preset of a catalogue, in its order.
pub fn choices(catalogue: &Catalogue) -> Vec<PresetChoice> {
    catalogue
        .presets()
        .iter()
        .map(|preset| choice(&Arc::new(preset.clone())))
        .collect()
}

/// A definition that is complete as it is, with its scopes explained: nothing is to be registered.
pub fn ready_made(hint: &str, new: NewConnection, scopes: &[(&str, &str)]) -> PresetChoice {
    let provider = new.provider;
    PresetChoice {
        id: provider.id.clone(),
        name: provider.name.clone(),
        hint: hint.to_owned(),
        remark: None,
        refused: None,
        places: Vec::new(),
        variables: Vec::new(),
        ways: vec![PresetWay {
            label: "the browser, no secret".to_owned(),
            device: false,
            secret: SecretNeed::None,
            auth: ClientAuth::Post,
        }],
        client_id: Some(new.client_id),
        redirect: new.redirect.clone(),
        redirect_at: Arc::new(move |_| new.redirect.clone()),
        default_scopes: new.scopes,
        scopes: scopes
            .iter()
            .filter_map(|(name, help)| {
                ScopeChoice::of(ScopeHelp {
                    name: (*name).to_owned(),
                    help: (*help).to_owned(),
                    // The practice provider keeps people signed in without it.
                    broad: *name == "offline_access",
                    narrower: None,
                })
            })
            .collect(),
        build: Arc::new(move |_, _| Ok(provider.clone())),
        steps: Arc::new(|_, _| {
            vec![RegisterStep {
                action: "Nothing".to_owned(),
                value: "to register: this app is known to the provider".to_owned(),
                page: false,
                copy: None,
            }]
        }),
    }
}

fn choice(preset: &Arc<Preset>) -> PresetChoice {
    let (building, telling, placing) = (preset.clone(), preset.clone(), preset.clone());
    PresetChoice {
        id: preset.id.clone(),
        name: preset.name.clone(),
        hint: preset.hint.clone(),
        remark: remark(preset),
        refused: preset.refused.clone(),
        places: preset.places(),
        variables: preset
            .variables
            .iter()
            .map(|variable| Variable {
                key: variable.key.clone(),
                label: variable.label.clone(),
                default: variable.default.clone(),
            })
            .collect(),
        ways: ways(preset),
        client_id: preset.client.client_id.clone(),
        redirect: preset.default_redirect(),
        redirect_at: Arc::new(move |provider| placing.redirect_at(provider)),
        default_scopes: preset.default_scopes(),
        scopes: preset
            .known_scopes()
            .iter()
            .filter_map(|known| ScopeChoice::of(known.clone()))
            .collect(),
        build: Arc::new(move |values: &Values, client_id: &str| {
            building
                .provider(values, client_id)
                .map_err(|problem| format!("{problem}."))
        }),
        steps: Arc::new(move |values: &Values, redirect: &RedirectUri| {
            telling
                .steps(redirect, values)
                .into_iter()
                .map(|step| RegisterStep {
                    action: capitalised(step.action.as_str()),
                    page: step.action == StepAction::Open,
                    copy: step.to_copy().map(str::to_owned),
                    value: step.value,
                })
                .collect()
        }),
    }
}

/// What is special about a preset.
fn remark(preset: &Preset) -> Option<String> {
    let words = if preset.replaces_built_in {
        "This preset is your own. It takes the place of the built-in one."
    } else if preset.unverified {
        "This preset is not checked against the service's own documentation. If something is refused, look there."
    } else {
        return preset
            .ends
            .as_ref()
            .map(|words| format!("When a sign-in ends: {words}"));
    };
    Some(words.to_owned())
}

fn ways(preset: &Preset) -> Vec<PresetWay> {
    preset
        .client
        .ways
        .iter()
        .map(|way| {
            let secret = preset.client.needs_secret(*way);
            let (label, device) = match way {
                Way::Browser => ("the browser", false),
                Way::Device => ("a code on a web page", true),
            };
            let need = if secret {
                "needs the client secret"
            } else {
                "no secret"
            };
            PresetWay {
                label: format!("{label}, {need}"),
                device,
                secret: match preset.client.secret {
                    _ if secret => SecretNeed::Required,
                    provider::SecretNeed::Never => SecretNeed::Never,
                    _ => SecretNeed::None,
                },
                auth: if preset.client.auth == ClientAuth::None {
                    ClientAuth::Post
                } else {
                    preset.client.auth
                },
            }
        })
        .collect()
}
