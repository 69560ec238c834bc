//! One preset, and the provider it becomes once its variables are known.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::model::{
    ClientAuth, EndpointUrl, Endpoints, Issuer, Provider, ProviderKind, Quirk, RedirectUri,
    ScopeSet, UrlProblem,
};

use super::parts::Parts;
use super::template::{Template, path_part};

/// A service known to the program.
#[derive(Clone, Debug)]
pub struct Preset {
    pub id: String,
    pub name: String,
    /// One line for the list: what a person has to do.
    pub hint: String,
    /// Ships with the program, or comes from the user's own file.
    pub kind: ProviderKind,
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

/// What kind of client is registered there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Ways to sign in that the service offers, preferred first.
    pub ways: Vec<Way>,
    pub secret: SecretNeed,
    /// How a secret is sent, where there is one.
    #[serde(default = "post")]
    pub auth: ClientAuth,
    /// The app of a user's or a team's own file; built-in presets have none.
    #[serde(default)]
    pub client_id: Option<String>,
    /// There to be refused with words: these files are shared (conformance T-12).
    #[serde(default, rename = "client_secret")]
    _client_secret: Option<NoSecret>,
}

/// No value of it exists.
#[derive(Clone, Copy, Debug)]
enum NoSecret {}

impl<'de> Deserialize<'de> for NoSecret {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom(
            "a client secret does not belong in this file; take it out and give it to the vault: \
             valetkey add … --client-secret-file -",
        ))
    }
}

fn post() -> ClientAuth {
    ClientAuth::Post
}

impl Client {
    /// How a client authenticates that has, or has not, a secret.
    pub fn auth_with(&self, has_secret: bool) -> ClientAuth {
        if has_secret && self.secret != SecretNeed::Never {
            self.auth
        } else {
            ClientAuth::None
        }
    }

    /// Whether this way needs a secret.
    pub fn needs_secret(&self, way: Way) -> bool {
        match self.secret {
            SecretNeed::Never | SecretNeed::Optional => false,
            SecretNeed::Browser => way == Way::Browser,
            SecretNeed::Always => true,
        }
    }
}

/// A way to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    Browser,
    Device,
}

/// When the service wants a client secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretNeed {
    /// Public client; a secret must not be sent.
    Never,
    /// Depends on how the app was registered.
    Optional,
    /// For the browser way only.
    Browser,
    Always,
}

/// A gap that the person fills.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    pub key: String,
    /// The question on the screen.
    pub label: String,
    pub example: String,
    #[serde(default)]
    pub default: Option<String>,
    pattern: Pattern,
}

/// What a value may look like.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Pattern {
    /// `host` or `host:port`.
    Host,
    /// Letters, digits, `.`, `_` and `-`.
    Word,
}

impl Variable {
    /// Whether a value may stand there; it cannot leave its place in an address.
    pub fn accepts(&self, value: &str) -> bool {
        let word = |text: &str| {
            (1..=100).contains(&text.len())
                && text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        };
        match self.pattern {
            Pattern::Word => word(value),
            Pattern::Host => match value.split_once(':') {
                Some((host, port)) => word(host) && port.parse::<u16>().is_ok_and(|port| port > 0),
                None => word(value),
            },
        }
    }
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
}

/// One thing to do while registering an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub action: StepAction,
    /// With the redirect address and the variables filled in.
    pub value: String,
}

/// What to do with a step's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepAction {
    /// Open this address.
    Open,
    /// Give the app this name.
    Name,
    /// Enter this redirect address, exactly.
    Redirect,
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
            Self::Redirect => "redirect",
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
}

impl Preset {
    /// The definition with every variable filled in. A variable with a default may be left out.
    pub fn provider(
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
        let optional = |part: &str, template: &Option<Template>| {
            template.as_ref().map(|t| address(part, t)).transpose()
        };
        let parts = &self.parts;
        Ok(Provider {
            id: self.id.clone(),
            name: self.name.clone(),
            kind: self.kind,
            issuer: match &parts.issuer {
                Some(issuer) => Some(Issuer::parse(&fill(issuer)?, false).map_err(|problem| {
                    PresetProblem::Address {
                        part: "issuer".to_owned(),
                        problem,
                    }
                })?),
                None => None,
            },
            endpoints: Endpoints {
                authorization: optional("authorization", &parts.endpoints.authorization)?,
                token: Some(address("token", &parts.endpoints.token)?),
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
                Some(test) => Some(test.filled(address("test", &test.url)?)),
                None => None,
            },
            revoke: parts.revoke.filled(|url| address("revoke", url))?,
            manage_url: optional("manage_url", &parts.manage_url)?,
            api_hosts: parts.api_hosts.iter().map(fill).collect::<Result<_, _>>()?,
        })
    }

    /// The redirect address to register; a service that compares the port gets 8765.
    pub fn default_redirect(&self) -> RedirectUri {
        self.parts.redirect.filled()
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
        self.usual("client")
    }

    /// The provider where nobody set a variable; examples stand for those that have to be.
    pub(super) fn usual(&self, client_id: &str) -> Result<Provider, PresetProblem> {
        let values = self
            .examples()
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        self.provider(&values, client_id)
    }

    /// The provider for the values that stand in the addresses of another one; the usual one where they
    /// are no addresses of this preset.
    pub(super) fn made_like(&self, other: &Provider, client_id: &str) -> Option<Provider> {
        let token = other.endpoints.token.as_ref();
        let values = token.and_then(|url| self.parts.endpoints.token.values_in(url.as_str()));
        let made = values.and_then(|mut values| {
            values.remove("client_id");
            self.provider(&values, client_id).ok()
        });
        made.or_else(|| self.usual(client_id).ok())
    }

    /// Whether every variable has a default, so that its addresses are known beforehand.
    pub(super) fn is_fixed(&self) -> bool {
        self.variables
            .iter()
            .all(|variable| variable.default.is_some())
    }
}
