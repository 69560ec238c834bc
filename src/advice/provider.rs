//! What providers say and do wrong, in words.

use super::{Advice, Fix, exit, span};
use crate::engine::{Endpoint, FailureKind, Fate, ProviderFailure};
use crate::host::{BrowserUrl, UNKNOWN_ISSUER};
use crate::model::{ClientAuth, Untrusted};
use crate::oauth::{AuthorizationError, AuthorizationErrorCode};

pub(super) fn authorization(refusal: &AuthorizationError) -> Advice {
    let (code, exit, mut sentence, hint): (_, u8, String, &str) = match &refusal.code {
        AuthorizationErrorCode::InvalidRequest => (
            "invalid_request",
            exit::REFUSED,
            "The provider says that the sign-in request is not valid.".to_owned(),
            "Check the redirect URL, the scopes and the extra parameters.",
        ),
        AuthorizationErrorCode::UnauthorizedClient => (
            "unauthorized_client",
            exit::REFUSED,
            "This app may not sign people in this way.".to_owned(),
            "Check the app's settings at the provider and its client ID.",
        ),
        AuthorizationErrorCode::AccessDenied => (
            "declined",
            exit::DENIED,
            "You declined. Nothing was changed.".to_owned(),
            "Sign in again.",
        ),
        AuthorizationErrorCode::UnsupportedResponseType => (
            "unsupported_response_type",
            exit::REFUSED,
            "The provider does not offer the authorization code grant to this app.".to_owned(),
            "Check the authorization URL and the kind of app.",
        ),
        AuthorizationErrorCode::InvalidScope => (
            "invalid_scope",
            exit::REFUSED,
            "The provider does not know one of the scopes, or this app may not ask for it."
                .to_owned(),
            "Change the scopes and sign in again.",
        ),
        AuthorizationErrorCode::ServerError => (
            "server_error",
            exit::OFFLINE,
            "The provider met an error of its own.".to_owned(),
            "Try again in a minute.",
        ),
        AuthorizationErrorCode::TemporarilyUnavailable => (
            "temporarily_unavailable",
            exit::OFFLINE,
            "The provider is busy.".to_owned(),
            "Try again in a while.",
        ),
        AuthorizationErrorCode::Unknown(text) => (
            "authorization-refused",
            exit::REFUSED,
            format!("The provider refused the sign-in ({}).", text.shown()),
            "Its own words, if any, stand above.",
        ),
    };
    if let Some(text) = &refusal.description {
        sentence = format!("{sentence} It says: \"{}\"", text.shown());
    }
    let scopes =
        (refusal.code == AuthorizationErrorCode::InvalidScope).then_some(Fix::ChangeScopes);
    Advice::new(code, exit, sentence)
        .hint(hint)
        .fixes([Fix::TryAgain].into_iter().chain(scopes))
        .with_page(refusal.uri.as_ref())
}

/// Longest address of a provider's own page that is offered, in bytes.
const LONGEST_PAGE: usize = 300;

impl Advice {
    /// Offers the page that the provider names about a refusal (`error_uri`, RFC 6749 sections 4.1.2.1 and
    /// 5.2). Only https, and only what a browser may be given; nothing opens it by itself.
    fn with_page(mut self, page: Option<&Untrusted>) -> Self {
        let Some(page) = page.map(Untrusted::raw).filter(|page| {
            page.len() <= LONGEST_PAGE
                && page.starts_with("https://")
                && BrowserUrl::check(page).is_ok()
        }) else {
            return self;
        };
        let hint = self
            .hint
            .take()
            .map_or(String::new(), |hint| format!("{hint} "));
        self.fixes.push(Fix::OpenPage(page.to_owned()));
        self.hint(format!("{hint}The provider says more at {page}"))
    }
}

