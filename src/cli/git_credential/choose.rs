//! Which connection answers git: by its host, exactly, and by name where several would do. Never by a
//! guess (conformance C-02, Y-16).

use super::message::Message;
use crate::model::{Connection, EndpointUrl};

/// User names that services want beside a token; in an address they choose nobody.
const FOR_TOKENS: [&str; 4] = ["oauth2", "x-access-token", "x-token-auth", "git"];

/// Who is to answer.
pub(super) enum Choice {
    One(Box<Connection>),
    /// The host is none of ours: another helper's, or nobody's.
    NotOurs,
    /// The host is ours, but no connection of it is meant by this user name.
    NobodyOfThatName(Vec<String>),
    /// Nobody said which.
    Several(Vec<String>),
}

/// The connections that may send their token there.
pub(super) fn listing(message: &Message, all: Vec<Connection>) -> Vec<Connection> {
    let mut all = all;
    all.retain(|connection| {
        place(message, connection.dev_http).is_some_and(|url| connection.belongs_to(&url))
    });
    all
}

/// The address that git asks for, if it says exactly what it seems to. Plain http only where a
/// connection allows it, and then on this machine alone.
fn place(message: &Message, dev_http: bool) -> Option<EndpointUrl> {
    let (protocol, host) = (message.protocol.raw(), message.host.raw());
    let standard_port = match protocol {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let url = EndpointUrl::parse(&format!("{protocol}://{host}/"), dev_http).ok()?;
    let host = host.to_ascii_lowercase();
    let same = host.strip_suffix(standard_port).unwrap_or(&host) == url.authority();
    same.then_some(url)
}

/// Of the connections that list the host, the one that is meant.
pub(super) fn choose(message: &Message, listing: Vec<Connection>) -> Choice {
    if listing.is_empty() {
        return Choice::NotOurs;
    }
    let names = |connections: &[Connection]| -> Vec<String> {
        connections
            .iter()
            .map(|connection| connection.name.to_string())
            .collect()
    };
    let all = names(&listing);
    let user = message.username.as_ref().map(|user| user.raw());
    let user = user.filter(|user| !FOR_TOKENS.contains(user));
    let mut meant = match user {
        None => listing,
        Some(user) => {
            let (by_name, others): (Vec<_>, Vec<_>) = listing
                .into_iter()
                .partition(|connection| connection.name.as_str().eq_ignore_ascii_case(user));
            if by_name.is_empty() {
                others
                    .into_iter()
                    .filter(|connection| is_account(connection, user))
                    .collect()
            } else {
                by_name
            }
        }
    };
    match (meant.pop(), meant.is_empty()) {
        (Some(one), true) => Choice::One(Box::new(one)),
        (Some(one), false) => {
            meant.push(one);
            Choice::Several(names(&meant))
        }
        (None, _) => Choice::NobodyOfThatName(all),
    }
}

/// Whether the connection is signed in as this user.
fn is_account(connection: &Connection, user: &str) -> bool {
    let account = connection
        .grant
        .as_ref()
        .and_then(|grant| grant.account.as_ref());
    account.is_some_and(|account| account.label.raw().eq_ignore_ascii_case(user))
}

/// The user name that goes with a token at this host.
pub(super) fn user_for(host: &str, provider: &str) -> &'static str {
    match (host, provider) {
        ("github.com", _) | (_, "github") => "x-access-token",
        ("bitbucket.org", _) | (_, "bitbucket") => "x-token-auth",
        // GitLab wants it; others that take a token as password do not look at it.
        _ => "oauth2",
    }
}
