//! The parts of a preset that hold gaps, as they stand in the file.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::model::{
    EndpointUrl, ExtraParams, IssPolicy, LoopbackHost, RedirectUri, RevokeAuth, RevokeMethod,
    RevokeRequest, RevokeRule, TestMethod, TestRead,
};

use super::preset::{PresetProblem, StepAction};
use super::template::Template;

/// The one port for services that compare it.
const FIXED_PORT: u16 = 8765;

/// The parts with gaps.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) issuer: Option<Spanned<Template>>,
    pub(super) iss: IssPolicy,
    pub(super) endpoints: EndpointParts,
    pub(super) redirect: RedirectPart,
    pub(super) extra: ExtraParams,
    pub(super) test: Option<TestPart>,
    pub(super) revoke: RevokePart,
    pub(super) manage_url: Option<Spanned<Template>>,
    pub(super) api_hosts: Vec<Template>,
    pub(super) steps: Vec<StepPart>,
}

/// Each address with its place in the file, so that a mistake can be shown there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointParts {
    pub(super) authorization: Option<Spanned<Template>>,
    pub(super) token: Option<Spanned<Template>>,
    pub(super) refresh: Option<Spanned<Template>>,
    pub(super) device: Option<Spanned<Template>>,
    pub(super) revocation: Option<Spanned<Template>>,
    pub(super) introspection: Option<Spanned<Template>>,
    pub(super) userinfo: Option<Spanned<Template>>,
    pub(super) jwks: Option<Spanned<Template>>,
    pub(super) registration: Option<Spanned<Template>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RedirectPart {
    host: LoopbackHost,
    /// The service compares the port: one is fixed.
    fixed_port: bool,
    path: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TestPart {
    pub(super) url: Spanned<Template>,
    /// Present: a POST with this JSON, which only reads.
    #[serde(default)]
    post: Option<String>,
    #[serde(default)]
    pub(super) headers: BTreeMap<Spanned<String>, Template>,
    #[serde(default)]
    account_label: Vec<String>,
    #[serde(default)]
    account_id: Option<String>,
    #[serde(default)]
    success: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, tag = "way", rename_all = "kebab-case")]
pub(super) enum RevokePart {
    Standard,
    BearerPost {
        url: Template,
        success: Option<String>,
    },
    TokenOnly,
    GithubDelete {
        url: Template,
    },
    Request {
        url: Template,
        method: RevokeMethod,
        auth: RevokeAuth,
        #[serde(default)]
        body: BTreeMap<String, String>,
        #[serde(default)]
        json: bool,
        #[serde(default)]
        everything: bool,
    },
    #[default]
    None,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepPart {
    pub(super) action: StepAction,
    pub(super) value: Template,
}

impl Parts {
    /// Each address by the name it goes by in problems.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (&'static str, &Spanned<Template>)> {
        let endpoints = &self.endpoints;
        let test = self.test.as_ref().map(|test| &test.url);
        [
            ("issuer", self.issuer.as_ref()),
            ("authorization", endpoints.authorization.as_ref()),
            ("token", endpoints.token.as_ref()),
            ("refresh", endpoints.refresh.as_ref()),
            ("device", endpoints.device.as_ref()),
            ("revocation", endpoints.revocation.as_ref()),
            ("introspection", endpoints.introspection.as_ref()),
            ("userinfo", endpoints.userinfo.as_ref()),
            ("jwks", endpoints.jwks.as_ref()),
            ("registration", endpoints.registration.as_ref()),
            ("manage_url", self.manage_url.as_ref()),
            ("test", test),
        ]
        .into_iter()
        .filter_map(|(name, address)| Some((name, address?)))
    }

    /// Where the address of this name stands.
    pub(super) fn place(&self, part: &str) -> Option<std::ops::Range<usize>> {
        let mut addresses = self.addresses();
        let found = addresses.find(|(name, _)| *name == part);
        found.map(|(_, address)| address.span())
    }
}

impl RedirectPart {
    /// Whether the service wants this very path.
    pub(super) fn has_path(&self) -> bool {
        self.path.is_some()
    }

    /// The address to register.
    pub(super) fn filled(&self) -> RedirectUri {
        let any = RedirectUri::any_port();
        RedirectUri {
            host: self.host,
            port: self.fixed_port.then_some(FIXED_PORT),
            path: self.path.clone().unwrap_or_else(|| any.path.clone()),
            ..any
        }
    }
}

impl RevokePart {
    /// The rule, with its address made by `address`.
    pub(super) fn filled(
        &self,
        address: impl Fn(&Template) -> Result<EndpointUrl, PresetProblem>,
    ) -> Result<RevokeRule, PresetProblem> {
        Ok(match self {
            Self::Standard => RevokeRule::Standard,
            Self::TokenOnly => RevokeRule::TokenOnly,
            Self::None => RevokeRule::None,
            Self::BearerPost { url, success } => RevokeRule::BearerPost {
                url: address(url)?,
                success: success.clone(),
            },
            Self::GithubDelete { url } => RevokeRule::GithubDelete { url: address(url)? },
            Self::Request {
                url,
                method,
                auth,
                body,
                json,
                everything,
            } => RevokeRule::Request(RevokeRequest {
                url: address(url)?,
                method: *method,
                auth: *auth,
                body: body.clone().into_iter().collect(),
                json: *json,
                everything: *everything,
            }),
        })
    }
}

impl TestPart {
    /// The test read, once its address is known; `fill` fills a header.
    pub(super) fn filled(
        &self,
        url: EndpointUrl,
        fill: impl Fn(&Template) -> Result<String, PresetProblem>,
    ) -> Result<TestRead, PresetProblem> {
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| Ok((name.get_ref().clone(), fill(value)?)));
        Ok(TestRead {
            method: match &self.post {
                Some(body) => TestMethod::Post { body: body.clone() },
                None => TestMethod::Get,
            },
            url,
            headers: headers.collect::<Result<_, _>>()?,
            account_label: self.account_label.clone(),
            account_id: self.account_id.clone(),
            success: self.success.clone(),
        })
    }

    /// Its JSON pointers.
    pub(super) fn pointers(&self) -> impl Iterator<Item = &str> {
        let labels = self.account_label.iter();
        let others = self.account_id.iter().chain(&self.success);
        labels.chain(others).map(String::as_str)
    }
}