pub(super) fn provider(failure: &ProviderFailure) -> Advice {
    let at = failure.at.name();
    let host = &failure.authority;
    let kept = kept(failure.at);
    match &failure.kind {
        FailureKind::Refused { code, description, page, basic_instead_of } => {
            let mut says = description
                .as_ref()
                .map_or(String::new(), |text| format!(" It says: \"{}\"", text.shown()));
            if failure.at == Endpoint::Refresh {
                says = format!("{says} {kept}");
            }
            let advice = match (code.as_str(), basic_instead_of) {
                ("invalid_client", Some(used)) => wants_basic(*used, &says),
                _ => refused(failure.at, code, &says),
            };
            advice.with_page(page.as_ref())
        }
        FailureKind::Status(401) if failure.at == Endpoint::Test => Advice::new(
            "token-refused",
            exit::REFUSED,
            format!("{host} refused the token (status 401)."),
        )
        .hint("Sign in again.")
        .fixes([Fix::SignInAgain]),
        FailureKind::MoreScope(scope) => Advice::new(
            "more-scope",
            exit::REFUSED,
            format!("{host} wants more than this sign-in may do: {}.", scope.shown()),
        )
        .hint("If you want that, sign in again and ask for it too.")
        .fixes([Fix::SignInAgain]),
        FailureKind::Status(status) => Advice::new(
            "status",
            if matches!(status, 408 | 500..) { exit::OFFLINE } else { exit::REFUSED },
            format!("The {at} at {host} answered with status {status} and no explanation."),
        )
        .hint(format!("{kept} Try again later."))
        .fixes([Fix::TryAgain]),
        FailureKind::Redirect(to) => Advice::new(
            "redirected",
            exit::REFUSED,
            format!("The {at} at {host} answered with a redirect to {}; it was not followed. {kept}", to.shown()),
        )
        .hint("Correct the token URL: redirects there could leak the sign-in."),
        FailureKind::WebPage => Advice::new(
            "web-page",
            exit::REFUSED,
            format!("The {at} at {host} sent a web page instead of OAuth data. {kept}"),
        )
        .hint("Perhaps a captive portal: open any page in a browser, then try again. Or the token URL is wrong.")
        .fixes([Fix::TryAgain]),
        FailureKind::MediaType(media) => Advice::new(
            "media-type",
            exit::REFUSED,
            format!("The {at} at {host} answered with {} instead of JSON. {kept}", media.shown()),
        )
        .hint("Check the token URL; a quirk may be needed."),
        FailureKind::Malformed(what) => {
            Advice::new("malformed", exit::REFUSED, format!("The {at} at {host}: {}. {kept}", what.trim_end_matches('.')))
                .hint("The provider deviates from the standard; a quirk may be needed.")
                .fixes([Fix::TryAgain])
        }
        FailureKind::TooLarge => Advice::new(
            "too-large",
            exit::REFUSED,
            format!("The {at} at {host} sent more than fits such an answer; it was cut off. {kept}"),
        )
        .hint("Check the token URL."),
        FailureKind::TokenType(kind) => Advice::new(
            "token-type",
            exit::REFUSED,
            format!("The provider sent a token of type {}, which is not supported. {kept}", kind.shown()),
        ),
        FailureKind::Later { status, after } if *status != 429 => {
            let wait = after.map_or(String::new(), |span_| format!(" It asks to wait {}.", span(span_)));
            Advice::new(
                "unavailable",
                exit::OFFLINE,
                format!("{host} is in trouble (status {status}).{wait} {kept}"),
            )
            .hint("Try again later.")
            .fixes([Fix::TryAgain])
        }
        FailureKind::Later { after, .. } => {
            let wait = after.map_or(String::new(), |span_| format!(" It asks to wait {}.", span(span_)));
            Advice::new("rate-limited", exit::OFFLINE, format!("{host} did not accept another request now.{wait} {kept}"))
                .hint("Try again later.")
                .fixes([Fix::TryAgain])
        }
        FailureKind::Offline(summary) if failure.fate != Fate::NotSent => Advice::new(
            "offline",
            exit::OFFLINE,
            format!("No usable answer came from {host}: {}. {kept}", summary.shown()),
        )
        .hint("Try again; if it repeats, check the network.")
        .fixes([Fix::TryAgain]),
        FailureKind::Offline(summary) => Advice::new(
            "offline",
            exit::OFFLINE,
            format!("{host} was not reached: {}. {kept}", summary.shown()),
        )
        .hint(if summary.raw().contains(UNKNOWN_ISSUER) {
            OWN_AUTHORITY
        } else {
            "Check the network and try again."
        })
        .fixes([Fix::TryAgain]),
    }
}

