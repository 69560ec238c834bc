//! One preset, and the provider it becomes once its variables are known.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;

use crate::model::{
    EndpointUrl, Endpoints, IssPolicy, Issuer, Provider, ProviderKind, Quirk, RedirectUri,
    ScopeSet, UrlProblem,
};

use super::client::Client;
use super::parts::Parts;
use super::template::{Template, path_part};
use super::variable::Variable;

/// A service known to the program.
#[derive(Clone, Debug)]
pub struct Preset {
    pub id: String,
    pub name: String,
    /// One line for the list: what a person has to do.
    pub hint: String,
    /// What the service is about: `code`, `work`, `chat` …
    pub group: String,
    /// Ships with the program, or comes from the user's own file.
    pub kind: ProviderKind,
    /// Comes from the user's own file and stands where a built-in preset stood.
    pub replaces_built_in: bool,
    /// Only seen in other programs, never in the service's own documentation.
    pub unverified: bool,
    /// Why a program on a desktop cannot be connected, in words.
    pub refused: Option<String>,
    /// When a sign-in ends whatever is done, in words.
    pub ends: Option<String>,
    pub client: Client,
    pub variables: Vec<Variable>,
    /// Where an app is registered.
    pub register_url: Option<EndpointUrl>,
    /// Added to the authorization request to choose another account.
    pub switch_account: Vec<(String, String)>,
    pub(super) quirks: BTreeSet<Quirk>,
    pub(super) scopes: Vec<ScopeHelp>,
    pub(super) default_scopes: ScopeSet,
    pub(super) parts: Parts,
}

/// A scope in plain words.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeHelp {
    pub name: String,
    pub help: String,
    /// Gives much more than it sounds like, or everything.
    #[serde(default)]
    pub broad: bool,
    /// Another known scope that is enough for many, where this one is broad.
    #[serde(default)]
    pub narrower: Option<String>,
}

/// One thing to do while registering an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub action: StepAction,
    /// With the redirect address and the variables filled in.
    pub value: String,
}

impl Step {
    /// What of it goes into the service's form or the browser as it stands. The other steps are told to
    /// the person, and copying their words would only put them where they do not belong.
    pub fn to_copy(&self) -> Option<&str> {
        match self.action {
            StepAction::Open | StepAction::Redirect | StepAction::Callback => Some(&self.value),
            // `Valetkey (this becomes the client ID)`, and no advice such as `anything: it is not shown`.
            StepAction::Name if !self.value.contains(':') => self.value.split(" (").next(),
            _ => None,
        }
    }
}

/// What to do with a step's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepAction {
    /// Open this address.
    Open,
    /// Give the app this name.
    Name,
    /// Type this into the field that is named: `Homepage URL: …`.
    Fill,
    /// Enter this redirect address, exactly.
    Redirect,
    /// The same, where the form calls it a callback.
    Callback,
    /// Tick this box.
    Tick,
    /// Leave this box unticked.
    Untick,
    /// Choose this entry.
    Choose,
    /// Copy this value back here.
    Copy,
    /// Read this.
    Note,
}

impl StepAction {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Name => "name",
            Self::Fill => "fill",
            Self::Redirect => "redirect",
            Self::Callback => "callback",
            Self::Tick => "tick",
            Self::Untick => "untick",
            Self::Choose => "choose",
            Self::Copy => "copy",
            Self::Note => "note",
        }
    }
}

/// Why a preset does not become a provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PresetProblem {
    #[error("`{0}` is needed")]
    MissingVariable(String),
    #[error("this preset has no variable `{0}`")]
    UnknownVariable(String),
    #[error("`{0}` has a value that is not allowed")]
    BadValue(String),
    #[error("{part}: {problem}")]
    Address { part: String, problem: UrlProblem },
    /// The preset's own words.
    #[error("{0}")]
    Refused(String),
}

impl Preset {
    /// The definition with every variable filled in. A variable with a default may be left out.
    pub fn provider(
        &self,
        variables: &BTreeMap<String, String>,
        client_id: &str,
    ) -> Result<Provider, PresetProblem> {
        match &self.refused {
            Some(words) => Err(PresetProblem::Refused(words.clone())),
            None => self.filled(variables, client_id),
        }
    }

