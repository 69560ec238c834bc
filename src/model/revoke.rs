//! How a grant is taken back at its provider (conformance L-08).

use serde::{Deserialize, Serialize};

use super::EndpointUrl;

/// How a grant is taken back at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "way", rename_all = "kebab-case")]
pub enum RevokeRule {
    /// RFC 7009 at the revocation endpoint.
    #[default]
    Standard,
    /// POST with the access token as bearer; success is `true` at this JSON pointer, if given.
    BearerPost {
        url: EndpointUrl,
        success: Option<String>,
    },
    /// RFC 7009 with the access token only: revoking either token ends the grant (Google).
    TokenOnly,
    /// GitHub: DELETE with Basic client authentication and the token as JSON; needs the secret.
    GithubDelete { url: EndpointUrl },
    /// One request, described piece by piece.
    Request(RevokeRequest),
    /// The provider offers none (or none was found).
    None,
}

/// A request that takes a grant back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeRequest {
    pub url: EndpointUrl,
    pub method: RevokeMethod,
    pub auth: RevokeAuth,
    /// Members of the body. A value may be one of [`RevokeRequest::BLANKS`], as a whole.
    pub body: Vec<(String, String)>,
    /// The body is JSON; else a form.
    pub json: bool,
    /// It ends everything the account ever allowed this app.
    pub everything: bool,
}

/// The method of a [`RevokeRequest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RevokeMethod {
    Post,
    Delete,
}

/// Who a [`RevokeRequest`] comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RevokeAuth {
    /// The access token.
    Bearer,
    /// Client ID and secret.
    Basic,
    /// Nobody, or who the body says.
    None,
}

/// Why a provider cannot be told that a sign-in is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRevocation {
    /// It offers none.
    NotOffered,
    /// None was typed, or found.
    NoAddress,
    /// It takes one from the app's secret alone, and none is stored.
    NoSecret,
}

impl RevokeRequest {
    /// Whether it cannot be sent without the client secret.
    pub fn needs_secret(&self) -> bool {
        let names = |(_, value): &(String, String)| value == "{client_secret}";
        self.auth == RevokeAuth::Basic || self.body.iter().any(names)
    }

    /// What the body may have filled in.
    pub const BLANKS: [&str; 4] = [
        "{token}",
        "{access_token}",
        "{client_id}",
        "{client_secret}",
    ];

    /// A value in braces that is no blank.
    pub fn unknown_blank(&self) -> Option<&str> {
        let values = self.body.iter().map(|(_, value)| value.as_str());
        values
            .filter(|value| value.contains(['{', '}']))
            .find(|value| !Self::BLANKS.contains(value))
    }
}

impl RevokeRule {
    /// Whether revoking one token ends everything the account ever allowed this app.
    pub fn ends_everything(&self) -> bool {
        match self {
            Self::TokenOnly | Self::GithubDelete { .. } => true,
            Self::Request(request) => request.everything,
            Self::Standard | Self::BearerPost { .. } | Self::None => false,
        }
    }

    /// The address that is not the revocation endpoint.
    pub fn url(&self) -> Option<&EndpointUrl> {
        match self {
            Self::BearerPost { url, .. }
            | Self::GithubDelete { url }
            | Self::Request(RevokeRequest { url, .. }) => Some(url),
            Self::Standard | Self::TokenOnly | Self::None => None,
        }
    }
}
