//! Named deviations of providers from the standards (conformance I-09).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Words;

/// A named, visible deviation of a provider from the standards.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Quirk {
    /// Scopes are joined with commas, in requests and answers (GitHub's answers, Linear, Slack).
    CommaScopes,
    /// Only the answer joins scopes with commas; requests use spaces.
    CommaScopesInAnswer,
    /// The answer lists scopes as a JSON array.
    ScopeArray,
    /// The scope parameter has another name (`scope-parameter:user_scope`).
    ScopeParameter(String),
    /// The same, for the device request only.
    DeviceScopeParameter(String),
    /// The answer names its scopes under another member (`scope-member:scopes`).
    ScopeMember(String),
    /// The scopes that were granted stand in the browser's answer, beside the code (Strava).
    ScopeInCallback,
    /// The token answer is form-encoded instead of JSON.
    FormEncodedAnswer,
    /// Token requests are JSON instead of a form.
    JsonTokenRequest,
    /// Failures come as 200 with `ok: false` (Slack).
    OkFalse,
    /// Failures come as 200 with a `status` other than 0 (Withings).
    NonzeroStatus,
    /// The code of a failure stands in `message`, in words (Twitch).
    ErrorInMessage,
    /// The token object lies under a member (`nested-token:authed_user`).
    NestedToken(String),
    /// `token_type` may be missing, or say `user` or `bot` (Slack); it means Bearer.
    MissingTokenType,
    /// Any 2xx status counts as success.
    AnySuccessStatus,
    /// The lifetime is a date in `expires_at` (Square).
    ExpiresAtDate,
    /// The provider rejects PKCE; allowed for confidential clients only (conformance D-03).
    NoPkce,
    /// `response_type` is refused (monday.com).
    NoResponseType,
    /// A client without a secret sends its ID as Basic with an empty password (Reddit).
    BasicWithoutSecret,
    /// The redirect port is compared: a fixed one is used.
    FixedPort,
    /// Only `localhost` is accepted in redirect addresses.
    LocalhostRedirect,
    /// The browser flow needs a client secret although the client is a desktop app.
    SecretRequired,
    /// The refresh request must repeat the scopes (Microsoft).
    RefreshRepeatsScope,
    /// The refresh request has no `grant_type` (Figma, at an address of its own).
    RefreshWithoutGrantType,
    /// The `resource` parameter is refused.
    NoResource,
    /// Access tokens travel in a header of the service's own (`token-in-header:X-Acme-Token`).
    TokenInHeader(String),
    /// Access tokens do not expire; the provider says so in its documentation (GitHub OAuth Apps).
    NeverExpires,
    /// A refresh token that is presented twice ends the sign-in at once, even when the first answer
    /// was lost (conformance J-05).
    NoRefreshGrace,
    /// The sign-in ends after this many days, however often it is refreshed (Spotify).
    GrantEndsAfterDays(u32),
    /// A refresh token that is over is told in the service's own words, which tell it from every other
    /// mistake (`dead-refresh:/message=Invalid refresh token.`).
    DeadRefresh(Words),
    /// The same for a token that is gone when it is revoked.
    RevokeGone(Words),
}

