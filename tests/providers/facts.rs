//! The parts of a fixture: what each address of a service demands, and what it answers.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The page that a browser is sent to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Authorize {
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) scope: Scope,
    pub(crate) pkce: Pkce,
    pub(crate) redirect: Redirect,
    /// Parameters that must be there, with this value.
    #[serde(default)]
    pub(crate) demands: BTreeMap<String, String>,
    /// Parameters of the protocol that must not be sent.
    #[serde(default)]
    pub(crate) omits: Vec<String>,
    /// Other names for parameters of the protocol.
    #[serde(default)]
    pub(crate) names: BTreeMap<String, String>,
    /// Added to the callback.
    #[serde(default)]
    pub(crate) adds: BTreeMap<String, String>,
    /// Longest `state`, in bytes.
    pub(crate) longest_state: Option<usize>,
}

/// How scopes are asked for, and which there are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Scope {
    pub(crate) parameter: String,
    /// Any of these characters.
    pub(crate) separator: String,
    /// The names that the service knows; others are refused.
    pub(crate) known: Vec<String>,
    /// An authorization that names none is refused.
    pub(crate) needed: bool,
}

impl Default for Scope {
    fn default() -> Self {
        Self {
            parameter: "scope".to_owned(),
            separator: " ".to_owned(),
            known: Vec::new(),
            needed: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Pkce {
    /// Refused without a challenge.
    Required,
    /// Checked where it is sent.
    Supported,
    /// Neither looked at nor minded.
    Ignored,
    /// A challenge breaks the sign-in.
    Refused,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redirect {
    pub(crate) port: Port,
    /// Host names that a plain http address may have; none: https only.
    pub(crate) hosts: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Port {
    /// Not compared.
    Any,
    /// Compared with what was registered.
    Exact,
}

/// How the client proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Client {
    /// `client_id` in the body and nothing else.
    None,
    /// Identifier and secret in the body.
    Post,
    /// HTTP Basic, nothing in the body.
    Basic,
    /// Either of the two, not both.
    BasicOrPost,
    /// HTTP Basic with an empty password.
    BasicEmpty,
    /// HTTP Basic, and the identifier in the body as well.
    BasicAndId,
    /// The access token as bearer.
    Bearer,
    /// Nothing names the client.
    Nobody,
    /// Nothing is needed; `client_id` may be sent.
    Open,
}

impl Client {
    pub(crate) fn needs_secret(self) -> bool {
        matches!(
            self,
            Self::Post | Self::Basic | Self::BasicOrPost | Self::BasicAndId
        )
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Body {
    #[default]
    Form,
    Json,
    Empty,
}

/// The address that swaps a code for tokens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    pub(crate) url: String,
    pub(crate) client: Client,
    #[serde(default)]
    pub(crate) body: Body,
    /// Headers that must be there; `*` stands for any value.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) demands: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) omits: Vec<String>,
    #[serde(default)]
    pub(crate) names: BTreeMap<String, String>,
    /// Between the scopes of an answer.
    #[serde(default = "space")]
    pub(crate) scope_separator: String,
    pub(crate) answer: Answer,
    /// To a code that it does not know.
    pub(crate) refusal: Answer,
}

fn space() -> String {
    " ".to_owned()
}

/// The device grant; tokens come from [`Token`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Device {
    pub(crate) url: String,
    pub(crate) client: Client,
    #[serde(default)]
    pub(crate) scope: Option<Scope>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// Demanded of every poll.
    #[serde(default)]
    pub(crate) demands: BTreeMap<String, String>,
    pub(crate) answer: Answer,
    pub(crate) pending: Answer,
}

/// What a refresh token is good for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    pub(crate) tokens: RefreshTokens,
    /// Where it differs from the token endpoint.
    pub(crate) url: Option<String>,
    #[serde(default)]
    pub(crate) demands: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) omits: Vec<String>,
    /// The scopes must be repeated.
    #[serde(default)]
    pub(crate) repeats_scope: bool,
    pub(crate) answer: Answer,
    /// To a refresh token that the service no longer takes.
    pub(crate) ended: Answer,
    /// A refresh token that is sent twice ends everything.
    #[serde(default)]
    pub(crate) reuse_ends_all: bool,
    /// A refresh ends the access token before it.
    #[serde(default)]
    pub(crate) ends_old_access: bool,
    /// What a person hears of a refresh token that is no longer taken.
    #[serde(default)]
    pub(crate) ended_told: Told,
    /// Words of the service that a person must hear then.
    pub(crate) ended_says: Option<String>,
}

/// What a person hears of something that is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Told {
    /// That it is over.
    #[default]
    Over,
    /// What the service said: its words do not tell one refusal from another.
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RefreshTokens {
    /// A new one each time; the old one is dead.
    Rotates,
    /// The answer repeats the same one.
    Same,
    /// The answer has none; the old one stays good.
    Kept,
}

/// A read with an access token.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Read {
    #[serde(default = "get")]
    pub(crate) method: String,
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// What a POST must send, as JSON; white space is not compared, `*` stands for anything.
    pub(crate) body: Option<String>,
    #[serde(default)]
    pub(crate) gives_token_in: TokenPlace,
    pub(crate) answer: Answer,
    /// To a token that it does not take.
    pub(crate) refusal: Answer,
}

fn get() -> String {
    "GET".to_owned()
}

/// Where a read wants the access token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TokenPlace {
    #[default]
    Bearer,
    /// A header that holds the token alone.
    Header(String),
}

/// What an identity token says; it is signed with keys of its own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    pub(crate) keys: String,
    pub(crate) issuer: String,
    /// A JSON object beside `iss`, `aud`, `iat`, `exp` and `nonce`.
    pub(crate) claims: String,
}

/// How the service ends access.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revoke {
    #[serde(default = "post")]
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) client: Client,
    #[serde(default)]
    pub(crate) body: Body,
    /// The member that names the token; none where the token is the bearer.
    #[serde(default)]
    pub(crate) token: Option<String>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) demands: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) takes: Takes,
    pub(crate) ends: Ends,
    pub(crate) answer: Answer,
    /// To a token that is gone already.
    pub(crate) gone: Answer,
    /// To an access token, where only refresh tokens are taken.
    pub(crate) not_taken: Option<Answer>,
    /// What a person hears when it was gone already.
    #[serde(default)]
    pub(crate) gone_told: Told,
}

fn post() -> String {
    "POST".to_owned()
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Takes {
    #[default]
    Both,
    Access,
    Refresh,
}

/// What naming one token ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ends {
    /// Everything of this sign-in.
    Grant,
    /// That token, and what a refresh token has brought.
    Below,
    /// That token alone.
    Token,
}

/// An answer, byte for byte but for what stands for a token.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    #[serde(default = "ok")]
    pub(crate) status: u16,
    #[serde(default = "json")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) body: String,
}

fn ok() -> u16 {
    200
}

fn json() -> String {
    "application/json".to_owned()
}