    /// The definition, though nobody may be able to use it.
    pub(super) fn filled(
        &self,
        variables: &BTreeMap<String, String>,
        client_id: &str,
    ) -> Result<Provider, PresetProblem> {
        let mut values = self.values(variables)?;
        // A path part of dots moves the whole address, encoded or not.
        if matches!(client_id, "." | "..") {
            return Err(PresetProblem::BadValue("client_id".to_owned()));
        }
        values.insert("client_id", path_part(client_id));
        let fill = |template: &Template| {
            template
                .fill(&values)
                .map_err(|gap| PresetProblem::MissingVariable(gap.to_owned()))
        };
        let address = |part: &str, template: &Template| {
            EndpointUrl::parse(&fill(template)?, false).map_err(|problem| PresetProblem::Address {
                part: part.to_owned(),
                problem,
            })
        };
        let optional = |part: &str, template: &Option<Spanned<Template>>| {
            let template = template.as_ref().map(Spanned::get_ref);
            template.map(|t| address(part, t)).transpose()
        };
        // In a header nothing is percent-encoded; what cannot stand there is never sent.
        let mut plain = values.clone();
        plain.insert("client_id", client_id.to_owned());
        let header = |template: &Template| {
            template
                .fill(&plain)
                .map_err(|gap| PresetProblem::MissingVariable(gap.to_owned()))
        };
        let parts = &self.parts;
        Ok(Provider {
            id: self.id.clone(),
            name: self.name.clone(),
            kind: self.kind,
            issuer: match &parts.issuer {
                Some(issuer) => Some(Issuer::written(&fill(issuer.get_ref())?, false).map_err(
                    |problem| PresetProblem::Address {
                        part: "issuer".to_owned(),
                        problem,
                    },
                )?),
                None => None,
            },
            endpoints: Endpoints {
                authorization: optional("authorization", &parts.endpoints.authorization)?,
                token: optional("token", &parts.endpoints.token)?,
                refresh: optional("refresh", &parts.endpoints.refresh)?,
                device: optional("device", &parts.endpoints.device)?,
                revocation: optional("revocation", &parts.endpoints.revocation)?,
                introspection: optional("introspection", &parts.endpoints.introspection)?,
                userinfo: optional("userinfo", &parts.endpoints.userinfo)?,
                jwks: optional("jwks", &parts.endpoints.jwks)?,
                registration: optional("registration", &parts.endpoints.registration)?,
            },
            iss: parts.iss,
            extra: parts.extra.clone(),
            quirks: self.quirks.clone(),
            test: match &parts.test {
                Some(test) => Some(test.filled(address("test", test.url.get_ref())?, header)?),
                None => None,
            },
            revoke: parts.revoke.filled(|url| address("revoke", url))?,
            manage_url: optional("manage_url", &parts.manage_url)?,
            api_hosts: parts.api_hosts.iter().map(fill).collect::<Result<_, _>>()?,
        })
    }

    /// The redirect address before anything is known of the provider; a service that compares the port gets 8765.
    pub fn default_redirect(&self) -> RedirectUri {
        self.parts.redirect.filled()
    }

    /// The redirect address to register. Unknown variables stand as their examples.
    pub fn redirect(&self, variables: &BTreeMap<String, String>) -> RedirectUri {
        let mut values = variables.clone();
        for variable in &self.variables {
            values.entry(variable.key.clone()).or_insert_with(|| {
                variable
                    .default
                    .as_ref()
                    .unwrap_or(&variable.example)
                    .clone()
            });
        }
        match self.provider(&values, "unknown-yet") {
            Ok(provider) => self.redirect_at(&provider),
            Err(_) => self.default_redirect(),
        }
    }

    /// The redirect address to register at this provider. Its path is the provider's own where answers do not
    /// name their issuer and where the path can be chosen (conformance G-05): it is not where the preset names
    /// one, or brings an app that is registered already.
    pub fn redirect_at(&self, provider: &Provider) -> RedirectUri {
        let redirect = self.default_redirect();
        let named = provider.iss == IssPolicy::Advertised && provider.issuer.is_some();
        let chosen = !self.parts.redirect.has_path() && self.client.client_id.is_none();
        match &provider.endpoints.token {
            Some(token) if chosen && !named => redirect.with_path_of(token),
            _ => redirect,
        }
    }

