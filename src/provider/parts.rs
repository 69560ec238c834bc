//! The parts of a preset that hold gaps, as they stand in the file.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::{
    EndpointUrl, ExtraParams, IssPolicy, LoopbackHost, RedirectUri, RevokeRule, TestMethod,
    TestRead,
};

use super::preset::{PresetProblem, StepAction};
use super::template::Template;

/// The one port for services that compare it.
const FIXED_PORT: u16 = 8765;

/// The parts with gaps.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) issuer: Option<Template>,
    pub(super) iss: IssPolicy,
    pub(super) endpoints: EndpointParts,
    pub(super) redirect: RedirectPart,
    pub(super) extra: ExtraParams,
    pub(super) test: Option<TestPart>,
    pub(super) revoke: RevokePart,
    pub(super) manage_url: Option<Template>,
    pub(super) api_hosts: Vec<Template>,
    pub(super) steps: Vec<StepPart>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointParts {
    pub(super) authorization: Option<Template>,
    pub(super) token: Template,
    pub(super) device: Option<Template>,
    pub(super) revocation: Option<Template>,
    pub(super) introspection: Option<Template>,
    pub(super) userinfo: Option<Template>,
    pub(super) jwks: Option<Template>,
    pub(super) registration: Option<Template>,
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
    pub(super) url: Template,
    /// Present: a POST with this JSON, which only reads.
    #[serde(default)]
    post: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
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
    #[default]
    None,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepPart {
    pub(super) action: StepAction,
    pub(super) value: Template,
}

impl RedirectPart {
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
        })
    }
}

impl TestPart {
    /// The test read, once its address is known.
    pub(super) fn filled(&self, url: EndpointUrl) -> TestRead {
        TestRead {
            method: match &self.post {
                Some(body) => TestMethod::Post { body: body.clone() },
                None => TestMethod::Get,
            },
            url,
            headers: self.headers.clone().into_iter().collect(),
            account_label: self.account_label.clone(),
            account_id: self.account_id.clone(),
            success: self.success.clone(),
        }
    }
}
