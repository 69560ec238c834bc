//! Everything typed for one provider. Kept while the wizard lives, and without its secret after.

use std::collections::{BTreeMap, BTreeSet};

use super::preset::{PresetChoice, PresetWay, ScopeChoice, SecretNeed, Values};
use crate::model::{
    ClientAuth, EndpointUrl, Endpoints, Provider, ProviderKind, Quirk, RedirectUri, Scope,
};
use crate::tui::authority_file::AuthorityFile;
use crate::tui::field::TextField;
use crate::tui::masked::MaskedField;
use crate::tui::request::Request;
use crate::tui::scope_line;

/// A field of the wizard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::tui) enum FieldId {
    /// By position in the preset's list.
    Variable(usize),
    Authorization,
    Token,
    Device,
    Revocation,
    Introspection,
    Userinfo,
    Issuer,
    TestRead,
    Resource,
    Extra,
    Authority,
    ClientId,
    Redirect,
    Scopes,
    Name,
}

impl FieldId {
    /// The endpoint fields, with the part of the definition each fills.
    pub(super) const ENDPOINTS: [FieldId; 6] = [
        FieldId::Authorization,
        FieldId::Token,
        FieldId::Device,
        FieldId::Revocation,
        FieldId::Introspection,
        FieldId::Userinfo,
    ];

    /// An address of the provider is typed there.
    fn is_address(self) -> bool {
        let others = [Self::Issuer, Self::TestRead, Self::Resource];
        Self::ENDPOINTS.contains(&self) || others.contains(&self)
    }

    pub(super) fn slot(self, endpoints: &mut Endpoints) -> Option<&mut Option<EndpointUrl>> {
        Some(match self {
            Self::Authorization => &mut endpoints.authorization,
            Self::Token => &mut endpoints.token,
            Self::Device => &mut endpoints.device,
            Self::Revocation => &mut endpoints.revocation,
            Self::Introspection => &mut endpoints.introspection,
            Self::Userinfo => &mut endpoints.userinfo,
            _ => return None,
        })
    }
}

/// What a person allows with a tick below the field that wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tick {
    /// Plain http on this machine.
    DevHttp,
    /// A blank belongs to the client ID.
    Blanks,
    /// The test read goes to a host that is none of the provider's others.
    TestElsewhere,
}

/// What was typed and chosen.
#[derive(Default)]
pub(in crate::tui) struct Draft {
    pub(super) preset: Option<PresetChoice>,
    fields: BTreeMap<FieldId, TextField>,
    /// What the preset put into a field: an untouched one follows the variables.
    prefill: BTreeMap<FieldId, String>,
    pub(super) secret: MaskedField,
    /// What the file of [`FieldId::Authority`] holds.
    pub(super) authority: AuthorityFile,
    /// The secret field is there although no secret is needed.
    pub(super) add_secret: bool,
    /// Index of the preset's way.
    pub(super) way: usize,
    /// How a secret is sent, where it was chosen here.
    pub(super) auth: Option<ClientAuth>,
    /// The optional addresses are unfolded.
    pub(super) more: bool,
    /// Addresses that were typed without their scheme and got one here.
    pub(super) completed: BTreeSet<FieldId>,
    /// What was ticked below a field that wants it.
    pub(super) ticks: BTreeSet<Tick>,
}

impl Draft {
    pub(super) fn of_preset(preset: PresetChoice) -> Self {
        let mut draft = Self::default();
        for (index, variable) in preset.variables.iter().enumerate() {
            if let Some(value) = &variable.default {
                draft.field_mut(FieldId::Variable(index)).set(value.clone());
            }
        }
        draft
            .field_mut(FieldId::Scopes)
            .set(preset.default_scopes.to_string());
        let redirect = preset.redirect.to_string();
        draft.field_mut(FieldId::Redirect).set(redirect.clone());
        draft.prefill.insert(FieldId::Redirect, redirect);
        if let Some(client_id) = &preset.client_id {
            draft.field_mut(FieldId::ClientId).set(client_id.clone());
        }
        draft.preset = Some(preset);
        draft.prefill();
        // The practice provider speaks plain http on this machine, so that any browser can reach it.
        if draft
            .preset_provider()
            .and_then(Result::ok)
            .is_some_and(|provider| provider.kind == ProviderKind::Practice)
        {
            draft.ticks.insert(Tick::DevHttp);
        }
        draft
    }