/// The network is not at fault, and trying again changes nothing.
const OWN_AUTHORITY: &str = "If the authority that signed it is your own: valetkey edit NAME ca-file=FILE. Else somebody may be in between.";

/// What became of the sign-in when a request failed: during a first one there is none to keep.
fn kept(at: Endpoint) -> &'static str {
    match at {
        Endpoint::Token | Endpoint::Device | Endpoint::Userinfo | Endpoint::Keys => {
            "Nothing was changed."
        }
        Endpoint::Refresh | Endpoint::Revocation | Endpoint::Introspection | Endpoint::Test => {
            "The sign-in is kept."
        }
    }
}

/// The way of identifying itself is wrong, or the secret is missing: the provider asked for HTTP
/// Basic, which the client did not use.
fn wants_basic(used: ClientAuth, says: &str) -> Advice {
    let (sentence, fixes) = if used == ClientAuth::None {
        (
            "The provider does not accept this client ID without a secret.",
            [Fix::ChangeSecret, Fix::ChangeClientId],
        )
    } else {
        (
            "The provider wants the client secret in a header (HTTP Basic), not in the body.",
            [Fix::SecretInHeader, Fix::ChangeSecret],
        )
    };
    Advice::new("invalid_client", exit::REFUSED, format!("{sentence}{says}"))
        .hint(if used == ClientAuth::None {
            "Correct the client ID, or add the app's secret."
        } else {
            "Send it that way (valetkey edit NAME auth=basic) and sign in again."
        })
        .fixes(fixes)
}

fn refused(at: Endpoint, code: &str, says: &str) -> Advice {
    match code {
        // Many organisations block this way, and GitHub has it off until the app asks for it (K-11).
        "unauthorized_client" | "access_denied" | "unsupported_grant_type" | "device_flow_disabled"
            if at == Endpoint::Device =>
        {
            Advice::new(
                "code-way-blocked",
                exit::REFUSED,
                format!("Signing in by a code is not allowed here: your organisation may block it, or the app's settings have it switched off.{says}"),
            )
            .hint("Use the browser, or paste the address it ends on.")
            .fixes([Fix::Paste, Fix::TryAgain])
        }
        "invalid_client" => Advice::new(
            "invalid_client",
            exit::REFUSED,
            format!("The provider does not accept this client ID and secret together.{says}"),
        )
        .hint("Correct the client ID or the secret, or send the secret another way.")
        .fixes([Fix::SecretInBody, Fix::ChangeClientId, Fix::ChangeSecret, Fix::WithoutSecret]),
        "invalid_grant" => Advice::new(
            "invalid_grant",
            exit::NEEDS_SIGN_IN,
            format!("The code or refresh token is no longer good, or the redirect address differs from the one registered.{says}"),
        )
        .hint("Sign in again.")
        .fixes([Fix::SignInAgain, Fix::ChangeRedirect]),
        "unauthorized_client" => Advice::new(
            "unauthorized_client",
            exit::REFUSED,
            format!("The provider does not allow this app to do that.{says}"),
        )
        .hint("Check the app's settings at the provider; an organisation may block it.")
        .fixes([Fix::ChangeClientId]),
        "invalid_scope" => Advice::new(
            "invalid_scope",
            exit::REFUSED,
            format!("The provider does not know one of the scopes.{says}"),
        )
        .hint("Change the scopes and sign in again.")
        .fixes([Fix::TryAgain, Fix::ChangeScopes]),
        _ => {
            let shown = Untrusted::new(code).shown();
            Advice::new("refused", exit::REFUSED, format!("The provider's {} refused it ({shown}).{says}", at.name()))
                .hint(format!("{} Try again, or look at the connection's details.", kept(at)))
                .fixes([Fix::TryAgain])
        }
    }
}
