//! What the wizard needs of a preset, as plain data and two pure functions, so that the catalogue
//! of providers can feed it and tests can make their own.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{ClientAuth, Provider, RedirectUri, Scope, ScopeSet};
use crate::provider::{Place, ScopeHelp};

/// Values of a preset's variables, by key.
pub type Values = BTreeMap<String, String>;

/// Makes the provider of filled-in variables and a client ID; the error is one sentence.
pub type BuildProvider = Arc<dyn Fn(&Values, &str) -> Result<Provider, String> + Send + Sync>;

/// The redirect address to register at this provider.
pub(super) type RedirectAt = Arc<dyn Fn(&Provider) -> RedirectUri + Send + Sync>;

/// What to register at the provider, step by step.
pub type RegisterSteps = Arc<dyn Fn(&Values, &RedirectUri) -> Vec<RegisterStep> + Send + Sync>;

/// The providers of the wizard's list. The first frame does not wait for them.
pub type Presets = LazyCell<Vec<PresetChoice>, Box<dyn FnOnce() -> Vec<PresetChoice>>>;

/// A provider of the wizard's list.
#[derive(Clone)]
pub struct PresetChoice {
    pub id: String,
    pub name: String,
    /// One line beside the name: `register an app once, 2 minutes`.
    pub hint: String,
    /// Said of it while it is selected in the list.
    pub remark: Option<String>,
    /// Why it cannot be connected from here, in words.
    pub refused: Option<String>,
    /// Addresses there, when typed, offer this preset.
    pub places: Vec<Place>,
    pub variables: Vec<Variable>,
    /// Ways to sign in that differ in what has to be registered; the first is the usual one.
    pub ways: Vec<PresetWay>,
    /// The app of a team's own file, or of the practice provider; prefilled.
    pub client_id: Option<String>,
    /// Until the provider is known.
    pub redirect: RedirectUri,
    pub redirect_at: RedirectAt,
    pub default_scopes: ScopeSet,
    pub scopes: Vec<ScopeChoice>,
    pub build: BuildProvider,
    pub steps: RegisterSteps,
}

/// A blank in a preset's addresses: the host of a GitLab, a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    pub key: String,
    /// As a question: `Your GitLab host`.
    pub label: String,
    pub default: Option<String>,
}

/// A way to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresetWay {
    /// `the browser, needs the client secret`.
    pub label: String,
    /// It starts with a device code.
    pub device: bool,
    pub secret: SecretNeed,
    /// How a secret is sent, if there is one.
    pub auth: ClientAuth,
}

/// Whether a client secret is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretNeed {
    /// One would be refused.
    Never,
    /// The provider does without; an app may have one all the same.
    None,
    Required,
}

/// A step of registering an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterStep {
    /// `Open`, `Name`, `Redirect`, `Tick` …
    pub action: String,
    pub value: String,
    /// The value is a page to open.
    pub page: bool,
    /// What of the value is copied; `None` where it only says what to do.
    pub copy: Option<String>,
}

/// A scope explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeChoice {
    pub scope: Scope,
    pub known: ScopeHelp,
}

impl ScopeChoice {
    /// `None`: its name cannot be sent.
    pub fn of(known: ScopeHelp) -> Option<Self> {
        let scope = Scope::parse(&known.name).ok()?;
        Some(Self { scope, known })
    }
}