    pub(super) fn of_own() -> Self {
        let mut draft = Self::default();
        draft
            .field_mut(FieldId::Redirect)
            .set(RedirectUri::any_port().to_string());
        draft
    }

    /// Without the blanks around it, save for the client ID: that one is kept exactly.
    pub(super) fn text(&self, id: FieldId) -> &str {
        let read = match id {
            FieldId::ClientId => TextField::value,
            _ => TextField::trimmed,
        };
        self.fields.get(&id).map_or("", read)
    }

    pub(super) fn dev_http(&self) -> bool {
        self.ticked(Tick::DevHttp)
    }

    pub(super) fn ticked(&self, tick: Tick) -> bool {
        self.ticks.contains(&tick)
    }

    /// Ticks or unticks; whether it is ticked now.
    pub(super) fn turn(&mut self, tick: Tick) -> bool {
        !self.ticks.remove(&tick) && self.ticks.insert(tick)
    }

    /// The certificates of the authority whose file is named; `None` without one, or before it was read.
    pub(super) fn ca_pem(&self) -> Option<&str> {
        self.authority.pem(self.text(FieldId::Authority))
    }

    /// Asks for the file of an authority that was not read yet.
    pub(super) fn ask_for_authority(&mut self) -> Option<Request> {
        let typed = self.text(FieldId::Authority).to_owned();
        self.authority.ask(&typed)
    }

    /// Whether an authority's file is named and was not read, or is none.
    pub(super) fn lacks_authority(&self) -> bool {
        !self.text(FieldId::Authority).is_empty() && self.ca_pem().is_none()
    }

    /// Puts https before an address that was typed without it, which is said beside it.
    pub(super) fn complete(&mut self, id: FieldId) {
        let whole = EndpointUrl::with_https(self.text(id)).filter(|_| id.is_address());
        if let Some(whole) = whole {
            self.field_mut(id).set(whole);
            self.completed.insert(id);
        }
    }