/// Name and meaning of the quirks without a value.
static PLAIN: [(Quirk, &str, &str); 23] = [
    (Quirk::CommaScopes, "comma-scopes", "commas between scopes"),
    (
        Quirk::CommaScopesInAnswer,
        "comma-scopes-in-answer",
        "commas between scopes in answers",
    ),
    (Quirk::ScopeArray, "scope-array", "scopes come as a list"),
    (
        Quirk::ScopeInCallback,
        "scope-in-callback",
        "granted scopes come with the code",
    ),
    (
        Quirk::FormEncodedAnswer,
        "form-encoded-answer",
        "answers are form-encoded, not JSON",
    ),
    (
        Quirk::JsonTokenRequest,
        "json-token-request",
        "token requests are JSON, not a form",
    ),
    (
        Quirk::OkFalse,
        "ok-false",
        "failures come with status 200 and ok: false",
    ),
    (
        Quirk::NonzeroStatus,
        "nonzero-status",
        "failures come with status 200 and a number in the answer",
    ),
    (
        Quirk::ErrorInMessage,
        "error-in-message",
        "failures are told in words only",
    ),
    (
        Quirk::MissingTokenType,
        "missing-token-type",
        "the token's type is not stated",
    ),
    (
        Quirk::AnySuccessStatus,
        "any-success-status",
        "any 2xx status means success",
    ),
    (
        Quirk::ExpiresAtDate,
        "expires-at-date",
        "the end of a token is told as a date",
    ),
    (
        Quirk::NoPkce,
        "no-pkce",
        "PKCE is refused; the secret alone protects the code",
    ),
    (
        Quirk::NoResponseType,
        "no-response-type",
        "response_type is left out",
    ),
    (
        Quirk::BasicWithoutSecret,
        "basic-without-secret",
        "the client ID is sent as a user name without password",
    ),
    (
        Quirk::FixedPort,
        "fixed-port",
        "the redirect port is compared",
    ),
    (
        Quirk::LocalhostRedirect,
        "localhost-redirect",
        "only localhost is accepted as redirect",
    ),
    (
        Quirk::SecretRequired,
        "secret-required",
        "a desktop app needs its client secret too",
    ),
    (
        Quirk::RefreshRepeatsScope,
        "refresh-repeats-scope",
        "a refresh repeats the scopes",
    ),
    (
        Quirk::RefreshWithoutGrantType,
        "refresh-without-grant-type",
        "a refresh does not say that it is one",
    ),
    (
        Quirk::NoResource,
        "no-resource",
        "the resource parameter is refused",
    ),
    (Quirk::NeverExpires, "never-expires", "tokens do not expire"),
    (
        Quirk::NoRefreshGrace,
        "no-refresh-grace",
        "a refresh token that is sent twice ends the sign-in",
    ),
];

impl Quirk {
    /// The name in files, JSON and on screens.
    pub fn name(&self) -> String {
        match self {
            Self::ScopeParameter(name) => format!("scope-parameter:{name}"),
            Self::DeviceScopeParameter(name) => format!("device-scope-parameter:{name}"),
            Self::ScopeMember(name) => format!("scope-member:{name}"),
            Self::NestedToken(member) => format!("nested-token:{member}"),
            Self::TokenInHeader(name) => format!("token-in-header:{name}"),
            Self::GrantEndsAfterDays(days) => format!("grant-ends-after-days:{days}"),
            Self::DeadRefresh(words) => format!("dead-refresh:{words}"),
            Self::RevokeGone(words) => format!("revoke-gone:{words}"),
            plain => plain.row().map_or_else(String::new, |row| row.1.to_owned()),
        }
    }

    /// One plain sentence for the details screen.
    pub fn meaning(&self) -> &'static str {
        match self {
            Self::ScopeParameter(_) => "scopes are sent under another name",
            Self::DeviceScopeParameter(_) => "a device request names its scopes otherwise",
            Self::ScopeMember(_) => "answers name their scopes otherwise",
            Self::NestedToken(_) => "the token lies deeper in the answer",
            Self::TokenInHeader(_) => "the token travels in a header of the service's own",
            Self::GrantEndsAfterDays(_) => "the sign-in ends after a fixed time",
            Self::DeadRefresh(_) => "the end of a sign-in is told in words of the service's own",
            Self::RevokeGone(_) => "what is gone already is told in words of the service's own",
            plain => plain.row().map_or("", |row| row.2),
        }
    }

    /// Whether it makes a difference to a registration with or without a client secret.
    pub fn concerns(&self, with_secret: bool) -> bool {
        with_secret || *self != Self::SecretRequired
    }

    fn row(&self) -> Option<&'static (Quirk, &'static str, &'static str)> {
        PLAIN.iter().find(|row| row.0 == *self)
    }
}

