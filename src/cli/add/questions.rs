//! The questions of the plain wizard, line by line, in the words of the terminal one.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::args::Add;
use super::super::failed::Failed;
use super::super::output;
use super::super::prompt::{choice, prompt, prompt_exact, prompt_secret, yes};
use super::super::runtime;
use super::super::scopes;
use super::addresses;
use super::assemble::provider;
use super::values::{address, ca_file, has_commas, redirect, set_variables};
use crate::advice::endpoints;
use crate::advice::fields::{SECRET, about};
use crate::engine::{Doubt, Field, check_client_id, look_at, shared_registration};
use crate::host::typed_path;
use crate::model::{ConnectionName, EndpointUrl, Secret, Shown, Untrusted, has_blanks};
use crate::provider::{Catalogue, Preset, Way};
use crate::vault::KnownRegistration;

/// What a person typed at the questions; flags win.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) variables: BTreeMap<String, String>,
    pub(super) authorization_url: Option<String>,
    pub(super) token_url: Option<String>,
    /// The two addresses change places.
    pub(super) swapped: bool,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<Secret>,
    pub(super) scopes: Option<String>,
    pub(super) device_url: Option<String>,
    pub(super) revocation_url: Option<String>,
    pub(super) test_url: Option<String>,
    /// Plain http on this machine was allowed.
    pub(super) dev_http: bool,
    /// Certificate of an authority of one's own.
    ca_file: Option<PathBuf>,
}