    /// What a first connection asks for.
    pub fn default_scopes(&self) -> ScopeSet {
        self.default_scopes.clone()
    }

    /// How to register an app, step by step. Unknown variables stand as their examples.
    pub fn steps(&self, redirect: &RedirectUri, variables: &BTreeMap<String, String>) -> Vec<Step> {
        let mut values = self.examples();
        values.extend(self.values(variables).unwrap_or_default());
        values.insert("redirect", redirect.to_string());
        self.parts
            .steps
            .iter()
            .filter_map(|step| {
                Some(Step {
                    action: step.action,
                    value: step.value.fill(&values).ok()?,
                })
            })
            .collect()
    }

    /// A scope in plain words, where the preset knows it.
    pub fn scope_help(&self, scope: &str) -> Option<&ScopeHelp> {
        self.scopes.iter().find(|known| known.name == scope)
    }

    /// All scopes the preset knows, in the order to list them.
    pub fn known_scopes(&self) -> &[ScopeHelp] {
        &self.scopes
    }

    /// The deviations this preset declares.
    pub fn quirks(&self) -> &BTreeSet<Quirk> {
        &self.quirks
    }

    /// Checked values, defaults included.
    fn values(
        &self,
        given: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<&str, String>, PresetProblem> {
        if let Some(unknown) = given
            .keys()
            .find(|key| self.variables.iter().all(|known| known.key != **key))
        {
            return Err(PresetProblem::UnknownVariable(unknown.clone()));
        }
        let mut values = BTreeMap::new();
        for variable in &self.variables {
            let key = variable.key.as_str();
            let value = given
                .get(key)
                .filter(|value| !value.is_empty())
                .or(variable.default.as_ref())
                .ok_or_else(|| PresetProblem::MissingVariable(key.to_owned()))?;
            if !variable.accepts(value) {
                return Err(PresetProblem::BadValue(key.to_owned()));
            }
            values.insert(key, value.clone());
        }
        Ok(values)
    }

    fn examples(&self) -> BTreeMap<&str, String> {
        self.variables
            .iter()
            .map(|variable| {
                let value = variable.default.as_ref().unwrap_or(&variable.example);
                (variable.key.as_str(), value.clone())
            })
            .collect()
    }

    /// The provider for the default or example values: proves a preset sound when it is read.
    pub(super) fn sample(&self) -> Result<Provider, PresetProblem> {
        self.filled(&self.usual_values(), "client")
    }

    /// The provider where nobody set a variable; examples stand for those that have to be.
    pub(super) fn usual(&self, client_id: &str) -> Result<Provider, PresetProblem> {
        self.provider(&self.usual_values(), client_id)
    }

    fn usual_values(&self) -> BTreeMap<String, String> {
        let examples = self.examples().into_iter();
        examples
            .map(|(key, value)| (key.to_owned(), value))
            .collect()
    }

    /// The provider for the values that stand in the addresses of another one; the usual one where they
    /// are no addresses of this preset.
    pub(super) fn made_like(&self, other: &Provider, client_id: &str) -> Option<Provider> {
        let (own, theirs) = (&self.parts.endpoints, &other.endpoints);
        let mut values = BTreeMap::new();
        for (template, url) in [
            (&own.authorization, &theirs.authorization),
            (&own.userinfo, &theirs.userinfo),
            (&own.token, &theirs.token),
        ] {
            if let (Some(template), Some(url)) = (template, url) {
                values.extend(
                    template
                        .get_ref()
                        .values_in(url.as_str())
                        .unwrap_or_default(),
                );
            }
        }
        values.remove("client_id");
        let made = self.provider(&values, client_id).ok();
        made.or_else(|| self.usual(client_id).ok())
    }

    /// Whether every variable has a default, so that its addresses are known beforehand.
    pub(super) fn is_fixed(&self) -> bool {
        self.variables
            .iter()
            .all(|variable| variable.default.is_some())
    }
}
