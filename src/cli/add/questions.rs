//! The questions of the plain wizard, line by line, in the words of the terminal one.

use std::collections::BTreeMap;

use super::super::args::Add;
use super::super::failed::Failed;
use super::super::output;
use super::super::setup::{prompt, prompt_secret};
use super::values::{redirect, set_variables};
use crate::model::Secret;
use crate::provider::{Preset, Way};

/// What a person typed at the questions; flags win.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) variables: BTreeMap<String, String>,
    pub(super) authorization_url: Option<String>,
    pub(super) token_url: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<Secret>,
    pub(super) scopes: Option<String>,
}

impl Answers {
    pub(super) fn ask(&mut self, add: &Add, preset: Option<&Preset>) -> Result<(), Failed> {
        let given = set_variables(&add.set).unwrap_or_default();
        if let Some(preset) = preset {
            for variable in preset
                .variables
                .iter()
                .filter(|v| !given.contains_key(&v.key))
            {
                let default = variable.default.clone().unwrap_or_default();
                let question = format!("{} [{default}]: ", variable.label);
                self.variables
                    .insert(variable.key.clone(), prompt(&question, &default)?);
            }
            output::note(&format!(
                "Step 3 of 7: App. {} wants to know which program asks.",
                preset.name
            ));
            let redirect =
                redirect(add, Some(preset)).unwrap_or_else(|_| preset.default_redirect());
            let mut variables = given;
            variables.extend(self.variables.clone());
            for (number, step) in preset.steps(&redirect, &variables).iter().enumerate() {
                output::note(&format!(
                    "  {} {:<9} {}",
                    number + 1,
                    step.action.as_str(),
                    step.value
                ));
            }
        } else {
            output::note("Step 2 of 7: Details. The provider's documentation names these.");
            if add.authorization_url.is_none() && add.device_url.is_none() {
                self.authorization_url = Some(prompt("Authorization URL: ", "")?);
            }
            if add.token_url.is_none() {
                self.token_url = Some(prompt("Token URL: ", "")?);
            }
        }
        if add.client_id.is_none() {
            self.client_id = Some(prompt("Client ID: ", "")?);
        }
        let wants_secret = match preset {
            Some(preset) => preset.client.needs_secret(Way::Browser),
            None => prompt("Does this app have a client secret? [y/N] ", "n")?
                .to_lowercase()
                .starts_with('y'),
        };
        if wants_secret && add.client_secret_file.is_none() {
            output::note(
                "A desktop app can't keep a client secret truly private. It is stored encrypted; treat it as recoverable.",
            );
            self.client_secret = Some(prompt_secret("Client secret (not shown): ")?)
                .filter(|secret| !secret.is_empty());
        }
        if add.scope.is_empty() {
            let default = preset
                .map(|preset| preset.default_scopes().to_string())
                .unwrap_or_default();
            output::note("Step 4 of 7: Scopes decide what this connection may touch.");
            self.scopes = Some(prompt(&format!("Scopes [{default}]: "), &default)?);
        }
        Ok(())
    }
}