impl Answers {
    /// Asks what the flags leave open. `known`: registrations to offer before a new one is made. Gives
    /// the preset that is used: an address may have led to one.
    pub(super) fn ask<'a>(
        &mut self,
        add: &Add,
        mut preset: Option<&'a Preset>,
        catalogue: &'a Catalogue,
        known: &[KnownRegistration],
    ) -> Result<Option<&'a Preset>, Failed> {
        if preset.is_none() {
            preset = self.ask_addresses(add, catalogue)?;
            if preset.is_none() {
                self.ask_more_addresses(add)?;
                self.ask_ca_file(add)?;
                self.look_at_addresses(&self.allowing(add))?;
            }
        }
        let add = &self.allowing(add);
        if let Some(preset) = preset {
            self.ask_variables(add, preset)?;
        }
        if add.client_id.is_none() && !self.offer_known(add, preset, known)? {
            match preset {
                Some(preset) => self.tell_steps(add, preset),
                None => self.tell_redirect(add),
            }
            let team = preset.and_then(|preset| preset.client.client_id.as_deref());
            self.client_id = Some(match team {
                Some(id) => prompt(&format!("Client ID [{}]: ", shown(id)), id)?,
                None => ask_client_id()?,
            });
            self.ask_secret(add, preset)?;
        } else if add.client_id.is_some() {
            self.ask_secret(add, preset)?;
        }
        if add.scope.is_empty() {
            output::note("Step 4 of 7: Scopes. They decide what this connection may touch.");
            let known = preset.map_or(&[][..], Preset::known_scopes);
            let usual = preset.map(Preset::default_scopes).unwrap_or_default();
            let asked = scopes::ask(known, &usual, &usual, has_commas(add, preset))?;
            self.scopes = Some(asked.to_string());
        }
        Ok(preset)
    }

    /// An address of a provider of one's own was typed.
    pub(super) fn has_addresses(&self) -> bool {
        self.authorization_url.is_some() || self.token_url.is_some()
    }

    fn ask_variables(&mut self, add: &Add, preset: &Preset) -> Result<(), Failed> {
        let given = set_variables(&add.set).unwrap_or_default();
        for variable in &preset.variables {
            if given.contains_key(&variable.key) || self.variables.contains_key(&variable.key) {
                continue;
            }
            let default = variable.default.clone().unwrap_or_default();
            let question = format!("{} [{}]: ", shown(&variable.label), shown(&default));
            self.variables
                .insert(variable.key.clone(), prompt(&question, &default)?);
        }
        Ok(())
    }

    /// `Some` when the address belongs to a preset, and the person takes it.
    fn ask_addresses<'a>(
        &mut self,
        add: &Add,
        catalogue: &'a Catalogue,
    ) -> Result<Option<&'a Preset>, Failed> {
        output::note("Step 2 of 7: Details. The provider's documentation names these.");
        let http = Cell::new(add.dev_http);
        if add.authorization_url.is_none() && add.device_url.is_none() {
            let typed = addresses::ask("Authorization URL: ", Field::Authorization, &http)?;
            let known = address(&typed, http.get())
                .ok()
                .and_then(|url| Some((catalogue.find_by_url(&url)?, url)));
            if let Some((preset, url)) = known
                && preset.refused.is_none()
                && self.take_preset(preset, &url)?
            {
                return Ok(Some(preset));
            }
            self.authorization_url = Some(typed);
        }
        if add.token_url.is_none() {
            self.token_url = Some(addresses::ask("Token URL: ", Field::Token, &http)?);
        }
        self.dev_http = http.get();
        Ok(None)
    }

    /// Asks for the certificate of an authority of one's own, where a server of one's own may have one.
    fn ask_ca_file(&mut self, add: &Add) -> Result<(), Failed> {
        let typed = [
            &self.authorization_url,
            &self.token_url,
            &self.device_url,
            &self.revocation_url,
            &self.test_url,
        ];
        let given = [&add.authorization_url, &add.token_url, &add.device_url];
        let mut all = typed.into_iter().chain(given).flatten();
        if add.ca_file.is_some() || !all.any(|url| url.starts_with("https:")) {
            return Ok(());
        }
        loop {
            let typed = prompt(CA_QUESTION, "")?;
            if typed.is_empty() {
                return Ok(());
            }
            if typed == "?" {
                output::note(about(Field::Authority));
                continue;
            }
            let path = typed_path(&typed);
            match ca_file(&path) {
                Ok(_) => {
                    self.ca_file = Some(path);
                    return Ok(());
                }
                Err(problem) => output::note(&format!("  {}. Once more:", shown(&problem))),
            }
        }
    }

    /// Says what answers at the addresses, and asks about two that look swapped (bad input F3).
    fn look_at_addresses(&mut self, add: &Add) -> Result<(), Failed> {
        let Some(provider) = provider(add, None, self, "").0 else {
            return Ok(());
        };
        output::note("Looking at the addresses; nothing secret is sent.");
        let own = add.ca_file.as_deref().and_then(|file| ca_file(file).ok());
        let look = runtime()?.block_on(look_at(&provider.endpoints, own.as_deref()));
        for (_, words) in endpoints::seen(&look) {
            output::note(&format!("  {words}"));
        }
        if look.swapped() {
            output::note(endpoints::SWAPPED);
            self.swapped = yes("Swap them?", true)?;
        }
        Ok(())
    }

    /// Offers the preset that an address belongs to. Values that the address shows are not asked again.
    pub(super) fn take_preset(
        &mut self,
        preset: &Preset,
        url: &EndpointUrl,
    ) -> Result<bool, Failed> {
        let question = format!(
            "This address belongs to {}. Use what is known of it? [Y/n] ",
            shown(&preset.name)
        );
        let taken = !prompt(&question, "y")?.to_lowercase().starts_with('n');
        if taken {
            self.variables.extend(preset.values_shown_by(url));
        }
        Ok(taken)
    }

    /// Offers the apps that are registered at this provider already; true when one was chosen.
    fn offer_known(
        &mut self,
        add: &Add,
        preset: Option<&Preset>,
        known: &[KnownRegistration],
    ) -> Result<bool, Failed> {
        let fits = |known: &&KnownRegistration| {
            let client_id = &known.registration.client_id;
            let redirect = redirect(add, preset, &self.variables).ok();
            let redirect = redirect.filter(|_| add.redirect_uri.is_some());
            provider(add, preset, self, client_id)
                .0
                .is_some_and(|provider| {
                    let one = std::slice::from_ref(*known);
                    shared_registration(one, &provider, client_id, redirect.as_ref()).is_some()
                })
        };
        let fitting: Vec<&KnownRegistration> = known.iter().filter(fits).collect();
        for known in fitting {
            let client_id = &known.registration.client_id;
            output::note(&format!(
                "Use the app that is registered already{} ({})?\n  1 yes   2 another",
                used_for(known),
                shortened(client_id)
            ));
            if choice("Number, enter takes 1: ", "1", 2)? == 1 {
                self.client_id = Some(client_id.clone());
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The flags, with what was allowed at the questions.
    pub(super) fn allowing(&self, add: &Add) -> Add {
        Add {
            dev_http: add.dev_http || self.dev_http,
            ca_file: self.ca_file.clone().or_else(|| add.ca_file.clone()),
            ..add.clone()
        }
    }

    /// What is registered at a provider that nobody knows.
    fn tell_redirect(&self, add: &Add) {
        output::note(
            "Step 3 of 7: App. Register one at the provider, with this redirect URL; it gives you a client ID.",
        );
        if let Ok(redirect) = redirect(add, None, &self.variables) {
            output::note(&format!("  Redirect  {redirect}"));
        }
    }

    fn tell_steps(&self, add: &Add, preset: &Preset) {
        output::note(&format!(
            "Step 3 of 7: App. {} wants to know which program asks.",
            shown(&preset.name)
        ));
        let redirect = redirect(add, Some(preset), &self.variables)
            .unwrap_or_else(|_| preset.default_redirect());
        let mut variables = set_variables(&add.set).unwrap_or_default();
        variables.extend(self.variables.clone());
        for step in &preset.steps(&redirect, &variables) {
            output::note(&format!(
                "  {:<9} {}",
                step.action.as_str(),
                shown(&step.value)
            ));
        }
    }

    fn ask_secret(&mut self, add: &Add, preset: Option<&Preset>) -> Result<(), Failed> {
        if add.client_secret_file.is_some() {
            return Ok(());
        }
        let wants_secret = match preset {
            Some(preset) => preset.client.needs_secret(Way::Browser),
            None => yes("Does this app have a client secret?", false)?,
        };
        if wants_secret {
            output::note(
                "A desktop app can't keep a client secret truly private. It is stored encrypted; treat it as recoverable.",
            );
            let optional = preset.is_none_or(|preset| !preset.client.always_needs_secret());
            self.client_secret = ask_client_secret(optional)?;
        }
        Ok(())
    }
}

/// A question mark alone asks what it is, as at every other question.
fn ask_client_secret(optional: bool) -> Result<Option<Secret>, Failed> {
    let question = if optional {
        "Client secret (not shown), enter for none: "
    } else {
        "Client secret (not shown): "
    };
    loop {
        let secret = prompt_secret(question)?;
        if secret.same(&Secret::new("?".to_owned())) {
            output::note(SECRET);
        } else if !secret.is_empty() {
            return Ok(Some(secret));
        } else if optional {
            return Ok(None);
        } else {
            output::note("  This provider signs nobody in without it; Ctrl-C leaves. Once more:");
        }
    }
}

/// A client ID is kept exactly; one with a blank in it is asked about.
fn ask_client_id() -> Result<String, Failed> {
    loop {
        let typed = prompt_exact("Client ID: ")?;
        if typed.trim() == "?" {
            output::note(about(Field::ClientId));
            continue;
        }
        if let Err(problem) = check_client_id(&typed) {
            output::note(&format!("  {problem}. Once more:"));
            continue;
        }
        if !has_blanks(&typed) {
            return Ok(typed);
        }
        output::note(&format!("{}.", Doubt::BlankInClientId));
        if yes("Keep it so?", false)? {
            return Ok(typed);
        }
    }
}

/// Which preset is meant, by any part of its name; `None`: the person types the addresses.
pub(super) fn choose_preset(catalogue: &Catalogue) -> Result<Option<&Preset>, Failed> {
    output::note(
        "Step 1 of 7: Provider. A service's name or a part of it; enter alone to type its addresses.",
    );
    let mut next = None;
    loop {
        let text = match next.take() {
            Some(text) => text,
            None => prompt("Service: ", "")?,
        };
        if text.is_empty() {
            return Ok(None);
        }
        if let Some(preset) = catalogue.find(&text) {
            return Ok(Some(preset));
        }
        if text == "?" {
            let names: Vec<String> = catalogue
                .presets()
                .iter()
                .map(|preset| shown(&preset.name).to_string())
                .collect();
            output::note(&names.join(", "));
            continue;
        }
        let found = catalogue.search(&text);
        let found = &found[..found.len().min(MOST_FOUND)];
        if found.is_empty() {
            output::note(&format!("No preset matches \"{}\".", shown(&text)));
            continue;
        }
        for (at, preset) in found.iter().enumerate() {
            output::note(&format!(
                "  {} {}   {}",
                at + 1,
                shown(&preset.name),
                shown(&preset.hint)
            ));
        }
        let answer = prompt("Number, another name, or enter to begin anew: ", "")?;
        let number = answer.parse::<usize>().ok();
        match number.map(|number| number.checked_sub(1).and_then(|at| found.get(at))) {
            Some(Some(preset)) => return Ok(Some(preset)),
            Some(None) => {
                output::note(&format!(
                    "There is no {answer}; {} were found.",
                    found.len()
                ));
            }
            // A name typed here is looked for like the first one.
            None => next = Some(answer).filter(|answer| !answer.is_empty()),
        }
    }
}

const CA_QUESTION: &str = "Certificate file of an authority of your own, enter for none: ";

/// Connections of an app that are named; of more, one less.
const NAMED: usize = 3;

/// Presets offered at a time, each with a digit of its own.
const MOST_FOUND: usize = 9;

/// " for ada, ada-work" or " for ada, ada-work and 7 more": the connections of a registration.
pub(super) fn used_for(known: &KnownRegistration) -> String {
    let names: Vec<&str> = known.used_by.iter().map(ConnectionName::as_str).collect();
    listed(&names)
}

fn listed(names: &[&str]) -> String {
    match names.len() {
        0 => String::new(),
        1..=NAMED => format!(" for {}", names.join(", ")),
        _ => {
            let (first, rest) = names.split_at(NAMED - 1);
            format!(" for {} and {} more", first.join(", "), rest.len())
        }
    }
}

/// A client ID by its ends: enough to know one's own app.
fn shortened(client_id: &str) -> String {
    let letters: Vec<char> = client_id.chars().collect();
    if letters.len() <= 10 {
        return shown(client_id).to_string();
    }
    let part = |letters: &[char]| letters.iter().collect::<String>();
    let (start, end) = (&letters[..4], &letters[letters.len() - 2..]);
    shown(&format!("{}…{}", part(start), part(end))).to_string()
}

fn shown(text: &str) -> Shown {
    Untrusted::new(text).shown()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_of_many_connections_names_a_few() {
        assert_eq!(listed(&[]), "");
        assert_eq!(listed(&["a", "b", "c"]), " for a, b, c");
        assert_eq!(listed(&["a", "b", "c", "d", "e"]), " for a, b and 3 more");
    }

    #[test]
    fn a_client_id_is_known_by_its_ends() {
        assert_eq!(shortened("4f1c0a9a77b2c49a"), "4f1c…9a");
        assert_eq!(shortened("short-id"), "short-id");
    }
}