    /// Something about an address that is no problem, in words.
    pub(super) fn remark(&self, id: FieldId) -> Option<String> {
        let kind = match id {
            FieldId::Authorization => "an authorization URL",
            FieldId::Token => "a token URL",
            FieldId::Device => "a device URL",
            _ => "",
        };
        let bare = self.is_bare(id) && !kind.is_empty();
        let mut words = Vec::new();
        if self.completed.contains(&id) {
            words.push("https:// was put before it.".to_owned());
        }
        if bare {
            words.push(format!("This address has no path; {kind} usually has one."));
        }
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// It was typed, and is a host alone.
    pub(super) fn is_bare(&self, id: FieldId) -> bool {
        let url = EndpointUrl::parse(self.text(id), self.dev_http());
        url.is_ok_and(|url| url.is_bare()) && self.is_edited(id)
    }

    /// Whether commas separate scopes at this provider.
    pub(super) fn commas(&self) -> bool {
        self.preset_provider()
            .and_then(Result::ok)
            .is_some_and(|provider| provider.has(&Quirk::CommaScopes))
    }

    pub(super) fn field(&self, id: FieldId) -> Option<&TextField> {
        self.fields.get(&id)
    }

    pub(super) fn field_mut(&mut self, id: FieldId) -> &mut TextField {
        self.fields.entry(id).or_default()
    }

    /// Every plain field with its text.
    #[cfg(test)]
    pub(in crate::tui) fn texts(&self) -> BTreeMap<FieldId, String> {
        self.fields
            .iter()
            .map(|(id, field)| (*id, field.value().to_owned()))
            .collect()
    }

    /// The way in use: a preset's, or that of an own provider.
    pub(super) fn chosen_way(&self) -> PresetWay {
        let own = || PresetWay {
            label: String::new(),
            device: self.text(FieldId::Authorization).is_empty(),
            secret: SecretNeed::None,
            auth: ClientAuth::Basic,
        };
        let ways = self.preset.as_ref().map_or(&[][..], |preset| &preset.ways);
        ways.get(self.way).cloned().unwrap_or_else(own)
    }

    /// Whether the secret field is on the screen.
    pub(super) fn wants_secret(&self) -> bool {
        self.add_secret || self.chosen_way().secret == SecretNeed::Required
    }

    pub(super) fn values(&self) -> Values {
        let variables = self
            .preset
            .as_ref()
            .map_or(&[][..], |preset| &preset.variables);
        variables
            .iter()
            .enumerate()
            .map(|(index, variable)| {
                (
                    variable.key.clone(),
                    self.text(FieldId::Variable(index)).to_owned(),
                )
            })
            .collect()
    }

    /// Fills the addresses that were not edited by hand.
    pub(super) fn prefill(&mut self) {
        let Some(preset) = &self.preset else {
            return;
        };
        let Ok(provider) = (preset.build)(&self.values(), self.text(FieldId::ClientId)) else {
            return;
        };
        let redirect = (preset.redirect_at)(&provider).to_string();
        let mut endpoints = provider.endpoints;
        for id in FieldId::ENDPOINTS {
            let url = id.slot(&mut endpoints).and_then(Option::take);
            let fresh = url.map_or_else(String::new, |url| url.to_string());
            let untouched = self
                .prefill
                .get(&id)
                .is_none_or(|old| *old == self.text(id));
            if untouched {
                self.field_mut(id).set(fresh.clone());
            }
            self.prefill.insert(id, fresh);
        }
        if !self.is_edited(FieldId::Redirect) {
            self.field_mut(FieldId::Redirect).set(redirect.clone());
            self.prefill.insert(FieldId::Redirect, redirect);
        }
    }

    /// Whether an address differs from the preset's.
    pub(super) fn is_edited(&self, id: FieldId) -> bool {
        self.prefill
            .get(&id)
            .is_none_or(|old| *old != self.text(id))
    }

    /// Whether anything was typed that would be missed.
    pub(super) fn is_begun(&self) -> bool {
        self.preset.is_some()
            || self
                .fields
                .iter()
                .any(|(id, field)| *id != FieldId::Redirect && !field.is_empty())
    }

    /// The name people know the provider by, as far as it is known.
    pub(super) fn provider_name(&self) -> String {
        match &self.preset {
            Some(preset) => preset.name.clone(),
            None => self.own_host().unwrap_or_else(|| "a service".to_owned()),
        }
    }

    /// The host of an own provider, as `add` takes it for a name.
    pub(super) fn own_host(&self) -> Option<String> {
        [FieldId::Authorization, FieldId::Token, FieldId::Device]
            .into_iter()
            .find_map(|id| EndpointUrl::parse(self.text(id), true).ok())
            .and_then(|url| url.as_url().host_str().map(str::to_owned))
    }

    /// The preset's own definition, if it can be built.
    pub(super) fn preset_provider(&self) -> Option<Result<Provider, String>> {
        let preset = self.preset.as_ref()?;
        Some((preset.build)(&self.values(), self.text(FieldId::ClientId)))
    }

    /// The scopes that the preset explains.
    pub(super) fn known_scopes(&self) -> &[ScopeChoice] {
        self.preset.as_ref().map_or(&[], |preset| &preset.scopes)
    }

    /// Ticks or unticks a scope in the line of scopes.
    pub(super) fn toggle_scope(&mut self, scope: &Scope, typed: &str) {
        let line = scope_line::toggled(self.text(FieldId::Scopes), scope, typed);
        self.field_mut(FieldId::Scopes).set(line);
    }
}