/// The name is none of the known quirks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown quirk")]
pub struct UnknownQuirk(pub String);

impl FromStr for Quirk {
    type Err = UnknownQuirk;

    fn from_str(text: &str) -> Result<Self, UnknownQuirk> {
        let unknown = || UnknownQuirk(text.to_owned());
        let Some((name, value)) = text.split_once(':') else {
            let row = PLAIN.iter().find(|row| row.1 == text);
            return row.map(|row| row.0.clone()).ok_or_else(unknown);
        };
        let owned = value.to_owned();
        match name {
            "scope-parameter" if is_member(value) => Ok(Self::ScopeParameter(owned)),
            "device-scope-parameter" if is_member(value) => Ok(Self::DeviceScopeParameter(owned)),
            "scope-member" if is_member(value) => Ok(Self::ScopeMember(owned)),
            "nested-token" if is_member(value) => Ok(Self::NestedToken(owned)),
            "token-in-header" if is_own_header(value) => Ok(Self::TokenInHeader(owned)),
            "dead-refresh" => Words::parse(value)
                .map(Self::DeadRefresh)
                .ok_or_else(unknown),
            "revoke-gone" => Words::parse(value)
                .map(Self::RevokeGone)
                .ok_or_else(unknown),
            "grant-ends-after-days" => match value.parse() {
                Ok(days) if days > 0 && format!("{days}") == value => {
                    Ok(Self::GrantEndsAfterDays(days))
                }
                _ => Err(unknown()),
            },
            _ => Err(unknown()),
        }
    }
}

fn is_member(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// `X-…`: never a header that means something to servers in general.
fn is_own_header(text: &str) -> bool {
    text.len() > 2
        && text.starts_with("X-")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.to_ascii_lowercase().starts_with("x-forwarded")
        && !text.to_ascii_lowercase().contains("method")
}

impl fmt::Display for Quirk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl TryFrom<String> for Quirk {
    type Error = UnknownQuirk;
    fn try_from(text: String) -> Result<Self, UnknownQuirk> {
        text.parse()
    }
}

impl From<Quirk> for String {
    fn from(quirk: Quirk) -> Self {
        quirk.name()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_a_secret_is_needed_for_concerns_nobody_who_has_none() {
        assert!(super::Quirk::SecretRequired.concerns(true));
        assert!(!super::Quirk::SecretRequired.concerns(false));
        assert!(super::Quirk::NoPkce.concerns(false));
    }

    use super::*;

    #[test]
    fn i_09_every_quirk_reads_back_from_its_name() {
        let valued = [
            "nested-token:authed_user",
            "scope-parameter:user_scope",
            "device-scope-parameter:scopes",
            "scope-member:scopes",
            "token-in-header:X-Acme-Token",
            "grant-ends-after-days:181",
            "dead-refresh:/errors/0/errorType=invalid_grant",
            "revoke-gone:/code=unauthorized.bad*",
        ];
        for name in PLAIN.iter().map(|row| row.1).chain(valued) {
            let quirk: Quirk = name.parse().expect(name);
            assert_eq!(quirk.name(), name);
            assert!(!quirk.meaning().is_empty(), "{name}");
        }
        for name in [
            "",
            "comma",
            "NO-PKCE",
            "no-pkce:",
            "nested-token:",
            "nested-token:a.b",
            "scope-member:",
            "token-in-header:Cookie",
            "token-in-header:X-",
            "token-in-header:X-HTTP-Method-Override",
            "token-in-header:X-Forwarded-For",
            "grant-ends-after-days:0",
            "grant-ends-after-days:007",
            "grant-ends-after-days:-1",
            "dead-refresh:invalid_grant",
            "dead-refresh:/message=",
            "dead-refresh:=x",
            "dead-refresh:/message=*",
            "revoke-gone:/a=\u{202e}",
        ] {
            assert!(name.parse::<Quirk>().is_err(), "{name}");
        }
    }
}
