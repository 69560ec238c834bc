//! The clients known to the provider, how they prove who they are, and where answers may go.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::{Host, Url};

use super::behaviour::Behaviour;
use super::http::Request;
use super::params::Params;
use super::refusal::Refusal;

/// How a client proves who it is at the token endpoint (RFC 6749 section 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// A public client: only `client_id` in the body.
    None,
    /// `Authorization: Basic`, ID and secret form-encoded first.
    Basic,
    /// `client_id` and `client_secret` in the body.
    Post,
}

impl ClientAuth {
    /// The name in metadata and registrations (RFC 7591 section 2).
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::None, Self::Basic, Self::Post]
            .into_iter()
            .find(|auth| auth.name() == name || auth.name().ends_with(&format!("_{name}")))
    }
}

/// A registered client.
#[derive(Clone, Debug)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// Shown on the consent page.
    pub name: String,
    /// `client_secret` of a confidential client.
    pub secret: Option<String>,
    /// The one method accepted from it.
    pub auth: ClientAuth,
    /// Redirect URIs. On loopback hosts any port matches (RFC 8252 section 7.3); a last path
    /// segment `*` matches any one segment; all other parts are compared exactly.
    pub redirect_uris: Vec<String>,
}

impl Client {
    /// A public client with the usual loopback redirect URIs.
    pub fn public(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: id.to_owned(),
            secret: None,
            auth: ClientAuth::None,
            redirect_uris: ["127.0.0.1", "[::1]", "localhost"]
                .iter()
                .flat_map(|host| {
                    [
                        format!("http://{host}/callback"),
                        format!("http://{host}/callback/*"),
                    ]
                })
                .collect(),
        }
    }

    /// A confidential client with the usual loopback redirect URIs.
    pub fn confidential(id: &str, secret: &str, auth: ClientAuth) -> Self {
        Self {
            secret: Some(secret.to_owned()),
            auth,
            ..Self::public(id)
        }
    }

    /// The three clients every sandbox knows: `valetkey-practice` (public),
    /// `valetkey-confidential` (basic) and `valetkey-confidential-post`, both with the secret
    /// `practice-secret-not-real`.
    pub fn defaults() -> Vec<Self> {
        const SECRET: &str = "practice-secret-not-real";
        vec![
            Self {
                name: "Valetkey".to_owned(),
                ..Self::public("valetkey-practice")
            },
            Self::confidential("valetkey-confidential", SECRET, ClientAuth::Basic),
            Self::confidential("valetkey-confidential-post", SECRET, ClientAuth::Post),
        ]
    }

    /// Whether an answer may be sent to `redirect_uri`.
    pub(super) fn allows_redirect(&self, redirect_uri: &str) -> bool {
        self.redirect_uris
            .iter()
            .any(|registered| same_redirect(registered, redirect_uri))
    }
}

fn same_redirect(registered: &str, asked: &str) -> bool {
    if registered == asked {
        return true;
    }
    let (Ok(registered), Ok(asked)) = (Url::parse(registered), Url::parse(asked)) else {
        return false;
    };
    let same_path = match registered.path().strip_suffix('*') {
        Some(stem) => asked
            .path()
            .strip_prefix(stem)
            .is_some_and(|rest| !rest.is_empty() && !rest.contains('/')),
        None => registered.path() == asked.path(),
    };
    is_loopback(&registered)
        && registered.scheme() == asked.scheme()
        && registered.host() == asked.host()
        && same_path
        && registered.query() == asked.query()
        && asked.fragment().is_none()
        && asked.username().is_empty()
        && asked.password().is_none()
}

/// True for plain-http addresses on this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http"
        && match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
}

/// Finds out which client sent a request, or why that cannot be believed.
pub(super) fn authenticate<'a>(
    clients: &'a [Client],
    behaviour: &Behaviour,
    request: &Request,
    form: &Params,
) -> Result<&'a Client, Refusal> {
    let refused = |why: &str| Refusal::new(401, "invalid_client", why);
    let basic = basic_credentials(request)?;
    let in_body = form.get("client_secret");
    if basic.is_some() && in_body.is_some() {
        return Err(Refusal::request(
            "more than one client authentication method",
        ));
    }
    let (used, id, secret) = match (&basic, in_body) {
        (Some((id, secret)), _) => (ClientAuth::Basic, Some(id.as_str()), Some(secret.as_str())),
        (None, Some(secret)) => (ClientAuth::Post, form.get("client_id"), Some(secret)),
        (None, None) => (ClientAuth::None, form.get("client_id"), None),
    };
    let id = id.ok_or_else(|| refused("client_id is missing"))?;
    if basic.is_some() && form.get("client_id").is_some_and(|other| other != id) {
        return Err(Refusal::request(
            "client_id differs from the authenticated client",
        ));
    }
    let client = clients
        .iter()
        .find(|client| client.id == id)
        .ok_or_else(|| refused("unknown client"))?;
    let accepted = behaviour
        .get("auth")
        .and_then(ClientAuth::from_name)
        .unwrap_or(client.auth);
    if used != accepted {
        return Err(refused(&format!(
            "this client must use {}",
            accepted.name()
        )));
    }
    if used != ClientAuth::None && secret != client.secret.as_deref() {
        return Err(refused("wrong client secret"));
    }
    Ok(client)
}

fn basic_credentials(request: &Request) -> Result<Option<(String, String)>, Refusal> {
    let refused = || Refusal::new(401, "invalid_client", "malformed Authorization header");
    let Some(header) = request.header("authorization") else {
        return Ok(None);
    };
    let encoded = match header.split_once(' ') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("basic") => rest.trim(),
        _ => return Err(refused()),
    };
    let bytes = STANDARD.decode(encoded).map_err(|_| refused())?;
    let text = String::from_utf8(bytes).map_err(|_| refused())?;
    let (id, secret) = text.split_once(':').ok_or_else(refused)?;
    Ok(Some((form_decode(id), form_decode(secret))))
}

fn form_decode(text: &str) -> String {
    // `=` splits a pair, so it is taken as data here, as the separator `&` is.
    let text = text.replace('=', "%3D").replace('&', "%26");
    let decoded = url::form_urlencoded::parse(text.as_bytes()).next();
    decoded
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}
